// Shapes of what a home file may hold: each reads a node of the tree and tells its JSON Schema, so that the two cannot differ.
import { shown } from "../files/input_error.ts";
import { type ScalarNode, type Spot, type TreeNode, wrongAt } from "./yaml_tree.ts";

/** A value and where it stands, for the checks that need more than one. */
export interface At<T> {
  value: T;
  at: Spot;
}

export interface Shape<T> {
  read(node: TreeNode, file: string): T;
  readonly schema: Record<string, unknown>;
}

export type ShapeValue<S> = S extends Shape<infer T> ? T : never;

/** A member of a record.  `about` is what a person reads in an editor. */
export interface Field<T> {
  shape: Shape<T>;
  required: boolean;
  about: string;
}

export function must<T>(shape: Shape<T>, about: string): Field<T> & { required: true } {
  return { shape, required: true, about };
}

export function may<T>(shape: Shape<T>, about: string): Field<T> & { required: false } {
  return { shape, required: false, about };
}

type Fields = Record<string, Field<unknown>>;
export type RecordValue<F extends Fields> = {
  [K in keyof F]: F[K] extends Field<infer T> & { required: true } ? T : F[K] extends Field<infer T> ? T | undefined : never;
} & { spot: Spot };

function said(node: TreeNode): string {
  if (node.kind === "map") return "a group of keys";
  if (node.kind === "list") return "a list";
  return node.value === null ? "nothing" : `"${shown(node.source)}"`;
}

function scalar<T>(schema: Record<string, unknown>, wanted: string, take: (node: ScalarNode) => T | undefined): Shape<At<T>> {
  return {
    schema,
    read: (node, file) => {
      const value = node.kind === "scalar" ? take(node) : undefined;
      if (value === undefined) throw wrongAt(file, node.at, `${said(node)} stands where ${wanted} is wanted; write ${wanted}`);
      return { value, at: node.at };
    },
  };
}

/** `wanted` reads as in "write a name such as kitchen". */
export function text(pattern: RegExp, wanted: string): Shape<At<string>> {
  return scalar({ type: "string", pattern: pattern.source }, wanted, ({ value }) =>
    typeof value === "string" && pattern.test(value) ? value : undefined,
  );
}

export function word<const W extends string>(words: readonly W[]): Shape<At<W>> {
  const wanted = `one of ${words.join(", ")}`;
  return scalar({ enum: [...words] }, wanted, ({ value }) => words.find((each) => each === value));
}

export function truth(): Shape<At<boolean>> {
  return scalar({ type: "boolean" }, "true or false", ({ value }) => (typeof value === "boolean" ? value : undefined));
}

export function whole(minimum: number, maximum: number): Shape<At<number>> {
  return scalar({ type: "integer", minimum, maximum }, `a whole number from ${minimum} to ${maximum}`, ({ value }) =>
    Number.isInteger(value) && (value as number) >= minimum && (value as number) <= maximum ? (value as number) : undefined,
  );
}

export function number(minimum: number, maximum: number): Shape<At<number>> {
  return scalar({ type: "number", minimum, maximum }, `a number from ${minimum} to ${maximum}`, ({ value }) =>
    typeof value === "number" && value >= minimum && value <= maximum ? value : undefined,
  );
}

export function list<T>(item: Shape<T>, least: number, most: number, wanted: string): Shape<T[]> {
  return {
    schema: { type: "array", items: item.schema, minItems: least, maxItems: most },
    read: (node, file) => {
      if (node.kind !== "list") throw wrongAt(file, node.at, `${said(node)} stands where ${wanted} is wanted; write ${wanted}`);
      const { items } = node;
      if (items.length < least || items.length > most)
        throw wrongAt(file, node.at, `the list has ${items.length} entries; write ${wanted} of ${least} to ${most}`);
      return items.map((each) => item.read(each, file));
    },
  };
}

export function record<F extends Fields>(fields: F, wanted: string): Shape<RecordValue<F>> {
  const names = Object.keys(fields);
  const required = names.filter((name) => fields[name].required);
  const properties = Object.fromEntries(names.map((name) => [name, { ...fields[name].shape.schema, description: fields[name].about }]));
  return {
    schema: { type: "object", properties, required, additionalProperties: false },
    read: (node, file) => {
      if (node.kind !== "map") throw wrongAt(file, node.at, `${said(node)} stands where ${wanted} is wanted; write ${wanted}`);
      const found: Record<string, unknown> = { spot: node.at };
      for (const { key, keyAt, value } of node.entries) {
        if (!names.includes(key)) throw wrongAt(file, keyAt, `${wanted} has no "${shown(key)}"; it has ${names.join(", ")}`);
        found[key] = fields[key].shape.read(value, file);
      }
      const missing = required.find((name) => found[name] === undefined);
      if (missing) throw wrongAt(file, node.at, `${wanted} needs "${missing}", ${fields[missing].about}; add it`);
      return found as RecordValue<F>;
    },
  };
}

/** Records that are told apart by a key that only one of them has. */
export function oneOf<S extends Record<string, Shape<unknown>>>(
  kinds: S,
  wanted: string,
): Shape<{ [N in keyof S & string]: { kind: N; value: ShapeValue<S[N]> } }[keyof S & string]> {
  const names = Object.keys(kinds) as (keyof S & string)[];
  return {
    schema: { oneOf: names.map((name) => kinds[name].schema) },
    read: (node, file) => {
      const kind = node.kind === "map" ? names.find((name) => node.entries.some(({ key }) => key === name)) : undefined;
      if (kind === undefined) throw wrongAt(file, node.at, `${said(node)} is no ${wanted}; it has one of the keys ${names.join(", ")}`);
      return { kind, value: kinds[kind].read(node, file) as ShapeValue<S[typeof kind]> };
    },
  };
}
