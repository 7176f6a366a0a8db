// A YAML text as a tree whose every node knows its line and column.  Only this file knows the YAML library.
import type { Node as YamlNode } from "yaml";
import { InputError, shown } from "../files/input_error.ts";

export interface Spot {
  line: number;
  column: number;
}

export interface MapNode {
  kind: "map";
  at: Spot;
  entries: { key: string; keyAt: Spot; value: TreeNode }[];
}

export interface ListNode {
  kind: "list";
  at: Spot;
  items: TreeNode[];
}

export interface ScalarNode {
  kind: "scalar";
  at: Spot;
  value: string | number | boolean | null;
  /** As it is written. */
  source: string;
}

export type TreeNode = MapNode | ListNode | ScalarNode;

/** The sentence about something wrong at a place of a file. */
export function wrongAt(file: string, { line, column }: Spot, what: string): InputError {
  return new InputError(`${file}, line ${line}, column ${column}: ${what}.`);
}

export async function yamlTree(file: string, text: string): Promise<TreeNode> {
  // Runs without a home file do not wait for the library.
  const yaml = await import("yaml");
  const lines = new yaml.LineCounter();
  const spot = (offset: number): Spot => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const place = (node: YamlNode): Spot => spot(node.range?.[0] ?? 0);
  const document = readDocument(file, () => yaml.parseDocument(text, { lineCounter: lines, prettyErrors: false, schema: "core" }));
  const [fault] = [...document.errors, ...document.warnings];
  if (fault) throw wrongAt(file, spot(fault.pos[0]), `it is no YAML that is understood here, ${lowered(fault.message)}; mend it`);

  const grow = (node: unknown, above: Spot): TreeNode => {
    if (node === null) return { kind: "scalar", at: above, value: null, source: "" };
    if (yaml.isMap(node)) {
      const at = place(node);
      const entries = node.items.map(({ key, value }) => {
        if (!yaml.isScalar(key) || typeof key.value !== "string")
          throw wrongAt(file, at, "a key is no word; write a name before each colon");
        return { key: key.value, keyAt: place(key), value: grow(value, place(key)) };
      });
      return { kind: "map", at, entries };
    }
    if (yaml.isSeq(node)) return { kind: "list", at: place(node), items: node.items.map((item) => grow(item, place(node))) };
    if (yaml.isScalar(node)) {
      const { value } = node;
      if (value !== null && typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean")
        throw wrongAt(file, place(node), `"${shown(node.source ?? "")}" is neither text nor number; write one of them`);
      return { kind: "scalar", at: place(node), value, source: node.source ?? "" };
    }
    throw wrongAt(file, yaml.isNode(node) ? place(node) : above, "an alias stands here; write out what it stands for");
  };
  return grow(document.contents, { line: 1, column: 1 });
}

/** A text that nests too deep for the library is no home either. */
function readDocument<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw wrongAt(file, { line: 1, column: 1 }, "it nests too deep; a home needs three levels");
  }
}

function lowered(message: string): string {
  const [first] = message.split("\n");
  const plain = shown(first.replace(/[.:]+$/, ""));
  return plain.slice(0, 1).toLowerCase() + plain.slice(1);
}
