// tests/vectors/ip_low.txt and ip_wire.txt, and a lab's parsers on inputs that end where memory ends.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../host/modules.ts";

const PAGE = 65536;
const TO = PAGE / 2;
const SIZE_MAX = 512;

export interface LowVector {
  parser: string;
  name: string;
  octets: Buffer;
  answer: number;
}

export function lowVectors(file = "ip_low"): LowVector[] {
  return readFileSync(join(ROOT, `tests/vectors/${file}.txt`), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split("|").map((part) => part.trim()))
    .map(([parser, name, hex, answer]) => ({ parser, name, octets: Buffer.from(hex, "hex"), answer: Number(answer) }));
}

type Call = (...values: number[]) => number;

export class LowParsers {
  private readonly calls: Record<string, Call>;
  private readonly memory: Buffer;

  constructor(module: WebAssembly.Module) {
    const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {};
    for (const { module: space, name } of WebAssembly.Module.imports(module)) {
      imports[space] ??= {};
      imports[space][name] = () => {
        throw new Error(`a parser called ${name}`);
      };
    }
    const { exports } = new WebAssembly.Instance(module, imports);
    this.calls = exports as Record<string, Call>;
    this.memory = Buffer.from((exports.memory as WebAssembly.Memory).buffer);
  }

  /** A read beyond the input traps, and a write is an error. */
  parse(parser: string, octets: Buffer): number {
    this.memory.set(octets, PAGE - octets.length);
    const before = Buffer.from(this.memory);
    const answer = this.calls[`parse_${parser}`](PAGE - octets.length, octets.length);
    if (!this.memory.equals(before)) throw new Error(`${parser} wrote for ${octets.toString("hex")}`);
    return answer;
  }

  /** `lowpanDecompress` with one context, of the device with the short address 1 to which 2 sends. */
  decompressor(prefix: Uint8Array): (octets: Buffer, room: number, whole: number) => number {
    const calls = this.calls as Record<string, (...values: (number | bigint)[]) => number>;
    const at = calls.bufferAt();
    this.memory.fill(0, at, at + 16);
    this.memory.set(prefix, at);
    calls.context(0, 64, 1);
    return (octets, room, whole) => {
      this.memory.set(octets, at + 2048);
      return calls.decompress(octets.length, room, whole, 0, 2n, 0, 1n);
    };
  }

  /** What is accepted, made again from its fields, over octets of `lay`. */
  emit(parser: string, octets: Buffer, lay: number): { answer: number; octets: Buffer } {
    this.memory.set(octets, PAGE - octets.length);
    this.memory.fill(lay, TO, TO + SIZE_MAX);
    const answer = this.calls[`emit_${parser}`](PAGE - octets.length, octets.length, TO);
    return { answer, octets: Buffer.from(this.memory.subarray(TO, TO + SIZE_MAX)) };
  }
}

export interface HeaderVector {
  name: string;
  octets: string;
  answer: number;
  room?: number;
  whole?: number;
}

const ERR = { truncated: -1, length: -2, reserved: -4, room: -5, unknown: -7 };

/** Compressed headers and what their decompression answers: a size, or an Err.  Each refused one breaks one rule only.  Context 0 is there. */
export const HEADERS: readonly HeaderVector[] = [
  { name: "nothing but the next header", octets: "7a33 11", answer: 40 },
  { name: "UDP and a payload", octets: "7e33 f0 02cc02cc 1234 abcd", answer: 50 },
  { name: "a first fragment", octets: "7e33 f0 02cc02cc 1234 abcd", answer: 50, whole: 50 },
  { name: "a first fragment of less than it is", octets: "7e33 f0 02cc02cc 1234 abcd", answer: ERR.length, whole: 49 },
  { name: "nothing", octets: "", answer: ERR.truncated },
  { name: "one octet", octets: "7a", answer: ERR.truncated },
  { name: "not compressed", octets: `41 ${"60".padEnd(80, "0")}`, answer: 40 },
  { name: "not compressed, without room", octets: `41 ${"60".padEnd(80, "0")}`, answer: ERR.room, room: 39 },
  { name: "no room for the header", octets: "7a33 11", answer: ERR.room, room: 39 },
  { name: "no room for the payload", octets: "7a33 11 ff", answer: ERR.room, room: 40 },
  { name: "a dispatch that is none", octets: "9a33 11", answer: ERR.reserved },
  { name: "contexts that are not there", octets: "7ab3", answer: ERR.truncated },
  { name: "a traffic class and a flow label, cut", octets: "6233 010203", answer: ERR.truncated },
  { name: "a flow label, cut", octets: "6a33 0102", answer: ERR.truncated },
  { name: "a traffic class, cut", octets: "7633", answer: ERR.truncated },
  { name: "a next header, cut", octets: "7a33", answer: ERR.truncated },
  { name: "a hop limit, cut", octets: "7833 11", answer: ERR.truncated },
  { name: "a source in-line, cut", octets: `7a03 11 ${"20".repeat(15)}`, answer: ERR.truncated },
  { name: "an identifier of the source in-line, cut", octets: "7a13 11 01020304050607", answer: ERR.truncated },
  { name: "16 bits of the source in-line, cut", octets: "7a23 11 01", answer: ERR.truncated },
  { name: "a source from nobody", octets: "7a43 11", answer: 40 },
  { name: "a target by the form that is reserved", octets: "7a34 11", answer: ERR.reserved },
  { name: "a source of a context that nobody told of", octets: "7af3 70 11", answer: ERR.unknown },
  { name: "a target of a context that nobody told of", octets: "7ab7 07 11", answer: ERR.unknown },
  { name: "a group in-line, cut", octets: `7a38 11 ff${"02".repeat(14)}`, answer: ERR.truncated },
  { name: "48 bits of a group, cut", octets: "7a39 11 0201020304", answer: ERR.truncated },
  { name: "32 bits of a group, cut", octets: "7a3a 11 020102", answer: ERR.truncated },
  { name: "8 bits of a group, cut", octets: "7a3b 11", answer: ERR.truncated },
  { name: "a group of a prefix", octets: "7a3c 11 320001020304", answer: 40 },
  { name: "a group of a prefix, cut", octets: "7a3c 11 3200010203", answer: ERR.truncated },
  { name: "a group of a prefix by a form that is reserved", octets: "7a3d 11 320001020304", answer: ERR.reserved },
  { name: "a group of a prefix of a context that nobody told of", octets: "7abc 07 11 320001020304", answer: ERR.unknown },
  { name: "a compressed next header that is not there", octets: "7e33", answer: ERR.truncated },
  { name: "a compressed next header that is none", octets: "7e33 d0", answer: ERR.reserved },
  { name: "options, padded again", octets: "7e33 e0 11 02 1e00", answer: 48 },
  { name: "an extension header without its size", octets: "7e33 e0 11", answer: ERR.truncated },
  { name: "an extension header without its size, another compressed", octets: "7e33 e1", answer: ERR.truncated },
  { name: "an extension header, cut", octets: "7e33 e0 11 06 1e0000", answer: ERR.truncated },
  { name: "an extension header, without room", octets: "7e33 e0 11 06 010400000000", answer: ERR.room, room: 47 },
  { name: "a routing header", octets: "7e33 e2 11 06 030000000000", answer: 48 },
  { name: "a routing header that is no multiple of eight", octets: "7e33 e2 11 05 0300000000", answer: ERR.length },
  { name: "a fragment header", octets: "7e33 e4 11 00 000000000001", answer: ERR.reserved },
  { name: "an extension header that is reserved", octets: "7e33 ea 11 06 010400000000", answer: ERR.reserved },
  { name: "a tunnel", octets: "7e33 ee 7a33 11", answer: 80 },
  { name: "a tunnel in a tunnel in a tunnel", octets: "7e33 ee 7e33 ee 7e33 ee 7a33 11", answer: ERR.reserved },
  { name: "a tunnel whose next header would be compressed", octets: "7e33 ef 7a33 11", answer: ERR.reserved },
  { name: "a tunnel of nothing", octets: "7e33 ee 7a", answer: ERR.truncated },
  { name: "a tunnel of something else", octets: "7e33 ee 4133 11", answer: ERR.reserved },
  { name: "UDP without its checksum", octets: "7e33 f4 02cc02cc", answer: ERR.reserved },
  { name: "UDP, cut", octets: "7e33 f0 02cc02cc 12", answer: ERR.truncated },
  { name: "UDP of short ports, cut", octets: "7e33 f3 12 12", answer: ERR.truncated },
  { name: "UDP, without room", octets: "7e33 f0 02cc02cc 1234", answer: ERR.room, room: 47 },
];

/** The first that is answered otherwise than it should, or nothing; `decompress` answers for octets, room, and the size of the whole. */
export function headersWrong(decompress: (octets: Buffer, room: number, whole: number) => number): string | undefined {
  for (const { name, octets, answer, room = 200, whole = 0 } of HEADERS) {
    const found = decompress(Buffer.from(octets.replaceAll(" ", ""), "hex"), room, whole);
    if (found !== answer) return `${name}: ${found} instead of ${answer}`;
  }
  return undefined;
}
