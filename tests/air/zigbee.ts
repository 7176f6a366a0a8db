// Secured ZigBee frames for the tests of the air, made with node:crypto from the specification (05-3474, 4.3.1 and 4.4.1) and nothing of the stack.

import { createCipheriv } from "node:crypto";

const LEVEL = 5; // encryption and a MIC of 4 octets; zero on the air
const EXTENDED_NONCE = 0x20;
const NETWORK_KEY = 0x08;

export interface Node {
  short: number;
  extended: bigint;
}

function u16(value: number): Buffer {
  return Buffer.of(value & 0xff, value >>> 8);
}

/** `head` and the auxiliary header are authenticated, `text` is encrypted; answers all of them as sent. */
function seal(
  key: Buffer,
  head: Buffer,
  control: number,
  counter: number,
  source: bigint,
  keySequence: number | undefined,
  text: Buffer,
): Buffer {
  const tail = Buffer.alloc(12);
  tail.writeUInt32LE(counter, 0);
  tail.writeBigUInt64LE(source, 4);
  const sequence = keySequence === undefined ? Buffer.alloc(0) : Buffer.of(keySequence);
  const nonce = Buffer.concat([tail.subarray(4), tail.subarray(0, 4), Buffer.of(control | LEVEL)]);
  const cipher = createCipheriv("aes-128-ccm", key, nonce, { authTagLength: 4 });
  cipher.setAAD(Buffer.concat([head, Buffer.of(control | LEVEL), tail, sequence]), { plaintextLength: text.length });
  const sealed = Buffer.concat([cipher.update(text), cipher.final()]);
  return Buffer.concat([head, Buffer.of(control), tail, sequence, sealed, cipher.getAuthTag()]);
}

/** A MAC data frame without FCS. */
export function macData(sequence: number, pan: number, source: number, target: number, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.of(target === 0xffff ? 0x41 : 0x61, 0x88, sequence), u16(pan), u16(target), u16(source), payload]);
}

export function nwkData(key: Buffer, source: Node, target: number, sequence: number, counter: number, payload: Buffer): Buffer {
  const head = Buffer.concat([u16(0x0208), u16(target), u16(source.short), Buffer.of(30, sequence)]);
  return seal(key, head, EXTENDED_NONCE | NETWORK_KEY, counter, source.extended, 0, payload);
}

export function apsData(cluster: number, counter: number, payload: Buffer, link?: { key: Buffer; source: Node; counter: number }): Buffer {
  const control = link === undefined ? 0x00 : 0x20;
  const head = Buffer.concat([Buffer.of(control, 1), u16(cluster), u16(0x0109), Buffer.of(1, counter)]);
  if (link === undefined) return Buffer.concat([head, payload]);
  return seal(link.key, head, EXTENDED_NONCE, link.counter, link.source.extended, undefined, payload);
}

/** ZCL Read Attributes of attribute 0. */
export function readAttribute(sequence: number): Buffer {
  return Buffer.of(0x00, sequence, 0x00, 0x00, 0x00);
}

export function beaconRequest(sequence: number): Buffer {
  return Buffer.of(0x03, 0x08, sequence, 0xff, 0xff, 0xff, 0xff, 0x07);
}

export function dataRequest(sequence: number, pan: number, target: number, source: number): Buffer {
  return Buffer.concat([Buffer.of(0x63, 0x88, sequence), u16(pan), u16(target), u16(source), Buffer.of(0x04)]);
}
