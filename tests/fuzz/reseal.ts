// A hostile member: takes the security off a frame that it heard, changes what is inside, and puts the right security on again.
import { createCipheriv, createDecipheriv } from "node:crypto";
import type { Random } from "../../host/air/random.ts";
import { keyVariant } from "../../host/crypto/mmo.ts";
import { openNetwork, sealNetwork } from "../scenarios/stranger.ts";
import { mutate } from "./mutate.ts";

const MAC_HEADER = 9;
const MIC = 4;
const LEVEL = 5;
const APS_SECURITY = 0x20;
const APS_COMMAND = 1;
const APS_ACK = 2;
const FORMAT = 0x10;
const EXTENDED_HEADER = 0x80;
const EXTENDED_NONCE = 0x20;
const PSDU_MAX = 125;
/** Frame counters that no device has used. */
const COUNTER_JUMP = 100_000;

export interface Inside {
  mac: Buffer;
  header: Buffer;
  extended: bigint;
  /** NWK payload. */
  payload: Buffer;
}

/** The NWK payload of a data frame between short addresses; nothing when it is another, or under no key of ours. */
export function openFrame(psdu: Uint8Array, networkKey: Buffer): (Inside & { counter: number }) | undefined {
  if ((psdu[0] & 0x47) !== 0x41 || psdu[1] !== 0x88) return undefined;
  const opened = openNetwork(networkKey, Buffer.from(psdu.subarray(MAC_HEADER)));
  return opened && { mac: Buffer.from(psdu.subarray(0, MAC_HEADER)), ...opened };
}

export function sealFrame({ mac, header, extended, payload }: Inside, networkKey: Buffer, counter: number): Buffer {
  const head = Buffer.from(mac);
  head[2] = counter & 0xff;
  const network = Buffer.from(header);
  network[7] = counter & 0xff; // the NWK sequence number, so that a broadcast is a new one
  return Buffer.concat([head, sealNetwork(networkKey, network, extended, counter, payload)]).subarray(0, PSDU_MAX);
}

/** Where the APS auxiliary header begins, or nothing when the frame has none. */
function apsHeaderSize(aps: Buffer): number | undefined {
  if (aps.length < 2 || (aps[0] & APS_SECURITY) === 0) return undefined;
  const type = aps[0] & 3;
  if (type === APS_COMMAND || (type === APS_ACK && (aps[0] & FORMAT) !== 0)) return 2;
  if ((aps[0] & EXTENDED_HEADER) === 0) return 8;
  return 8 + ((aps[8] & 3) === 0 ? 1 : 2) + (type === APS_ACK ? 1 : 0);
}

/** Changes what an APS frame protects by whichever of the keys opens it; nothing when none does. */
export function mutateSecured(aps: Buffer, sender: bigint, keys: readonly Buffer[], random: Random): Buffer | undefined {
  const size = apsHeaderSize(aps);
  if (size === undefined || aps.length < size + 5 + MIC) return undefined;
  const control = aps[size];
  const auxiliarySize = (control & EXTENDED_NONCE) !== 0 ? 13 : 5;
  const auxiliary = Buffer.from(aps.subarray(size, size + auxiliarySize));
  auxiliary[0] |= LEVEL;
  const source = auxiliarySize === 13 ? auxiliary.subarray(5, 13) : addressOctets(sender);
  const head = aps.subarray(0, size);
  const text = aps.subarray(size + auxiliarySize, aps.length - MIC);
  const use = (control >>> 3) & 3;
  for (const key of keys) {
    const variant = use === 0 ? key : keyVariant(key, use === 2 ? 1 : 2);
    const plain = open(variant, nonce(source, auxiliary), Buffer.concat([head, auxiliary]), text, aps.subarray(aps.length - MIC));
    if (!plain) continue;
    auxiliary.writeUInt32LE((auxiliary.readUInt32LE(1) + COUNTER_JUMP + random.below(COUNTER_JUMP)) >>> 0, 1);
    const changedHead = Buffer.from(head);
    changedHead[size === 2 ? 1 : 7] = random.below(256); // the APS counter, so that it is no duplicate
    const changed = Buffer.from(mutate([plain], random));
    const cipher = createCipheriv("aes-128-ccm", variant, nonce(source, auxiliary), { authTagLength: MIC });
    cipher.setAAD(Buffer.concat([changedHead, auxiliary]), { plaintextLength: changed.length });
    const sealed = Buffer.concat([cipher.update(changed), cipher.final()]);
    const sent = Buffer.from(auxiliary);
    sent[0] &= ~7;
    return Buffer.concat([changedHead, sent, sealed, cipher.getAuthTag()]);
  }
  return undefined;
}

function open(key: Buffer, iv: Buffer, aad: Buffer, text: Buffer, tag: Buffer): Buffer | undefined {
  const decipher = createDecipheriv("aes-128-ccm", key, iv, { authTagLength: MIC });
  decipher.setAuthTag(tag);
  decipher.setAAD(aad, { plaintextLength: text.length });
  try {
    const plain = decipher.update(text);
    decipher.final();
    return plain;
  } catch {
    return undefined;
  }
}

function nonce(source: Buffer, auxiliary: Buffer): Buffer {
  return Buffer.concat([source, auxiliary.subarray(1, 5), auxiliary.subarray(0, 1)]);
}

function addressOctets(extended: bigint): Buffer {
  const octets = Buffer.alloc(8);
  octets.writeBigUInt64LE(extended);
  return octets;
}
