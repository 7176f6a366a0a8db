// A package: one module as a ZigBee OTA file with a signed manifest, docs/image.md.
//
//   header | 0xF001 release key | 0xF000 manifest | 0x0000 image | [0x0003] [0x0002 0x0001 or 0x0006 0x0005]

import { ImageReason } from "../abi.ts";
import { decode } from "./codec.ts";
import { type CoseSource, coseOpen, coseParse } from "./cose.ts";
import { destinationAgrees } from "./destination.ts";
import { ImageError } from "./image_error.ts";
import { CERTIFICATE_MAX, certificateOpen, developmentRoot, type Identity, type ReleaseKey } from "./keys.ts";
import { Encoding, MANIFEST_MAX, type Manifest, manifestRead } from "./manifest.ts";
import { ELEMENT_HEAD, type OtaElementAt } from "./ota_elements.ts";
import { type OtaHeader, otaRead } from "./ota_file.ts";
import { IMAGE_MAX, PackageTag, sha256, TAG_OTHERS, tagText } from "./package_format.ts";
import { manifestFits } from "./stream.ts";

export { type PackageOptions, packageBuild } from "./package_build.ts";
export { PackageTag, sha256 } from "./package_format.ts";

export interface Package {
  file: Buffer;
  header: OtaHeader;
  releaseKey: ReleaseKey;
  /** The COSE messages as they stand in the file: a slot keeps them. */
  certificate: Buffer;
  manifestMessage: Buffer;
  manifest: Manifest;
  payload: Buffer;
  /** Offset of the payload's first octet. */
  payloadAt: number;
  /** `offset` is that of the tag. */
  elements: OtaElementAt[];
}

export interface OpenOptions {
  /** Point of the root key, the development root by default; null reads without believing. */
  root?: Uint8Array | null;
}

/** What a device remembers. */
export interface Stored {
  epoch: number;
  counter: number;
  /** File version of the running module, 0 for the factory module. */
  running: number;
  /** Octets of a slot behind its head. */
  capacity?: number;
  /** SHA-256 of the running module, for deltas. */
  base?: Uint8Array;
  /** The device's IEEE address. */
  address?: bigint;
}

/** Reads a package whole: structure, both signatures, what header and manifest must agree on, the payload's digest. */
export function packageOpen(file: Uint8Array, options: OpenOptions = {}): Package {
  const root = options.root === undefined ? developmentRoot().point : options.root;
  const { header, elements } = otaRead(Buffer.from(file.buffer, file.byteOffset, file.length));
  checkOrder(elements, file.length);
  const [certificateElement, manifestElement, image] = HEAD_ORDER.map(
    (tag) => elements.find((element) => element.tag === tag) as OtaElementAt,
  );
  const releaseKey = certificateOpen(certificateElement.data, root, certificateElement.offset);
  const source: CoseSource = {
    name: "manifest",
    offset: manifestElement.offset,
    sizeMax: MANIFEST_MAX,
    malformed: ImageReason.Manifest,
    unsigned: ImageReason.ManifestSignature,
  };
  const manifest = manifestRead(coseParse(manifestElement.data, source).payload, source.offset);
  if (!manifest.keyId.equals(releaseKey.id)) {
    const words = `the manifest names the key ${manifest.keyId.toString("hex")}; the certificate is ${releaseKey.id.toString("hex")}'s`;
    throw new ImageError(source.offset, words, ImageReason.KeyId);
  }
  if (root) coseOpen(manifestElement.data, releaseKey.point, source);
  checkAgreement(header, manifest, image);
  return {
    file: Buffer.from(file),
    header,
    releaseKey,
    certificate: Buffer.from(certificateElement.data),
    manifestMessage: Buffer.from(manifestElement.data),
    manifest,
    payload: Buffer.from(image.data),
    payloadAt: image.offset + ELEMENT_HEAD,
    elements,
  };
}

/** The elements that every package begins with, and the sizes that a tag can have. */
const HEAD_ORDER = [PackageTag.ReleaseKey, PackageTag.Manifest, PackageTag.Image] as const;
const SIZES: Record<number, { minimum: number; maximum: number }> = {
  [PackageTag.ReleaseKey]: { minimum: 1, maximum: CERTIFICATE_MAX },
  [PackageTag.Manifest]: { minimum: 1, maximum: MANIFEST_MAX },
  [PackageTag.Integrity]: { minimum: 16, maximum: 16 },
  [PackageTag.Signature1]: { minimum: 50, maximum: 50 },
  [PackageTag.Certificate1]: { minimum: 48, maximum: 48 },
  [PackageTag.Signature2]: { minimum: 80, maximum: 80 },
  [PackageTag.Certificate2]: { minimum: 74, maximum: 74 },
};
const isKnown = (tag: number): boolean => tag === PackageTag.Image || tag in SIZES;

function checkOrder(elements: Package["elements"], fileSize: number): void {
  const seen: number[] = [];
  for (const { tag, data, offset } of elements) {
    const fail = (rule: string, reason: number): never => {
      throw new ImageError(offset, `element ${tagText(tag)} ${rule}`, reason);
    };
    if (tag >= TAG_OTHERS) continue; // read by nobody: they may stand where they want
    if (seen.includes(tag)) fail("is there twice", ImageReason.ElementTwice);
    if (!isKnown(tag)) fail("is unknown", ImageReason.ElementOrder);
    const place = HEAD_ORDER[seen.length];
    if (place !== undefined && tag !== place) {
      const early = tag === PackageTag.Image || tag === PackageTag.Manifest;
      const reason = early ? ImageReason.ElementMissing : ImageReason.ElementOrder;
      fail(`stands where ${tagText(place)} must be`, reason);
    }
    const size = SIZES[tag];
    if (size && (data.length < size.minimum || data.length > size.maximum))
      fail(
        `has ${data.length} octets, not ${size.minimum === size.maximum ? size.minimum : `1 to ${size.maximum}`}`,
        ImageReason.ElementLength,
      );
    checkSignaturePlace(tag, seen, fail);
    seen.push(tag);
  }
  const missing = HEAD_ORDER[seen.length];
  if (missing !== undefined) throw new ImageError(fileSize, `element ${tagText(missing)} is missing`, ImageReason.ElementMissing);
}

/** Integrity code, certificate, signature; otaRead has seen to it that there is one suite and that its signature is last. */
function checkSignaturePlace(tag: number, seen: readonly number[], fail: (rule: string, reason: number) => never): void {
  const certified = seen.includes(PackageTag.Certificate1) || seen.includes(PackageTag.Certificate2);
  if (tag === PackageTag.Integrity && certified) fail("follows a profile certificate", ImageReason.ElementOrder);
}

/** Offsets in the header. */
const DIFFERS_AT: Record<number, number> = { [ImageReason.Manufacturer]: 10, [ImageReason.ImageType]: 12, [ImageReason.Destination]: 56 };

/** The header is for servers that cannot read the manifest; a device believes the manifest, so they must say the same. */
function checkAgreement(header: OtaHeader, manifest: Manifest, image: OtaElementAt): void {
  const fail = (offset: number, rule: string, reason: number): never => {
    throw new ImageError(offset, rule, reason);
  };
  if (header.fileVersion !== manifest.version)
    fail(14, `the header's file version is ${header.fileVersion}, the manifest's ${manifest.version}`, ImageReason.FileVersion);
  if (header.stackVersion !== manifest.phase)
    fail(18, `the header's stack version is ${header.stackVersion}, the manifest's phase ${manifest.phase}`, ImageReason.StackVersion);
  const { hardware } = header;
  if (hardware?.minimum !== manifest.hardware.minimum || hardware?.maximum !== manifest.hardware.maximum)
    fail(8, "the header's hardware versions are not the manifest's", ImageReason.Hardware);
  const differs = destinationAgrees(manifest, header);
  if (differs !== ImageReason.None) fail(DIFFERS_AT[differs], "the header's destination is not the one that is signed", differs);
  if (manifest.encoding > Encoding.Delta) fail(image.offset, `encoding ${manifest.encoding} is unknown`, ImageReason.Encoding);
  if (manifest.encoding === Encoding.Plain && manifest.payloadSize !== manifest.imageSize)
    fail(image.offset, "a plain payload has another size than the image", ImageReason.Size);
  if (manifest.payloadSize === 0) fail(image.offset, "the payload is empty", ImageReason.Size);
  if (manifest.imageSize === 0 || manifest.imageSize > IMAGE_MAX)
    fail(image.offset, `an image of ${manifest.imageSize} octets is not from 1 to ${IMAGE_MAX}`, ImageReason.Size);
  if (image.data.length !== manifest.payloadSize)
    fail(
      image.offset,
      `the image element has ${image.data.length} octets, the manifest says ${manifest.payloadSize}`,
      ImageReason.ElementLength,
    );
  if (!sha256(image.data).equals(manifest.payloadDigest))
    fail(image.offset, "the image element's SHA-256 is not the manifest's payload-digest", ImageReason.PayloadDigest);
}

/** Why a device refuses the package, in the order in which the octets tell it; `ImageReason.None` when it does not. */
export function packageFits(p: Package, board: Identity, stored: Stored): number {
  const { header, manifest: m } = p;
  const headerReason = headerFits(header, board, stored);
  if (headerReason !== ImageReason.None) return headerReason;
  if (p.releaseKey.epoch < stored.epoch) return ImageReason.Revoked;
  const boardReason = manifestFits(m, board, stored.address);
  if (boardReason !== ImageReason.None) return boardReason;
  if (m.counter < stored.counter) return ImageReason.Counter;
  if (m.version <= stored.running) return ImageReason.Version;
  if (stored.capacity !== undefined && m.imageSize > stored.capacity) return ImageReason.Size;
  if (m.base && stored.base && !m.base.equals(stored.base)) return ImageReason.Base;
  return ImageReason.None;
}

function headerFits(header: OtaHeader, board: Identity, stored: Stored): number {
  const { destination, hardware } = header;
  if (header.manufacturer !== board.manufacturer) return ImageReason.Manufacturer;
  if (header.imageType !== board.type) return ImageReason.ImageType;
  // A device that does not know its own address takes no file that is for one device.
  if (destination !== undefined && destination !== stored.address) return ImageReason.Destination;
  if (hardware && (board.hardware < hardware.minimum || board.hardware > hardware.maximum)) return ImageReason.Hardware;
  return ImageReason.None;
}

/** The module that the package makes; a delta needs the module it is against. */
export function packageImage(p: Package, base?: Uint8Array): Buffer {
  const { manifest } = p;
  if (manifest.base && !(base && sha256(base).equals(manifest.base))) {
    const words = base ? "the delta is against another module" : "the package is a delta, and its base is not given";
    throw new ImageError(p.payloadAt, words, ImageReason.Base);
  }
  const image = decode(manifest.encoding, p.payload, manifest.imageSize, base ? Buffer.from(base) : undefined);
  if (image.length !== manifest.imageSize || !sha256(image).equals(manifest.imageDigest))
    throw new ImageError(p.payloadAt, "the decoded module's SHA-256 is not the manifest's image-digest", ImageReason.ImageDigest);
  return image;
}
