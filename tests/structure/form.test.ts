// The form of AssemblyScript: nothing in assembly/ is out of it, each rule finds what it is there for, and mending changes no meaning.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { sources } from "../../host/build/built.ts";
import { checkStack, findings, LINE_MAX, mended } from "../../tools/format_stack.ts";

const GOOD = `/** Says what. */
@unmanaged @final
class State {
  at: i64;
  get size(): u32 { return load<u32>(changetype<usize>(this)); }
}

const TABLE = memory.data<u8>([
  // the first
  1, 2, 3,
]);

export function run(kind: u32, now: i64): i32 {
  if (kind == FIRST
    && now > 0) return 1; // "it's"
  switch (kind) {
    case FIRST: return 2;
    // Of the one below.
    case SECOND: {
      let found = now;
      for (; found > 0;) found--;
      return call(
        <i32>found, "a, 'b'",
      );
    }
    case THIRD:
      return 3;
    default: return kind == 0 ? 1
      : 2;
  }
}
`;

test("what is in form is left as it is", () => {
  assert.deepEqual(findings(GOOD), []);
  assert.equal(mended(GOOD), GOOD);
});

test("each rule finds its own", () => {
  const cases: [string, string, RegExp][] = [
    ["at: i64;", "at: i64; ", /without space/],
    ["  at: i64;", "\tat: i64;", /no tabs/],
    ["// the first", `// ${"x".repeat(LINE_MAX)}`, /columns/],
    ["\n\nconst", "\n\n\nconst", /one empty line/],
    ["\"a, 'b'\"", "'a'", /double quotes/],
    ["if (", "if(", /space stands before the parenthesis/],
    ["State {", "State{", /space stands before a brace/],
    ["1, 2", "1,2", /space stands behind a comma/],
    ["call(\n        <i32>found", "call( <i32>found", /inside parentheses/],
    ["; found > 0;", ";found > 0;", /space stands behind a semicolon/],
    ["let found = now", "let  found = now", /one space/],
    ["    case FIRST", "      case FIRST", /indented by 6 instead of 4/],
    ["      return 3", "    return 3", /indented by 4 instead of 6/],
    ["    && now", "  && now", /indented by 2 instead of 4/],
    ["    // Of", "      // Of", /indented by 6 instead of 4/],
    ["  // the first", "// the first", /indented by 0 instead of 2/],
  ];
  for (const [part, instead, sentence] of cases) {
    assert.ok(GOOD.includes(part), part);
    const found = findings(GOOD.replace(part, instead)).map(({ what }) => what);
    assert.match(found.join("\n"), sentence, instead);
  }
  assert.match(JSON.stringify(findings(GOOD.trim())), /one line feed/);
  assert.match(JSON.stringify(findings(`${GOOD}\n`)), /one line feed/);
});

test("mending gives back every source from what an editor may have made of it", () => {
  for (const path of sources()) {
    const text = readFileSync(path, "utf8");
    assert.equal(mended(text), text, path);
    let inComment = false;
    const crooked = text.split("\n").map((line, index) => {
      const within = inComment;
      inComment = line.lastIndexOf("/*") > line.lastIndexOf("*/") || (inComment && !line.includes("*/"));
      return within || line === "" ? line : `${" ".repeat(index % 7)}${line.trim()}  `;
    });
    assert.equal(mended(`\n${crooked.join("\n")}\n\n`), text, path);
  }
});

test("assembly/ is in form", () => {
  const found: string[] = [];
  checkStack((line) => found.push(line), false);
  assert.deepEqual(found, []);
});
