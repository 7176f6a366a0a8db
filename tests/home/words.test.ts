// What all commands have in common: help that reads well, versions, guesses at what was meant, times, and an end that leaves nothing behind.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ROOT } from "../../host/modules.ts";
import * as words from "../../tools/image/words.ts";
import { until } from "../air/support.ts";
import { kilowasm } from "./process.ts";

const VERSION = (JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string }).version;

test("every command shows its help with -h, and no default that is the program's own", async () => {
  const commands = ["keygen", "build", "sign", "verify", "inspect", "diff", "delta", "pack", "gate", "serve", "simulate"];
  const all = [["home"], ["image"], ...commands.map((name) => ["image", name]), ["trace", "replay"], ["ca", "issue"], ["bench"]];
  const shown = await Promise.all(all.map((command) => kilowasm(...command, "-h")));
  for (const [index, { status, out, error }] of shown.entries()) {
    const name = all[index].join(" ");
    assert.deepEqual([status, error], [0, ""], name);
    assert.match(out, /-h, --help/, name);
    assert.doesNotMatch(out, /default: (\[|\{|65536|512\b)/, name);
  }
  const build = shown[all.findIndex(([, name]) => name === "build")].out.replaceAll(/\s+/g, " ");
  assert.match(build, /--out <file> the package \(required\)/);
  assert.match(build, /--version <version> file version, such as 1\.2\.3 \(required\)/);
  assert.match(build, /--encoding <encoding> plain or compressed \(default: compressed\)/);
});

test("the version is the package's, and a word that is nearly right is guessed", async () => {
  for (const command of [["--version"], ["home", "--version"]]) assert.equal((await kilowasm(...command)).out.trim(), VERSION);
  for (const [command, guess] of [
    [["hoem"], "home"],
    [["home", "--spee", "3"], "--speed"],
    [["image", "inspct"], "inspect"],
    [["image", "verify", "x", "--rot", "y"], "--root"],
    [["trace", "shw"], "show"],
    [["ca", "isue"], "issue"],
  ] as const) {
    const { status, error } = await kilowasm(...command);
    assert.equal(status, 2, error);
    assert.match(error, new RegExp(`^kilowasm: .*\\(Did you mean ${guess}\\?\\); see --help\\.\\n$`), command.join(" "));
  }
});

test("a day that there is not is no time", () => {
  const time = words.time("--not-before");
  assert.equal(time("2000-01-01"), 0);
  assert.equal(time("2028-02-29T00:00:00Z") - time("2028-02-28T00:00:00Z"), 86_400);
  for (const word of ["2026-02-30", "2026-02-29", "2026-13-01", "2026-04-31T10:00:00Z", "2026-01-01T24:00:00Z", "1999-12-31"])
    assert.throws(() => time(word), /--not-before takes a time such as/, word);
});

test("times are alike: serve takes what home takes", async () => {
  const { status, error } = await kilowasm("image", "serve", "x.ota", "--zep", "17754", "--duration", "60");
  assert.deepEqual([status, error], [2, 'kilowasm: --duration takes a time such as 90s, 2h or 3d, not "60".\n']);
});

/** Processes below one, itself not among them. */
function below(root: number): number[] {
  const rows = execFileSync("ps", ["-eo", "pid=,ppid="], { encoding: "utf8" }).trim().split("\n");
  const parents = new Map(rows.map((row) => row.trim().split(/\s+/).map(Number) as [number, number]));
  const leads = (pid: number): boolean => {
    for (let at = parents.get(pid); at !== undefined && at > 1; at = parents.get(at)) if (at === root) return true;
    return false;
  };
  return [...parents.keys()].filter(leads);
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test("a signal to npx leaves no process behind", { timeout: 60_000 }, async () => {
  const npx = spawn("npx", ["kilowasm", "home", "--json", "--speed", "1"], { cwd: ROOT, stdio: ["ignore", "pipe", "ignore"] });
  let out = "";
  npx.stdout.on("data", (part) => {
    out += part;
  });
  await until("the home runs", () => out.includes("\n"), 40_000);
  const family = below(npx.pid as number);
  assert.ok(family.length >= 1);
  npx.kill("SIGTERM");
  try {
    await until("all have ended", () => !family.some(alive), 10_000);
  } finally {
    for (const pid of family.filter(alive)) process.kill(pid, "SIGKILL");
  }
});
