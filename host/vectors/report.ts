// What a run of test vectors says: each failure by name, then one line with the counts.

export interface Counts {
  passed: number;
  failed: number;
}

/** The file cannot be run at all: not a failure of what is tested. */
export class BadVectors extends Error {}

/** Counts comparisons and prints those that fail. */
export class Report implements Counts {
  passed = 0;
  failed = 0;

  constructor(private readonly print: (line: string) => void) {}

  pass(): void {
    this.passed++;
  }

  fail(name: string, reason: string): void {
    this.failed++;
    this.print(`FAILED ${name}: ${reason}`);
  }

  /** Compares octets with a vector's hexadecimal; upper case and spaces in the vector do not matter. */
  equal(name: string, found: Uint8Array | string, wanted: unknown): void {
    if (!isHex(wanted)) {
      this.fail(name, `the vector is not hexadecimal: ${JSON.stringify(wanted)}`);
      return;
    }
    const text = typeof found === "string" ? found : Buffer.from(found).toString("hex");
    const expected = wanted.replaceAll(/\s/g, "").toLowerCase();
    if (text === expected) this.pass();
    else this.fail(name, `is ${text}, must be ${expected}`);
  }

  /** Runs the comparisons of one vector; what they throw is a failure under its name. */
  attempt(name: string, run: () => void): void {
    try {
      run();
    } catch (error) {
      this.fail(name, (error as Error).message);
    }
  }
}

export type Vector = Record<string, unknown>;

export function isHex(value: unknown): value is string {
  return typeof value === "string" && /^([0-9a-f]{2}|\s)*$/i.test(value);
}

/** The octets of a field; throws where it is absent or no hexadecimal, or has another size. */
export function octetsOf(vector: Vector, field: string, size?: number): Buffer {
  const value = vector[field];
  if (!isHex(value)) throw new Error(`its field "${field}" is ${value === undefined ? "missing" : "not hexadecimal"}`);
  const octets = Buffer.from(value.replaceAll(/\s/g, ""), "hex");
  if (size !== undefined && octets.length !== size) throw new Error(`its field "${field}" has ${octets.length} octets instead of ${size}`);
  return octets;
}

/** A list of objects under a name; empty where there is none. */
export function listOf(file: Vector, field: string): Vector[] {
  const list = file[field] ?? [];
  if (!Array.isArray(list)) throw new BadVectors(`"${field}" is not a list`);
  for (const item of list) if (!isVector(item)) throw new BadVectors(`"${field}" holds something that is not an object`);
  return list as Vector[];
}

export function isVector(value: unknown): value is Vector {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function nameOf(vector: Vector, fallback: string): string {
  return typeof vector.name === "string" ? vector.name : fallback;
}

/** A file's name and strings are not ours: what would steer a terminal becomes a dot. */
export function clean(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ".");
}
