// Outputs: what a name leads to is written, only a regular file is replaced, and a disk that is full ends the run with one sentence.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Role } from "../../host/abi.ts";
import { FileError, OutputError } from "../../host/files/file_error.ts";
import { OutputFile, sameOutput, writeWhole } from "../../host/files/output_file.ts";
import { packageBuild } from "../../host/image/package.ts";
import { moduleBytes, ROOT } from "../../host/modules.ts";
import { run } from "./process.ts";

const FULL = "/dev/full";
const folder = mkdtempSync(join(tmpdir(), "kilowasm-outputs-"));
const at = (name: string): string => join(folder, name);
before(() => writeFileSync(at("a.ota"), packageBuild({ wasm: moduleBytes("ihd_sep1"), role: Role.Ihd, version: 0x0001_0000, counter: 1 })));
after(() => rmSync(folder, { recursive: true }));

/** Runs the program in the folder, with a shell's redirections. */
function shell(words: string): { status: number | null; stdout: string; stderr: string } {
  const program = `${process.execPath} ${join(ROOT, "tools/kilowasm.mjs")}`;
  return spawnSync("bash", ["-o", "pipefail", "-c", words.replaceAll("kilowasm", program)], {
    cwd: folder,
    encoding: "utf8",
    timeout: 120_000,
  });
}

const SENTENCE = /^kilowasm: [^\n]+: the disk is full\.\n$/;

test("a regular file is replaced whole, keeps its rights, and a secret is nobody else's", () => {
  writeFileSync(at("old"), "old octets", { mode: 0o640 });
  const before = statSync(at("old")).ino;
  writeWhole(at("old"), "new");
  assert.equal(readFileSync(at("old"), "utf8"), "new");
  assert.notEqual(statSync(at("old")).ino, before);
  assert.equal(statSync(at("old")).mode & 0o777, 0o640);
  writeWhole(at("key"), "secret", { secret: true });
  assert.equal(statSync(at("key")).mode & 0o777, 0o600);
  assert.throws(() => writeWhole(at("key"), "again", { fresh: true }), FileError);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.endsWith(".part")),
    [],
  );
});

test("a link stays a link, and what it leads to is written, also where that is not there yet", () => {
  writeFileSync(at("target"), "before");
  symlinkSync("target", at("link"));
  symlinkSync("not-yet", at("dangling"));
  symlinkSync("circle", at("circle"));
  for (const [link, target] of [
    ["link", "target"],
    ["dangling", "not-yet"],
  ]) {
    writeWhole(at(link), "through the link");
    assert.ok(lstatSync(at(link)).isSymbolicLink());
    assert.equal(readFileSync(at(target), "utf8"), "through the link");
    const grows = new OutputFile(at(link));
    grows.write(Buffer.from("more"));
    grows.close();
    assert.equal(readFileSync(at(target), "utf8"), "more");
  }
  assert.ok(sameOutput(at("link"), at("target")));
  assert.ok(!sameOutput("/dev/null", "/dev/null"), "a device takes as many as like");
  assert.throws(() => writeWhole(at("circle"), "x"), /too many symbolic links/);
});

test("a device stays a device", { skip: !existsSync(FULL) }, () => {
  const before = statSync(FULL);
  assert.throws(() => writeWhole(FULL, "x"), OutputError);
  const grows = new OutputFile(FULL, { what: "write the keys file" });
  grows.write(Buffer.from("x"));
  grows.write(Buffer.from("y"));
  assert.throws(() => grows.check(), /^Error: Cannot write the keys file \/dev\/full: the disk is full\.$/);
  grows.close();
  writeWhole("/dev/null", "x");
  assert.ok(statSync(FULL).isCharacterDevice());
  assert.equal(statSync(FULL).ino, before.ino);
  assert.ok(statSync("/dev/null").isCharacterDevice());
});

test("a disk that is full leaves the old file as it was, and nothing beside it", (t) => {
  const disk = at("disk");
  const mounted =
    process.getuid?.() === 0 && spawnSync("bash", ["-c", `mkdir ${disk} && mount -t tmpfs -o size=64k none ${disk}`]).status === 0;
  if (!mounted) return t.skip("no small file system can be mounted");
  try {
    writeWhole(join(disk, "kept"), "kept");
    assert.throws(() => writeWhole(join(disk, "kept"), Buffer.alloc(100_000)), OutputError);
    assert.equal(readFileSync(join(disk, "kept"), "utf8"), "kept");
    assert.deepEqual(readdirSync(disk), ["kept"]);
  } finally {
    spawnSync("umount", [disk]);
  }
});

test("`-`, a pipe and /dev/stdout are written where they are", () => {
  const whole = readFileSync(at("a.ota"));
  const done = shell(
    "kilowasm image pack --profile zigbee a.ota -o - > dash.ota && echo first > appended && kilowasm image pack --profile zigbee a.ota -o /dev/stdout >> appended",
  );
  assert.equal(done.status, 0, done.stderr);
  assert.deepEqual(readFileSync(at("dash.ota")), whole);
  assert.deepEqual(readFileSync(at("appended")), Buffer.concat([Buffer.from("first\n"), whole]));
  const piped = shell("mkfifo pipe && (kilowasm image inspect --json - < pipe & kilowasm image pack --profile zigbee a.ota -o pipe; wait)");
  assert.equal(JSON.parse(piped.stdout).size, whole.length, piped.stderr);
  assert.ok(statSync(at("pipe")).isFIFO());
  const seen = shell("kilowasm image pack --profile zigbee a.ota -o - | head -c 4 | od -An -tx1");
  assert.deepEqual([seen.status, seen.stdout.trim()], [0, "1e f1 ee 0b"]);
});

test("a full disk at an output of image, trace and ca: one sentence, exit 1", { skip: !existsSync(FULL) }, () => {
  for (const words of [
    "kilowasm image pack --profile zigbee a.ota -o /dev/full 2>&1 >/dev/null | grep -v development >&2",
    "kilowasm image inspect a.ota > /dev/full",
    "kilowasm ca issue --suite 2 --ieee 0011223344556677 --out /dev/full",
    "kilowasm ca issue --suite 2 --ieee 0011223344556677 > /dev/full",
  ]) {
    const done = shell(words);
    assert.equal(done.status, 1, `${words}: ${done.stderr}`);
    assert.match(done.stderr, SENTENCE, words);
  }
  assert.ok(!existsSync("/dev/full.cdx.json"));
});

test("a full disk ends a home with one sentence, whichever output it is", { skip: !existsSync(FULL) }, async () => {
  for (const option of ["--keys", "--pcap"]) {
    const { status, error, out } = await run("--duration", "10m", "--json", option, FULL);
    assert.equal(status, 1, `${option}: ${error}`);
    assert.match(error, SENTENCE, option);
    assert.doesNotMatch(out, /"trouble"|"summary"/, option);
  }
  const lines = shell("kilowasm home --duration 10m > /dev/full");
  assert.equal(lines.status, 1, lines.stderr);
  assert.match(lines.stderr, SENTENCE);
});

test("a home's capture goes down a pipe, and then nothing else does", () => {
  const done = shell("kilowasm home --duration 40s --pcap - | head -c 4 | od -An -tx1");
  assert.equal(done.stdout.trim(), "0a 0d 0d 0a", done.stderr);
  const both = shell("kilowasm home --duration 40s --json --pcap -");
  assert.equal(both.status, 2);
  assert.match(both.stderr, /both write to standard output/);
});

test("a full disk ends serve as well", { skip: !existsSync(FULL) }, async () => {
  const socket = createServer();
  await new Promise<void>((resolve) => socket.listen(0, "127.0.0.1", resolve));
  const { port } = socket.address() as { port: number };
  socket.close();
  for (const option of ["--keys", "--pcap"]) {
    const child = spawn(
      process.execPath,
      [join(ROOT, "tools/kilowasm.mjs"), "image", "serve", "a.ota", "--zep", String(port), option, FULL],
      { cwd: folder, timeout: 60_000 },
    );
    let errors = "";
    child.stderr.on("data", (part) => (errors += part));
    const status = await new Promise((resolve) => child.on("close", resolve));
    assert.equal(status, 1, errors);
    assert.match(
      errors
        .split("\n")
        .filter((line) => line.includes("disk is full"))
        .join("\n"),
      /^kilowasm: .*\.$/,
    );
  }
});
