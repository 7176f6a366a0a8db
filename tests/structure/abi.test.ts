// The three sides of the contract follow docs/abi.md.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ROOT } from "../../host/modules.ts";
import { abiFiles } from "../../tools/abi.ts";

const page = readFileSync(join(ROOT, "docs/abi.md"), "utf8");

for (const [path, text] of abiFiles(page)) {
  test(`${path} is what docs/abi.md generates`, () => {
    assert.equal(readFileSync(join(ROOT, path), "utf8"), text);
  });
}

test("a page without its table is refused by name", () => {
  assert.throws(() => abiFiles(page.replace("## Imports", "## Something")), /no heading "## Imports"/);
});
