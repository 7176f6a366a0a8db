// What a document consists of, as a table: a row an element, | name | argument | kind |.  What a row wants to know is the answer of a call:
//
//   for (templateBegin(TEMPLATE); templateNext();) templatePut(... template.argument ...);
import { constantRead } from "../core/host";
import { documentClose, documentHex, documentNumber, documentOpen, documentText } from "./document/writer";
import { resourcePath, resourcePathAt } from "./resource";
import { Name } from "./schema/names";
import { ABSENT, CLOSE, END, FIXED, HEX, LINK, LIST_LINK, OPEN, POLL, POLL_RATE, TEXT } from "./template_rows";

@unmanaged @final
export class Template {
  at: u32;
  name: u32;
  argument: u32;
  kind: u32;
  /** Of TEXT and HEX: where the octets are that were asked for. */
  octets: usize;
  size: u32;
}
export const template = changetype<Template>(memory.data(offsetof<Template>(), 4));
const row = memory.data(4, 4);
const UTF8_MAX: u32 = 40;
const utf8 = memory.data(UTF8_MAX + 1);

export function templateBegin(constant: u32): void { template.at = constant; }

/** Writes what stands in the table itself; true when something is wanted. */
export function templateNext(): bool {
  let isMore = true;
  while (isMore) {
    constantRead(template.at, row, 4);
    template.at += 4;
    template.name = load<u16>(row);
    template.argument = load<u8>(row, 2);
    template.kind = <u32>load<u8>(row, 3) << 8;
    switch (template.kind) {
      case END: { isMore = false; break; }
      case OPEN: { documentOpen(template.name); break; }
      case CLOSE: { documentClose(); break; }
      case FIXED: { documentNumber(template.name, template.argument); break; }
      case POLL: { documentNumber(template.name, POLL_RATE); break; }
      case LINK: { link(ABSENT); break; }
      default: return true;
    }
  }
  return false;
}

/** What was wanted; of a link to a list, how much is in it. */
export function templatePut(value: i64): void {
  if (value == ABSENT) return;
  switch (template.kind) {
    case LIST_LINK: { link(value); break; }
    case TEXT: { text(); break; }
    case HEX: { documentHex(template.name, template.octets, template.size); break; }
    default: documentNumber(template.name, value);
  }
}

/** Sixteen bits of hexBinary. */
export function templateFlags(value: u32): i64 {
  store<u16>(row, bswap<u16>(<u16>value));
  template.octets = row;
  template.size = 2;
  return 0;
}

function link(count: i64): void {
  documentOpen(template.name);
  if (count != ABSENT) documentNumber(Name.all, count);
  documentText(Name.href, resourcePathAt, resourcePath(template.argument));
  documentClose();
}

/** The model's texts are ISO 8859-1; control characters are none in a document. */
function text(): void {
  let end = utf8;
  for (let at = template.octets; at < template.octets + template.size && end < utf8 + UTF8_MAX; at++) {
    let octet: u32 = load<u8>(at);
    if (octet < 0x20 || octet - 0x7f < 33) octet = 0x20;
    if (octet < 0x80) store<u8>(end++, octet);
    else {
      store<u8>(end++, 0xc0 | octet >>> 6);
      store<u8>(end++, 0x80 | octet & 0x3f);
    }
  }
  documentText(template.name, utf8, <u32>(end - utf8));
}
