// RADIUS as far as it carries EAP: RFC 2865, RFC 3579.  Both sides: a server in front of our EAP server, a client behind our peer.
import { createHash, createHmac, randomBytes } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import type { AddressInfo } from "node:net";

export const Code = { Request: 1, Accept: 2, Reject: 3, Challenge: 11 } as const;
export const SECRET = "a shared secret";
const USER = 1;
const NAS_ADDRESS = 4;
const STATE = 24;
const EAP = 79;
const AUTHENTICATOR = 80;
const VENDOR = 26;
const MICROSOFT = 311;
const SEND_KEY = 16;
const RECEIVE_KEY = 17;
const PIECE = 253;

export interface Message {
  code: number;
  identifier: number;
  authenticator: Buffer;
  eap: Buffer;
  state: Buffer;
  user: Buffer;
}

export function parse(octets: Buffer): Message {
  const message: Message = {
    code: octets[0],
    identifier: octets[1],
    authenticator: octets.subarray(4, 20),
    eap: Buffer.alloc(0),
    state: Buffer.alloc(0),
    user: Buffer.alloc(0),
  };
  for (let at = 20; at < octets.readUInt16BE(2); at += octets[at + 1]) {
    const value = octets.subarray(at + 2, at + octets[at + 1]);
    if (octets[at] === EAP) message.eap = Buffer.concat([message.eap, value]);
    if (octets[at] === STATE) message.state = value;
    if (octets[at] === USER) message.user = value;
  }
  return message;
}

const attribute = (type: number, value: Uint8Array): Buffer => Buffer.concat([Buffer.of(type, value.length + 2), value]);

/** A request with an authenticator of its own, or an answer to the request with that one. */
export function make(message: Omit<Message, "authenticator">, request?: Buffer): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < message.eap.length; at += PIECE) pieces.push(attribute(EAP, message.eap.subarray(at, at + PIECE)));
  if (message.user.length > 0) pieces.push(attribute(USER, message.user), attribute(NAS_ADDRESS, Buffer.of(127, 0, 0, 1)));
  if (message.state.length > 0) pieces.push(attribute(STATE, message.state));
  pieces.push(attribute(AUTHENTICATOR, Buffer.alloc(16)));
  const body = Buffer.concat(pieces);
  const head = Buffer.alloc(20);
  head[0] = message.code;
  head[1] = message.identifier;
  head.writeUInt16BE(head.length + body.length, 2);
  (request ?? randomBytes(16)).copy(head, 4);
  const whole = Buffer.concat([head, body]);
  createHmac("md5", SECRET)
    .update(whole)
    .digest()
    .copy(whole, whole.length - 16);
  if (request) createHash("md5").update(whole).update(SECRET).digest().copy(whole, 4);
  return whole;
}

/** RFC 2548 section 2.4: a key that is hidden under the secret and the request that it answers. */
function shown(hidden: Buffer, authenticator: Buffer): Buffer {
  const salt = hidden.subarray(0, 2);
  const text = Buffer.from(hidden.subarray(2));
  let before = Buffer.concat([authenticator, salt]);
  for (let at = 0; at < text.length; at += 16) {
    const mask = createHash("md5").update(SECRET).update(before).digest();
    before = Buffer.from(hidden.subarray(2 + at, 18 + at));
    for (let index = 0; index < 16; index++) text[at + index] ^= mask[index];
  }
  return text.subarray(1, 1 + text[0]);
}

/** The key that a server hands to whom asked: RFC 3579 section 3.16, first what is received under, then what is sent under. */
export function keyOf(octets: Buffer, authenticator: Buffer): Buffer {
  const keys = new Map<number, Buffer>();
  for (let at = 20; at < octets.length; at += octets[at + 1]) {
    if (octets[at] !== VENDOR || octets.readUInt32BE(at + 2) !== MICROSOFT) continue;
    keys.set(octets[at + 6], shown(octets.subarray(at + 8, at + octets[at + 1]), authenticator));
  }
  return Buffer.concat([keys.get(RECEIVE_KEY) ?? Buffer.alloc(0), keys.get(SEND_KEY) ?? Buffer.alloc(0)]);
}

/** A socket of the loopback interface that has a port. */
export async function udp(): Promise<{ socket: Socket; port: number }> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return { socket, port: (socket.address() as AddressInfo).port };
}
