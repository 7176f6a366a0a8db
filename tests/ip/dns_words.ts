// Messages of DNS for tests, written and read by RFC 1035 alone.
export const TYPE = { A: 1, PTR: 12, TXT: 16, AAAA: 28, SRV: 33, NSEC: 47, ANY: 255 } as const;
export const FLUSH = 0x8000;

export interface Question {
  name: string;
  type: number;
  class?: number;
}
export interface Entry extends Question {
  seconds?: number;
  data: Uint8Array;
}
export interface Message {
  id?: number;
  flags?: number;
  questions?: Question[];
  answers?: Entry[];
  authority?: Entry[];
  additional?: Entry[];
}

/** A name without compression; a point ends a label. */
export function nameOctets(name: string): Buffer {
  const labels = name.split(".").filter((label) => label !== "");
  return Buffer.concat([...labels.map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label, "latin1")])), Buffer.of(0)]);
}

const u16 = (...values: number[]): Buffer => {
  const octets = Buffer.alloc(2 * values.length);
  for (const [index, value] of values.entries()) octets.writeUInt16BE(value, 2 * index);
  return octets;
};

export const srv = (port: number, host: string): Buffer => Buffer.concat([u16(0, 0, port), nameOctets(host)]);
export const txt = (...strings: string[]): Buffer =>
  Buffer.concat(strings.map((text) => Buffer.concat([Buffer.of(text.length), Buffer.from(text)])));

export function write({ id = 0, flags = 0, questions = [], answers = [], authority = [], additional = [] }: Message): Buffer {
  const parts: Uint8Array[] = [u16(id, flags, questions.length, answers.length, authority.length, additional.length)];
  for (const { name, type, class: kind = 1 } of questions) parts.push(nameOctets(name), u16(type, kind));
  for (const { name, type, class: kind = 1, seconds = 120, data } of [...answers, ...authority, ...additional])
    parts.push(nameOctets(name), u16(type, kind, seconds >>> 16, seconds & 0xffff, data.length), data);
  return Buffer.concat(parts);
}

/** A name at a place, and where what follows it begins. */
function nameAt(octets: Buffer, from: number): [string, number] {
  const labels: string[] = [];
  let end = 0;
  for (let at = from; ; ) {
    const size = octets[at];
    if (size >= 0xc0) {
      end ||= at + 2;
      const to = octets.readUInt16BE(at) & 0x3fff;
      if (to >= at) throw new Error("a pointer that does not go back");
      at = to;
      continue;
    }
    if (size === 0) return [labels.join("."), end || at + 1];
    labels.push(octets.toString("latin1", at + 1, at + 1 + size));
    at += size + 1;
  }
}

export interface Read extends Required<Omit<Question, "class">> {
  class: number;
  seconds: number;
  data: Buffer;
  /** Of PTR and SRV: the name in it; of SRV the port in front; of TXT its strings. */
  text: string;
}
export interface Reading {
  id: number;
  flags: number;
  questions: Required<Question>[];
  answers: Read[];
  authority: Read[];
  additional: Read[];
}

function textOf(octets: Buffer, type: number, at: number, size: number): string {
  if (type === TYPE.PTR) return nameAt(octets, at)[0];
  if (type === TYPE.SRV) return `${octets.readUInt16BE(at + 4)} ${nameAt(octets, at + 6)[0]}`;
  if (type === TYPE.NSEC) {
    const [name, end] = nameAt(octets, at);
    const types: number[] = [];
    for (let index = 0; index < octets[end + 1] * 8; index++) if (octets[end + 2 + (index >> 3)] & (0x80 >> (index & 7))) types.push(index);
    return `${name} ${types.join()}`;
  }
  if (type !== TYPE.TXT) return octets.toString("hex", at, at + size);
  const strings: string[] = [];
  for (let from = at; from < at + size; from += octets[from] + 1)
    strings.push(octets.toString("latin1", from + 1, from + 1 + octets[from]));
  return strings.join(" ");
}

export function read(octets: Buffer): Reading {
  let at = 12;
  const head = (): Required<Question> => {
    const [name, end] = nameAt(octets, at);
    at = end + 4;
    return { name, type: octets.readUInt16BE(end), class: octets.readUInt16BE(end + 2) };
  };
  const entry = (): Read => {
    const question = head();
    const size = octets.readUInt16BE(at + 4);
    const data = octets.subarray(at + 6, at + 6 + size);
    const made = { ...question, seconds: octets.readUInt32BE(at), data, text: textOf(octets, question.type, at + 6, size) };
    at += 6 + size;
    return made;
  };
  const many = <T>(place: number, one: () => T): T[] => Array.from({ length: octets.readUInt16BE(place) }, one);
  const reading = {
    id: octets.readUInt16BE(0),
    flags: octets.readUInt16BE(2),
    questions: many(4, head),
    answers: many(6, entry),
    authority: many(8, entry),
    additional: many(10, entry),
  };
  if (at !== octets.length) throw new Error(`${octets.length - at} octets behind the last record`);
  return reading;
}
