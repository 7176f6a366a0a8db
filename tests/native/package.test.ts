// boards/common/package.c as a stream: what it takes, what it refuses and why, however the octets are cut.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ABI_VERSION, ImageReason } from "../../host/abi.ts";
import { native, type PackageTaken, type PackageTakeOptions } from "../../host/native/addon.ts";
import {
  BOARD,
  type Change,
  type Element,
  elementOctets,
  headerOctets,
  keyId,
  OTHER_KEY,
  RELEASE_KEY,
  sha256,
  sign1,
  standard,
  takeOptions,
} from "./package_builder.ts";

const Part = { Head: 0, Payload: 1, Tail: 2, Done: 3 } as const;
type Options = Partial<PackageTakeOptions>;

/** The whole file in chunks of one size, 0 for one chunk. */
function chunks(octets: Buffer, size: number): Buffer[] {
  if (size === 0) return [octets];
  return Array.from({ length: Math.ceil(octets.length / size) }, (_, index) => octets.subarray(index * size, (index + 1) * size));
}

const take = (octets: Buffer, size: number, options: Options = {}): PackageTaken =>
  native().packageTake(takeOptions(octets, options), chunks(octets, size));

/** How it ends: the refusal, or what the end says. */
const outcome = ({ reason, end }: PackageTaken): number => reason || end;

const nameOf = (reason: number): string => Object.entries(ImageReason).find(([, value]) => value === reason)?.[0] ?? `${reason}`;

function refused(octets: Buffer, reason: number, options: Options = {}): void {
  for (const size of [0, 1, 7, 64, 233]) {
    const taken = take(octets, size, options);
    assert.equal(nameOf(outcome(taken)), nameOf(reason), `chunks of ${size}`);
  }
}

const element = (tag: number, size: number): Element => ({ tag, data: Buffer.alloc(size, tag & 0xff) });
const INTEGRITY = element(3, 16);
const CERTIFICATE1 = element(2, 48);
const SIGNATURE1 = element(1, 50);
const CERTIFICATE2 = element(6, 74);
const SIGNATURE2 = element(5, 80);
const OTHERS = element(0xf002, 30);
const with_ = (...more: Element[]): Change => ({ elements: (elements) => [...elements, ...more] });

const US = Buffer.alloc(8, 0x22);
const THEM = Buffer.alloc(8, 0x12);
const KIND = [BOARD.manufacturer, BOARD.type] as const;
/** What the manifest says of the destination. */
const signs =
  (...parts: unknown[]): Change["manifest"] =>
  (map) =>
    map.set(21, parts);
const forUs: Change["header"] = { control: 6, destination: US };

const GOOD: [string, Change, Options?][] = [
  ["three elements", {}],
  ["an integrity code", with_(INTEGRITY)],
  ["the suite 1 signature", with_(CERTIFICATE1, SIGNATURE1)],
  ["an integrity code and the suite 2 signature", with_(INTEGRITY, CERTIFICATE2, SIGNATURE2)],
  [
    "elements for others everywhere",
    { elements: ([a, b, c]) => [OTHERS, a, OTHERS, b, element(0xffff, 0), c, OTHERS, CERTIFICATE1, OTHERS, SIGNATURE1] },
  ],
  ["a credential version", { header: { control: 5 } }],
  ["our address", { header: { control: 7, destination: US }, manifest: signs(...KIND, US) }, { destination: US }],
  ["our kind", { manifest: signs(...KIND) }],
  ["the counter that is stored", {}, { counter: 7, epoch: 3, running: 0x01020002 }],
  ["hardware at both limits of its range", { header: { hardware: [0x0102, 0x0102] }, manifest: (map) => map.set(8, [0x0102, 0x0102]) }],
  ["the host ABI as narrow as it can be", { manifest: (map) => map.set(15, [ABI_VERSION, ABI_VERSION]) }],
  ["memory and native version exactly as the board's", { manifest: (map) => map.set(16, 65536).set(17, 0x00010002) }],
  ["a time before which it must not run", { content: { notBefore: 0xffffffff } }],
];

for (const [name, change, options] of GOOD) {
  test(`a package with ${name} is taken, whatever the cuts`, () => {
    const octets = standard(change);
    for (const size of [0, 1, 2, 3, 5, 6, 7, 55, 56, 57, 64, 100, 300]) {
      const taken = take(octets, size, options);
      assert.equal(nameOf(outcome(taken)), "None", `chunks of ${size}`);
      assert.equal(taken.part, Part.Done);
      assert.equal(taken.offset, octets.length);
      assert.deepEqual(taken.payload, Buffer.alloc(300, "an image"));
      assert.deepEqual(octets.subarray(taken.payloadAt, taken.payloadAt + 300), taken.payload);
    }
  });
}

test("what the envelope says is what the board reads", () => {
  const { key, manifest } = take(standard({ content: { notBefore: 123, base: Buffer.from("base"), encoding: 2 } }), 0);
  assert.deepEqual(key, { id: keyId(RELEASE_KEY.point), epoch: 3, point: RELEASE_KEY.point });
  const image = Buffer.alloc(300, "an image");
  assert.deepEqual(manifest, {
    counter: 7,
    role: 3,
    phase: 2,
    encoding: 2,
    version: 0x01020003,
    hardwareMinimum: 0x0101,
    hardwareMaximum: 0x0103,
    imageSize: 300,
    payloadSize: 300,
    abiMinimum: 0x00020000,
    abiMaximum: 0x0002ffff,
    memory: 40000,
    nativeMinimum: 0x00010000,
    notBefore: 123,
    vendor: BOARD.vendor,
    classId: BOARD.classId,
    imageDigest: sha256(image),
    payloadDigest: sha256(image),
    baseDigest: sha256(Buffer.from("base")),
    keyId: keyId(RELEASE_KEY.point),
  });
});

/** Each would be taken but for one check. */
const BAD: [string, number, Change, Options?][] = [
  ["another identifier", ImageReason.Identifier, { header: { identifier: 0x0beef11f } }],
  ["header version 0x0101", ImageReason.HeaderVersion, { header: { headerVersion: 0x0101 } }],
  ["a header length one too large", ImageReason.HeaderLength, { header: { headerLength: 61 } }],
  ["a header length one too small", ImageReason.HeaderLength, { header: { headerLength: 59 } }],
  ["an unknown control bit", ImageReason.HeaderLength, { header: { control: 12 } }],
  ["a manufacturer that was not announced", ImageReason.Manufacturer, {}, { manufacturer: 0xfff2 }],
  ["the announced manufacturer, not the board's", ImageReason.Manufacturer, {}, { board: { ...BOARD, manufacturer: 1 } }],
  ["an image type that was not announced", ImageReason.ImageType, {}, { type: 2 }],
  ["the announced type, not the board's", ImageReason.ImageType, {}, { board: { ...BOARD, type: 2 } }],
  ["a version that was not announced", ImageReason.FileVersion, {}, { version: 0x01020004 }],
  ["another version in its manifest", ImageReason.FileVersion, { manifest: (map) => map.set(7, 0x01020004) }],
  ["another stack version in its manifest", ImageReason.StackVersion, { header: { stack: 3 } }],
  ["a total size that was not announced", ImageReason.TotalSize, { header: { total: 900 } }],
  ["another device's address", ImageReason.Destination, { header: { control: 6 } }, { destination: Buffer.alloc(8, 0x12) }],
  ["an address, for a device that knows none", ImageReason.Destination, { header: { control: 6 } }],
  ["address 0, for a device that knows none", ImageReason.Destination, { header: { control: 6, destination: Buffer.alloc(8) } }],
  ["our address in its header, which nobody signed", ImageReason.Destination, { header: forUs }, { destination: US }],
  ["our address in its header, a kind signed", ImageReason.Destination, { header: forUs, manifest: signs(...KIND) }, { destination: US }],
  [
    "our address in its header, another device's signed",
    ImageReason.Destination,
    { header: forUs, manifest: signs(...KIND, THEM) },
    { destination: US },
  ],
  [
    "no address in its header, another device's signed",
    ImageReason.Destination,
    { manifest: signs(...KIND, THEM) },
    { destination: US, running: 0 },
  ],
  ["no address in its header, ours signed", ImageReason.Destination, { manifest: signs(...KIND, US) }, { destination: US }],
  [
    "address 0 in header and manifest, for a device that knows none",
    ImageReason.Destination,
    { header: { control: 6, destination: Buffer.alloc(8) }, manifest: signs(...KIND, Buffer.alloc(8)) },
  ],
  [
    "another device's address, well signed",
    ImageReason.Destination,
    { header: { control: 6, destination: THEM }, manifest: signs(...KIND, THEM) },
    { destination: US },
  ],
  ["another manufacturer signed than its header says", ImageReason.Manufacturer, { manifest: signs(0xfff2, BOARD.type) }],
  ["another image type signed than its header says", ImageReason.ImageType, { manifest: signs(BOARD.manufacturer, 2) }],
  ["no hardware in its header", ImageReason.Hardware, { header: { control: 0 } }],
  ["another minimum of hardware in its header", ImageReason.Hardware, { header: { hardware: [0x0100, 0x0103] } }],
  ["another maximum of hardware in its header", ImageReason.Hardware, { header: { hardware: [0x0101, 0x0104] } }],
  ["older hardware at most", ImageReason.Hardware, {}, { board: { ...BOARD, hardware: 0x0104 } }],
  ["newer hardware at least", ImageReason.Hardware, {}, { board: { ...BOARD, hardware: 0x0100 } }],
  ["an unknown element below 0xF000", ImageReason.ElementOrder, with_(element(0xefff, 4))],
  ["a picture", ImageReason.ElementOrder, with_(element(4, 4))],
  ["an integrity code before the image", ImageReason.ElementOrder, { elements: ([a, b, c]) => [a, b, INTEGRITY, c] }],
  ["a certificate before the image", ImageReason.ElementOrder, { elements: ([a, b, c]) => [a, b, CERTIFICATE1, c] }],
  ["a signature before the image", ImageReason.ElementOrder, { elements: ([a, b, c]) => [a, b, SIGNATURE2, c] }],
  ["an integrity code behind the certificate", ImageReason.ElementOrder, with_(CERTIFICATE1, INTEGRITY, SIGNATURE1)],
  ["an element that leaves the file", ImageReason.ElementLength, with_({ ...OTHERS, size: 31 })],
  ["an element of 0xffffffff octets", ImageReason.ElementLength, with_({ ...OTHERS, size: 0xffffffff })],
  ["an image of 0xffffffff octets", ImageReason.ElementLength, { elements: ([a, b, c]) => [a, b, { ...c, size: 0xffffffff }] }],
  ["a certificate of 257 octets", ImageReason.ElementLength, { elements: ([_, b, c]) => [element(0xf001, 257), b, c] }],
  ["a manifest of 641 octets", ImageReason.ElementLength, { elements: ([a, _, c]) => [a, element(0xf000, 641), c] }],
  ["an image larger than its manifest says", ImageReason.ElementLength, { elements: ([a, b, c]) => [a, b, element(c.tag, 301)] }],
  ["an image smaller than its manifest says", ImageReason.ElementLength, { elements: ([a, b, c]) => [a, b, element(c.tag, 299)] }],
  ...[INTEGRITY, CERTIFICATE1, CERTIFICATE2].flatMap(({ tag, data }): [string, number, Change][] => [
    [`element ${tag} one octet longer`, ImageReason.ElementLength, with_(element(tag, data.length + 1))],
    [`element ${tag} one octet shorter`, ImageReason.ElementLength, with_(element(tag, data.length - 1))],
  ]),
  ["a suite 1 signature of 49 octets", ImageReason.ElementLength, with_(CERTIFICATE1, element(1, 49))],
  ["a suite 2 signature of 81 octets", ImageReason.ElementLength, with_(CERTIFICATE2, element(5, 81))],
  ["no release key", ImageReason.ElementMissing, { elements: ([_, b, c]) => [b, c] }],
  ["no manifest", ImageReason.ElementMissing, { elements: ([a, _, c]) => [a, c] }],
  ["no image", ImageReason.ElementMissing, { elements: ([a, b]) => [a, b] }],
  ["no element", ImageReason.ElementMissing, { elements: () => [] }],
  ["two release keys", ImageReason.ElementTwice, { elements: ([a, b, c]) => [a, a, b, c] }],
  ["two manifests", ImageReason.ElementTwice, { elements: ([a, b, c]) => [a, b, b, c] }],
  ["a release key behind the manifest as well", ImageReason.ElementTwice, { elements: ([a, b, c]) => [a, b, a, c] }],
  ["two images", ImageReason.ElementTwice, { elements: ([a, b, c]) => [a, b, c, c] }],
  ["two integrity codes", ImageReason.ElementTwice, with_(INTEGRITY, INTEGRITY)],
  ["two certificates of suite 1", ImageReason.ElementTwice, with_(CERTIFICATE1, CERTIFICATE1, SIGNATURE1)],
  ["a signature without its certificate", ImageReason.Signatures, with_(SIGNATURE1)],
  ["a suite 2 signature without its certificate", ImageReason.Signatures, with_(SIGNATURE2)],
  ["a signature with the other suite's certificate", ImageReason.Signatures, with_(CERTIFICATE2, SIGNATURE1)],
  ["a suite 2 signature with the other suite's certificate", ImageReason.Signatures, with_(CERTIFICATE1, SIGNATURE2)],
  ["certificates of both suites", ImageReason.Signatures, with_(CERTIFICATE1, CERTIFICATE2, SIGNATURE2)],
  ["a certificate without its signature", ImageReason.Signatures, with_(CERTIFICATE2)],
  ["a signature that is not last", ImageReason.Signatures, with_(CERTIFICATE1, SIGNATURE1, OTHERS)],
  ["two signatures", ImageReason.Signatures, with_(CERTIFICATE1, SIGNATURE1, SIGNATURE1)],
  ["a certificate of another key id", ImageReason.ReleaseKey, { certificate: (map) => map.set(2, Buffer.alloc(8)) }],
  ["an empty certificate", ImageReason.ReleaseKey, { elements: ([_, b, c]) => [element(0xf001, 0), b, c] }],
  ["a certificate that another root signed", ImageReason.RootSignature, { rootKey: OTHER_KEY }],
  ["a release key of an epoch that is over", ImageReason.Revoked, { certificate: (map) => map.set(3, 2) }],
  ["another key's certificate", ImageReason.KeyId, { certified: OTHER_KEY }],
  ["an empty manifest", ImageReason.Manifest, { elements: ([a, _, c]) => [a, element(0xf000, 0), c] }],
  [
    "a manifest that another key signed",
    ImageReason.ManifestSignature,
    { elements: ([a, b, c]) => [a, { ...b, data: signedAgain(b.data) }, c] },
  ],
  ["another vendor", ImageReason.Vendor, { manifest: (map) => map.set(3, Buffer.alloc(16)) }],
  ["another class", ImageReason.Class, { manifest: (map) => map.set(4, Buffer.alloc(16)) }],
  ["another role", ImageReason.Role, { manifest: (map) => map.set(5, 2) }],
  ["a phase that the board cannot run", ImageReason.Phase, { header: { stack: 3 }, manifest: (map) => map.set(6, 3) }],
  ["a phase beyond all", ImageReason.Phase, { header: { stack: 34 }, manifest: (map) => map.set(6, 34) }],
  ["a newer host ABI", ImageReason.HostAbi, { manifest: (map) => map.set(15, [ABI_VERSION + 1, 0x0002ffff]) }],
  ["an older host ABI", ImageReason.HostAbi, { manifest: (map) => map.set(15, [0x00010000, 0x0001ffff]) }],
  ["more memory", ImageReason.Memory, { manifest: (map) => map.set(16, 65537) }],
  ["newer native firmware", ImageReason.Native, { manifest: (map) => map.set(17, 0x00010003) }],
  ["a counter below the stored one", ImageReason.Counter, { content: { counter: 6 } }],
  ["the running version", ImageReason.Version, {}, { running: 0x01020003 }],
  ["an older version", ImageReason.Version, {}, { running: 0x02000000 }],
  ["a plain payload of another size than its image", ImageReason.Size, { manifest: (map) => map.set(9, 301) }],
  ["an image of no octets", ImageReason.Size, { content: { image: Buffer.alloc(0), payload: Buffer.alloc(5), encoding: 1 } }],
  ["a payload of no octets", ImageReason.Size, { content: { payload: Buffer.alloc(0), encoding: 1 } }],
  ["an unknown encoding", ImageReason.Encoding, { content: { encoding: 3 } }],
];

/** For somebody else, and header and manifest agree on it. */
const WELL_SIGNED = ["another device's address, well signed", "address 0 in header and manifest, for a device that knows none"];

/** The same COSE message with nobody's signature. */
function signedAgain(message: Uint8Array): Buffer {
  const octets = Buffer.from(message);
  const payload = octets.subarray(9, octets.length - 66); // d2 84 43a10126 a0 58xx payload 5840 signature
  assert.deepEqual(sign1(payload, RELEASE_KEY).subarray(0, octets.length - 64), octets.subarray(0, -64));
  return sign1(payload, OTHER_KEY);
}

for (const [name, reason, change, options] of BAD) {
  test(`a package with ${name} is refused: ${nameOf(reason)}`, () => refused(standard(change), reason, options));
}

test("nothing of the image is given on before the head has been checked", () => {
  const early = [
    ImageReason.ElementTwice,
    ImageReason.ElementOrder,
    ImageReason.Signatures,
    ImageReason.ElementLength,
    ImageReason.ElementMissing,
  ];
  for (const [name, reason, change, options] of BAD) {
    const taken = take(standard(change), 1, options);
    const late = (early as number[]).includes(reason) && taken.payloadAt > 0;
    if (!late) assert.equal(taken.payload.length, 0, name);
    if (!late) assert.equal(taken.part, Part.Head, name);
  }
});

test("a hub's library takes what is for another board, and nothing else", () => {
  const concernsBoard: number[] = [
    ImageReason.Vendor,
    ImageReason.Class,
    ImageReason.Role,
    ImageReason.Phase,
    ImageReason.HostAbi,
    ImageReason.Memory,
    ImageReason.Native,
    ImageReason.Counter,
    ImageReason.Version,
  ];
  const anyone: Options = { board: undefined, root: BOARD.root };
  for (const [name, reason, change, options] of BAD) {
    const octets = standard(change);
    const boards = options?.board !== undefined || concernsBoard.includes(reason) || WELL_SIGNED.includes(name);
    const taken = take(octets, 0, { ...options, ...anyone });
    assert.equal(nameOf(outcome(taken)), boards ? "None" : nameOf(reason), name);
  }
});

const SIGNED = standard(with_(INTEGRITY, CERTIFICATE1, SIGNATURE1));

/** Where the elements of a file begin and end. */
function boundaries(octets: Buffer): number[] {
  const found = [4, 56, 60];
  for (let at = 60; at < octets.length; at += 6 + octets.readUInt32LE(at + 2)) found.push(at + 6, at + 6 + octets.readUInt32LE(at + 2));
  return found;
}

test("a file that stops in its head, or around any element's boundary, is truncated", () => {
  const bounds = boundaries(SIGNED);
  const payloadAt = bounds[7];
  const around = bounds.flatMap((at) => [at - 1, at, at + 1]);
  for (const size of [...Array(payloadAt + 1).keys(), ...around]) {
    if (size >= SIGNED.length) continue;
    for (const cut of [0, 1, 31]) {
      const taken = native().packageTake(takeOptions(SIGNED), chunks(SIGNED.subarray(0, size), cut));
      assert.equal(nameOf(outcome(taken)), "Truncated", `${size} octets, chunks of ${cut}`);
      assert.equal(taken.offset, size);
    }
  }
});

test("a server that announces less than the file has is found out, at any size", () => {
  const expected = new Set(["TotalSize"]);
  for (let size = 0; size < SIGNED.length; size++) {
    const { reason } = take(SIGNED, size % 3 ? 0 : 50, { size });
    assert.ok(expected.has(nameOf(reason)), `${size}: ${nameOf(reason)}`);
  }
});

test("a header that says less than the file has is refused at every size, for the server may say the same", () => {
  const elements = SIGNED.subarray(60);
  for (let size = 1; size < SIGNED.length; size++) {
    const octets = Buffer.concat([headerOctets({ total: size }, 0), elements]);
    const reason = outcome(take(octets, size % 2 ? 0 : 37, { size }));
    assert.notEqual(nameOf(reason), "None", `${size}`);
  }
});

test("octets behind the file's end are not taken", () => {
  const octets = Buffer.concat([SIGNED, Buffer.from([0])]);
  for (const cut of [0, 1, 100]) {
    const taken = native().packageTake(takeOptions(SIGNED), chunks(octets, cut));
    assert.equal(nameOf(taken.reason), "TotalSize");
    assert.equal(taken.offset, SIGNED.length);
  }
});

test("in the payload, and only there, it goes on behind what the flash already holds", () => {
  const octets = standard(with_(INTEGRITY));
  const at = take(octets, 0).payloadAt;
  for (const skip of [1, 150, 299, 300]) {
    const rest = octets.subarray(at + skip);
    const taken = native().packageTake(takeOptions(octets), [octets.subarray(0, at), rest], skip);
    assert.equal(taken.skipped, true);
    assert.equal(nameOf(outcome(taken)), "None", `${skip}`);
    assert.equal(taken.payload.length, 300 - skip);
    assert.equal(taken.part, Part.Done);
  }
  const beyond = native().packageTake(takeOptions(octets), [octets.subarray(0, at)], 301);
  assert.equal(beyond.skipped, false);
  assert.equal(beyond.offset, at);
  const last = standard();
  const whole = native().packageTake(takeOptions(last), [last.subarray(0, last.length - 300)], 300);
  assert.equal(whole.part, Part.Done);
  assert.equal(whole.end, ImageReason.None);
});

test("a file with any bit of its head flipped is refused", () => {
  const octets = standard();
  const head = take(octets, 0).payloadAt;
  const text = [20, 52]; // the header string says nothing to a device
  for (let bit = 0; bit < head * 8; bit++) {
    const at = bit >> 3;
    if (at >= text[0] && at < text[1]) continue;
    if (at >= 66 && at < head - 6 && bit % 16 !== at % 16) continue; // certificate and manifest: manifest.test.ts flips them all
    const flipped = Buffer.from(octets);
    flipped[at] ^= 1 << (bit & 7);
    assert.notEqual(outcome(take(flipped, 0)), 0, `bit ${bit & 7} of octet ${at}`);
  }
});

test("the builder's element is six octets and its data", () => {
  assert.equal(elementOctets({ tag: 0xf002, data: Buffer.from([9]) }).toString("hex"), "02f00100000009");
});
