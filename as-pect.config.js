// Unit tests of the stack in AssemblyScript.  The board's imports are plain JavaScript: a store of records, and what was shown and noted.
import { readFileSync } from "node:fs";

const NOT_FOUND = -7;
const NO_BUFFER = -5;

/** Imports of module `han` by name, each answering 0 unless it is given a body here. */
function board(octets) {
  const store = new Map();
  const bodies = {
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
    const imports = { env: { memory }, han: board(octets) };
    const result = await instantiate(binary, createImports(imports));
    exports = result.exports ?? result.instance.exports;
    return result;
  },
  outputBinary: false,
};
