// Both sides of the records follow docs/uplink.md and docs/records.md; what the host emits it reads again, and cut short it does not.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { householdParse, planParse, registerRecordParse, rolloutDeviceParse, tariffParse } from "../../host/home/store_records.ts";
import { admitEmit, blockEmit, clockEmit, offerEmit, rolloutEmit, tariffEmit } from "../../host/home/uplink.ts";
import { downParse, upParse } from "../../host/home/uplink_parse.ts";
import { ROOT } from "../../host/modules.ts";
import { committedRecordFiles, recordFiles } from "../../tools/records.ts";

const page = (name: string): string => readFileSync(join(ROOT, "docs", name), "utf8");

for (const [path, text] of committedRecordFiles()) {
  test(`${path} is what its page generates`, () => {
    assert.equal(readFileSync(join(ROOT, path), "utf8"), text);
  });
}

test("a page that contradicts itself is refused by name", () => {
  const [uplink, store] = [page("uplink.md"), page("records.md")];
  const cases: [string, string, RegExp][] = [
    [uplink.replace("### Tariff 2", "### Tariff 1"), store, /Tariff or its number stands there twice/],
    [uplink.replace("### Tariff 2", "### Tariff"), store, /"### Tariff" is not of the form/],
    [uplink.replace("| utc | u32 |", "| utc | u24 |"), store, /Clock: "utc" or "u24" is no field/],
    [uplink.replace("u8[labelSize]", "u8[size]"), store, /label is counted by size, which does not come before it/],
    [uplink, store.replace("| minutes | u16 |", "| minutes | u8 |"), /currency does not lie at a multiple of 2/],
    [uplink, store.replace("| label | u8[12] |", "| label | u8[labelSize] |"), /label has no fixed size/],
    ["", store, /there is no record/],
    [uplink, store.replace("16 times, from 64", "16 times, from 56"), /RolloutDevice begins inside of Plan/],
    [uplink, store.replace("16 times, from 64", "16 times, from 68"), /RolloutDevice does not begin at a multiple of 8/],
    [uplink, store.replace("5 times", "5 times, from 4"), /nothing of record 27 begins at octet 0/],
  ];
  for (const [one, other, message] of cases) assert.throws(() => recordFiles(one, other), message);
});

test("a record that was emitted is read again, and cut short it is none", () => {
  const label = Uint8Array.from([1, 2, 3]);
  const records = [
    { kind: "clock", utc: 0xfffffffe, offset: -3600, summerStart: 1, summerEnd: 2, summerShift: 3600 },
    { kind: "tariff", eventId: 7, start: 1, minutes: 0xffff, currency: 826, price: 2703, digits: 4, tier: 1, label },
    { kind: "admit", extended: 0xfedcba9876543210n, code: label },
    { kind: "offer", image: 4, manufacturer: 0xfff1, type: 2, version: 0x20000, size: 50_000 },
    { kind: "rollout", image: 1, go: 1, atOnce: 2, failures: 3, activate: 1, time: 9, devices: [1n, 2n ** 64n - 1n] },
  ] as const;
  const emitted = [clockEmit(records[0]), tariffEmit(records[1]), admitEmit(records[2]), offerEmit(records[3]), rolloutEmit(records[4])];
  emitted.forEach((octets, index) => {
    assert.deepEqual(downParse(octets), records[index]);
    for (let size = 0; size < octets.length; size++) assert.equal(downParse(octets.subarray(0, size)), null, `${index}, ${size} octets`);
  });
  const block = blockEmit({ image: 1, offset: 480, octets: label });
  assert.deepEqual(downParse(block), { kind: "block", image: 1, offset: 480, octets: label });
  assert.equal(upParse(Buffer.from([1, 2, 3])), null, "nothing comes up with kind 1");
  assert.throws(() => tariffEmit({ ...records[1], label: new Uint8Array(256) }), RangeError);
});

test("a stored record of another size is not read", () => {
  const one = Buffer.alloc(16);
  one.writeBigInt64LE(3600n, 0);
  assert.deepEqual(registerRecordParse(one), { register: 3600n, element: 0n });
  assert.deepEqual([registerRecordParse(one.subarray(1)), householdParse(one)], [null, null]);
  const rows = Buffer.alloc(8 * 36);
  rows.writeUInt32LE(2703, 36 + 12);
  assert.deepEqual(
    tariffParse(rows)?.map(({ price }) => price),
    [0, 2703, 0, 0, 0, 0, 0, 0],
  );
});

test("a rollout is plans and devices in one record", () => {
  const octets = Buffer.alloc(320);
  octets.writeUInt32LE(77, 12);
  octets[12 + 5] = 3;
  octets.writeBigUInt64LE(0xfedcba9876543210n, 64 + 16);
  octets[64 + 16 + 14] = 4;
  const [, plan] = planParse(octets) ?? [];
  assert.deepEqual([plan.time, plan.atOnce, planParse(octets)?.length], [77, 3, 5]);
  const devices = rolloutDeviceParse(octets) ?? [];
  assert.deepEqual([devices.length, devices[1].extended, devices[1].status], [16, 0xfedcba9876543210n, 4]);
  assert.deepEqual([planParse(octets.subarray(1)), rolloutDeviceParse(octets.subarray(0, 64))], [null, null]);
});
