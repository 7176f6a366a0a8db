// A package as it arrives, checked at the same octets as on a board (boards/common/package.h), with nothing decoded yet.
//
//   header | 0xF001 release key | 0xF000 manifest | 0x0000 image | [0x0003] [0x0002 0x0001 or 0x0006 0x0005] others from 0xF002 on
import { createHash } from "node:crypto";
import { ABI_VERSION, ImageReason } from "../abi.ts";
import { decode } from "./codec.ts";
import { coseOpen, coseParse } from "./cose.ts";
import { addressAt, destinationAgrees, destinationFits } from "./destination.ts";
import { ImageError } from "./image_error.ts";
import { CERTIFICATE_MAX, certificateOpen, type Identity, type ReleaseKey } from "./keys.ts";
import { Encoding, MANIFEST_MAX, type Manifest, manifestRead } from "./manifest.ts";

/** What a package is announced with. */
export interface PackageKey {
  manufacturer: number;
  type: number;
  version: number;
  size: number;
}

/** Whom a package is checked for. */
export interface Receiver {
  root: Buffer;
  /** Null for a library file, which is somebody else's. */
  identity: Identity | null;
  /** IEEE address as on the air; zeros when not known. */
  address: Uint8Array;
  epoch: number;
  counter: number;
  running: number;
}

const IDENTIFIER = 0x0beef11e;
const HEADER_VERSION = 0x0100;
const HEADER_SIZE = 56;
const CREDENTIAL = 1;
const DESTINATION = 2;
const HARDWARE = 4;
const CONTROL = 7;
const ELEMENT_HEAD = 6;
/** From here on credentials, configurations, logs: 075123 table 11-4. */
const TYPE_NO_MODULE = 0xffc0;

const Tag = {
  Image: 0x0000,
  Signature1: 0x0001,
  Certificate1: 0x0002,
  Integrity: 0x0003,
  Signature2: 0x0005,
  Certificate2: 0x0006,
  Manifest: 0xf000,
  ReleaseKey: 0xf001,
} as const;
const TAG_OTHERS = 0xf002;
const KNOWN = new Set<number>(Object.values(Tag));
const SIGNATURES = new Set<number>([Tag.Signature1, Tag.Signature2]);

/** Octets that an element of a fixed length has. */
const LENGTHS: Record<number, number> = {
  [Tag.Signature1]: 50,
  [Tag.Certificate1]: 48,
  [Tag.Integrity]: 16,
  [Tag.Signature2]: 80,
  [Tag.Certificate2]: 74,
};

interface Element {
  tag: number;
  at: number;
  size: number;
}

export class PackageStream {
  /** The whole file, as far as it is here. */
  readonly file: Buffer;
  have = 0;
  /** Of the image element's first octet; 0 before it is known. */
  payloadAt = 0;
  payloadSize = 0;
  certificate: Buffer = Buffer.alloc(0);
  envelope: Buffer = Buffer.alloc(0);
  key: ReleaseKey | undefined;
  manifest: Manifest | undefined;
  private against: Uint8Array | undefined;
  private decoded: Buffer | undefined;
  private next = 0;
  private element: Element | undefined;
  private readonly seen = new Set<number>();
  private headerSize = 0;
  private hardware: { minimum: number; maximum: number } | undefined;
  private destination: bigint | undefined;

  constructor(
    private readonly receiver: Receiver,
    readonly expected: PackageKey,
  ) {
    this.file = Buffer.alloc(expected.size);
  }

  /** Throws `ImageError` at the first octet that is wrong. */
  take(octets: Uint8Array): void {
    if (this.have + octets.length > this.file.length) this.fail(ImageReason.TotalSize, "more octets than were announced");
    this.file.set(octets, this.have);
    this.have += octets.length;
    while (this.step());
  }

  /** After a reset: the file behind the manifest is there already. */
  skip(file: Uint8Array, upTo: number): void {
    this.file.set(file.subarray(this.have, upTo), this.have);
    this.have = upTo;
    while (this.step());
  }

  /** The module that a delta is against. */
  base(module: Uint8Array | undefined): void {
    this.against = module;
  }

  checkBase(): void {
    const wanted = this.manifest?.base;
    if (wanted && !(this.against && createHash("sha256").update(this.against).digest().equals(wanted)))
      this.fail(ImageReason.Base, "a delta against another module than the running one");
  }

  /** The module, decoded once all of the payload is here. */
  payload(): Buffer {
    const { encoding, imageSize } = this.manifest as Manifest;
    const octets = this.file.subarray(this.payloadAt, this.payloadAt + this.payloadSize);
    this.decoded ??= Buffer.from(encoding === Encoding.Plain ? octets : decode(encoding, octets, imageSize, this.against));
    return this.decoded;
  }

  get whole(): boolean {
    return this.have === this.file.length;
  }

  /** After the last octet. */
  end(): void {
    if (!this.whole || this.element || this.next < this.file.length || this.next === 0)
      this.fail(ImageReason.Truncated, "the file ends inside an element");
    if (!this.seen.has(Tag.Image)) this.fail(ImageReason.ElementMissing, "there is no image");
    if (this.certified && !this.signed) this.fail(ImageReason.Signatures, "a certificate without its signature");
  }

  private get certified(): boolean {
    return this.seen.has(Tag.Certificate1) || this.seen.has(Tag.Certificate2);
  }

  private get signed(): boolean {
    return this.seen.has(Tag.Signature1) || this.seen.has(Tag.Signature2);
  }

  /** A library file that is no module and for one device: what it brings proves itself to that device, so no maker has to sign it. */
  private get mayBeUnsigned(): boolean {
    const { receiver, expected, destination, seen } = this;
    return !receiver.identity && expected.type >= TYPE_NO_MODULE && destination !== undefined && !seen.has(Tag.ReleaseKey);
  }

  private fail(reason: number, rule: string): never {
    throw new ImageError(this.next, rule, reason);
  }

  private step(): boolean {
    if (this.headerSize === 0) return this.have >= HEADER_SIZE && this.header();
    if (this.next === 0) return this.have >= this.headerSize && this.options();
    if (this.element) return this.have >= this.element.at + this.element.size && this.content(this.element);
    if (this.next >= this.file.length || this.have <= this.next) return false;
    if (this.file.length - this.next < ELEMENT_HEAD) this.fail(ImageReason.ElementLength, "octets behind the last element");
    return this.have >= this.next + ELEMENT_HEAD && this.elementHead();
  }

  private header(): boolean {
    const at = this.file;
    const { expected } = this;
    const { identity } = this.receiver;
    if (at.readUInt32LE(0) !== IDENTIFIER) this.fail(ImageReason.Identifier, "no ZigBee OTA file");
    if (at.readUInt16LE(4) !== HEADER_VERSION) this.fail(ImageReason.HeaderVersion, "another header version than 0x0100");
    const control = at.readUInt16LE(8);
    const size = HEADER_SIZE + (control & CREDENTIAL ? 1 : 0) + (control & DESTINATION ? 8 : 0) + (control & HARDWARE ? 4 : 0);
    if (control > CONTROL || at.readUInt16LE(6) !== size)
      this.fail(ImageReason.HeaderLength, "the header's length contradicts its field control");
    const manufacturer = at.readUInt16LE(10);
    if (manufacturer !== expected.manufacturer || (identity && manufacturer !== identity.manufacturer))
      this.fail(ImageReason.Manufacturer, "another manufacturer's");
    const type = at.readUInt16LE(12);
    if (type !== expected.type || (identity && type !== identity.type)) this.fail(ImageReason.ImageType, "another image type");
    if (at.readUInt32LE(14) !== expected.version) this.fail(ImageReason.FileVersion, "another version than announced");
    if (at.readUInt32LE(52) !== expected.size) this.fail(ImageReason.TotalSize, "another size than announced");
    this.headerSize = size;
    return true;
  }

  private options(): boolean {
    const { identity, address } = this.receiver;
    const control = this.file.readUInt16LE(8);
    let at = HEADER_SIZE + (control & CREDENTIAL ? 1 : 0);
    if (control & DESTINATION) {
      this.destination = this.file.readBigUInt64LE(at);
      // A device that does not know its own address takes no file that is for one device.
      if (identity && this.destination !== addressAt(address)) this.fail(ImageReason.Destination, "for another device");
      at += 8;
    }
    if (control & HARDWARE) this.hardware = { minimum: this.file.readUInt16LE(at), maximum: this.file.readUInt16LE(at + 2) };
    this.next = this.headerSize;
    return true;
  }

  private elementHead(): boolean {
    const tag = this.file.readUInt16LE(this.next);
    const size = this.file.readUInt32LE(this.next + 2);
    const at = this.next + ELEMENT_HEAD;
    const objection = this.objection(tag);
    if (objection !== ImageReason.None) this.fail(objection, "an element where it must not be, or without the one before it");
    const most = tag === Tag.ReleaseKey ? CERTIFICATE_MAX : tag === Tag.Manifest ? MANIFEST_MAX : size;
    const exact = tag === Tag.Image ? this.manifest?.payloadSize : LENGTHS[tag];
    if (size > this.file.length - at || size > most || (exact !== undefined && size !== exact))
      this.fail(ImageReason.ElementLength, "an element that leaves the file, or has a length that its tag cannot have");
    if ((tag === Tag.Signature1 || tag === Tag.Signature2) && size !== this.file.length - at)
      this.fail(ImageReason.Signatures, "a profile signature that is not last");
    this.seen.add(tag);
    this.element = { tag, at, size };
    if (tag === Tag.Image) {
      this.payloadAt = at;
      this.payloadSize = size;
    }
    return true;
  }

  /** Release key, manifest, image; then integrity code, certificate, signature.  The maker's own ones from 0xF002 on may stand anywhere. */
  private objection(tag: number): number {
    const { seen, certified } = this;
    const unless = (well: boolean, reason: number): number => (well ? ImageReason.None : reason);
    if (tag >= TAG_OTHERS) return ImageReason.None;
    if (!KNOWN.has(tag)) return ImageReason.ElementOrder;
    if (seen.has(tag) || (this.signed && SIGNATURES.has(tag))) return ImageReason.ElementTwice;
    if (tag === Tag.ReleaseKey) return unless(!seen.has(Tag.Image), ImageReason.ElementOrder);
    if (tag === Tag.Manifest) return unless(seen.has(Tag.ReleaseKey), ImageReason.ElementMissing);
    if (tag === Tag.Image) return unless(seen.has(Tag.Manifest) || this.mayBeUnsigned, ImageReason.ElementMissing);
    if (!seen.has(Tag.Image)) return ImageReason.ElementOrder;
    if (tag === Tag.Integrity) return unless(!certified, ImageReason.ElementOrder);
    if (tag === Tag.Signature1) return unless(seen.has(Tag.Certificate1), ImageReason.Signatures);
    if (tag === Tag.Signature2) return unless(seen.has(Tag.Certificate2), ImageReason.Signatures);
    return unless(!certified, ImageReason.Signatures);
  }

  private content({ tag, at, size }: Element): boolean {
    const octets = Buffer.from(this.file.subarray(at, at + size));
    if (tag === Tag.ReleaseKey) this.releaseKey(octets);
    if (tag === Tag.Manifest) this.readManifest(octets);
    this.element = undefined;
    this.next = at + size;
    return true;
  }

  private releaseKey(octets: Buffer): void {
    this.certificate = octets;
    this.key = certificateOpen(octets, this.receiver.root, this.next);
    if (this.key.epoch < this.receiver.epoch) this.fail(ImageReason.Revoked, "a release key that was revoked");
  }

  private readManifest(octets: Buffer): void {
    const key = this.key as ReleaseKey;
    const source = {
      name: "manifest",
      offset: this.next,
      sizeMax: MANIFEST_MAX,
      malformed: ImageReason.Manifest,
      unsigned: ImageReason.ManifestSignature,
    };
    const manifest = manifestRead(coseParse(octets, source).payload, this.next);
    if (!manifest.keyId.equals(key.id)) this.fail(ImageReason.KeyId, "the manifest names another key than the certificate");
    coseOpen(octets, key.point, source);
    this.envelope = octets;
    this.manifest = manifest;
    this.agree(manifest);
    this.judge(manifest);
  }

  /** Header and manifest say the same. */
  private agree(m: Manifest): void {
    if (m.version !== this.expected.version) this.fail(ImageReason.FileVersion, "header and manifest differ in the version");
    if (m.phase !== this.file.readUInt16LE(18)) this.fail(ImageReason.StackVersion, "header and manifest differ in the stack version");
    const { hardware } = this;
    if (!hardware || hardware.minimum !== m.hardware.minimum || hardware.maximum !== m.hardware.maximum)
      this.fail(ImageReason.Hardware, "header and manifest differ in the hardware versions");
    const { manufacturer, type } = this.expected;
    const differs = destinationAgrees(m, { manufacturer, imageType: type, destination: this.destination });
    if (differs !== ImageReason.None) this.fail(differs, "header and manifest differ in the destination");
  }

  private judge(m: Manifest): void {
    const { identity, counter, running } = this.receiver;
    if (identity) {
      const reason = manifestFits(m, identity, addressAt(this.receiver.address));
      if (reason !== ImageReason.None) this.fail(reason, "not for this board");
      if (m.counter < counter) this.fail(ImageReason.Counter, "a security counter below the stored one");
      if (m.version <= running) this.fail(ImageReason.Version, "no newer version than the running one");
    }
    if (m.encoding > Encoding.Delta) this.fail(ImageReason.Encoding, "an unknown encoding");
    if (m.imageSize === 0 || m.payloadSize === 0 || (m.encoding === Encoding.Plain && m.payloadSize !== m.imageSize))
      this.fail(ImageReason.Size, "payload and image sizes contradict the encoding");
  }
}

/** Whether a board may run what the manifest describes: the first reason against it. */
export function manifestFits(m: Manifest, board: Identity, address: bigint | undefined): number {
  const reason = destinationFits(m, board, address);
  if (reason !== ImageReason.None) return reason;
  if (!m.vendor.equals(board.vendor)) return ImageReason.Vendor;
  if (!m.classId.equals(board.classId)) return ImageReason.Class;
  if (board.hardware < m.hardware.minimum || board.hardware > m.hardware.maximum) return ImageReason.Hardware;
  if (m.role !== board.role) return ImageReason.Role;
  if (m.phase > 7 || (board.phases & (1 << m.phase)) === 0) return ImageReason.Phase;
  if (ABI_VERSION < m.hostAbi.minimum || ABI_VERSION > m.hostAbi.maximum) return ImageReason.HostAbi;
  if (m.memory > board.memoryMax) return ImageReason.Memory;
  if (m.nativeMinimum > board.nativeVersion) return ImageReason.Native;
  return ImageReason.None;
}
