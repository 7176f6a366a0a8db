// Documents that were changed at random, the same each time; KILOWASM_SEED tries others.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Random } from "../../host/air/random.ts";
import { ROOT } from "../../host/modules.ts";
import { EXI, ExiLab, XML } from "../../host/vectors/exi_lab.ts";
import { mutate } from "../fuzz/mutate.ts";
import { settles } from "./settles.ts";

const RUNS = 2000;
const SEED_SIZE_MAX = 300;
const SEED = Number(process.env.KILOWASM_SEED ?? 1);
const files = [join(ROOT, "tests/vectors/exi.jsonl"), join(ROOT, "../shared/vectors/exi.jsonl")].filter((path) => existsSync(path));
const vectors = files
  .flatMap((path) => readFileSync(path, "utf8").split("\n"))
  .filter((line) => line.startsWith("{"))
  .map((line) => JSON.parse(line) as { xml: string; exi: string });

for (const [name, format, seeds] of [
  ["EXI", EXI, vectors.map(({ exi }) => Buffer.from(exi, "hex"))],
  ["XML", XML, vectors.map(({ xml }) => Buffer.from(xml))],
] as const) {
  test(`${name} that was changed at random neither traps nor is written as something else than it was read as`, (t) => {
    const lab = new ExiLab();
    const random = new Random(SEED, `exi ${name}`);
    const short = seeds.filter(({ length }) => length <= SEED_SIZE_MAX);
    let accepted = 0;
    for (let run = 0; run < RUNS; run++) {
      const document = mutate(short, random);
      settles(lab, format, document, `seed ${SEED}, run ${run}: ${Buffer.from(document).toString("hex")}`);
      if (lab.events(format, document) >= 0) accepted++;
    }
    t.diagnostic(`${accepted} of ${RUNS} are accepted`);
    assert.ok(accepted > 0 && accepted < RUNS);
  });
}
