// Reporting as a service of ZCL: several clusters and endpoints at once, more attributes than a frame holds, a record of another layout.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { IMPORTS } from "../../host/abi.ts";
import { labModule } from "../../host/build/labs.ts";

const METERING = 0x0702;
const ELECTRICAL = 0x0b04;
const UINT48 = 0x25;
const INT16 = 0x29;
const PARTNER = 0x00124b0000000003n;
const RECORD_REPORTING = 24;
const NOTHING = -1;

interface Exports {
  memory: WebAssembly.Memory;
  buffer(): number;
  start(): void;
  hear(endpoint: number, cluster: number, size: number, now: bigint): void;
  set(id: number, value: bigint): void;
  setPower(value: number): void;
  bind(endpoint: number, cluster: number, extended: bigint): number;
  tick(now: bigint): number;
  deadline(): bigint;
  confirm(handle: number): void;
  lost(handle: number, now: bigint): void;
  heard(extended: bigint): void;
  source(): number;
}

interface Report {
  source: number;
  cluster: number;
  values: Map<number, number>;
}

class Reporter {
  readonly frames: { cluster: number; source: number; zcl: Buffer }[] = [];
  readonly exports: Exports;
  /** Whom the frames went to. */
  readonly partners: bigint[] = [];
  readonly pending: { handle: number; due: bigint }[] = [];
  /** Of the transmission last accepted. */
  handle = 0;

  constructor(readonly store: Map<number, Buffer> = new Map()) {
    const octets = (at: number, size: number) => Buffer.from(Buffer.from(this.exports.memory.buffer, at, size));
    const instance = new WebAssembly.Instance(labModule("zcl/reporting"), {
      env: {
        abort: () => {
          throw new Error("an assertion failed");
        },
      },
      test: {
        sent: (extended: bigint, _target: number, _endpoint: number, cluster: number, _options: number, at: number, size: number) => {
          this.partners.push(extended);
          this.frames.push({ cluster, source: this.exports.source(), zcl: octets(at, size) });
          return ++this.handle;
        },
      },
      han: {
        ...Object.fromEntries(IMPORTS.map(({ name }) => [name, () => -7])),
        store_read: (record: number, at: number, capacity: number) => {
          const found = this.store.get(record);
          if (!found) return -7;
          if (found.length > capacity) return -5;
          Buffer.from(this.exports.memory.buffer).set(found, at);
          return found.length;
        },
        store_write: (record: number, at: number, size: number) => {
          this.store.set(record, octets(at, size));
          return 0;
        },
      },
    });
    this.exports = instance.exports as unknown as Exports;
    this.exports.start();
  }

  configure(endpoint: number, cluster: number, rows: { id: number; type: number; minimum?: number; maximum?: number }[]): string {
    const records = rows.map(({ id, type, minimum = 10, maximum = 60 }) => {
      const record = Buffer.alloc(8 + (type === UINT48 ? 6 : 2));
      record.writeUInt16LE(id, 1);
      record.writeUInt8(type, 3);
      record.writeUInt16LE(minimum, 4);
      record.writeUInt16LE(maximum, 6);
      record.writeUInt8(1, 8);
      return record;
    });
    const frame = Buffer.concat([Buffer.from("000906", "hex"), ...records]);
    Buffer.from(this.exports.memory.buffer).set(frame, this.exports.buffer());
    this.exports.hear(endpoint, cluster, frame.length, 0n);
    return this.frames.splice(0)[0]?.zcl.toString("hex", 2) ?? "";
  }

  /** The reports that go out at a time, each confirmed at once. */
  tick(now: bigint): Report[] {
    const out: Report[] = [];
    while (this.exports.tick(now) !== NOTHING) {
      for (const { cluster, source, zcl } of this.frames.splice(0)) {
        assert.equal(zcl.length <= 65, true);
        assert.equal(zcl[2], 0x0a);
        const values = new Map<number, number>();
        for (let at = 3; at < zcl.length; ) {
          const wide = zcl[at + 2] === UINT48;
          values.set(zcl.readUInt16LE(at), wide ? zcl.readUIntLE(at + 3, 6) : zcl.readInt16LE(at + 3));
          at += wide ? 9 : 5;
        }
        out.push({ source, cluster, values });
      }
      this.exports.confirm(this.handle);
    }
    return out;
  }
}

const ids = (reports: Report[]) => reports.map(({ values }) => [...values.keys()]);
const eight = [0, 1, 2, 3, 4, 5, 6, 7].map((id) => ({ id, type: UINT48 }));

describe("reporting", () => {
  it("tells each cluster's own values, from its own endpoint", () => {
    const device = new Reporter();
    const { exports } = device;
    exports.set(0, 111n);
    exports.setPower(-5);
    for (const [endpoint, cluster] of [
      [1, METERING],
      [1, ELECTRICAL],
      [2, ELECTRICAL],
    ])
      exports.bind(endpoint, cluster, PARTNER);
    device.configure(1, METERING, [{ id: 0, type: UINT48 }]);
    device.configure(1, ELECTRICAL, [{ id: 0, type: INT16 }]);
    device.configure(2, ELECTRICAL, [{ id: 0, type: INT16, minimum: 20 }]);
    assert.deepEqual(device.tick(0n), [
      { source: 1, cluster: METERING, values: new Map([[0, 111]]) },
      { source: 1, cluster: ELECTRICAL, values: new Map([[0, -5]]) },
      { source: 2, cluster: ELECTRICAL, values: new Map([[0, -5]]) },
    ]);
    exports.setPower(7);
    assert.deepEqual(device.tick(9_999n), []);
    assert.deepEqual(device.tick(10_000n), [{ source: 1, cluster: ELECTRICAL, values: new Map([[0, 7]]) }]);
    assert.deepEqual(device.tick(20_000n), [{ source: 2, cluster: ELECTRICAL, values: new Map([[0, 7]]) }]);
    assert.equal(exports.deadline(), 60_000n);
  });

  it("splits what a frame does not hold, and leaves nothing out", () => {
    const device = new Reporter();
    device.exports.bind(1, METERING, PARTNER);
    for (const { id } of eight) device.exports.set(id, BigInt(1000 + id));
    assert.equal(device.configure(1, METERING, eight.slice(0, 4)), "0700");
    assert.equal(device.configure(1, METERING, eight.slice(4)), "0700");
    const reports = device.tick(0n);
    assert.deepEqual(ids(reports), [
      [0, 1, 2, 3, 4, 5],
      [6, 7],
    ]);
    for (const { values } of reports) for (const [id, value] of values) assert.equal(value, 1000 + id);
    assert.deepEqual(device.tick(59_999n), []);
    assert.deepEqual(
      device
        .tick(60_000n)
        .flatMap(({ values }) => [...values.keys()])
        .sort(),
      [0, 1, 2, 3, 4, 5, 6, 7],
    );
  });

  it("sends the second frame only when the first is confirmed", () => {
    const device = new Reporter();
    device.exports.bind(1, METERING, PARTNER);
    device.configure(1, METERING, eight.slice(0, 4));
    device.configure(1, METERING, eight.slice(4));
    assert.equal(device.exports.tick(0n), METERING);
    assert.equal(device.exports.tick(0n), NOTHING);
    device.exports.confirm(device.handle ^ 1); // of something else
    assert.equal(device.exports.tick(1n), NOTHING);
    assert.equal(device.exports.tick(60_000n), METERING); // APS gave up long ago
    assert.equal(device.frames.length, 2);
  });

  it("tells the present what the absent do not fetch, and asks the absent ever less often", () => {
    const device = new Reporter();
    const { exports } = device;
    const absent = [1n, 2n, 3n, 4n, 5n, 6n].map((each) => PARTNER + each);
    for (const each of [...absent, PARTNER]) exports.bind(1, METERING, each);
    device.configure(1, METERING, [{ id: 0, type: UINT48 }]);
    const told = new Map<bigint, number>();
    for (let second = 0n; second < 1800n; second++) {
      if (second === 1000n) exports.heard(absent[0]);
      exports.set(0, second);
      while (exports.tick(second * 1000n) !== NOTHING) {
        const to = device.partners.splice(0)[0];
        told.set(to, (told.get(to) ?? 0) + 1);
        if (to === PARTNER) exports.confirm(device.handle);
        else device.pending.push({ handle: device.handle, due: second + 37n });
      }
      for (const each of device.pending.filter(({ due }) => due === second)) exports.lost(each.handle, second * 1000n);
    }
    const present = told.get(PARTNER) ?? 0;
    assert.ok(
      present >= 165, // the absent are found out in the first minutes
      `the present display was told ${present} of 180 readings`,
    );
    for (const each of absent) assert.ok((told.get(each) ?? 0) >= 4 && (told.get(each) ?? 0) <= 12, `${each}: ${told.get(each)}`);
    assert.ok((told.get(absent[0]) ?? 0) > (told.get(absent[1]) ?? 0), "who was heard is tried at once");
  });

  it("leaves two of the four transmissions to others, and one of its own to who answers", () => {
    const device = new Reporter();
    const { exports } = device;
    for (let each = 0n; each < 7n; each++) exports.bind(1, METERING, PARTNER + each);
    device.configure(1, METERING, [{ id: 0, type: UINT48 }]);
    /** Sends until nothing goes out; nobody answers. */
    const flying = (now: bigint): number[] => {
      const handles: number[] = [];
      while (exports.tick(now) !== NOTHING) handles.push(device.handle);
      return handles;
    };
    let now = 0n;
    const lose = (handles: number[]): void => {
      now += 37_000n;
      for (const handle of handles) exports.lost(handle, now);
    };
    const tries = [2, 2, 2];
    for (const most of tries) {
      const handles = flying(now);
      assert.equal(handles.length, most, `of those who were never tried, at ${now} ms`);
      lose(handles);
    }
    const [last, ...others] = flying(now);
    assert.ok(last && others.length <= 1);
    lose([last, ...others]);
    now += 400_000n;
    assert.equal(flying(now).length, 1, "seven are owed a report, and none of them has answered");
    exports.heard(PARTNER + 3n);
    assert.equal(flying(now).length, 1, "who was heard has the other place");
  });

  it("is not starved by a cluster that always has news", () => {
    const device = new Reporter();
    device.exports.bind(1, METERING, PARTNER);
    device.exports.bind(1, ELECTRICAL, PARTNER);
    device.configure(1, METERING, [{ id: 0, type: UINT48, minimum: 0 }]);
    device.configure(1, ELECTRICAL, [{ id: 0, type: INT16, minimum: 5 }]);
    const told: number[] = [];
    for (let second = 0n; second < 20n; second++) {
      device.exports.set(0, second);
      device.exports.setPower(Number(second));
      const cluster = device.exports.tick(second * 1000n); // one report each second, however many are due
      told.push(cluster);
      device.exports.confirm(device.handle);
    }
    assert.ok(told.filter((cluster) => cluster === ELECTRICAL).length >= 3, told.join(" "));
  });

  it("waits for a binding of the very endpoint", () => {
    const device = new Reporter();
    device.exports.bind(1, ELECTRICAL, PARTNER);
    device.configure(2, ELECTRICAL, [{ id: 0, type: INT16 }]);
    assert.deepEqual(device.tick(0n), []);
    assert.equal(device.exports.deadline(), 2n ** 63n - 1n);
  });

  it("goes on after a reset with what was configured at each endpoint", () => {
    const store = new Map<number, Buffer>();
    const first = new Reporter(store);
    first.exports.bind(1, METERING, PARTNER);
    first.exports.bind(2, ELECTRICAL, PARTNER);
    first.configure(1, METERING, eight.slice(0, 2));
    first.configure(2, ELECTRICAL, [{ id: 0, type: INT16 }]);
    const second = new Reporter(store);
    assert.deepEqual(
      second.tick(5n).map(({ source, cluster, values }) => [source, cluster, values.size]),
      [
        [1, METERING, 2],
        [2, ELECTRICAL, 1],
      ],
    );
  });

  it("reads no record of another layout, size or content", () => {
    const store = new Map<number, Buffer>();
    const first = new Reporter(store);
    first.exports.bind(1, METERING, PARTNER);
    first.configure(1, METERING, eight.slice(0, 4));
    const record = store.get(RECORD_REPORTING) as Buffer;
    assert.equal(ids(new Reporter(store).tick(0n)).length, 1);
    const altered = (change: (copy: Buffer) => void, copy = Buffer.from(record)) => {
      change(copy);
      return copy;
    };
    const others = {
      "an older layout of this size": altered((copy) => void copy.writeBigUInt64LE(1n, 0)),
      "the layout of the first edition": Buffer.alloc(8 * 34, 1),
      "one that is shorter": record.subarray(0, record.length - 1),
      "an attribute that this device lacks": altered((copy) => {
        for (let at = 8; at < copy.length; at += 20) copy.writeUInt16LE(0x0bad, at + 10);
      }),
      "a type that the attribute does not have": altered((copy) => {
        for (let at = 8; at < copy.length; at += 20) copy.writeUInt8(INT16, at + 17);
      }),
    };
    for (const [what, octets] of Object.entries(others)) {
      const store2 = new Map(store).set(RECORD_REPORTING, octets);
      assert.deepEqual(new Reporter(store2).tick(0n), [], what);
    }
  });
});
