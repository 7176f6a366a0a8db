import assert from "node:assert/strict";
import { Err } from "../../host/err.ts";
import { EXI, type ExiLab, XML } from "../../host/vectors/exi_lab.ts";

/** Whatever is accepted is written, and that is read and written as it is. */
export function settles(lab: ExiLab, format: number, document: Uint8Array, what: string): void {
  const events = lab.events(format, document);
  const exi = lab.convert(format, document, EXI);
  if (typeof exi === "number") {
    // Out of order, incomplete, or with a text that XML cannot have: read, and not written.
    assert.ok(events < 0 || exi === Err.BadState || exi === Err.Reserved, `${what}: ${events}, ${exi}`);
    return;
  }
  assert.ok(events >= 0, what);
  assert.deepEqual(lab.convert(EXI, exi, EXI), exi, what);
  const xml = lab.convert(EXI, exi, XML);
  assert.ok(typeof xml !== "number", `${what}: ${xml}`);
  assert.deepEqual(lab.convert(XML, xml, EXI), exi, what);
}
