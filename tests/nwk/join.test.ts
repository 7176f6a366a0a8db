// Form, scan, associate, and secured data between neighbours: 05-3474 sections 3.6.1.1, 3.6.1.4 and 4.3.1.
import assert from "node:assert/strict";
import { test } from "node:test";
import { clean } from "../../host/oracle/tshark.ts";
import { DISCOVER, Heard, LabAir, MASK, NO_CONFIRM, payload, SECURE, tags } from "./lab.ts";

const SLEEP_MS = 8000;

test("a hub forms, a meter and a display join, and all speak to each other under the network key", async () => {
  const air = new LabAir("join");
  const hub = air.hub();
  const meter = air.member("router", "meter");
  const display = air.member("end_device", "display");
  assert.deepEqual(
    hub.heard(Heard.ChildJoined).map((note) => [note.extended, note.source, note.status]),
    [meter, display].map((node) => [node.extended, node.network.address, 1]),
  );
  assert.equal(display.network.panId, hub.network.panId);
  assert.equal(display.network.extendedPanId, hub.extended);
  assert.equal(hub.send(meter.network.address, payload(1), SECURE, 11), 0);
  meter.send(0, payload(2), SECURE, 12);
  display.send(meter.network.address, payload(3), SECURE, 13);
  hub.send(display.network.address, payload(4), SECURE, 14);
  air.run(SLEEP_MS);
  assert.deepEqual(tags(meter), [1, 3]);
  assert.deepEqual(tags(hub), [2]);
  assert.deepEqual(tags(display), [4]);
  assert.equal(hub.heard(Heard.Data)[0].extended, meter.extended);
  assert.equal(display.heard(Heard.Data)[0].extended, hub.extended);
  for (const node of [hub, meter, display]) {
    for (const note of node.heard(Heard.Sent)) assert.equal(note.status, 0);
    for (const note of node.heard(Heard.Data)) assert.ok(note.secured);
  }
  assert.deepEqual(
    hub.heard(Heard.Sent).map((note) => note.handle),
    [11, 14],
  );
  const verdict = await air.verdict();
  assert.ok(verdict.frames > 50);
  assert.ok(clean(verdict), JSON.stringify(verdict));
});

test("a broadcast for everybody reaches the sleeping display once, one for the wakeful does not", async () => {
  const air = new LabAir("broadcast");
  const hub = air.hub();
  const meter = air.member("router", "meter");
  const display = air.member("end_device", "display");
  hub.send(0xffff, payload(1, true), SECURE, 1);
  meter.send(0xfffd, payload(2, true), SECURE, 2);
  meter.send(0xfffc, payload(3, true), SECURE, 3);
  air.run(SLEEP_MS);
  display.send(0xfffd, payload(4, true), SECURE, 4);
  air.run(SLEEP_MS);
  assert.deepEqual(tags(display), [1]);
  // Broadcasts that met in the air come again, in another order.
  assert.deepEqual(tags(meter).sort(), [1, 4]);
  assert.deepEqual(tags(hub).sort(), [2, 3, 4]);
  assert.ok(clean(await air.verdict()));
});

test("nobody joins a closed network, or one that the mask or the wanted identifier leaves out", () => {
  const air = new LabAir("closed");
  const hub = air.hub();
  hub.call("nwkPermitJoin", 0, hub.now);
  const node = air.node("router", "late");
  const attempt = (mask: number, extendedPanId: bigint): number => {
    assert.equal(node.call("nwkJoinStart", mask, extendedPanId, node.now), 0);
    air.run(3000);
    const failed = node.heard(Heard.JoinFailed);
    assert.equal(node.heard(Heard.Joined).length, 0);
    return failed[failed.length - 1].status;
  };
  assert.equal(attempt(MASK, 0n), -7);
  hub.call("nwkPermitJoin", 254, hub.now);
  assert.equal(attempt(MASK << 1, 0n), -7);
  assert.equal(attempt(MASK, hub.extended + 1n), -7);
  node.call("nwkJoinStart", MASK, hub.extended, node.now);
  air.run(2000);
  assert.equal(node.heard(Heard.Joined).length, 1);
});

test("permission to join ends by itself, and 255 does not mean for ever", () => {
  const air = new LabAir("permit");
  const hub = air.hub();
  hub.call("nwkPermitJoin", 255, hub.now);
  air.run(254_500);
  const node = air.node("router", "late");
  node.call("nwkJoinStart", MASK, 0n, node.now);
  air.run(2000);
  assert.equal(node.heard(Heard.JoinFailed).length, 1);
});

test("a joiner that finds two hubs can go on to the next one", () => {
  const air = new LabAir("two hubs");
  const near = air.hub("near");
  const far = air.hub("far");
  air.medium.setLink("far", "late", { lqi: 60 });
  assert.notEqual(near.network.panId, far.network.panId);
  const node = air.node("end_device", "late");
  node.call("nwkJoinStart", MASK, 0n, node.now);
  air.run(2000);
  assert.equal(node.network.panId, near.network.panId);
  assert.equal(node.call("nwkJoinNext", node.now), 0);
  air.run(2000);
  assert.equal(node.network.panId, far.network.panId);
  assert.equal(node.call("nwkJoinNext", node.now), -7);
  assert.equal(far.heard(Heard.ChildJoined).length, 1);
});

test("a flood of associations leaves the hub with room, and those that never proved themselves are forgotten", () => {
  const air = new LabAir("flood");
  const hub = air.hub();
  const request = (index: number): Buffer => {
    const frame = Buffer.alloc(21);
    frame.writeUInt16LE(0xc823, 0);
    frame[2] = index & 0xff;
    frame.writeUInt16LE(hub.network.panId, 3);
    frame.writeUInt16LE(0xffff, 7);
    frame.writeBigUInt64LE(0x00aa00000000_0000n + BigInt(index), 9);
    frame[17] = 1;
    frame[18] = 0x8e;
    return frame.subarray(0, 19);
  };
  for (let index = 0; index < 600; index++) {
    hub.inject(request(index));
    air.run(5);
  }
  assert.ok(hub.counters.noBuffer + hub.counters.refused > 500);
  air.run(40_000);
  const node = air.member("router", "honest");
  node.send(0, payload(9));
  air.run(500);
  assert.deepEqual(tags(hub), [9]);
});

test("in clear a joiner and its parent hear each other, and nobody else", () => {
  const air = new LabAir("clear");
  const hub = air.hub();
  const node = air.node("end_device", "joiner");
  node.call("nwkJoinStart", MASK, 0n, node.now);
  air.run(1500);
  hub.send(node.network.address, payload(1), 0, 1);
  air.run(500);
  node.send(0, payload(2), 0, 2);
  air.run(500);
  assert.deepEqual(tags(node), [1]);
  assert.deepEqual(tags(hub), [2]);
  assert.ok(!node.heard(Heard.Data)[0].secured);
  node.installKey();
  node.send(0, payload(3), SECURE, NO_CONFIRM);
  air.run(500);
  assert.deepEqual(tags(hub), [2, 3]);
  hub.send(node.network.address, payload(4), 0, NO_CONFIRM);
  node.send(0, payload(5), 0, NO_CONFIRM);
  air.run(8000);
  assert.deepEqual(tags(node), [1]);
  assert.deepEqual(tags(hub), [2, 3]);
  assert.equal(hub.counters.unsecured, 1);
  assert.equal(node.counters.unsecured, 1);
});

test("without a key nothing is sent that should be secured", () => {
  const air = new LabAir("no key");
  air.hub();
  const node = air.node("router", "joiner");
  node.call("nwkJoinStart", MASK, 0n, node.now);
  air.run(1500);
  const before = air.frames.length;
  node.send(0, payload(1), SECURE | DISCOVER, 7);
  air.run(100);
  assert.deepEqual(
    node.heard(Heard.Sent).map((note) => note.status),
    [-12],
  );
  assert.equal(air.frames.length, before);
});
