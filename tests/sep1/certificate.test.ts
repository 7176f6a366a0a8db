// A device without a certificate asks the hub for one in our maker's own command of the OTA cluster, and the hub passes it on.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Log } from "../../host/abi.ts";
import { labModule } from "../../host/build/labs.ts";
import { Err } from "../../host/err.ts";
import { upParse } from "../../host/home/uplink_parse.ts";
import { dissect } from "./dissect.ts";
import { ihd, OtaHub, other } from "./ota_hub.ts";
import { Certificate, Client, HOUR, MANUFACTURER, OTA, REQUEST, RUNNING, Slot } from "./ota_lab.ts";
import { type Asked, type Script, Server, say } from "./ota_script.ts";

const client = labModule("sep1/ota_device");
const hubModule = labModule("sep1/device");
const ISSUED = 0x2f600000;
const SIZE = 1251;
const UNKNOWN_COMMAND = 0x83;

const isOwn = ({ zcl }: Asked): boolean => (zcl[0] as number) === 0x05;
const verdict = (zcl: Buffer, status: number): Buffer =>
  Buffer.concat([Buffer.from([0x1c]), zcl.subarray(1, 4), Buffer.from([0x0b, 0, status])]);

class Scene {
  readonly board = new Certificate();
  readonly device: Client;
  readonly server: Server;
  /** Octets of requests that came, piece by piece, and how it ended. */
  request = Buffer.alloc(0);
  readonly ends: number[] = [];
  /** What is there for the device. */
  offers = false;
  status = 0;
  silent = false;

  constructor() {
    const script: Script = (asked, server) => {
      if (isOwn(asked)) {
        this.own(asked.zcl, server);
        return false;
      }
      if (asked.command === 8 && this.offers) {
        const answer = Buffer.concat([Buffer.from([0xf1, 0xff, 0xc0, 0xff]), u32(ISSUED), u32(SIZE)]);
        server.answer(say.command(asked.sequence, 9, Buffer.from([0]), answer));
        return false;
      }
      if ((asked.command !== 3 && asked.command !== 4) || asked.zcl.readUInt16LE(6) !== 0xffc0) return true;
      if (asked.command === 4) {
        server.answer(say.refusal(asked.sequence, 4, 0x81));
        return false;
      }
      const octets = server.image.subarray(asked.offset, asked.offset + 50);
      const of = say.file(ISSUED, MANUFACTURER, 0xffc0);
      server.answer(say.command(asked.sequence, 5, Buffer.from([0]), of, u32(asked.offset), Buffer.from([octets.length]), octets));
      return false;
    };
    this.server = new Server(SIZE, script);
    this.server.version = RUNNING; // there is no other module
    this.device = new Client(client, new Slot(), undefined, 0, true, this.board);
    this.device.ready(0);
  }

  run(toMs: number): this {
    this.server.run(this.device, toMs);
    return this;
  }

  get commands(): (number | "own")[] {
    return this.server.asked.map((asked) => (isOwn(asked) ? "own" : asked.command));
  }

  private own(zcl: Buffer, server: Server): void {
    assert.equal(zcl.readUInt16LE(1), MANUFACTURER);
    assert.equal(zcl[4], 0);
    const [offset, size] = [zcl.readUInt16LE(5), zcl.readUInt16LE(7)];
    if (this.silent) return;
    if (size === 0) this.ends.push(offset);
    else if (offset === 0) this.request = Buffer.from(zcl.subarray(9));
    else if (offset === this.request.length) this.request = Buffer.concat([this.request, zcl.subarray(9)]);
    server.answer(verdict(zcl, this.status));
  }
}

function u32(value: number): Buffer {
  const at = Buffer.alloc(4);
  at.writeUInt32LE(value >>> 0);
  return at;
}

describe("a device without a certificate", () => {
  it("gives its request piece by piece, asks for the answer, installs it, and says so", () => {
    const scene = new Scene().run(20_000);
    assert.deepEqual(scene.commands, [-1, 1, 8, ...Array.from({ length: 6 }, () => "own")]);
    assert.deepEqual(scene.request, REQUEST);
    assert.equal(scene.board.keys, 1);
    scene.offers = true;
    scene.run(300_000);
    assert.equal(scene.board.installed, true);
    assert.deepEqual(scene.board.file, scene.server.image);
    assert.deepEqual(scene.ends, [0]);
    assert.deepEqual(
      scene.device.logged(Log.Certificate).map((octets) => octets.readInt8(0)),
      [0],
    );
    const asked = scene.server.asked.length;
    scene.run(7 * HOUR);
    assert.deepEqual(new Set(scene.commands.slice(asked)), new Set([1]), "and asks for modules alone from then on");
  });

  it("keeps its key until it is certified, and says why it refuses what it was given", () => {
    const scene = new Scene();
    scene.offers = true;
    scene.board.verdict = Err.Refused;
    scene.run(60_000);
    assert.deepEqual(scene.ends, [-Err.Refused]);
    assert.equal(scene.board.installed, false);
    scene.offers = false;
    scene.run(400_000);
    assert.deepEqual(scene.request, REQUEST);
    assert.equal(scene.board.keys, 1);
    scene.offers = true;
    scene.board.verdict = 0;
    scene.run(2 * HOUR);
    assert.equal(scene.board.installed, true);
  });

  it("leaves a hub alone that does not know the command", () => {
    const scene = new Scene();
    scene.status = UNKNOWN_COMMAND;
    scene.run(5 * HOUR);
    assert.deepEqual(scene.commands, [-1, 1, 8, "own"]);
    scene.run(24 * HOUR);
    const count = scene.commands.filter((each) => each === "own").length;
    assert.ok(count >= 4 && count <= 5, `${count} times in a day`);
  });

  it("asks a bounded number of times where nobody answers", () => {
    for (const silent of [false, true]) {
      const scene = new Scene();
      scene.silent = silent; // else the hub takes the request and the supplier says nothing
      scene.run(5 * HOUR);
      const requests = scene.server.asked.filter((asked) => isOwn(asked) && asked.zcl.readUInt16LE(5) === 0).length;
      assert.ok(requests >= 2 && requests <= 7, `${requests} requests`);
      scene.run(24 * HOUR);
      assert.ok(scene.commands.filter((each) => each === "own").length <= 5 * 7 * 6);
    }
  });

  it("speaks as tshark understands it", () => {
    const scene = new Scene().run(20_000);
    const own = scene.server.asked.filter(isOwn).map(({ zcl }) => ({ cluster: OTA, zcl }));
    const seen = dissect(own, ["zbee_zcl.ms", "zbee_zcl.cmd.mc"]);
    assert.equal(seen.length, 6);
    for (const row of seen) {
      assert.equal(row["_ws.expert.message"], "");
      assert.equal(Number(row["zbee_zcl.cmd.mc"]), MANUFACTURER);
    }
  });
});

describe("a device with a certificate, or a board that can have none", () => {
  it("asks for nothing", () => {
    const scene = new Scene();
    scene.board.installed = true;
    scene.run(24 * HOUR);
    assert.equal(scene.commands.includes("own") || scene.commands.includes(8), false);
    const bare = new Client(client, new Slot());
    const server = new Server(SIZE);
    server.version = RUNNING;
    bare.ready(0);
    server.run(bare, HOUR);
    assert.equal(server.count(8), 0);
  });
});

describe("a hub", () => {
  const piece = (offset: number, size: number, octets: Buffer): Buffer => {
    const head = Buffer.alloc(4);
    head.writeUInt16LE(offset, 0);
    head.writeUInt16LE(size, 2);
    return Buffer.concat([head, octets]);
  };
  class Asking {
    readonly hub = new OtaHub(hubModule);
    private sequence = 0;

    constructor() {
      this.hub.device.known(0, ihd);
    }

    /** The status that a command gets, and what went up. */
    say(
      payload: Buffer,
      { from = ihd, maker = MANUFACTURER, command = 0, key = 2, at = this.hub.now } = {},
    ): [number | undefined, unknown[]] {
      const { device } = this.hub;
      device.take();
      device.uplink.splice(0);
      const head = Buffer.from([0x05, maker & 0xff, maker >> 8, this.sequence++ & 0xff, command]);
      device.hear(Buffer.concat([head, payload]), { cluster: OTA, from, key, now: at });
      const [sent] = device.take();
      return [sent?.zcl.at(-1), device.uplink.splice(0).map((octets) => upParse(octets))];
    }
  }

  it("passes on each piece of a device that it shares a key with, and answers", () => {
    const octets = Buffer.alloc(56, 7);
    const up = { kind: "request", extended: ihd, offset: 56, size: 287 };
    assert.deepEqual(new Asking().say(piece(56, 287, octets)), [0, [{ ...up, octets: Uint8Array.from(octets) }]]);
    assert.deepEqual(new Asking().say(piece(15, 0, Buffer.alloc(0))), [
      0,
      [{ kind: "request", extended: ihd, offset: 15, size: 0, octets: new Uint8Array(0) }],
    ]);
  });

  it("refuses what is none, and passes nothing on", () => {
    const one = Buffer.of(1);
    const MALFORMED = 0x80;
    for (const [name, payload] of Object.entries({
      empty: Buffer.alloc(0),
      short: Buffer.alloc(3),
      "without octets": piece(0, 100, Buffer.alloc(0)),
      "beyond its end": piece(99, 100, Buffer.alloc(2)),
      "larger than any": piece(0, 513, one),
      "too many at once": piece(0, 512, Buffer.alloc(57)),
      "an end with octets": piece(0, 0, one),
    }))
      assert.deepEqual(new Asking().say(payload), [MALFORMED, []], name);
    assert.deepEqual(new Asking().say(piece(511, 512, one))[0], 0);
    assert.deepEqual(new Asking().say(piece(0, 1, one), { maker: MANUFACTURER + 1 }), [UNKNOWN_COMMAND, []]);
    assert.deepEqual(new Asking().say(piece(0, 1, one), { command: 1 }), [UNKNOWN_COMMAND, []]);
    assert.deepEqual(new Asking().say(piece(0, 1, one), { key: 1 }), [1, []], "under the network key");
    assert.deepEqual(new Asking().say(piece(0, 1, one), { from: other }), [0x89, []], "of nobody that it knows");
  });

  it("passes on 64 pieces of a device in an hour, whatever another one sends", () => {
    const asking = new Asking();
    asking.hub.device.known(1, other);
    const one = piece(0, 1, Buffer.of(1));
    for (let count = 0; count < 64; count++) assert.equal(asking.say(one)[0], 0);
    assert.deepEqual(asking.say(one), [0x89, []]);
    assert.equal(asking.say(one, { from: other })[0], 0);
    assert.equal(asking.say(one, { at: asking.hub.now + 3_599_999n })[0], 0x89);
    assert.equal(asking.say(one, { at: asking.hub.now + 3_600_000n })[0], 0);
  });
});
