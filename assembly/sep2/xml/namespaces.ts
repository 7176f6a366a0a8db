// What the prefixes of a document of XML stand for, as far as it matters here.
import { equalOctets } from "../../core/bytes";
import { constantText } from "../../core/constants";
import { constantRead } from "../../core/host";

export enum Namespace { Other = 0, Ours, Xsi, Schema }

export const URI_2018 = constantText("urn:ieee:std:2030.5:ns");
export const URI_2013 = constantText("http://ieee.org/2030.5");
export const XSI = constantText("http://www.w3.org/2001/XMLSchema-instance");
export const XML_SCHEMA = constantText("http://www.w3.org/2001/XMLSchema");

/** Prefixes that mean something at the same time. */
const BINDINGS_MAX: u32 = 8;
const TEXT_SIZE: u32 = 48;

@unmanaged @final
class Binding {
  prefix: usize;
  size: u32;
  depth: u16;
  namespace: u16;
}
const bindings = memory.data(BINDINGS_MAX * offsetof<Binding>(), 4);
let count: u32 = 0;
const text = memory.data(TEXT_SIZE);

export function namespacesReset(): void { count = 0; }

function binding(index: u32): Binding { return changetype<Binding>(bindings + index * offsetof<Binding>()); }

/** What lies in an element ends with it. */
export function namespacesLeave(depth: i32): void { while (count > 0 && <i32>binding(count - 1).depth >= depth) count--; }

/** What a prefix stands for; one of size 0 is none. */
export function namespaceOf(prefix: usize, size: u32): u32 {
  for (let index = count; index > 0;) {
    let one = binding(--index);
    if (one.size == size && equalOctets(one.prefix, prefix, size)) return one.namespace;
  }
  return Namespace.Other;
}

function isText(constant: u32, at: usize, size: u32): bool {
  constantRead(constant, text, 1);
  if (size != load<u8>(text)) return false;
  constantRead(constant + 1, text, size);
  return equalOctets(text, at, size);
}

/** A prefix stands for a namespace from an element on; false when there are too many. */
export function namespaceBind(prefix: usize, size: u32, at: usize, atSize: u32, depth: i32): bool {
  let namespace: u32 = Namespace.Other;
  if (isText(URI_2018, at, atSize) || isText(URI_2013, at, atSize)) namespace = Namespace.Ours;
  else if (isText(XSI, at, atSize)) namespace = Namespace.Xsi;
  else if (isText(XML_SCHEMA, at, atSize)) namespace = Namespace.Schema;
  if (namespaceOf(prefix, size) == namespace) return true;
  if (count == BINDINGS_MAX) return false;
  let one = binding(count++);
  one.prefix = prefix;
  one.size = size;
  one.namespace = <u16>namespace;
  one.depth = <u16>depth;
  return true;
}
