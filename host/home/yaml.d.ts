// What is used of the package `yaml`.  It is loaded with the first home file, so a checkout without it still runs and is still checked.
declare module "yaml" {
  export interface Node {
    range?: [number, number, number] | null;
  }
  export interface Scalar extends Node {
    value: unknown;
    source?: string;
  }
  export interface YAMLMap extends Node {
    items: { key: unknown; value: unknown }[];
  }
  export interface YAMLSeq extends Node {
    items: unknown[];
  }
  export interface Fault {
    message: string;
    pos: [number, number];
  }
  export class LineCounter {
    linePos(offset: number): { line: number; col: number };
  }
  export interface Options {
    lineCounter: LineCounter;
    prettyErrors: boolean;
    schema: "core";
  }
  export function parseDocument(text: string, options: Options): { contents: unknown; errors: Fault[]; warnings: Fault[] };
  export function parse(text: string): unknown;
  export function isNode(node: unknown): node is Node;
  export function isMap(node: unknown): node is YAMLMap;
  export function isSeq(node: unknown): node is YAMLSeq;
  export function isScalar(node: unknown): node is Scalar;
}
