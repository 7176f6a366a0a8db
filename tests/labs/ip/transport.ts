// TCP, TLS and HTTP above a wire: an echo on port 7, resources over TLS on 443.  A record named 100 makes a client, one named 101 serves
// resources in the clear on 80 in place of the echo, one named 102 serves a hub's in place of a meter's.
import { dropped, dropsOf } from "../../../assembly/core/drops";
import { Drop, EVENT_HEAD, EVENT_KIND, EVENT_SIZE, EventKind, Layer, next, storeRead, tlsReserve } from "../../../assembly/core/host";
import { SOCKETS_MAX } from "../../../assembly/ip/limits";
import { Ipv6Heard, ipv6Heard, ipv6Input } from "../../../assembly/ip/ipv6/receive";
import { Ipv6, NEXT_TCP, NEXT_UDP } from "../../../assembly/ip/ipv6/header";
import { Packet, packetFree, packetTake, packetsReset } from "../../../assembly/ip/packet";
import {
  STREAM_ENDED, STREAM_OPEN, STREAM_READ, STREAM_WRITE, streamCan, streamChanged, streamClose, streamConnect, streamDeadline, streamRead,
  streamServe, streamTick, streamWrite, streamsReset,
} from "../../../assembly/ip/tcp/stream";
import { tcpDeadline, tcpInput, tcpPort, tcpReset, tcpTick } from "../../../assembly/ip/tcp/tcp";
import { udpParse } from "../../../assembly/ip/udp/header";
import { clockReset, clockSet } from "../../../assembly/model/clock";
import { registerLoad, registerMeasured } from "../../../assembly/model/register";
import { tariffLoad } from "../../../assembly/model/tariff";
import { sipHash } from "../../../assembly/ip/tcp/siphash";
import { httpAnswer, httpDeadline, httpInput, httpNext, httpReset } from "../../../assembly/sep2/http/server";
import { HTTP_PORT } from "../../../assembly/sep2/ports";
import { resourcesReset } from "../../../assembly/sep2/resource";
import { HUB, METER } from "../../../assembly/sep2/rights";
import { hubServe } from "../../../assembly/sep2/serve_hub";
import { meterServe } from "../../../assembly/sep2/serve_meter";
import { membersLoad } from "../../../assembly/sep2/sets/devices";
export { abi } from "../../../assembly/devices/loop";

const event = memory.data(1600, 8);
const octets = memory.data(512);
const wanted = memory.data(32);
const ECHO: u32 = 7;
const UTC: i64 = 1_790_000_000;
let client: i32 = -1;
let filled: u32 = 0;
let isHub: bool = false;

/** What a test lets the meter measure. */
export function measured(joules: i64, powerW: i32, now: i64): void { registerMeasured(joules, powerW, now); }

/** What the echo took and did not give back yet, a row of 512 octets a socket. */
const held = memory.data(SOCKETS_MAX * 516, 4);

export function start(now: i64, reason: u32): void {
  packetsReset();
  tcpReset();
  streamsReset();
  clockReset();
  clockSet(<u32>(UTC - 946_684_800), now);
  isHub = storeRead(102, wanted, 32) > 0;
  resourcesReset(isHub ? HUB : METER);
  membersLoad();
  tariffLoad();
  registerLoad(now);
  httpReset();
  tlsReserve(2, 0);
  streamServe(storeRead(101, wanted, 32) > 0 ? HTTP_PORT : ECHO, false);
  streamServe(443, true);
  // address 16, port u16, secure u8, octets to send u32
  if (storeRead(100, wanted, 32) < 23) return;
  client = streamConnect(wanted, load<u16>(wanted, 16), load<u8>(wanted, 18) != 0, UTC, now);
  assert(client >= 0);
}

/** Where a test puts a key and a text of `words`; answers the hash. */
export function hashAt(): usize { return octets; }
export function hash(words: u32): u64 { return sipHash(octets, octets + 16, words); }

export function poll(now: i64): i64 {
  for (let count = 0; count < 8; count++) {
    let size = next(event, 1600);
    if (size <= 0) break;
    if (load<u8>(event, EVENT_KIND) == EventKind.LinkReceived) input(event + EVENT_HEAD, load<u16>(event, EVENT_SIZE), now);
  }
  tcpTick(now);
  for (let number = streamChanged(UTC, now); number >= 0; number = streamChanged(UTC, now)) changed(<u32>number, now);
  streamTick(now);
  while (httpNext(now)) httpAnswer(isHub ? hubServe(now) : meterServe(now), now);
  return min(tcpDeadline(), min(streamDeadline(), httpDeadline()));
}

function changed(number: u32, now: i64): void {
  if (number == <u32>client) send(number, now);
  else if (tcpPort(number) == ECHO) echo(number, now);
  else httpInput(number, now);
}

function input(at: usize, size: u32, now: i64): void {
  let packet = packetTake(size);
  if (!packet) return;
  memory.copy(packet.at, at, size);
  packet.size = size;
  if (ipv6Input(packet, true) == Ipv6Heard.ForUs) upper(packet, now);
  else dropped(Layer.Ip, Drop.Foreign);
  packetFree(packet);
}

/** As the stack does. */
function upper(packet: Packet, now: i64): void {
  if (ipv6Heard.next == NEXT_TCP) tcpInput(packet, now);
  else if (ipv6Heard.next != NEXT_UDP) dropped(Layer.Ip, Drop.Foreign);
  else if (udpParse(ipv6Heard.payload, ipv6Heard.size, changetype<Ipv6>(packet.at).source) < 0) dropped(Layer.Transport, Drop.Malformed);
}

/** All that was dropped. */
export function drops(): u32 {
  let sum: u32 = 0;
  for (let at = dropsOf(Layer.Link); at < dropsOf(Layer.Transport + 1); at += 4) sum += load<u32>(at);
  return sum;
}

function echo(number: u32, now: i64): void {
  let row = held + number * 516;
  for (let moves = 0; moves < 4; moves++) {
    let size = load<u32>(row);
    if (size > 0) {
      let taken = streamWrite(number, row + 4, size, now);
      memory.copy(row + 4, row + 4 + taken, size - taken);
      store<u32>(row, size - taken);
      if (size > taken) return;
    }
    if (!(streamCan(number) & STREAM_READ)) break;
    store<u32>(row, streamRead(number, row + 4, 512, now));
  }
  if (streamCan(number) & STREAM_ENDED && load<u32>(row) == 0) streamClose(number, now);
}

/** Sends as many octets as are wanted, each its place, and closes. */
function send(number: u32, now: i64): void {
  let total = load<u32>(wanted, 19);
  while (streamCan(number) & STREAM_READ) streamRead(number, octets, 512, now);
  while (filled < total && streamCan(number) & STREAM_WRITE) {
    let size = min<u32>(512, total - filled);
    for (let index: u32 = 0; index < size; index++) store<u8>(octets + index, (filled + index) * 7 + ((filled + index) >>> 8));
    let taken = streamWrite(number, octets, size, now);
    filled += taken;
    if (taken == 0) return;
  }
  if (filled == total && streamCan(number) & STREAM_OPEN) { filled++; streamClose(number, now); }
}
