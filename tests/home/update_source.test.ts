// What the head-end does with a package file, and what it says when there is something wrong with it.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { FileStatus } from "../../host/abi.ts";
import { Activate, activateRecord, blockRecord, hubRecord, offerRecord, Plan, rolloutRecord } from "../../host/home/update_records.ts";
import { keyOf, packageInMemory, packageOnDisk, UpdateSource } from "../../host/home/update_source.ts";
import { packageBuild } from "../../host/image/package.ts";

const file = packageBuild({ wasm: Buffer.alloc(1000, 7), memory: 65_536, role: 3, version: 0x01020003, counter: 1 });
const folder = mkdtempSync(join(tmpdir(), "kilowasm-source-"));
after(() => rmSync(folder, { recursive: true }));
const ROLLOUT = { go: true, atOnce: 2, failures: 1, activate: Activate.AtTime, time: 0x11223344, devices: [0x0102030405060708n] };

const want = (image: number, offset: number, size: number): Buffer => {
  const out = Buffer.from([2, image, 0, 0, 0, 0, size]);
  out.writeUInt32LE(offset, 2);
  return out;
};
const report = (image: number, status: number, plan = Plan.None, version = 0x01020003): Buffer => {
  const out = Buffer.alloc(17);
  out.set([3, image, status, 0, plan]);
  out.writeUInt32LE(version, 5);
  out.writeUInt32LE(file.length, 13);
  return out;
};

function source(): { source: UpdateSource; sent: Buffer[]; take: () => string[] } {
  const sent: Buffer[] = [];
  const made = new UpdateSource({ send: (record) => sent.push(record) > 0 });
  return { source: made, sent, take: () => sent.splice(0).map((record) => record.toString("hex")) };
}

test("records are what the contract says, octet by octet", () => {
  assert.equal(
    offerRecord(2, { manufacturer: 0xfff1, type: 3, version: 0x01020003, size: 0x1234 }).toString("hex"),
    "0502f1ff03000300020134120000",
  );
  assert.equal(blockRecord(1, 0x10203, Buffer.from("aabb", "hex")).toString("hex"), "060103020100aabb");
  assert.equal(rolloutRecord(1, ROLLOUT).toString("hex"), "0701010201014433221101" + "0807060504030201");
  assert.equal(activateRecord(0).toString("hex"), "0800");
  assert.throws(() => blockRecord(1, 0, Buffer.alloc(241)), /at most 240/);
  assert.throws(() => rolloutRecord(1, { ...ROLLOUT, devices: Array(17).fill(1n) }), /at most 16/);
});

test("records of the hub that are too short are none", () => {
  for (const whole of [want(1, 0, 240), report(1, 5), Buffer.concat([Buffer.from([4]), Buffer.alloc(24, 1)])]) {
    assert.notEqual(hubRecord(whole), null);
    for (let size = 0; size < whole.length; size++) assert.equal(hubRecord(whole.subarray(0, size)), null);
  }
  assert.equal(hubRecord(Buffer.from([1, 2, 3])), null);
});

test("a file on disk is read block by block and gives the same octets as one in memory", () => {
  const path = join(folder, "image.ota");
  writeFileSync(path, file);
  const disk = packageOnDisk(path);
  assert.deepEqual(keyOf(disk), keyOf(packageInMemory(file)));
  for (const [offset, size] of [
    [0, 240],
    [file.length - 10, 240],
    [file.length, 240],
    [file.length + 9, 1],
  ]) {
    assert.ok(Buffer.from(disk.read(offset, size)).equals(file.subarray(offset, offset + size)), `octet ${offset}`);
  }
  disk.close();
});

test("what is no package is refused in one sentence with its place", () => {
  const { source: made, sent } = source();
  assert.throws(() => made.offer(1, packageInMemory(Buffer.from("no file"))), /octet 0: .*identifier/);
  assert.throws(
    () => made.offer(1, packageInMemory(file.subarray(0, file.length - 1))),
    /octet 52: the header says \d+ octets, and the file has \d+/,
  );
  assert.throws(() => made.offer(5, packageInMemory(file)), /from 0 to 4/);
  assert.throws(() => made.rollout(1, ROLLOUT), /no file is offered/);
  assert.deepEqual(sent, []);
});

test("an offer is repeated until the hub knows the file, a rollout follows when the hub has it, until the hub has that too", () => {
  const { source: made, take } = source();
  made.offer(1, packageInMemory(file), ROLLOUT);
  const offer = offerRecord(1, keyOf(packageInMemory(file))).toString("hex");
  assert.deepEqual(take(), [offer]);
  made.tick(9_000);
  assert.deepEqual(take(), []);
  made.tick(10_000);
  assert.deepEqual(take(), [offer]);
  made.take(report(1, FileStatus.Loading));
  made.tick(15_000);
  assert.deepEqual(take(), []);
  made.take(report(1, FileStatus.Waiting));
  const rollout = rolloutRecord(1, ROLLOUT).toString("hex");
  assert.deepEqual(take(), [rollout]);
  made.tick(25_000);
  assert.deepEqual(take(), [rollout]);
  made.take(report(1, FileStatus.Waiting, Plan.Goes));
  made.tick(60_000);
  assert.deepEqual(take(), []);
  made.take(report(1, FileStatus.None, Plan.None, 0));
  made.tick(80_000);
  assert.deepEqual(take(), [offer], "a hub that lost everything is offered it again");
});

test("blocks are served of the file that the hub knows; for another one it hears the offer first, for none that it may forget", () => {
  const { source: made, take } = source();
  made.take(want(1, 0, 240));
  assert.deepEqual(take(), [`0501${"00".repeat(12)}`]);
  made.offer(1, packageInMemory(file));
  const [offer] = take();
  made.take(want(1, 0, 16));
  assert.deepEqual(take(), [offer]);
  made.take(report(1, FileStatus.Loading));
  made.take(want(1, 16, 16));
  made.take(want(1, file.length - 4, 240));
  made.take(want(1, file.length, 240));
  made.take(want(1, 0xffffffff, 240));
  made.take(want(1, 0, 255));
  const blocks = take();
  assert.deepEqual(
    blocks.slice(0, 2),
    [blockRecord(1, 16, file.subarray(16, 32)), blockRecord(1, file.length - 4, file.subarray(file.length - 4))].map((each) =>
      each.toString("hex"),
    ),
  );
  assert.equal(blocks.length, 3);
  assert.equal(blocks[2].length / 2, 6 + 240);
});

test("the devices that are remembered are bounded", () => {
  const { source: made } = source();
  for (let device = 0; device < 1000; device++) {
    const record = Buffer.alloc(25);
    record[0] = 4;
    record.writeUInt32LE(device + 1, 1);
    assert.ok(made.take(record));
  }
  assert.equal(made.devices.length, 64);
});
