// Compiles a lab entry (parsers of one layer, exported for tests) and instantiates it with imports that must not be called.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../host/modules.ts";
import { compile } from "../../tools/build.ts";

const compiled = new Map<string, Promise<WebAssembly.Module>>();

async function labModule(entry: string): Promise<WebAssembly.Module> {
  if (!existsSync(join(ROOT, entry))) throw new Error(`${entry} does not exist`);
  process.chdir(ROOT);
  const { wasm } = await compile(entry, "hub_sep1");
  return new WebAssembly.Module(Buffer.from(wasm));
}

/** The exports of a lab; a parser that calls the board is wrong, so every import throws. */
export async function labInstance(entry: string): Promise<WebAssembly.Exports> {
  let pending = compiled.get(entry);
  if (!pending) {
    pending = labModule(entry);
    compiled.set(entry, pending);
  }
  const module = await pending;
  const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {};
  for (const { module: space, name } of WebAssembly.Module.imports(module)) {
    imports[space] ??= {};
    imports[space][name] = () => {
      throw new Error(`a parser called ${name}`);
    };
  }
  return new WebAssembly.Instance(module, imports).exports;
}
