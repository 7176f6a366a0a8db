// What a reader makes of documents that a careful writer would not write: out of order, incomplete, of another edition, with strangers in them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Err } from "../../host/err.ts";
import { ROOT } from "../../host/modules.ts";
import { EXI, ExiLab, XML, XML_2013 } from "../../host/vectors/exi_lab.ts";

const lab = new ExiLab();
const small = new ExiLab("sep2/documents_small");
const NS = 'xmlns="urn:ieee:std:2030.5:ns"';
const XSI = `${NS} xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"`;
const names = readFileSync(join(ROOT, "assembly/sep2/schema/names.ts"), "utf8");
const numbersOf = (name: string): string[] =>
  (names.split(`export enum ${name} {`)[1].split("}")[0].match(/\w+/g) ?? []).map((word) => word);
const NAMES = numbersOf("Name");

/** The events of a document, with names. */
function told(format: number, document: string | Buffer, skip = 0): string | number {
  const words = lab.tell(format, Buffer.from(document), skip);
  if (typeof words === "number") return words;
  return words.trim().replace(/\b([oav])(\d+)/g, (_, event: string, name: string) => `${event}:${NAMES[Number(name)]}`);
}

const INNER = "<dateTimeRegistered>1</dateTimeRegistered><pIN>2</pIN>";
const ALL = "a:href=/a v:dateTimeRegistered=1 v:pIN=2 c0";

test("the order of members, what is missing, and what is not ours make no difference in XML", () => {
  const of = (content: string, head = `${NS} href="/a"`): string | number => told(XML, `<Registration ${head}>${content}</Registration>`);
  assert.equal(of(INNER), ALL);
  assert.equal(of("<pIN>2</pIN><dateTimeRegistered>1</dateTimeRegistered>"), "a:href=/a v:pIN=2 v:dateTimeRegistered=1 c0");
  assert.equal(of("<pIN>2</pIN>"), "a:href=/a v:pIN=2 c0");
  assert.equal(of(""), "a:href=/a c0");
  assert.equal(of(`<x><pIN>9</pIN></x>${INNER}<Time><currentTime>9</currentTime></Time>`), ALL);
  assert.equal(of(`<y:pIN xmlns:y="urn:y">9</y:pIN>${INNER}<pIN xmlns="">9</pIN>`), ALL);
  assert.equal(of(`<!-- < -->${INNER}<?x <?>text`), ALL);
  assert.equal(of(INNER, `${NS} other="1" y:href="/b" xmlns:y="urn:y" href='/a'`), ALL);
  assert.equal(of("<dateTimeRegistered> <!-- 5 -->\n1</dateTimeRegistered><pIN><![CDATA[2]]></pIN>"), ALL);
  assert.equal(of(INNER, `xmlns='http://ieee.org/2030.5' href="/a"`), ALL);
  assert.equal(told(XML, `\ufeff<?xml version="1.0"?>\n<!-- x --><Registration ${NS} href="/a">${INNER}</Registration>\n<?x?>`), ALL);
  assert.equal(
    told(XML, `<s:Registration xmlns:s="urn:ieee:std:2030.5:ns" href="/a"><s:pIN>2</s:pIN><pIN>3</pIN></s:Registration>`),
    "a:href=/a v:pIN=2 c0",
  );
});

test("a member that EXI has out of place is read as what it is", () => {
  // As an independent codec writes them: the members before are missing, so that these are undeclared.
  assert.equal(told(EXI, Buffer.from("a030114cc6f7ed0090b03354", "hex")), "v:pIN=5 c0");
  assert.equal(told(EXI, Buffer.from("a030114cc6f7ed0090b03784", "hex")), Err.Reserved, "its value is none");
  assert.equal(told(EXI, Buffer.from("a030114cc730b20180cc60", "hex")), "c0", "an attribute that the type does not have");
});

test("xsi:nil: an element without members is as if it were not there, one with members has none", () => {
  assert.equal(told(EXI, Buffer.from("a030114cc6f7aa0140", "hex")), "v:pIN=5 c0");
  assert.equal(told(EXI, Buffer.from("a030114cc6f7d6", "hex")), "c0");
  assert.equal(told(XML, `<Registration ${XSI}><dateTimeRegistered xsi:nil="true"/><pIN>5</pIN></Registration>`), "v:pIN=5 c0");
  assert.equal(told(XML, `<Registration ${XSI} xsi:nil=" true" href="/a">${INNER}</Registration>`).toString().split(" ")[0], "a:href=/a");
  assert.equal(told(XML, `<Registration ${XSI} xsi:nil="1" href="/a">${INNER}</Registration>`), "a:href=/a c0");
});

test("xsi:type names a type that is of the same sort, or nobody's", () => {
  const of = (type: string, more = ""): string | number =>
    told(XML, `<Reading ${XSI} xmlns:xs="http://www.w3.org/2001/XMLSchema"><value xsi:type="${type}"${more}>5</value></Reading>`);
  assert.equal(of("Int48"), "v:value=5 c0");
  assert.equal(of("xs:long"), "v:value=5 c0");
  assert.equal(of("xs:boolean"), Err.Reserved, "5 is none");
  for (const type of ["xs:string", "xs:hexBinary", "mRIDType", "Reading", "xs:date", "xs:anyType"])
    assert.equal(of(type), Err.Reserved, type);
  for (const type of ["Nothing", "xs:nothing", "y:Int48", ":", ""]) assert.equal(of(type), "v:value=5 c0", type);
});

test("what was opened may be passed over", () => {
  const document = `<EndDevice ${NS}><DERListLink href="/d" all="1"/><sFDI>0</sFDI><changedTime>1</changedTime></EndDevice>`;
  const whole = "o:DERListLink a:all=1 a:href=/d c1 v:sFDI=0 v:changedTime=1 c0";
  assert.equal(told(XML, document), whole);
  const skip = NAMES.indexOf("DERListLink");
  assert.equal(told(XML, document, skip), "v:sFDI=0 v:changedTime=1 c0");
  const exi = lab.convert(XML, Buffer.from(document), EXI);
  assert.ok(typeof exi !== "number");
  assert.equal(told(EXI, exi), whole);
  assert.equal(told(EXI, exi, skip), "v:sFDI=0 v:changedTime=1 c0");
});

test("the edition of 2013 has another namespace", () => {
  const document = Buffer.from(`<Registration ${NS} href="/a">${INNER}</Registration>`);
  const old = lab.convert(XML, document, XML_2013);
  assert.ok(typeof old !== "number");
  assert.equal(old.toString(), document.toString().replace("urn:ieee:std:2030.5:ns", "http://ieee.org/2030.5"));
  assert.deepEqual(lab.convert(XML_2013, old, XML), document);
});

test("a writer writes nothing out of order, twice, incomplete, or with a value that its type does not have", () => {
  const refused: [string, number][] = [
    ["<pIN>2</pIN><dateTimeRegistered>1</dateTimeRegistered>", Err.BadState],
    ["<dateTimeRegistered>1</dateTimeRegistered>", Err.BadState],
    [`${INNER}<pIN>2</pIN>`, Err.BadState],
    ["", Err.BadState],
  ];
  for (const format of [EXI, XML])
    for (const [content, error] of refused)
      assert.equal(lab.convert(XML, Buffer.from(`<Registration ${NS}>${content}</Registration>`), format), error, content);
  const curve = (count: number): Buffer =>
    Buffer.from(
      `<DERCurve ${NS}><mRID>00</mRID><creationTime>0</creationTime>${"<CurveData><xvalue>1</xvalue><yvalue>1</yvalue></CurveData>".repeat(count)}<curveType>0</curveType><xMultiplier>0</xMultiplier><yMultiplier>0</yMultiplier><yRefType>1</yRefType></DERCurve>`,
    );
  for (const [count, accepted] of [
    [0, false],
    [1, true],
    [10, true],
    [11, false],
  ] as const)
    assert.equal(typeof lab.convert(XML, curve(count), EXI) !== "number", accepted, `${count} points`);
});

test("when values have no room, the writer repeats them, and the reader refuses only what refers to them", () => {
  const list = (values: string[]): Buffer =>
    Buffer.from(
      `<FileList ${NS} all="0" results="0">${values
        .map(
          (value) =>
            `<File><fileURI>${value}</fileURI><mfID>1</mfID><mfModel>m</mfModel><mfVer>v</mfVer><size>1</size><type>00</type></File>`,
        )
        .join("")}</FileList>`,
    );
  const document = list(["a", "b", "c", "d", "a"]); // six values, of which four have room
  const whole = lab.convert(XML, document, EXI);
  const repeated = small.convert(XML, document, EXI);
  assert.ok(typeof whole !== "number" && typeof repeated !== "number" && repeated.length > whole.length);
  assert.deepEqual(lab.convert(EXI, repeated, XML), document, "everybody else reads it");
  assert.deepEqual(small.convert(EXI, repeated, XML), document);
  assert.equal(small.events(EXI, whole), Err.NoBuffer);
  const few = lab.convert(XML, list(["a", "b", "a"]), EXI);
  assert.ok(typeof few !== "number");
  assert.deepEqual(small.convert(XML, list(["a", "b", "a"]), EXI), few);
  assert.deepEqual(small.convert(EXI, few, XML), list(["a", "b", "a"]));
});
