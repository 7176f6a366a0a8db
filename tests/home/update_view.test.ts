// The live view of an update: a bar, a rate and the time left, then what becomes of it, in words.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FileStatus, ImageReason, Log } from "../../host/abi.ts";
import { eventOfLog } from "../../host/home/events.ts";
import type { DeviceId } from "../../host/home/plan.ts";
import { Progresses } from "../../host/home/progress.ts";
import { Status } from "../../host/home/status.ts";
import { colourful, fit, plain, SGR } from "../../host/render/text.ts";
import { remaining, updateLines } from "../../host/render/update_lines.ts";
import { lastWords, view } from "../../host/render/view.ts";

const V01 = 0x00010000;
const V02 = 0x00020000;
const SIZE = 50_000;

function note(
  status: number,
  offset: number,
  options: { reason?: number; image?: number; running?: number; version?: number } = {},
): Buffer {
  const at = Buffer.alloc(20, 0xa5);
  at.writeUInt8(options.image ?? 0, 0);
  at.writeUInt8(status, 1);
  at.writeUInt8(options.reason ?? 0, 2);
  at.writeUInt8(3, 3);
  at.writeUInt32LE(options.running ?? V01, 4);
  at.writeUInt32LE(options.version ?? V02, 8);
  at.writeUInt32LE(offset, 12);
  at.writeUInt32LE(SIZE, 16);
  return at;
}

class Watch {
  readonly status = new Status();
  private readonly progress = new Progresses();

  log(t: number, device: DeviceId, code: number, octets: Buffer): void {
    const event = eventOfLog(t, device, code, octets);
    assert.ok(event);
    if (event.event === "update" || event.event === "library") this.progress.of(device, event.event).take(event);
    this.status.take(event);
  }

  get lines(): string[] {
    return updateLines(this.status, plain);
  }
}

const health = (step: number): Buffer => Buffer.from([step, 0, 7, 0]);

test("from the first octet to the confirmation every step is told in words", () => {
  const watch = new Watch();
  watch.log(0, "ihd", Log.Update, note(FileStatus.Activated, SIZE, { version: V01 }));
  assert.equal(watch.lines.length, 0, "what was confirmed before this run is no news");
  watch.log(1000, "ihd", Log.Update, note(FileStatus.Loading, 0));
  assert.match(watch.lines[0], /^display +0\.1\.0 → 0\.2\.0 +░{20} +0 % +50\.0 kB$/);
  watch.log(6000, "ihd", Log.Update, note(FileStatus.Loading, 25_000));
  assert.match(watch.lines[0], /█{10}░{10} +50 % +5\.0 kB\/s, 5 s left$/);
  watch.log(11_000, "ihd", Log.Update, note(FileStatus.Verifying, SIZE));
  assert.match(watch.lines[0], /all there, verifying$/);
  watch.log(11_100, "ihd", Log.Update, note(FileStatus.Waiting, SIZE));
  assert.match(watch.lines[0], /waits for its activation$/);
  watch.log(12_000, "ihd", Log.Update, note(FileStatus.Activating, SIZE));
  assert.match(watch.lines[0], /restarts with the new module$/);
  watch.log(12_200, "ihd", Log.Update, note(FileStatus.Activating, SIZE, { running: V02 }));
  const told = [1, 2, 3, 4].map((step) => {
    watch.log(12_300, "ihd", Log.Health, health(step));
    return watch.lines[0];
  });
  for (const [index, words] of ["it starts", "on the network", "key", "server"].entries())
    assert.ok(told[index].includes(words), told[index]);
  watch.log(13_000, "ihd", Log.Update, note(FileStatus.Activated, SIZE, { running: V02 }));
  assert.equal(watch.lines[0].replace(/ +/g, " "), "display 0.2.0 ✓ confirmed");
});

test("a refusal and a way back are told with their reasons, never with numbers", () => {
  for (const [status, reason, words] of [
    [FileStatus.Failed, ImageReason.Role, "✗ refused: it is for another role"],
    [FileStatus.SignatureFailed, ImageReason.ManifestSignature, "✗ refused: the manifest's signature is wrong"],
    [FileStatus.ActivationFailed, ImageReason.NotConfirmed, "✗ went back: three tries ended without a confirmation"],
  ] as const) {
    const watch = new Watch();
    watch.log(1000, "meter", Log.Update, note(status, 0, { reason }));
    assert.ok(watch.lines[0].endsWith(words), watch.lines[0]);
  }
});

test("what the hub fetches has a line of its own until it is there", () => {
  const watch = new Watch();
  watch.log(0, "hub", Log.Update, note(FileStatus.Loading, 10_000, { image: 2 }));
  assert.match(watch.lines[0], /^file 2 +hub ◂ 0\.2\.0 +█{4}/);
  watch.log(1, "hub", Log.Update, note(FileStatus.Waiting, SIZE, { image: 2 }));
  assert.equal(watch.lines.length, 0);
});

test("a rate counts the last while only, and a transfer that begins anew begins anew", () => {
  const watch = new Watch();
  for (let second = 0; second <= 60; second++) watch.log(second * 1000, "ihd", Log.Update, note(FileStatus.Loading, second * 100));
  assert.equal(watch.status.device("ihd").update?.rate, 100);
  for (let second = 61; second <= 80; second++)
    watch.log(second * 1000, "ihd", Log.Update, note(FileStatus.Loading, 6000 + (second - 60) * 1000));
  assert.equal(watch.status.device("ihd").update?.rate, 1000);
  watch.log(81_000, "ihd", Log.Update, note(FileStatus.Loading, 0));
  assert.deepEqual([watch.status.device("ihd").update?.rate, watch.status.device("ihd").update?.etaMs], [null, null]);
  assert.deepEqual([remaining(1), remaining(99_000), remaining(100_001), remaining(7_200_000)], ["1 s", "99 s", "2 min", "2 h"]);
});

test("three updates fit the view of 80 by 24 with and without colours; the last words name the versions", () => {
  const watch = new Watch();
  for (const device of ["hub", "meter", "ihd"] as const) {
    watch.status.take({ t: 0, device, event: "boot", version: "0.1.0", slot: "a", trial: false });
    watch.log(0, device, Log.Update, note(FileStatus.Loading, 0));
    watch.log(5000, device, Log.Update, note(FileStatus.Loading, 12_345));
  }
  for (let line = 0; line < 8; line++) watch.status.showLine("ihd", line, Buffer.from("the display's line", "latin1"));
  for (const paint of [plain, colourful]) {
    const lines = view(watch.status, { columns: 80, rows: 24 }, paint);
    assert.equal(lines.length, 24);
    for (const line of lines) {
      const visible = line.split(SGR).filter((part) => !part.startsWith("\x1b"));
      assert.ok([...visible.join("")].length <= 80, line);
      assert.equal(fit(line, 80), line);
    }
    assert.equal(lines.filter((line) => line.includes("24 %")).length, 3);
    assert.equal(lines.filter((line) => line.split("version 0.1.0").length === 4).length, 1, "one row names all versions");
  }
  const words = lastWords(watch.status, { wallMs: 1 });
  assert.match(words, /versions: hub 0\.1\.0, meter 0\.1\.0, ihd 0\.1\.0\n$/);
});

test("news of updates are sentences", () => {
  const watch = new Watch();
  watch.log(1000, "ihd", Log.Update, note(FileStatus.Waiting, SIZE));
  watch.log(1001, "ihd", Log.Health, health(4));
  watch.status.take({ t: 1002, device: "ihd", event: "boot", version: "0.2.0", slot: "b", trial: true });
  const lines = view(watch.status, { columns: 80, rows: 24 }, plain).join("\n");
  for (const words of [
    "update 0.2.0: verified, waits for its activation",
    "on trial: it reaches its server",
    "starts version 0.2.0, on trial",
  ])
    assert.ok(lines.includes(words), lines);
  assert.ok(!/null|offset|etaMs/.test(lines));
});
