// Packages for the tests of updates, and what their lines must say.
import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DeviceRole, KINDS } from "../../host/home/plan.ts";
import { type PackageOptions, packageBuild } from "../../host/image/package.ts";
import { moduleBytes } from "../../host/modules.ts";
import type { Ended, Line } from "./process.ts";
import { linesOf } from "./process.ts";

export const FOLDER = mkdtempSync(join(tmpdir(), "kilowasm-update-"));
export const V02 = 0x00020000;
/** A custom section that nobody reads: the module is another one, and does the same. */
const MARK = Buffer.from([0, 5, 4, 0x6d, 0x61, 0x72, 0x6b]);

export function newModule(device: DeviceRole): Buffer {
  return Buffer.concat([moduleBytes(KINDS[device].module), MARK]);
}

export function packageOf(device: DeviceRole, options: Partial<PackageOptions> = {}): Buffer {
  return packageBuild({ wasm: newModule(device), role: KINDS[device].image, version: V02, counter: 2, ...options });
}

export function saved(name: string, octets: Uint8Array): string {
  const path = join(FOLDER, name);
  writeFileSync(path, octets);
  return path;
}

export function ok(ended: Ended): Line[] {
  assert.equal(ended.status, 0, ended.error);
  return linesOf(ended);
}

/** An update that was asked for did not come about: a sentence about it, and exit code 3. */
export function refusedBy(ended: Ended): Line[] {
  assert.equal(ended.status, 3, ended.error);
  assert.match(ended.error, /^kilowasm: the \w+ (refused|went back from) version [\d.]+ for the \w+: [^\n]+\.$/m);
  return linesOf(ended);
}

export const of = (lines: readonly Line[], device: string, event: string): Line[] =>
  lines.filter((line) => line.device === device && line.event === event);

/** The statuses of a device's own update, each once, as they followed each other. */
export function path(lines: readonly Line[], device: string): string[] {
  const all = of(lines, device, "update").map((line) => String(line.status));
  return all.filter((status, index) => status !== all[index - 1]);
}

/** The device went from 0.1.0 to 0.2.0 by the book. */
export function updated(lines: readonly Line[], device: DeviceRole): void {
  const own = of(lines, device, "update");
  const told = path(lines, device);
  assert.deepEqual(told.filter((status) => status !== "verifying").slice(-4), ["loading", "waiting", "activating", "activated"], device);
  const loading = own.filter(({ status }) => status === "loading");
  loading.reduce((before, line) => {
    assert.ok((line.offset as number) >= (before.offset as number), "progress goes on");
    return line;
  });
  const measured = loading.filter(({ rate }) => rate !== null);
  assert.ok(
    measured.length >= 10 && measured.every(({ rate, etaMs }) => (rate as number) > 100 && (etaMs as number) < 600_000),
    `${measured.length}`,
  );
  const boots = of(lines, device, "boot");
  assert.deepEqual(
    boots.map(({ version, trial }) => [version, trial]),
    [
      ["0.1.0", false],
      ["0.2.0", true],
    ],
    device,
  );
  const steps = of(lines, device, "health").map(({ step }) => step);
  assert.deepEqual([steps[0], steps.at(-1)], ["started", "confirmed"], device);
  assert.ok(
    ["joined", "key", "server"].every((step) => steps.includes(step)),
    `${device}: ${steps}`,
  );
  assert.equal(own.at(-1)?.running, "0.2.0");
  assert.equal(lines.at(-1)?.[device], "0.2.0", "the summary names the version");
  assert.deepEqual(of(lines, device, "trouble"), []);
}
