// A tree of names and values for people, with colours only where a terminal shows them.

import { stdout } from "node:process";

export interface Branch {
  name: string;
  value?: string;
  /** How the value is meant. */
  mood?: "good" | "bad" | "plain";
  branches?: Branch[];
}

const BOLD = "1";
const DIM = "2";
const MOODS = { good: "32", bad: "31" } as const;

export function colours(): boolean {
  return stdout.isTTY === true && process.env.NO_COLOR === undefined && process.env.TERM !== "dumb";
}

export function treeText(root: Branch, coloured = colours()): string {
  const paint = (code: string, text: string): string => (coloured ? `\u001b[${code}m${text}\u001b[0m` : text);
  const line = (branch: Branch, width: number): string => {
    const { mood } = branch;
    const value = mood === "good" || mood === "bad" ? paint(MOODS[mood], branch.value ?? "") : (branch.value ?? "");
    const name = paint(BOLD, branch.name);
    return branch.value === undefined ? name : `${name}${" ".repeat(Math.max(1, width - branch.name.length))}${value}`;
  };
  const lines = [line(root, root.name.length + 2)];
  const walk = (branches: readonly Branch[], indent: string): void => {
    const width = Math.max(0, ...branches.filter(({ value }) => value !== undefined).map(({ name }) => name.length)) + 2;
    branches.forEach((branch, index) => {
      const last = index === branches.length - 1;
      lines.push(`${paint(DIM, `${indent}${last ? "└─ " : "├─ "}`)}${line(branch, width)}`);
      walk(branch.branches ?? [], `${indent}${last ? "   " : "│  "}`);
    });
  };
  walk(root.branches ?? [], "");
  return `${lines.join("\n")}\n`;
}

/** Text out of a file, safe to show: what a terminal would obey or cannot show becomes a dot. */
export function shown(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}]/gu, ".");
}
