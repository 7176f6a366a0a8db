// Verdicts on signatures that the add-on remembers: the same question is judged once, and every other one for itself.
import assert from "node:assert/strict";
import { test } from "node:test";
import { encode } from "cborg";
import { ImageReason } from "../../host/abi.ts";
import { native } from "../../host/native/addon.ts";
import { certificateMap, content, manifestMap, OTHER_KEY, RELEASE_KEY, ROOT_KEY, sign1 } from "./package_builder.ts";

const CERTIFICATE = sign1(encode(certificateMap()), ROOT_KEY);
const MANIFEST = sign1(encode(manifestMap(content())), RELEASE_KEY);
const REMEMBERED = 16;

const read = (root: Uint8Array, manifest: Uint8Array): [number, number] => {
  const { keyReason, manifestReason } = native().manifestRead(root, CERTIFICATE, manifest);
  return [keyReason, manifestReason];
};

/** How many signatures an action has judged. */
function judged(action: () => void): number {
  const before = native().p256Judged();
  action();
  return native().p256Judged() - before;
}

test("a package that is asked about again is not judged again", () => {
  assert.equal(
    judged(() => assert.deepEqual(read(ROOT_KEY.point, MANIFEST), [0, 0])),
    2,
  );
  for (let round = 0; round < 50; round++)
    assert.equal(
      judged(() => assert.deepEqual(read(ROOT_KEY.point, MANIFEST), [0, 0])),
      0,
    );
});

test("another key, another text and another signature are other questions, whose refusal is remembered as well", () => {
  const flipped = Buffer.from(MANIFEST);
  flipped[flipped.length - 1] ^= 1;
  const other = sign1(encode(manifestMap({ ...content(), counter: 77 })), RELEASE_KEY);
  const forged = Buffer.concat([other.subarray(0, -64), MANIFEST.subarray(-64)]);
  for (const fresh of [true, false]) {
    const count = (wanted: number, action: () => void): void => assert.equal(judged(action), fresh ? wanted : 0);
    count(1, () => assert.equal(read(OTHER_KEY.point, MANIFEST)[0], ImageReason.RootSignature));
    count(1, () => assert.equal(read(ROOT_KEY.point, flipped)[1], ImageReason.ManifestSignature));
    count(1, () => assert.equal(read(ROOT_KEY.point, forged)[1], ImageReason.ManifestSignature));
    count(1, () => assert.deepEqual(read(ROOT_KEY.point, other), [0, 0]));
    assert.deepEqual(read(ROOT_KEY.point, MANIFEST), [0, 0]);
  }
});

test("what was asked long ago is forgotten, and judged again", () => {
  const others = Array.from({ length: REMEMBERED }, (_, index) =>
    sign1(encode(manifestMap({ ...content(), counter: 1000 + index })), RELEASE_KEY),
  );
  for (const each of others) assert.deepEqual(read(ROOT_KEY.point, each), [0, 0]);
  assert.ok(judged(() => assert.deepEqual(read(ROOT_KEY.point, MANIFEST), [0, 0])) >= 1);
});
