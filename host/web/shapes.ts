// Shapes of what the interface says and takes: each is a JSON Schema and a type, so that the two cannot differ.

export interface Shape<T> {
  readonly schema: Readonly<Record<string, unknown>>;
  /** Never there: carries the type. */
  readonly type?: T;
}

export type Of<S> = S extends Shape<infer T> ? T : never;

type Fields = Readonly<Record<string, Shape<unknown>>>;
type RecordOf<F extends Fields> = { -readonly [K in keyof F]: Of<F[K]> };

/** Named shapes, as `components/schemas` of the OpenAPI document has them. */
export const COMPONENTS = new Map<string, Readonly<Record<string, unknown>>>();

const about = (description: string): Record<string, unknown> => (description ? { description } : {});

export const text = (description = "", more: Record<string, unknown> = {}): Shape<string> => ({
  schema: { type: "string", ...more, ...about(description) },
});
export const whole = (description = "", more: Record<string, unknown> = {}): Shape<number> => ({
  schema: { type: "integer", ...more, ...about(description) },
});
export const number = (description = "", more: Record<string, unknown> = {}): Shape<number> => ({
  schema: { type: "number", ...more, ...about(description) },
});
export const truth = (description = ""): Shape<boolean> => ({ schema: { type: "boolean", ...about(description) } });

export function word<const W extends string>(words: readonly W[], description = ""): Shape<W> {
  return { schema: { type: "string", enum: [...words], ...about(description) } };
}

export function list<T>(item: Shape<T>, description = "", more: Record<string, unknown> = {}): Shape<T[]> {
  return { schema: { type: "array", items: item.schema, ...more, ...about(description) } };
}

/** What may be unknown. */
export function known<T>({ schema }: Shape<T>): Shape<T | null> {
  if ("$ref" in schema) return { schema: { oneOf: [schema, { type: "null" }] } };
  return { schema: { ...schema, type: [schema.type, "null"] } };
}

export function record<F extends Fields>(fields: F, description = ""): Shape<RecordOf<F>> {
  const properties = Object.fromEntries(Object.entries(fields).map(([name, { schema }]) => [name, schema]));
  return {
    schema: { type: "object", properties, required: Object.keys(fields), additionalProperties: false, ...about(description) },
  };
}

/** The same record with members that may be left out. */
export function partial<F extends Fields, O extends Fields>(fields: F, optional: O): Shape<RecordOf<F> & Partial<RecordOf<O>>> {
  const { schema } = record({ ...fields, ...optional });
  return { schema: { ...schema, required: Object.keys(fields) } };
}

/** A shape under a name of its own. */
export function named<T>(name: string, shape: Shape<T>): Shape<T> {
  COMPONENTS.set(name, shape.schema);
  return { schema: { $ref: `#/components/schemas/${name}` } };
}

/** Any JSON that another schema describes. */
export function other<T>(schema: Record<string, unknown>): Shape<T> {
  return { schema };
}
