// Unit tests of the stack in AssemblyScript.  The board's imports are plain JavaScript: a store of records, and what was shown and noted.
import { readFileSync } from "node:fs";
import Module from "node:module";
import { fileURLToPath } from "node:url";

// asc looks for a transform as Node looks for a package; host/build/constants.mjs is found from here.
process.env.NODE_PATH = fileURLToPath(new URL(".", import.meta.url));
Module._initPaths();

const NOT_FOUND = -7;
const NO_BUFFER = -5;

/** Imports of module `han` by name, each answering 0 unless it is given a body here. */
function board(octets, constants) {
  const store = new Map();
  const bodies = {
    constant_read: (offset, at, capacity) => {
      const piece = constants.subarray(offset, offset + capacity);
      octets(at, piece.length).set(piece);
      return piece.length;
    },
    store_read: (record, at, capacity) => {
      const found = store.get(record);
      if (!found) return NOT_FOUND;
      if (found.length > capacity) return NO_BUFFER;
      octets(at, found.length).set(found);
      return found.length;
    },
    store_write: (record, at, size) => {
      if (size === 0) store.delete(record);
      else store.set(record, octets(at, size).slice());
      return 0;
    },
  };
  const declared = readFileSync(new URL("./assembly/core/host.ts", import.meta.url), "utf8");
  const names = [...declared.matchAll(/@external\("han", "(\w+)"\)/g)].map((match) => match[1]);
  return Object.fromEntries(names.map((name) => [name, bodies[name] ?? (() => 0)]));
}

export default {
  entries: ["tests/unit/**/*.spec.ts"],
  include: [],
  disclude: [/node_modules/],
  async instantiate(memory, createImports, instantiate, binary) {
    let exports;
    const octets = (at, size) => new Uint8Array(exports.memory.buffer, at, size);
    const [constants = new ArrayBuffer(0)] = WebAssembly.Module.customSections(new WebAssembly.Module(binary), "constants");
    const imports = { env: { memory }, han: board(octets, new Uint8Array(constants)) };
    const result = await instantiate(binary, createImports(imports));
    exports = result.exports ?? result.instance.exports;
    return result;
  },
  outputBinary: false,
};
