// What the writers of generated files share.
import type { Cluster } from "../../host/zcl/descriptor.ts";

export const HEAD = "Written by tools/clusters.ts from clusters/; change those files instead.";

export const hex = (value: number, digits = 2): string => `0x${value.toString(16).padStart(digits, "0")}`;
export const upper = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toUpperCase();
export const pascal = (name: string): string => name.replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase());
export const camel = (name: string): string => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
/** The constant that numbers a cluster. */
export const clusterName = (cluster: Cluster): string => `CLUSTER_${cluster.key.toUpperCase()}`;

const WIDTH = 140;

/** A list between `head` and `tail`, in one line where it fits. */
export function wrapped(head: string, items: string[], tail: string): string[] {
  const line = head + items.join(", ") + tail;
  if (line.length <= WIDTH) return [line];
  const rows: string[] = [];
  let row = "  ";
  for (const item of items) {
    if (row.length + item.length + 1 > WIDTH) {
      rows.push(row.trimEnd());
      row = "  ";
    }
    row += `${item}, `;
  }
  return [head, ...rows, row.trimEnd(), tail];
}

/** Names by the file that they come from, as import lines. */
export class Imports {
  private readonly names = new Map<string, Set<string>>();

  add(file: string, ...names: string[]): void {
    const known = this.names.get(file) ?? new Set();
    for (const name of names) known.add(name);
    this.names.set(file, known);
  }

  lines(): string[] {
    return [...this.names].sort().flatMap(([file, names]) => wrapped("import { ", [...names].sort(), ` } from "${file}";`));
  }
}
