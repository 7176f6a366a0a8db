// From power-on to a link key with the trust centre, and back to it: SE 1.4a (07-5356) sections 5.3.2, 5.4.7, 5.5.5 and annex A.
//
//   Pause --due--> Searching --Joined--> Joining --Authenticated--> Finding --Matched--> Establishing --Done--> Ready
//     ^               |  no network, or refused: three scans, then a pause        |             |  failed: a pause, then Finding;
//     \---------------/  sent away for good: Pause                                \--- Resting--/  the tenth time a long one, then Climbing
//
//   Ready --the trust centre is silent--> Finding --silent in clear too--> Climbing            --it answers: a new key--> Ready
//   Ready --ParentLost, told to rejoin--> Climbing, a rung at a time --Authenticated--> Ready, or Finding without a key
//
// The ladder: a secured rejoin on the own channel, on all, a rejoin in clear under the trust centre's link key, joining anew with the
// install code; then a rest, and from the first rung again.  Only a frame under the trust centre's key leads back to its foot: who was let
// in by routers that are as lost as itself goes on with the next rung.  No state is without a deadline.
import { Err } from "../core/err";
import { entropy } from "../core/host";
import { Progress, progressSet } from "../model/progress";
import { TRUST_CENTRE_SHORT } from "../zigbee/address";
import { ApsKeyKind, apsHeard, apsKeyInstall, apsKeyKind } from "../zigbee/aps/aps";
import { KEY_SLOT_OWN } from "../zigbee/limits";
import { nwkJoinNext, nwkJoinStart, nwkRejoinStart } from "../zigbee/nwk/join";
import { nwkHeard } from "../zigbee/nwk/nwk";
import { joinerTrustCentre } from "../zigbee/security/joiner";
import { StackHeard } from "../zigbee/stack";
import { SE_PROFILE, ZCL_ENDPOINT } from "../zigbee/zcl/zcl";
import { ZdoHeard, zdoAnnounce, zdoHeard, zdoSendMatch } from "../zigbee/zdo/zdo";
import { EstablishHeard, establishBegin } from "./establishment";
import { keepAliveAsk, keepAliveMs, keepAliveReset } from "./keep_alive/client";
import { keLinkKey, keResult, keWipe } from "./key_establishment/exchange";
import { STATUS_NO_RESOURCES } from "./key_establishment/terminate";
import { noteFailed, noteJoined, noteLeft, Procedure } from "./notes";
import { CLUSTER_KEY_ESTABLISHMENT } from "./clusters";

/** What a call of this procedure brought about. */
export enum CommissioningHeard {
  None = 0,
  /** The device is in the network and shares an established key with the trust centre. */
  Ready = 1,
  /** It no longer is. */
  Lost = 2,
}

/** Longer ago than any device asks. */
const NOT_HEARD: i64 = -(1 << 40);

/** A key that is made writes the flash of both. */
export const KEY_LOST_MS: i64 = 15 * 60_000;

enum State { Pause, Searching, Joining, Finding, Establishing, Resting, Ready, Climbing }

enum Rung { Channel, Everywhere, TrustCentre, Anew, Top }

/** Channels 11 to 26. */
const CHANNELS: u32 = 0x07ff_f800;
const SUITES: u32 = 3;
// Table 5-2: three scans a second apart; section 5.5.5.3: each minute +-15 s for a quarter of an hour.  Then it has each hour; a person
// with a display in the hand waits no quarter of that, so it is each 15 min at most, as for those who rejoin.
const SCANS: u32 = 3;
const SCAN_GAP_MS: i64 = 1000;
const JOINS_PER_SCAN: u32 = 3;
const MINUTE_MS: u32 = 60_000;
const MINUTE_JITTER_MS: u32 = 15_000;
const MINUTE_ATTEMPTS: u32 = 15;
/** How long a partner may take to name its endpoint; a message of APS gives up before. */
const FIND_MS: i64 = 7_000;
const RETRY_MS: i64 = 5_000;
const BUSY_MS: u32 = 20_000;
const FAILURES_MAX: u32 = 10;
const REST_MS: u32 = 15 * 60_000;
/** A scan of all channels, an association and the wait for a key: each is over by itself before. */
const STEP_MS: i64 = 30_000;
/** Both sides' computation and a message in fragments; the exchange itself has shorter deadlines. */
const ESTABLISH_MS: i64 = 180_000;
/** Between two rungs.  From the top to the foot it is a minute, then two, at last a quarter of an hour. */
const RUNG_MS: u32 = 2_000;
const CLIMB_MS: u32 = 60_000;
const CLIMB_SHIFT_MAX: u32 = 4;
/** Who has rested asks its trust centre once more, under its key and without, before it climbs: a quarter of an hour has room for it. */
const CLIMB_REST_MS: u32 = REST_MS - 2 * MINUTE_MS;
/** Questions that the trust centre leaves unanswered, and how far apart. */
const UNHEARD_MAX: u32 = 3;
const UNHEARD_MS: u32 = 20_000;
/** One that is silent under its key is asked so often without, and then, when it has answered, once more with. */
const IN_DOUBT: u32 = UNHEARD_MAX + 1;
const DOUBTED_MAX: u32 = 2;

@unmanaged @final
class Commissioning {
  deadline: i64;
  /** Until then nobody climbs again; who has a parent goes on with those who are there. */
  restUntil: i64;
  /** From then on it is believed that the trust centre has lost our key. */
  keyAt: i64;
  /** When the trust centre was last heard under its key. */
  heardAt: i64;
  state: u32;
  scans: u32;
  joins: u32;
  attempts: u32;
  failures: u32;
  /** Sequence number of the question for the endpoint, and that endpoint. */
  asked: i32;
  endpoint: u32;
  /** Questions to the trust centre without an answer. */
  unheard: u32;
  /** The next rung of the ladder. */
  rung: u32;
  noise: u32;
}
const procedure = changetype<Commissioning>(memory.data(offsetof<Commissioning>(), 8));

/** Goes on where the device stopped: `resumed` as `stackReset` answered. */
export function commissioningStart(resumed: bool, now: i64): i32 {
  memory.fill(changetype<usize>(procedure), 0, offsetof<Commissioning>());
  procedure.endpoint = ZCL_ENDPOINT;
  keepAliveReset();
  progressSet(Progress.Starting);
  if (resumed) return authenticated(now);
  search(now);
  return CommissioningHeard.None;
}

export function commissioningDeadline(): i64 { return procedure.deadline; }

/** Whether the device is in its network and has the network key. */
export function commissioningJoined(): bool { return <i32>procedure.state >= State.Finding && <i32>procedure.state <= State.Ready; }

/** Whether it also shares an established key with the trust centre. */
export function commissioningReady(): bool { return procedure.state == State.Ready; }

/** Until when an answer is expected, 0 = none. */
export function commissioningExpecting(): i64 {
  return procedure.state == State.Finding ? procedure.deadline : 0;
}

/** Takes what the stack found. */
export function commissioningStack(heard: i32, now: i64): i32 {
  switch (heard) {
    case StackHeard.Joined: {
      wait(procedure.state == State.Climbing ? State.Climbing : State.Joining, Progress.Joining, now + STEP_MS);
      return CommissioningHeard.None;
    }
    case StackHeard.JoinFailed: return joinFailed(now);
    case StackHeard.Authenticated: return authenticated(now);
    case StackHeard.ZdoAnswer: return answered(now);
    case StackHeard.ParentLost: return parentLost(now);
    case StackHeard.Left: return nwkHeard.status ? parentLost(now) : left(now);
    default: return CommissioningHeard.None;
  }
}

/** Something was heard under a link key: perhaps the trust centre's, which shows that network, key and trust centre are what they were. */
export function commissioningSecured(now: i64): void {
  if (apsHeard.keySlot != KEY_SLOT_OWN + 1) return;
  let doubts = procedure.unheard >= UNHEARD_MAX && procedure.state != State.Establishing && commissioningJoined();
  procedure.attempts = procedure.rung = procedure.unheard = 0;
  procedure.restUntil = 0;
  procedure.heardAt = now; // `watch` looks at it: a random number for each frame heard would cost a board a quarter of the frame
  if (doubts) ready(now + keepAliveMs());
}

/** Takes how key establishment ended. */
export function commissioningKey(heard: i32, now: i64): i32 {
  if (heard == EstablishHeard.Failed) {
    failed(keResult.status, <i64>keResult.wait * 1000, now);
    if (keResult.status == STATUS_NO_RESOURCES) busy();
  }
  if (heard != EstablishHeard.Done) return CommissioningHeard.None;
  let isOurs = keResult.partner == joinerTrustCentre();
  let put = isOurs ? apsKeyInstall(keResult.partner, ApsKeyKind.Established, keLinkKey()) : <i32>Err.Refused;
  keWipe();
  if (put < 0) {
    failed(put, 0, now);
    return CommissioningHeard.None;
  }
  procedure.attempts = procedure.rung = procedure.unheard = 0;
  return ready(now + keepAliveMs());
}

/**
 * The trust centre does not know our key any more: a new one is established.  Who says so may be anybody with the network key, so it is
 * believed once in a while; a trust centre that is silent to our key is noticed all the same.
 */
export function commissioningKeyLost(now: i64): void {
  if (procedure.state != State.Ready || procedure.keyAt > now) return;
  procedure.keyAt = now + KEY_LOST_MS;
  find(now);
}

export function commissioningTick(now: i64): i32 {
  if (procedure.deadline > now) return CommissioningHeard.None;
  switch (procedure.state) {
    case State.Pause:
    case State.Searching: search(now); break;
    case State.Joining: pause(now); break;
    case State.Finding:
    case State.Establishing: failed(Err.Timeout, 0, now); break;
    case State.Resting: {
      if (procedure.failures >= failuresMax()) return climb(now);
      find(now);
      break;
    }
    case State.Ready: return watch(now);
    default: return climb(now);
  }
  return CommissioningHeard.None;
}

function wait(state: u32, progress: i32, deadline: i64): void {
  procedure.state = state;
  procedure.deadline = deadline;
  progressSet(progress);
}

function search(now: i64): void {
  wait(State.Searching, Progress.Searching, now + STEP_MS);
  procedure.joins = 0;
  if (nwkJoinStart(CHANNELS, 0, now) < 0) pause(now);
}

/** The next network of this scan, then the next scan, then a pause. */
function joinFailed(now: i64): i32 {
  let climbs = procedure.state == State.Climbing;
  if (!climbs && procedure.state != State.Searching && procedure.state != State.Joining) return CommissioningHeard.None;
  let next = ++procedure.joins < JOINS_PER_SCAN && nwkJoinNext(now) >= 0;
  if (next || climbs) procedure.deadline = now + (next ? STEP_MS : RUNG_MS / 2 + random(RUNG_MS));
  else if (++procedure.scans < SCANS) wait(State.Searching, Progress.Searching, now + SCAN_GAP_MS);
  else {
    noteFailed(Procedure.Join, nwkHeard.status);
    pause(now);
  }
  return CommissioningHeard.None;
}

function pause(now: i64): void {
  let early = procedure.attempts++ < MINUTE_ATTEMPTS;
  procedure.scans = 0;
  let period = early ? MINUTE_MS + MINUTE_JITTER_MS - random(2 * MINUTE_JITTER_MS) : REST_MS - random(REST_MS / 4);
  wait(State.Pause, Progress.Waiting, now + period);
}

/** The network key is here; what is still missing is a link key. */
function authenticated(now: i64): i32 {
  noteJoined();
  if (procedure.state != State.Climbing) procedure.attempts = 0;
  procedure.scans = procedure.failures = procedure.unheard = 0;
  procedure.restUntil = 0;
  procedure.heardAt = NOT_HEARD;
  // On the way up one question is enough, and who was let in here need not look elsewhere.
  if (procedure.rung) {
    procedure.unheard = UNHEARD_MAX - 1;
    procedure.rung = max<u32>(procedure.rung, Rung.TrustCentre);
  }
  if (isKeyed()) return ready(now + UNHEARD_MS / 2 + random(UNHEARD_MS));
  find(now);
  return CommissioningHeard.None;
}

function isKeyed(): bool { return apsKeyKind(joinerTrustCentre()) == ApsKeyKind.Established; }

function ready(deadline: i64): i32 {
  procedure.failures = 0;
  wait(State.Ready, Progress.Running, deadline);
  return CommissioningHeard.Ready;
}

/**
 * Nothing was heard of the trust centre for long: it is asked under its key, and when it is silent to that, under the network key only.  If
 * it answers then, it is asked under its key once more, and only then gets a new one.
 */
function watch(now: i64): i32 {
  if (procedure.unheard == 0) {
    let due = procedure.heardAt + keepAliveMs();
    if (due > now) {
      procedure.deadline = due;
      return CommissioningHeard.None;
    }
  }
  if (procedure.unheard == UNHEARD_MAX || procedure.unheard > IN_DOUBT) {
    find(now);
    return CommissioningHeard.None;
  }
  procedure.unheard++;
  keepAliveAsk(joinerTrustCentre(), procedure.endpoint, now);
  procedure.deadline = now + UNHEARD_MS + random(UNHEARD_MS / 2);
  return CommissioningHeard.None;
}

/** Asks the trust centre at which endpoint it establishes keys; again, when it perhaps does not know who we are. */
function find(now: i64): void {
  if (procedure.failures) zdoAnnounce(now);
  wait(State.Finding, Progress.Keys, now + FIND_MS);
  procedure.asked = zdoSendMatch(TRUST_CENTRE_SHORT, SE_PROFILE, CLUSTER_KEY_ESTABLISHMENT, now);
}

function answered(now: i64): i32 {
  if (procedure.state != State.Finding || zdoHeard.kind != ZdoHeard.Matched) return CommissioningHeard.None;
  if (<i32>zdoHeard.sequence != procedure.asked || zdoHeard.source != TRUST_CENTRE_SHORT) return CommissioningHeard.None;
  if (procedure.unheard == UNHEARD_MAX) {
    procedure.unheard = IN_DOUBT;
    ready(now);
    return CommissioningHeard.None;
  }
  if (zdoHeard.status != 0 || zdoHeard.size == 0) failed(Err.NotFound, 0, now);
  else {
    wait(State.Establishing, Progress.Keys, now + ESTABLISH_MS);
    procedure.endpoint = load<u8>(zdoHeard.list);
    let begun = establishBegin(joinerTrustCentre(), TRUST_CENTRE_SHORT, procedure.endpoint, SUITES, now);
    if (begun < 0) failed(begun, 0, now);
  }
  return CommissioningHeard.None;
}

/** Section 5.4.7.1: after ten failures a quarter of an hour of rest, on the same network; then it is looked for. */
function failed(reason: i32, askedMs: i64, now: i64): void {
  if (procedure.state != State.Finding && procedure.state != State.Establishing) return;
  noteFailed(Procedure.Establish, reason);
  let rests = ++procedure.failures >= FAILURES_MAX;
  wait(State.Resting, Progress.Keys, now + max<i64>(rests ? REST_MS : RETRY_MS, min<i64>(askedMs, REST_MS)));
}

/** It is there, with others before us: no failure, and they do not all come again at once. */
function busy(): void {
  if (procedure.state != State.Resting) return;
  procedure.failures--;
  procedure.deadline += random(BUSY_MS);
}

function failuresMax(): u32 { return procedure.unheard >= UNHEARD_MAX ? DOUBTED_MAX : FAILURES_MAX; }

function parentLost(now: i64): i32 {
  // Who still joins, or climbs already, has a deadline for that.
  if (!commissioningJoined()) return CommissioningHeard.None;
  if (procedure.restUntil <= now) return climb(now);
  wait(State.Climbing, Progress.Waiting, procedure.restUntil);
  return CommissioningHeard.Lost;
}

/** The next rung; at the top a rest, in the network that we were in: its parent is perhaps there again, or was all the time. */
function climb(now: i64): i32 {
  let wasMember = commissioningJoined();
  if (procedure.rung == Rung.TrustCentre && !isKeyed()) procedure.rung++;
  let rung = procedure.rung++;
  if (rung == Rung.Top) return rest(now);
  wait(State.Climbing, Progress.Searching, now + STEP_MS);
  procedure.joins = 0;
  let begun = rung == Rung.Anew
    ? nwkJoinStart(CHANNELS, 0, now)
    : nwkRejoinStart(rung != Rung.TrustCentre, rung == Rung.Channel ? 0 : CHANNELS, now);
  if (begun < 0) procedure.deadline = now + RUNG_MS;
  return wasMember ? <i32>CommissioningHeard.Lost : CommissioningHeard.None;
}

function rest(now: i64): i32 {
  procedure.rung = 0;
  let period = min(CLIMB_MS << min<u32>(procedure.attempts++, CLIMB_SHIFT_MAX), CLIMB_REST_MS);
  period -= random(period / 4);
  procedure.unheard = 0;
  procedure.restUntil = now + period;
  if (isKeyed()) return ready(procedure.restUntil);
  procedure.failures = FAILURES_MAX;
  wait(State.Resting, Progress.Keys, procedure.restUntil);
  return CommissioningHeard.None;
}

function left(now: i64): i32 {
  noteLeft(nwkHeard.status);
  procedure.attempts = procedure.rung = 0;
  pause(now);
  return CommissioningHeard.Lost;
}

/** Below `limit`, which is far below 2^32: the bias is of no interest here. */
function random(limit: u32): u32 {
  entropy(changetype<usize>(procedure) + offsetof<Commissioning>("noise"), 4);
  return procedure.noise % limit;
}
