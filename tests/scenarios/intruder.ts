// A station of a member gone bad: it knows the network key, so it can put what it once heard into new frames of the network layer.
// Only what lies above can then tell a replay.
import { createCipheriv, createDecipheriv } from "node:crypto";
import { withFcs } from "../../host/air/frame.ts";
import type { Air } from "./harness.ts";

const MAC_HEADER = 9;
const AUXILIARY = 14;
const MIC = 4;
const FCS = 2;
const LEVEL = 5;
const EXTENDED_TARGET = 0x0800;
const EXTENDED_SOURCE = 0x1000;
const SECURITY = 0x0200;

export interface NetworkFrame {
  /** MAC header, NWK header and auxiliary header, with the level in place. */
  head: Buffer;
  macSize: number;
  nwkSize: number;
  counter: number;
  source: bigint;
  payload: Buffer;
}

/** Opens a data frame between short addresses; nothing when it is another or the key does not fit. */
export function openFrame(psdu: Uint8Array, key: Uint8Array): NetworkFrame | undefined {
  const frame = Buffer.from(psdu);
  if (frame.length < MAC_HEADER + 8 + AUXILIARY + MIC + FCS || (frame[0] & 0x47) !== 0x41 || frame[1] !== 0x88) return undefined;
  const control = frame.readUInt16LE(MAC_HEADER);
  if ((control & SECURITY) === 0) return undefined;
  const nwkSize = 8 + ((control & EXTENDED_TARGET) !== 0 ? 8 : 0) + ((control & EXTENDED_SOURCE) !== 0 ? 8 : 0);
  const at = MAC_HEADER + nwkSize;
  const head = Buffer.from(frame.subarray(0, at + AUXILIARY));
  head[at] |= LEVEL;
  const decipher = createDecipheriv("aes-128-ccm", key, nonceOf(head.subarray(at)), { authTagLength: MIC });
  const sealed = frame.subarray(at + AUXILIARY, frame.length - FCS - MIC);
  decipher.setAuthTag(frame.subarray(frame.length - FCS - MIC, frame.length - FCS));
  decipher.setAAD(head.subarray(MAC_HEADER), { plaintextLength: sealed.length });
  try {
    const payload = decipher.update(sealed);
    decipher.final();
    return { head, macSize: MAC_HEADER, nwkSize, counter: head.readUInt32LE(at + 1), source: head.readBigUInt64LE(at + 5), payload };
  } catch {
    return undefined;
  }
}

/** The frame again with another frame counter (and NWK sequence number), and maybe another payload. */
export function sealFrame(
  { head, nwkSize, payload }: NetworkFrame,
  key: Uint8Array,
  counter: number,
  changed: Uint8Array = payload,
): Buffer {
  const octets = Buffer.from(head);
  const at = MAC_HEADER + nwkSize;
  octets[2] = counter & 0xff; // the MAC's sequence number
  octets[MAC_HEADER + 7] = counter & 0xff;
  octets.writeUInt32LE(counter, at + 1);
  const cipher = createCipheriv("aes-128-ccm", key, nonceOf(octets.subarray(at)), { authTagLength: MIC });
  cipher.setAAD(octets.subarray(MAC_HEADER), { plaintextLength: changed.length });
  const sealed = cipher.update(changed);
  cipher.final();
  octets[at] &= ~7;
  return Buffer.from(withFcs(Buffer.concat([octets, sealed, cipher.getAuthTag()])));
}

/** An APS frame sealed with a link key, by other code than the stack's: 05-3474 sections 4.4.1.1 and 4.5.1. */
export function sealAps(
  header: Uint8Array,
  payload: Uint8Array,
  key: Uint8Array,
  counter: number,
  source: bigint,
  keyIdentifier = 0,
): Buffer {
  const auxiliary = Buffer.alloc(13);
  auxiliary[0] = LEVEL | (keyIdentifier << 3) | 0x20;
  auxiliary.writeUInt32LE(counter, 1);
  auxiliary.writeBigUInt64LE(source, 5);
  const cipher = createCipheriv("aes-128-ccm", key, nonceOf(auxiliary), { authTagLength: MIC });
  cipher.setAAD(Buffer.concat([header, auxiliary]), { plaintextLength: payload.length });
  const sealed = cipher.update(payload);
  cipher.final();
  auxiliary[0] &= ~7;
  return Buffer.concat([header, auxiliary, sealed, cipher.getAuthTag()]);
}

function nonceOf(auxiliary: Buffer): Buffer {
  return Buffer.concat([auxiliary.subarray(5, 13), auxiliary.subarray(1, 5), auxiliary.subarray(0, 1)]);
}

/** Puts frames on the air without carrier sensing, as an attacker would. */
export class Intruder {
  private readonly port;
  constructor(
    private readonly air: Air,
    private readonly channel: number,
  ) {
    this.port = air.medium.attach("intruder", () => undefined);
    this.port.tune(channel, false);
  }

  say(psdu: Uint8Array): void {
    this.air.medium.transmit(this.port, psdu, this.channel, () => undefined);
    this.air.run(30);
  }
}
