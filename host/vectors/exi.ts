// Documents of IEEE 2030.5 in EXI and in XML against assembly/sep2/document, which devices carry.
//
//   given XML  ->  EXI                 the given octets
//   given EXI  ->  XML                 equal in value to the given XML, by a comparison that knows neither the schema nor the stack
//   given EXI  ->  EXI, and the XML that was written -> EXI      the given octets
//
// A document with elements or attributes of strangers is read only: they are passed over, and the two readings must be equal.
//
// A file has one JSON object a line with `xml`, and `exi` in hexadecimal; lines that begin with # are comments.

import { BadXml, type XmlElement, xmlTree } from "../files/xml_tree.ts";
import { DOCUMENT_MAX, EXI, ExiLab, XML, XML_2013 } from "./exi_lab.ts";
import { linesOf } from "./lines.ts";
import { BadVectors, clean, isHex, nameOf, octetsOf, Report, type Vector } from "./report.ts";

const OURS = ["urn:ieee:std:2030.5:ns", "http://ieee.org/2030.5"];
const XSI = "http://www.w3.org/2001/XMLSchema-instance";
const SHOWN = 160;

export interface ExiCounts {
  passed: number;
  failed: number;
  documents: number;
}

interface Document {
  name: string;
  xml: string;
  exi: Buffer;
}

/** Whether two lexical forms are one value of some type of XML Schema: as they stand, numbers, booleans, hexadecimal octets. */
function isOneValue(one: string, other: string): boolean {
  if (one === other) return true;
  const [a, b] = [one.trim(), other.trim()];
  if (a === b) return true;
  if (/^[+-]?\d+$/.test(a) && /^[+-]?\d+$/.test(b) && BigInt(a.replace("+", "")) === BigInt(b.replace("+", ""))) return true;
  const truth: Record<string, boolean> = { true: true, 1: true, false: false, 0: false };
  if (a in truth && b in truth) return truth[a] === truth[b];
  return /^([\da-f]{2})+$/i.test(a) && a.toUpperCase() === b.toUpperCase();
}

/** A qualified name in a value, by the prefixes that are known there. */
function qualified(element: XmlElement, value: string): string {
  const [prefix, local] = value.includes(":") ? value.trim().split(":") : ["", value.trim()];
  const namespace = element.prefixes.get(prefix) ?? "";
  return `{${OURS.includes(namespace) ? "" : namespace}}${local}`;
}

const isOurs = (element: XmlElement): boolean => OURS.includes(element.namespace);

/** The first difference in value, as a path and two values; undefined where there is none. */
export function difference(given: XmlElement, found: XmlElement, path = given.name): string | undefined {
  if (given.name !== found.name || !isOurs(found)) return `${path} is ${found.name}`;
  const names = [...given.attributes.keys(), ...found.attributes.keys()];
  for (const name of new Set(names)) {
    const [one, other] = [given.attributes.get(name), found.attributes.get(name)];
    if (/^\{/.test(name) && !name.startsWith(`{${XSI}}`)) continue;
    if (one === undefined || other === undefined)
      return `${path}: the attribute ${name} is ${other === undefined ? "missing" : "too much"}`;
    const equal = name === `{${XSI}}type` ? qualified(given, one) === qualified(found, other) : isOneValue(one, other);
    if (!equal) return `${path}: the attribute ${name} is ${JSON.stringify(other)}, must be ${JSON.stringify(one)}`;
  }
  const [a, b] = [given.children.filter(isOurs), found.children];
  if (a.length !== b.length) return `${path} has ${b.length} elements, must have ${a.length}`;
  if (a.length === 0 && given.children.length === 0 && !isOneValue(given.text, found.text))
    return `${path} is ${JSON.stringify(found.text.slice(0, SHOWN))}, must be ${JSON.stringify(given.text.slice(0, SHOWN))}`;
  for (const [index, child] of a.entries()) {
    const inner = difference(child, b[index], `${path}/${child.name}`);
    if (inner) return inner;
  }
  return undefined;
}

/** Whether something in it is of another namespace. */
function hasStrangers(element: XmlElement): boolean {
  if (!isOurs(element) || [...element.attributes.keys()].some((name) => name.startsWith("{") && !name.startsWith(`{${XSI}}`))) return true;
  return element.children.some(hasStrangers);
}

function octets(document: Buffer | number): Buffer {
  if (typeof document === "number") throw new Error(`is refused with ${document}`);
  return document;
}

function judge(lab: ExiLab, { name, xml, exi }: Document, report: Report): void {
  const given = xmlTree(xml);
  const text = Buffer.from(xml, "utf8");
  const format = given.namespace === OURS[1] ? XML_2013 : XML;
  const attempt = (what: string, run: () => string | undefined): void => {
    report.attempt(`${name}: ${what}`, () => {
      const wrong = run();
      if (wrong === undefined) report.pass();
      else report.fail(`${name}: ${what}`, clean(wrong));
    });
  };
  const equal = (made: Buffer, wanted: Buffer): string | undefined =>
    made.equals(wanted) ? undefined : `is ${made.toString("hex")}, must be ${wanted.toString("hex")}`;
  let written: Buffer | undefined;
  attempt("EXI to XML", () => {
    written = octets(lab.convert(EXI, exi, format));
    return difference(given, xmlTree(written.toString("utf8")));
  });
  if (hasStrangers(given)) {
    attempt("XML and EXI read alike", () => equal(octets(lab.convert(XML, text, format)), written ?? Buffer.alloc(0)));
    return;
  }
  attempt("XML to EXI", () => equal(octets(lab.convert(XML, text, EXI)), exi));
  attempt("EXI to EXI", () => equal(octets(lab.convert(EXI, exi, EXI)), exi));
  attempt("EXI to XML to EXI", () => (written ? equal(octets(lab.convert(XML, written, EXI)), exi) : "there is no XML"));
}

export async function runExi(text: string, print: (line: string) => void): Promise<ExiCounts> {
  const documents = linesOf(text, "documents", documentOf);
  const lab = new ExiLab();
  const report = new Report(print);
  for (const document of documents) {
    report.attempt(document.name, () => {
      try {
        judge(lab, document, report);
      } catch (error) {
        if (error instanceof BadXml) throw new Error(`the vector's XML cannot be read: ${error.message}`);
        throw error;
      }
    });
  }
  print(`${documents.length} documents`);
  return { passed: report.passed, failed: report.failed, documents: documents.length };
}

function documentOf(vector: Vector, number: number): Document {
  const { xml, exi } = vector;
  if (typeof xml !== "string") throw new BadVectors(`line ${number}: its field "xml" is no text`);
  if (!isHex(exi)) throw new BadVectors(`line ${number}: its field "exi" is ${exi === undefined ? "missing" : "not hexadecimal"}`);
  const octets = octetsOf(vector, "exi");
  if (octets.length > DOCUMENT_MAX || Buffer.byteLength(xml) > DOCUMENT_MAX)
    throw new BadVectors(`line ${number}: the document is larger than ${DOCUMENT_MAX} octets`);
  return { name: clean(nameOf(vector, `line ${number}`)), xml, exi: octets };
}
