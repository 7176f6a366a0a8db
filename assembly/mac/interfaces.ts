// Two networks in one module: each has a MAC on an interface of its own (docs/abi.md, Interfaces), and they take turns.
//
//   macSelect(1)   the network of interface 1 works: events, what is due, deadlines   macSelect(0)   and now that of interface 0
//
// The state of the one whose turn it is not rests here.  `macHeard`, `macAir` and a nonce are used up within a turn; associations and
// their responses are interface 0's, since ZigBee IP has none.
import { MacState, mac, macInterface, macTurn } from "./mac";
import { Scan, scan } from "./scan";

const resting = memory.data(offsetof<MacState>() + offsetof<Scan>(), 8);
const between = memory.data(offsetof<MacState>() + offsetof<Scan>(), 8);

export function macSelect(number: u32): void {
  if (number == macInterface) return;
  macTurn(number);
  memory.copy(between, resting, offsetof<MacState>() + offsetof<Scan>());
  memory.copy(resting, changetype<usize>(mac), offsetof<MacState>());
  memory.copy(resting + offsetof<MacState>(), changetype<usize>(scan), offsetof<Scan>());
  memory.copy(changetype<usize>(mac), between, offsetof<MacState>());
  memory.copy(changetype<usize>(scan), between + offsetof<MacState>(), offsetof<Scan>());
}
