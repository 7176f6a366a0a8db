// How large an update of a module is, by what was changed in it.

import { compile, entryOf } from "../../host/build/built.ts";
import { compress, delta } from "../../host/image/codec.ts";
import { moduleBytes } from "../../host/modules.ts";

const TARGET = "ihd_sep1";

interface Change {
  what: string;
  file: string;
  from: string;
  to: string;
}

/** Each a thing that a maintainer does; the display's module is compiled again with it. */
const CHANGES: readonly Change[] = [
  { what: "a constant", file: "assembly/sep1/errands.ts", from: "const TIME_MS: i64 =", to: "const TIME_MS: i64 = 1000 +" },
  {
    what: "a condition",
    file: "assembly/application/ihd/ihd.ts",
    from: "export function ihdTick(now: i64): void {",
    to: "export function ihdTick(now: i64): void { if (now < 0) return;",
  },
  {
    what: "a table grows",
    file: "assembly/sep1/ota/client.ts",
    from: "const ",
    to: "const spare = memory.data(64, 8);\nexport function spareAt(): usize { return spare; }\nconst ",
  },
];

export interface DeltaFigure {
  what: string;
  module: number;
  delta: number;
  /** Per cent of the module. */
  percent: number;
}

export async function deltaFigures(): Promise<DeltaFigure[]> {
  const base = Buffer.from((await compile(entryOf(TARGET), TARGET)).wasm);
  const figures: DeltaFigure[] = [];
  for (const { what, file, from, to } of CHANGES) {
    let done = false;
    const { wasm } = await compile(entryOf(TARGET), TARGET, [], (name, text) => {
      if (name !== file || !text.includes(from)) return text;
      done = true;
      return text.replace(from, to);
    });
    if (!done) throw new Error(`${file} has no line "${from}" any more; give tools/bench/deltas.ts another one`);
    const size = delta(base, Buffer.from(wasm)).length;
    figures.push({ what, module: wasm.length, delta: size, percent: (100 * size) / wasm.length });
  }
  return figures;
}

export function compressedFigure(): { module: number; compressed: number; percent: number } {
  const module = Buffer.from(moduleBytes(TARGET));
  const compressed = compress(module).length;
  return { module: module.length, compressed, percent: (100 * compressed) / module.length };
}
