// Writes the codec's model, boards/common/codec_model.h and host/image/codec_model.ts: `tsx tools/image/codec_model.ts build/*.wasm`.
// The probabilities are counted on what the encoder makes of the modules named, three times over, since they steer the encoder too.
// A model is part of the format: after a release it never changes.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../../host/files/input_error.ts";
import { codecOperations } from "../../host/image/codec.ts";
import {
  AFTER_RARE,
  CALL,
  CERTAIN,
  CONST,
  Counter,
  DISTANCES,
  LENGTH_LEAST,
  literalClass,
  RARE,
  Writer,
} from "../../host/image/codec_coder.ts";
import { MODEL, type Model } from "../../host/image/codec_model.ts";
import { ROOT } from "../../host/modules.ts";
import { program } from "../words/program.ts";

const ROUNDS = 3;
/** No table leaves an answer out, so that no input costs much more than its octets. */
const LEAST = 3;

function table(counted: [number, number][]): number[] {
  return counted.map(([zeros, ones]) => {
    const share = (zeros + 2) / (zeros + ones + 4);
    return Math.min(256 - LEAST, Math.max(LEAST, Math.round(share * 256)));
  });
}

/** Deltas are rare in the making of a model: what they do not share with compression stays as it is. */
function count(modules: Buffer[]): void {
  const counter = new Counter();
  for (const module of modules) new Writer(counter, module, undefined).all(codecOperations(module));
  for (const [name, counted] of counter.tables) MODEL[name as keyof Model] = table(counted);
}

const hex = (octets: number[]): string => octets.map((octet) => octet.toString(16).padStart(2, "0")).join("");

function typescript(): string {
  const entries = Object.entries(MODEL).map(([name, octets]) => {
    const lines = hex(octets).match(/.{1,120}/g) ?? [];
    const text = lines.map((line) => `"${line}"`).join(" +\n      ");
    return lines.length > 1 ? `  ${name}: octets(\n    ${text.replaceAll("      ", "      ")},\n  ),` : `  ${name}: octets(${text}),`;
  });
  return `// The codec's probabilities of a 0, in 256ths.  Written by tools/image/codec_model.ts.

const octets = (hex: string): number[] => [...Buffer.from(hex, "hex")];

export interface Model {
${Object.keys(MODEL)
  .map((name) => `  ${name}: number[];`)
  .join("\n")}
}

export const MODEL: Model = {
${entries.join("\n")}
};
`;
}

function c(): string {
  const rows = (octets: number[]): string =>
    (
      octets
        .map(String)
        .join(", ")
        .match(/.{1,130}(?:, |$)/g) ?? []
    )
      .map((row) => `    ${row.trim()}`)
      .join("\n");
  const names = Object.entries(MODEL).map(
    ([name, octets]) => `static const uint8_t kw_codec_${name}[${octets.length}] = {\n${rows(octets)}\n};`,
  );
  return `// The codec's probabilities of a 0, in 256ths.  Written by tools/image/codec_model.ts.
#ifndef KW_CODEC_MODEL_H
#define KW_CODEC_MODEL_H

#include <stdint.h>

#define KW_CODEC_STEPS ${RARE.length}
#define KW_CODEC_CERTAIN ${CERTAIN}
#define KW_CODEC_CLASS_DEPTH 5
#define KW_CODEC_LENGTH_LEAST ${LENGTH_LEAST}
#define KW_CODEC_DISTANCES ${DISTANCES}
#define KW_CODEC_CALL ${CALL}
#define KW_CODEC_CONST ${CONST}

// The rare answer's probability in 4096ths by certainty, and the certainty after it came.
static const uint16_t kw_codec_rare[${RARE.length}] = {\n${rows(RARE)}\n};

static const uint8_t kw_codec_after_rare[${RARE.length}] = {\n${rows(AFTER_RARE)}\n};

// The row of the literal table, by the octet before.
static const uint8_t kw_codec_literal_class[256] = {\n${rows(Array.from({ length: 256 }, (_, last) => literalClass(last)))}\n};

${names.join("\n\n")}

#endif
`;
}

await program(import.meta.url, (paths) => {
  if (paths.length === 0) throw new InputError("codec_model: no module given; name the modules to count on");
  const modules = paths.map((path) => readFileSync(path));
  for (let round = 0; round < ROUNDS; round++) count(modules);
  writeFileSync(join(ROOT, "host/image/codec_model.ts"), typescript());
  writeFileSync(join(ROOT, "boards/common/codec_model.h"), c());
});
