// What every document of IEEE 2030.5 in EXI begins with, and the numbers of the grammars that it goes by.
//
//   A0 30 11 4C, 1100 011      options are there: schemaId "S1"; schema-informed, not strict, bit-packed, nothing preserved
//   event code: one part of n bits; the number behind the last says that a second part follows (EXI section 8.2)
//
// Second parts of an element in which no child has been (section 8.5.4.4.1), those that are there counted from 0:

export const HEADER_1: u32 = 0xa030_11;
export const HEADER_2: u32 = 0x4cc6 >> 1;
export const HEADER_1_BITS: u32 = 24;
export const HEADER_2_BITS: u32 = 15;

export enum Undeclared {
  /** The end, where something is missing. */
  End = 0,
  /** xsi:type and xsi:nil, at the very beginning. */
  Type, Nil,
  /** An attribute; a third part follows: a declared one with a value that is none of its type, or another. */
  Attribute, AttributeUntyped,
  /** In every place. */
  Element, Characters,
}
/** Of a set of them: whether no first part is the end. */
export const OPEN_SET: u32 = (1 << Undeclared.Element) | (1 << Undeclared.Characters);
export const START_SET: u32 = (1 << Undeclared.Attribute) | (1 << Undeclared.AttributeUntyped);
export const FIRST_SET: u32 = (1 << Undeclared.Type) | (1 << Undeclared.Nil);

/** Namespaces of the string table (appendix D.1), in their order: none, xml, xsi, XML Schema, the schema's. */
export const URI_NONE: u32 = 0;
export const URI_XSI: u32 = 2;
export const URI_SCHEMA: u32 = 3;
export const URI_OURS: u32 = 4;
export const URIS: u32 = 5;
/** base, id, lang, space; nil, type. */
export const LOCALS_XML: u32 = 4;
export const LOCALS_XSI: u32 = 2;
export const XSI_TYPE: u32 = 1;
/** A qualified name as one number: namespace, local name. */
export const LOCAL_BITS: u32 = 10;
