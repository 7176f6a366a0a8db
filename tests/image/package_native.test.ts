// The host's reader of packages and the boards' (boards/common/package.c): the same reason for every wrong package.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ImageReason, Role } from "../../host/abi.ts";
import { coseSign } from "../../host/image/cose.ts";
import { ImageError, reasonName } from "../../host/image/image_error.ts";
import { certificateOpen, developmentIdentity, developmentRelease, developmentRoot } from "../../host/image/keys.ts";
import { manifestRead, manifestWrite } from "../../host/image/manifest.ts";
import { packageOpen } from "../../host/image/package.ts";
import { native } from "../../host/native/index.ts";
import { CASES } from "./package_reasons.ts";
import { smallPackage } from "./packages.ts";

const board = developmentIdentity(Role.Ihd);
const STORED = { epoch: 1, counter: 5, running: 0x0102_0002 };

/** What a board says that was told of the file by a server which knows its header. */
function boardRefusal(file: Buffer): number {
  const options = {
    ...STORED,
    board,
    manufacturer: file.readUInt16LE(10),
    type: file.readUInt16LE(12),
    version: file.readUInt32LE(14),
    size: file.length,
  };
  const taken = native().packageTake(options, [file]);
  return taken.reason || taken.end;
}

for (const { name, file, reason } of CASES)
  test(`a board says of ${name}: ${reasonName(reason)}`, () => {
    assert.equal(reasonName(boardRefusal(file())), reasonName(reason));
  });

test("a board takes what the host writes, and reads the same manifest", () => {
  const file = smallPackage({ notBefore: 7, integrity: true });
  assert.equal(boardRefusal(file), ImageReason.None);
  const opened = packageOpen(file);
  const read = native().manifestRead(board.root, opened.certificate, opened.manifestMessage);
  assert.equal(read.keyReason, 0);
  assert.equal(read.manifestReason, 0);
  const { manifest: m } = opened;
  const { manifest: n } = read;
  assert.deepEqual(
    [n.counter, n.role, n.phase, n.version, n.imageSize, n.payloadSize, n.encoding, n.memory, n.nativeMinimum, n.notBefore],
    [m.counter, m.role, m.phase, m.version, m.imageSize, m.payloadSize, m.encoding, m.memory, m.nativeMinimum, 7],
  );
  assert.deepEqual(
    [n.vendor, n.classId, n.imageDigest, n.payloadDigest, n.keyId],
    [m.vendor, m.classId, m.imageDigest, m.payloadDigest, m.keyId],
  );
  assert.deepEqual([n.hardwareMinimum, n.hardwareMaximum, n.abiMinimum, n.abiMaximum], [1, 1, m.hostAbi.minimum, m.hostAbi.maximum]);
});

/** xorshift32: a failure repeats with the run's number. */
function generator(seed: number): (limit: number) => number {
  let state = seed * 2_654_435_761 + 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

/** A few octets changed, left out or put in, most of them such as CBOR begins items with. */
function mutated(octets: Buffer, random: (limit: number) => number): Buffer {
  const heads = [
    0x00, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1f, 0x20, 0x40, 0x58, 0x5f, 0x60, 0x80, 0x9f, 0xa0, 0xb8, 0xbf, 0xc0, 0xd8, 0xf4, 0xf7, 0xf9,
    0xfb, 0xff,
  ];
  let out = Buffer.from(octets);
  for (let count = 1 + random(2); count > 0; count--) {
    const at = random(out.length);
    const octet = random(2) === 0 ? heads[random(heads.length)] : random(256);
    const kind = random(4);
    out = Buffer.concat([out.subarray(0, at), kind === 1 ? Buffer.alloc(0) : Buffer.of(octet), out.subarray(kind === 2 ? at : at + 1)]);
  }
  return out;
}

function hostReason(read: () => unknown): number {
  try {
    read();
    return ImageReason.None;
  } catch (error) {
    if (error instanceof ImageError) return error.reason;
    throw error; // nothing else may come out of octets
  }
}

test("both read 800 mutated manifests and certificates alike, and the host's reader throws nothing but its own errors", () => {
  const opened = packageOpen(smallPackage({ notBefore: 7 }));
  const signed = (scalar: Buffer) => (payload: Buffer) => coseSign(payload, (digest) => native().p256Sign(scalar, digest) as Buffer);
  const release = signed(developmentRelease().scalar);
  const root = signed(developmentRoot().scalar);
  const certificatePayload = opened.certificate.subarray(9, -66);
  let accepted = 0;
  for (let run = 1; run <= 400; run++) {
    const random = generator(run);
    const payload = mutated(manifestWrite(opened.manifest), random);
    const certificate = root(mutated(certificatePayload, random));
    const ours = hostReason(() => {
      const manifest = manifestRead(payload);
      if (!manifest.keyId.equals(opened.releaseKey.id)) throw new ImageError(0, "another key", ImageReason.KeyId);
      accepted++;
    });
    const theirs = native().manifestRead(board.root, opened.certificate, release(payload));
    assert.equal(reasonName(ours), reasonName(theirs.manifestReason), `manifest, run ${run}: ${payload.toString("hex")}`);
    const { keyReason } = native().manifestRead(board.root, certificate, opened.manifestMessage);
    assert.equal(reasonName(hostReason(() => certificateOpen(certificate, null))), reasonName(keyReason), `certificate, run ${run}`);
  }
  assert.ok(accepted > 5, `${accepted} were still well-formed`);
});
