// Rollouts: who gets a file, how many at once, what counts as a failure, when it stops, and what a reset leaves of it.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FileStatus, Log } from "../../host/abi.ts";
import { labModule } from "../../host/build/labs.ts";
import { Activate, Plan, type Rollout } from "../../host/home/update_records.ts";
import { file, GO, OTA, OtaHub, packageFor } from "./ota_hub.ts";

/** `APS_TO_ALL`: who means everybody says so, an unknown address is nobody. */
const TO_ALL = 16;
const OLD = 0x01000000;
const NEW = 0x01000100;
const SUCCESS = 0x00;
const ABORT = 0x95;
const INVALID_IMAGE = 0x96;
const WAIT_FOR_DATA = 0x97;
const NO_IMAGE = 0x98;
const REQUIRE_MORE = 0x99;
const [a, b, c, d] = [0x11n, 0x22n, 0x33n, 0x44n];
const HOUR_MS = 3_600_000;

const module = labModule("sep1/device");

function rolling(rollout: Partial<Rollout> = {}): OtaHub {
  const hub = new OtaHub(module);
  hub.load(1, packageFor({ version: NEW }), { ...GO, ...rollout });
  return hub;
}

/** A device loads the file whole and is told to activate. */
function update(hub: OtaHub, device: bigint): void {
  assert.equal(hub.query(device, OLD)[3], SUCCESS);
  assert.equal(hub.block(device, NEW, 0)[3], SUCCESS);
  assert.equal(hub.end(device, SUCCESS, NEW)[2], 7);
}

describe("turns", () => {
  it("are as many as the rollout allows at a time", () => {
    const hub = rolling({ atOnce: 2 });
    assert.deepEqual(
      [a, b, c].map((device) => hub.query(device, OLD)[3]),
      [SUCCESS, SUCCESS, SUCCESS],
    );
    assert.deepEqual(
      [a, b, c, a].map((device) => hub.block(device, NEW, 0)[3]),
      [SUCCESS, SUCCESS, WAIT_FOR_DATA, SUCCESS],
    );
    assert.equal(hub.page(c, NEW, 0, 96)[0][3], WAIT_FOR_DATA);
    hub.end(a, SUCCESS, NEW);
    assert.deepEqual(
      [c, d].map((device) => hub.block(device, NEW, 0)[3]),
      [SUCCESS, WAIT_FOR_DATA],
    );
  });

  it("of a device that went silent are another one's after five minutes", () => {
    const hub = rolling({ atOnce: 1 });
    hub.block(a, NEW, 0);
    hub.pass(299_000, 1000);
    assert.equal(hub.block(b, NEW, 0)[3], WAIT_FOR_DATA);
    hub.pass(2000);
    assert.equal(hub.block(b, NEW, 0)[3], SUCCESS);
    assert.equal(hub.block(a, NEW, 48)[3], WAIT_FOR_DATA);
  });

  it("without a limit are everybody's", () => {
    const hub = rolling();
    for (let device = 1n; device <= 16n; device++) assert.equal(hub.block(device, NEW, 0)[3], SUCCESS);
    assert.equal(hub.block(17n, NEW, 0)[3], WAIT_FOR_DATA, "more devices than are followed");
    hub.end(3n, SUCCESS, NEW);
    hub.query(3n, NEW);
    assert.equal(hub.block(17n, NEW, 0)[3], SUCCESS, "one of them is through");
  });
});

describe("a device", () => {
  it("is followed from its first block to the version that it runs", () => {
    const hub = rolling();
    const seen: (number | undefined)[] = [];
    const look = (): void => {
      hub.pass(500);
      seen.push(hub.reported(a));
    };
    hub.query(a, OLD);
    look();
    hub.block(a, NEW, 0);
    look();
    hub.end(a, SUCCESS, NEW);
    look();
    hub.query(a, NEW);
    look();
    assert.deepEqual(seen, [undefined, FileStatus.Loading, FileStatus.Activating, FileStatus.Activated]);
    const notes = hub.device.logged(Log.Rollout);
    assert.deepEqual(
      notes.map((note) => [note.readBigUInt64LE(0), note[8], note[9], note.readUInt32LE(12)]),
      [
        [a, FileStatus.Loading, 1, NEW],
        [a, FileStatus.Activating, 1, NEW],
        [a, FileStatus.Activated, 1, NEW],
      ],
    );
  });

  it("tells how far it is", () => {
    const hub = rolling();
    const size = hub.source.file(1)?.size ?? 0;
    for (let offset = 0; offset < size; offset += 48) {
      hub.block(a, NEW, offset);
      hub.exchange();
    }
    const offsets = hub.device.logged(Log.Rollout).map((note) => note.readUInt32LE(16));
    assert.ok(offsets.length > 15 && offsets.length < 40, `${offsets.length} notes`);
    assert.ok(hub.device.logged(Log.Rollout).every((note) => note.readUInt32LE(20) === size));
  });

  it("that comes back with its old version has failed, but not while the answer may have been lost", () => {
    const hub = rolling({ failures: 2 });
    update(hub, a);
    hub.pass(30_000);
    assert.equal(hub.query(a, OLD)[3], SUCCESS);
    hub.pass(40_000);
    assert.equal(hub.query(a, OLD)[3], NO_IMAGE);
    hub.pass(1000);
    assert.equal(hub.reported(a), FileStatus.ActivationFailed);
    assert.equal(hub.query(b, OLD)[3], SUCCESS, "one failure is allowed");
  });

  it("that ran the new one and runs the old one again has failed", () => {
    const hub = rolling({ failures: 1 });
    update(hub, a);
    hub.query(a, NEW);
    hub.query(a, OLD);
    hub.pass(1000);
    assert.equal(hub.reported(a), FileStatus.ActivationFailed);
    assert.equal(hub.query(b, OLD)[3], NO_IMAGE);
  });

  it("that does not come back has failed after two hours", () => {
    const hub = rolling({ failures: 1 });
    update(hub, a);
    hub.pass(2 * HOUR_MS, 10_000);
    assert.equal(hub.reported(a), FileStatus.Activating);
    hub.pass(120_000, 10_000);
    assert.equal(hub.reported(a), FileStatus.ActivationFailed);
    assert.equal(hub.source.file(1)?.plan, Plan.StoppedByFailures);
  });

  it("that wants more images first has not failed", () => {
    const hub = rolling({ failures: 1 });
    hub.block(a, NEW, 0);
    assert.equal(hub.end(a, REQUIRE_MORE, NEW).toString("hex"), "18550b0600");
    assert.equal(hub.query(a, OLD)[3], SUCCESS);
  });
});

describe("failures", () => {
  it("stop the rollout at the number that was set: who loads is aborted, who has loaded waits", () => {
    const hub = rolling({ failures: 2 });
    for (const device of [a, b, c]) hub.block(device, NEW, 0);
    assert.equal(hub.end(a, INVALID_IMAGE, NEW).toString("hex"), "18550b0600");
    assert.equal(hub.query(d, OLD)[3], SUCCESS);
    hub.end(b, ABORT, NEW);
    assert.equal(hub.query(d, OLD)[3], NO_IMAGE);
    assert.equal(hub.end(d, SUCCESS, NEW).readUInt32LE(15), 0xffffffff);
    assert.equal(hub.block(c, NEW, 48)[3], ABORT);
    hub.pass(1000);
    assert.equal(hub.source.file(1)?.plan, Plan.StoppedByFailures);
    assert.deepEqual(
      [a, b, c, d].map((device) => hub.reported(device)),
      [FileStatus.Failed, FileStatus.Failed, FileStatus.Failed, FileStatus.Waiting],
    );
  });

  it("of one device count once, and it is not tried again", () => {
    const hub = rolling({ failures: 2 });
    hub.block(a, NEW, 0);
    for (let round = 0; round < 3; round++) hub.end(a, INVALID_IMAGE, NEW);
    assert.equal(hub.query(a, OLD)[3], NO_IMAGE);
    assert.equal(hub.block(a, NEW, 0)[3], ABORT);
    assert.equal(hub.query(b, OLD)[3], SUCCESS);
  });

  it("are not undone by the same rollout told again, but by a new one", () => {
    const hub = rolling({ failures: 1 });
    hub.block(a, NEW, 0);
    hub.end(a, INVALID_IMAGE, NEW);
    hub.source.rollout(1, { ...GO, failures: 1 });
    hub.pass(1000);
    assert.equal(hub.query(a, OLD)[3], NO_IMAGE);
    hub.source.rollout(1, { ...GO, failures: 1, go: false });
    hub.pass(1000);
    hub.source.rollout(1, { ...GO, failures: 1 });
    hub.pass(1000);
    assert.equal(hub.query(a, OLD)[3], SUCCESS);
  });
});

describe("notifications", () => {
  const notices = (hub: OtaHub) => hub.device.take().filter(({ zcl }) => zcl[2] === 0);

  it("go to everybody at once under the network key, at the beginning and each hour", () => {
    const hub = new OtaHub(module);
    const image = packageFor({ version: NEW });
    hub.load(1, image, { ...GO, go: false });
    assert.deepEqual(notices(hub), []);
    hub.source.rollout(1, GO);
    hub.pass(1000);
    const [first, ...more] = notices(hub);
    assert.deepEqual(more, []);
    assert.deepEqual([first.target, first.extended, first.endpoint, first.options, first.cluster], [0xffff, 0n, 0xff, TO_ALL, OTA]);
    assert.equal(first.zcl.toString("hex", 0, 1) + first.zcl.toString("hex", 2), `190003${"64"}${file(3, NEW).toString("hex")}`);
    hub.pass(HOUR_MS - 5000, 5000);
    assert.deepEqual(notices(hub), []);
    hub.pass(10_000);
    assert.equal(notices(hub).length, 1);
  });

  it("go to each device of a list, one after the other, under its link key, while it has not begun", () => {
    const hub = new OtaHub(module);
    hub.load(1, packageFor({ version: NEW }), { ...GO, go: false, devices: [a, b, c] });
    hub.device.take();
    hub.source.rollout(1, { ...GO, devices: [a, b, c] });
    const times: bigint[] = [];
    const told: bigint[] = [];
    for (let round = 0; round < 40; round++, hub.now += 100n) {
      hub.exchange();
      for (const { extended, options } of notices(hub)) {
        assert.equal(options, 3);
        told.push(extended);
        times.push(hub.now);
      }
    }
    assert.deepEqual(told, [a, b, c]);
    assert.ok(times[1] - times[0] >= 500n && times[2] - times[1] >= 500n);
    update(hub, b);
    hub.pass(HOUR_MS + 5000, 5000);
    assert.deepEqual(
      notices(hub).map(({ extended }) => extended),
      [a, c],
    );
  });
});

describe("a reset of the hub", () => {
  it("leaves the rollout, its failures and what each device was told", () => {
    const hub = rolling({ failures: 2, devices: [a, b, c] });
    hub.block(a, NEW, 0);
    hub.end(a, INVALID_IMAGE, NEW);
    update(hub, b);
    hub.pass(1000);
    hub.reset();
    hub.pass(5000);
    assert.deepEqual(
      [a, b, c, d].map((device) => hub.query(device, OLD)[3]),
      [NO_IMAGE, SUCCESS, SUCCESS, 0x7e],
    );
    hub.pass(120_000);
    assert.equal(hub.query(b, OLD)[3], NO_IMAGE, "the second failure");
    assert.equal(hub.query(c, OLD)[3], NO_IMAGE, "has stopped the rollout");
  });

  it("in the middle of a transfer lets the device go on where it was", () => {
    const hub = rolling({ atOnce: 1 });
    hub.block(a, NEW, 0);
    hub.reset();
    hub.pass(1000);
    assert.equal(hub.block(a, NEW, 48)[3], SUCCESS);
    assert.equal(hub.block(b, NEW, 0)[3], WAIT_FOR_DATA);
  });

  it("leaves a command to activate", () => {
    const hub = rolling({ activate: Activate.OnCommand });
    hub.end(a, SUCCESS, NEW);
    hub.source.activate(1);
    hub.pass(1000);
    hub.reset();
    hub.pass(1000);
    assert.equal(hub.end(b, SUCCESS, NEW).readUInt32LE(15), 0);
  });
});
