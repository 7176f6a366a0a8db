// The interface holds what docs/openapi.json says, for every answer of a run, and what it refuses it refuses in a sentence.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { readCapture } from "../../host/air/pcapng.ts";
import { ROOT } from "../../host/modules.ts";
import { type Answer, Run } from "./kit.ts";

// ajv is of the time before modules.
const { Ajv } = createRequire(import.meta.url)("ajv") as typeof import("ajv");

interface Document {
  paths: Record<string, Record<string, { responses: Record<string, { content: Record<string, { schema: Record<string, unknown> }> }> }>>;
}
const document = JSON.parse(readFileSync(join(ROOT, "docs/openapi.json"), "utf8")) as Document;
const ajv = new Ajv({ strict: false });
ajv.addSchema(document as unknown as Record<string, unknown>, "api");

const SENTENCE = /^[^\n]{5,300}\.$/;
const seen = new Set<string>();

/** As the document has it for this status; a reference in it is to the document. */
function hold(path: string, method: string, answer: Answer): void {
  seen.add(`${method} ${path}`);
  const { responses } = document.paths[path][method];
  const content = responses[answer.status] ?? responses[`${Math.floor(answer.status / 100)}XX`];
  assert.ok(content, `${method} ${path} answered ${answer.status}`);
  const [[type, { schema }]] = Object.entries(content.content);
  assert.ok(answer.headers.get("content-type")?.startsWith(type), `${path}: ${answer.headers.get("content-type")}`);
  if (type !== "application/json") return;
  const check = ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"api#/')));
  assert.ok(check(answer.json), `${method} ${path}: ${ajv.errorsText(check.errors)}\n${answer.text.slice(0, 300)}`);
  if (answer.status >= 400) assert.match((answer.json as { error: string }).error, SENTENCE);
}

let run: Run;
before(async () => {
  run = await Run.open("--seed", "7", "--duration", "1d");
});
after(() => run.close());

async function holdAll(): Promise<void> {
  for (const path of ["/api/state", "/api/devices", "/api/readings", "/api/half-hours", "/api/power", "/api/events", "/api/openapi.json"])
    hold(path, "get", await run.get(path));
  for (const id of ["hub", "meter", "ihd", "nobody", "%20", "%ff"]) hold("/api/devices/{id}", "get", await run.get(`/api/devices/${id}`));
  for (const query of [
    "after=0&limit=1000",
    "device=meter",
    "layer=zcl&limit=3",
    "cluster=Metering",
    "after=999999",
    "layer=tcp",
    "limit=0",
    "limit=1001",
    "x=1",
    "after=1&after=2",
  ])
    hold("/api/frames", "get", await run.get(`/api/frames?${query}`));
  const { last } = run.watch.frames.ring;
  for (let number = 0; number <= last + 1; number += Math.max(1, Math.floor(last / 40)))
    hold("/api/frames/{number}", "get", await run.get(`/api/frames/${number}`));
  for (const number of ["x", "-1", "1.5", "1e3"]) hold("/api/frames/{number}", "get", await run.get(`/api/frames/${number}`));
  hold("/api/half-hours", "get", await run.get("/api/half-hours?device=ihd"));
  hold("/api/power", "get", await run.get("/api/power?device=nobody"));
  hold("/api/events", "get", await run.get("/api/events?limit=1000&device=ihd"));
}

test("before anything has happened, and after a quarter of an hour, every answer is of its schema", async () => {
  await holdAll();
  run.advance(900_000);
  await holdAll();
});

test("what the interface tells is what the run's events said", async () => {
  const { json: readings } = await run.get("/api/readings");
  const { t: _, device, event, date, phase, ...reading } = run.newest("reading");
  const { importWh, powerW } = run.newest("register");
  assert.equal(readings.length, 1);
  assert.deepEqual({ ...readings[0].reading, t: undefined }, { ...reading, t: undefined });
  assert.deepEqual([readings[0].device, readings[0].meter, date !== undefined, phase, event], [device, "meter", true, 1, "reading"]);
  assert.deepEqual([readings[0].register.importWh, readings[0].register.powerW], [importWh, powerW]);
  const { json: halfHours } = await run.get("/api/half-hours");
  assert.equal(
    halfHours.halfHours.reduce((sum: number, { wh }: { wh: number }) => sum + wh, 0),
    importWh,
    "half-hours add up to the register",
  );
  const { json: events } = await run.get("/api/events?limit=1000");
  assert.deepEqual(events.events, JSON.parse(JSON.stringify(run.events)));
});

test("frames come one after the other, without a gap, and in part by device, layer and cluster", async () => {
  const numbers: number[] = [];
  for (let next = 0; ; ) {
    const { json } = await run.get(`/api/frames?after=${next}&limit=97`);
    numbers.push(...json.frames.map(({ number }: { number: number }) => number));
    if (json.next === next) break;
    next = json.next;
  }
  assert.deepEqual(
    numbers,
    Array.from({ length: run.session.home.status.frames }, (_, index) => index + 1),
  );
  const { json: metering } = await run.get("/api/frames?cluster=Metering&layer=zcl&after=300&limit=5");
  assert.ok(metering.frames.length > 0);
  for (const { layer, cluster } of metering.frames) assert.deepEqual([layer, cluster], ["zcl", "Metering"]);
  const { json: reports } = await run.get("/api/frames?layer=zcl&device=meter&after=300");
  const report = reports.frames.find(({ about }: { about: string }) => about.startsWith("report attributes: summation delivered"));
  assert.ok(report, "a report says in words what it reports");
});

test("the capture has every frame that is kept, and the keys", async () => {
  const response = await fetch(`${run.server.origin}/api/capture`);
  const path = join(mkdtempSync(join(tmpdir(), "kilowasm-web-test-")), "air.pcapng");
  writeFileSync(path, Buffer.from(await response.arrayBuffer()));
  const { packets, keys } = readCapture(path);
  assert.equal(packets.length, run.session.home.status.frames);
  assert.ok(keys.some(({ kind }) => kind === "network") && keys.some(({ kind }) => kind === "link"));
  seen.add("get /api/capture");
});

test("who looks on hears of every event that it does not know, and how far the run is", async () => {
  const stopped = new AbortController();
  const response = await fetch(`${run.server.origin}/api/live`, { signal: stopped.signal, headers: { "last-event-id": "3" } });
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  let text = "";
  for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += Buffer.from(part).toString();
    if (text.includes("event: tick")) break;
  }
  stopped.abort();
  const told = [...text.matchAll(/event: home\nid: (\d+)\ndata: (.*)\n\n/g)].map(([, id, data]) => [Number(id), JSON.parse(data)]);
  assert.deepEqual(told, JSON.parse(JSON.stringify(run.events.map((event, index) => [index + 1, event]).slice(3, 3 + told.length))));
  assert.ok(told.length > 50);
  seen.add("get /api/live");
});

test("a plug that is pulled makes the reading stale, and it heals when it is put in again", async () => {
  hold("/api/actions", "post", await run.post("/api/actions", { unplug: "meter" }));
  run.advance(600_000);
  const stale = await run.get("/api/devices/ihd");
  assert.deepEqual([stale.json.reading.stale, stale.json.glow], [true, "off"]);
  assert.deepEqual([(await run.get("/api/devices/meter")).json.powered], [false]);
  hold("/api/actions", "post", await run.post("/api/actions", { unplug: "meter" }));
  hold("/api/actions", "post", await run.post("/api/actions", { plug: "meter" }));
  run.advance(600_000);
  const healed = await run.get("/api/devices/ihd");
  assert.deepEqual([healed.json.reading.stale, healed.json.reading.importWh], [false, run.newest("register").importWh]);
});

test("a person carries, jams, removes, admits and changes the key; what cannot be is refused with its reason", async () => {
  const actions: [unknown, number][] = [
    [{ move: "ihd", to: [3, 4.5] }, 200],
    [{ move: "ihd", to: [3] }, 400],
    [{ move: "ihd", to: [3, 1e9] }, 400],
    [{ jam: 11, for: "2s" }, 200],
    [{ jam: 11, for: "2s", near: [1, 1] }, 200],
    [{ jam: 10, for: "2s" }, 400],
    [{ jam: 11, for: "soon" }, 400],
    [{ jam: 11, for: "2h" }, 400],
    [{ rekey: "hub" }, 200],
    [{ rekey: "meter" }, 409],
    [{ remove: "hub" }, 409],
    [{ remove: "nobody" }, 404],
    [{ remove: "ihd" }, 200],
    [{ admit: "ihd" }, 200],
    [{ unplug: "constructor" }, 404],
    [{ toString: "hub" }, 400],
    [{ unplug: "hub", plug: "hub" }, 400],
    [[], 400],
    [null, 400],
    ["unplug", 400],
  ];
  for (const [body, status] of actions) {
    const answer = await run.post("/api/actions", body);
    assert.equal(answer.status, status, JSON.stringify(body));
    hold("/api/actions", "post", answer);
  }
  for (let noise = 0; noise < 6; noise++) assert.equal((await run.post("/api/actions", { jam: 26, for: "1h" })).status, 200);
  assert.equal((await run.post("/api/actions", { jam: 26, for: "1h" })).status, 409, "eight noises at once");
  assert.deepEqual(run.watch.device("ihd")?.place, { x: 3, y: 4.5 });
});

test("time stands still, goes by frames, and has the speeds of the live view", async () => {
  const time = async (body: unknown, status: number): Promise<Answer> => {
    const answer = await run.post("/api/time", body);
    assert.equal(answer.status, status, JSON.stringify(body));
    hold("/api/time", "post", answer);
    return answer;
  };
  await time({ step: "frame" }, 409);
  await time({ pause: true }, 200);
  for (let step = 0; step < 3; step++) {
    const { frames } = run.session.home.status;
    const { json } = await time({ step: "frame" }, 200);
    assert.equal(run.session.home.status.frames, frames + 1);
    assert.equal(json.t, run.session.home.nowMs);
  }
  assert.equal((await run.get("/api/state")).json.paused, true);
  await time({ pause: false }, 200);
  for (const [speed, status] of [
    [1, 200],
    [700, 200],
    [0, 400],
    [701, 400],
    ["60", 400],
  ] as const)
    await time({ speed }, status);
  await time({ step: "back" }, 400);
  assert.equal(run.session.pacer.speed, 700);
});

test("all that the document has was asked for", () => {
  const all = Object.entries(document.paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`));
  assert.deepEqual([...seen].sort(), all.sort());
});
