// A module for the tests of updates on a board: does with the image imports what it is told, and says which module it is.
import {
  ABI_VERSION, EVENT_HEAD, EVENT_SIZE, halt, IMAGE_STATE, imageActivate, imageBegin, imageConfirm, imageFinish, imageState, imageWrite, log, next,
  storeRead, storeWrite, uplinkSend,
} from "../../../assembly/core/host";

// The first octet of an uplink event, and of the answer.
enum Command { Count = 1, State = 2, Begin = 3, Write = 4, Finish = 5, Activate = 6, Halt = 7, Confirm = 8, Version = 9, Trap = 10, Loop = 11 }

const LOG_STARTED: u32 = 1;
const COUNTER: u32 = 40;
const KEY_SIZE: u32 = 12;

const EVENT_CAPACITY: u32 = EVENT_HEAD + 264;
const event = memory.data(16 + 264, 8);
const answer = memory.data(8 + IMAGE_STATE, 8);
// The test writes the version over the last word: every version is another module.  Zeros would not be in the module.
const mark = memory.data<u32>([0x6d77726b, 0x7261_6d6b, 0xffffffff]);

export function abi(): u32 { return ABI_VERSION; }

export function start(now: i64, reason: u32): void {
  store<u32>(answer, reason);
  log(LOG_STARTED, answer, 4);
}

export function poll(now: i64): i64 {
  for (let budget = 4; budget > 0; budget--) {
    const size = next(event, EVENT_CAPACITY);
    if (size <= 0) return i64.MAX_VALUE;
    obey(event + EVENT_HEAD, load<u16>(event + EVENT_SIZE));
  }
  return now;
}

function obey(at: usize, size: u32): void {
  if (size < 6) return;
  const image: u32 = load<u8>(at, 1);
  store<u8>(answer, load<u8>(at));
  switch (<i32>load<u8>(at)) {
    case Command.Count: return say(count());
    case Command.State: return sayState(image);
    case Command.Begin: return say(size < 2 + KEY_SIZE ? -2 : imageBegin(image, at + 2));
    case Command.Write: return say(imageWrite(image, load<u32>(at, 2), at + 6, size - 6));
    case Command.Finish: return say(imageFinish(image));
    case Command.Activate: return say(imageActivate(image));
    case Command.Halt: return halt(0);
    case Command.Confirm: return say(imageConfirm(image));
    case Command.Version: return say(load<i32>(mark, 8));
    case Command.Trap: return unreachable();
    default: loop();
  }
}

function say(value: i32): void {
  store<i32>(answer, value, 1);
  uplinkSend(answer, 5);
}

function sayState(image: u32): void {
  const size = imageState(image, answer + 1, IMAGE_STATE);
  uplinkSend(answer, size < 0 ? 1 : 1 + size);
}

function count(): i32 {
  let value: u32 = 0;
  if (storeRead(COUNTER, answer, 4) == 4) value = load<u32>(answer);
  store<u32>(answer, value + 1);
  const problem = storeWrite(COUNTER, answer, 4);
  store<u8>(answer, Command.Count);
  return problem == 0 ? value + 1 : problem;
}

function loop(): void {
  while (load<u8>(mark) != 0) store<u32>(answer, load<u32>(answer) + 1);
}
