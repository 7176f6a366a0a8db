// The OTA server's page streams, and what it answers to who has loaded all of a file.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { labModule } from "../../host/build/labs.ts";
import { Activate } from "../../host/home/update_records.ts";
import { clockRecord, zigbeeTime } from "./home.ts";
import {
  ABORT,
  file,
  GO,
  ihd,
  loadedHub,
  MALFORMED,
  NEW,
  NOT_AUTHORIZED,
  OTA,
  type OtaHub,
  octet,
  other,
  packageFor,
  refusal,
  response,
  SUCCESS,
  u32,
} from "./ota_hub.ts";
import { AUTUMN, SPRING } from "./wire.ts";

const module = labModule("sep1/device");

const loaded = (options: Parameters<typeof packageFor>[0] = {}, rollout = GO) => loadedHub(module, options, rollout);

describe("image page", () => {
  it("is answered block by block to its end", () => {
    const { hub, image } = loaded();
    const frames = hub.page(ihd, NEW, 100, 300);
    assert.equal(frames.length, 7);
    assert.ok(Buffer.concat(frames.map((frame) => frame.subarray(17))).equals(image.subarray(100, 400)));
    assert.deepEqual(
      frames.map((frame) => frame.readUInt32LE(12)),
      [100, 148, 196, 244, 292, 340, 388],
    );
    for (const frame of frames) assert.equal(frame.toString("hex", 0, 4), "19550500");
  });

  it("ends with the file", () => {
    const { hub, image } = loaded();
    const frames = hub.page(ihd, NEW, image.length - 60, 0xffff);
    assert.deepEqual(
      frames.map((frame) => frame[16]),
      [48, 12],
    );
  });

  it("asks for no acknowledgement of its answers, and for the link key", () => {
    const { hub } = loaded();
    hub.device.hear(Buffer.concat([Buffer.from([0x01, 0x55, 4, 0]), file(3, NEW), u32(0), Buffer.from([48, 96, 0, 0, 0])]), {
      cluster: OTA,
      from: ihd,
      now: hub.now,
    });
    hub.device.tick(hub.now);
    assert.deepEqual(
      hub.device.take().map(({ options }) => options),
      [2, 2],
    );
  });

  it("keeps the spacing that was asked for", () => {
    const { hub } = loaded();
    assert.equal(hub.page(ihd, NEW, 0, 144, 100).length, 1);
    const begun = hub.now;
    const times: bigint[] = [];
    for (; hub.now < begun + 400n; hub.now += 10n) {
      hub.device.tick(hub.now);
      if (hub.device.take().length > 0) times.push(hub.now - begun);
    }
    assert.deepEqual(times, [100n, 200n]);
  });

  it("of a third device has to wait; of the same device it begins anew", () => {
    const { hub } = loaded();
    const third = 0x00124b00000000ddn;
    hub.page(ihd, NEW, 0, 1000, 1000);
    hub.page(other, NEW, 0, 1000, 1000);
    assert.equal(hub.page(third, NEW, 0, 1000, 1000)[0].toString("hex", 0, 4), "19550597");
    assert.equal(hub.page(ihd, NEW, 480, 1000, 1000)[0].readUInt32LE(12), 480);
    assert.equal(hub.block(third, NEW, 0)[3], SUCCESS);
  });

  it("of nothing is malformed", () => {
    const { hub } = loaded();
    assert.equal(hub.page(ihd, NEW, 0, 0)[0].toString("hex"), refusal(4, MALFORMED));
    assert.equal(hub.page(ihd, NEW, 0, 10, 0, 0)[0].toString("hex"), refusal(4, MALFORMED));
  });

  it("is aborted in the middle when the file is withdrawn or another one", () => {
    const withdraw = (hub: OtaHub): void => {
      hub.source.withdraw(1);
      hub.pass(100);
    };
    for (const change of [withdraw, (hub: OtaHub) => hub.load(1, packageFor({ version: NEW + 1 }))]) {
      const { hub } = loaded();
      hub.page(ihd, NEW, 0, 1000, 5000);
      change(hub);
      hub.now += 5000n;
      hub.device.take();
      hub.device.tick(hub.now);
      const frames = hub.device.take().filter(({ zcl }) => zcl[2] === 5);
      assert.deepEqual(
        frames.map(({ zcl }) => zcl.toString("hex")),
        [response(5, octet(ABORT))],
      );
      hub.now += 10_000n;
      hub.device.tick(hub.now);
      assert.deepEqual(
        hub.device.take().filter(({ zcl }) => zcl[2] === 5),
        [],
      );
    }
  });
});

describe("upgrade end", () => {
  const noon = zigbeeTime("2026-06-01T12:00:00Z");
  const clock = (hub: OtaHub) => hub.device.event(clockRecord(noon, 0, SPRING, AUTUMN, 3600), hub.now);

  it("is answered with the time to activate, as the rollout says", () => {
    for (const [rollout, known, expected] of [
      [GO, true, [noon, noon]],
      [GO, false, [0, 0]],
      [{ ...GO, activate: Activate.AtTime, time: noon + 90 }, true, [noon, noon + 90]],
      [{ ...GO, activate: Activate.AtTime, time: noon - 90 }, true, [noon, noon]],
      [{ ...GO, activate: Activate.AtTime, time: noon + 90 }, false, [0, 0xffffffff]],
      [{ ...GO, activate: Activate.OnCommand }, true, [noon, 0xffffffff]],
    ] as const) {
      const { hub } = loaded({}, { ...rollout });
      if (known) clock(hub);
      assert.equal(
        hub.end(ihd, SUCCESS, NEW).toString("hex"),
        response(7, file(3, NEW), u32(expected[0]), u32(expected[1])),
        JSON.stringify(rollout),
      );
    }
  });

  it("of a file that is gone is aborted", () => {
    const { hub } = loaded();
    assert.equal(hub.end(ihd, SUCCESS, NEW + 1).toString("hex"), refusal(6, ABORT));
    hub.source.withdraw(1);
    hub.pass(1000);
    assert.equal(hub.end(ihd, SUCCESS, NEW).toString("hex"), refusal(6, ABORT));
  });

  it("of a device that was not to have it is not authorised", () => {
    const { hub } = loaded({}, { ...GO, devices: [other] });
    assert.equal(hub.end(ihd, SUCCESS, NEW).toString("hex"), refusal(6, NOT_AUTHORIZED));
  });

  it("is a command for who waits, once the head-end gives it", () => {
    const { hub } = loaded({}, { ...GO, activate: Activate.OnCommand });
    hub.end(ihd, SUCCESS, NEW);
    hub.device.take();
    hub.source.activate(1);
    hub.pass(3000);
    const told = hub.device.take().filter(({ zcl }) => zcl[2] === 7);
    assert.equal(told.length, 1);
    assert.deepEqual(
      [told[0].extended, told[0].zcl[0], told[0].zcl.toString("hex", 3)],
      [ihd, 0x19, Buffer.concat([file(3, NEW), u32(0), u32(0)]).toString("hex")],
    );
  });
});
