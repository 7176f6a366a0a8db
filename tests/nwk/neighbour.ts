// A neighbour that is nobody's module: its frames are sealed by OpenSSL's CCM, not by the stack.
import { createCipheriv } from "node:crypto";
import { type LabNode, NETWORK_KEY } from "./lab.ts";

export const MAC_HEADER = 9;
export const AUXILIARY = 14;
export const MIC = 4;
export const DATA = 0;
export const COMMAND = 1;
export const LINK_STATUS = 8;
export const FIRST = 0x20;
export const LAST = 0x40;
export const ROUTERS = 0xfffc;

export const u16 = (value: number) => Buffer.from([value & 0xff, value >> 8]);
export const u64 = (value: bigint) => {
  const octets = Buffer.alloc(8);
  octets.writeBigUInt64LE(value);
  return octets;
};

export interface Neighbour {
  short: number;
  extended: bigint;
  counter: number;
}

/** A secured frame as a device of this network sends it: of one hop, or by way of `next`. */
export function frameOf(
  hub: LabNode,
  from: Neighbour,
  type: number,
  target: number,
  body: Buffer,
  { next = target, radius = 1 } = {},
): Buffer {
  const counter = from.counter++;
  const mac = Buffer.concat([
    Buffer.from([target >= 0xfff8 ? 0x41 : 0x61, 0x88, counter & 0xff]),
    u16(hub.network.panId),
    u16(target >= 0xfff8 ? 0xffff : next),
    u16(from.short),
  ]);
  const head = Buffer.concat([u16(type | 0x1208), u16(target), u16(from.short), Buffer.from([radius, counter & 0xff]), u64(from.extended)]);
  const auxiliary = Buffer.alloc(AUXILIARY);
  auxiliary[0] = 0x2d;
  auxiliary.writeUInt32LE(counter, 1);
  auxiliary.writeBigUInt64LE(from.extended, 5);
  const nonce = Buffer.concat([auxiliary.subarray(5, 13), auxiliary.subarray(1, 5), Buffer.of(0x2d)]);
  const cipher = createCipheriv("aes-128-ccm", NETWORK_KEY, nonce, { authTagLength: MIC });
  cipher.setAAD(Buffer.concat([head, auxiliary]), { plaintextLength: body.length });
  const sealed = Buffer.concat([cipher.update(body), cipher.final(), cipher.getAuthTag()]);
  auxiliary[0] = 0x28;
  return Buffer.concat([mac, head, auxiliary, sealed]);
}

export const entry = (short: number, costs: number) => Buffer.concat([u16(short), Buffer.of(costs)]);
export const linkStatus = (bits: number, ...entries: Buffer[]) =>
  Buffer.concat([Buffer.of(LINK_STATUS, bits | entries.length), ...entries]);
