// A meter tells the hub: its usage point is mirrored there for who reads it from there.  IEEE 2030.5 section 12.3.
//
//   Capability --/edev, /mup--> Device --its LFDI--> Mirror --201 or 204, Location--> Readings, again and again
//        ^----------------------- whatever is refused, or not there any more ---------------'
import { constantString, constantText } from "../core/constants";
import { NEVER } from "../core/timers";
import { MISSING, answerLink, answerNumber, answerOctets } from "./answers";
import { clientsAsk } from "./client";
import { Format } from "./document/format";
import { documentBegin, documentClose, documentEnd, documentNumber, documentOpen } from "./document/writer";
import { ClientHeard, httpClientBody, httpClientLocation, reply } from "./http/client";
import { Method } from "./http/request";
import { BODY_MAX, PATH_MAX } from "./limits";
import { asked } from "./resource";
import { Name, Type } from "./schema/names";
import { LFDI_SIZE, POWER, registerLfdi, registerValue } from "./sets/register";
import { MIRROR_READING, MIRROR_USAGE } from "./sets/usage_template";
import { template, templateBegin, templateNext, templatePut } from "./template";

enum Step { Capability = 0, Device, Mirror, Readings }

const DCAP = constantText("/dcap");
const START_MS: i64 = 2_000;
const AGAIN_MS: i64 = 60_000;
/** How often we tell unless the hub wants it otherwise; and how often at most and at least. */
const RATE_S: i64 = 30;
const RATE_MIN_S: i64 = 5;
const RATE_MAX_S: i64 = 60;

@unmanaged @final
class State {
  due: i64;
  rateMs: i64;
  step: i32;
  devicesSize: u32;
  mirrorSize: u32;
}
const state = changetype<State>(memory.data(offsetof<State>(), 8));
const devices = memory.data(PATH_MAX);
/** The list of mirrors, then our own. */
const mirror = memory.data(PATH_MAX);

export function mirroredReset(): void { state.due = NEVER; }

/** We are in. */
export function mirroredStart(now: i64): void {
  state.step = Step.Capability;
  state.rateMs = RATE_S * 1000;
  state.due = now + START_MS;
}

export function mirroredDeadline(): i64 { return state.due; }

/** Asks or tells what is due; true when it has gone out. */
export function mirroredTick(now: i64): bool {
  if (state.due > now) return false;
  let path = mirror, size = state.mirrorSize, body = 0, method: u32 = Method.Post;
  switch (state.step) {
    case Step.Capability: {
      size = constantString(DCAP, mirror, PATH_MAX) - 1;
      path = mirror + 1;
      method = Method.Get;
      break;
    }
    case Step.Device: {
      path = devices;
      size = state.devicesSize;
      method = Method.Get;
      break;
    }
    default: body = compose(state.step == Step.Mirror, now);
  }
  if (body < 0 || !clientsAsk(method, path, size, <u32>body, now)) return false;
  state.due = now + AGAIN_MS; // until an answer says otherwise
  return true;
}

/** The usage point with its readings, or the readings alone. */
function compose(isWhole: bool, now: i64): i32 {
  documentBegin(Format.Exi, isWhole ? Type.MirrorUsagePoint : Type.MirrorMeterReadingList, httpClientBody(), BODY_MAX);
  if (isWhole) members(MIRROR_USAGE, now);
  else {
    documentNumber(Name.all, POWER + 1);
    documentNumber(Name.results, POWER + 1);
  }
  for (asked.id1 = 0; asked.id1 <= POWER; asked.id1++) {
    documentOpen(Name.MirrorMeterReading);
    members(MIRROR_READING, now);
    documentClose();
  }
  if (isWhole) documentNumber(Name.postRate, RATE_S);
  return documentEnd();
}

function members(constant: u32, now: i64): void {
  for (templateBegin(constant); templateNext();) templatePut(registerValue(template.argument, now));
}

/** An answer came, or none will come. */
export function mirroredHeard(heard: i32, now: i64): void {
  if (heard == ClientHeard.Stale) { state.due = now; return; }
  if (heard != ClientHeard.Got) return; // again, as it is
  if (!taken(now)) state.step = Step.Capability;
}

function taken(now: i64): bool {
  switch (state.step) {
    case Step.Capability: {
      state.devicesSize = answerLink(Name.EndDeviceListLink, devices);
      state.mirrorSize = answerLink(Name.MirrorUsagePointListLink, mirror);
      if (state.devicesSize == 0 || state.mirrorSize == 0) return false; // we are not known, or there is no room
      break;
    }
    case Step.Device: {
      if (reply.status != 200 || answerOctets(Name.lFDI, registerLfdi(), LFDI_SIZE) != LFDI_SIZE) return false;
      break;
    }
    case Step.Mirror: {
      if ((reply.status != 201 && reply.status != 204) || reply.locationSize == 0) return false;
      state.mirrorSize = reply.locationSize;
      memory.copy(mirror, httpClientLocation(), reply.locationSize);
      state.step = Step.Readings;
      state.due = now + state.rateMs;
      return true;
    }
    default: {
      if (reply.status != 201 && reply.status != 204) return false;
      state.due = now + state.rateMs;
      return true;
    }
  }
  state.step++;
  state.due = now;
  return true;
}
