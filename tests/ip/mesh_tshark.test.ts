// tshark's reading of each field of ND, RPL and MPL equals ours: of what another stack sent, and of 300 messages that chance wrote.
// Thousands: npx tsx tests/ip/mesh_tshark_run.ts
import assert from "node:assert/strict";
import { test } from "node:test";
import { Parsers } from "./mesh_lab.ts";
import { captured, compare, Messages } from "./mesh_oracle.ts";

test("what another stack sent reads as tshark reads it", () => {
  assert.ok(compare(new Parsers(), captured()) > 400);
});

test("300 messages of chance read as tshark reads them", () => {
  const parsers = new Parsers();
  const messages = new Messages("npm test");
  const cases = Array.from({ length: 300 }, () => messages.next());
  for (const { parser, octets } of cases) assert.equal(parsers.parse(parser, octets), octets.length, `${parser} ${octets.toString("hex")}`);
  assert.ok(compare(parsers, cases) > 1500);
});
