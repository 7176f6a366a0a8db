// What the schema compiler writes: assembly/sep2/schema/tables.ts and names.ts.
import { BLOCK, codedNames } from "./names.ts";
import { BUILT_IN, Kind, type Particle, type Schema } from "./schema.ts";

const COLUMNS = 140;
const WRITTEN = "Written by tools/schema2030.ts from the schema of 2018; change that tool instead.";
const LENGTH_BITS = 5;
const OFFSET_BITS = 11;
/** Places of fields in a particle of 24 bits. */
const TYPE_SHIFT = 10;
const REQUIRED_SHIFT = 19;
const MAX_SHIFT = 20;

/** The words of a list, as many a line as there is room for. */
function wrapped(words: readonly string[], indent = "  "): string {
  const lines = [indent];
  for (const word of words) {
    const last = lines.length - 1;
    if (lines[last].length + word.length + 2 > COLUMNS) lines.push(indent);
    lines[lines.length - 1] += `${lines[lines.length - 1] === indent ? "" : " "}${word},`;
  }
  return lines.join("\n");
}

/** Octets as words of four, little-endian. */
function packed(name: string, about: string, octets: readonly number[]): string {
  const whole = Buffer.alloc(Math.ceil(octets.length / 4) * 4);
  whole.set(octets);
  const words: string[] = [];
  for (let at = 0; at < whole.length; at += 4) words.push(`0x${whole.readUInt32LE(at).toString(16)}`);
  return `/** ${about} */\nexport const ${name} = constant<u32>([\n${wrapped(words)}\n]);\n`;
}

const wide = (values: readonly number[], size: number): number[] =>
  values.flatMap((value) => Array.from({ length: size }, (_, index) => (value >> (8 * index)) & 0xff));

/** One bit a name, those of the names in a list set. */
function bitmap(names: readonly string[], set: readonly string[]): number[] {
  const octets = new Array<number>(Math.ceil(names.length / 32) * 4).fill(0);
  for (const name of set) octets[names.indexOf(name) >> 3] |= 1 << (names.indexOf(name) & 7);
  return octets;
}

interface Lists {
  particles: number[];
  /** Of each type: where its list begins and how long it is. */
  types: number[];
}

/** Lists of members, each once; one that lies inside of another has no place of its own. */
function lists(schema: Schema): Lists {
  const ids = new Map([...schema.localNames, ...schema.attributeNames].map((name, index) => [name, index]));
  const word = ({ name, type, required, max }: Particle): number =>
    (ids.get(name) as number) | (schema.types.indexOf(type) << TYPE_SHIFT) | (Number(required) << REQUIRED_SHIFT) | (max << MAX_SHIFT);
  const of = new Map([...schema.content].map(([type, content]) => [type, content.map(word)]));
  const particles: number[] = [];
  const places = new Map<string, number>();
  for (const list of [...of.values()].sort((a, b) => b.length - a.length)) {
    const key = list.join();
    if (places.has(key)) continue;
    let place = particles.findIndex((_, at) => list.every((value, index) => particles[at + index] === value));
    if (place < 0) place = particles.push(...list) - list.length;
    places.set(key, place);
  }
  const types = schema.types.map((type) => {
    const simple = schema.simple.get(type);
    if (simple) return ((simple.kind + 1) | (simple.size << 3)) << LENGTH_BITS;
    const list = of.get(type);
    if (!list) return 0;
    const place = list.length > 0 ? (places.get(list.join()) as number) : 0;
    if (list.length >= 1 << LENGTH_BITS || place >= 1 << OFFSET_BITS) throw new RangeError(`${type} has too many members`);
    return (place << LENGTH_BITS) | list.length;
  });
  return { particles, types };
}

/** Numbers, names and tables by which the stack walks a document. */
export function tablesText(schema: Schema): string {
  const names = [...schema.localNames, ...schema.attributeNames, ...Object.keys(BUILT_IN)];
  const coded = codedNames(names);
  const { particles, types } = lists(schema);
  const simple = schema.types.slice(schema.complexCount).filter((name) => !name.startsWith("xs:"));
  const numbers: [string, number, string][] = [
    ["GLOBALS", schema.complexCount, "Global elements, which are the types that are not simple as well."],
    [
      "LOCAL_NAMES",
      schema.localNames.length,
      "Local names in the namespace; attributes have the numbers that follow, then the types of XML Schema.",
    ],
    ["ATTRIBUTE_NAMES", schema.attributeNames.length, "Names of attributes."],
    ["SIMPLE_TYPES", simple.length, "Simple types; those of XML Schema itself have the numbers that follow."],
    ["BUILT_IN_TYPES", Object.keys(BUILT_IN).length, "Types of XML Schema, in the order of their names."],
    ["PARTICLE_SIZE", 3, "| name 10 | type 9 | required 1 | at most 4, 0 for any number |, from the lowest bit on."],
    ["NAME_SIZE_MAX", Math.max(...names.map((name) => name.length)), "Characters of the longest name."],
    ["BLOCK_NAMES", BLOCK, "Names in a block."],
    ["BLOCK_SIZE_MAX", coded.blockMax, "Octets of the longest block."],
    ["BITMAP_SIZE", Math.ceil(schema.localNames.length / 32) * 4, "Octets with one bit a local name."],
  ];
  const kinds = Object.entries({
    Small: Kind.Small,
    SmallSigned: Kind.SmallSigned,
    Unsigned: Kind.Unsigned,
    Signed: Kind.Signed,
    Boolean: Kind.Boolean,
    Hex: Kind.Hex,
    Text: Kind.Text,
  });
  return [
    `// The schema of IEEE 2030.5 as tables in flash.  ${WRITTEN}`,
    'import { constant } from "../../core/constants";',
    "",
    "/** What a simple type is coded as; 0 is a type with members. */",
    `export enum Kind { None = 0, ${kinds.map(([name, value]) => `${name} = ${value + 1}`).join(", ")} }`,
    "",
    ...numbers.map(([name, value, about]) => `/** ${about} */\nexport const ${name}: u32 = ${value};`),
    "",
    packed(
      "TYPES",
      "Of each type | members 5 | first particle 11 |; without members | 0 | kind 3 | size 8 |, and 0 is no type.",
      wide(types, 2),
    ),
    packed("PARTICLES", "Members of types in the order of a document, attributes first.", wide(particles, 3)),
    packed("GLOBAL_BITS", "Which local names are global elements.", bitmap(schema.localNames, schema.types.slice(0, schema.complexCount))),
    packed("SIMPLE_BITS", "Which local names are simple types.", bitmap(schema.localNames, simple)),
    packed("NAME_BLOCKS", "Where each block of names begins, u16.", wide(coded.blocks, 2)),
    packed("NAMES", "Blocks: | shared with the name before | count | codes |; a code from 128 on is a pair.", coded.octets),
    packed("NAME_PAIRS", "The two codes of each pair.", coded.pairs).trimEnd(),
    "",
  ].join("\n");
}

/** Names as constants, for those who write and read documents. */
export function namesText(schema: Schema): string {
  const globals = schema.types.slice(0, schema.complexCount);
  return [
    `// The names of IEEE 2030.5.  ${WRITTEN}`,
    "",
    "/** Global elements, by which documents begin, and types, which have the same names. */",
    `export enum Type {\n${wrapped(globals)}\n}`,
    "",
    "/** Names of members: first those of elements, then those of attributes. */",
    `export enum Name {\n${wrapped([...schema.localNames, ...schema.attributeNames])}\n}`,
    "",
  ].join("\n");
}
