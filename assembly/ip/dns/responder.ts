// Who asks for services is told of ours: RFC 6762 sections 6, 7 and 17.
//
//   to all    --20 to 120 ms, what others ask meanwhile is answered with it, a second after the last--> to the group
//   to one    --at once, so many a second--> to who asked
//
// On a link, `local` by ff02::fb; through the mesh, and on Ethernet too, `site` by ff05::fb.
import { be16 } from "../../core/bytes";
import { dropped } from "../../core/drops";
import { Drop, Layer } from "../../core/host";
import { NEVER } from "../../core/timers";
import { ADDRESS_SIZE, GROUP_NAMES, SCOPE_LINK, SCOPE_SITE, addressIsMulticast, addressMulticast, addressScope } from "../address";
import { Ipv6 } from "../ipv6/header";
import { NAMES_ALONE_MAX, NAMES_LINKS } from "../limits";
import { Packet } from "../packet";
import { randomBelow } from "../random";
import { answerBegin, answerEnd, answerMessage, answerRepeat, answerSay, answerSeconds } from "./answer";
import {
  DNS_ANSWER, DNS_APART, DNS_AUTHORITATIVE, DNS_IN, DNS_PORT, DNS_PTR, DNS_TRUNCATED, DNS_TXT, Dns, QUESTION_FIXED, entryOf,
} from "./message";
import {
  SAYS_ADDRESS, SAYS_SERVICE, SAYS_SUBTYPE_SHIFT, SAYS_TEXT, SAYS_TYPE, service, serviceFind, serviceSame, serviceSays,
} from "./services";

const DELAY_MS: i64 = 20;
const JITTER_MS: u32 = 100;
/** What is known follows: section 7.2. */
const MORE_MS: i64 = 400;
const SECOND_MS: i64 = 1_000;
/** Between answers to probes. */
const DEFEND_MS: i64 = 250;

/** A link and its domain: what is to be said to all, and what was to each. */
@unmanaged @final
class Row {
  due: i64;
  /** When everyone was told last. */
  told: i64;
  /** The second in which so many were answered alone. */
  second: i64;
  says: u32;
  alone: u32;
}
const ROW: u32 = offsetof<Row>();
const ROWS: u32 = 2 * NAMES_LINKS;
const rows = memory.data(ROWS * ROW, 8);

/** What one message asks for. */
@unmanaged @final
class Asked {
  alone: u32;
  all: u32;
  isSite: u32;
  /** The first question that we answer. */
  at: usize;
}
const asked = changetype<Asked>(memory.data(offsetof<Asked>(), 4));
const group = memory.data(ADDRESS_SIZE, 8);

export function responderReset(): void {
  memory.fill(rows, 0, ROWS * ROW);
  for (let index: u32 = 0; index < ROWS; index++) {
    rowAt(index).due = NEVER;
    rowAt(index).told = -SECOND_MS;
  }
  service.port = 0;
}

/** Takes a query that was accepted, from a port of its source. */
export function responderInput(packet: Packet, at: usize, port: u32, now: i64): void {
  if (!service.port) return;
  let message = changetype<Dns>(at);
  let known = read(packet, message, port);
  let row = rowAt((<u32>packet.link << 1) + asked.isSite);
  if (!message.questions) row.says &= ~known; // the rest of what is known already
  asked.alone &= ~known;
  asked.all &= ~known;
  if (asked.all) {
    let delay = DELAY_MS + randomBelow(JITTER_MS);
    if (message.flags & DNS_TRUNCATED) delay += MORE_MS;
    let between = message.authority ? DEFEND_MS : SECOND_MS;
    if (message.authority) delay = 0;
    let due = max(now + delay, row.told + between);
    row.due = row.says ? min(row.due, due) : due;
    row.says |= asked.all;
  }
  if (!asked.alone) return;
  if (now >= row.second + SECOND_MS) { row.second = now; row.alone = 0; }
  if (row.alone == NAMES_ALONE_MAX) return dropped(Layer.Transport, Drop.Exhausted);
  row.alone++;
  let isLegacy = port != DNS_PORT;
  if (!answerBegin(packet.link, asked.isSite != 0, isLegacy ? be16(at) : 0, DNS_ANSWER | DNS_AUTHORITATIVE)) return;
  if (isLegacy) answerRepeat(at, asked.at, entryOf(asked.at).type);
  say(asked.alone);
  answerEnd(changetype<Ipv6>(packet.at).source, port, now);
}

/** Everyone on a link is told without being asked. */
export function responderTell(link: u32, now: i64): void {
  let row = rowAt(link << 1);
  row.says = SAYS_TYPE;
  row.due = now;
}

/** Nothing is said on a link any more. */
export function responderHush(link: u32): void {
  for (let site: u32 = 0; site < 2; site++) rowAt((link << 1) + site).says = 0;
}

export function responderTick(now: i64): void {
  for (let index: u32 = 0; index < ROWS; index++) {
    let row = rowAt(index);
    if (row.due > now) continue;
    row.due = NEVER;
    let says = row.says;
    row.says = 0;
    if (!says || !answerBegin(index >>> 1, (index & 1) != 0, 0, DNS_ANSWER | DNS_AUTHORITATIVE)) continue;
    row.told = now;
    say(says);
    answerEnd(responderGroup((index & 1) != 0), DNS_PORT, now);
  }
}

export function responderDeadline(): i64 {
  let deadline = NEVER;
  for (let index: u32 = 0; index < ROWS; index++) deadline = min(deadline, rowAt(index).due);
  return deadline;
}

/** Everyone who speaks of names on the link, or beyond it. */
export function responderGroup(isSite: bool): usize {
  addressMulticast(group, isSite ? SCOPE_SITE : SCOPE_LINK, GROUP_NAMES);
  return group;
}

/** Finds what a message asks for, in `asked`; answers what of it who asks knows already. */
function read(packet: Packet, message: Dns, port: u32): u32 {
  let at = changetype<usize>(message);
  let target = changetype<Ipv6>(packet.at).target;
  let isGroup = addressIsMulticast(target);
  memory.fill(changetype<usize>(asked), 0, offsetof<Asked>());
  asked.isSite = u32(isGroup && addressScope(target) > SCOPE_LINK);
  let place = message.first;
  for (let count = message.questions; count > 0; count--) {
    let question = entryOf(place);
    let says = serviceSays(serviceFind(at, place), question.type);
    let kind = question.kind & ~DNS_APART;
    if (says && (kind == DNS_IN || kind == 255) && (!isGroup || service.isSite == asked.isSite)) {
      if (!asked.at) asked.at = place;
      asked.isSite = service.isSite;
      if (!isGroup || port != DNS_PORT || question.kind & DNS_APART) asked.alone |= says;
      else asked.all |= says;
    }
    place = changetype<usize>(question) + QUESTION_FIXED;
  }
  let known: u32 = 0;
  for (let count = message.answers; count > 0; count--) {
    let entry = entryOf(place);
    let isAddress = entry.type != DNS_PTR && entry.type != DNS_TXT;
    if (entry.seconds >= answerSeconds(packet.link, isAddress) / 2) known |= serviceSame(at, place, entry, packet.link);
    place = entry.data + entry.size;
  }
  return known;
}

/** The answers, and with them what will be asked for next: RFC 6763 section 12. */
function say(says: u32): void {
  let more: u32 = 0;
  if (says & SAYS_TYPE || says >>> SAYS_SUBTYPE_SHIFT) more = SAYS_SERVICE | SAYS_TEXT | SAYS_ADDRESS;
  if (says & SAYS_SERVICE) more |= SAYS_ADDRESS;
  let message = answerMessage();
  message.answers = answerSay(says, says);
  message.additional = answerSay(more & ~says, says);
}

function rowAt(index: u32): Row { return changetype<Row>(rows + index * ROW); }
