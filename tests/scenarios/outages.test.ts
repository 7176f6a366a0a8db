// The table of docs/outages.md in its smaller form: every kind of outage, for an hour; those that age a child or a key, for five.
import { test } from "node:test";
import { OUTAGES, type Outage, outage, SPANS } from "./outages.ts";

const LONG: Outage[] = ["display off", "display away", "hub off, then erased", "network key changed, display off meanwhile"];

for (const kind of Object.keys(OUTAGES) as Outage[]) {
  for (const span of LONG.includes(kind) ? (["1 h", "5 h"] as const) : (["1 h"] as const)) {
    test(`${kind}, ${span}: everything is as before, with nobody's help`, (t) => {
      t.diagnostic(`healed in ${Math.round(outage(kind, SPANS[span]) / 1000)} s`);
    });
  }
}
