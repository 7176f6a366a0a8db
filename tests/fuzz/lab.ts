// A lab (parsers of one layer, exported for tests), instantiated with imports that must not be called.
import { type LabName, labModule } from "../../host/build/labs.ts";

/** The exports of a lab; a parser that calls the board is wrong, so every import throws. */
export function labInstance(name: LabName): WebAssembly.Exports {
  const module = labModule(name);
  const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {};
  for (const { module: space, name } of WebAssembly.Module.imports(module)) {
    imports[space] ??= {};
    imports[space][name] = () => {
      throw new Error(`a parser called ${name}`);
    };
  }
  return new WebAssembly.Instance(module, imports).exports;
}
