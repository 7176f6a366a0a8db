// Registrations, as a router and a border router take them: RFC 6775 section 6.5.
import { Drop, Layer } from "../../core/host";
import { dropped } from "../../core/drops";
import { ADDRESS_SIZE, addressIsLinkLocal, addressIsMulticast, addressLinkLocal } from "../address";
import { controlBegin, controlHop, controlMessage } from "../control";
import { HOPS_MAX, Ipv6 } from "../ipv6/header";
import { Neighbour } from "../neighbours";
import { OWN_LINK, ownAddress, ownIs } from "../own";
import { Packet } from "../packet";
import {
  ND_NEIGHBOUR_ADVERTISEMENT, ND_NEIGHBOUR_SIZE, ND_OVERRIDE, ND_ROUTER, ND_SOLICITED, NdMessage, ndNeighbourEmit,
} from "./message";
import { networkHas } from "./network";
import {
  ND_DUPLICATE, ND_FULL, ND_REGISTERED, ND_REGISTRATION, ND_REGISTRATION_SIZE, ND_SOURCE_LINK, NdOption, ndOption, ndRegistrationEmit,
} from "./option";
import { Registration, RegistrationState, registrationAddress, registrationOf, registrationTake } from "./registrations";
import { ndLink } from "./sender";

const MINUTE_MS: i64 = 60_000;
/** TENTATIVE_NCE_LIFETIME. */
const TENTATIVE_MS: i64 = 20_000;

const scratch = memory.data(ADDRESS_SIZE, 8);
const refused = changetype<Registration>(memory.data(offsetof<Registration>(), 8));
const NONE: usize = 0;

/** Whether a solicitation is a registration: it has the option, and comes from the address that it is about. */
export function serveWanted(message: NdMessage, packet: Packet, end: usize): bool {
  return ndOption(ND_REGISTRATION, message.options, end) != 0 && !addressIsLinkLocal(changetype<Ipv6>(packet.at).source);
}

/**
 * Looks at a registration.  Answers its row, `Asked`, for the role to decide, or null when it was refused, with an answer where one is due.
 * The row's lifetime is what was asked for; 0 gives the address back.
 */
export function serveBegin(message: NdMessage, packet: Packet, end: usize, now: i64): Registration {
  let option = changetype<NdOption>(ndOption(ND_REGISTRATION, message.options, end));
  let ip = changetype<Ipv6>(packet.at);
  let source = ip.source;
  let from = ndLink(packet);
  if (!from || ip.hops != HOPS_MAX || addressIsMulticast(ip.target) || !ownIs(message.target)
    || !networkHas(source) || ownIs(source) || option.extended != from.extended
    || !ndOption(ND_SOURCE_LINK, message.options, end)) return refuse();
  let identifier = load<u64>(source, 8);
  let row = registrationOf(identifier);
  if (row && row.extended != option.extended) return turnAway(identifier, option.extended, ND_DUPLICATE, now);
  if (!row) row = registrationTake(identifier, option.extended);
  if (!row) return turnAway(identifier, option.extended, ND_FULL, now);
  row.near = 1;
  row.lifetime = <u16>option.lifetime;
  row.tries = 0;
  row.due = now;
  if (row.state == RegistrationState.Free) {
    row.deadline = now + TENTATIVE_MS;
    row.state = RegistrationState.Asked;
  }
  return row;
}

/** The border router's word on a row: it lives, or goes; the device is told.  Whether our children changed. */
export function serveEnd(row: Registration, status: u32, now: i64): bool {
  let was = row.state == RegistrationState.Registered;
  row.state = status == ND_REGISTERED && row.lifetime ? RegistrationState.Registered : RegistrationState.Free;
  row.deadline = now + <i64>row.lifetime * MINUTE_MS;
  row.due = i64.MAX_VALUE;
  if (row.near) answer(row, status, now);
  return was != (row.state == RegistrationState.Registered);
}

function refuse(): Registration {
  dropped(Layer.Control, Drop.Refused);
  return changetype<Registration>(NONE);
}

/** Tells a device that it has no row here. */
function turnAway(identifier: u64, extended: u64, status: u32, now: i64): Registration {
  refused.identifier = identifier;
  refused.extended = extended;
  refused.lifetime = 0;
  answer(refused, status, now);
  dropped(Layer.Control, status == ND_FULL ? Drop.NoBuffer : Drop.Refused);
  return changetype<Registration>(NONE);
}

/** To the address that was registered; where it cannot be used, to the link-local one: RFC 6775 section 6.5.2. */
function answer(row: Registration, status: u32, now: i64): void {
  let packet = controlBegin(ND_NEIGHBOUR_SIZE + ND_REGISTRATION_SIZE);
  if (!packet) return;
  let ours = ownAddress(OWN_LINK);
  addressLinkLocal(scratch, row.extended);
  let at = controlMessage(packet);
  let size = ndNeighbourEmit(at, ND_NEIGHBOUR_ADVERTISEMENT, ND_ROUTER | ND_SOLICITED | ND_OVERRIDE, ours);
  size += ndRegistrationEmit(at + size, status, row.lifetime, row.extended);
  let target = status == ND_REGISTERED ? registrationAddress(row) : scratch;
  controlHop(packet, size, ours, target, scratch, now);
}
