// The OTA client loads from a scripted server: every kind of answer, every kind of silence.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FileStatus, ImageReason, Log } from "../../host/abi.ts";
import { labModule } from "../../host/build/labs.ts";
import { dissect } from "./dissect.ts";
import { BLOCK_SIZE, HOUR, MANUFACTURER, OFFERED, OTA, RUNNING } from "./ota_lab.ts";
import { held, type Scene, type Script, SIZE, say, scene } from "./ota_script.ts";

const nameOf = (reason: number): string => Object.entries(ImageReason).find(([, value]) => value === reason)?.[0] ?? "";
const PAGE = 4;
const BLOCK = 3;
const QUERY = 1;
const END = 6;

const module = labModule("sep1/ota_device");

const begin = (script?: Script, size?: number): Scene => scene(module, script, size);
const noPages: Script = (asked, server) => {
  if (asked.command !== PAGE) return true;
  server.answer(say.refusal(asked.sequence, PAGE, 0x81));
  return false;
};

describe("an OTA client", () => {
  it("finds its server, asks, loads in pages, verifies, and activates when it is told", () => {
    const home = begin();
    assert.ok(home.server.run(home.client, 60_000), "it halts to be tried");
    held(home);
    assert.deepEqual(
      home.server.asked.map(({ command }) => command),
      [-1, QUERY, PAGE, PAGE, PAGE, END],
    );
    assert.deepEqual(home.slot.calls, [`begin ${OFFERED.toString(16)} ${SIZE}`, "finish", "activate"]);
    assert.deepEqual(
      home.client.statuses,
      [FileStatus.None, FileStatus.Loading, FileStatus.Verifying, FileStatus.Waiting, FileStatus.Activating].filter(
        (status) => status !== FileStatus.Verifying,
      ),
    );
  });

  it("speaks as tshark understands it", () => {
    const { server, client } = begin(noPages, 300);
    server.times = [0, 0xffffffff];
    server.run(client, 60_000);
    const asked = server.asked.filter(({ command }) => command >= 0);
    const name = (field: string) => `zbee_zcl_general.ota.${field}`;
    const fields = [
      "manufacturer_code",
      "image.type",
      "file.version",
      "file.offset",
      "max_data_size",
      "hw_ver",
      "page.size",
      "rsp_spacing",
      "min_block_period",
      "status",
    ].map(name);
    const seen = dissect(
      asked.map(({ zcl }) => ({ cluster: OTA, zcl })),
      fields,
    );
    for (const [index, frame] of seen.entries()) {
      assert.equal(frame["_ws.expert.message"], "");
      assert.equal(Number(frame[name("manufacturer_code")]), MANUFACTURER);
      assert.equal(Number(frame[name("image.type")]), 3);
      assert.equal(Number(frame[name("file.version")]), index === 0 ? RUNNING : OFFERED);
    }
    const [query, page, block] = seen as [Record<string, string>, Record<string, string>, Record<string, string>];
    assert.equal(Number(query[name("hw_ver")]), 1);
    assert.equal(Number(page[name("page.size")]), 300);
    assert.equal(Number(page[name("rsp_spacing")]), 0);
    assert.equal(Number(block[name("max_data_size")]), BLOCK_SIZE);
    assert.equal(Number(block[name("min_block_period")]), 0);
    assert.equal(Number(seen.at(-1)?.[name("status")]), 0);
  });

  it("asks for every missing block of a page by itself, and loses nothing that came behind it", () => {
    const home = begin();
    let lost = 0;
    home.server.air = (zcl, index) => {
      if (zcl[2] !== 5 || index % 9 !== 4 || lost > 30) return [zcl];
      lost++;
      return [];
    };
    assert.ok(home.server.run(home.client, 60_000));
    held(home);
    assert.ok(lost > 25);
    assert.ok(home.server.count(BLOCK) <= lost + 2, `${home.server.count(BLOCK)} blocks for ${lost} lost`);
    assert.ok(home.server.now < 20_000, "no silence was waited for");
  });

  it("takes repeated, reordered, short and empty blocks for what they are", () => {
    const home = begin();
    home.server.air = (zcl, index) => {
      if (zcl[2] !== 5) return [zcl];
      const sequence = zcl[1] as number;
      const offset = zcl.readUInt32LE(12);
      const octets = zcl.subarray(17);
      if (index % 5 === 0) return [zcl, zcl];
      if (index % 5 === 1)
        return [say.block(sequence, offset + 20, octets.subarray(20)), say.block(sequence, offset, octets.subarray(0, 20))];
      if (index % 5 === 2) return [say.block(sequence, offset, Buffer.alloc(0)), zcl];
      if (index % 5 === 3) return [say.block(sequence, offset, octets.subarray(0, 7)), zcl];
      return [say.block(sequence, 0xffffff00, octets), say.block(sequence, SIZE - 1, Buffer.from([1, 2])), zcl];
    };
    assert.ok(home.server.run(home.client, 60_000));
    held(home);
  });

  it("keeps nothing aside that is larger than what it asked for", () => {
    const home = begin();
    const spoilt = new Set<number>();
    home.server.air = (zcl) => {
      if (zcl[2] !== 5) return [zcl];
      const offset = zcl.readUInt32LE(12);
      if (spoilt.has(offset) || offset < 20 * BLOCK_SIZE || offset % (20 * BLOCK_SIZE) > BLOCK_SIZE) return [zcl];
      spoilt.add(offset);
      const isFirst = offset % (20 * BLOCK_SIZE) === 0;
      return isFirst ? [] : [say.block(zcl[1] as number, offset, Buffer.alloc(200, 0xee))];
    };
    assert.ok(home.server.run(home.client, 120_000));
    held(home);
  });

  it("goes on with blocks where pages are an unknown command", () => {
    const home = begin(noPages);
    assert.ok(home.server.run(home.client, 120_000));
    held(home);
    assert.equal(home.server.count(PAGE), 1);
    assert.equal(home.server.count(BLOCK), Math.ceil(SIZE / BLOCK_SIZE));
  });

  it("goes on with blocks where pages bring next to nothing", () => {
    const home = begin((asked) => asked.command !== PAGE);
    assert.ok(home.server.run(home.client, 300_000));
    held(home);
    assert.equal(home.server.count(PAGE), 3);
  });

  it("asks again in growing intervals when nobody answers, gives up after a while, and finds a server that is back", () => {
    let silent = true;
    const home = begin((asked) => !silent || (asked.command !== PAGE && asked.command !== BLOCK));
    home.server.run(home.client, 10 * 60_000);
    const times = home.server.asked.filter(({ command }) => command === PAGE || command === BLOCK).map(({ at }) => at);
    assert.ok(times.length >= 8 && times.length <= 20, times.join());
    assert.ok((times[7] as number) - (times[6] as number) > 20_000, times.join());
    silent = false;
    assert.ok(home.server.run(home.client, 3 * HOUR), "it is loaded when the server is back");
    held(home);
  });

  it("does not activate what the server does not answer for", () => {
    const home = begin((asked) => asked.command !== END);
    assert.equal(home.server.run(home.client, 24 * HOUR), false);
    assert.equal(home.slot.status, FileStatus.Waiting);
    assert.ok(home.server.count(END) > 10);
    assert.ok(home.server.count(END) < 80);
  });

  it("leaves the air alone when it cannot send", () => {
    const home = begin();
    home.client.sendAnswer = -5;
    home.server.run(home.client, HOUR);
    home.client.sendAnswer = 0;
    assert.ok(home.server.run(home.client, 3 * HOUR));
    held(home);
  });
});

describe("a server that says wait", () => {
  for (const [name, current, request, period, waits] of [
    ["for an interval", 0, 30, undefined, 30_000],
    ["for an interval, with a block period", 0, 30, 250, 30_000],
    ["until a time", 1_000_000, 1_000_045, 0, 45_000],
    ["for a day, is asked within the hour", 0, 86_400, 0, HOUR],
    ["until a time that has passed", 1_000_000, 999_000, 0, 30_000],
    ["for no time at all", 5, 5, undefined, 1000],
    ["for the block period only", 5, 5, 7000, 7000],
  ] as const) {
    it(`${name}`, () => {
      let told = 0;
      const home = begin((asked, server) => {
        if (asked.command !== PAGE || told > 0) return true;
        told = asked.at;
        server.answer(say.wait(asked.sequence, current, request, period));
        return false;
      });
      assert.ok(home.server.run(home.client, 5 * HOUR));
      held(home);
      const next = home.server.asked.find(({ at, command }) => at > told && command === PAGE);
      assert.equal((next?.at ?? 0) - told, waits + 5);
      if (period !== undefined) assert.equal(next?.zcl.readUInt16LE(19), period, "the page is spaced as the server wants");
    });
  }

  it("is paced in blocks by its period, which is in seconds in revision 2 of the cluster", () => {
    for (const revision of [1, 2, 3]) {
      let told = false;
      const home = begin((asked, server) => {
        if (asked.command === -1) {
          server.answer(Buffer.from([0x18, asked.sequence, 0x01, 0xfd, 0xff, 0x00, 0x21, revision, 0x00]));
          return false;
        }
        if (asked.command === BLOCK && !told) {
          told = true;
          server.answer(say.wait(asked.sequence, 0, 1, 2));
          return false;
        }
        return noPages(asked, server);
      }, 560);
      home.server.run(home.client, 60_000);
      const times = home.server.asked.filter(({ command }) => command === BLOCK).map(({ at }) => at);
      const gaps = times.slice(2).map((at, index) => at - (times[index + 1] as number));
      assert.ok(gaps.length > 5);
      for (const gap of gaps) assert.ok(revision === 2 ? gap === 2000 : gap < 50, `revision ${revision}: ${gaps.join()}`);
      const last = home.server.asked.findLast(({ command }) => command === BLOCK);
      assert.equal(last?.zcl.readUInt16LE(17), 2, "the request tells the period in the server's unit");
    }
  });
});

describe("a server that changes its mind", () => {
  it("aborts, and is asked again later", () => {
    let aborted = false;
    const home = begin((asked, server) => {
      if (asked.command !== PAGE || aborted || asked.offset === 0) return true;
      aborted = true;
      server.answer(Buffer.from([0x19, asked.sequence, 5, 0x95]));
      return false;
    });
    home.server.run(home.client, 30_000);
    assert.deepEqual(home.client.logged(Log.Update).at(-1)?.subarray(1, 3), Buffer.from([FileStatus.Failed, ImageReason.Aborted]));
    assert.equal(home.server.count(QUERY), 1);
    assert.ok(home.server.run(home.client, HOUR));
    held(home);
    assert.equal(home.server.count(QUERY), 2);
  });

  it("offers another file in the middle, which is noticed and loaded from its beginning", () => {
    const home = begin((asked, server) => {
      if (asked.command === PAGE && asked.offset > 0 && server.version === OFFERED) {
        server.version = OFFERED + 1;
        server.image.fill(0x11);
      }
      return true;
    });
    assert.ok(home.server.run(home.client, 5 * 60_000));
    held(home);
    assert.deepEqual(home.slot.calls.slice(0, 2), [`begin ${OFFERED.toString(16)} ${SIZE}`, `begin ${(OFFERED + 1).toString(16)} ${SIZE}`]);
    const noted = home.client.logged(Log.Update).map((octets) => octets.readUInt8(2));
    assert.ok(noted.includes(ImageReason.Changed));
  });

  it("answers with a status of which nobody has heard", () => {
    let odd = 3;
    const home = begin((asked, server) => {
      if (asked.command !== PAGE || odd-- <= 0) return true;
      server.answer(Buffer.from([0x19, asked.sequence, 5, 0x42]));
      return false;
    });
    assert.ok(home.server.run(home.client, HOUR));
    held(home);
    const times = home.server.asked.filter(({ command }) => command === PAGE).map(({ at }) => at);
    assert.ok((times[1] as number) - (times[0] as number) >= 10_000);
  });

  it("sends answers that are cut short, which are not believed", () => {
    const home = begin();
    home.server.air = (zcl, index) => (zcl[2] === 5 && index % 3 === 0 ? [zcl.subarray(0, zcl.length - 1), zcl] : [zcl]);
    assert.ok(home.server.run(home.client, 60_000));
    held(home);
  });
});

describe("a file that the board refuses", () => {
  for (const [reason, status] of [
    [ImageReason.ManifestSignature, 0x96],
    [ImageReason.Version, 0x96],
    [ImageReason.Base, 0x99],
    [ImageReason.Flash, 0x95],
  ] as const) {
    it(`because of ${nameOf(reason)} is reported, and not tried again before a day has passed`, () => {
      const home = begin();
      home.slot.refuse = { at: 600, reason };
      home.server.run(home.client, 20 * HOUR);
      const ends = home.server.asked.filter(({ command }) => command === END);
      assert.deepEqual([ends[0]?.zcl[3], ends[0]?.zcl.readUInt32LE(8)], [status, OFFERED]);
      if (reason !== ImageReason.Flash) assert.equal(home.slot.calls.length, 1);
      else assert.ok(home.slot.calls.length > 1);
      home.slot.refuse = undefined;
      assert.ok(home.server.run(home.client, 40 * HOUR));
      held(home);
    });
  }

  it("when it is verified is reported too", () => {
    const home = begin();
    home.slot.verdict = ImageReason.ImageDigest;
    home.server.run(home.client, HOUR);
    assert.equal(home.server.asked.find(({ command }) => command === END)?.zcl[3], 0x96);
    assert.deepEqual(
      home.client.logged(Log.Update).at(-1)?.subarray(1, 3),
      Buffer.from([FileStatus.SignatureFailed, ImageReason.ImageDigest]),
    );
    assert.equal(home.server.count(PAGE), 3);
  });

  it("because it is too large is not asked for", () => {
    const home = begin(undefined, 140_000);
    home.server.run(home.client, HOUR);
    assert.equal(home.server.count(PAGE) + home.server.count(BLOCK), 0);
    assert.equal(home.server.asked.find(({ command }) => command === END)?.zcl[3], 0x95);
  });
});
