// Holds what comes from outside against its shape, and says in a sentence where it differs.
import { createRequire } from "node:module";
import type { ErrorObject, ValidateFunction } from "ajv";
import { Refusal } from "./refusal.ts";
import { COMPONENTS, type Shape } from "./shapes.ts";

// ajv is of the time before modules.
const { Ajv } = createRequire(import.meta.url)("ajv") as typeof import("ajv");

/** Longer words are cut in a sentence. */
const SHOWN_MAX = 60;

export class Judge {
  /** Values of a query are words, and are read as what they are to be. */
  private readonly queries = new Ajv({ coerceTypes: true, strictTypes: false });
  private readonly bodies = new Ajv({ strictTypes: false });
  private readonly compiled = new Map<Shape<unknown>, ValidateFunction>();

  constructor() {
    const components = { $id: "kilowasm", components: { schemas: Object.fromEntries(COMPONENTS) } };
    for (const ajv of [this.queries, this.bodies]) {
      ajv.addKeyword("components");
      ajv.addSchema(components, "kilowasm");
    }
  }

  query<T>(shape: Shape<T>, words: Record<string, string>): T {
    return this.held(this.queries, shape, words, "the query");
  }

  body<T>(shape: Shape<T>, value: unknown): T {
    return this.held(this.bodies, shape, value, "the body");
  }

  /** What an answer has that its shape has not; empty when it is right. */
  answer(shape: Shape<unknown>, value: unknown): string {
    const check = this.checkOf(this.bodies, shape);
    return check(value) ? "" : this.bodies.errorsText(check.errors);
  }

  private held<T>(ajv: typeof this.bodies, shape: Shape<T>, value: unknown, what: string): T {
    const check = this.checkOf(ajv, shape);
    if (!check(value)) throw new Refusal(400, sentence(what, check.errors?.[0]));
    return value as T;
  }

  private checkOf(ajv: typeof this.bodies, shape: Shape<unknown>): ValidateFunction {
    const known = this.compiled.get(shape);
    if (known) return known;
    const made = ajv.compile(absolute(shape.schema) as Record<string, unknown>);
    this.compiled.set(shape, made);
    return made;
  }
}

/** References to components, from wherever they stand. */
function absolute(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(absolute);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, name === "$ref" ? `kilowasm${member as string}` : absolute(member)]),
  );
}

function sentence(what: string, error: ErrorObject | undefined): string {
  if (!error) return `${what} is not understood.`;
  const where = error.instancePath ? `${error.instancePath.slice(1).replaceAll("/", ".")} of ${what}` : what;
  const { additionalProperty, allowedValues } = error.params as { additionalProperty?: string; allowedValues?: unknown[] };
  if (additionalProperty !== undefined) return `${what} has "${shown(additionalProperty)}", which means nothing here.`;
  if (allowedValues) return `${shown(where)} is one of ${allowedValues.join(", ")}.`;
  return `${shown(where)} ${error.message ?? "is wrong"}.`;
}

/** As it can stand in a sentence. */
export function shown(word: string): string {
  const plain = word.replace(/[^\x20-\x7e]/g, "?");
  return plain.length > SHOWN_MAX ? `${plain.slice(0, SHOWN_MAX)}...` : plain;
}
