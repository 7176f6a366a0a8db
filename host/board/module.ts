// What a built module says about itself.

const WASM_HEAD = 8;
const SECTION_NAME = "han";

/** Octets of linear memory that the build measured (custom section `han`), or 0 for the whole page. */
export function memoryNeed(wasm: Uint8Array): number {
  for (let at = WASM_HEAD; at < wasm.length; ) {
    const id = wasm[at];
    const [size, body] = leb(wasm, at + 1);
    if (id === 0) {
      const [length, name] = leb(wasm, body);
      const need = name + length;
      if (Buffer.from(wasm.subarray(name, need)).toString() === SECTION_NAME && need + 4 <= wasm.length)
        return Buffer.from(wasm).readUInt32LE(need);
    }
    at = body + size;
  }
  return 0;
}

/** A number and the offset behind it. */
function leb(octets: Uint8Array, from: number): [number, number] {
  let value = 0;
  let at = from;
  for (let shift = 0; shift < 35 && at < octets.length; shift += 7) {
    const octet = octets[at++];
    value += (octet & 0x7f) * 2 ** shift;
    if (octet < 0x80) break;
  }
  return [value, at];
}
