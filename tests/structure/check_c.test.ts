// The formatter and the analyser of C do find what they are there for, and nothing in the tree.
import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { test } from "node:test";
import { ensure } from "../../host/build/preflight.ts";
import { ROOT } from "../../host/modules.ts";
import { analyserFindings, cFiles, formatFindings } from "../../tools/check_c.ts";

test("C that is out of form, or writes beyond an array, is found", (context) => {
  ensure(["clang-format", "cppcheck"]);
  const folder = join(ROOT, "build/check_c");
  mkdirSync(folder, { recursive: true });
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return relative(ROOT, join(folder, name));
  };
  const good = write("good.c", "int get(void);\n\nint get(void) {\n    int all[3] = {1, 2, 3};\n    return all[2];\n}\n");
  const crooked = write("crooked.c", "int get( void ){\n  return 2 ;\n}\n");
  const beyond = write("beyond.c", "int get(void);\n\nint get(void) {\n    int all[3] = {1, 2, 3};\n    return all[3];\n}\n");
  assert.deepEqual([...formatFindings([good]), ...analyserFindings([good])], []);
  assert.ok(formatFindings([crooked]).length > 0);
  assert.match(analyserFindings([beyond]).join("\n"), /arrayIndexOutOfBounds/);
});

test("what a tool writes is left to the tool", () => {
  const files = cFiles().map((path) => relative(ROOT, path));
  assert.ok(files.includes("boards/common/store.c") && files.includes("host/native/addon.c") && files.includes("tests/crypto/gf2_main.c"));
  assert.equal(files.includes("boards/common/abi.h"), false);
});
