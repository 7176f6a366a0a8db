// The documents of IEEE 2030.5 as devices read and write them: assembly/sep2/document on V8.
import { type LabName, lab, labModule } from "../build/labs.ts";
import { customSection } from "../wasm.ts";

/** As assembly/sep2/document/format.ts. */
export const XML = 0;
export const XML_2013 = 1;
export const EXI = 2;

const OUT_AT = 0x60000;
const OUT_SIZE = 0x50000;
/** Longer documents have no room in the lab. */
export const DOCUMENT_MAX = 0x50000;

export class ExiLab {
  private readonly memory: Buffer;
  private readonly exports: Record<string, (...args: number[]) => number>;

  constructor(name: LabName = "sep2/documents") {
    const constants = customSection(lab(name), "constants");
    const han = {
      constant_read: (offset: number, at: number, capacity: number): number => {
        const octets = constants.subarray(offset, offset + capacity);
        this.memory.set(octets, at);
        return octets.length;
      },
    };
    this.exports = new WebAssembly.Instance(labModule(name), { han }).exports as unknown as typeof this.exports;
    this.memory = Buffer.from((this.exports.memory as unknown as WebAssembly.Memory).buffer);
  }

  /** A document in another format, or the reason why it is refused. */
  convert(from: number, document: Uint8Array, to: number, capacity = OUT_SIZE): Buffer | number {
    const at = this.lay(document);
    this.memory.fill(0xa5, OUT_AT, OUT_AT + Math.min(capacity + 16, OUT_SIZE));
    const size = this.exports.convert(from, at, document.length, to, OUT_AT, capacity);
    return size < 0 ? size : Buffer.from(this.memory.subarray(OUT_AT, OUT_AT + size));
  }

  /** How many events a document has, or the reason why it is refused. */
  events(format: number, document: Uint8Array): number {
    return this.exports.events(format, this.lay(document), document.length);
  }

  /** The events of a document in words, or the reason why it is refused. */
  tell(format: number, document: Uint8Array, skip = 0): string | number {
    const size = this.exports.tell(format, this.lay(document), document.length, OUT_AT, OUT_SIZE, skip);
    return size < 0 ? size : this.memory.toString("utf8", OUT_AT, OUT_AT + size);
  }

  /** Whether nothing was written behind the last document's room. */
  isWithin(capacity: number): boolean {
    return this.memory.subarray(OUT_AT + capacity, OUT_AT + capacity + 16).every((octet) => octet === 0xa5);
  }

  /** At the memory's end: a read beyond it leaves the memory. */
  private lay(document: Uint8Array): number {
    if (document.length > DOCUMENT_MAX) throw new RangeError(`a document of ${document.length} octets has no room`);
    const at = this.memory.length - document.length;
    this.memory.set(document, at);
    return at;
  }
}
