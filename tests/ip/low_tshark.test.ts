// tshark decompresses what we compress to the packet it was, and reads each header as we do: 500 packets of chance, half of them in forms
// that we never send.  Thousands: npx tsx tests/ip/low_tshark_run.ts
import assert from "node:assert/strict";
import { test } from "node:test";
import { compareLow, lowNode, Packets } from "./low_oracle.ts";

test("500 packets of chance are read as tshark reads them", () => {
  const node = lowNode();
  const packets = new Packets("npm test");
  const cases = Array.from({ length: 500 }, (_, index) => (index % 2 ? packets.theirs() : packets.ours(node)));
  assert.ok(compareLow(node, cases) > 2500);
});
