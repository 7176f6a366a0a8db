// What a server reads of a client: the attributes of the OTA Upgrade cluster, 075123 section 11.10, through an update.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FileStatus, ImageReason } from "../../host/abi.ts";
import { labModule } from "../../host/build/labs.ts";
import { dissect } from "./dissect.ts";
import { type Client, MANUFACTURER, OFFERED, OTA, RUNNING, type Slot } from "./ota_lab.ts";
import { type Scene, type Server, SIZE, scene } from "./ota_script.ts";

const module = labModule("sep1/ota_device");

const IEEE = 0xf0;
const TYPES: Record<number, number> = {
  0: IEEE,
  1: 0x23,
  2: 0x23,
  3: 0x21,
  4: 0x23,
  5: 0x21,
  6: 0x30,
  7: 0x21,
  8: 0x21,
  9: 0x21,
  10: 0x23,
  11: 0x30,
  12: 0x30,
};
const NONE = 0xffffffff;

/** The answer to a read of one attribute, as the hub gets it. */
function read(client: Client, id: number, now: number, key?: number): Buffer | undefined {
  client.take();
  client.hear(Buffer.from([0x08, 0x55, 0x00, id & 0xff, id >> 8]), now, key === undefined ? {} : { key });
  return client.take()[0]?.zcl;
}

function value(client: Client, id: number, now: number): number {
  const answer = read(client, id, now);
  assert.ok(answer);
  assert.deepEqual([...answer.subarray(0, 3)], [0x10, 0x55, 0x01], "to the server, with the question's number");
  assert.deepEqual([...answer.subarray(3, 7)], [id, 0, 0, TYPES[id]]);
  return Number(answer.subarray(7).reduceRight((sum, octet) => (sum << 8n) | BigInt(octet), 0n));
}

const statusOf = (client: Client, server: Server): number => value(client, 6, server.now);

function shows(client: Client, server: Server, expected: Record<number, number>): void {
  for (const [id, wanted] of Object.entries(expected)) assert.equal(value(client, Number(id), server.now), wanted, `attribute ${id}`);
}

describe("the attributes of an OTA client", () => {
  it("tell of a device at rest", () => {
    const { client, server } = scene(module);
    server.version = RUNNING;
    server.run(client, 30_000);
    shows(client, server, {
      0: 0x00124b0000000001,
      1: NONE,
      2: RUNNING,
      3: 2,
      4: NONE,
      5: 0xffff,
      6: 0,
      7: MANUFACTURER,
      8: 3,
      9: 0,
      11: 0,
      12: 1,
    });
  });

  it("follow an update from its first octet to its activation", () => {
    const { client, server } = scene(module);
    server.times = [0, NONE];
    server.air = (zcl) => (zcl[2] === 5 && zcl.readUInt32LE(12) > 9000 ? [] : [zcl]);
    server.run(client, 5000);
    assert.equal(statusOf(client, server), 1);
    const offset = value(client, 1, server.now);
    assert.ok(offset > 8900 && offset < 9100, `${offset}`);
    server.air = (zcl) => [zcl];
    server.run(client, 60_000);
    shows(client, server, { 1: SIZE, 4: OFFERED, 5: 2, 6: 3, 10: SIZE });
    server.times = [0, 4000];
    server.run(client, 3_700_000);
    assert.equal(statusOf(client, server), 4, "counting down");
  });

  it("say that another file is wanted when a delta does not fit, and nothing of other failures", () => {
    const failed = (reason: number): Scene & { slot: Slot } => {
      const run = scene(module);
      run.slot.refuse = { at: 600, reason };
      run.server.run(run.client, 20_000);
      assert.equal(run.slot.status, FileStatus.Failed);
      return run;
    };
    for (const [reason, status] of [
      [ImageReason.Base, 5],
      [ImageReason.Role, 0],
    ] as const) {
      const { client, server } = failed(reason);
      assert.equal(statusOf(client, server), status);
    }
  });

  it("are read only, discovered in order, and told only under the link key", () => {
    const { client, server } = scene(module);
    server.run(client, 100);
    assert.equal(read(client, 2, 100, 0)?.toString("hex"), "10550b0001", "FAILURE");
    assert.equal(read(client, 0x0d, 100)?.toString("hex"), "1055010d0086");
    client.hear(Buffer.from("085502090021e803", "hex"), 100);
    assert.equal(client.take()[0]?.zcl.toString("hex"), "105504880900");
    client.hear(Buffer.from("08550c000020", "hex"), 100);
    const found = client.take()[0]?.zcl as Buffer;
    assert.equal(
      found.toString("hex", 3),
      `01${Object.entries(TYPES)
        .map(([id, type]) => Buffer.from([Number(id), 0, type]).toString("hex"))
        .join("")}`,
    );
    const [seen] = dissect([{ cluster: OTA, zcl: read(client, 2, 100) as Buffer }], ["zbee_zcl_general.ota.attr_id"]);
    assert.equal(seen?.["_ws.expert.message"], "");
    assert.equal(Number(seen?.["zbee_zcl_general.ota.attr_id"]), 2);
  });
});
