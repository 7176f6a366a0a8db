// A module for tests of TLS, identity and derived keys: each uplink event is a call of one import, each uplink message its answer.
//
//   event   | call u8 | a u32 | b u32 | octets |       message   | answer i32 | octets |
//
// Octets longer than an event come in pieces: `Collect` lays them behind each other for the call that follows.
import {
  ABI_VERSION, ctrCrypt, EVENT_HEAD, EVENT_SIZE, hmacSha256, identityInstall, identityMake, identityRequest, imageBegin, imageFinish,
  imageState, imageWrite, keyClear, keyDerive, keySet, next,
  storeRead, storeWrite, tlsClose, tlsDrain, tlsExport, tlsFeed, tlsOpen, tlsRead, tlsReserve, tlsState, tlsWrite, uplinkSend,
} from "../../../assembly/core/host";

enum Call {
  Collect = 0, Reserve = 1, Open = 2, Feed = 3, Drain = 4, Read = 5, Write = 6, Close = 7, State = 8, Export = 9, Derive = 10, Hmac = 11,
  Ctr = 12, Make = 13, Request = 14, Install = 15, KeySet = 16, KeyClear = 17, StoreRead = 18, StoreWrite = 19, ImageBegin = 20,
  ImageWrite = 21, ImageFinish = 22, ImageState = 23,
}

const HEAD: u32 = 9;
const ANSWER: u32 = 4;
const ROOM: u32 = 8192;
const COUNTER: u32 = 16;
const EVENT_CAPACITY: u32 = EVENT_HEAD + 264;

const event = memory.data(16 + 264, 8);
const answer = memory.data(4 + 8192, 8);
const octets = memory.data(8192, 8);
let size: u32 = 0;

export function abi(): u32 { return ABI_VERSION; }
export function start(now: i64, reason: u32): void {}

export function poll(now: i64): i64 {
  if (next(event, EVENT_CAPACITY) <= 0) return i64.MAX_VALUE;
  const at = event + EVENT_HEAD;
  const length: u32 = load<u16>(event + EVENT_SIZE);
  if (length < HEAD || size + length - HEAD > ROOM) unreachable();
  memory.copy(octets + size, at + HEAD, length - HEAD);
  size += length - HEAD;
  obey(<u32>load<u8>(at), load<u32>(at, 1), load<u32>(at, 5));
  return now;
}

function obey(call: u32, a: u32, b: u32): void {
  if (call == Call.Collect) return;
  const result = made(call, a, b);
  store<i32>(answer, result);
  uplinkSend(answer, ANSWER + (writes(call) && result > 0 ? result : call == Call.Hmac ? 32 : call == Call.Ctr ? size - COUNTER : 0));
  size = 0;
}

function writes(call: u32): bool {
  return call == Call.Drain || call == Call.Read || call == Call.State || call == Call.Request || call == Call.StoreRead
    || call == Call.ImageState;
}

function made(call: u32, a: u32, b: u32): i32 {
  const out = answer + ANSWER;
  switch (call) {
    case Call.Reserve: return tlsReserve(a, b);
    case Call.Open: return tlsOpen(a, load<i64>(octets));
    case Call.Feed: return tlsFeed(a, octets, size);
    case Call.Drain: return tlsDrain(a, out, b);
    case Call.Read: return tlsRead(a, out, b);
    case Call.Write: return tlsWrite(a, octets, size);
    case Call.Close: return tlsClose(a, b);
    case Call.State: return tlsState(a, out, b);
    case Call.Export: return tlsExport(a, b);
    case Call.Derive: return keyDerive(a, octets, size, b);
    case Call.Hmac: return hmacSha256(a, octets, size, out);
    case Call.Ctr: memory.copy(out, octets + COUNTER, size - COUNTER); return ctrCrypt(a, octets, out, size - COUNTER);
    case Call.Make: return identityMake();
    case Call.Request: return identityRequest(out, b);
    case Call.Install: return identityInstall(octets, size);
    case Call.KeySet: return keySet(a, octets);
    case Call.KeyClear: return keyClear(a);
    case Call.StoreRead: return storeRead(a, out, b);
    case Call.StoreWrite: return storeWrite(a, octets, size);
    case Call.ImageBegin: return imageBegin(a, octets);
    case Call.ImageWrite: return imageWrite(a, b, octets, size);
    case Call.ImageFinish: return imageFinish(a);
    case Call.ImageState: return imageState(a, out, b);
    default: return unreachable();
  }
}
