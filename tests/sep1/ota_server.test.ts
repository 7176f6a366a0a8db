// The OTA server at its edges: what it answers to each command, octet by octet, and what tshark reads in that.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { labModule } from "../../host/build/labs.ts";
import { dissect } from "./dissect.ts";
import { answer, NETWORK_KEY } from "./edges.ts";
import { clockRecord, Device, HUB, zigbeeTime } from "./home.ts";
import {
  ABORT,
  file,
  GO,
  INVALID_FIELD,
  ihd,
  loadedHub,
  MALFORMED,
  NEW,
  NO_IMAGE,
  NOT_AUTHORIZED,
  OLD,
  OTA,
  OtaHub,
  octet,
  other,
  packageFor,
  refusal,
  response,
  SUCCESS,
  u32,
  WAIT_FOR_DATA,
} from "./ota_hub.ts";
import { AUTUMN, SPRING } from "./wire.ts";

const module = labModule("sep1/device");

const loaded = (options: Parameters<typeof packageFor>[0] = {}, rollout = GO) => loadedHub(module, options, rollout);

describe("query next image", () => {
  it("names the file that is newer than the one that runs", () => {
    const { hub, image } = loaded();
    assert.equal(hub.query(ihd, OLD).toString("hex"), response(2, octet(SUCCESS), file(3, NEW), u32(image.length)));
    assert.equal(hub.query(ihd, NEW).toString("hex"), response(2, octet(NO_IMAGE)));
    assert.equal(hub.query(ihd, NEW + 1).toString("hex"), response(2, octet(NO_IMAGE)));
    assert.equal(
      hub
        .query(ihd, NEW - 1)
        .toString("hex")
        .slice(6, 8),
      "00",
    );
  });

  it("has nothing for another maker, type or hardware", () => {
    const { hub } = loaded({ hardware: { minimum: 2, maximum: 5 } });
    for (const [hardware, status] of [
      [1, NO_IMAGE],
      [2, SUCCESS],
      [5, SUCCESS],
      [6, NO_IMAGE],
      [undefined, SUCCESS],
    ] as const) {
      assert.equal(hub.query(ihd, OLD, { hardware })[3], status, `hardware ${hardware}`);
    }
    assert.equal(hub.query(ihd, OLD, { type: 2 })[3], NO_IMAGE);
    assert.equal(hub.query(ihd, OLD, { manufacturer: 0xfff2 })[3], NO_IMAGE);
    assert.equal(hub.query(ihd, OLD, { manufacturer: 0xffff, type: 0xffff })[3], NO_IMAGE);
  });

  it("says that a device is not among those of the rollout", () => {
    const { hub } = loaded({}, { ...GO, devices: [other] });
    assert.equal(hub.query(ihd, OLD).toString("hex"), response(2, octet(NOT_AUTHORIZED)));
    assert.equal(hub.query(other, OLD)[3], SUCCESS);
  });

  it("has nothing before a rollout goes, and after it was stopped", () => {
    const hub = new OtaHub(module);
    hub.load(1, packageFor({ version: NEW }), { ...GO, go: false });
    assert.equal(hub.query(ihd, OLD)[3], NO_IMAGE);
    hub.source.rollout(1, GO);
    hub.pass(1000);
    assert.equal(hub.query(ihd, OLD)[3], SUCCESS);
    hub.source.rollout(1, { ...GO, go: false });
    hub.pass(1000);
    assert.equal(hub.query(ihd, OLD)[3], NO_IMAGE);
  });

  it("gives a file with a destination to that device alone", () => {
    const { hub } = loaded({ destination: other });
    assert.equal(hub.query(ihd, OLD)[3], NO_IMAGE);
    assert.equal(hub.query(other, OLD)[3], SUCCESS);
    assert.equal(hub.block(ihd, NEW, 0).toString("hex"), refusal(3, NOT_AUTHORIZED));
    assert.equal(hub.block(other, NEW, 0)[3], SUCCESS);
  });

  it("names the newest of several files", () => {
    const { hub } = loaded();
    hub.load(3, packageFor({ version: NEW + 2 }));
    hub.load(2, packageFor({ version: NEW + 1 }));
    assert.equal(hub.query(ihd, OLD).readUInt32LE(8), NEW + 2);
    assert.equal(hub.query(ihd, NEW).readUInt32LE(8), NEW + 2);
  });
});

describe("image block", () => {
  it("gives the octets of the file, as many as fit and no more than were asked for", () => {
    const { hub, image } = loaded();
    const head = (offset: number, count: number): Buffer => Buffer.concat([octet(SUCCESS), file(3, NEW), u32(offset), octet(count)]);
    assert.equal(hub.block(ihd, NEW, 0).toString("hex"), response(5, head(0, 48), image.subarray(0, 48)));
    assert.equal(hub.block(ihd, NEW, 7, { max: 1 }).toString("hex"), response(5, head(7, 1), image.subarray(7, 8)));
    assert.equal(hub.block(ihd, NEW, 100, { max: 255 }).toString("hex"), response(5, head(100, 56), image.subarray(100, 156)));
    const last = image.length - 5;
    assert.equal(hub.block(ihd, NEW, last).toString("hex"), response(5, head(last, 5), image.subarray(last)));
  });

  it("reads back as the file when it is asked for from end to end", () => {
    const { hub, image } = loaded();
    const parts: Buffer[] = [];
    for (let offset = 0; offset < image.length; offset += parts[parts.length - 1].length)
      parts.push(hub.block(ihd, NEW, offset, { max: 56 }).subarray(17));
    assert.ok(Buffer.concat(parts).equals(image));
  });

  it("beyond the end is malformed, and so is one without octets", () => {
    const { hub, image } = loaded();
    assert.equal(hub.block(ihd, NEW, image.length - 1)[3], SUCCESS);
    for (const offset of [image.length, 0xffffffff]) assert.equal(hub.block(ihd, NEW, offset).toString("hex"), refusal(3, MALFORMED));
    assert.equal(hub.block(ihd, NEW, 0, { max: 0 }).toString("hex"), refusal(3, MALFORMED));
  });

  it("takes the requester's address when it is the sender's, and the period", () => {
    const { hub } = loaded();
    assert.equal(hub.block(ihd, NEW, 0, { node: ihd, period: 250 })[3], SUCCESS);
    assert.equal(hub.block(ihd, NEW, 0, { node: other }).toString("hex"), refusal(3, INVALID_FIELD));
  });

  it("of a file that the hub does not have is aborted", () => {
    const { hub } = loaded();
    for (const frame of [hub.block(ihd, NEW + 1, 0), hub.block(ihd, NEW, 0, { type: 2 })])
      assert.equal(frame.toString("hex"), response(5, octet(ABORT)));
  });

  it("of a file that is withdrawn is aborted", () => {
    const { hub } = loaded();
    assert.equal(hub.block(ihd, NEW, 0)[3], SUCCESS);
    hub.source.withdraw(1);
    hub.pass(1000);
    assert.equal(hub.block(ihd, NEW, 48).toString("hex"), response(5, octet(ABORT)));
    assert.equal(hub.query(ihd, OLD)[3], NO_IMAGE);
  });

  it("has to wait while the file is still on its way to the hub", () => {
    const hub = new OtaHub(module);
    hub.device.event(Buffer.concat([Buffer.from([5, 1]), file(3, NEW), u32(3000)]), hub.now);
    assert.equal(hub.block(ihd, NEW, 0).toString("hex"), response(5, octet(WAIT_FOR_DATA), u32(0), u32(60), Buffer.from([0, 0])));
    hub.device.event(clockRecord(zigbeeTime("2026-06-01T12:00:00Z"), 0, SPRING, AUTUMN, 3600), hub.now);
    const now = zigbeeTime("2026-06-01T12:00:00Z");
    assert.equal(
      hub.block(ihd, NEW, 0, { period: 500 }).toString("hex"),
      response(5, octet(WAIT_FOR_DATA), u32(now), u32(now + 60), Buffer.from([0xf4, 1])),
    );
    assert.equal(hub.query(ihd, OLD)[3], NO_IMAGE);
  });
});

describe("query device-specific file", () => {
  const ask = (hub: OtaHub, from: bigint, node: bigint, type: number, version = 0xffffffff): string => {
    const address = Buffer.alloc(8);
    address.writeBigUInt64LE(node);
    return hub
      .ask(from, 8, Buffer.concat([address, file(type, version), Buffer.from([2, 0])]))
      .map((frame) => frame.toString("hex"))
      .join(" ");
  };

  it("finds a file of that type for that device, and no other", () => {
    const { hub, image } = loaded({ imageType: 0xffc1, destination: ihd }, { ...GO, go: false });
    assert.equal(ask(hub, ihd, ihd, 0xffc1), response(9, octet(SUCCESS), file(0xffc1, NEW), u32(image.length)));
    assert.equal(ask(hub, ihd, ihd, 0xffc1, NEW), response(9, octet(SUCCESS), file(0xffc1, NEW), u32(image.length)));
    for (const [from, type, version] of [
      [ihd, 0xffc0, 0xffffffff],
      [ihd, 3, 0xffffffff],
      [other, 0xffc1, 0xffffffff],
      [ihd, 0xffc1, NEW + 1],
    ] as const) {
      assert.equal(ask(hub, from, from, type, version), response(9, octet(NO_IMAGE)));
    }
    assert.equal(hub.block(ihd, NEW, 0, { type: 0xffc1 })[3], SUCCESS);
    assert.equal(hub.query(ihd, OLD, { type: 0xffc1 })[3], NO_IMAGE);
  });

  it("is about the sender alone", () => {
    const { hub } = loaded({ imageType: 0xffc1, destination: ihd });
    assert.equal(ask(hub, other, ihd, 0xffc1), refusal(8, INVALID_FIELD));
  });
});

describe("the cluster", () => {
  it("refuses everything without the link key", () => {
    const { hub } = loaded();
    const query = Buffer.concat([Buffer.from([0]), file(3, OLD)]);
    assert.deepEqual(
      hub.ask(ihd, 1, query, NETWORK_KEY).map((frame) => frame.toString("hex")),
      [refusal(1, 1)],
    );
  });

  it("refuses what is too short, command by command, and no more than that", () => {
    const { hub } = loaded();
    for (const [command, whole] of [
      [1, Buffer.concat([Buffer.from([0]), file(3, OLD)])],
      [3, Buffer.concat([Buffer.from([0]), file(3, NEW), u32(0), Buffer.from([48])])],
      [4, Buffer.concat([Buffer.from([0]), file(3, NEW), u32(0), Buffer.from([48, 48, 0, 0, 0])])],
      [6, Buffer.concat([Buffer.from([0]), file(3, NEW)])],
    ] as const) {
      for (let size = 0; size < whole.length; size++) {
        assert.deepEqual(
          hub.ask(ihd, command, whole.subarray(0, size)).map((frame) => frame.toString("hex")),
          [refusal(command, MALFORMED)],
          `command ${command}, ${size} octets`,
        );
      }
      assert.notEqual(hub.ask(ihd, command, whole)[0].toString("hex"), refusal(command, MALFORMED));
    }
  });

  it("has no other commands, and no attributes", () => {
    const hub = new Device(module, HUB);
    for (const command of ["00", "02", "05", "07", "09", "0a", "ff"])
      assert.deepEqual(answer(hub, `01 07 ${command} 00`, { cluster: OTA }), [`18070b${command}81`]);
    assert.deepEqual(answer(hub, "00 07 00 0000", { cluster: OTA }), ["180701" + "000086"]);
    assert.deepEqual(answer(hub, "09 07 02 98", { cluster: OTA }), ["10070b02c3"]);
  });

  it("of a board without a library answers as if it were empty", () => {
    const hub = new OtaHub(module, {}, 0);
    assert.equal(hub.query(ihd, OLD)[3], NO_IMAGE);
    assert.equal(hub.block(ihd, NEW, 0)[3], ABORT);
  });

  it("is understood by tshark, frame by frame", () => {
    const { hub } = loaded();
    const frames = [
      hub.query(ihd, OLD),
      hub.query(ihd, NEW),
      hub.block(ihd, NEW, 96),
      hub.end(ihd, SUCCESS, NEW),
      hub.block(ihd, NEW + 1, 0),
      ...hub.page(other, NEW, 0, 48, 1000),
    ];
    hub.source.withdraw(1);
    hub.pass(1000);
    hub.device.event(Buffer.concat([Buffer.from([5, 1]), file(3, NEW), u32(3000)]), hub.now);
    frames.push(hub.block(ihd, NEW, 0));
    const read = dissect(
      frames.map((zcl) => ({ cluster: OTA, zcl })),
      [
        "zbee_zcl_general.ota.cmd.srv_tx.id",
        "zbee_zcl_general.ota.status",
        "zbee_zcl_general.ota.file.version",
        "zbee_zcl_general.ota.file.offset",
      ],
    );
    assert.deepEqual(
      read.map((row) => row["_ws.expert.message"]),
      frames.map(() => ""),
    );
    assert.deepEqual(
      read.map((row) => Number(row["zbee_zcl_general.ota.cmd.srv_tx.id"])),
      [2, 2, 5, 7, 5, 5, 5],
    );
    assert.deepEqual(
      read.map((row) => row["zbee_zcl_general.ota.status"]).map((status) => (status === "" ? null : Number(status))),
      [0, NO_IMAGE, 0, null, ABORT, 0, WAIT_FOR_DATA],
    );
    assert.deepEqual(
      read.map((row) => (row["zbee_zcl_general.ota.file.offset"] === "" ? null : Number(row["zbee_zcl_general.ota.file.offset"]))),
      [null, null, 96, null, null, 0, null],
    );
  });
});
