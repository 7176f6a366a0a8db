// Every line that a home prints is an event of the table, with its fields and no others.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { Log } from "../../host/abi.ts";
import { EVENTS, type EventName } from "../../host/home/event_table.ts";
import { eventOfLog } from "../../host/home/events.ts";
import { ROOT } from "../../host/modules.ts";
import { linesOf, run } from "./process.ts";

// ajv is of the time before modules.
const { Ajv } = createRequire(import.meta.url)("ajv") as typeof import("ajv");
const schema = JSON.parse(readFileSync(join(ROOT, "docs/events.schema.json"), "utf8")) as {
  oneOf: { properties: { event: { const: string } } }[];
};
const ajv = new Ajv({ strict: true, strictTypes: false });
const judges = new Map(schema.oneOf.map((kind) => [kind.properties.event.const, ajv.compile(kind)]));

function hold(line: { event: string }): void {
  const judge = judges.get(line.event);
  assert.ok(judge, `${line.event} is no event of the table`);
  assert.ok(judge(line), `${JSON.stringify(line)}: ${ajv.errorsText(judge.errors)}`);
}

test("every line of a home with plugs, noise and somebody who carries a display is an event of the table", async () => {
  const ended = await run("--home", join(ROOT, "docs/homes/flat.yaml"), "--json");
  assert.equal(ended.status, 0, ended.error);
  const lines = linesOf(ended);
  for (const line of lines) hold(line);
  const kinds = new Set(lines.map(({ event }) => event));
  const expected: EventName[] = ["boot", "started", "formed", "admitted", "joined", "key", "bound", "register", "reading", "summary"];
  for (const kind of [...expected, "plugged", "unplugged", "moved", "jammed"]) assert.ok(kinds.has(kind), kind);
});

test("every entry of a device's log is an event of the table, at every value of its octets", () => {
  const seen = new Set<string>();
  for (const [name, code] of Object.entries(Log)) {
    for (const octet of [0, 1, 2, 0x7f, 0xa5, 0xff]) {
      const event = eventOfLog(1, "hub", code, new Uint8Array(64).fill(octet));
      assert.ok(event, `the log's ${name} means no event`);
      hold(event);
      seen.add(event.event);
    }
  }
  const others = Object.keys(EVENTS).filter((name) => !seen.has(name));
  const home = [
    "boot",
    "reboot",
    "change",
    "declined",
    "dropped",
    "removed",
    "trouble",
    "plugged",
    "unplugged",
    "rekey",
    "moved",
    "jammed",
    "progress",
    "summary",
  ];
  hold({ t: 1, device: "home", event: "progress", rate: 57.6, untilMs: 3_600_000, leftMs: 62_000 } as { event: string });
  assert.deepEqual(others.sort(), home.sort(), "what no log tells is told by the home itself");
});

test("the judge of events refuses a kind, a field and a type that the table does not have", () => {
  const left = { t: 1, device: "hub", event: "left", reason: 3 };
  hold(left);
  assert.throws(() => hold({ ...left, event: "gone" }));
  assert.throws(() => hold({ ...left, why: 1 } as typeof left));
  assert.throws(() => hold({ ...left, reason: "3" } as unknown as typeof left));
  assert.throws(() => hold({ t: 1, device: "hub", event: "left" } as typeof left));
});
