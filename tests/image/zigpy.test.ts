// OTA files as python3-zigpy reads them, an independent program: the vendors', our own, and thousands that were changed.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { ImageReason } from "../../host/abi.ts";
import { ensure } from "../../host/build/preflight.ts";
import { issue, makeCa } from "../../host/crypto/ca.ts";
import { integrityAdd } from "../../host/image/integrity.ts";
import { type OtaElement, type OtaFile, type OtaHeader, otaExamine, otaWrite } from "../../host/image/ota_file.ts";
import { packageOpen } from "../../host/image/package.ts";
import { profileSign } from "../../host/image/profile_signature.ts";
import { freshSeed, mutated, numbers, VENDORS } from "./ota_samples.ts";
import { smallPackage } from "./packages.ts";

const PYTHON = "/usr/bin/python3"; // the one for which Debian's packages are
const folder = mkdtempSync(join(tmpdir(), "zigpy-"));
after(() => rmSync(folder, { recursive: true }));

interface Foreign {
  error?: string;
  rest: number;
  head: string;
  elements: [number, number, string][];
  [field: string]: unknown;
}

function zigpyReads(paths: string[]): Foreign[] {
  const { stdout, stderr, status } = spawnSync(PYTHON, [join(import.meta.dirname, "zigpy_read.py")], {
    input: paths.map((path) => `${path}\n`).join(""),
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  assert.equal(status, 0, stderr);
  const answers = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Foreign);
  assert.equal(answers.length, paths.length);
  return answers;
}

function written(files: Buffer[]): string[] {
  return files.map((file, index) => {
    const path = join(folder, `${index}.ota`);
    writeFileSync(path, file);
    return path;
  });
}

/** Both readings field by field and element by element. */
function assertSame(file: Buffer, { header, headerSize, totalSize, elements }: OtaFile, theirs: Foreign, name: string): void {
  const { error, rest, head, elements: found, ...fields } = theirs;
  assert.equal(error, undefined, name);
  assert.equal(rest, 0, name);
  // Behind octet 20 stands the string, of which zigpy keeps what it can read.
  assert.equal(head.slice(0, 40), file.subarray(0, 20).toString("hex"), name);
  const number = (value: number | bigint | undefined, digits: number): string | null => value?.toString(16).padStart(digits, "0") ?? null;
  const ours = {
    headerSize,
    totalSize,
    manufacturer: header.manufacturer,
    imageType: header.imageType,
    fileVersion: header.fileVersion,
    stackVersion: header.stackVersion,
    credentialVersion: number(header.credentialVersion, 2),
    destination: number(header.destination, 16),
    minimum: number(header.hardware?.minimum, 4),
    maximum: number(header.hardware?.maximum, 4),
  };
  assert.deepEqual(fields, ours, name);
  assert.deepEqual(
    elements.map(({ tag, data }) => [tag, data.length, createHash("sha256").update(data).digest("hex")]),
    found,
    name,
  );
}

function ownHeader(choice: number): OtaHeader {
  const header: OtaHeader = {
    manufacturer: 0xfff1,
    imageType: 1 + (choice % 3),
    fileVersion: 0x01020300 + choice,
    stackVersion: choice & 1 ? 2 : 3,
    headerString: `kilowasm meter 1.2.${choice}`,
  };
  if (choice & 1) header.credentialVersion = choice;
  if (choice & 2) header.destination = 0x0012_4b00_0a0b_0c00n + BigInt(choice);
  if (choice & 4) header.hardware = { minimum: choice, maximum: 0xff00 };
  return header;
}

/** Files with every choice of options, elements in a package's order, with a code and signatures of either suite and without. */
async function ownFiles(): Promise<Buffer[]> {
  const ca = makeCa(Buffer.from("zigpy"));
  const files: Buffer[] = [];
  for (let choice = 0; choice < 8; choice++) {
    const elements: OtaElement[] = [
      { tag: 0xf001, data: Buffer.alloc(170, choice) },
      { tag: 0xf000, data: Buffer.alloc(330, choice) },
      { tag: 0x0000, data: Buffer.alloc(1000 * choice + 1, 0xa5) },
    ];
    const plain = otaWrite(ownHeader(choice), elements);
    const coded = integrityAdd(plain);
    files.push(plain, coded);
    for (const suite of [1, 2] as const) files.push(await profileSign(coded, { suite, ...issue(ca, suite, 0x124bn) }));
  }
  return files;
}

describe("zigpy and we", () => {
  ensure(["python3-zigpy"]);

  test("read our own files to the same fields and elements", async () => {
    const files = await ownFiles();
    const theirs = zigpyReads(written(files));
    files.forEach((file, index) => {
      const read = otaExamine(file).file;
      assert.ok(read);
      assertSame(file, read, theirs[index], `file ${index}`);
    });
    assert.equal(files.length, 32);
  });

  test("read packages to the same, plain and compressed, with a code and the profile's signatures", async () => {
    const ca = makeCa(Buffer.from("zigpy"));
    const files: Buffer[] = [];
    for (const encoding of [0, 1]) {
      const file = smallPackage({ encoding, integrity: true, destination: encoding ? 0x124bn : undefined });
      files.push(smallPackage({ encoding }), file);
      for (const suite of [1, 2] as const) files.push(await profileSign(file, { suite, ...issue(ca, suite, 0x124bn) }));
    }
    const theirs = zigpyReads(written(files));
    files.forEach((file, index) => {
      const read = otaExamine(file).file as OtaFile;
      assert.deepEqual(packageOpen(file).elements, read.elements);
      assertSame(file, read, theirs[index], `package ${index}`);
    });
  });

  test("agree on every vendor's file, read or refused", {
    skip: existsSync(VENDORS) ? false : `the folder ${VENDORS} is not there`,
  }, () => {
    const paths = readdirSync(VENDORS).map((name) => join(VENDORS, name));
    const theirs = zigpyReads(paths);
    let whole = 0;
    paths.forEach((path, index) => {
      const file = readFileSync(path);
      const read = otaExamine(file).file;
      if (read) {
        whole++;
        assertSame(file, read, theirs[index], path);
      } else assert.ok(theirs[index].error, path);
    });
    assert.ok(whole >= 6, `${whole} files are whole`);
  });

  test("read changed files alike: what we accept, it reads to the same; what leaves the file, it refuses too", async () => {
    const seed = freshSeed();
    const draw = numbers(seed);
    const own = (await ownFiles()).filter((file) => file.length < 4000);
    const files = Array.from({ length: 3000 }, (_, index) => mutated(own[index % own.length], draw));
    const theirs = zigpyReads(written(files));
    let whole = 0;
    files.forEach((file, index) => {
      const name = `seed ${seed}, file ${index}`;
      const { file: read, error } = otaExamine(file);
      if (read) {
        whole++;
        assertSame(file, read, theirs[index], name);
      } else if (error?.reason === ImageReason.Truncated || error?.reason === ImageReason.Identifier) {
        assert.ok(theirs[index].error, `${name}: ${error.message}`);
      } else if (error?.reason === ImageReason.TotalSize && error.offset !== 52) {
        assert.ok(theirs[index].error || theirs[index].rest > 0, `${name}: ${error.message}`);
      }
    });
    assert.ok(whole > 100, `${whole} changed files are whole`);
  });
});
