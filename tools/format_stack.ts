// The form of AssemblyScript: docs/decisions/0015-form-of-the-stack.md.  Says where a source is out of form; `--write` mends what has only
// one right answer: space at the ends of lines, empty lines, the end of the file, the depth of lines.
import { readFileSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import { sources } from "../host/build/built.ts";
import { ROOT } from "../host/modules.ts";
import { program } from "./words/program.ts";

export const LINE_MAX = 140;
const STEP = 2;
/** After these nothing of a statement is left. */
const ENDS = /[;{}:,([]$/;
const DECORATORS = /^@\w+(\(.*\))?( @\w+)*$/;

export interface Finding {
  line: number;
  what: string;
}

/** A bracket that is open: where its line was indented, and whether its lines are cases. */
interface Open {
  steps: number;
  cases: boolean;
  /** Not a block: what follows in it continues nothing. */
  list: boolean;
}

/** A line without comments, and with its strings emptied. */
function codeOf(line: string, inComment: boolean): { code: string; inComment: boolean } {
  let code = "";
  let comment = inComment;
  for (let at = 0; at < line.length; ) {
    if (comment) {
      const end = line.indexOf("*/", at);
      if (end < 0) return { code: code.trim(), inComment: true };
      comment = false;
      at = end + 2;
    } else if (line.startsWith("//", at)) break;
    else if (line.startsWith("/*", at)) {
      comment = true;
      at += 2;
    } else if (line[at] === '"' || line[at] === "'" || line[at] === "`") {
      const string = /^(["'`])(?:\\.|(?!\1).)*\1/.exec(line.slice(at))?.[0] ?? line[at];
      code += string[0] + string[0];
      at += string.length;
    } else code += line[at++];
  }
  return { code: code.trim(), inComment: comment };
}

interface Line {
  text: string;
  code: string;
  /** How far it is indented; undefined where it begins in a comment or is empty. */
  steps?: number;
}

/** A comment stands as what it stands above. */
function placed(lines: readonly string[]): Line[] {
  const all = [...read(lines)];
  for (let at = all.length - 2; at >= 0; at--) {
    const [line, below] = [all[at], all[at + 1]];
    if (line.code === "" && line.steps !== undefined && below.steps !== undefined && !/^[)\]}]/.test(below.code)) line.steps = below.steps;
  }
  return all;
}

function* read(lines: readonly string[]): Generator<Line> {
  const open: Open[] = [];
  let inComment = false;
  let last = "";
  let began = 0;
  for (const text of lines) {
    const begins = inComment;
    const { code, inComment: goesOn } = codeOf(text, inComment);
    inComment = goesOn;
    const closers = /^[)\]}]*/.exec(code)?.[0].length ?? 0;
    const closed = closers > 0 ? open.splice(-closers)[0] : undefined;
    const top = open.at(-1);
    const below = top?.cases && !/^(case\b|default:)/.test(code) ? 1 : 0;
    const own = closed ? closed.steps : (top ? top.steps + 1 : 0) + below;
    const continues = !closed && !top?.list && last !== "" && !ENDS.test(last) && !DECORATORS.test(last);
    if (!continues && code !== "") began = own;
    yield { text, code, steps: begins || text.trim() === "" ? undefined : continues ? began + 1 : own };
    for (const each of code.slice(closers)) {
      if ("([{".includes(each))
        open.push({ steps: continues ? began : own, cases: each === "{" && /\bswitch \(/.test(code), list: each !== "{" });
      else if (")]}".includes(each)) open.pop();
    }
    if (code !== "") last = code;
  }
}

const RULES: [RegExp, string][] = [
  [/'/, "a string stands in double quotes"],
  [/\b(?:if|for|while|switch)\(/, "a space stands before the parenthesis of if, for, while, switch"],
  [/[)\w]\{/, "a space stands before a brace"],
  [/,[^\s]/, "a space stands behind a comma"],
  [/[([] +\S|\S +[)\]]/, "no space stands inside parentheses"],
  [/;[^\s;)]/, "a space stands behind a semicolon"],
  [/\S {2,}\S/, "one space is enough"],
];

export function findings(text: string): Finding[] {
  const lines = text.split("\n");
  const found: Finding[] = [];
  let line = 0;
  for (const { text: whole, code, steps } of placed(lines)) {
    line++;
    const say = (what: string): void => void found.push({ line, what });
    if (/\s$/.test(whole)) say("a line ends without space");
    if (whole.includes("\t")) say("there are no tabs");
    if (whole.length > LINE_MAX) say(`a line has ${LINE_MAX} columns at the most, not ${whole.length}`);
    if (whole === "" && lines[line] === "" && line < lines.length) say("one empty line is enough");
    for (const [pattern, what] of RULES) if (pattern.test(code)) say(what);
    if (steps === undefined) continue;
    const wanted = steps * STEP;
    const has = whole.length - whole.trimStart().length;
    if (has !== wanted) say(`it is indented by ${has} instead of ${wanted}`);
  }
  if (!text.endsWith("\n") || text.endsWith("\n\n")) found.push({ line, what: "a file ends with one line feed" });
  return found;
}

/** The same text with what can be mended without a thought. */
export function mended(text: string): string {
  const lines = placed(text.split("\n")).map(({ text: whole, steps }) =>
    steps === undefined ? whole.trimEnd() : " ".repeat(steps * STEP) + whole.trim(),
  );
  return `${lines
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim()}\n`;
}

/** Says each finding as PATH:LINE; answers how many there are. */
export function checkStack(say: (line: string) => void, write: boolean): number {
  let count = 0;
  for (const path of sources()) {
    let text = readFileSync(path, "utf8");
    if (write && mended(text) !== text) {
      text = mended(text);
      writeFileSync(path, text);
    }
    const found = findings(text);
    for (const { line, what } of found) say(`${relative(ROOT, path)}:${line}: ${what}`);
    count += found.length;
  }
  return count;
}

await program(
  import.meta.url,
  (words) => {
    const count = checkStack((line) => console.log(line), words.includes("--write"));
    if (count) console.log(`${count} places of assembly/ are out of form`);
    return count ? 1 : 0;
  },
  { unread: true },
);
