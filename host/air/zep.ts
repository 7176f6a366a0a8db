// The air on UDP: ZigBee Encapsulation Protocol, version 2, as Wireshark and other simulators speak it.  Big-endian.
//
//   "EX" | version 2 | type 1 (data) | channel 1 | device u16 | FCS mode 1 | LQI 1 | NTP time 8 | sequence u32 | reserved 10 | size 1 | PSDU
//   "EX" | version 2 | type 2 (acknowledgement of a ZEP packet) | sequence u32

import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { RadioParameter } from "../abi.ts";
import { FCS_SIZE, FRAME_ACK, fcsGood, PSDU_MAX, sealFcs } from "./frame.ts";
import type { AirFrame, Medium } from "./medium.ts";
import { Radio } from "./radio.ts";
import { CHANNEL_FIRST, CHANNEL_LAST } from "./standard.ts";

export const ZEP_PORT = 17_754;

/** Partners remembered; the one silent for longest makes room. */
export const ZEP_PEERS_MAX = 16;
/** Frames of one partner that wait for the channel. */
export const ZEP_QUEUE_MAX = 16;
/** Octets that may wait in the socket before frames are dropped. */
const UNSENT_MAX = 256 * 1024;

const HEAD = 32;
const VERSION = 2;
const TYPE_DATA = 1;
const MODE_FCS = 1; // the PSDU ends in its FCS; else in a receiver's RSSI and, in the last octet, its verdict on the FCS and its correlation
const VERDICT_GOOD = 0x80;
const NTP_EPOCH_S = 2_208_988_800; // from 1900 to 1970
const PSDU_MIN = 5;

export interface ZepData {
  channel: number;
  device: number;
  sequence: number;
  psdu: Uint8Array;
}

/** Undefined for whatever is not a ZEP version 2 data packet with a PSDU. */
export function readZep(packet: Uint8Array): ZepData | undefined {
  if (packet.length < HEAD || packet[0] !== 0x45 || packet[1] !== 0x58 || packet[2] !== VERSION || packet[3] !== TYPE_DATA)
    return undefined;
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
  const size = packet[31] as number;
  if (size < PSDU_MIN || size > PSDU_MAX || packet.length !== HEAD + size) return undefined;
  const psdu = Uint8Array.from(packet.subarray(HEAD));
  if (packet[7] !== MODE_FCS) {
    if (((psdu[size - 1] as number) & VERDICT_GOOD) === 0) return undefined;
    sealFcs(psdu);
  }
  return { channel: packet[4] as number, device: view.getUint16(5), sequence: view.getUint32(17), psdu };
}

export function writeZep(data: ZepData, lqi: number, wallMs: number): Buffer {
  const packet = Buffer.alloc(HEAD + data.psdu.length);
  packet.write("EX", 0, "latin1");
  packet[2] = VERSION;
  packet[3] = TYPE_DATA;
  packet[4] = data.channel;
  packet.writeUInt16BE(data.device & 0xffff, 5);
  packet[7] = MODE_FCS;
  packet[8] = lqi;
  const seconds = Math.floor(wallMs / 1_000);
  packet.writeUInt32BE((seconds + NTP_EPOCH_S) >>> 0, 9);
  packet.writeUInt32BE(Math.floor(((wallMs - seconds * 1_000) / 1_000) * 0x1_0000_0000), 13);
  packet.writeUInt32BE(data.sequence >>> 0, 17);
  packet[31] = data.psdu.length;
  packet.set(data.psdu, HEAD);
  return packet;
}

interface Peer {
  name: string;
  address: string;
  port: number;
  fixed: boolean;
  heardMs: number;
  radio: Radio;
  waiting: ZepData[];
}

export interface ZepOptions {
  port: number;
  /** The interface to listen on; the loopback interface unless said otherwise. */
  address?: string;
  /** A partner that gets every frame without having sent one. */
  peer?: { address: string; port: number };
  /** Runs what a packet causes at the right moment of the simulation (`Pacer.enter`). */
  enter?: (action: () => void) => void;
}

/** Every frame on the air goes to every partner but the one that sent it; a partner's frame goes on the air as that of a station of its own. */
export class ZepGate {
  readonly counters = { sent: 0, received: 0, refused: 0, dropped: 0 };

  private readonly medium: Medium;
  private readonly socket: Socket;
  private readonly enter: (action: () => void) => void;
  private readonly peers = new Map<string, Peer>();
  private readonly devices = new Map<string, number>();
  private readonly forget: () => void;
  private sequence = 0;

  private constructor(medium: Medium, socket: Socket, options: ZepOptions) {
    this.medium = medium;
    this.socket = socket;
    this.enter = options.enter ?? ((action) => action());
    this.forget = medium.onFrame((frame) => this.frame(frame));
    if (options.peer !== undefined) this.meet(options.peer.address, options.peer.port, true);
    socket.on("message", (packet, from) => this.enter(() => this.packet(packet, from)));
    socket.on("error", () => this.counters.dropped++);
  }

  static open(medium: Medium, options: ZepOptions): Promise<ZepGate> {
    const { port, address = "127.0.0.1" } = options;
    if (!Number.isInteger(port) || port < 0 || port > 0xffff) {
      return Promise.reject(new Error(`Cannot listen for ZEP on UDP port ${port}: a port is a number from 0 to 65535.`));
    }
    return new Promise((resolve, reject) => {
      const socket = createSocket("udp4");
      socket.once("error", (error: NodeJS.ErrnoException) => {
        socket.close();
        reject(new Error(`Cannot listen for ZEP on UDP port ${port} of ${address}: ${reason(error)}.`));
      });
      socket.bind(port, address, () => {
        socket.removeAllListeners("error");
        resolve(new ZepGate(medium, socket, options));
      });
    });
  }

  get port(): number {
    return this.socket.address().port;
  }

  close(): Promise<void> {
    this.forget();
    for (const peer of this.peers.values()) peer.radio.powerOff();
    this.peers.clear();
    return new Promise((resolve) => this.socket.close(() => resolve()));
  }

  private frame(frame: AirFrame): void {
    if (this.peers.size === 0) return;
    const data: ZepData = { channel: frame.channel, device: this.device(frame.source), sequence: this.sequence++, psdu: frame.psdu };
    const packet = writeZep(data, 255, Date.now());
    for (const peer of this.peers.values()) {
      if (peer.name === frame.source) continue;
      if (this.socket.getSendQueueSize() > UNSENT_MAX) {
        this.counters.dropped++;
        continue;
      }
      this.counters.sent++;
      this.socket.send(packet, peer.port, peer.address, (error) => {
        if (error) this.counters.dropped++;
      });
    }
  }

  /** A small number for each source, as ZEP has room for 16 bits. */
  private device(source: string): number {
    let device = this.devices.get(source);
    if (device === undefined) {
      if (this.devices.size >= 0xffff) this.devices.clear();
      device = this.devices.size + 1;
      this.devices.set(source, device);
    }
    return device;
  }

  private packet(packet: Uint8Array, from: RemoteInfo): void {
    const data = readZep(packet);
    if (data === undefined || data.channel < CHANNEL_FIRST || data.channel > CHANNEL_LAST || !fcsGood(data.psdu)) {
      this.counters.refused++;
      return;
    }
    const peer = this.meet(from.address, from.port, false);
    peer.heardMs = performance.now();
    this.counters.received++;
    if (peer.waiting.length >= ZEP_QUEUE_MAX) {
      this.counters.dropped++;
      return;
    }
    // An acknowledgement is late already: it goes first.
    if (isAck(data.psdu)) peer.waiting.unshift(data);
    else peer.waiting.push(data);
    this.next(peer);
  }

  private next(peer: Peer): void {
    if (peer.radio.busy) return;
    const data = peer.waiting.shift();
    if (data === undefined) return;
    peer.radio.set(RadioParameter.Channel, BigInt(data.channel));
    const body = data.psdu.subarray(0, data.psdu.length - FCS_SIZE);
    peer.radio.transmit(body, { csma: !isAck(data.psdu), awaitAck: false }, (result) => {
      if (result.status !== 0) this.counters.dropped++;
      this.next(peer);
    });
  }

  private meet(address: string, port: number, fixed: boolean): Peer {
    const name = `zep ${address}:${port}`;
    const known = this.peers.get(name);
    if (known !== undefined) return known;
    if (this.peers.size >= ZEP_PEERS_MAX) this.dropSilent();
    const peer: Peer = { name, address, port, fixed, heardMs: performance.now(), radio: new Radio(this.medium, { id: name }), waiting: [] };
    this.peers.set(name, peer);
    return peer;
  }

  private dropSilent(): void {
    let silent: Peer | undefined;
    for (const peer of this.peers.values()) if (!peer.fixed && (silent === undefined || peer.heardMs < silent.heardMs)) silent = peer;
    if (silent === undefined) return;
    silent.radio.powerOff();
    this.peers.delete(silent.name);
  }
}

function isAck(psdu: Uint8Array): boolean {
  return ((psdu[0] as number) & 7) === FRAME_ACK;
}

function reason(error: NodeJS.ErrnoException): string {
  if (error.code === "EADDRINUSE") return "another program has it";
  if (error.code === "EACCES") return "permission denied";
  if (error.code === "EADDRNOTAVAIL") return "this machine has no such address";
  return error.message;
}
