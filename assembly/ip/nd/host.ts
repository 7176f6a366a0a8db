// Neighbour Discovery of a host.
import { Drop, Layer } from "../../core/host";
import { dropped } from "../../core/drops";
import { Packet } from "../packet";
import { memberAdvertisement, memberAnswered, memberDeadline, memberReset, memberTick } from "./member";
import { ND_NEIGHBOUR_ADVERTISEMENT, ND_NEIGHBOUR_SOLICITATION, ND_ROUTER_ADVERTISEMENT, ND_ROUTER_SOLICITATION } from "./message";
import { ndAnswer, ndMessage } from "./neighbour";
import { networkReset } from "./network";
import { probeAnswered, probeDeadline, probeReset, probeTick } from "./probe";
import { ndSender } from "./sender";
import { NdHeard } from "./types";

export { memberStart as ndStart } from "./member";

export function ndReset(): void {
  networkReset();
  memberReset();
  probeReset();
}

/** An ICMPv6 message of types 133 to 137, 157 or 158 at `at`, its checksum right. */
export function ndInput(packet: Packet, at: usize, size: u32, now: i64): i32 {
  let message = ndMessage(at, size);
  if (!message) return NdHeard.None;
  let from = ndSender(packet);
  if (!from) {
    dropped(Layer.Control, Drop.Foreign);
    return NdHeard.None;
  }
  switch (message.type) {
    case ND_ROUTER_ADVERTISEMENT: {
      memberAdvertisement(message, at + size, from, now);
      break;
    }
    case ND_NEIGHBOUR_SOLICITATION: {
      ndAnswer(message, packet, 0, now);
      break;
    }
    case ND_NEIGHBOUR_ADVERTISEMENT: {
      probeAnswered(from.extended);
      return memberAnswered(message, at + size, from, now);
    }
    case ND_ROUTER_SOLICITATION: break; // for routers
    default: dropped(Layer.Control, Drop.Refused);
  }
  return NdHeard.None;
}

export function ndTick(now: i64): i32 {
  let heard = memberTick(now);
  return heard != NdHeard.None ? heard : probeTick(now);
}

export function ndDeadline(): i64 { return min(memberDeadline(), probeDeadline()); }
