// HDLC-lite: RFC 1662's octet-stuffed framing without address and control, as OpenThread's co-processors use it on a UART.
//
//   7E | frame, FCS u16, both escaped | 7E

import { crc16 } from "../air/frame.ts";

/** The longest frame that is taken, its FCS included. */
export const HDLC_FRAME_MAX = 2_048;

const FLAG = 0x7e;
const ESCAPE = 0x7d;
const FLIP = 0x20;
const XON = 0x11;
const XOFF = 0x13;
const VENDOR = 0xf8;
const FCS_START = 0xffff;
const FCS_GOOD = 0xf0b8; // over a frame and its own FCS

function special(octet: number): boolean {
  return octet === FLAG || octet === ESCAPE || octet === XON || octet === XOFF || octet === VENDOR;
}

export function hdlcEncode(frame: Uint8Array): Uint8Array {
  const fcs = crc16(frame, FCS_START, frame.length) ^ 0xffff;
  const out = new Uint8Array(2 * (frame.length + 2) + 2);
  let size = 0;
  const put = (octet: number): void => {
    if (special(octet)) {
      out[size++] = ESCAPE;
      out[size++] = octet ^ FLIP;
    } else out[size++] = octet;
  };
  out[size++] = FLAG;
  for (const octet of frame) put(octet);
  put(fcs & 0xff);
  put(fcs >>> 8);
  out[size++] = FLAG;
  return out.slice(0, size);
}

/** Takes a stream in pieces of any size and hands on each whole frame with a good FCS, without the FCS. */
export class HdlcDecoder {
  readonly counters = { frames: 0, badFcs: 0, tooLong: 0 };

  private readonly buffer = new Uint8Array(HDLC_FRAME_MAX);
  private size = 0;
  private escaped = false;
  private overrun = false;

  constructor(private readonly onFrame: (frame: Uint8Array) => void) {}

  input(octets: Uint8Array): void {
    for (const octet of octets) this.octet(octet);
  }

  private octet(octet: number): void {
    if (octet === FLAG) this.flag();
    else if (octet === ESCAPE) this.escaped = true;
    else if (this.size >= HDLC_FRAME_MAX) this.overrun = true;
    else {
      this.buffer[this.size++] = this.escaped ? octet ^ FLIP : octet;
      this.escaped = false;
    }
  }

  private flag(): void {
    const { size, overrun, escaped } = this;
    this.size = 0;
    this.escaped = false;
    this.overrun = false;
    if (size === 0) return;
    if (overrun) this.counters.tooLong++;
    else if (escaped || size < 3 || crc16(this.buffer, FCS_START, size) !== FCS_GOOD) this.counters.badFcs++;
    else {
      this.counters.frames++;
      this.onFrame(this.buffer.slice(0, size - 2));
    }
  }
}
