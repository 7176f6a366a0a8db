// A module for the board's tests: does on command what modules do, and what they must not do.
import {
  ABI_VERSION, display, entropy, EVENT_HEAD, EVENT_KIND, EVENT_SIZE, EventKind, halt, log, next, Quantity, radioSend, RadioParameter, radioSet,
  sense, storeRead, storeWrite, uplinkSend,
} from "../../../assembly/core/host";

// The first octet of an uplink event.
enum Command { Count = 1, Show = 2, Send = 3, Sense = 4, Loop = 5, Trap = 6, Halt = 7, Recurse = 8, Outside = 9, Random = 10 }

const LOG_STARTED: u32 = 1;
const LOG_HEARD: u32 = 100;
const LOG_SENT: u32 = 101;
const LOG_MEASURED: u32 = 102;
const COUNTER: u32 = 40;

const EVENT_CAPACITY: u32 = EVENT_HEAD + 264;
const event = memory.data(16 + 264, 8);
const word = memory.data(8, 8);
const noise = memory.data(32, 8);

export function abi(): u32 { return ABI_VERSION; }

export function start(now: i64, reason: u32): void {
  store<u32>(word, reason);
  log(LOG_STARTED, word, 4);
  radioSet(0, RadioParameter.Channel, 11);
  radioSet(0, RadioParameter.PanId, 0x1234);
  radioSet(0, RadioParameter.ShortAddress, 0x5678);
}

export function poll(now: i64): i64 {
  for (let budget = 4; budget > 0; budget--) {
    const size = next(event, EVENT_CAPACITY);
    if (size <= 0) return i64.MAX_VALUE;
    const at = event + EVENT_HEAD;
    const length: u32 = load<u16>(event + EVENT_SIZE);
    switch (<i32>load<u8>(event + EVENT_KIND)) {
      case EventKind.RadioReceived: log(LOG_HEARD, at, length); break;
      case EventKind.RadioSent: log(LOG_SENT, event, EVENT_HEAD); break;
      case EventKind.Measured: log(LOG_MEASURED, at, length); break;
      case EventKind.Uplink: obey(at, length); break;
      default: unreachable();
    }
  }
  return now;
}

function obey(at: usize, length: u32): void {
  if (length == 0) return;
  switch (<i32>load<u8>(at)) {
    case Command.Count: count(); break;
    case Command.Show: display(load<u8>(at, 1), at + 2, length - 2); break;
    case Command.Send: radioSend(0, at + 1, length - 1, 7); break;
    case Command.Sense: sense(Quantity.ElectricityImport, 1000); break;
    case Command.Loop: loop(); break;
    case Command.Trap: unreachable(); break;
    case Command.Halt: halt(0); break;
    case Command.Recurse: store<u32>(word, recurse(load<u32>(word))); break;
    case Command.Outside: uplinkSend(0xfff0, 0x20); break;
    case Command.Random: entropy(noise, 32); uplinkSend(noise, 32); break;
    default: uplinkSend(at, length);
  }
}

function count(): void {
  if (storeRead(COUNTER, word, 4) != 4) store<u32>(word, 0);
  store<u32>(word, load<u32>(word) + 1);
  if (storeWrite(COUNTER, word, 4) == 0) uplinkSend(word, 4);
}

function loop(): void {
  while (load<u8>(event) < 255) store<u32>(word, load<u32>(word) + 1);
}

function recurse(depth: u32): u32 {
  return depth == 0xffffffff ? 0 : recurse(depth + 1) + recurse(depth + 2);
}
