// Neighbours on Ethernet: RFC 4861 section 7.  A row is made only for whom we send to, so that who asks us costs none.
//
//   Asking (three solicitations) --answer--> Known for 30 s --sent to later--> Probing (after 5 s, three) --answer--> Known
//      \ no answer: gone, and who sent the packet that waited is told                  \ no answer: gone
import { be64, putBe64 } from "../../core/bytes";
import { Drop, Layer } from "../../core/host";
import { dropped } from "../../core/drops";
import { NEVER } from "../../core/timers";
import { ADDRESS_SIZE, SCOPE_LINK, addressCopy, addressEqual, addressIsMulticast, addressMulticast } from "../address";
import { arriveError } from "../arrive";
import { controlBegin, controlFill, controlMessage } from "../control";
import { ICMP_UNREACHABLE } from "../icmp/message";
import { HOPS_MAX, Ipv6 } from "../ipv6/header";
import { ETHERNET_ASKED_MAX, ETHERNET_NEIGHBOURS_MAX } from "../limits";
import { ND_NEIGHBOUR_SIZE, ND_NEIGHBOUR_SOLICITATION, ND_OVERRIDE, ND_SOLICITED, NdMessage, ndNeighbourEmit } from "../nd/message";
import { ND_ETHERNET_SIZE, ND_SOURCE_LINK, ND_TARGET_LINK, ndEthernetEmit, ndOption } from "../nd/option";
import { OWN_ETHERNET_GLOBAL, OWN_ETHERNET_LINK, ownAddress, ownIs } from "../own";
import { NO_PACKET, Packet, packetFree } from "../packet";
import { routeDrop } from "../route";
import { ethernetAddress, ethernetGroup } from "./frame";
import { ethernetFrame, ethernetHas, ethernetOwn } from "./medium";

enum RowState { Free = 0, Asking, Known, Probing }

/** RETRANS_TIMER, REACHABLE_TIME and DELAY_FIRST_PROBE_TIME: section 10. */
const ASK_MS: i64 = 1_000;
const KNOWN_MS: i64 = 30_000;
const DELAY_MS: i64 = 5_000;
const TRIES: u32 = 3;
const ADDRESS_UNREACHABLE: u32 = 3;
/** The group of an address ends as the address does: RFC 4291 section 2.7.1. */
const SOLICITED: u64 = 0x1_ff00_0000;
const SOLICITED_END: u64 = 0xff_ffff;

@unmanaged @final
class Row {
  address0: u64;
  address1: u64;
  mac: u64;
  due: i64;
  used: i64;
  packet: Packet;
  state: u8;
  tries: u8;
}
const ROW: u32 = (offsetof<Row>() + 7) & ~7;
const rows = memory.data(ETHERNET_NEIGHBOURS_MAX * ROW, 8);
const group = memory.data(ADDRESS_SIZE, 8);

export function neighboursForget(): void { memory.fill(rows, 0, ETHERNET_NEIGHBOURS_MAX * ROW); }

/** Sends a packet to its target, a group or a neighbour.  It is no longer the caller's. */
export function ethernetSend(packet: Packet, now: i64): void {
  let target = changetype<Ipv6>(packet.at).target;
  if (addressIsMulticast(target)) return ethernetFrame(packet, ethernetGroup(target));
  let row = rowOf(target);
  if (!row) row = take(target, now);
  row.used = now;
  if (row.state == RowState.Asking) {
    if (row.packet) routeDrop(row.packet, Drop.NoBuffer); // the newest is the one that waits
    row.packet = packet;
    return;
  }
  if (row.state == RowState.Known && row.due <= now) next(row, RowState.Probing, now + DELAY_MS);
  ethernetFrame(packet, row.mac);
}

/** A neighbour advertisement. */
export function neighbourAnswered(message: NdMessage, end: usize, now: i64): void {
  let row = rowOf(message.target);
  if (!row) return;
  let option = ndOption(ND_TARGET_LINK, message.options, end);
  let mac = option ? ethernetAddress(option + 2) : row.mac;
  if (row.state == RowState.Asking) {
    if (!option) return;
  } else if (mac != row.mac && !(message.flags & ND_OVERRIDE)) return;
  row.mac = mac;
  let waited = row.packet;
  row.packet = changetype<Packet>(NO_PACKET);
  // Who was not asked may say where it is, not that it hears us: section 7.2.5.
  next(row, RowState.Known, message.flags & ND_SOLICITED ? now + KNOWN_MS : now);
  if (waited) ethernetSend(waited, now);
}

export function neighboursTick(now: i64): void {
  for (let index: u32 = 0; index < ETHERNET_NEIGHBOURS_MAX; index++) {
    let row = at(index);
    if (!waits(row) || row.due > now) continue;
    if (row.tries == TRIES) lose(row, now);
    else {
      row.tries++;
      row.due = now + ASK_MS;
      ask(row);
    }
  }
}

export function neighboursDeadline(): i64 {
  let deadline = NEVER;
  for (let index: u32 = 0; index < ETHERNET_NEIGHBOURS_MAX; index++) {
    if (waits(at(index))) deadline = min(deadline, at(index).due);
  }
  return deadline;
}

/** The group of those whose addresses end as `address` does. */
export function solicitedGroup(address: usize): usize {
  addressMulticast(group, SCOPE_LINK, 0);
  putBe64(group + 8, SOLICITED | (be64(address + 8) & SOLICITED_END));
  return group;
}

/** A solicitation for `target`, with our address unless it asks whether anybody has ours. */
export function solicit(target: usize, source: usize, to: usize, mac: u64, isDuplicate: bool): void {
  let packet = controlBegin(ND_NEIGHBOUR_SIZE + ND_ETHERNET_SIZE);
  if (!packet) return;
  let message = controlMessage(packet);
  let size = ndNeighbourEmit(message, ND_NEIGHBOUR_SOLICITATION, 0, target);
  if (!isDuplicate) size += ndEthernetEmit(message + size, ND_SOURCE_LINK, ethernetOwn());
  controlFill(packet, size, source, to, HOPS_MAX);
  ethernetFrame(packet, mac);
}

function ask(row: Row): void {
  let target = changetype<usize>(row);
  let own = ownAddress(ethernetHas(target) ? OWN_ETHERNET_GLOBAL : OWN_ETHERNET_LINK);
  if (row.state == RowState.Probing) return solicit(target, own, target, row.mac, false);
  let to = solicitedGroup(target);
  solicit(target, own, to, ethernetGroup(to), false);
}

/** It does not answer. */
function lose(row: Row, now: i64): void {
  let packet = row.packet;
  row.state = <u8>RowState.Free;
  row.packet = changetype<Packet>(NO_PACKET);
  if (!packet) return;
  dropped(Layer.Ip, Drop.Unsent);
  if (ownIs(changetype<Ipv6>(packet.at).source)) packetFree(packet);
  else arriveError(packet, ICMP_UNREACHABLE, ADDRESS_UNREACHABLE, 0, now);
}

function next(row: Row, state: u32, due: i64): void {
  row.state = <u8>state;
  row.due = due;
  row.tries = 0;
}

function waits(row: Row): bool { return row.state == RowState.Asking || row.state == RowState.Probing; }

/** A row to ask for `target`: while many are asked for in vain that of the first of them, else one that is free, or was needed least. */
function take(target: usize, now: i64): Row {
  let known = changetype<Row>(0);
  let asked = changetype<Row>(0);
  let count: u32 = 0;
  for (let index: u32 = 0; index < ETHERNET_NEIGHBOURS_MAX; index++) {
    let row = at(index);
    if (row.state == RowState.Free) row.used = 0;
    if (row.state != RowState.Asking) { if (!known || row.used < known.used) known = row; continue; }
    count++;
    if (!asked || row.used < asked.used) asked = row;
  }
  let row = count < ETHERNET_ASKED_MAX ? known : asked;
  if (row.packet) routeDrop(row.packet, Drop.NoBuffer);
  memory.fill(changetype<usize>(row), 0, ROW);
  addressCopy(changetype<usize>(row), target);
  next(row, RowState.Asking, now);
  return row;
}

function rowOf(address: usize): Row {
  for (let index: u32 = 0; index < ETHERNET_NEIGHBOURS_MAX; index++) {
    if (at(index).state != RowState.Free && addressEqual(changetype<usize>(at(index)), address)) return at(index);
  }
  return changetype<Row>(0);
}

function at(index: u32): Row { return changetype<Row>(rows + index * ROW); }
