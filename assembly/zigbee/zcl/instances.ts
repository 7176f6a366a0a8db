// Which clusters a device has: one constant table of rows, written from clusters/instances.json.
//
//   | endpoint | flags | cluster u16 | attributes u16 | commands u16 | ... | 0 u16 |        tables by their addresses, 0 = none
//   | endpoint | ENDPOINT | device u16 | 0 u16 | 0 u16 |                                  before an endpoint's clusters
//
//   commands: | command | count of tokens | tokens ... | ... | 0xff |
import { tableHalf, tableOctet } from "./table";

export const INSTANCE_SERVER: u32 = 0x01;
export const INSTANCE_CLIENT: u32 = 0x02;
/** Only under an established link key, SE 1.4a section 5.4.6. */
export const INSTANCE_LINK_KEY: u32 = 0x04;
export const INSTANCE_ENDPOINT: u32 = 0x08;
/** Has attributes that can be reported. */
export const INSTANCE_REPORTS: u32 = 0x10;
export const INSTANCE_SIZE: u32 = 8;

export const SE_PROFILE: u32 = 0x0109;
export const BROADCAST_ENDPOINT: u32 = 0xff;
const NO_COMMAND: u32 = 0xff;

@unmanaged @final class State { table: usize; }
const state = changetype<State>(memory.data(offsetof<State>()));

/** Takes the table; it stays where it is. */
export function instancesAre(table: usize): void { state.table = table; }

/** The row behind `row`, or with 0 the first one; 0 at the end. */
export function instanceNext(row: usize): usize {
  row = row ? row + INSTANCE_SIZE : state.table;
  return tableOctet(row) ? row : 0;
}

export function instanceEndpoint(row: usize): u32 { return tableOctet(row); }
export function instanceFlags(row: usize): u32 { return tableOctet(row + 1); }
/** The cluster of a row, or the device of an endpoint's. */
export function instanceCluster(row: usize): u32 { return tableHalf(row + 2); }
export function instanceAttributes(row: usize): usize { return tableHalf(row + 4); }

/**
 * The first row that has all of `flags`: of a cluster or, with `INSTANCE_ENDPOINT`, before those of an endpoint.  At an endpoint, or at any
 * with `BROADCAST_ENDPOINT`.  0 where there is none.
 */
export function instanceFind(endpoint: u32, cluster: u32, flags: u32): usize {
  let row = instanceNext(0);
  for (; row; row = instanceNext(row)) {
    if ((instanceFlags(row) & (flags | INSTANCE_ENDPOINT)) != flags) continue;
    if (endpoint != BROADCAST_ENDPOINT && endpoint != instanceEndpoint(row)) continue;
    if (flags == INSTANCE_ENDPOINT || cluster == instanceCluster(row)) break;
  }
  return row;
}

/** The tokens of a command that a row takes, or 0. */
export function instanceCommand(row: usize, command: u32): usize {
  let at: usize = tableHalf(row + 6);
  return at ? commandTokens(at, command) : 0;
}

/** The tokens of a command in a list of commands, or 0. */
export function commandTokens(at: usize, command: u32): usize {
  for (; tableOctet(at) != NO_COMMAND; at += 2 + tableOctet(at + 1)) if (tableOctet(at) == command) return at + 1;
  return 0;
}
