// The OTA client around a transfer: power cuts, the time of activation, notifications, offers, and a module on trial.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FileStatus, ImageReason, Log } from "../../host/abi.ts";
import { labModule } from "../../host/build/labs.ts";
import { BLOCK_SIZE, Client, Halted, HOUR, MANUFACTURER, OFFERED, RUNNING, Slot } from "./ota_lab.ts";
import { held, type Scene, type Script, Server, SIZE, say, scene } from "./ota_script.ts";

const PAGE = 4;
const QUERY = 1;
const QUERY_SPECIFIC = 8;
const END = 6;

const module = labModule("sep1/ota_device");

const begin = (script?: Script, size?: number): Scene => scene(module, script, size);

describe("a client that loses power", () => {
  it("goes on where the flash has the file, at every block at which it may be cut", () => {
    for (let cut = 1; cut <= Math.ceil(SIZE / BLOCK_SIZE) + 2; cut += 7) {
      const slot = new Slot();
      const store = new Map([[1, Buffer.alloc(8, 3)]]);
      const server = new Server(SIZE);
      let left = cut;
      const first = new Client(module, slot, store);
      server.air = (zcl) => (zcl[2] === 5 && left-- <= 0 ? [] : [zcl]);
      first.ready(0);
      while (left > 0 && !server.run(first, server.now + 5));
      const kept = slot.status === FileStatus.Loading ? slot.kept : 0;
      server.air = (zcl) => [zcl];
      server.hush();
      const asked = server.asked.length;
      const second = new Client(module, slot, store, server.now);
      second.ready(server.now);
      if (slot.status === FileStatus.Activating) continue;
      assert.ok(server.run(second, server.now + 60_000), `cut at block ${cut}`);
      held({ slot, server });
      const pages = server.asked.slice(asked).filter(({ command }) => command === PAGE);
      if (kept > 4096)
        assert.ok(
          pages.some(({ offset }) => offset === kept),
          `cut at block ${cut}: goes on at ${kept}`,
        );
    }
  });

  it("loads the rest from another server", () => {
    const home = begin();
    home.server.air = (zcl) => (zcl[2] === 5 && zcl.readUInt32LE(12) > 9000 ? [] : [zcl]);
    home.server.run(home.client, 6000);
    home.client.lost();
    const other = new Server(SIZE);
    other.now = home.server.now;
    other.endpoint = 9;
    home.client.ready(other.now);
    assert.ok(other.run(home.client, other.now + 60_000));
    held({ slot: home.slot, server: other });
    assert.ok(other.asked.some(({ offset }) => offset === 8192));
  });

  it("while it waits for its activation, asks again and keeps the planned time where it has a clock", () => {
    const slot = new Slot();
    const store = new Map([[1, Buffer.alloc(8, 3)]]);
    const server = new Server(SIZE);
    const utc = 700_000_000;
    server.times = [utc, utc + 5000];
    const first = new Client(module, slot, store);
    first.clock(utc, 0);
    first.ready(0);
    assert.equal(server.run(first, 30_000), false);
    assert.deepEqual([first.plan?.readUInt32LE(0), Math.abs((first.plan?.readUInt32LE(4) ?? 0) - utc - 5000) < 2], [OFFERED, true]);
    const second = new Client(module, slot, store, 0);
    second.clock(utc + 100, 0); // and no server
    const alone = new Server(SIZE, () => false);
    assert.ok(alone.run(second, 4_950_000));
    assert.ok(alone.now > 4_890_000 && alone.now < 4_910_000, `${alone.now}`);
  });
});

describe("the time of activation", () => {
  const activated = (
    times: [number, number],
    options: { clock?: number; notBefore?: number; script?: Script } = {},
    patience = 5 * HOUR,
  ): number => {
    const home = begin(options.script, 560);
    if (options.clock) home.client.clock(options.clock, 0);
    home.slot.notBefore = options.notBefore ?? 0;
    home.server.times = times;
    return home.server.run(home.client, patience) ? home.server.now : Number.POSITIVE_INFINITY;
  };
  const soon = 5000;

  it("is now, whether the server has a clock or not", () => {
    assert.ok(activated([0, 0]) < soon);
    assert.ok(activated([700_000_000, 700_000_000]) < soon);
  });

  it("is later, by an interval or a time", () => {
    for (const times of [
      [0, 600],
      [700_000_000, 700_000_600],
    ] as [number, number][]) {
      const at = activated(times);
      assert.ok(at > 600_000 && at < 600_000 + soon, `${at}`);
    }
  });

  it("is not before the manifest allows it, by the server's clock where there is no other", () => {
    const at = activated([700_000_000, 700_000_000], { notBefore: 700_000_900 });
    assert.ok(at > 890_000 && at < 910_000, `${at}`);
    assert.equal(activated([0, 0], { notBefore: 700_000_900 }), Number.POSITIVE_INFINITY);
  });

  it("is when it is told: asked for within each hour, and told unasked too", () => {
    let ends = 0;
    const home = begin((asked) => {
      if (asked.command === END) ends++;
      return true;
    }, 560);
    home.server.times = [0, 0xffffffff];
    home.server.run(home.client, 10 * HOUR);
    assert.ok(ends >= 10 && ends <= 12, `${ends}`);
    const times = home.server.asked.filter(({ command }) => command === END).map(({ at }) => at);
    for (const [index, at] of times.slice(1).entries()) assert.ok(at - (times[index] as number) <= HOUR);
    home.client.hear(say.end(9, 0, 0), home.server.now, { key: 0 });
    home.client.hear(say.end(9, 0, 0), home.server.now, { from: 0x1234n });
    home.client.hear(say.end(9, 0, 0, say.file(OFFERED + 1)), home.server.now);
    assert.equal(home.server.run(home.client, home.server.now + 10_000), false, "only the hub, under its key, about this file");
    home.client.hear(say.end(9, 0, 0, say.file(0xffffffff, 0xffff, 0xffff)), home.server.now);
    assert.ok(home.server.run(home.client, home.server.now + 10_000), "a wildcard means this file");
  });

  it("is taken back by a later answer", () => {
    const home = begin(undefined, 560);
    home.server.times = [0, 7200];
    home.server.run(home.client, 30_000);
    home.server.times = [0, 0xffffffff];
    assert.equal(home.server.run(home.client, 5 * HOUR), false);
    assert.equal(home.client.plan?.readUInt32LE(4), 0xffffffff);
  });

  it("is taken back by a refusal too", () => {
    const home = begin((asked, server) => {
      if (asked.command !== END || asked.at < 1_800_000) return true;
      server.answer(say.refusal(asked.sequence, END, 0x7e));
      return false;
    }, 560);
    home.server.times = [0, 7200];
    assert.equal(home.server.run(home.client, 9 * HOUR), false);
    assert.ok(home.server.count(END) > 3);
  });

  it("in the past is an error, and asked for again within the hour", () => {
    const home = begin(undefined, 560);
    home.server.times = [700_000_000, 699_999_999];
    assert.equal(home.server.run(home.client, 0.9 * HOUR), false);
    assert.equal(home.server.count(END), 1);
    home.server.times = [700_000_000, 700_000_000];
    assert.ok(home.server.run(home.client, 1.1 * HOUR));
  });
});

describe("a notification", () => {
  const rested = (): Scene => {
    const home = begin();
    home.server.version = RUNNING; // nothing new
    home.server.run(home.client, 60_000);
    assert.deepEqual([home.server.count(QUERY), home.server.count(QUERY_SPECIFIC)], [1, 0], "no file for this device alone is asked for");
    return home;
  };
  const asks = (home: Scene, zcl: Buffer, options: Parameters<Client["hear"]>[2]): boolean => {
    const before = home.server.count(QUERY);
    home.client.hear(zcl, home.server.now, options);
    home.server.run(home.client, home.server.now + 20_000);
    return home.server.count(QUERY) > before;
  };
  const type = Buffer.from("f1ff0300", "hex");

  it("in a broadcast of the hub under the network key makes it ask", () => {
    for (const [kind, rest] of [
      [0, ""],
      [1, "f1ff"],
      [1, "ffff"],
      [2, "f1ff0300"],
      [2, "ffffffff"],
      [3, "f1ff030001000001"],
      [3, "ffffffffffffffff"],
    ] as const)
      assert.ok(asks(rested(), say.notify(kind, 100, Buffer.from(rest, "hex")), { broadcast: true }), `${kind} ${rest}`);
  });

  it("about other devices, or about the version that runs, is not for it", () => {
    for (const [kind, rest] of [
      [1, "f2ff"],
      [2, "f1ff0200"],
      [3, "f1ff030000000001"],
    ] as const)
      assert.equal(asks(rested(), say.notify(kind, 100, Buffer.from(rest, "hex")), { broadcast: true }), false, `${kind} ${rest}`);
  });

  it("of somebody else, or of the hub to us alone without its key, is not heeded", () => {
    const home = rested();
    assert.equal(asks(home, say.notify(0, 100), { broadcast: true, from: 0x00124b0000000077n }), false);
    assert.equal(asks(home, say.notify(2, 100, type), { key: 0 }), false);
    assert.equal(asks(home, say.notify(2, 100, type), { from: 0x00124b0000000077n }), false);
    assert.ok(asks(home, say.notify(2, 100, type), {}));
  });

  it("is heeded as often as its jitter says, and a unicast always", () => {
    for (const [jitter, broadcast, wanted] of [
      [0, true, false],
      [100, true, true],
      [0, false, true],
    ] as const)
      assert.equal(asks(rested(), say.notify(0, jitter), { broadcast }), wanted, `jitter ${jitter}`);
  });

  it("does not make it ask more often than each five seconds", () => {
    const home = rested();
    for (let second = 0; second < 60; second++) {
      home.client.hear(say.notify(0, 100), home.server.now);
      home.server.run(home.client, home.server.now + 1000);
    }
    assert.ok(home.server.count(QUERY) <= 14, `${home.server.count(QUERY)}`);
  });

  it("is not waited for: it asks by itself within a day", () => {
    const home = rested();
    home.server.run(home.client, 24 * HOUR);
    assert.ok(home.server.count(QUERY) >= 4 && home.server.count(QUERY) <= 6, `${home.server.count(QUERY)}`);
  });
});

describe("an offer", () => {
  for (const [name, answer] of [
    [
      "of another manufacturer",
      (sequence: number) => say.command(sequence, 2, Buffer.from([0]), say.file(OFFERED, 0x1234), Buffer.from([0, 16, 0, 0])),
    ],
    [
      "of another type",
      (sequence: number) => say.command(sequence, 2, Buffer.from([0]), say.file(OFFERED, MANUFACTURER, 2), Buffer.from([0, 16, 0, 0])),
    ],
    ["of what runs already", (sequence: number) => say.offer(sequence, 4096, RUNNING)],
    ["of nothing", (sequence: number) => say.offer(sequence, 0)],
    ["with another number than the question's", (sequence: number) => say.offer(sequence + 1, 4096)],
    ["that is cut short", (sequence: number) => say.offer(sequence, 4096).subarray(0, 14)],
    ["that is a refusal", (sequence: number) => say.nothing(sequence, 0x7e)],
  ] as const) {
    it(`${name} is not taken up`, () => {
      const home = begin((asked, server) => {
        if (asked.command !== QUERY) return true;
        server.answer(answer(asked.sequence));
        return false;
      });
      home.server.run(home.client, HOUR);
      assert.deepEqual(home.slot.calls, []);
      assert.ok(home.server.count(QUERY) < 10);
    });
  }

  it("of no file is not followed by a question for a file of the device alone: those have types of their own, from 0xffc0 on", () => {
    const home = begin((asked, server) => {
      if (asked.command === QUERY) server.answer(say.nothing(asked.sequence));
      return asked.command !== QUERY;
    });
    home.server.run(home.client, HOUR);
    assert.ok(home.server.count(QUERY) > 0);
    assert.equal(home.server.count(QUERY_SPECIFIC), 0);
  });
});

describe("a module on trial", () => {
  const trial = (): { slot: Slot; client: Client; server: Server } => {
    const slot = new Slot();
    slot.onTrial = true;
    slot.status = FileStatus.Activating;
    slot.version = slot.running = OFFERED;
    const client = new Client(module, slot);
    const server = new Server(SIZE);
    client.ready(0);
    return { slot, client, server };
  };
  const steps = (client: Client): number[] => client.logged(Log.Health).map((octets) => octets.readUInt8(0));

  it("is confirmed when it has joined, has its key and has heard its server", () => {
    const { slot, client, server } = trial();
    client.joined = false;
    client.key = false;
    server.run(client, 20_000);
    assert.deepEqual(steps(client), [1]);
    client.joined = true;
    server.run(client, 30_000);
    assert.deepEqual(steps(client), [1, 2]);
    client.key = true;
    server.run(client, 40_000);
    assert.deepEqual(steps(client), [1, 2, 3, 4, 5]);
    assert.deepEqual(slot.calls, ["confirm 1"]);
    assert.equal(client.logged(Log.Update).at(-1)?.readUInt8(1), FileStatus.Activated);
  });

  it("is given up when its server says nothing for ten minutes", () => {
    const { slot, client, server } = trial();
    server.endpoint = -1;
    assert.ok(server.run(client, 700_000), "it halts");
    assert.ok(server.now >= 600_000 && server.now < 601_000);
    assert.deepEqual(steps(client), [1, 2, 3, 6]);
    assert.deepEqual(slot.calls, ["confirm 0"]);
  });

  it("is given up at once when the board's cryptography is wrong", () => {
    const slot = new Slot();
    slot.onTrial = true;
    assert.throws(() => new Client(module, slot, new Map([[1, Buffer.alloc(8)]]), 0, false), Halted);
    assert.deepEqual(slot.calls, ["confirm 0"]);
  });

  it("is given up at once when the store is unreadable", () => {
    const slot = new Slot();
    slot.onTrial = true;
    assert.throws(() => new Client(module, slot, new Map()), Halted);
    assert.deepEqual(slot.calls, ["confirm 0"]);
  });

  it("that was given up is not loaded again before a day has passed", () => {
    const slot = new Slot();
    Object.assign(slot, { status: FileStatus.ActivationFailed, reason: ImageReason.Unhealthy, version: OFFERED, size: SIZE });
    const client = new Client(module, slot);
    const server = new Server(SIZE);
    client.ready(0);
    assert.equal(server.run(client, 23 * HOUR), false);
    assert.deepEqual(slot.calls, []);
    assert.ok(server.run(client, 36 * HOUR));
  });
});
