// Documents that nobody should write: cut short, with a bit flipped, without sense, too long, too deep.  Nothing traps, hangs, or writes where it
// must not; what is accepted all the same is written as something that reads the same.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Random } from "../../host/air/random.ts";
import { Err } from "../../host/err.ts";
import { ROOT } from "../../host/modules.ts";
import { EXI, ExiLab, XML } from "../../host/vectors/exi_lab.ts";

import { settles } from "./settles.ts";

const lab = new ExiLab();
const vectors = readFileSync(join(ROOT, "tests/vectors/exi.jsonl"), "utf8")
  .split("\n")
  .filter((line) => line.startsWith("{"))
  .map((line) => JSON.parse(line) as { name: string; xml: string; exi: string })
  .map(({ name, xml, exi }) => ({ name, xml: Buffer.from(xml), exi: Buffer.from(exi, "hex") }));
const NS = 'xmlns="urn:ieee:std:2030.5:ns"';

test("a document that was cut short is refused, wherever it was cut", () => {
  for (const { name, xml, exi } of vectors) {
    for (let size = 0; size < exi.length; size++) assert.ok(lab.events(EXI, exi.subarray(0, size)) < 0, `${name}: ${size} octets`);
    for (let size = 0; size < xml.length; size++) assert.ok(lab.events(XML, xml.subarray(0, size)) < 0, `${name}: ${size} characters`);
    assert.equal(lab.events(EXI, Buffer.concat([exi, Buffer.from([0])])), Err.BadLength, `${name} goes on`);
    assert.equal(lab.events(XML, Buffer.concat([xml, Buffer.from("x")])), Err.Reserved, `${name} goes on`);
  }
});

test("a bit that flips", () => {
  for (const { name, xml, exi } of vectors) {
    for (let bit = 0; bit < 8 * exi.length; bit++) {
      const document = Buffer.from(exi);
      document[bit >> 3] ^= 0x80 >> (bit & 7);
      settles(lab, EXI, document, `${name}: bit ${bit}`);
    }
    for (let at = 0; at < xml.length; at += 3) {
      const document = Buffer.from(xml);
      document[at] ^= 1 << (at % 8);
      settles(lab, XML, document, `${name}: character ${at}`);
    }
  }
});

test("octets without sense behind the head of a document, and none", () => {
  const dice = new Random(20305, "exi without sense");
  for (let run = 0; run < 3000; run++) {
    const octets = Buffer.from(Array.from({ length: dice.below(60) }, () => (dice.below(3) ? dice.below(256) : 0)));
    const head = Buffer.from("a030114cc6", "hex");
    head[4] |= dice.below(2);
    settles(lab, EXI, Buffer.concat([head, octets]), `run ${run}`);
    assert.ok(lab.events(EXI, octets) < 0);
    assert.ok(lab.events(XML, octets) < 0);
  }
});

test("a writer stays in its room, whatever that is", () => {
  for (const { name, xml } of vectors) {
    for (const format of [EXI, XML]) {
      const whole = lab.convert(XML, xml, format);
      assert.ok(typeof whole !== "number");
      for (let capacity = 0; capacity < whole.length; capacity += 1 + (capacity >> 4)) {
        assert.equal(lab.convert(XML, xml, format, capacity), Err.NoBuffer, `${name}: ${capacity} octets`);
        assert.ok(lab.isWithin(capacity), `${name}: ${capacity} octets`);
      }
      assert.deepEqual(lab.convert(XML, xml, format, whole.length), whole);
    }
  }
});

/** Bits behind the head of a document. */
function exiOf(...parts: (string | [number, number])[]): Buffer {
  const head = BigInt("0xa030114cc6").toString(2).slice(0, 39);
  const bits =
    head + parts.map((part) => (typeof part === "string" ? part.replaceAll(" ", "") : part[0].toString(2).padStart(part[1], "0"))).join("");
  const octets = bits.padEnd(Math.ceil(bits.length / 8) * 8, "0").match(/.{8}/g) ?? [];
  return Buffer.from(octets.map((octet) => Number.parseInt(octet, 2)));
}
const REGISTRATION: [number, number] = [247, 9];
const uint = (value: bigint): string => {
  const octet = Number(value & 0x7fn);
  return value < 128n ? octet.toString(2).padStart(8, "0") : (octet | 128).toString(2) + uint(value >> 7n);
};

test("lengths and numbers that are too large", () => {
  const zeros = "0".repeat(800);
  const until = exiOf(REGISTRATION, "00", uint(2n + 4n), uint(97n).repeat(4), "01 0 0", uint(5n), "0", "0 0", uint(7n), "0 0");
  assert.equal(lab.events(EXI, until), 4);
  for (const length of [200n, 65536n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 32n + 6n, 2n ** 63n, 2n ** 64n - 1n]) {
    assert.ok(lab.events(EXI, exiOf(REGISTRATION, "00", uint(length), zeros)) < 0, `a text of ${length}`);
    assert.ok(lab.events(EXI, exiOf([323, 9], "0", uint(length), zeros)) < 0, `hexBinary of ${length}`);
  }
  const time = (magnitude: bigint, sign: string): Buffer => exiOf(REGISTRATION, "10 0", sign, uint(magnitude), "0 0 0", uint(7n), "0 0");
  assert.ok(lab.events(EXI, time(2n ** 63n - 1n, "0")) > 0);
  assert.ok(lab.events(EXI, time(2n ** 63n - 1n, "1")) > 0);
  assert.ok(lab.events(EXI, time(2n ** 63n, "0")) < 0);
  assert.ok(lab.events(EXI, time(2n ** 63n, "1")) < 0);
  assert.equal(lab.events(EXI, time(2n ** 64n, "0")), Err.BadLength);
  const pin = (value: bigint): Buffer => exiOf(REGISTRATION, "10 0 0", uint(1n), "0 0 0", uint(value), "0 0");
  assert.ok(lab.events(EXI, pin(2n ** 32n - 1n)) > 0);
  assert.equal(lab.events(EXI, pin(2n ** 32n)), Err.Reserved);
});

test("an element that lies too deep, in either format", () => {
  const nested = (depth: number): string =>
    `<Registration ${NS}>${"<x>".repeat(depth)}${"</x>".repeat(depth)}<dateTimeRegistered>1</dateTimeRegistered><pIN>1</pIN></Registration>`;
  assert.ok(lab.events(XML, Buffer.from(nested(15))) > 0);
  assert.equal(lab.events(XML, Buffer.from(nested(16))), Err.NoBuffer);
  // SE(*) of a new namespace and name, then, in what has taught nothing yet, of the same again.
  const first = ["11 101 000", uint(1n), uint(120n), uint(2n), uint(120n)];
  const deep = (depth: number): Buffer =>
    exiOf(
      REGISTRATION,
      ...first,
      ...Array.from({ length: depth - 1 }, (_, index) => (index ? "0" : `10 110 ${uint(0n)}`)),
      "1 00",
      "0".repeat(40),
    );
  assert.equal(lab.events(EXI, deep(16)), Err.NoBuffer);
  assert.notEqual(lab.events(EXI, deep(15)), Err.NoBuffer);
});

test("XML that is not well-formed, or has what nobody should expand", () => {
  const inner = "<dateTimeRegistered>1</dateTimeRegistered><pIN>1</pIN>";
  const whole = `<Registration ${NS} href="/a">${inner}</Registration>`;
  assert.ok(lab.events(XML, Buffer.from(whole)) > 0);
  const cases: [string, string][] = [
    ["<Registration", '<!DOCTYPE Registration [<!ENTITY a "aaaa">]><Registration'],
    ["<Registration", "<!DOCTYPE x><Registration"],
    ["<pIN>1", "<pIN>&a;"],
    ["<pIN>1", "<pIN>&#x110000;"],
    ["<pIN>1", "<pIN>&#0;"],
    ["<pIN>1", "<pIN>&#49"],
    ["<pIN>1", "<pIN>"],
    ["<pIN>1", "<pIN>1 2"],
    ["<pIN>1", "<pIN>-1"],
    ["<pIN>1", "<pIN>4294967296"],
    ["<pIN>1", "<pIN>18446744073709551616"],
    ["<pIN>1", "<pIN>1.0"],
    ["<pIN>1", "<pIN>1<![CDATA[2"],
    ["</pIN>", "</pIn>"],
    ["</pIN>", "</p:pIN>"],
    ["</pIN>", ""],
    [' href="/a"', " href=/a"],
    [' href="/a"', ' href="/a'],
    [' href="/a"', ' href="<"'],
    [' href="/a"', 'href="/a"'],
    [' href="/a"', " href"],
    [' href="/a"', ' :href="/a"'],
    ["</Registration>", "</Registration><Registration/>"],
    ["</Registration>", "</Registration>x"],
    ["<Registration", "x<Registration"],
    ["urn:ieee:std:2030.5:ns", "urn:ieee:std:2030.5"],
    ["Registration ", "registration "],
  ];
  for (const [part, instead] of cases) {
    const text = whole.replace(part, instead);
    assert.notEqual(text, whole);
    assert.ok(lab.events(XML, Buffer.from(text)) < 0, text);
  }
  for (const utf8 of ["ff", "c080", "e08080", "eda080", "f4908080", "c3", "80", "01", "efbfbf"]) {
    const [head, tail] = whole.split("/a");
    assert.ok(lab.events(XML, Buffer.concat([Buffer.from(head), Buffer.from(utf8, "hex"), Buffer.from(tail)])) < 0, utf8);
  }
});

test("more prefixes than there is room for", () => {
  const many = (count: number): string => {
    const prefixes = Array.from({ length: count }, (_, index) => ` xmlns:p${index}="urn:ieee:std:2030.5:ns"`).join("");
    return `<p0:Registration${prefixes}><p0:dateTimeRegistered>1</p0:dateTimeRegistered><p1:pIN>1</p1:pIN></p0:Registration>`;
  };
  assert.equal(lab.events(XML, Buffer.from(many(8))), 3);
  assert.equal(lab.events(XML, Buffer.from(many(9))), Err.NoBuffer);
  const others = Array.from({ length: 50 }, (_, index) => ` xmlns:q${index}="urn:${index}"`).join("");
  assert.ok(lab.events(XML, Buffer.from(many(8).replace(" xmlns", `${others} xmlns`))) > 0, "those of strangers take no room");
});
