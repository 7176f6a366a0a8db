// The relay between a client that has no address but its own and the agent: RFC 6345.
//
//   client  -- message, in the clear -->  relay  -- Relay { address and port of the client, message } -->  agent, and back
//
// It keeps nothing of what it hands on.  Initiations, which anybody can send, are few: one source a while, and not many sources.
import { putBe16, be16, be64 } from "../../core/bytes";
import { dropped } from "../../core/drops";
import { Err } from "../../core/err";
import { Drop, Layer } from "../../core/host";
import { ADDRESS_SIZE, addressCopy, addressEqual, addressIsLinkLocal } from "../address";
import {
  AVP_CLIENT, AVP_RELAYED, AVP_SIZE, CLIENT_SIZE, Pana, PANA_HEADER_SIZE, PANA_INITIATION, PANA_PORT, PANA_RELAY, panaAppend, panaBegin,
  panaFind, panaParse,
} from "./message";
import { panaSend } from "./send";

/** What a message grows by: a header, two attributes and what fills up the first. */
export const RELAY_SIZE: u32 = PANA_HEADER_SIZE + AVP_SIZE + CLIENT_SIZE + 2 + AVP_SIZE;
/** With the envelope, the headers of IPv6 and UDP and a tunnel's, within the link's 1280. */
export const RELAYED_MAX: u32 = 1000;

const SOURCES: u32 = 8;
/** Between two initiations of a source, and of anybody once there were as many as sources are remembered. */
const SOURCE_MS: i64 = 2_000;
const ANY_MS: i64 = 60;

@unmanaged @final
class Source {
  identifier: u64;
  until: i64;
}
@unmanaged @final
class State {
  /** Initiations could have come since this, one each `ANY_MS`. */
  next: i64;
}
const sources = memory.data(SOURCES * offsetof<Source>(), 8);
const state = changetype<State>(memory.data(offsetof<State>(), 8));
const envelope = memory.data(RELAY_SIZE + RELAYED_MAX, 8);

/** Hands the message of `size` octets from the client at `from`, heard in the clear, to the agent; answers 0 or an `Err`. */
export function relayInput(at: usize, size: u32, from: usize, port: u32, agent: usize, now: i64): i32 {
  if (size > RELAYED_MAX || panaParse(at, size) < 0) return drop(Drop.Malformed, Err.BadLength);
  let type = changetype<Pana>(at).type;
  // A message in an envelope of its own would be taken for one of ours.
  if (type == PANA_RELAY || !addressIsLinkLocal(from)) return drop(Drop.Foreign, Err.Refused);
  if (type == PANA_INITIATION && !admits(be64(from + 8), now)) return drop(Drop.Exhausted, Err.Busy);
  return relayWrap(at, size, from, port, agent, now);
}

/** Sends a message from, or for, the client at `client` and `port` in an envelope to its agent, or its relay, at `to`. */
export function relayWrap(at: usize, size: u32, client: usize, port: u32, to: usize, now: i64): i32 {
  let message = panaBegin(envelope, PANA_RELAY, 0, 0, 0);
  let value = panaAppend(message, AVP_CLIENT, 0, CLIENT_SIZE);
  addressCopy(value, client);
  putBe16(value + ADDRESS_SIZE, port);
  panaAppend(message, AVP_RELAYED, at, size);
  return panaSend(to, PANA_PORT, envelope, message.size, now);
}

/** Hands on what the agent sends to a client through us; `from` is who sent it, under the network's key. */
export function relayBack(at: usize, size: u32, from: usize, agent: usize, now: i64): i32 {
  if (!addressEqual(from, agent)) return drop(Drop.Foreign, Err.Refused);
  let relayed = relayOpen(at, size);
  if (!relayed) return drop(Drop.Malformed, Err.Reserved);
  return panaSend(relayed.client, relayed.port, relayed.message, relayed.size, now);
}

/** What an envelope holds, after `relayOpen`. */
@unmanaged @final
export class Relayed {
  client: usize;
  message: usize;
  port: u32;
  size: u32;
}
const relayed = changetype<Relayed>(memory.data(offsetof<Relayed>(), 4));

/** Opens an envelope: a client on a link, and a message that is none of an envelope's kind; null when it is no such thing. */
export function relayOpen(at: usize, size: u32): Relayed {
  let none = changetype<Relayed>(0);
  if (panaParse(at, size) < 0) return none;
  let message = changetype<Pana>(at);
  let client = panaFind(message, AVP_CLIENT);
  let inner = panaFind(message, AVP_RELAYED);
  if (message.type != PANA_RELAY || !client || !inner || !addressIsLinkLocal(client.value)) return none;
  if (panaParse(inner.value, inner.size) < 0 || changetype<Pana>(inner.value).type == PANA_RELAY) return none;
  relayed.client = client.value;
  relayed.port = be16(client.value + ADDRESS_SIZE);
  relayed.message = inner.value;
  relayed.size = inner.size;
  return relayed;
}

function drop(reason: u32, answer: Err): i32 {
  dropped(Layer.Control, reason);
  return answer;
}

function admits(identifier: u64, now: i64): bool {
  let oldest = changetype<Source>(sources);
  for (let index: u32 = 0; index < SOURCES; index++) {
    let source = changetype<Source>(sources + index * offsetof<Source>());
    if (source.identifier == identifier && now < source.until) return false;
    if (source.until < oldest.until) oldest = source;
  }
  if (state.next > now + <i64>SOURCES * ANY_MS) return false;
  state.next = max<i64>(state.next, now) + ANY_MS;
  oldest.identifier = identifier;
  oldest.until = now + SOURCE_MS;
  return true;
}
