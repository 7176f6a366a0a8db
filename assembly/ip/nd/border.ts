// Neighbour Discovery of the border router: it says what the network is, and knows every address in it, RFC 6775 sections 8.1 and 8.2.
import { Drop, Layer } from "../../core/host";
import { dropped } from "../../core/drops";
import { addressIsMulticast } from "../address";
import { controlBegin, controlEnd, controlMessage } from "../control";
import { HOPS_DEFAULT, Ipv6 } from "../ipv6/header";
import { OWN_GLOBAL, ownAddress, ownExtended, ownIs } from "../own";
import { Packet } from "../packet";
import { advertiseAsked, advertiseDeadline, advertiseReset, advertiseStart, advertiseTick } from "./advertise";
import {
  ND_DUPLICATE_CONFIRMATION, ND_DUPLICATE_REQUEST, ND_DUPLICATE_SIZE, ND_NEIGHBOUR_ADVERTISEMENT, ND_NEIGHBOUR_SOLICITATION, ND_ROUTER,
  ND_ROUTER_ADVERTISEMENT, ND_ROUTER_SOLICITATION, NdMessage, ndDuplicateEmit,
} from "./message";
import { ndAnswer, ndMessage } from "./neighbour";
import { networkForm, networkHas, networkReset } from "./network";
import { ND_DUPLICATE, ND_FULL, ND_REGISTERED } from "./option";
import { probeAnswered, probeDeadline, probeReset, probeTick } from "./probe";
import {
  registrationOf, registrationTake, registrationsDeadline, registrationsExpire, registrationsReset,
} from "./registrations";
import { ndSender } from "./sender";
import { serveBegin, serveEnd, serveWanted } from "./serve";
import { NdHeard } from "./types";

/** A row is not kept for longer than so many minutes without being asked for again, whatever a router says. */
const LIFETIME_MAX_MIN: u32 = 120;

export function ndReset(): void {
  networkReset();
  probeReset();
  advertiseReset();
  registrationsReset();
}

/** Forms a network of a prefix of 64 bits.  A border router that forgot the registrations has an `epoch` that it never had. */
export function ndForm(prefix: usize, epoch: u32, now: i64): void {
  networkForm(prefix, epoch << 16);
  advertiseStart(now);
}

/** An ICMPv6 message of types 133 to 137, 157 or 158 at `at`, its checksum right. */
export function ndInput(packet: Packet, at: usize, size: u32, now: i64): i32 {
  let message = ndMessage(at, size);
  if (!message) return NdHeard.None;
  let end = at + size;
  if (message.type == ND_DUPLICATE_REQUEST) return requested(message, packet, now);
  if (message.type == ND_NEIGHBOUR_SOLICITATION && serveWanted(message, packet, end)) {
    let row = serveBegin(message, packet, end, now);
    return row && serveEnd(row, ND_REGISTERED, now) ? NdHeard.Children : NdHeard.None;
  }
  let from = ndSender(packet);
  if (!from) {
    dropped(Layer.Control, Drop.Foreign);
    return NdHeard.None;
  }
  switch (message.type) {
    case ND_ROUTER_SOLICITATION: {
      advertiseAsked(changetype<Ipv6>(packet.at).source, now);
      break;
    }
    case ND_NEIGHBOUR_SOLICITATION: {
      ndAnswer(message, packet, ND_ROUTER, now);
      break;
    }
    case ND_NEIGHBOUR_ADVERTISEMENT: {
      probeAnswered(from.extended);
      break;
    }
    case ND_ROUTER_ADVERTISEMENT: break; // of ours, passed on
    default: dropped(Layer.Control, Drop.Refused);
  }
  return NdHeard.None;
}

export function ndTick(now: i64): i32 {
  advertiseTick(now);
  return registrationsExpire(now) ? NdHeard.Children : probeTick(now);
}

export function ndDeadline(): i64 { return min(probeDeadline(), min(advertiseDeadline(), registrationsDeadline())); }

/** A router asks about an address that somebody registers with it. */
function requested(message: NdMessage, packet: Packet, now: i64): i32 {
  let source = changetype<Ipv6>(packet.at).source;
  let isOurs = networkHas(source) && networkHas(message.address) && !ownIs(source)
    && !addressIsMulticast(changetype<Ipv6>(packet.at).target);
  if (!isOurs) {
    dropped(Layer.Control, Drop.Refused);
    return NdHeard.None;
  }
  let status = judge(message, now);
  let answer = controlBegin(ND_DUPLICATE_SIZE);
  if (!answer) return NdHeard.None;
  let size = ndDuplicateEmit(
    controlMessage(answer), ND_DUPLICATE_CONFIRMATION, status, message.lifetime, message.extended, message.address,
  );
  controlEnd(answer, size, ownAddress(OWN_GLOBAL), source, HOPS_DEFAULT, now);
  return NdHeard.None;
}

/** The status of an address, which has its row from then on. */
function judge(message: NdMessage, now: i64): u32 {
  let identifier = load<u64>(message.address, 8);
  if (ownIs(message.address) || message.extended == ownExtended()) return ND_DUPLICATE;
  let row = registrationOf(identifier);
  if (row && row.extended != message.extended) return ND_DUPLICATE;
  if (!row) row = registrationTake(identifier, message.extended);
  if (!row) {
    dropped(Layer.Control, Drop.NoBuffer);
    return ND_FULL;
  }
  row.near = 0;
  row.lifetime = <u16>min(message.lifetime, LIFETIME_MAX_MIN);
  serveEnd(row, ND_REGISTERED, now);
  return ND_REGISTERED;
}
