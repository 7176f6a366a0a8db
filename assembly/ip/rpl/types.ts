// What RPL tells the stack.

export enum RplHeard {
  None = 0,
  /** We have a way to the root, and it knows one to us. */
  Ready,
  /** There is no way to the root, and nobody answers. */
  Lost,
}
