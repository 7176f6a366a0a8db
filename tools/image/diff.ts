// `image diff`: what differs between two packages, or between two modules.

import type { Command } from "commander";
import { Encoding } from "../../host/image/manifest.ts";
import { packageImage, packageOpen } from "../../host/image/package.ts";
import { EXIT_HELP, judging, print, Refused } from "../words/exit.ts";
import { headerValues, manifestValues } from "./examine.ts";
import { readWhole } from "./files.ts";
import { type ModuleDifference, moduleDifference } from "./functions.ts";
import { isOta, isWasm, moduleOf } from "./source.ts";
import { type Branch, shown, treeText } from "./tree.ts";

type Values = Record<string, string | number>;
type Change = { name: string; before?: string | number; after?: string | number };

interface Side {
  header: Values;
  manifest: Values;
  module?: Buffer;
}

const CHANGES_SHOWN = 20;

export function diffCommand(parent: Command): void {
  parent
    .command("diff <before> <after>")
    .description("compare two packages or modules: header, manifest, functions and sizes")
    .option("--base <file>", "the module that deltas are against (default: the first one's, where it fits)")
    .option("--json", "as one JSON object")
    .addHelpText("after", EXIT_HELP)
    .action(run);
}

function run(before: string, after: string, options: { base?: string; json?: boolean }): void {
  const base = options.base ? moduleOf(options.base) : undefined;
  const a = sideOf(before, base);
  const b = sideOf(after, base ?? a.module);
  const header = changes(a.header, b.header);
  const manifest = changes(a.manifest, b.manifest);
  const module = a.module && b.module ? compare(after, a.module, b.module) : undefined;
  if (options.json) {
    print(JSON.stringify({ before, after, header, manifest, module }, null, 2));
    return;
  }
  const branches: Branch[] = [...section("header", header), ...section("manifest", manifest), ...moduleBranches(module)];
  print(treeText({ name: `${before} -> ${after}`, branches: branches.length > 0 ? branches : [{ name: "no difference" }] }));
}

function sideOf(path: string, base: Buffer | undefined): Side {
  const octets = readWhole(path);
  if (isWasm(octets) || !isOta(octets)) return { header: {}, manifest: {}, module: moduleOf(path) };
  return judging(path, () => {
    const opened = packageOpen(octets, { root: null });
    const values = { header: headerValues(opened.header), manifest: manifestValues(opened.manifest) };
    if (opened.manifest.encoding === Encoding.Delta && !base) return values;
    return { ...values, module: packageImage(opened, base) };
  });
}

function compare(path: string, before: Buffer, after: Buffer): ModuleDifference {
  try {
    return moduleDifference(before, after);
  } catch (error) {
    throw new Refused(`${path}: its module cannot be read: ${(error as Error).message}.`);
  }
}

function changes(before: Values, after: Values): Change[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((name) => before[name] !== after[name])
    .map((name) => ({ name, before: before[name], after: after[name] }));
}

function section(name: string, list: Change[]): Branch[] {
  if (list.length === 0) return [];
  const text = (value: string | number | undefined): string => (value === undefined ? "absent" : shown(String(value)));
  return [{ name, branches: list.map((each) => ({ name: each.name, value: `${text(each.before)} -> ${text(each.after)}` })) }];
}

function moduleBranches(module: ModuleDifference | undefined): Branch[] {
  if (!module) return [{ name: "module", value: "not compared: a delta whose base is not known; give --base" }];
  if (module.changes.length === 0 && Object.values(module.sizes).every(([a, b]) => a === b)) return [];
  const { same, changed, added, removed } = module.functions;
  const sizes = Object.entries(module.sizes).map(([name, [a, b]]) => ({ name, value: `${a} -> ${b} octets (${signed(b - a)})` }));
  const listed = module.changes.slice(0, CHANGES_SHOWN).map(({ kind, index, sizes: [a, b] }) => ({
    name: `function ${index}`,
    value: `${kind}, ${a} -> ${b} octets (${signed(b - a)})`,
  }));
  const left = module.changes.length - listed.length;
  return [
    { name: "module", branches: sizes },
    {
      name: "functions",
      value: `${same} the same, ${changed} changed, ${added} added, ${removed} removed`,
      branches: left > 0 ? [...listed, { name: `and ${left} more; --json lists them` }] : listed,
    },
  ];
}

function signed(value: number): string {
  return value > 0 ? `+${value}` : String(value);
}
