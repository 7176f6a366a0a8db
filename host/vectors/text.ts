// Vectors as tests/vectors holds the numbers of specifications: a line of origin, then `[KIND NAME]` over lines of a field and its value.
// A dot in a field's name makes an object: `initiator.cert 0206...`.

import { BadVectors, isVector, type Vector } from "./report.ts";

/** Fields that count; all others are octets. */
const NUMBERS = ["suite", "seqLen"];

export function vectorsOf(text: string): Vector {
  const kinds: Record<string, Vector[]> = Object.create(null);
  let example: Vector | undefined;
  text.split("\n").forEach((line, index) => {
    if (line.trim() === "" || line.startsWith("#")) return;
    const head = /^\[(\w+) (.+)\]$/.exec(line);
    if (head) {
      example = { name: head[2] };
      kinds[head[1]] ??= [];
      kinds[head[1]].push(example);
      return;
    }
    const row = /^([A-Za-z]+)(?:\.([A-Za-z]+))? (\S+)$/.exec(line);
    if (!row || !example) throw new BadVectors(`line ${index + 1} is neither [KIND NAME] nor a field and its value`);
    const [, field, part, value] = row;
    const inner = example[field];
    if (part !== undefined && inner !== undefined && !isVector(inner))
      throw new BadVectors(`line ${index + 1}: ${field} is a value already`);
    const place: Vector = part === undefined ? example : ((inner as Vector | undefined) ?? {});
    if (part !== undefined) example[field] = place;
    const name = part ?? field;
    if (name in place) throw new BadVectors(`line ${index + 1}: ${name} is there already`);
    place[name] = NUMBERS.includes(name) ? Number(value) : value;
  });
  return kinds;
}
