// A document of XML as a tree of elements with their namespaces: for schemas and vectors, not for what comes from a network.
//
// Comments and instructions are passed over; a DOCTYPE is refused.

export interface XmlElement {
  /** Of the element's name; "" where it has none. */
  namespace: string;
  name: string;
  /** By name; those with a namespace as `{namespace}name`. */
  attributes: Map<string, string>;
  children: XmlElement[];
  /** All text directly in it. */
  text: string;
  /** Prefixes that are known here. */
  prefixes: ReadonlyMap<string, string>;
}

export class BadXml extends Error {}

const NAME = "[A-Za-z_\\u0080-\\uffff][\\w.\\u0080-\\uffff-]*";
const QNAME = `${NAME}(?::${NAME})?`;
const TAG = new RegExp(`<(${QNAME})((?:\\s+${QNAME}\\s*=\\s*(?:"[^<"]*"|'[^<']*'))*)\\s*(/?)>`, "y");
const ATTRIBUTE = new RegExp(`(${QNAME})\\s*=\\s*(?:"([^<"]*)"|'([^<']*)')`, "g");
const END = new RegExp(`</(${QNAME})\\s*>`, "y");
const ENTITIES: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };
const XML = "http://www.w3.org/XML/1998/namespace";

function unescaped(text: string): string {
  return text.replace(/&([^;]*);?/g, (whole, name: string) => {
    const character = /^#(?:x([\da-fA-F]+)|(\d+))$/.exec(name);
    if (character) return String.fromCodePoint(character[1] ? Number.parseInt(character[1], 16) : Number(character[2]));
    if (!whole.endsWith(";") || !Object.hasOwn(ENTITIES, name)) throw new BadXml(`there is no entity ${whole}`);
    return ENTITIES[name];
  });
}

class Parser {
  private at = 0;

  constructor(private readonly text: string) {}

  document(): XmlElement {
    this.misc();
    const root = this.element(new Map([["xml", XML]]));
    this.misc();
    if (this.at < this.text.length) throw this.bad("something follows the root element");
    return root;
  }

  private bad(what: string): BadXml {
    return new BadXml(`${what}, at character ${this.at}`);
  }

  private passed(begin: string, end: string): boolean {
    if (!this.text.startsWith(begin, this.at)) return false;
    const found = this.text.indexOf(end, this.at + begin.length);
    if (found < 0) throw this.bad(`${begin} does not end`);
    this.at = found + end.length;
    return true;
  }

  private misc(): void {
    do while (/\s/.test(this.text[this.at] ?? "")) this.at++;
    while (this.passed("<?", "?>") || this.passed("<!--", "-->"));
  }

  private matched(expression: RegExp, what: string): RegExpExecArray {
    expression.lastIndex = this.at;
    const match = expression.exec(this.text);
    if (!match) throw this.bad(`there is no ${what}`);
    this.at += match[0].length;
    return match;
  }

  private element(outer: ReadonlyMap<string, string>): XmlElement {
    const [, qname, list, empty] = this.matched(TAG, "element");
    const pairs = [...list.matchAll(ATTRIBUTE)].map(([, name, one, other]) => [name, unescaped((one ?? other).replace(/\s/g, " "))]);
    if (new Set(pairs.map(([name]) => name)).size < pairs.length) throw this.bad("an attribute stands there twice");
    const prefixes = new Map(outer);
    for (const [name, value] of pairs) {
      if (name === "xmlns") prefixes.set("", value);
      else if (name.startsWith("xmlns:")) prefixes.set(name.slice(6), value);
    }
    const attributes = new Map<string, string>();
    for (const [name, value] of pairs) {
      if (name === "xmlns" || name.startsWith("xmlns:")) continue;
      const [namespace, local] = name.includes(":") ? this.named(name, prefixes) : ["", name];
      attributes.set(namespace ? `{${namespace}}${local}` : local, value);
    }
    const [namespace, name] = this.named(qname, prefixes);
    const element: XmlElement = { namespace, name, attributes, children: [], text: "", prefixes };
    if (!empty) this.content(element, qname);
    return element;
  }

  private content(element: XmlElement, qname: string): void {
    for (;;) {
      const end = this.text.indexOf("<", this.at);
      if (end < 0) throw this.bad(`${qname} does not end`);
      element.text += unescaped(this.text.slice(this.at, end));
      this.at = end;
      const begin = this.at;
      if (this.text.startsWith("</", this.at)) {
        if (this.matched(END, "end")[1] !== qname) throw this.bad(`it is ${qname} that must end`);
        return;
      }
      if (this.passed("<![CDATA[", "]]>")) element.text += this.text.slice(begin + 9, this.at - 3);
      else if (!this.passed("<!--", "-->") && !this.passed("<?", "?>")) element.children.push(this.element(element.prefixes));
    }
  }

  private named(qname: string, prefixes: ReadonlyMap<string, string>): [string, string] {
    const colon = qname.indexOf(":");
    const prefix = colon < 0 ? "" : qname.slice(0, colon);
    const namespace = prefixes.get(prefix);
    if (namespace === undefined && prefix) throw this.bad(`the prefix ${prefix} is not bound`);
    return [namespace ?? "", qname.slice(colon + 1)];
  }
}

/** Reads a document; throws BadXml. */
export function xmlTree(text: string): XmlElement {
  return new Parser(text.replace(/^\ufeff/, "").replace(/\r\n?/g, "\n")).document();
}
