// From power-on to a link key with the trust centre: SE 1.4a (07-5356) sections 5.3.2, 5.4.7 and 5.5.5.
//
//   Pause --due--> Searching --Joined--> Joining --Authenticated--> Finding --Matched--> Establishing --Done--> Ready
//     ^               |  no network, or refused: three scans, then a pause        |             |  failed: a pause, then Finding;
//     \---------------/                                                           \--- Resting--/  the tenth time a long one
//   Ready --ParentLost--> Rejoining --Authenticated--> Ready        sent away, or the network is gone: Pause
import { Err } from "../core/err";
import { entropy } from "../core/host";
import { NEVER } from "../core/timers";
import { Progress, progressSet } from "../model/progress";
import { TRUST_CENTRE_SHORT } from "../zigbee/address";
import { ApsKeyKind, apsKeyInstall, apsKeyKind } from "../zigbee/aps/aps";
import { nwkJoinNext, nwkJoinStart, nwkRejoinStart } from "../zigbee/nwk/join";
import { nwkHeard } from "../zigbee/nwk/nwk";
import { joinerTrustCentre } from "../zigbee/security/joiner";
import { StackHeard } from "../zigbee/stack";
import { SE_PROFILE } from "../zigbee/zcl/zcl";
import { ZdoHeard, zdoHeard, zdoSendMatch } from "../zigbee/zdo/zdo";
import { EstablishHeard, establishBegin } from "./establishment";
import { keLinkKey, keResult, keWipe } from "./key_establishment/exchange";
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

enum State { Pause, Searching, Joining, Finding, Establishing, Resting, Ready, Rejoining }

/** Channels 11 to 26. */
const CHANNELS: u32 = 0x07ff_f800;
const SUITES: u32 = 3;
// Table 5-2: three scans a second apart; section 5.5.5.3: each minute +-15 s for a quarter of an hour, then each hour +-30 min.
const SCANS: u32 = 3;
const SCAN_GAP_MS: i64 = 1000;
const JOINS_PER_SCAN: u32 = 3;
const MINUTE_MS: u32 = 60_000;
const MINUTE_JITTER_MS: u32 = 15_000;
const MINUTE_ATTEMPTS: u32 = 15;
const HOUR_MS: u32 = 3_600_000;
const HOUR_JITTER_MS: u32 = 1_800_000;
/** How long a partner may take to name its endpoint; a message of APS gives up before. */
const FIND_MS: i64 = 7_000;
const RETRY_MS: i64 = 5_000;
const FAILURES_MAX: u32 = 10;
const REST_MS: i64 = 15 * 60_000;
// A parent that is gone is looked for on its channel, on all, and on its channel again, since a beacon is easily lost; then after a
// minute, and at last each quarter of an hour.
const REJOIN_GAP_MS: i64 = 5_000;
const REJOIN_MS: i64 = 60_000;
const REJOIN_SHIFT_MAX: u32 = 4;

@unmanaged @final
class Commissioning {
  deadline: i64;
  state: u32;
  scans: u32;
  joins: u32;
  attempts: u32;
  failures: u32;
  /** Sequence number of the question for the endpoint. */
  asked: i32;
  noise: u32;
}
const procedure = changetype<Commissioning>(memory.data(offsetof<Commissioning>(), 8));

/** Goes on where the device stopped: `resumed` as `stackReset` answered. */
export function commissioningStart(resumed: bool, now: i64): i32 {
  memory.fill(changetype<usize>(procedure), 0, offsetof<Commissioning>());
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
      wait(State.Joining, Progress.Joining, NEVER);
      return CommissioningHeard.None;
    }
    case StackHeard.JoinFailed: return joinFailed(now);
    case StackHeard.Authenticated: return authenticated(now);
    case StackHeard.ZdoAnswer: return answered(now);
    // While one is looked for, the deadline says when to look again.
    case StackHeard.ParentLost: return procedure.state == State.Rejoining ? <i32>CommissioningHeard.None : rejoin(now);
    case StackHeard.Left: return left(now);
    default: return CommissioningHeard.None;
  }
}

/** Takes how key establishment ended. */
export function commissioningKey(heard: i32, now: i64): i32 {
  if (heard == EstablishHeard.Failed) failed(keResult.status, <i64>keResult.wait * 1000, now);
  if (heard != EstablishHeard.Done) return CommissioningHeard.None;
  let isOurs = keResult.partner == joinerTrustCentre();
  let put = isOurs ? apsKeyInstall(keResult.partner, ApsKeyKind.Established, keLinkKey()) : <i32>Err.Refused;
  keWipe();
  if (put < 0) {
    failed(put, 0, now);
    return CommissioningHeard.None;
  }
  return ready();
}

/** The trust centre does not know our key any more: a new one is established. */
export function commissioningKeyLost(now: i64): void {
  if (procedure.state == State.Ready) find(now);
}

export function commissioningTick(now: i64): i32 {
  if (procedure.deadline > now) return CommissioningHeard.None;
  switch (procedure.state) {
    case State.Pause:
    case State.Searching: search(now); break;
    case State.Finding: failed(Err.Timeout, 0, now); break;
    case State.Resting: find(now); break;
    case State.Rejoining: return rejoin(now);
    default: procedure.deadline = NEVER;
  }
  return CommissioningHeard.None;
}

function wait(state: u32, progress: i32, deadline: i64): void {
  procedure.state = state;
  procedure.deadline = deadline;
  progressSet(progress);
}

function search(now: i64): void {
  wait(State.Searching, Progress.Searching, NEVER);
  procedure.joins = 0;
  if (nwkJoinStart(CHANNELS, 0, now) < 0) pause(now);
}

/** The next network of this scan, then the next scan, then a pause. */
function joinFailed(now: i64): i32 {
  // Otherwise a deadline is set already: after a rejoin that failed, and for a device that was sent away while it waited for its key.
  if (procedure.state != State.Searching && procedure.state != State.Joining) return CommissioningHeard.None;
  if (++procedure.joins < JOINS_PER_SCAN && nwkJoinNext(now) >= 0) return CommissioningHeard.None;
  if (++procedure.scans < SCANS) wait(State.Searching, Progress.Searching, now + SCAN_GAP_MS);
  else {
    noteFailed(Procedure.Join, nwkHeard.status);
    pause(now);
  }
  return CommissioningHeard.None;
}

function pause(now: i64): void {
  let early = procedure.attempts++ < MINUTE_ATTEMPTS;
  let period = early ? MINUTE_MS : HOUR_MS;
  let jitter = early ? MINUTE_JITTER_MS : HOUR_JITTER_MS;
  procedure.scans = 0;
  wait(State.Pause, Progress.Waiting, now + period - jitter + random(2 * jitter));
}

/** The network key is here; what is still missing is a link key. */
function authenticated(now: i64): i32 {
  noteJoined();
  procedure.attempts = 0;
  procedure.scans = 0;
  procedure.failures = 0;
  if (apsKeyKind(joinerTrustCentre()) == ApsKeyKind.Established) return ready();
  find(now);
  return CommissioningHeard.None;
}

function ready(): i32 {
  procedure.failures = 0;
  wait(State.Ready, Progress.Running, NEVER);
  return CommissioningHeard.Ready;
}

/** Asks the trust centre at which endpoint it establishes keys. */
function find(now: i64): void {
  wait(State.Finding, Progress.Keys, now + FIND_MS);
  procedure.asked = zdoSendMatch(TRUST_CENTRE_SHORT, SE_PROFILE, CLUSTER_KEY_ESTABLISHMENT, now);
}

function answered(now: i64): i32 {
  if (procedure.state != State.Finding || zdoHeard.kind != ZdoHeard.Matched) return CommissioningHeard.None;
  if (<i32>zdoHeard.sequence != procedure.asked || zdoHeard.source != TRUST_CENTRE_SHORT) return CommissioningHeard.None;
  if (zdoHeard.status != 0 || zdoHeard.size == 0) failed(Err.NotFound, 0, now);
  else {
    wait(State.Establishing, Progress.Keys, NEVER);
    let begun = establishBegin(joinerTrustCentre(), TRUST_CENTRE_SHORT, load<u8>(zdoHeard.list), SUITES, now);
    if (begun < 0) failed(begun, 0, now);
  }
  return CommissioningHeard.None;
}

/** Section 5.4.7.1: after ten failures a quarter of an hour of rest, on the same network. */
function failed(reason: i32, askedMs: i64, now: i64): void {
  if (procedure.state != State.Finding && procedure.state != State.Establishing) return;
  noteFailed(Procedure.Establish, reason);
  let rests = ++procedure.failures >= FAILURES_MAX;
  if (rests) procedure.failures = 0;
  wait(State.Resting, Progress.Keys, now + max<i64>(rests ? REST_MS : RETRY_MS, askedMs));
}

function rejoin(now: i64): i32 {
  let wasReady = procedure.state != State.Rejoining;
  if (wasReady) procedure.attempts = procedure.scans = 0;
  let everywhere = procedure.scans == 1;
  let period = REJOIN_GAP_MS;
  if (++procedure.scans == SCANS) {
    procedure.scans = 0;
    period = REJOIN_MS << min<u32>(procedure.attempts++, REJOIN_SHIFT_MAX);
  }
  wait(State.Rejoining, Progress.Searching, now + period);
  nwkRejoinStart(true, everywhere ? CHANNELS : 0, now); // refused while one is under way: the deadline tries again
  return wasReady ? <i32>CommissioningHeard.Lost : CommissioningHeard.None;
}

function left(now: i64): i32 {
  noteLeft(nwkHeard.status);
  procedure.attempts = 0;
  pause(now);
  return CommissioningHeard.Lost;
}

/** Below `limit`, which is far below 2^32: the bias is of no interest here. */
function random(limit: u32): u32 {
  entropy(changetype<usize>(procedure) + offsetof<Commissioning>("noise"), 4);
  return procedure.noise % limit;
}
