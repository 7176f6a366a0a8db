// How files come to a hub: over an uplink that loses, repeats and reorders, through resets, and from a head-end that is silent or changes its mind.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { FileStatus, ImageReason, Log } from "../../host/abi.ts";
import { labModule } from "../../host/build/labs.ts";
import { packageInMemory } from "../../host/home/update_source.ts";
import { file, GO, noise, OtaHub, packageFor, u32 } from "./ota_hub.ts";

const NEW = 0x01000100;
const ihd = 0x00124b00000000ffn;

const module = labModule("sep1/device");

/** A sequence that is the same each time. */
function dice(seed: string): () => number {
  let count = 0;
  return () => createHash("sha256").update(`${seed} ${count++}`).digest().readUInt32LE(0) / 2 ** 32;
}

const stored = (hub: OtaHub, size: number, image = 1): Buffer => {
  const out = Buffer.alloc(size);
  for (let at = 0; at < size; ) {
    const room = new Uint8Array(Math.min(1000, size - at));
    const got = hub.slots.read(image, at, room);
    assert.ok(got > 0, `octet ${at}`);
    out.set(room.subarray(0, got), at);
    at += got;
  }
  return out;
};

describe("a file for the library", () => {
  it("comes block by block, is verified, and is the same octets", () => {
    const hub = new OtaHub(module);
    const image = packageFor({ version: NEW, size: 20_000 });
    hub.load(1, image);
    assert.ok(stored(hub, image.length).equals(image));
    assert.equal(hub.source.served, image.length);
    assert.equal(hub.source.file(1)?.status, FileStatus.Waiting);
  });

  it("is told of while it comes: to the head-end and to whoever watches", () => {
    const hub = new OtaHub(module);
    const image = packageFor({ version: NEW, size: 20_000 });
    const booted = hub.device.logged(Log.Update).length; // a boot notes the hub's own module
    hub.load(2, image);
    const notes = hub.device
      .logged(Log.Update)
      .slice(booted)
      .map((octets) => ({ image: octets[0], status: octets[1], offset: octets.readUInt32LE(12), size: octets.readUInt32LE(16) }));
    assert.ok(notes.length > 20 && notes.length < 60, `${notes.length} notes`);
    assert.ok(notes.every((note) => note.image === 2));
    assert.deepEqual([notes[0].status, notes.at(-1)?.status], [FileStatus.Loading, FileStatus.Waiting]);
    const offsets = notes.filter(({ status }) => status === FileStatus.Loading).map(({ offset }) => offset);
    assert.deepEqual(
      offsets,
      [...offsets].sort((a, b) => a - b),
    );
  });

  it("arrives over an uplink that loses, repeats and reorders", () => {
    for (const seed of ["1", "2", "3"]) {
      const next = dice(seed);
      const copies = (): number => (next() < 0.15 ? 0 : next() < 0.15 ? 2 : 1);
      const hub = new OtaHub(module, { up: copies, down: copies });
      const image = packageFor({ version: NEW, size: 9000 });
      const push = hub.down.push.bind(hub.down);
      hub.down.push = (...records) => {
        for (const record of records) {
          if (next() < 0.2) hub.down.unshift(record);
          else push(record);
        }
        return hub.down.length;
      };
      hub.source.offer(1, packageInMemory(image), GO);
      assert.ok(hub.until(1, FileStatus.Waiting, 3_600_000), `seed ${seed}: status ${hub.status(1)}`);
      assert.ok(stored(hub, image.length).equals(image));
      hub.pass(120_000);
      assert.equal(hub.query(ihd, 1)[3], 0, `seed ${seed}: the rollout did not arrive`);
    }
  });

  it("is gone on with after a reset at any block, and little of it travels twice", () => {
    const image = packageFor({ version: NEW, size: 12_000 });
    for (let stop = 1; stop * 240 < image.length; stop += 7) {
      const hub = new OtaHub(module);
      hub.source.offer(1, packageInMemory(image), GO);
      while (hub.source.served < stop * 240) assert.ok(hub.exchange());
      hub.reset();
      assert.ok(hub.until(1, FileStatus.Waiting), `after ${stop} blocks: status ${hub.status(1)}`);
      assert.ok(stored(hub, image.length).equals(image));
      assert.ok(hub.source.served < image.length + 4096 + 4 * 240 + 480, `after ${stop} blocks: ${hub.source.served} octets`);
    }
  });

  it("is asked for more and more rarely while the head-end is silent, and comes when it is back", () => {
    let silent = false;
    const asked: bigint[] = [];
    const hub: OtaHub = new OtaHub(module, {
      down: () => (silent ? 0 : 1),
      up: (record) => {
        if (silent && record[0] === 2) asked.push(hub.now);
        return 1;
      },
    });
    const image = packageFor({ version: NEW, size: 9000 });
    hub.source.offer(1, packageInMemory(image), GO);
    for (let round = 0; round < 8; round++) hub.exchange();
    silent = true;
    hub.pass(3_600_000, 1000);
    const gaps = asked.filter((_, index) => index % 2 === 1).map((at, index, all) => Number(at - (all[index - 1] ?? at)));
    assert.ok(asked.length < 60, `asked ${asked.length} times in an hour`);
    assert.ok(Math.max(...gaps) >= 240_000 && Math.max(...gaps) <= 260_000, String(gaps));
    silent = false;
    assert.ok(hub.until(1, FileStatus.Waiting));
    assert.ok(stored(hub, image.length).equals(image));
  });

  it("that was changed on its way is refused with the reason, and is not offered", () => {
    const image = packageFor({ version: NEW, size: 6000 });
    const broken = Buffer.from(image);
    broken[broken.length - 1] ^= 1;
    const hub = new OtaHub(module);
    hub.source.offer(1, packageInMemory(broken), GO);
    assert.ok(hub.until(1, FileStatus.SignatureFailed));
    hub.pass(60_000);
    assert.deepEqual([hub.source.file(1)?.status, hub.source.file(1)?.reason], [FileStatus.SignatureFailed, ImageReason.PayloadDigest]);
    assert.equal(hub.query(ihd, 1)[3], 0x98);
    hub.source.offer(1, packageInMemory(image), GO);
    assert.ok(hub.until(1, FileStatus.Waiting), "the good file afterwards");
  });

  it("whose octets change under the same name is refused", () => {
    const first = packageFor({ version: NEW, size: 6000 });
    const second = packageFor({ version: NEW + 1, size: 6000 });
    const hub = new OtaHub(module);
    let swapped = false;
    hub.source.offer(
      1,
      { size: first.length, read: (at, size) => (swapped ? second : first).subarray(at, at + size), close: () => undefined },
      GO,
    );
    while (hub.source.served < 3000) hub.exchange();
    swapped = true;
    assert.ok(hub.until(1, FileStatus.SignatureFailed));
  });

  it("gives way to another one that is offered meanwhile, under the same number", () => {
    const hub = new OtaHub(module);
    hub.source.offer(1, packageInMemory(packageFor({ version: NEW, size: 6000 })), GO);
    while (hub.source.served < 3000) hub.exchange();
    const image = packageFor({ version: NEW + 1, size: 5000 });
    hub.source.offer(1, packageInMemory(image), GO);
    assert.ok(hub.until(1, FileStatus.Waiting));
    assert.ok(stored(hub, image.length).equals(image));
    hub.pass(1000);
    assert.equal(hub.query(ihd, 1).readUInt32LE(8), NEW + 1);
  });

  it("stands beside others: each number has its own", () => {
    const hub = new OtaHub(module);
    const images = [1, 2, 3, 4].map((image) => packageFor({ version: NEW + image, size: 3000 + 500 * image }));
    for (const [index, image] of images.entries()) hub.source.offer(index + 1, packageInMemory(image), GO);
    for (const image of [1, 2, 3, 4]) assert.ok(hub.until(image, FileStatus.Waiting), `file ${image}`);
    for (const [index, image] of images.entries()) assert.ok(stored(hub, image.length, index + 1).equals(image));
  });

  it("that does not fit, or has a number that the board lacks, is refused", () => {
    const hub = new OtaHub(module, {}, 2);
    const offer = (image: number, size: number): number =>
      hub.device.event(Buffer.concat([Buffer.from([5, image]), file(3, NEW), u32(size)]), hub.now);
    offer(1, 300_001);
    offer(3, 1000);
    offer(200, 1000);
    assert.deepEqual([hub.status(1), hub.status(2)], [FileStatus.None, FileStatus.None]);
    offer(1, 300_000);
    assert.equal(hub.status(1), FileStatus.Loading);
  });
});

describe("records from the head-end", () => {
  it("that are cut short, too long or of wild content change nothing", () => {
    const hub = new OtaHub(module);
    hub.load(1, packageFor({ version: NEW }));
    const next = dice("hostile");
    for (const [kind, size] of [
      [5, 13],
      [6, 5],
      [7, 10],
      [8, 1],
    ] as const) {
      for (let have = 0; have < size; have++) hub.device.event(Buffer.concat([Buffer.from([kind]), Buffer.alloc(have, 1)]), hub.now);
    }
    for (let round = 0; round < 3000; round++) {
      const record = noise(1 + Math.floor(next() * 40), String(round));
      record[0] = 6 + Math.floor(next() * 3);
      if (record.length > 1 && next() < 0.5) record[1] %= 6;
      hub.device.event(record, hub.now);
      hub.now += 10n;
      hub.device.tick(hub.now);
    }
    assert.equal(hub.status(1), FileStatus.Waiting);
  });

  it("of a list longer than the hub can follow are refused whole", () => {
    const hub = new OtaHub(module);
    const devices = Array.from({ length: 16 }, (_, index) => BigInt(index + 1));
    hub.load(1, packageFor({ version: NEW }), { ...GO, devices });
    assert.equal(hub.query(16n, 1)[3], 0);
    assert.equal(hub.query(17n, 1)[3], 0x7e);
    hub.load(2, packageFor({ version: NEW + 1 }), { ...GO, devices: [17n] });
    assert.equal(hub.query(17n, NEW)[3], 0x98, "no rollout of file 2");
  });
});
