// Captures: the pcapng format (draft-ietf-opsawg-pcapng), little-endian.
//
//   block: type u32 | total size u32 | body, padded to 4 | total size u32
//   section header 0x0A0D0D0A, interface description 1, enhanced packet 6, decryption secrets 10

import { readFileSync } from "node:fs";
import { fileError } from "../files/file_error.ts";
import { OutputFile } from "../files/output_file.ts";

export const LINK_TYPE_154_WITH_FCS = 195;

const BLOCK_SECTION = 0x0a0d0d0a;
const BLOCK_INTERFACE = 1;
const BLOCK_PACKET = 6;
const BLOCK_SECRETS = 10;
const BYTE_ORDER = 0x1a2b3c4d;
const OPTION_NAME = 2; // if_name
const OPTION_RESOLUTION = 9; // if_tsresol
const OPTION_APPLICATION = 4; // shb_userappl

/** Lines of an NSS key log, which is what Wireshark reads for TLS. */
export const SECRETS_TLS = 0x544c534b;
export const SECRETS_ZIGBEE_NWK = 0x5a4e574b; // key 16, PAN id u16
export const SECRETS_ZIGBEE_APS = 0x5a415053; // key 16, PAN id u16, lower short address u16, higher short address u16

const SNAPSHOT_MAX = 256;
const CHUNK = 65_536;
const BLOCK_MAX = 16 * 1024 * 1024;
const KEY_SIZE = 16;

export interface NetworkKey {
  kind: "network";
  key: Uint8Array;
  panId: number;
}

export interface LinkKey {
  kind: "link";
  key: Uint8Array;
  panId: number;
  /** Short addresses of the two that share it. */
  between: readonly [number, number];
}

export type CaptureKey = NetworkKey | LinkKey;

export interface CaptureOptions {
  /** What time 0 of the simulation is called, in microseconds of the Unix era. */
  epochUs?: bigint;
  application?: string;
}

/** Writes synchronously in chunks, so a simulation that outruns the disk waits for it and no queue grows.  Only `flush` and `close` throw. */
export class CaptureWriter {
  readonly path: string;
  packets = 0;

  private readonly output: OutputFile;
  private readonly epochUs: bigint;
  private readonly chunk = Buffer.alloc(CHUNK);
  private used = 0;
  private open = true;
  private readonly keys = new Set<string>();

  constructor(path: string, options: CaptureOptions = {}) {
    this.path = path;
    this.epochUs = options.epochUs ?? 0n;
    this.output = new OutputFile(path, { what: "write the capture" });
    const application = Buffer.from(options.application ?? "kilowasm");
    const section = Buffer.alloc(16);
    section.writeUInt32LE(BYTE_ORDER, 0);
    section.writeUInt16LE(1, 4);
    section.writeBigInt64LE(-1n, 8);
    this.block(BLOCK_SECTION, [section, option(OPTION_APPLICATION, application), option(0, Buffer.alloc(0))]);
    const description = Buffer.alloc(8);
    description.writeUInt16LE(LINK_TYPE_154_WITH_FCS, 0);
    description.writeUInt32LE(SNAPSHOT_MAX, 4);
    const name = option(OPTION_NAME, Buffer.from("air"));
    this.block(BLOCK_INTERFACE, [description, name, option(OPTION_RESOLUTION, Buffer.of(6)), option(0, Buffer.alloc(0))]);
    this.flush();
  }

  /** A PSDU with its FCS. */
  frame(timeUs: number, psdu: Uint8Array): void {
    const time = BigInt(timeUs) + this.epochUs;
    const head = Buffer.alloc(20);
    head.writeUInt32LE(Number((time >> 32n) & 0xffffffffn), 4);
    head.writeUInt32LE(Number(time & 0xffffffffn), 8);
    head.writeUInt32LE(psdu.length, 12);
    head.writeUInt32LE(psdu.length, 16);
    this.block(BLOCK_PACKET, [head, psdu]);
    this.packets++;
  }

  /** A key, once: call it when the key becomes known, before the frames that use it. */
  key(key: CaptureKey): void {
    this.secret(secretOf(key));
  }

  /** A line of a TLS key log, likewise: both sides of a session tell the same. */
  tlsKey(line: string): void {
    this.secret({ type: SECRETS_TLS, data: Buffer.from(`${line}\n`) });
  }

  private secret(secret: Secret): void {
    const name = secret.data.toString("hex");
    if (this.keys.has(name)) return;
    this.keys.add(name);
    const head = Buffer.alloc(8);
    head.writeUInt32LE(secret.type, 0);
    head.writeUInt32LE(secret.data.length, 4);
    this.block(BLOCK_SECRETS, [head, secret.data]);
  }

  /** Hands everything to the operating system; throws what could not be written, here or before. */
  flush(): void {
    this.spill();
    this.output.check();
  }

  close(): void {
    if (!this.open) return;
    this.open = false;
    this.spill();
    this.output.close();
    this.output.check();
  }

  private spill(): void {
    this.output.write(this.chunk.subarray(0, this.used));
    this.used = 0;
  }

  private block(type: number, parts: readonly Uint8Array[]): void {
    const body = parts.reduce((size, part) => size + padded(part.length), 0);
    const total = body + 12;
    if (this.used + total > CHUNK) this.spill();
    const chunk = this.chunk;
    chunk.writeUInt32LE(type, this.used);
    chunk.writeUInt32LE(total, this.used + 4);
    let at = this.used + 8;
    for (const part of parts) {
      chunk.set(part, at);
      chunk.fill(0, at + part.length, at + padded(part.length));
      at += padded(part.length);
    }
    chunk.writeUInt32LE(total, at);
    this.used = at + 4;
  }
}

function padded(size: number): number {
  return (size + 3) & ~3;
}

function option(code: number, value: Uint8Array): Buffer {
  const octets = Buffer.alloc(4 + padded(value.length));
  octets.writeUInt16LE(code, 0);
  octets.writeUInt16LE(value.length, 2);
  octets.set(value, 4);
  return octets;
}

interface Secret {
  type: number;
  data: Buffer;
}

function secretOf(key: CaptureKey): Secret {
  if (key.key.length !== KEY_SIZE) throw new RangeError(`A ZigBee key has 16 octets, not ${key.key.length}.`);
  const data = Buffer.alloc(key.kind === "network" ? 18 : 22);
  data.set(key.key);
  data.writeUInt16LE(key.panId, 16);
  if (key.kind === "network") return { type: SECRETS_ZIGBEE_NWK, data };
  data.writeUInt16LE(Math.min(...key.between), 18);
  data.writeUInt16LE(Math.max(...key.between), 20);
  return { type: SECRETS_ZIGBEE_APS, data };
}

export interface CapturedPacket {
  timeUs: bigint;
  linkType: number;
  octets: Buffer;
}

export interface Capture {
  packets: CapturedPacket[];
  keys: CaptureKey[];
}

interface Interface {
  linkType: number;
  /** Units of the time stamp in a second. */
  perSecond: bigint;
}

/** Reads a capture of either byte order; says in a sentence what is wrong with it. */
export function readCapture(path: string): Capture {
  let file: Buffer;
  try {
    file = readFileSync(path);
  } catch (error) {
    throw fileError(error, path, "read the capture");
  }
  const found: Capture = { packets: [], keys: [] };
  let little = true;
  let interfaces: Interface[] = [];
  let at = 0;
  while (at < file.length) {
    if (file.length - at < 12) throw new Error(`${path} ends inside a block at octet ${at}.`);
    if (file.readUInt32LE(at) === BLOCK_SECTION) {
      if (file.length - at < 28) throw new Error(`${path} ends inside its section header at octet ${at}.`);
      little = file.readUInt32LE(at + 8) === BYTE_ORDER;
      if (!little && file.readUInt32BE(at + 8) !== BYTE_ORDER)
        throw new Error(`${path} has a section header of no byte order at octet ${at}.`);
      interfaces = [];
    } else if (at === 0) throw new Error(`${path} is not a pcapng capture.`);
    const view = new View(file, little);
    const total = view.u32(at + 4);
    if (total < 12 || total > BLOCK_MAX || (total & 3) !== 0 || total > file.length - at)
      throw new Error(`${path} has a block of ${total} octets at octet ${at}.`);
    if (view.u32(at + total - 4) !== total) throw new Error(`${path} has a block whose two sizes differ at octet ${at}.`);
    readBlock(view, at, total, interfaces, found, path);
    at += total;
  }
  if (at === 0) throw new Error(`${path} is empty.`);
  return found;
}

class View {
  constructor(
    readonly file: Buffer,
    private readonly little: boolean,
  ) {}

  u16(at: number): number {
    return this.little ? this.file.readUInt16LE(at) : this.file.readUInt16BE(at);
  }

  u32(at: number): number {
    return this.little ? this.file.readUInt32LE(at) : this.file.readUInt32BE(at);
  }
}

function readBlock(view: View, at: number, total: number, interfaces: Interface[], found: Capture, path: string): void {
  const type = view.u32(at);
  const end = at + total - 4;
  if (type === BLOCK_INTERFACE && total >= 20) interfaces.push({ linkType: view.u16(at + 8), perSecond: resolution(view, at + 16, end) });
  if (type === BLOCK_PACKET) {
    if (total < 32) throw new Error(`${path} has a packet block of ${total} octets at octet ${at}.`);
    const from = interfaces[view.u32(at + 8)];
    const size = view.u32(at + 20);
    if (from === undefined) throw new Error(`${path} has a packet of an unknown interface at octet ${at}.`);
    if (at + 28 + size > end) throw new Error(`${path} has a packet larger than its block at octet ${at}.`);
    const stamp = (BigInt(view.u32(at + 12)) << 32n) | BigInt(view.u32(at + 16));
    const octets = Buffer.from(view.file.subarray(at + 28, at + 28 + size));
    found.packets.push({ timeUs: (stamp * 1_000_000n) / from.perSecond, linkType: from.linkType, octets });
  }
  if (type === BLOCK_SECRETS && total >= 20) {
    const size = view.u32(at + 12);
    if (at + 16 + size > end) throw new Error(`${path} has secrets larger than their block at octet ${at}.`);
    readSecret(view.u32(at + 8), view.file.subarray(at + 16, at + 16 + size), found.keys);
  }
}

function readSecret(type: number, data: Buffer, keys: CaptureKey[]): void {
  if (type === SECRETS_ZIGBEE_NWK && data.length >= 18) {
    keys.push({ kind: "network", key: Buffer.from(data.subarray(0, KEY_SIZE)), panId: data.readUInt16LE(16) });
  }
  if (type === SECRETS_ZIGBEE_APS && data.length >= 22) {
    const between = [data.readUInt16LE(18), data.readUInt16LE(20)] as const;
    keys.push({ kind: "link", key: Buffer.from(data.subarray(0, KEY_SIZE)), panId: data.readUInt16LE(16), between });
  }
}

/** if_tsresol: a negative power of ten, or of two with the highest bit set; microseconds when it is absent. */
function resolution(view: View, from: number, end: number): bigint {
  for (let at = from; at + 4 <= end; ) {
    const code = view.u16(at);
    const size = view.u16(at + 2);
    if (code === OPTION_RESOLUTION && size >= 1 && at + 5 <= end) {
      const value = view.file[at + 4] as number;
      return value & 0x80 ? 1n << BigInt(value & 0x7f) : 10n ** BigInt(value);
    }
    if (code === 0) break;
    at += 4 + padded(size);
  }
  return 1_000_000n;
}
