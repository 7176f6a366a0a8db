// More than one hop, rejoining, leaving, and what happens when somebody is gone: 05-3474 sections 3.6.1.4.3, 3.6.1.10, 3.6.3 and 3.6.5.
import assert from "node:assert/strict";
import { test } from "node:test";
import { clean } from "../../host/oracle/tshark.ts";
import { DISCOVER, Heard, LabAir, type LabNode, NO_CONFIRM, payload, SECURE, tags } from "./lab.ts";

const SLEEP_MS = 8000;
const FAR = { inRange: false };

/** hub - near - far - display: nobody hears further than the next. */
function line(seed: string): { air: LabAir; hub: LabNode; near: LabNode; far: LabNode; display: LabNode } {
  const air = new LabAir(seed);
  for (const [a, b] of [
    ["hub", "far"],
    ["hub", "display"],
    ["near", "display"],
  ])
    air.medium.setLink(a, b, FAR);
  const hub = air.hub();
  const near = air.member("router", "near");
  near.call("nwkPermitJoin", 200, near.now);
  const far = air.member("router", "far");
  far.call("nwkPermitJoin", 200, far.now);
  const display = air.member("end_device", "display");
  assert.equal(far.network.parent, near.network.address);
  assert.equal(display.network.parent, far.network.address);
  assert.equal(display.network.depth, 3);
  return { air, hub, near, far, display };
}

test("data finds its way along a line of routers, both ways, and to a sleeper at its end", async () => {
  const { air, hub, far, display } = line("line");
  hub.send(far.network.address, payload(1), SECURE | DISCOVER, 1);
  air.run(1000);
  assert.deepEqual(tags(far), [1]);
  // The request left a way back behind it.
  far.send(0, payload(2), SECURE, 2);
  air.run(500);
  assert.deepEqual(tags(hub), [2]);
  display.send(0, payload(3), SECURE | DISCOVER, 3);
  air.run(1000);
  assert.deepEqual(tags(hub), [2, 3]);
  hub.send(display.network.address, payload(4), SECURE | DISCOVER, 4);
  air.run(SLEEP_MS + 2000);
  assert.deepEqual(tags(display), [4]);
  for (const node of [hub, far, display]) for (const note of node.heard(Heard.Sent)) assert.equal(note.status, 0);
  assert.ok(clean(await air.verdict()));
});

test("a broadcast travels the whole line once each way and stops at its radius", async () => {
  const { air, hub, near, far, display } = line("flood");
  hub.send(0xffff, payload(1, true), SECURE);
  air.run(SLEEP_MS + 2000);
  far.send(0xfffc, payload(2, true), SECURE);
  air.run(2000);
  assert.deepEqual([near, far, display].map(tags), [[1, 2], [1], [1]]);
  assert.deepEqual(tags(hub), [2]);
  assert.ok(near.counters.duplicates > 0);
  assert.ok(clean(await air.verdict()));
});

test("without a route, or when the next hop is gone, the sender is told and finds another way", () => {
  const air = new LabAir("detour");
  air.medium.setLink("hub", "end", FAR);
  const hub = air.hub();
  const left = air.member("router", "left");
  const right = air.member("router", "right");
  left.call("nwkPermitJoin", 100, left.now);
  const end = air.member("router", "end");
  assert.equal(end.network.parent, left.network.address);
  assert.equal(hub.send(0x1234, payload(1), SECURE, 1), 0);
  hub.send(0x1234, payload(2), SECURE | DISCOVER, 2);
  air.run(4000);
  assert.deepEqual(
    hub.heard(Heard.Sent).map((note) => note.status),
    [-7, -7],
  );
  hub.send(end.network.address, payload(3), SECURE | DISCOVER);
  air.run(1000);
  assert.deepEqual(tags(end), [3]);
  left.powerOff();
  let sent = 4;
  for (; sent < 12 && tags(end).length < 3; sent++) {
    hub.send(end.network.address, payload(sent), SECURE | DISCOVER);
    air.run(4000);
  }
  assert.ok(tags(end).length >= 3, "the way over the other router was not found");
  assert.ok(right.counters.noRoute === 0);
});

test("frames for a sleeper that is gone are let go after 7.68 s, and the number held is bounded", () => {
  const air = new LabAir("gone");
  const hub = air.hub();
  const display = air.member("end_device", "display");
  display.powerOff();
  for (let tag = 1; tag <= 22; tag++) hub.send(display.network.address, payload(tag), SECURE, tag);
  air.run(7000);
  assert.deepEqual(
    hub.heard(Heard.Sent).map((note) => [note.handle, note.status]),
    [
      [21, -5],
      [22, -5],
    ],
  );
  air.run(1000);
  assert.deepEqual(
    hub
      .heard(Heard.Sent)
      .slice(2)
      .map((note) => [note.handle, note.status]),
    Array.from({ length: 20 }, (_, index) => [index + 1, -13]),
  );
  assert.equal(hub.counters.expired, 20);
  display.powerOn();
  hub.send(display.network.address, payload(7), SECURE, 7);
  air.run(SLEEP_MS);
  assert.deepEqual(tags(display), [7]);
});

test("a sleeper fetches several frames one after the other", () => {
  const air = new LabAir("several");
  const hub = air.hub();
  const display = air.member("end_device", "display");
  air.run(12_000);
  for (let tag = 1; tag <= 4; tag++) hub.send(display.network.address, payload(tag));
  air.run(7500);
  assert.deepEqual(tags(display), [1, 2, 3, 4]);
  const times = display.heard(Heard.Data).map((note) => note.timeMs);
  assert.ok(times[3] - times[0] < 100);
});

test("a display whose parent is gone notices, and rejoins through another with its key", async () => {
  const air = new LabAir("rejoin");
  air.medium.setLink("meter", "display", { lqi: 255 });
  air.medium.setLink("hub", "display", { lqi: 120 });
  const hub = air.hub();
  const meter = air.member("router", "meter");
  meter.call("nwkPermitJoin", 100, meter.now);
  const display = air.member("end_device", "display");
  assert.equal(display.network.parent, meter.network.address);
  meter.call("nwkPermitJoin", 0, meter.now);
  hub.call("nwkPermitJoin", 0, hub.now);
  meter.powerOff();
  air.run(60_000);
  assert.ok(display.heard(Heard.ParentLost).length > 0);
  assert.equal(display.call("nwkRejoinStart", 1, 0, display.now), 0);
  air.run(2500);
  const joined = display.heard(Heard.Joined);
  assert.deepEqual(
    joined.map((note) => note.status),
    [0, 1],
  );
  assert.equal(display.network.parent, 0);
  assert.deepEqual(hub.heard(Heard.ChildJoined).at(-1)?.status, 0);
  assert.equal(hub.heard(Heard.ChildJoined).at(-1)?.source, display.network.address);
  display.send(0, payload(1));
  hub.send(display.network.address, payload(2));
  air.run(SLEEP_MS);
  assert.deepEqual([tags(hub), tags(display)], [[1], [2]]);
  display.powerOff();
  display.powerOn();
  display.send(0, payload(3));
  air.run(1000);
  assert.deepEqual(tags(hub), [1, 3]);
  assert.ok(clean(await air.verdict()));
});

test("a rejoin in clear is passed up as such and opens nothing but the way for a new key", () => {
  const air = new LabAir("open rejoin");
  const hub = air.hub();
  const meter = air.member("router", "meter");
  assert.equal(meter.call("nwkRejoinStart", 0, 0, meter.now), 0);
  air.run(2500);
  assert.deepEqual(
    meter.heard(Heard.Joined).map((note) => note.status),
    [0, 1],
  );
  assert.equal(hub.heard(Heard.ChildJoined).at(-1)?.status, 3);
  assert.equal(meter.lab.isOpen(), 1);
  hub.send(meter.network.address, payload(1), 0, NO_CONFIRM);
  air.run(100);
  assert.deepEqual(tags(meter), [1]);
  meter.installKey();
  assert.equal(meter.lab.isOpen(), 0);
  hub.send(meter.network.address, payload(2), 0, NO_CONFIRM);
  air.run(100);
  assert.deepEqual(tags(meter), [1]);
});

test("nobody rejoins when no parent is in range; the old place is kept", () => {
  const air = new LabAir("nowhere");
  const hub = air.hub();
  const display = air.member("end_device", "display");
  hub.powerOff();
  display.call("nwkRejoinStart", 1, 0x07fff800, display.now);
  air.run(6000);
  assert.equal(display.heard(Heard.JoinFailed).at(-1)?.status, -7);
  hub.powerOn();
  display.send(0, payload(1));
  air.run(SLEEP_MS);
  assert.deepEqual(tags(hub), [1]);
});

test("a parent's leave is followed by its sleeper, a stranger's is not, and a router follows none", async () => {
  const air = new LabAir("leave");
  const hub = air.hub();
  const meter = air.member("router", "meter");
  const display = air.member("end_device", "display");
  hub.call("nwkRemoveChild", meter.extended, hub.now);
  hub.call("nwkRemoveChild", display.extended, hub.now);
  air.run(SLEEP_MS);
  assert.equal(meter.heard(Heard.Left).length, 0);
  assert.equal(meter.counters.refused, 1);
  assert.equal(display.heard(Heard.Left).length, 1);
  assert.equal(display.network.address, 0xffff);
  display.powerOff();
  display.powerOn();
  assert.equal(display.network.address, 0xffff);
  meter.call("nwkLeave");
  air.run(1000);
  assert.equal(meter.heard(Heard.Left).length, 1);
  assert.equal(hub.heard(Heard.ChildLeft).at(-1)?.extended, meter.extended);
  air.join(meter);
  meter.send(0, payload(1));
  air.run(500);
  assert.deepEqual(tags(hub), [1]);
  assert.ok(clean(await air.verdict()));
});

test("a child that is silent for longer than it promised is gone", () => {
  const air = new LabAir("silent");
  const hub = air.hub();
  const display = air.member("end_device", "display");
  display.powerOff();
  air.run(255 * 60_000);
  assert.equal(hub.heard(Heard.ChildLeft).length, 0);
  air.run(2 * 60_000);
  assert.equal(hub.heard(Heard.ChildLeft)[0].extended, display.extended);
});

test("a lossy air delays, and loses nothing that was acknowledged", async () => {
  const air = new LabAir("lossy", { loss: 0.15 });
  const hub = air.hub();
  const meter = air.member("router", "meter");
  const confirmed: number[] = [];
  for (let tag = 1; tag <= 100; tag++) {
    const before = meter.heard(Heard.Sent).length;
    meter.send(0, payload(tag), SECURE, tag);
    air.run(150);
    if (
      meter
        .heard(Heard.Sent)
        .slice(before)
        .some((note) => note.status === 0)
    )
      confirmed.push(tag);
  }
  const got = new Set(tags(hub));
  assert.ok(confirmed.length > 95);
  for (const tag of confirmed) assert.ok(got.has(tag), `frame ${tag} was confirmed but not heard`);
});
