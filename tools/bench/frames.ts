// A partner's frames: 802.15.4, NWK and APS around a ZCL frame, with the security of network and link (05-3474 annex A, sections 4.3 and 4.4), in memory
// that is used again and again.
//
//   MAC 9 | NWK header 8 | auxiliary 14 | APS header 8 | auxiliary 5 | ZCL | MIC of the link 4 | MIC of the network 4
import { type Schedule, scheduleOf } from "../../host/crypto/aes.ts";
import { CCM_MIC, CCM_NONCE, ccmOpen, ccmSeal } from "../../host/crypto/ccm.ts";

const NWK = 9;
const NWK_HEAD = 8;
const NWK_AUXILIARY = NWK + NWK_HEAD;
const APS = NWK_AUXILIARY + 14;
const APS_HEAD = 8;
const APS_AUXILIARY = APS + APS_HEAD;
const ZCL = APS_AUXILIARY + 5;
const APS_LINK = 0x05;
const NWK_NETWORK = 0x2d;
const LEVEL = 0x07;
const LEVEL_5 = 0x05;
const EXTENDED_NONCE = 0x20;
const EXTENDED_TARGET = 0x0800;
const EXTENDED_SOURCE = 0x1000;
const FRAME_MAX = 128;
const RADIUS = 30;

export const APS_DATA = 0;
export const APS_ACKNOWLEDGEMENT = 2;
const APS_SECURED = 0x20;
const APS_EXTENDED = 0x80;
const APS_TYPE = 3;

export interface Link {
  pan: number;
  source: { short: number; extended: bigint };
  target: { short: number; extended: bigint };
  networkKey: Uint8Array;
  linkKey: Uint8Array;
}

export interface Heard {
  control: number;
  cluster: number;
  apsCounter: number;
  zcl: Buffer;
}

export class Partner {
  private readonly short: number;
  private readonly network: Schedule;
  private readonly link: Schedule;
  /** The frame, and behind it a nonce. */
  private readonly out = Buffer.alloc(FRAME_MAX + CCM_NONCE);
  private readonly in = Buffer.alloc(FRAME_MAX + CCM_NONCE);

  constructor(
    { pan, source, target, networkKey, linkKey }: Link,
    /** Of the next frame, in both layers. */
    public counter: number,
    private readonly profile: number,
  ) {
    this.short = source.short;
    this.network = scheduleOf(networkKey);
    this.link = scheduleOf(linkKey);
    const { out } = this;
    out.writeUInt16LE(0x8861, 0);
    out.writeUInt16LE(pan, 3);
    for (const at of [5, NWK + 2]) out.writeUInt16LE(target.short, at);
    for (const at of [7, NWK + 4]) out.writeUInt16LE(source.short, at);
    out.writeUInt16LE(0x0208, NWK);
    out[NWK + 6] = RADIUS;
    out.writeBigUInt64LE(source.extended, NWK_AUXILIARY + 5);
    out.writeBigUInt64LE(source.extended, FRAME_MAX);
    this.in.writeBigUInt64LE(target.extended, FRAME_MAX);
  }

  /** A PSDU without FCS, valid until the next call. */
  frame(control: number, cluster: number, apsCounter: number, zcl: Uint8Array): Buffer {
    const { out } = this;
    const { counter } = this;
    this.counter += 1;
    out[2] = counter;
    out[NWK + 7] = counter;
    out[APS] = control | APS_SECURED;
    out[APS + 1] = 1;
    out.writeUInt16LE(cluster, APS + 2);
    out.writeUInt16LE(this.profile, APS + 4);
    out[APS + 6] = 1;
    out[APS + 7] = apsCounter;
    out.set(zcl, ZCL);
    this.seal(this.link, APS, APS_AUXILIARY, APS_LINK, counter, ZCL, zcl.length);
    const size = ZCL + zcl.length + CCM_MIC;
    this.seal(this.network, NWK, NWK_AUXILIARY, NWK_NETWORK, counter, APS, size - APS);
    return out.subarray(0, size + CCM_MIC);
  }

  /** Takes a PSDU without FCS apart; nothing when it is no whole message under the link key, throws when it is not authentic. */
  heard(psdu: Uint8Array): Heard | undefined {
    const at = this.in;
    at.set(psdu);
    const control = at.readUInt16LE(NWK);
    if ((control & 0x0203) !== 0x0200 || at.readUInt16LE(NWK + 2) !== this.short) return undefined;
    const auxiliary = NWK + NWK_HEAD + ((control & EXTENDED_TARGET) !== 0 ? 8 : 0) + ((control & EXTENDED_SOURCE) !== 0 ? 8 : 0);
    const aps = auxiliary + 14;
    this.open(this.network, NWK, auxiliary, aps, psdu.length - aps - CCM_MIC);
    if ((at[aps] & (APS_SECURED | APS_EXTENDED | APS_TYPE)) !== (APS_SECURED | APS_DATA)) return undefined;
    const inner = aps + APS_HEAD;
    const zcl = inner + ((at[inner] & EXTENDED_NONCE) !== 0 ? 13 : 5);
    const end = psdu.length - 2 * CCM_MIC;
    this.open(this.link, aps, inner, zcl, end - zcl);
    return { control: at[aps], cluster: at.readUInt16LE(aps + 2), apsCounter: at[aps + 7], zcl: at.subarray(zcl, end) };
  }

  private seal(key: Schedule, head: number, auxiliary: number, control: number, counter: number, text: number, size: number): void {
    const { out } = this;
    out[auxiliary] = control;
    out.writeUInt32LE(counter, auxiliary + 1);
    out.writeUInt32LE(counter, FRAME_MAX + 8);
    out[FRAME_MAX + 12] = control;
    ccmSeal(key, out, FRAME_MAX, head, text - head, text, size);
    out[auxiliary] = control & ~LEVEL;
  }

  private open(key: Schedule, head: number, auxiliary: number, text: number, size: number): void {
    const at = this.in;
    at[auxiliary] = (at[auxiliary] & ~LEVEL) | LEVEL_5;
    at.copy(at, FRAME_MAX + 8, auxiliary + 1, auxiliary + 5);
    at[FRAME_MAX + 12] = at[auxiliary];
    if (!ccmOpen(key, at, FRAME_MAX, head, text - head, text, size)) throw new Error("what the partner sent is not authentic");
  }
}
