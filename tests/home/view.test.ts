// The live view is a function of the status, so it is tested without a terminal; the terminal is tested with a stream that counts.
import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import type { WriteStream } from "node:tty";
import { Log } from "../../host/abi.ts";
import { eventOfLog } from "../../host/home/events.ts";
import { Pace } from "../../host/home/pace.ts";
import { Status } from "../../host/home/status.ts";
import { Terminal } from "../../host/render/terminal.ts";
import { colourful, fit, plain, SGR } from "../../host/render/text.ts";
import { elapsed, kilowattHours, view } from "../../host/render/view.ts";

const SIZE = { columns: 80, rows: 24 };

function readingOctets(flags: number): Buffer {
  const at = Buffer.alloc(28);
  at.writeBigInt64LE(12_345_678n, 0);
  at.writeInt32LE(1234, 8);
  at.writeInt32LE(2703, 12);
  at.writeInt32LE(3336, 16);
  at.writeInt32LE(15_001, 20);
  at.writeUInt16LE(826, 24);
  at.writeUInt8(4, 26);
  at.writeUInt8(flags, 27);
  return at;
}

function running(): Status {
  const status = new Status();
  status.originMs = Date.UTC(2025, 2, 30, 0, 59, 50);
  status.nowMs = 15_000;
  status.speed = 60;
  status.frames = 1234;
  const take = (device: "hub" | "meter" | "ihd", code: number, octets: Buffer): void => {
    const event = eventOfLog(1000, device, code, octets);
    assert.ok(event);
    status.take(event);
  };
  take("hub", Log.Formed, Buffer.from([0x34, 0x12, 20]));
  take("meter", Log.Joined, Buffer.from([0x01, 0x40, 0x34, 0x12, 0, 0, 20]));
  take("meter", Log.Key, Buffer.from([2, 8, 7, 6, 5, 4, 3, 2, 1]));
  take("ihd", Log.Reading, readingOctets(0));
  take("meter", Log.Register, readingOctets(0).subarray(0, 12));
  status.showLine("ihd", 0, Buffer.from("1.234 kW  \xa30.33/h", "latin1"));
  return status;
}

test("a reading is told in the currency's main unit, and what the display does not know is null", () => {
  assert.deepEqual(eventOfLog(5, "ihd", Log.Reading, readingOctets(0)), {
    t: 5,
    device: "ihd",
    event: "reading",
    importWh: 12_345_678,
    powerW: 1234,
    price: 0.2703,
    costPerHour: 0.3336,
    costToday: 1.5001,
    currency: "GBP",
    stale: false,
  });
  const unknown = eventOfLog(5, "ihd", Log.Reading, readingOctets(0b1111));
  assert.ok(unknown?.event === "reading");
  assert.deepEqual(
    [unknown.importWh, unknown.powerW, unknown.price, unknown.costPerHour, unknown.costToday],
    [null, null, null, null, null],
  );
  assert.equal(unknown.stale, true);
});

test("a log entry that is cut short or unknown is no event", () => {
  for (let size = 0; size < 28; size++) assert.equal(eventOfLog(0, "ihd", Log.Reading, readingOctets(0).subarray(0, size)), null);
  assert.equal(eventOfLog(0, "ihd", 999, Buffer.alloc(64)), null);
});

test("the view shows time, network, keys, display and register in 80 by 24", () => {
  const lines = view(running(), SIZE, plain);
  const text = lines.join("\n");
  assert.equal(lines.length, SIZE.rows);
  for (const line of lines) assert.ok([...line].length <= SIZE.columns, line);
  for (const part of [
    "Sun 30 Mar 2025  02:00:05",
    "60x",
    "1,234 frames",
    "channel 20, PAN 0x1234",
    "✓ joined 0x4001",
    "✓ key, suite 2",
    "1.234 kW  £0.33/h",
    "12,345.678 kWh",
    "1,234 W",
    "shows the same",
  ]) {
    assert.ok(text.includes(part), part);
  }
});

test("the view uses the width and the height that there is, and the newest news stand first", () => {
  const status = running();
  for (let count = 0; count < 60; count++)
    status.take({ t: 2000 + count, device: "ihd", event: "bound", cluster: "0x0702", partner: String(count) });
  for (let minute = 0; minute < 200; minute++) status.takePower(minute * 60_000, minute % 7);
  const lines = view(status, { columns: 150, rows: 50 }, plain);
  const news = lines.filter((line) => line.includes("bound")).map((line) => Number(/partner (\d+)/.exec(line)?.[1]));
  assert.ok(news.length > 25, `${news.length} lines of news`);
  assert.deepEqual(
    news,
    Array.from({ length: news.length }, (_, index) => 59 - index),
  );
  assert.ok(
    lines.some((line) => [...line].length > 140),
    "the rule is as wide as the terminal",
  );
  assert.ok(
    lines.some((line) => (line.match(/[▁▂▃▄▅▆▇█]/g)?.length ?? 0) > 100),
    "so is the curve",
  );
});

test("the last line has the rate, the end and the time left, where there is room", () => {
  const status = running();
  Object.assign(status, { untilMs: 3_600_000, rate: 57.6, leftMs: 62_000 });
  const last = (columns: number): string => view(status, { columns, rows: 24 }, plain).at(-1) ?? "";
  assert.match(last(120), /^ q quit .*58x now {3}ends Sun 30 Mar 2025 {2}02:59:50 {3}62 s left$/);
  assert.match(last(80), /^ q quit .*58x now {3}62 s left$/);
  assert.match(last(40), /^ q quit /);
});

test("rate and time left are those of the last seconds; a line is due every ten", () => {
  const pace = new Pace(600_000);
  assert.deepEqual(pace.look(0, 100), { rate: null, leftMs: null, due: false });
  assert.deepEqual(pace.look(60_000, 1100), { rate: 60, leftMs: 9000, due: false });
  for (let second = 2; second < 10; second++) assert.equal(pace.look(60_000 + (second - 1) * 10_000, 100 + second * 1000).due, false);
  const last = pace.look(150_000, 10_100);
  assert.deepEqual([last.rate, last.leftMs, last.due], [10, 45_000, true]);
});

test("the view fits any terminal", () => {
  const status = running();
  for (const rows of [1, 2, 10, 24, 60]) {
    for (const columns of [1, 20, 40, 80, 200]) {
      const lines = view(status, { columns, rows }, colourful);
      assert.equal(lines.length, rows, `${columns}x${rows}`);
      for (const line of lines)
        assert.ok(
          [
            ...line
              .split(SGR)
              .filter((part) => !SGR.test(part))
              .join(""),
          ].length <= columns,
          `${columns}x${rows}`,
        );
    }
  }
});

test("what a device displays cannot move the cursor", () => {
  const status = new Status();
  status.showLine("ihd", 0, Buffer.from("\x1b[2J\x9bHi\n", "latin1"));
  assert.equal(status.device("ihd").screen[0], " [2J Hi ");
});

test("numbers are grouped and cut as people write them", () => {
  assert.equal(kilowattHours(7), "0.007");
  assert.equal(kilowattHours(1_234_567), "1,234.567");
  assert.equal(elapsed(12_345).trim(), "12.345 s");
  assert.equal(elapsed(3_723_000).trim(), "1:02:03");
  assert.equal(fit("\x1b[1mabc\x1b[0mdef", 4), "\x1b[1mabc\x1b[0md");
});

test("the terminal writes only what changed, and gives the cursor back", async () => {
  const stream = Object.assign(new PassThrough(), { columns: 80, rows: 24, isTTY: true }) as unknown as WriteStream & PassThrough;
  const controls = { quit: () => undefined, pause: () => undefined, faster: () => undefined, slower: () => undefined };
  const terminal = new Terminal(stream, null, controls, { NO_COLOR: "1" });
  const status = running();
  terminal.draw(status);
  const first = String(stream.read());
  assert.ok(first.includes("\x1b[?25l"));
  assert.doesNotMatch(first, SGR, "NO_COLOR");
  terminal.draw(status);
  assert.equal(stream.read(), null);
  status.frames++;
  terminal.draw(status);
  assert.equal(String(stream.read()).split(";1H").length - 1, 1);
  await terminal.end();
  await terminal.end();
  assert.equal(String(stream.read()), "\x1b[?25h\x1b[?1049l");
});

test("a home that changes has a line for each device with its phase, and one that says how far the change is", () => {
  const status = running();
  status.take({ t: 1, device: "hub", event: "change", stage: "change", changed: 1, devices: 3, leftMs: 240_000 });
  status.runs("meter", 2);
  status.take({ t: 2, device: "meter", event: "boot", version: "2.0.0", slot: "b", trial: true });
  const lines = (): string[] => view(status, SIZE, plain).map((line) => line.trim());
  assert.ok(
    lines().some((line) => line === "to phase 2: they change; 1 of 3 changed, about 4 min left"),
    lines().join("\n"),
  );
  assert.ok(lines().some((line) => line.startsWith("2? meter")));
  assert.ok(lines().some((line) => line.startsWith("1  hub")));
  assert.equal(status.changed("meter"), false, "not before it has confirmed");
  status.take({ t: 3, device: "meter", event: "health", step: "confirmed", seconds: 6 });
  assert.ok(lines().some((line) => line.startsWith("2  meter")));
  assert.equal(status.changed("meter"), true);
});
