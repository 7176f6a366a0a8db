// Every way in which a package can be wrong, and the reason that belongs to it: a table for the host's reader and the boards'.

import { ABI_VERSION, ImageReason, Role } from "../../host/abi.ts";
import { es256Signer } from "../../host/image/cose.ts";
import { certify, developmentRelease, developmentRoot, keyPair } from "../../host/image/keys.ts";
import { manifestWrite } from "../../host/image/manifest.ts";
import { PackageTag, packageOpen } from "../../host/image/package.ts";
import {
  CERTIFICATE,
  type ManifestMap,
  ownSign1,
  poke,
  smallPackage,
  withElements,
  withHeader,
  withManifest,
  withMessage,
} from "./packages.ts";

export interface Case {
  name: string;
  file: () => Buffer;
  reason: number;
}

export const OTHER_KEY = keyPair(Buffer.alloc(32, 0x42));
const OTHER_UUID = Buffer.alloc(16, 0x11);
const { Image, Integrity, ReleaseKey } = PackageTag;

const set =
  (key: number, value: unknown) =>
  (map: ManifestMap): void => {
    map.set(key, value);
  };
const field = (name: string, key: number, value: unknown, reason: number): Case => ({
  name,
  file: () => withManifest(set(key, value)),
  reason,
});

const payloadOf = (): Buffer => manifestWrite(packageOpen(smallPackage()).manifest);
const message = (name: string, make: () => Buffer): Case => ({ name, file: () => withMessage(make()), reason: ImageReason.Manifest });
const own = (parts: Parameters<typeof ownSign1>[2], tag?: number): Buffer => ownSign1(payloadOf(), developmentRelease().scalar, parts, tag);

/** The order is the field's number; every field of the manifest is there. */
const FIELDS: Case[] = [
  field("manifest-version 2", 1, 2, ImageReason.Manifest),
  field("a counter below the stored one", 2, 4, ImageReason.Counter),
  field("another vendor", 3, OTHER_UUID, ImageReason.Vendor),
  field("another class", 4, OTHER_UUID, ImageReason.Class),
  field("another role", 5, Role.Meter, ImageReason.Role),
  field("another version than the header", 7, 0x0102_0004, ImageReason.FileVersion),
  field("another phase than the header", 6, 3, ImageReason.StackVersion),
  field("other hardware than the header", 8, [1, 2], ImageReason.Hardware),
  field("an image of no octets", 9, 0, ImageReason.Size),
  field("a plain payload smaller than its image", 9, 3009, ImageReason.Size),
  field("an image digest of another algorithm", 10, [-44, Buffer.alloc(32)], ImageReason.Manifest),
  field("a payload size other than the element's", 11, 3009, ImageReason.Size),
  field("a payload digest of 31 octets", 12, [-16, Buffer.alloc(31)], ImageReason.Manifest),
  field("an encoding that nobody knows", 13, 3, ImageReason.Encoding),
  field("a delta without its base", 13, 2, ImageReason.Manifest),
  field("a base without a delta", 14, Buffer.alloc(32), ImageReason.Manifest),
  field("a host ABI that begins later", 15, [ABI_VERSION + 1, ABI_VERSION + 2], ImageReason.HostAbi),
  field("a host ABI that ends earlier", 15, [1, ABI_VERSION - 1], ImageReason.HostAbi),
  field("a range that ends before it begins", 15, [ABI_VERSION, ABI_VERSION - 1], ImageReason.Manifest),
  field("more memory than the board gives", 16, 65_537, ImageReason.Memory),
  field("newer native firmware", 17, 0x0001_0001, ImageReason.Native),
  field("a time that is no number", 18, "now", ImageReason.Manifest),
  field("another key than the certificate's", 19, Buffer.alloc(8), ImageReason.KeyId),
  field("an SBOM digest of 33 octets", 20, Buffer.alloc(33), ImageReason.Manifest),
  field("a destination that is no list", 21, 0, ImageReason.Manifest),
  field("a destination without an image type", 21, [0xfff1], ImageReason.Manifest),
  field("an address of seven octets", 21, [0xfff1, 3, Buffer.alloc(7)], ImageReason.Manifest),
  field("an address behind an address", 21, [0xfff1, 3, Buffer.alloc(8), 0], ImageReason.Manifest),
  field("another manufacturer than the header", 21, [0x1234, 3], ImageReason.Manufacturer),
  field("another image type than the header", 21, [0xfff1, 2], ImageReason.ImageType),
  field("a device that the header does not name", 21, [0xfff1, 3, Buffer.alloc(8, 1)], ImageReason.Destination),
  field("a key that nobody knows", 22, 0, ImageReason.Manifest),
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 16, 17, 19, 20].map((key) => ({
    name: `no field ${key}`,
    file: () => withManifest((map) => map.delete(key)),
    reason: ImageReason.Manifest,
  })),
];

const COSE: Case[] = [
  message("a manifest without its tag", () => own({}).subarray(1)),
  message("a manifest with another tag", () => own({}, 17)),
  message("a manifest of another algorithm", () => own({ 0: Buffer.from("a1013822", "hex") })),
  message("an unprotected header", () => own({ 1: new Map([[4, Buffer.alloc(8)]]) })),
  message("a detached payload", () => own({ 2: null })),
  message("a signature of 63 octets", () => own({ 3: Buffer.alloc(63) })),
  message("an octet behind the manifest", () => Buffer.concat([own({}), Buffer.of(0)])),
  message("a manifest that is no map", () => ownSign1(Buffer.from("80", "hex"), developmentRelease().scalar)),
  message("a map with a long head", () =>
    ownSign1(Buffer.concat([Buffer.of(0xb8, 19), payloadOf().subarray(1)]), developmentRelease().scalar),
  ),
  message("an indefinite map", () =>
    ownSign1(Buffer.concat([Buffer.of(0xbf), payloadOf().subarray(1), Buffer.of(0xff)]), developmentRelease().scalar),
  ),
  message("a map with one key twice", () =>
    ownSign1(Buffer.concat([Buffer.of(0xb4, 1, 1), payloadOf().subarray(1)]), developmentRelease().scalar),
  ),
  {
    name: "a manifest signed by another key",
    file: () => withManifest(() => undefined, OTHER_KEY.scalar),
    reason: ImageReason.ManifestSignature,
  },
  { name: "a signature of zeros", file: () => withMessage(own({ 3: Buffer.alloc(64) })), reason: ImageReason.ManifestSignature },
];

const certificate = (name: string, reason: number, make: () => Buffer): Case => ({
  name,
  file: () => withElements((elements) => elements.map((each) => (each.tag === ReleaseKey ? { ...each, data: make() } : each))),
  reason,
});
const rootSigner = es256Signer(developmentRoot().scalar);
const KEYS: Case[] = [
  certificate("a certificate by another root", ImageReason.RootSignature, () =>
    certify(es256Signer(OTHER_KEY.scalar), developmentRelease().point, 1),
  ),
  certificate("a certificate of a lower epoch", ImageReason.Revoked, () => certify(rootSigner, developmentRelease().point, 0)),
  certificate("another key's certificate", ImageReason.KeyId, () => certify(rootSigner, OTHER_KEY.point, 1)),
  certificate("a certificate cut short", ImageReason.ReleaseKey, () => CERTIFICATE.subarray(0, -1)),
  certificate("a certificate that is the manifest", ImageReason.ReleaseKey, () =>
    packageOpen(smallPackage()).manifestMessage.subarray(0, 256),
  ),
];

const HEADER: Case[] = [
  { name: "another identifier", file: () => poke((file) => file.writeUInt8(0x1f, 0)), reason: ImageReason.Identifier },
  { name: "another header version", file: () => poke((file) => file.writeUInt16LE(0x0101, 4)), reason: ImageReason.HeaderVersion },
  { name: "another header length", file: () => poke((file) => file.writeUInt16LE(61, 6)), reason: ImageReason.HeaderLength },
  { name: "an unknown control bit", file: () => poke((file) => file.writeUInt16LE(12, 8)), reason: ImageReason.HeaderLength },
  { name: "another manufacturer", file: () => withHeader({ manufacturer: 0x1234 }), reason: ImageReason.Manufacturer },
  { name: "another image type", file: () => withHeader({ imageType: 2 }), reason: ImageReason.ImageType },
  { name: "another device", file: () => withHeader({ destination: 0x1122n }), reason: ImageReason.Destination },
  {
    name: "a package for one device, given to another",
    file: () => withHeader({ destination: 0x1122n }, smallPackage({ destination: 0x1123n })),
    reason: ImageReason.Destination,
  },
  {
    name: "a package for one device, given to all",
    file: () => withHeader({ destination: undefined }, smallPackage({ destination: 0x1123n })),
    reason: ImageReason.Destination,
  },
  { name: "hardware above the range", file: () => smallPackage({ hardware: { minimum: 0, maximum: 0 } }), reason: ImageReason.Hardware },
  { name: "hardware below the range", file: () => smallPackage({ hardware: { minimum: 2, maximum: 9 } }), reason: ImageReason.Hardware },
  { name: "no hardware range", file: () => withHeader({ hardware: undefined }), reason: ImageReason.Hardware },
  { name: "a phase that the board cannot run", file: () => smallPackage({ phase: 4 }), reason: ImageReason.Phase },
  { name: "the running version", file: () => smallPackage({ version: 0x0102_0002 }), reason: ImageReason.Version },
];

const other = (tag: number, size = 16): { tag: number; data: Buffer } => ({ tag, data: Buffer.alloc(size, 0xa5) });
const ELEMENTS: Case[] = [
  { name: "no release key", file: () => withElements((all) => all.slice(1)), reason: ImageReason.ElementMissing },
  { name: "no manifest", file: () => withElements(([key, , image]) => [key, image]), reason: ImageReason.ElementMissing },
  {
    name: "the manifest before its key",
    file: () => withElements(([key, manifest, image]) => [manifest, key, image]),
    reason: ImageReason.ElementMissing,
  },
  { name: "no image", file: () => withElements((all) => all.slice(0, 2)), reason: ImageReason.ElementMissing },
  { name: "two release keys", file: () => withElements(([key, ...rest]) => [key, key, ...rest]), reason: ImageReason.ElementTwice },
  {
    name: "two manifests",
    file: () => withElements(([key, manifest, image]) => [key, manifest, image, manifest]),
    reason: ImageReason.ElementTwice,
  },
  { name: "two images", file: () => withElements((all) => [...all, all[2]]), reason: ImageReason.ElementTwice },
  { name: "a picture", file: () => withElements((all) => [...all, other(0x0004)]), reason: ImageReason.ElementOrder },
  {
    name: "an integrity code before the image",
    file: () => withElements(([key, manifest, image]) => [key, manifest, other(Integrity), image]),
    reason: ImageReason.ElementOrder,
  },
  {
    name: "an integrity code behind a certificate",
    file: () => withElements((all) => [...all, other(2, 48), other(Integrity), other(1, 50)]),
    reason: ImageReason.ElementOrder,
  },
  {
    name: "an integrity code of 15 octets",
    file: () => withElements((all) => [...all, other(Integrity, 15)]),
    reason: ImageReason.ElementLength,
  },
  { name: "a manifest of 641 octets", file: () => withMessage(Buffer.alloc(641)), reason: ImageReason.ElementLength },
  { name: "a release key of 257 octets", file: () => withMessage(Buffer.alloc(10), Buffer.alloc(257)), reason: ImageReason.ElementLength },
  {
    name: "an image of another size",
    file: () => withElements((all) => all.map((each) => (each.tag === Image ? other(Image, 3009) : each))),
    reason: ImageReason.ElementLength,
  },
  {
    name: "a profile signature without certificate",
    file: () => withElements((all) => [...all, other(1, 50)]),
    reason: ImageReason.Signatures,
  },
  {
    name: "a profile certificate without signature",
    file: () => withElements((all) => [...all, other(2, 48)]),
    reason: ImageReason.Signatures,
  },
  {
    name: "two profile signatures",
    file: () => withElements((all) => [...all, other(2, 48), other(6, 74), other(1, 50)]),
    reason: ImageReason.Signatures,
  },
  {
    name: "an element behind the profile signature",
    file: () => withElements((all) => [...all, other(2, 48), other(1, 50), other(0xf002)]),
    reason: ImageReason.Signatures,
  },
  {
    name: "an element that leaves the file",
    file: () => poke((file) => file.writeUInt32LE(0xffff_ffff, 62)),
    reason: ImageReason.ElementLength,
  },
];

export const CASES: Case[] = [...HEADER, ...ELEMENTS, ...KEYS, ...COSE, ...FIELDS];
