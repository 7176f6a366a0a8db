// Phase 2 as one chain: scan, PANA, EAP-TLS, MLE, addresses, routes, TCP, TLS, a request, on the simulated air, read by tshark.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { EventKind, Log } from "../../host/abi.ts";
import { type EventLine, eventOfLog } from "../../host/home/events.ts";
import { clockRecord, declined, permitRecord } from "../../host/home/head_end.ts";
import { type EngineName, Home, tshark } from "./home.ts";
import { KEY_SLOT_MLE } from "./security_board.ts";

const MINUTE = 60;

function started(seed: number, engine: EngineName = "V8"): Home {
  const home = new Home(seed, engine);
  for (const kind of ["hub", "meter", "ihd"] as const) home.add(kind, kind);
  home.start();
  return home;
}

for (const engine of ["V8", "wasm3"] as const) {
  test(`${engine}: meter and display prove who they are, join, and ask the hub for the time over TLS`, (context) => {
    const home = started(1, engine);
    home.run(2 * MINUTE);
    assert.deepEqual(home.troubles, []);
    assert.ok(home.joined("meter") && home.joined("ihd"));
    assert.equal(home.logs.get("hub")?.filter(({ code }) => code === Log.Admitted).length, 2);
    assert.deepEqual(tshark(context, home, "_ws.malformed || tls.alert_message", ["frame.number"]), []);
    const answers = tshark(context, home, "http.response", ["ipv6.dst", "http.response.code", "http.content_type"]);
    assert.equal(new Set(answers.map((row) => row.split("\t")[0])).size, 2, "both were answered");
    for (const row of answers) assert.match(row, /\t20[014]\t/);
    const documents = answers.filter((row) => row.includes("\t200\t"));
    for (const row of documents) assert.match(row, /\tapplication\/sep(\+xml|-exi);level=-S1$/);
    for (const device of new Set(answers.map((row) => row.split("\t")[0])))
      assert.ok(
        documents.some((row) => row.startsWith(`${device}\t`) && row.includes("+xml")),
        `${device} was told the time`,
      );
    assert.ok(tshark(context, home, "icmpv6.rpl.opt.type == 6", ["frame.number"]).length > 0, "the meter says who its parent is");
  });
}

test("the same seed gives the same air, to the octet, and to the microsecond, on either engine", () => {
  const air = (home: Home): string[] => {
    home.run(40);
    return home.frames.map(({ timeUs, source, psdu }) => `${timeUs} ${source} ${Buffer.from(psdu).toString("hex")}`);
  };
  const first = air(started(2));
  assert.ok(first.length > 500, "all of them joined and asked");
  assert.deepEqual(air(started(2)), first);
  assert.deepEqual(air(started(2, "wasm3")), first);
});

test("the capture is told of derived keys and of each session's secret, alike by either engine", () => {
  const [v8, wasm3] = (["V8", "wasm3"] as const).map((engine) => {
    const home = started(5, engine);
    home.run(40);
    return home;
  }) as [Home, Home];
  const [key] = v8.networkKeys;
  const derived = createHmac("sha256", key as Buffer)
    .update("ZigBeeIP")
    .digest();
  for (const id of ["hub", "meter", "ihd"])
    for (const [slot, half] of [derived.subarray(0, 16), derived.subarray(16)].entries())
      assert.ok(v8.keys.includes(`${id} ${KEY_SLOT_MLE + slot} ${half.toString("hex")}`), `${id}, slot ${KEY_SLOT_MLE + slot}`);
  assert.equal(v8.keyLog.length, 8, "four handshakes, told of by both sides");
  assert.deepEqual(wasm3.keys, v8.keys);
  assert.deepEqual([...wasm3.keyLog].sort(), [...v8.keyLog].sort());
});

test("without keys nothing is read above MLE and PANA", (context) => {
  const home = started(3);
  home.run(MINUTE);
  home.networkKeys.length = 0;
  home.keyLog.length = 0;
  const readable = "tcp || http || icmpv6";
  assert.deepEqual(tshark(context, home, readable, ["frame.number"]), []);
});

/** What a device told, as events. */
function told(home: Home, id: string, kind: string): EventLine[] {
  const events = (home.logs.get(id) ?? []).map(({ atMs, code, octets }) => eventOfLog(atMs, id, code, octets) as EventLine);
  return events.filter(({ event }) => event === kind);
}

test("members say where they are and what was answered, each minute, also where the server had closed the connection", () => {
  const home = started(6);
  home.run(1);
  const utcMs = Date.UTC(2027, 0, 1);
  assert.ok(home.devices.get("hub")?.push(EventKind.Uplink, clockRecord(utcMs)));
  home.run(5 * MINUTE);
  const [hub] = told(home, "hub", "reachable");
  assert.equal(hub.parent, null);
  for (const id of ["meter", "ihd"]) {
    const ways = told(home, id, "reachable");
    assert.equal(ways.length, 1, "another way is told, the same one is not told again");
    assert.equal(ways[0].parent, "02:6b:77:00:00:00:00:01", "the hub");
    assert.equal(ways[0].address.split("6b:7700:")[0], hub.address.split("6b:7700:")[0], "in the prefix of the hub");
    const answers = told(home, id, "answer");
    assert.ok(answers.length >= 4, `${answers.length} answers`);
    for (const { t, status, clock } of answers) {
      assert.equal(status, 200);
      assert.ok(Math.abs(Date.parse(clock) - utcMs - t + 1000) < 3000, `${id} at ${t}: ${clock}`);
    }
  }
});

test("a hub says that its network is there also when it was there before, and refuses a record that phase 2 has not", () => {
  const home = started(7);
  home.run(10);
  const hub = home.devices.get("hub");
  hub?.close();
  hub?.powerOn();
  home.run(1);
  const formed = told(home, "hub", "formed");
  assert.equal(formed.length, 2);
  assert.deepEqual({ ...formed[0], t: 0 }, { ...formed[1], t: 0 });
  const before = home.uplinked.length;
  for (const record of [permitRecord(60), clockRecord(0).subarray(0, 12), Buffer.alloc(0)]) hub?.push(EventKind.Uplink, record);
  home.run(1);
  const refused = home.uplinked.slice(before).map((octets) => declined(octets));
  assert.deepEqual(
    refused.map((each) => each?.record),
    ["permit", "clock"],
  );
});

for (const id of ["meter", "ihd", "hub"]) {
  test(`after the power of the ${id} failed all of them are back, with the key that they had`, () => {
    const home = started(4);
    home.run(MINUTE);
    const device = home.devices.get(id);
    device?.close();
    home.run(20);
    const before = home.keyLog.length;
    device?.powerOn();
    home.run(5 * MINUTE);
    assert.deepEqual(home.troubles, []);
    const since = home.clock.nowUs / 1000 - 2 * MINUTE * 1000;
    const asked = home.frames.filter(({ timeUs }) => timeUs / 1000 > since).map(({ source }) => source);
    assert.ok(asked.filter((source) => source === "meter").length > 5 && asked.filter((source) => source === "ihd").length > 20, `${id}`);
    assert.ok(home.keyLog.length > before, "new sessions with the hub");
  });
}
