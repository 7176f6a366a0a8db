// `npm run vectors -- ota`: real vendors' files, good and odd, and folders that cannot be reported.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { issue, makeCa } from "../../host/crypto/ca.ts";
import { otaRead, otaWrite } from "../../host/image/ota_file.ts";
import { profileSign } from "../../host/image/profile_signature.ts";
import { reportOctets } from "../../host/vectors/ota.ts";
import { runVectors } from "../../host/vectors/run.ts";
import { programWords } from "../support/program.ts";
import { changed, element, SIGNED, sample, VENDORS } from "./ota_samples.ts";

const skip = existsSync(VENDORS) ? false : `the folder ${VENDORS} is not there`;
const folder = mkdtempSync(join(tmpdir(), "vendors-"));
after(() => rmSync(folder, { recursive: true }));

async function run(...args: string[]): Promise<{ status: number; lines: string[]; complaints: string[] }> {
  const lines: string[] = [];
  const complaints: string[] = [];
  const status = await runVectors(
    args,
    (line) => lines.push(line),
    (line) => complaints.push(line),
  );
  return { status, lines, complaints };
}

function filled(name: string, files: Record<string, Uint8Array>): string {
  const path = join(folder, name);
  mkdirSync(path);
  for (const [file, octets] of Object.entries(files)) writeFileSync(join(path, file), octets);
  return path;
}

/** What must be said of each file of the folder: sizes and tags as a hexadecimal editor shows them. */
const WANTED: Record<string, RegExp> = {
  "images1__NodOn__128b-0102-10101-700_nodon_sin_2_fm_stm32_V10101.zigbee":
    /^whole .*manufacturer 0x128b, type 0x0102, version 0x00010101, stack 2, string "nodon_sin_stm32_ota"; 27162 octets; elements 0x0000 \(27100\); no integrity code; not signed/,
  "images1__Ubisys__10F2-7B2A-0000-0005-02000230-m7b-r0.ota.zigbee":
    /^whole .*hardware 0 to 5; 113150 octets; elements 0xf7bd \(160\) 0x0000 \(112896\) 0x0003 \(16\); integrity code holds, over what is before the element; not signed/,
  "images__Datek__han_adapter-0.7_MG13_nonreworked.ota": /^whole .*manufacturer 0x1337.*elements 0x0000 \(197884\); no integrity code/,
  "images__ONOKOM__tcl-1-zb-s_hw1.x_fw0.6.1_ota20.ota":
    /^refused .*: truncated: at octet 92222: .*278830 octets.*186608 are missing \(Truncated\)/,
  "images__SlackyDiy__6565-0387-30043001-electricity_meter_zrd.zigbee": /^whole .*string ""; 221714 octets; elements 0x0000 \(221652\)/,
  "images__Sonoff__SN-TLSR8656-09P-01-v1.1.2.ota":
    /^refused .*: 8-octet element header: at octet 110094: 2 octets stand behind the last element.*\(ElementLength\)/,
  "not-in-manifest-images__NodOn__128b-0109-010300-700_nodon_sin_rs_fm_stm32_V010300.zigbee":
    /^whole .*elements 0x0000 \(30848\) 0x0003 \(16\); integrity code holds, over what is before the element's data/,
  "suite1-signed.ota":
    /^whole .*manufacturer 0x1234.*hardware 1 to 4; .*0x0000 \(62182\) 0x0002 \(48\) 0x0001 \(50\).*suite 1 by 0000000000000001 holds/,
};

describe("the folder of vendors' files", { skip }, () => {
  test("is reported file by file, and the command ends well", () => {
    const { status, stdout } = spawnSync(process.execPath, [...programWords(), "vectors", "ota"], { encoding: "utf8" });
    const lines = stdout.trim().split("\n");
    assert.equal(status, 0, stdout);
    for (const [name, wanted] of Object.entries(WANTED)) {
      const line = lines.find((each) => each.includes(` ${name}: `));
      assert.match(line ?? `${name} is not reported`, wanted);
    }
    const names = readdirSync(VENDORS);
    assert.equal(lines.length, names.length + 1);
    const count = (verdict: string): number => lines.slice(0, -1).filter((line) => line.startsWith(verdict)).length;
    assert.equal(lines.at(-1), `${count("whole")} whole, ${count("refused")} refused`);
  });

  test("holds files that are written again as they were", () => {
    for (const [name, wanted] of Object.entries(WANTED)) {
      if (!wanted.source.startsWith("^whole")) continue;
      const file = readFileSync(join(VENDORS, name));
      const { header, elements } = otaRead(file);
      assert.ok(otaWrite(header, elements).equals(file), name);
    }
  });

  test("holds none that is read when cut at an element's boundary, an octet before or after it", () => {
    for (const name of Object.keys(WANTED)) {
      const file = readFileSync(join(VENDORS, name));
      if (!WANTED[name].source.startsWith("^whole")) continue;
      const { elements, headerSize } = otaRead(file);
      const ends = [headerSize, ...elements.flatMap(({ offset, data }) => [offset + 6, offset + 6 + data.length])];
      for (const size of ends.flatMap((end) => [end - 1, end, end + 1])) {
        if (size >= file.length) continue;
        assert.throws(
          () => otaRead(file.subarray(0, size)),
          (error: { offset?: number }) => error.offset === size,
          `${name} cut at ${size}`,
        );
      }
    }
  });

  test("a signed file of the folder is refused when a bit is changed, also one of its issuer", async () => {
    const file = readFileSync(SIGNED);
    assert.equal((await reportOctets(file)).verdict, "whole");
    for (const at of [20, 70, 40_000, 62_248 + 6 + 30, 62_302 + 6, file.length - 1]) {
      const flipped = changed(file, at, ((file[at] as number) ^ 1).toString(16).padStart(2, "0"));
      const { verdict, text } = await reportOctets(flipped);
      assert.equal(verdict, "refused");
      assert.match(text, /^bad signature: at octet \d+: .*\(Signatures\)/);
    }
  });
});

test("a folder of odd files is reported whole, and what stands in names and strings does not reach the terminal", async () => {
  const image = element(0, Buffer.alloc(20, 0xa5));
  const good = sample([image]);
  const unknown = await profileSign(good, { suite: 2, ...issue(makeCa(Buffer.from("unknown")), 2, 5n) });
  const path = filled("odd", {
    "a good": good,
    "b wrapped": Buffer.concat([Buffer.from("NGIS"), good]),
    "c empty": Buffer.alloc(0),
    "d length": sample([element(0, Buffer.alloc(20), 0xffff_ffff)]),
    "e none": sample([]),
    "f two": sample([image, image]),
    "g \u001b[31mred": changed(good, 20, "1b5d303b78079b32ff"),
    "h unknown signer": unknown,
  });
  mkdirSync(join(path, "inner"));
  writeFileSync(join(path, "inner", "trailing"), Buffer.concat([good, Buffer.alloc(7)]));
  const { status, lines, complaints } = await run("ota", path);
  assert.deepEqual([status, complaints], [0, []]);
  const wanted = [
    /^whole {4}a good: manufacturer 0x1234/,
    /^refused {2}b wrapped: wrapped: at octet 0: /,
    /^refused {2}c empty: empty: at octet 0: /,
    /^refused {2}d length: bad element length: at octet 58: .*4294967295 octets, and 20/,
    /^refused {2}e none: no elements: at octet 56: /,
    /^refused {2}f two: two image elements: at octet 82: /,
    /^whole {4}g \.\[31mred: .*not UTF-8/,
    /^refused {2}h unknown signer: bad signature: at octet \d+: the certificate's issuer [0-9a-f]{16} is no authority/,
    /^refused {2}inner\/trailing: trailing octets: at octet 82: /,
    /^2 whole, 7 refused$/,
  ];
  assert.equal(lines.length, wanted.length);
  wanted.forEach((pattern, index) => {
    assert.match(lines[index], pattern);
  });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  for (const line of lines) assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f]/);
});

test("what cannot be read is counted and makes the exit code 1", async () => {
  const path = filled("unread", { good: sample([element(0, Buffer.alloc(1))]) });
  symlinkSync(join(path, "nowhere"), join(path, "link"));
  spawnSync("mkfifo", [join(path, "pipe")]);
  const { status, lines } = await run("ota", path);
  assert.equal(status, 1);
  assert.deepEqual(lines.slice(1), [
    "unread   link: there is no such file or directory",
    "unread   pipe: it is not a regular file",
    "1 whole, 0 refused, 2 could not be read",
  ]);
});

test("a folder that is not there or has no files, and more than a folder, get one sentence and exit code 2", async () => {
  const empty = filled("empty", {});
  for (const [args, sentence] of [
    [["ota", join(folder, "none")], /none: there is no such file or directory; name a folder/],
    [["ota", empty], /empty: there is no file in it; name a folder/],
    [["ota", folder, folder], /usage/],
    [["ota", "--colour"], /usage/],
  ] as const) {
    const { status, lines, complaints } = await run(...args);
    assert.deepEqual([status, lines, complaints.length], [2, [], 1]);
    assert.match(complaints[0], sentence);
  }
});
