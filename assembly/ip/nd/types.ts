// What Neighbour Discovery tells the stack.

export enum NdHeard {
  None = 0,
  /** Our global address is registered: we are in the network. */
  Ready,
  /** It is registered again. */
  Renewed,
  /** Another device has our address, or our EUI-64. */
  Duplicate,
  /** The parent of the registration does not answer. */
  Lost,
  /** The parent, or the network, has no room: another parent, and not at once. */
  Full,
  /** A neighbour, `ndHeard.who`, does not answer any more. */
  Unreachable,
  /** A child's address came or went. */
  Children,
}

@unmanaged @final
class Heard {
  who: u64;
}
export const ndHeard = changetype<Heard>(memory.data(offsetof<Heard>(), 8));
