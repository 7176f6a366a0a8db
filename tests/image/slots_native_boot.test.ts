// What runs, on V8's slots and on the boards': trials, a lost module, a hub's library, asked the same and answered the same.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ImageReason, Role } from "../../host/abi.ts";
import { Encoding } from "../../host/image/manifest.ts";
import { grown, newer, Twins } from "./slot_twins.ts";

test("trials end alike: three tries, a bad report, a module that does not load, a new package instead", () => {
  const ready = (): Twins => {
    const twins = new Twins();
    const file = newer();
    twins.begin(0, file);
    twins.feed(0, file, 4096);
    twins.finish(0);
    twins.activate();
    return twins;
  };
  const tries = ready();
  assert.deepEqual(
    [1, 2, 3, 4, 5].map(() => tries.reset()),
    ["b", "b", "b", "a", "a"],
  );
  const unwell = ready();
  unwell.reset("b");
  assert.equal(unwell.confirm(false), 0);
  unwell.begin(0, newer());
  unwell.confirm(true);
  unwell.reset("a");
  const unloadable = ready();
  unloadable.reset("b");
  unloadable.refused(ImageReason.Gate, 3);
  unloadable.reset("a");
  const instead = ready();
  instead.begin(0, newer({ version: 0x00030000 }));
  instead.reset("a");
  const forgotten = ready();
  forgotten.begin(0, newer(), 0);
  forgotten.reset("a");
});

test("the confirmed module lost: the former one, then the factory module", () => {
  for (const factory of [undefined, grown(100)]) {
    const twins = new Twins(factory);
    const file = newer({ counter: 5 });
    twins.begin(0, file);
    twins.feed(0, file, 4096);
    twins.finish(0);
    twins.activate();
    twins.reset("b");
    twins.confirm(true);
    twins.refused(ImageReason.Gate, 7);
    const next = twins.reset();
    assert.ok(next === "a" || next === "factory", next);
    twins.refused(ImageReason.Gate, 8);
    twins.reset();
    twins.begin(0, newer({ version: 0x00040000 }));
  }
});

test("a library's files are kept, read, replaced and forgotten alike", () => {
  const twins = new Twins();
  const [meter, ihd] = [newer({ role: Role.Meter }), newer({ role: Role.Ihd, encoding: Encoding.Compressed, notBefore: 77 })];
  assert.equal(twins.begin(1, meter), 0);
  twins.feed(1, meter, 240, 10_000);
  twins.begin(2, ihd);
  twins.write(1, 10_000, meter.subarray(10_000, 10_100));
  assert.equal(twins.feed(2, ihd, 240), ihd.length);
  assert.equal(twins.finish(2), 0);
  twins.reset("a");
  twins.begin(1, meter);
  assert.equal(twins.feed(1, meter, 240), meter.length);
  assert.equal(twins.finish(1), 0);
  assert.ok(meter.subarray(100, 340).equals(twins.read(1, 100, 240) as Buffer));
  assert.equal((twins.read(1, meter.length - 10, 240) as Buffer).length, 10);
  twins.read(1, meter.length, 10);
  twins.read(0, 0, 10);
  twins.read(3, 0, 10);
  twins.begin(2, ihd);
  assert.equal(twins.feed(2, ihd, 240), ihd.length);
  twins.begin(1, meter, 0);
  twins.read(1, 0, 10);
  twins.reset("a");
  const bad = Buffer.from(meter);
  bad[bad.length - 1] ^= 1;
  twins.begin(1, bad);
  twins.feed(1, bad, 240);
  assert.ok(twins.finish(1) < 0);
});
