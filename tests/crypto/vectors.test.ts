// `npm run vectors`: every independent vector, a changed number in each, and files that are no vectors.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { v8Primitives } from "../../host/vectors/primitives.ts";
import { readVectors, runVectors } from "../../host/vectors/run.ts";
import { runSymmetric } from "../../host/vectors/symmetric.ts";
import { runWycheproof } from "../../host/vectors/wycheproof.ts";
import { programWords } from "../support/program.ts";

const SHARED = "../shared/vectors";
const skip = existsSync(SHARED) ? false : `the folder ${SHARED} is not there`;
/** The numbers of the specifications are here; those of other projects are not the project's to ship. */
const OWN = [
  ["cbke", "tests/vectors/key_establishment.txt", 36],
  ["symmetric", "tests/vectors/symmetric.txt", 16],
] as const;
const FILES = [
  ["cbke", "cbke.json", 36],
  ["symmetric", "zigbee-symmetric.json", 21],
  ["wycheproof", "wycheproof/aes_ccm_test.json", 957],
  ["wycheproof", "wycheproof/ecdh_sect283k1_test.json", 267],
  ["wycheproof", "wycheproof/ecdsa_secp256r1_sha256_p1363_test.json", 262],
] as const;

/** The tool without the cost of a process. */
async function run(...args: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  const out: string[] = [];
  const complaints: string[] = [];
  const status = await runVectors(
    args,
    (line) => out.push(line),
    (line) => complaints.push(line),
  );
  return { status, stdout: out.map((line) => `${line}\n`).join(""), stderr: complaints.map((line) => `${line}\n`).join("") };
}

test("the command prints the counts and ends with its exit code", () => {
  const command = (...args: string[]) => spawnSync(process.execPath, [...programWords(), "vectors", ...args], { encoding: "utf8" });
  const good = command("cbke", OWN[0][1]);
  assert.deepEqual([good.status, good.stdout], [0, "36 passed, 0 failed\n"]);
  const none = command("cbke", "/nonexistent");
  assert.deepEqual(
    [none.status, none.stdout, none.stderr],
    [2, "", "kilowasm: /nonexistent: it cannot be read: there is no such file or directory.\n"],
  );
});

const folder = mkdtempSync(join(tmpdir(), "vectors-"));

function write(content: unknown, name = "vectors.json"): string {
  const file = join(folder, name);
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}

describe("the specifications' examples", () => {
  for (const [kind, file, count] of OWN) {
    test(`${file}: ${count} passed`, async () => {
      const { status, stdout } = await run(kind, file);
      assert.equal(stdout, `${count} passed, 0 failed\n`);
      assert.equal(status, 0);
    });
  }

  test("what devices under V8 use passes as well", () => {
    const { passed, failed } = runSymmetric(readVectors(OWN[1][1]), v8Primitives, () => {});
    assert.deepEqual([passed, failed], [OWN[1][2], 0]);
  });

  test("each number of them counts: with any octet changed there is a failure", async () => {
    for (const [kind, file] of OWN) {
      const lines = readFileSync(file, "utf8").split("\n");
      // Key establishment takes seconds each time: of it only the values that are compared and not computed with.
      const fields = kind === "cbke" ? /^(Z|macKey|linkKey|macU|macV|\w+\.pub) / : /^(hash|mac|cipher|tag|crcLE) /;
      const places = lines.flatMap((line, index) => (fields.test(line) ? [index] : []));
      assert.ok(places.length >= 14, `${places.length} of ${file}`);
      for (const at of kind === "cbke" ? [places.slice(0, 7), places.slice(7)] : places.map((place) => [place])) {
        const changed = lines.map((line, index) =>
          at.includes(index) ? line.replace(/.$/, (digit) => (digit === "0" ? "1" : "0")) : line,
        );
        const { status, stdout } = await run(kind, write(changed.join("\n"), "changed.txt"));
        assert.equal(status, 1, at.map((index) => lines[index]).join("; "));
        assert.ok((stdout.match(/^FAILED/gm)?.length ?? 0) >= at.length, stdout);
      }
    }
  });

  test("a file that is out of form is refused with its line", async () => {
    const cases: [string, RegExp][] = [
      ["hash 00", /line 1 is neither/],
      ["[mmo a]\nhash", /line 2 is neither/],
      ["[mmo a]\nhash 00\nhash 01", /line 3: hash is there already/],
      ["[cbke a]\nca 00\nca.x 01", /line 3: ca is a value already/],
      ["# nothing", /has none of/],
    ];
    for (const [text, sentence] of cases) {
      const { status, stderr } = await run("symmetric", write(text, "odd.txt"));
      assert.equal(status, 2, text);
      assert.match(stderr, sentence);
    }
  });
});

describe("independent vectors", { skip }, () => {
  for (const [kind, file, count] of FILES) {
    test(`${file}: ${count} passed`, async () => {
      const { status, stdout } = await run(kind, join(SHARED, file));
      assert.equal(stdout.trim().split("\n").at(-1), `${count} passed, 0 failed`, stdout);
      assert.equal(status, 0);
    });
  }

  test("what devices under V8 use passes as well", async () => {
    const read = (file: string) => JSON.parse(readFileSync(join(SHARED, file), "utf8"));
    assert.equal(runSymmetric(read("zigbee-symmetric.json"), v8Primitives, () => undefined).failed, 0);
    assert.equal((await runWycheproof(read("wycheproof/aes_ccm_test.json"), v8Primitives, () => undefined)).failed, 0);
    assert.equal((await runWycheproof(read("wycheproof/ecdsa_secp256r1_sha256_p1363_test.json"), v8Primitives, () => undefined)).failed, 0);
  });

  test("a changed number fails by name, and only it", async () => {
    const cbke = JSON.parse(readFileSync(join(SHARED, "cbke.json"), "utf8"));
    cbke.cbke[1].linkKey = cbke.cbke[1].linkKey.replace(/^./, "0");
    const { status, stdout } = await run("cbke", write(cbke));
    assert.equal(status, 1);
    assert.match(stdout, /FAILED SE-C\.6-suite2 initiator linkKey: is aa46/);
    assert.match(stdout, /\n34 passed, 2 failed\n$/);
    const symmetric = JSON.parse(readFileSync(join(SHARED, "zigbee-symmetric.json"), "utf8"));
    symmetric.ccm[0].tag = "00".repeat(8);
    assert.match((await run("symmetric", write(symmetric))).stdout, /\n19 passed, 2 failed\n$/);
    const ecdh = JSON.parse(readFileSync(join(SHARED, "wycheproof/ecdh_sect283k1_test.json"), "utf8"));
    ecdh.testGroups[0].tests[0].shared = "00".repeat(36);
    ecdh.testGroups[0].tests[1].result = "invalid";
    assert.match((await run("wycheproof", write(ecdh))).stdout, /\n265 passed, 2 failed\n$/);
  });

  test("a missing field, an odd digit and a wrong size are failures, not crashes", async () => {
    const cbke = JSON.parse(readFileSync(join(SHARED, "cbke.json"), "utf8"));
    delete cbke.cbke[0].initiator.ephPriv;
    cbke.cbke[1].responder.cert = "00";
    const { status, stdout } = await run("cbke", write(cbke));
    assert.equal(status, 1);
    assert.match(stdout, /its field "ephPriv" is missing/);
    assert.match(stdout, /its field "cert" has 1 octets instead of 74/);
  });
});

test("what cannot be run gets one sentence and exit code 2", async () => {
  const cases: [string[], RegExp][] = [
    [["cbke", join(folder, "none.json")], /there is no such file/],
    [["cbke", folder], /cannot be read/],
    [["cbke", write("{", "broken.json")], /is not JSON/],
    [["cbke", write("[]", "list.json")], /not an object/],
    [["cbke", write({ mmo: [] }, "other.json")], /no examples/],
    [["cbke", write({ cbke: 7 }, "number.json")], /is not a list/],
    [["symmetric", write({}, "empty.json")], /has none of/],
    [["wycheproof", write({ algorithm: "AES-GCM", testGroups: [] }, "gcm.json")], /algorithm "AES-GCM"/],
    [
      ["wycheproof", write({ algorithm: "ECDH", testGroups: [{ curve: "secp256r1", encoding: "asn" }] }, "p256.json")],
      /none that can be run/,
    ],
    [["wycheproof", write({ algorithm: "AES-CCM" }, "none-at-all.json")], /has no tests/],
    [["toString", write({}, "empty.json")], /no kind of vectors/],
    [["cbke"], /usage/],
    [[], /usage/],
  ];
  for (const [args, sentence] of cases) {
    const { status, stderr } = await run(...args);
    assert.equal(status, 2, `${args.join(" ")}: ${stderr}`);
    assert.match(stderr, sentence);
    assert.equal(stderr.trim().split("\n").length, 1, stderr);
  }
});
