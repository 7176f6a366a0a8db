// A frame as a tree of layers and fields: where each lies among the octets, and what it says.

export interface DissectedField {
  name: string;
  value: string;
  at: number;
  size: number;
}

export interface DissectedLayer {
  name: string;
  at: number;
  size: number;
  fields: DissectedField[];
}

/** Octets end before the field does. */
export class CutShort extends Error {}

/** Reads fields one after the other, and notes each. */
export class Cursor {
  readonly fields: DissectedField[] = [];

  constructor(
    readonly octets: Buffer,
    public at: number,
    readonly end: number,
  ) {}

  get left(): number {
    return this.end - this.at;
  }

  layer(name: string, from: number): DissectedLayer {
    return { name, at: from, size: this.at - from, fields: this.fields };
  }

  /** `words` says what a number means. */
  number(name: string, size: number, words: (value: number) => string = (value) => hex(value, size)): number {
    this.need(size, name);
    const value = this.octets.readUIntLE(this.at, size);
    this.note(name, words(value), size);
    return value;
  }

  extended(name: string): bigint {
    this.need(8, name);
    const value = this.octets.readBigUInt64LE(this.at);
    this.note(name, value.toString(16).padStart(16, "0").match(/../g)?.join(":") ?? "", 8);
    return value;
  }

  bytes(name: string, size: number): Buffer {
    this.need(size, name);
    const found = this.octets.subarray(this.at, this.at + size);
    this.note(name, found.toString("hex"), size);
    return found;
  }

  note(name: string, value: string, size: number): void {
    this.fields.push({ name, value, at: this.at, size });
    this.at += size;
  }

  private need(size: number, name: string): void {
    if (this.left < size) throw new CutShort(name);
  }
}

export function hex(value: number, size: number): string {
  return `0x${value.toString(16).padStart(2 * size, "0")}`;
}

/** Names of bits that are set, joined. */
export function bits(value: number, names: Readonly<Record<number, string>>): string {
  const set = Object.entries(names).filter(([mask]) => (value & Number(mask)) !== 0);
  return set.map(([, name]) => name).join(", ");
}

export function inWords(value: number, size: number, words: string): string {
  return words ? `${hex(value, size)} ${words}` : hex(value, size);
}
