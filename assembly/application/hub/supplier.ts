// A hub of phase 2: what the head-end says becomes the clock, and what it asks of the network goes up to the device.
// Records: docs/uplink.md.
import { Err } from "../../core/err";
import { EVENT_HEAD, EVENT_SIZE } from "../../core/host";
import { firewallOpen } from "../../ip/firewall";
import { clock, clockSet } from "../../model/clock";
import { hubRefused } from "./refusal";
import { CLOCK_SIZE, ClockRecord, DOWN_CLOCK, DOWN_OPEN, DOWN_REKEY, OPEN_SIZE, OpenRecord, REKEY_SIZE } from "./uplink";

const DAY_S: i32 = 86_400;

/** Takes an Uplink event; true when the network is to get another key. */
export function supplierInput(event: usize, now: i64): bool {
  let size: u32 = load<u16>(event + EVENT_SIZE);
  let at = event + EVENT_HEAD + 1;
  let kind: u32 = size > 0 ? load<u8>(at - 1) : 0;
  if (kind == DOWN_REKEY && size > REKEY_SIZE) return true;
  let taken: i32 = Err.Reserved;
  if (kind == DOWN_CLOCK && size > CLOCK_SIZE) taken = takeClock(changetype<ClockRecord>(at), now);
  else if (kind == DOWN_OPEN && size > OPEN_SIZE) taken = takeOpen(changetype<OpenRecord>(at));
  if (taken < 0) hubRefused(event, taken);
  return false;
}

/** A service of a device, for the outside. */
function takeOpen(record: OpenRecord): i32 {
  return firewallOpen(record.extended, record.port, record.open != 0) ? <i32>Err.Ok : <i32>Err.NoBuffer;
}

function takeClock(record: ClockRecord, now: i64): i32 {
  let offset = record.offset;
  if (offset > DAY_S || offset < -DAY_S) return Err.Reserved;
  clock.offset = offset;
  clock.summerStart = record.summerStart;
  clock.summerEnd = record.summerEnd;
  clock.summerShift = record.summerShift;
  clockSet(record.utc, now);
  return Err.Ok;
}
