// Laboratory modules: the network layer alone in a module, moved by a test.  Not shipped.
import { dropsOf } from "../../../assembly/core/drops";
import { Layer, ABI_VERSION, log } from "../../../assembly/core/host";
import { nwkKeyInstall, nwkKeySwitch } from "../../../assembly/zigbee/nwk/security";
import { nwkSend } from "../../../assembly/zigbee/nwk/send";
import { NwkHeard, network, nwkHeard, nwkState } from "../../../assembly/zigbee/nwk/state";

export const EVENT_CAPACITY: u32 = 16 + 128;
export const event = memory.data(16 + 128, 8);
/** Room for a test's octets. */
const buffer = memory.data(256, 8);
const note = memory.data(160, 8);

export function abi(): u32 { return ABI_VERSION; }

/** Log code 100 + kind: source, target, secured, handle, status, lqi; IEEE address; payload. */
export function tell(kind: i32): void {
  if (kind == NwkHeard.None || kind == NwkHeard.Command) return;
  store<u16>(note, nwkHeard.source);
  store<u16>(note, nwkHeard.target, 2);
  store<u8>(note, nwkHeard.secured, 4);
  store<u8>(note, nwkHeard.handle, 5);
  store<i16>(note, <i16>nwkHeard.status, 6);
  store<u64>(note, nwkHeard.extended, 8);
  let size: u32 = kind == NwkHeard.Data ? nwkHeard.size : 0;
  memory.copy(note + 16, nwkHeard.payload, size);
  log(100 + kind, note, 16 + size);
}

export function bufferAt(): usize { return buffer; }
export function networkAt(): usize { return changetype<usize>(network); }
export function countersAt(): usize { return dropsOf(Layer.Nwk); }
export function isOpen(): u32 { return nwkState.open; }
export function send(target: u32, size: u32, options: u32, handle: u32): i32 { return nwkSend(target, buffer, size, options, handle); }
export function keyInstall(sequence: u32): i32 { return nwkKeyInstall(sequence, buffer); }
export function keySwitch(sequence: u32): i32 { return nwkKeySwitch(sequence); }
