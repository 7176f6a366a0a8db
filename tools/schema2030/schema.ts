// The schema of IEEE 2030.5 as the stack's tables need it: types with all that they inherit, names in EXI's order.
//
// The schema's form is narrow, and this reader refuses what is outside of it: sequences of elements that occur 0 or 1 times
// at least; extensions; simple types by restriction without patterns, enumerations or lists.
import { createHash } from "node:crypto";
import { BadXml, type XmlElement, xmlTree } from "../../host/files/xml_tree.ts";

/** Without byte order mark and carriage returns. */
export const SCHEMA_SHA256 = "79243a1a";
const XS = "http://www.w3.org/2001/XMLSchema";

export enum Kind {
  /** n bits, with an offset: a range of at most 4,096 numbers (EXI 7.1.9). */
  Small,
  SmallSigned,
  Unsigned,
  Signed,
  Boolean,
  Hex,
  Text,
}

export interface Simple {
  kind: Kind;
  /** Octets of a number, greatest size of hexadecimal octets or characters; 0 where there is none. */
  size: number;
}

export interface Particle {
  name: string;
  type: string;
  required: boolean;
  /** 1, more than that, or 0 for as many as there are. */
  max: number;
  attribute: boolean;
}

export interface Schema {
  /** All types: the complex ones, which are the global elements too, in the order of their event codes; then the simple ones; then XML Schema's. */
  types: string[];
  complexCount: number;
  simple: Map<string, Simple>;
  /** Attributes first, sorted, then elements, in order; of types that are not simple. */
  content: Map<string, Particle[]>;
  /** The string table's local names of the schema's namespace, in order (EXI 7.3.1, appendix D.3). */
  localNames: string[];
  attributeNames: string[];
}

const TEXT: [Kind, number] = [Kind.Text, 0];

/** XML Schema's own types, all that EXI's string table has (appendix D.3); null where no value of the schema is coded so. */
export const BUILT_IN: Record<string, [Kind, number] | null> = {
  ENTITIES: null,
  ENTITY: TEXT,
  ID: TEXT,
  IDREF: TEXT,
  IDREFS: null,
  NCName: TEXT,
  NMTOKEN: TEXT,
  NMTOKENS: null,
  NOTATION: null,
  Name: TEXT,
  QName: null,
  anySimpleType: TEXT,
  anyType: null,
  anyURI: TEXT,
  base64Binary: null,
  boolean: [Kind.Boolean, 1],
  byte: [Kind.SmallSigned, 1],
  date: null,
  dateTime: null,
  decimal: null,
  double: null,
  duration: null,
  float: null,
  gDay: null,
  gMonth: null,
  gMonthDay: null,
  gYear: null,
  gYearMonth: null,
  hexBinary: [Kind.Hex, 0],
  int: [Kind.Signed, 4],
  integer: [Kind.Signed, 8],
  language: TEXT,
  long: [Kind.Signed, 8],
  negativeInteger: [Kind.Signed, 8],
  nonNegativeInteger: [Kind.Unsigned, 8],
  nonPositiveInteger: [Kind.Signed, 8],
  normalizedString: TEXT,
  positiveInteger: [Kind.Unsigned, 8],
  short: [Kind.Signed, 2],
  string: TEXT,
  time: null,
  token: TEXT,
  unsignedByte: [Kind.Small, 1],
  unsignedInt: [Kind.Unsigned, 4],
  unsignedLong: [Kind.Unsigned, 8],
  unsignedShort: [Kind.Unsigned, 2],
};

const sorted = (names: Iterable<string>): string[] => [...new Set(names)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));

class Reader {
  private readonly complex = new Map<string, XmlElement>();
  private readonly simpleTypes = new Map<string, XmlElement>();

  constructor(root: XmlElement) {
    if (root.name !== "schema" || root.namespace !== XS) throw new BadXml("it is no schema");
    for (const child of root.children) {
      const name = this.attribute(child, "name", child.name !== "annotation");
      if (child.name === "complexType") this.complex.set(name, child);
      else if (child.name === "simpleType") this.simpleTypes.set(name, child);
      else if (child.name === "element") this.sameName(child, name);
      else if (child.name !== "annotation") throw new BadXml(`${child.name} at the top level`);
    }
  }

  schema(): Schema {
    const complex = sorted(this.complex.keys());
    const base = Object.keys(BUILT_IN).map((name) => `xs:${name}`);
    const schema: Schema = {
      types: [...complex, ...sorted(this.simpleTypes.keys()), ...base],
      complexCount: complex.length,
      simple: new Map(),
      content: new Map(),
      localNames: [],
      attributeNames: [],
    };
    for (const type of schema.types) {
      const simple = this.simpleOf(type);
      if (BUILT_IN[type.slice(3)] === null && type.startsWith("xs:")) continue;
      if (simple) schema.simple.set(type, simple);
      else schema.content.set(type, this.contentOf(type));
    }
    const particles = [...schema.content.values()].flat();
    const elements = particles.filter(({ attribute }) => !attribute).map(({ name }) => name);
    schema.localNames = sorted([...elements, ...complex, ...this.simpleTypes.keys()]);
    schema.attributeNames = sorted(particles.filter(({ attribute }) => attribute).map(({ name }) => name));
    return schema;
  }

  private attribute(element: XmlElement, name: string, needed = true): string {
    const value = element.attributes.get(name);
    if (value === undefined && needed) throw new BadXml(`a ${element.name} has no ${name}`);
    return value ?? "";
  }

  /** A global element is an entry to the type of its name. */
  private sameName(element: XmlElement, name: string): void {
    if (this.attribute(element, "type") !== name) throw new BadXml(`the element ${name} is not of the type of its name`);
  }

  /** The extension, restriction, sequence or attributes below a type, without annotations. */
  private parts(element: XmlElement): XmlElement[] {
    return element.children.filter(({ name }) => name !== "annotation");
  }

  private extension(type: string): { base: string; parts: XmlElement[]; simple: boolean } {
    const parts = this.parts(this.complex.get(type) as XmlElement);
    const [content] = parts;
    if (!content || !/^(simple|complex)Content$/.test(content.name)) return { base: "", parts, simple: false };
    const [extension] = this.parts(content);
    if (extension?.name !== "extension") throw new BadXml(`${type} is no extension`);
    return { base: this.attribute(extension, "base"), parts: this.parts(extension), simple: content.name === "simpleContent" };
  }

  /** What a simple type, or one with nothing but simple content, is coded as. */
  private simpleOf(type: string): Simple | undefined {
    if (type.startsWith("xs:")) {
      const builtin = BUILT_IN[type.slice(3)];
      return builtin ? { kind: builtin[0], size: builtin[1] } : undefined;
    }
    if (this.complex.has(type)) {
      const { base, parts, simple } = this.extension(type);
      if (!simple) return undefined;
      if (parts.length > 0) throw new BadXml(`${type} has simple content and attributes`);
      return this.simpleOf(base);
    }
    const element = this.simpleTypes.get(type);
    if (!element) throw new BadXml(`there is no type ${type}`);
    const [restriction] = this.parts(element);
    const base = this.simpleOf(this.attribute(restriction, "base"));
    if (restriction.name !== "restriction" || !base) throw new BadXml(`${type} is no restriction`);
    let { kind, size } = base;
    for (const facet of this.parts(restriction)) {
      const value = this.attribute(facet, "value");
      if (facet.name === "maxLength") size = Number(value);
      else if (facet.name === "maxInclusive") size = Math.ceil((BigInt(value) - 1n).toString(2).length / 8);
      else if (facet.name !== "minInclusive") throw new BadXml(`${type} has a facet ${facet.name}`);
    }
    return { kind, size };
  }

  private contentOf(type: string): Particle[] {
    const { base, parts, simple } = this.extension(type);
    if (simple) throw new BadXml(`${type} has simple content`);
    const inherited = base ? this.contentOf(base) : [];
    const own: Particle[] = [];
    for (const part of parts) {
      if (part.name === "attribute") own.push(this.attributeOf(part));
      else if (part.name === "sequence") own.push(...this.parts(part).map((element) => this.elementOf(element)));
      else throw new BadXml(`${type} has a ${part.name}`);
    }
    const all = [...inherited, ...own];
    const names = all.map(({ name }) => name);
    if (new Set(names).size < names.length) throw new BadXml(`${type} has two members of one name`);
    const attributes = all.filter(({ attribute }) => attribute).sort((a, b) => (a.name < b.name ? -1 : 1));
    return [...attributes, ...all.filter(({ attribute }) => !attribute)];
  }

  private attributeOf(part: XmlElement): Particle {
    const required = this.attribute(part, "use", false) === "required";
    return { name: this.attribute(part, "name"), type: this.attribute(part, "type"), required, max: 1, attribute: true };
  }

  private elementOf(part: XmlElement): Particle {
    if (part.name !== "element" || part.attributes.get("nillable") === "true") throw new BadXml(`a sequence has a ${part.name}`);
    const [min, most] = [this.attribute(part, "minOccurs", false) || "1", this.attribute(part, "maxOccurs", false) || "1"];
    const max = most === "unbounded" ? 0 : Number(most);
    const name = this.attribute(part, "name");
    if (!/^[01]$/.test(min) || !(max < 16)) throw new BadXml(`${name} occurs ${min} to ${most} times`);
    return { name, type: this.attribute(part, "type"), required: min === "1", max, attribute: false };
  }
}

/** Reads the schema; throws BadXml where it has another form or is another file. */
export function readSchema(octets: Uint8Array): Schema {
  const text = Buffer.from(octets)
    .toString("utf8")
    .replace(/^\ufeff/, "")
    .replaceAll("\r", "");
  const sum = createHash("sha256").update(text).digest("hex");
  if (!sum.startsWith(SCHEMA_SHA256)) throw new BadXml(`it is not the edition of 2018: its SHA-256 begins ${sum.slice(0, 8)}`);
  return new Reader(xmlTree(text)).schema();
}
