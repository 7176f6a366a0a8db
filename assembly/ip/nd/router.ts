// Neighbour Discovery of a router: a member of the network that takes registrations, and asks the border router about each.
import { Drop, Layer } from "../../core/host";
import { dropped } from "../../core/drops";
import { addressEqual } from "../address";
import { controlBegin, controlEnd, controlMessage } from "../control";
import { HOPS_DEFAULT, Ipv6 } from "../ipv6/header";
import { REGISTRATIONS_MAX } from "../limits";
import { OWN_GLOBAL, OwnState, ownAddress, ownState } from "../own";
import { Packet } from "../packet";
import { advertiseAsked, advertiseDeadline, advertiseReset, advertiseStart, advertiseTick } from "./advertise";
import { memberAdvertisement, memberAnswered, memberDeadline, memberReset, memberTick } from "./member";
import {
  ND_DUPLICATE_CONFIRMATION, ND_DUPLICATE_REQUEST, ND_DUPLICATE_SIZE, ND_NEIGHBOUR_ADVERTISEMENT, ND_NEIGHBOUR_SOLICITATION, ND_ROUTER,
  ND_ROUTER_ADVERTISEMENT, ND_ROUTER_SOLICITATION, NdMessage, ndDuplicateEmit,
} from "./message";
import { ndAnswer, ndMessage } from "./neighbour";
import { Learned, networkBorder, networkHas, networkReset } from "./network";
import { ND_REGISTERED } from "./option";
import { probeAnswered, probeDeadline, probeReset, probeTick } from "./probe";
import {
  Registration, RegistrationState, registrationAddress, registrationAt, registrationOf, registrationsDeadline, registrationsExpire,
  registrationsReset,
} from "./registrations";
import { ndSender } from "./sender";
import { serveBegin, serveEnd, serveWanted } from "./serve";
import { NdHeard } from "./types";

export { memberStart as ndStart } from "./member";

/** A request that is lost comes again, as often and after so long. */
const REQUESTS: u32 = 3;
const REQUEST_MS: i64 = 4_000;

export function ndReset(): void {
  networkReset();
  memberReset();
  probeReset();
  advertiseReset();
  registrationsReset();
}

/** An ICMPv6 message of types 133 to 137, 157 or 158 at `at`, its checksum right. */
export function ndInput(packet: Packet, at: usize, size: u32, now: i64): i32 {
  let message = ndMessage(at, size);
  if (!message) return NdHeard.None;
  let end = at + size;
  if (message.type == ND_DUPLICATE_CONFIRMATION) return confirmed(message, packet, now);
  if (message.type == ND_NEIGHBOUR_SOLICITATION && serveWanted(message, packet, end)) {
    if (ownState(OWN_GLOBAL) != OwnState.Valid) return NdHeard.None;
    let row = serveBegin(message, packet, end, now);
    if (row) ask(row, now);
    return NdHeard.None;
  }
  let from = ndSender(packet);
  if (!from) {
    dropped(Layer.Control, Drop.Foreign);
    return NdHeard.None;
  }
  switch (message.type) {
    case ND_ROUTER_SOLICITATION: {
      if (ownState(OWN_GLOBAL) == OwnState.Valid) advertiseAsked(changetype<Ipv6>(packet.at).source, now);
      break;
    }
    case ND_ROUTER_ADVERTISEMENT: {
      if (memberAdvertisement(message, end, from, now) >= Learned.Newer && ownState(OWN_GLOBAL) == OwnState.Valid) advertiseStart(now);
      break;
    }
    case ND_NEIGHBOUR_SOLICITATION: {
      ndAnswer(message, packet, ND_ROUTER, now);
      break;
    }
    case ND_NEIGHBOUR_ADVERTISEMENT: {
      probeAnswered(from.extended);
      let heard = memberAnswered(message, end, from, now);
      if (heard == NdHeard.Ready) advertiseStart(now);
      return heard;
    }
    default: dropped(Layer.Control, Drop.Refused);
  }
  return NdHeard.None;
}

export function ndTick(now: i64): i32 {
  advertiseTick(now);
  for (let index: u32 = 0; index < REGISTRATIONS_MAX; index++) {
    let row = registrationAt(index);
    if (row.state != RegistrationState.Free && row.due <= now) ask(row, now);
  }
  if (registrationsExpire(now)) return NdHeard.Children;
  let heard = memberTick(now);
  return heard != NdHeard.None ? heard : probeTick(now);
}

export function ndDeadline(): i64 {
  return min(min(memberDeadline(), probeDeadline()), min(advertiseDeadline(), registrationsDeadline()));
}

/** A duplicate address request to the border router. */
function ask(row: Registration, now: i64): void {
  row.due = row.tries < REQUESTS ? now + REQUEST_MS : i64.MAX_VALUE;
  if (row.tries++ >= REQUESTS) return;
  let packet = controlBegin(ND_DUPLICATE_SIZE);
  if (!packet) return;
  let size = ndDuplicateEmit(
    controlMessage(packet), ND_DUPLICATE_REQUEST, ND_REGISTERED, row.lifetime, row.extended, registrationAddress(row),
  );
  controlEnd(packet, size, ownAddress(OWN_GLOBAL), networkBorder(), HOPS_DEFAULT, now);
}

/** The border router's answer. */
function confirmed(message: NdMessage, packet: Packet, now: i64): i32 {
  let ip = changetype<Ipv6>(packet.at);
  let row = networkHas(message.address) ? registrationOf(load<u64>(message.address, 8)) : changetype<Registration>(0);
  let isFromBorder = addressEqual(ip.source, networkBorder()) && addressEqual(ip.target, ownAddress(OWN_GLOBAL));
  if (!row || row.due == i64.MAX_VALUE || row.extended != message.extended || !isFromBorder) {
    dropped(Layer.Control, Drop.Refused);
    return NdHeard.None;
  }
  return serveEnd(row, message.status, now) ? NdHeard.Children : NdHeard.None;
}
