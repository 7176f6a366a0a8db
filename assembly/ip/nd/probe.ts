// Neighbour unreachability detection: RFC 4861 section 7.3, as RFC 6775 section 5.5 asks for.  The link's acknowledgements and MLE confirm
// a neighbour; it is probed when these leave room for doubt, one at a time.
import { NEVER } from "../../core/timers";
import { ADDRESS_SIZE, addressLinkLocal } from "../address";
import { controlBegin, controlEnd, controlMessage } from "../control";
import { HOPS_MAX } from "../ipv6/header";
import { OWN_LINK, ownAddress } from "../own";
import { ND_NEIGHBOUR_SIZE, ND_NEIGHBOUR_SOLICITATION, ndNeighbourEmit } from "./message";
import { NdHeard, ndHeard } from "./types";

/** MAX_UNICAST_SOLICIT, and RETRANS_TIMER with the time that a packet needs in a busy air. */
const PROBES: u32 = 3;
const PROBE_MS: i64 = 1_500;

@unmanaged @final
class Probe {
  who: u64;
  due: i64;
  /** Sent so far; with `who` 0 nobody is probed. */
  sent: u32;
}
const probe = changetype<Probe>(memory.data(offsetof<Probe>(), 8));
const target = memory.data(ADDRESS_SIZE, 8);

export function probeReset(): void { memory.fill(changetype<usize>(probe), 0, offsetof<Probe>()); }

/** Asks whether a neighbour is there. */
export function ndProbe(who: u64, now: i64): void {
  if (probe.who) return;
  probe.who = who;
  probe.due = now;
  probe.sent = 0;
}

/** It is. */
export function probeAnswered(who: u64): void {
  if (probe.who == who) probe.who = 0;
}

export function probeDeadline(): i64 { return probe.who ? probe.due : NEVER; }

export function probeTick(now: i64): i32 {
  if (!probe.who || probe.due > now) return NdHeard.None;
  if (probe.sent == PROBES) {
    ndHeard.who = probe.who;
    probe.who = 0;
    return NdHeard.Unreachable;
  }
  probe.sent++;
  probe.due = now + PROBE_MS;
  let packet = controlBegin(ND_NEIGHBOUR_SIZE);
  if (!packet) return NdHeard.None;
  addressLinkLocal(target, probe.who);
  let size = ndNeighbourEmit(controlMessage(packet), ND_NEIGHBOUR_SOLICITATION, 0, target);
  controlEnd(packet, size, ownAddress(OWN_LINK), target, HOPS_MAX, now);
  return NdHeard.None;
}
