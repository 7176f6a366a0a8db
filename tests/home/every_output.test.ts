// Every output option of every command: what its name leads to is written there, and what cannot be written is told of in one sentence.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { closeSync, lstatSync, mkdirSync, openSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { at, folder, here, OUTPUTS, wordsOf } from "./commands_kit.ts";
import { run } from "./process.ts";

after(() => rmSync(folder, { recursive: true }));

mkdirSync(at("directory"));
symlinkSync("circle", at("circle"));

/** A folder is written, not a file. */
const FOLDERS = ["home --record", "ca authority --out", "ca device --out"];
/** Two files are written, so the name has to be that of a file. */
const PAIRS = ["image keygen root --out", "image keygen release --out"];

const files = Object.entries(OUTPUTS).filter(([place]) => !FOLDERS.includes(place));

/** The last line is the sentence about the output. */
function told(errors: string, path: string, place: string): void {
  const last = errors.trimEnd().split("\n").at(-1) ?? "";
  assert.match(last, /^kilowasm: [^\n]+\.$/, place);
  assert.ok(last.includes(path), `${place}: ${last}`);
  assert.doesNotMatch(errors, /^ {4}at /m, place);
}

for (const [place, line] of files) {
  test(`${place}: a directory, no directory, a circle of links and a full device end with one sentence`, async () => {
    for (const [path, code] of [
      [at("directory"), 2],
      [join(at("no"), "such", "file"), 2],
      [at("circle"), 2],
      ["/dev/full", PAIRS.includes(place) ? 2 : 1],
    ] as const) {
      const done = await here(wordsOf(line, path));
      assert.equal(done.code, code, `${place} ${path}: ${done.errors}`);
      told(done.errors, path, place);
    }
    assert.ok(statSync("/dev/full").isCharacterDevice());
  });

  if (PAIRS.includes(place) || place.startsWith("home ")) continue;

  test(`${place}: what a link leads to is written, a device stays one, and an open handle is written where it stands`, async () => {
    const written = openSync(at("handle"), "w");
    writeFileSync(at("target"), "before");
    symlinkSync("target", at("link"));
    const paths = place.startsWith("image serve ") ? [at("link")] : [at("link"), "/dev/null", `/dev/fd/${written}`];
    for (const path of paths) {
      const { code, errors } = await here(wordsOf(line, path));
      assert.equal(code, 0, `${place} ${path}: ${errors}`);
    }
    closeSync(written);
    assert.ok(lstatSync(at("link")).isSymbolicLink());
    assert.ok(statSync("/dev/null").isCharacterDevice());
    const linked = readFileSync(at("target"));
    assert.ok(linked.length > 0 && !linked.equals(Buffer.from("before")), place);
    if (paths.length > 1) assert.ok(readFileSync(at("handle")).subarray(0, 4).equals(linked.subarray(0, 4)), place); // signatures differ
    rmSync(at("link"));
  });
}

test("a folder that certificates and keys are to be in is one, and has room", async () => {
  for (const place of FOLDERS.filter((name) => name.startsWith("ca ")))
    for (const path of ["/dev/full", at("good.ota"), join(at("no"), "such")]) {
      const { code, errors } = await here(wordsOf(OUTPUTS[place], path));
      assert.equal(code, 2, `${place} ${path}: ${errors}`);
      told(errors, path, place);
    }
});

test("home: what links of --pcap and --keys lead to is written", async () => {
  for (const name of ["pcap", "keys"]) symlinkSync(`of-${name}`, at(name));
  const { status, error } = await run("--duration", "40s", "--json", "--pcap", at("pcap"), "--keys", at("keys"));
  assert.equal(status, 0, error);
  for (const name of ["pcap", "keys"]) {
    assert.ok(lstatSync(at(name)).isSymbolicLink());
    assert.ok(statSync(at(`of-${name}`)).size > 20);
  }
});

test("the folder of --record is made, and a file or a full disk in its place is told of", async (t) => {
  const line = OUTPUTS["home --record"];
  for (const path of ["/dev/full", at("good.ota"), join(at("good.ota"), "below")]) {
    const { code, errors } = await here(wordsOf(line, path));
    assert.equal(code, 2, errors);
    told(errors, path, "home --record");
  }
  const disk = at("disk");
  const mounted =
    process.getuid?.() === 0 && spawnSync("bash", ["-c", `mkdir ${disk} && mount -t tmpfs -o size=64k none ${disk}`]).status === 0;
  if (!mounted) return t.skip("no small file system can be mounted");
  try {
    const { code, errors } = await here(wordsOf(line, disk));
    assert.equal(code, 1, errors);
    assert.match(errors, /^kilowasm: Cannot write the recording [^\n]+: the disk is full\.\n$/);
  } finally {
    execFileSync("umount", [disk]);
  }
});
