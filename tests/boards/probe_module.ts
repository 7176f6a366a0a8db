// The modules of the boards' tests, tests/labs/boards.
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lab } from "../../host/build/labs.ts";
import { ROOT } from "../../host/modules.ts";

const OUTPUT = join(ROOT, "build/boards/modules");
const PAGE = 512;
const MARK = Buffer.from("krwmkmar", "latin1");

/** The path of the compiled module. */
export async function probeModule(): Promise<string> {
  return written("probe", lab("boards/probe"));
}

export function written(name: string, wasm: Uint8Array): string {
  mkdirSync(OUTPUT, { recursive: true });
  const path = join(OUTPUT, `${name}.wasm`);
  writeFileSync(path, wasm);
  return path;
}

/** The module that updates; `of` makes one of each version, larger by a custom section: of a page of random octets again and again, and one that differs. */
export async function updateModule(): Promise<{ of(version: number, padding: number): Buffer }> {
  const plain = Buffer.from(lab("boards/update"));
  const at = plain.indexOf(MARK) + MARK.length;
  if (at < MARK.length || plain.indexOf(MARK, at) >= 0) throw new Error("the module has not exactly one mark");
  const page = octets("padding", PAGE);
  return {
    of: (version, padding) => {
      const wasm = Buffer.from(plain);
      wasm.writeUInt32LE(version, at);
      const pages = Array.from({ length: padding / PAGE }, (_, index) => (index === 1 ? octets(`padding ${version}`, PAGE) : page));
      return Buffer.concat([wasm, custom("pad", Buffer.concat(pages))]);
    },
  };
}

function custom(name: string, content: Uint8Array): Buffer {
  const size = 1 + name.length + content.length;
  // LEB128 in five octets is what it is in fewer.
  const length = Buffer.from([0, 7, 14, 21, 28].map((shift, index) => ((size >>> shift) & 0x7f) | (index < 4 ? 0x80 : 0)));
  return Buffer.concat([Buffer.of(0), length, Buffer.of(name.length), Buffer.from(name, "latin1"), content]);
}

/** Octets that follow from a label. */
function octets(label: string, size: number): Buffer {
  const parts: Buffer[] = [];
  for (let part = 0; part * 32 < size; part++) parts.push(createHash("sha256").update(`${label} ${part}`).digest());
  return Buffer.concat(parts).subarray(0, size);
}
