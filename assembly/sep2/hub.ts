// A hub's face in phase 2: the border router of a ZigBee IP network, its authentication agent, and the server of what everyone asks for.
//
//   radio -> stackInput -> members; streams -> HTTP server        due -> stack, streams, server
import { dropped } from "../core/drops";
import { Drop, Layer, Log, log, tlsReserve } from "../core/host";
import { LOG_ADMITTED_SIZE, LOG_FORMED_SIZE, LogAdmitted, LogFormed } from "../core/log";
import { NO_SHORT } from "../ip/address";
import { AUTHENTICATIONS_MAX, SERVED_MAX } from "../ip/limits";
import { AGENT_SECRETS } from "../ip/pana/sessions";
import { streamChanged, streamServe } from "../ip/tcp/stream";
import {
  StackHeard, agentHeard, stackAdmit, stackBeside, stackChannel, stackDeadline, stackInput, stackPan, stackRemove, stackReset,
  stackRotate, stackStart, stackTick,
} from "../ip/stack_border";
import { HUB_SETS, discoveryServe } from "./discovery";
import { httpAnswer, httpDeadline, httpInput, httpNext, httpReset } from "./http/server";
import { noteReachable } from "./notes";
import { HTTP_PORT, HTTPS_PORT } from "./ports";
import { resourcesReset } from "./resource";
import { HUB } from "./rights";
import { hubServe } from "./serve_hub";
import { memberForget, memberMay, memberNumber, memberPut, membersLoad, membersTold } from "./sets/devices";
import { mirrorsForget, mirrorsReset } from "./sets/mirrors";
import { timeUtc } from "./time";

const TURNS: u32 = 8;
/** Sessions of TLS: of those who ask, and of those who are being admitted. */
const SESSIONS: u32 = SERVED_MAX + AUTHENTICATIONS_MAX;

const note = memory.data(16, 8);
let arrived: u64 = 0;

export { stackRotate as faceRekey } from "../ip/stack_border";

/** Alone on the radio. */
export function faceReset(now: i64): void {
  facePrepare(now);
  if (stackStart(now)) noteFormed();
}

/** Beside a network of phase 1, once that one has a channel. */
export function faceBeside(channel: u32, now: i64): void {
  stackBeside(channel, now);
  noteFormed();
}

/** All but a network. */
export function facePrepare(now: i64): void {
  tlsReserve(SESSIONS, AGENT_SECRETS);
  stackReset(now);
  resourcesReset(HUB);
  membersLoad();
  mirrorsReset();
  httpReset();
  streamServe(HTTP_PORT, false);
  streamServe(HTTPS_PORT, true);
  discoveryServe(HUB_SETS);
}

/** A device is registered by its certificate, or with `state` 0 no more; answers an `Err` when that cannot be. */
export function faceMember(extended: u64, lfdi: usize, state: u32, now: i64): i32 {
  if (membersTold(true)) mirrorsReset(); // rows have other owners now
  return state == 0 ? faceRemove(extended, now) : memberPut(extended, lfdi, now);
}

/** A device is to leave for good, and to hear no more: the network's key changes without it.  Answers an `Err` where that is not done. */
export function faceRemove(extended: u64, now: i64): i32 {
  mirrorsForget(memberNumber(extended));
  let done = memberForget(extended);
  if (done < 0) return done;
  membersTold(false); // else it would come back by its certificate
  stackRemove(extended, now);
  return stackRotate(now);
}

/** Takes an event of the radio, or of Ethernet. */
export function faceInput(event: usize, now: i64): void { heard(stackInput(event, now), now); }

export function faceTick(now: i64): void {
  for (let turns = TURNS; turns > 0 && stackDeadline() <= now; turns--) heard(stackTick(now), now);
  for (let number = streamChanged(timeUtc(now), now); number >= 0; number = streamChanged(timeUtc(now), now)) httpInput(<u32>number, now);
  while (httpNext(now)) httpAnswer(hubServe(now), now);
}

export function faceDeadline(): i64 { return min<i64>(stackDeadline(), httpDeadline()); }

/** Who has come in since this was asked last, 0 for nobody; one is enough, for each takes some turns. */
export function faceArrived(): u64 {
  let extended = arrived;
  arrived = 0;
  return extended;
}

function heard(what: i32, now: i64): void {
  switch (what) {
    case StackHeard.Formed: { noteFormed(); return; }
    case StackHeard.Asks: {
      let may = memberMay(agentHeard.extended, agentHeard.lfdi, now);
      if (!may) dropped(Layer.Control, Drop.Refused);
      stackAdmit(may, now);
      return;
    }
    case StackHeard.DeviceJoined: {
      changetype<LogAdmitted>(note).partner = agentHeard.extended;
      changetype<LogAdmitted>(note).address = NO_SHORT;
      log(Log.Admitted, note, LOG_ADMITTED_SIZE);
      arrived = agentHeard.extended;
      return;
    }
    default: return;
  }
}

function noteFormed(): void {
  changetype<LogFormed>(note).pan = stackPan();
  changetype<LogFormed>(note).channel = stackChannel();
  log(Log.Formed, note, LOG_FORMED_SIZE);
  noteReachable(0);
}
