// Random modules by wasm-smith, a second generator beside binaryen's fuzz mode; cargo builds it at the versions and hashes of smith/Cargo.lock.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ABI_VERSION, IMPORTS } from "../../host/abi.ts";
import { cargoPath, ensure } from "../../host/build/preflight.ts";
import { ROOT } from "../../host/modules.ts";
import { importType } from "../native/harness.ts";
import * as w from "../native/wasm_bytes.ts";

const SOURCE = fileURLToPath(new URL("smith/", import.meta.url));
const TARGET = join(ROOT, "build/smith");
const PROGRAM = join(TARGET, "release/kilowasm-smith");
const STAMP = join(TARGET, "stamp");
const SHAPE = join(TARGET, "shape.wasm");
const OUTPUT_MAX = 256 * 1024 * 1024;
/** What a made module may ask for; `next` and `log` show most. */
const IMPORTED = ["log", "next", "store_write", "store_read", "hash_mmo", "entropy", "sense", "display"];

/** The exports that the contract has, and imports that may be used. */
function shape(): Buffer {
  const rows = IMPORTS.filter(({ name }) => IMPORTED.includes(name));
  return w.module({
    1: w.vector([...w.TYPES, ...rows.map(importType)]),
    2: w.vector(rows.map(({ name }, index) => w.imported("han", name, w.TYPES.length + index))),
    7: w.vector([...["abi", "start", "poll"].map((name, index) => w.exported(name, 0, rows.length + index)), w.exported("memory", 2, 0)]),
  });
}

function buildSmith(say: (line: string) => void): void {
  const hash = createHash("sha256");
  for (const name of ["Cargo.toml", "Cargo.lock", "src/main.rs"]) hash.update(readFileSync(join(SOURCE, name)));
  const pin = hash.digest("hex");
  if (existsSync(PROGRAM) && existsSync(STAMP) && readFileSync(STAMP, "utf8") === pin) return;
  ensure(["cargo", "cc"], say);
  say("building wasm-smith with cargo, once, which takes a minute or two");
  mkdirSync(TARGET, { recursive: true });
  // Debian's cargo asks the first rustc of the path, which may be rustup's stand-in without a toolchain.
  const cargo = cargoPath() ?? "cargo";
  const rustc = join(dirname(cargo), "rustc");
  execFileSync(cargo, ["build", "--quiet", "--release", "--locked", "--target-dir", TARGET], {
    cwd: SOURCE,
    env: existsSync(rustc) ? { ...process.env, RUSTC: rustc } : process.env,
    stdio: "inherit",
  });
  writeFileSync(STAMP, pin);
}

/** So many modules, each valid for V8, with the edges that the contract wants. */
export function smithModules(seed: number, count: number, say: (line: string) => void = () => undefined): Buffer[] {
  buildSmith(say);
  writeFileSync(SHAPE, shape());
  const out = execFileSync(PROGRAM, [SHAPE, String(seed), String(count)], { maxBuffer: OUTPUT_MAX });
  const modules: Buffer[] = [];
  for (let at = 0; at < out.length; ) {
    const size = out.readUInt32LE(at);
    modules.push(fitted(out.subarray(at + 4, at + 4 + size)));
    at += 4 + size;
  }
  return modules;
}

// ---- What wasm-smith cannot be told: a memory of one page, and what abi answers ----

class Reader {
  constructor(
    readonly octets: Buffer,
    public at = 0,
  ) {}

  leb(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const octet = this.octets[this.at++];
      value += (octet & 0x7f) * scale;
      if (octet < 0x80) return value;
    }
  }

  take(size: number): Buffer {
    this.at += size;
    return this.octets.subarray(this.at - size, this.at);
  }
}

interface Section {
  id: number;
  content: Buffer;
}

function sections(wasm: Buffer): Section[] {
  const reader = new Reader(wasm, 8);
  const found: Section[] = [];
  while (reader.at < wasm.length) {
    const [id] = reader.take(1);
    found.push({ id, content: reader.take(reader.leb()) });
  }
  return found;
}

function countOf(all: Section[], id: number): number {
  const found = all.find((each) => each.id === id);
  return found ? new Reader(found.content).leb() : 0;
}

/** The index of an exported function. */
function exportOf(all: Section[], wanted: string): number {
  const reader = new Reader(all.find(({ id }) => id === 7)?.content ?? Buffer.alloc(1));
  for (let left = reader.leb(); left > 0; left--) {
    const name = reader.take(reader.leb()).toString("latin1");
    const [kind] = reader.take(1);
    const index = reader.leb();
    if (name === wanted && kind === 0) return index;
  }
  throw new Error(`wasm-smith made a module without ${wanted}`);
}

/** All bodies, with another one in the place of that of `index`. */
function withBody(code: Buffer, index: number, body: w.Octets): Buffer {
  const reader = new Reader(code);
  const count = reader.leb();
  const parts: Buffer[] = [Buffer.from(w.leb(count))];
  for (let each = 0; each < count; each++) {
    const from = reader.at;
    const size = reader.leb();
    reader.take(size);
    parts.push(each === index ? Buffer.from(body) : code.subarray(from, reader.at));
  }
  return Buffer.concat(parts);
}

function fitted(wasm: Buffer): Buffer {
  const all = sections(wasm);
  const abi = exportOf(all, "abi") - countOf(all, 2);
  const octets = all.flatMap(({ id, content }) => {
    const fits = id === 5 ? Buffer.of(1, 1, 1, 1) : id === 10 ? withBody(content, abi, w.body(w.i32(ABI_VERSION))) : content;
    return [Buffer.of(id), Buffer.from(w.leb(fits.length)), fits];
  });
  return Buffer.concat([wasm.subarray(0, 8), ...octets]);
}
