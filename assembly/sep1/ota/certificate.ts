// What a device does that has no certificate for phase 2: it makes a key on its board, and gives the request for it to the hub piece by
// piece, under the link key.  docs/identity.md.
//
//   | control 0x05 | maker u16 | sequence | 0x00 | offset u16 | size u16 | octets ... |      each is answered by a default response
//
// With size 0 it tells how it ended: the offset is 0, or the `Err` with which the board refused the certificate.
import {
  FileStatus, IMAGE_STATE, IMAGE_STATUS, ImageNumber, Log, identityMake, identityRequest, imageState, log,
} from "../../core/host";
import { Err } from "../../core/err";
import { LOG_CERTIFICATE_SIZE, LogCertificate } from "../../core/log";
import { OTA_REQUEST_HEAD, OTA_REQUEST_PIECE } from "./command";
import { otaBeginOwn, otaSend } from "./requests";
import { TRANSFER_ROOM, TRANSFER_ROOM_SIZE } from "./transfer";

if (IMAGE_STATE > TRANSFER_ROOM_SIZE) ERROR("the state does not fit the room");

@unmanaged @final class State { offset: u32; size: u32; }
const state = changetype<State>(memory.data(offsetof<State>()));

/** Whether the board could have a certificate and has none. */
export function certificateIsWanted(): bool {
  return imageState(ImageNumber.Certificate, TRANSFER_ROOM, IMAGE_STATE) == <i32>IMAGE_STATE
    && load<u8>(TRANSFER_ROOM + IMAGE_STATUS) != FileStatus.Activated;
}

/** Asks for one: the request of the key that waits, or of a new one; answers as `zclSend`. */
export function certificateAsk(now: i64): i32 {
  let size = identityRequest(TRANSFER_ROOM, TRANSFER_ROOM_SIZE);
  if (size == Err.NotFound && identityMake() >= 0) size = identityRequest(TRANSFER_ROOM, TRANSFER_ROOM_SIZE);
  if (size < 0) return size;
  state.offset = 0;
  state.size = size;
  return certificateSay(now);
}

/** The board has taken a certificate, or refused it: the hub hears of it, and who watches. */
export function certificateEnd(result: i32, now: i64): i32 {
  state.offset = -result;
  state.size = 0;
  changetype<LogCertificate>(TRANSFER_ROOM).reason = result;
  log(Log.Certificate, TRANSFER_ROOM, LOG_CERTIFICATE_SIZE);
  return certificateSay(now);
}

/** Whether more is to be said after what has been said now. */
export function certificateGoesOn(): bool {
  state.offset += OTA_REQUEST_PIECE;
  return state.offset < state.size;
}

/** Sends the next piece. */
export function certificateSay(now: i64): i32 {
  let at = otaBeginOwn();
  store<u16>(at, state.offset);
  store<u16>(at, state.size, 2);
  let count = state.size == 0 ? 0 : min<u32>(state.size - state.offset, OTA_REQUEST_PIECE);
  memory.copy(at + OTA_REQUEST_HEAD, TRANSFER_ROOM + state.offset, count);
  return otaSend(at + OTA_REQUEST_HEAD + count, now);
}
