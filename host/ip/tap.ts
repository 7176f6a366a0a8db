// An interface of Linux that ends in this process: TAP carries Ethernet frames, TUN IPv6 packets.  Needs root, or CAP_NET_ADMIN.
import { Socket } from "node:net";
import { getSystemErrorName } from "node:util";
import { InputError } from "../files/input_error.ts";
import { native } from "../native/addon.ts";

const HEAD = 2;
/** What waits for a kernel that does not take it is bounded: more is dropped, as a wire would. */
const WAITING_MAX = 256 * 1024;

export class Tap {
  /** What the kernel sends. */
  onFrame: (frame: Buffer) => void = () => undefined;
  /** The interface has gone. */
  onClose: () => void = () => undefined;
  private have: Buffer = Buffer.alloc(0);

  private constructor(private readonly socket: Socket) {
    socket.on("data", (octets) => this.take(octets));
    socket.on("error", () => undefined);
    socket.on("close", () => this.onClose());
  }

  static open(name: string, kind: "tap" | "tun"): Tap {
    const descriptor = native().openTap(Buffer.from(name), kind === "tap" ? 1 : 0);
    if (descriptor < 0)
      throw new InputError(`cannot open the interface ${name}: ${getSystemErrorName(descriptor)}; it takes Linux, and root.`);
    return new Tap(new Socket({ fd: descriptor, readable: true, writable: true }));
  }

  send(frame: Uint8Array): void {
    if (this.socket.writableLength > WAITING_MAX) return;
    this.socket.write(Buffer.concat([Buffer.of(frame.length >> 8, frame.length & 0xff), frame]));
  }

  close(): void {
    this.socket.destroy();
  }

  private take(octets: Buffer): void {
    this.have = Buffer.concat([this.have, octets]);
    while (this.have.length >= HEAD && this.have.length >= HEAD + this.have.readUInt16BE(0)) {
      const size = this.have.readUInt16BE(0);
      const frame = this.have.subarray(HEAD, HEAD + size);
      this.have = this.have.subarray(HEAD + size);
      this.onFrame(frame);
    }
  }
}
