// A certificate in a hub's library: a file that no maker has signed, for one device, on the boards' slots and on V8's.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FileStatus, IMAGE_REASON, IMAGE_STATE, IMAGE_STATUS, ImageReason, Role } from "../../host/abi.ts";
import { Err } from "../../host/err.ts";
import { CERTIFICATE_TYPE, certificateFile } from "../../host/image/certificate_file.ts";
import { developmentIdentity } from "../../host/image/keys.ts";
import type { OtaHeader } from "../../host/image/ota_file.ts";
import { type OtaElement, OtaTag, otaWrite } from "../../host/image/ota_file.ts";
import { ImageSlots } from "../../host/image/slots.ts";
import { keyOf } from "./image_package.ts";
import { Board } from "./images_harness.ts";

const CHAIN = Buffer.alloc(1200, 0x6b);
const DESTINATION = 0x0102030405060708n;
const GOOD = certificateFile({ manufacturer: 0xfff1, destination: DESTINATION, issued: 5, chain: CHAIN });
const image: OtaElement = { tag: OtaTag.Image, data: CHAIN };
const other = (tag: number): OtaElement => ({ tag, data: Buffer.alloc(20) });

function fileOf(header: Partial<OtaHeader>, elements: OtaElement[] = [image]): Buffer {
  const whole = { manufacturer: 0xfff1, imageType: CERTIFICATE_TYPE, fileVersion: 5, stackVersion: 2, headerString: "", ...header };
  return otaWrite(whole, elements);
}

/** What each of the two makes of a file: the answer of `image_finish` or before, status and reason. */
function verdicts(file: Buffer): [number, number, number][] {
  const board = Board.provisioned();
  const answer = board.load(1, file, 240);
  const { status, reason } = board.state(1);
  const slots = new ImageSlots({ identity: developmentIdentity(Role.Hub), files: 1 });
  slots.boot();
  let given = slots.begin(1, keyOf(file));
  for (let at = 0; given >= 0 && at < file.length; at = given) given = slots.write(1, at, file.subarray(at, at + 240));
  const state = new Uint8Array(IMAGE_STATE);
  const finished = given < 0 ? given : slots.finish(1);
  slots.state(1, state);
  return [
    [answer, status, reason],
    [finished, state[IMAGE_STATUS] as number, state[IMAGE_REASON] as number],
  ];
}

test("a certificate for one device is held, and given back octet by octet", () => {
  assert.deepEqual(verdicts(GOOD), [
    [Err.Ok, FileStatus.Waiting, ImageReason.None],
    [Err.Ok, FileStatus.Waiting, ImageReason.None],
  ]);
  const board = Board.provisioned();
  assert.equal(board.load(1, GOOD, 240), Err.Ok);
  board.boot();
  assert.deepEqual(board.images.read(1, 0, GOOD.length), GOOD);
});

test("without a manifest nothing else is: no module, nothing for everyone, and no half of a signed file", () => {
  const refused = (file: Buffer, reason: number): void => {
    const expected = [Err.Refused, FileStatus.Failed, reason];
    assert.deepEqual(verdicts(file), [expected, expected]);
  };
  const to = { destination: DESTINATION };
  refused(fileOf({}), ImageReason.ElementMissing);
  refused(fileOf({ ...to, imageType: 0xffbf }), ImageReason.ElementMissing);
  refused(fileOf({ ...to, imageType: 2 }), ImageReason.ElementMissing);
  refused(fileOf(to, [image, image]), ImageReason.ElementTwice);
  refused(fileOf(to, [image, other(0xf001)]), ImageReason.ElementOrder);
  refused(fileOf(to, [image, other(0xf000)]), ImageReason.ElementMissing);
  assert.deepEqual(
    verdicts(fileOf(to, [other(0xf002), image, other(0xf003)])).map(([answer]) => answer),
    [Err.Ok, Err.Ok],
  );
});
