// The command line of updates: what is no package, or not for the device, is refused in one sentence before anything starts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { InputError } from "../../host/files/input_error.ts";
import { type Options, UNPACED } from "../../host/home/run_options.ts";
import { updatesRead } from "../../host/home/update_file.ts";
import { optionsParse, SPEED_OF_UPDATES } from "../../tools/home/options.ts";
import { run } from "./process.ts";
import { FOLDER, newModule, packageOf, saved } from "./update_kit.ts";

function parse(words: string, terminal = true): Options {
  return optionsParse(words.split(" ").filter(Boolean), { folder: "/home/somebody", terminal, write: () => undefined });
}

const sentence = (action: () => unknown, message: RegExp): void =>
  assert.throws(action, (error: Error) => error instanceof InputError && message.test(error.message) && /^[^\n]+\.$/.test(error.message));

test("updates are named by device, may be several, and are watched at a calm speed", () => {
  const options = parse("--update ihd=a.ota --update hub=/tmp/b=c.ota --update-at 2m");
  assert.deepEqual(options.updates, [
    { device: "ihd", path: "/home/somebody/a.ota" },
    { device: "hub", path: "/tmp/b=c.ota" },
  ]);
  assert.deepEqual([options.updateAtMs, options.speed], [120_000, SPEED_OF_UPDATES]);
  assert.equal(parse("--update ihd=a.ota", false).speed, UNPACED);
  assert.deepEqual([parse("").updates, parse("").updateAtMs], [[], null]);
});

test("a wrong word is refused in one sentence that names it", () => {
  const cases: [string, RegExp][] = [
    ["--update", /argument missing/],
    ["--update ihd", /--update takes hub=FILE, meter=FILE or ihd=FILE, not "ihd"/],
    ["--update ihd=", /--update takes/],
    ["--update fridge=a", /not "fridge=a"/],
    ["--update ihd=a --update ihd=b", /names the ihd twice/],
    ["--update ihd=a --update meter=a", /name the same file/],
    ["--update ihd=a --pcap a", /name the same file/],
    ["--update-at 5m", /--update-at needs an --update/],
    ["--update ihd=a --update-at soon", /--update-at takes a time/],
  ];
  for (const [words, message] of cases) sentence(() => parse(words), message);
});

test("what is no package, or another device's, is refused in one sentence that says what to do", () => {
  const good = packageOf("ihd");
  const cases: [string, Uint8Array, RegExp][] = [
    ["module.wasm", newModule("ihd"), /is a module, not a package; make one of it with: npx kilowasm image build/],
    ["empty.ota", Buffer.alloc(0), /is no package, at octet 0/],
    ["text.ota", Buffer.from("hello, world\n".repeat(20)), /is no package, at octet 0/],
    ["short.ota", good.subarray(0, good.length - 1), /is no package, at octet \d+: .*truncated/],
    ["long.ota", Buffer.concat([good, Buffer.alloc(1)]), /is no package, at octet \d+/],
    ["meter.ota", packageOf("meter"), /is for the meter \(image type 0x0002\), not for the ihd/],
    [
      "old.ota",
      packageOf("ihd", { version: 0x00010000 }),
      /holds version 0\.1\.0, and the ihd runs 0\.1\.0 already; build it with a higher --version/,
    ],
    ["other.ota", packageOf("ihd", { imageType: 0x1234 }), /is for another device \(image type 0x1234\)/],
  ];
  for (const [name, octets, message] of cases) sentence(() => updatesRead([{ device: "ihd", path: saved(name, octets) }]), message);
  sentence(() => updatesRead([{ device: "ihd", path: "/nonexistent/x.ota" }]), /cannot be read: there is no such file/);
  sentence(() => updatesRead([{ device: "ihd", path: FOLDER }]), /cannot be read: it is a directory/);
  assert.equal(updatesRead([{ device: "ihd", path: saved("good.ota", good) }])[0].header.fileVersion, 0x00020000);
});

test("the process refuses before it starts anything: one sentence, exit 2", async () => {
  const { status, out, error } = await run("--update", `ihd=${saved("process.wasm", newModule("ihd"))}`);
  assert.deepEqual([status, out], [2, ""], error);
  assert.match(error, /^kilowasm: [^\n]*is a module, not a package[^\n]*\.\n$/);
});
