// Frame counters, replay and power cuts: 05-3474 sections 4.3.1 and 3.6.8.
import assert from "node:assert/strict";
import { createCipheriv } from "node:crypto";
import { test } from "node:test";
import { Record } from "../../host/abi.ts";
import { clean } from "../../host/oracle/tshark.ts";
import { CHANNEL, Heard, LabAir, type LabNode, NETWORK_KEY, payload, SECURE, tags } from "./lab.ts";

const MAC_HEADER = 9;
const NWK_HEADER = 8;
const AUXILIARY = 14;
const NEVER_LAST = 0xffffffff;

/** Frame counters of the secured data frames of a source, in the order of the air; the radio's own repetitions of a frame count once. */
function countersOf(air: LabAir, extended: bigint): number[] {
  const found: number[] = [];
  const seen = new Set<string>();
  for (const { psdu } of air.frames) {
    const frame = Buffer.from(psdu);
    if ((frame[0] & 7) !== 1 || frame.length < MAC_HEADER + NWK_HEADER + AUXILIARY) continue;
    const control = frame.readUInt16LE(MAC_HEADER);
    if ((control & 0x0200) === 0) continue;
    const aux = MAC_HEADER + NWK_HEADER + (control & 0x0800 ? 8 : 0) + (control & 0x1000 ? 8 : 0);
    const octets = frame.toString("hex");
    if (frame.readBigUInt64LE(aux + 5) !== extended || seen.has(octets)) continue;
    seen.add(octets);
    found.push(frame.readUInt32LE(aux + 1));
  }
  return found;
}

interface Forged {
  from: LabNode;
  to: LabNode;
  counter: number;
  tag: number;
  sequence?: number;
  key?: Uint8Array;
  level?: number;
  spoil?: boolean;
}

/** A secured data frame made by OpenSSL's CCM, not by the stack. */
function forge({ from, to, counter, tag, sequence = 0, key = NETWORK_KEY, level = 0, spoil = false }: Forged): Buffer {
  const head = Buffer.alloc(MAC_HEADER);
  head.writeUInt16LE(0x8861, 0);
  head.writeUInt16LE(to.network.panId, 3);
  head.writeUInt16LE(to.network.address, 5);
  head.writeUInt16LE(from.network.address, 7);
  const network = Buffer.alloc(NWK_HEADER);
  network.writeUInt16LE(0x0208, 0);
  network.writeUInt16LE(to.network.address, 2);
  network.writeUInt16LE(from.network.address, 4);
  network[6] = 11;
  network[7] = tag;
  const auxiliary = Buffer.alloc(AUXILIARY);
  auxiliary[0] = 0x2d;
  auxiliary.writeUInt32LE(counter, 1);
  auxiliary.writeBigUInt64LE(from.extended, 5);
  auxiliary[13] = sequence;
  const nonce = Buffer.concat([auxiliary.subarray(5, 13), auxiliary.subarray(1, 5), Buffer.of(0x2d)]);
  const cipher = createCipheriv("aes-128-ccm", key, nonce, { authTagLength: 4 });
  cipher.setAAD(Buffer.concat([network, auxiliary]), { plaintextLength: payload(tag).length });
  const sealed = Buffer.concat([cipher.update(payload(tag)), cipher.final(), cipher.getAuthTag()]);
  if (spoil) sealed[sealed.length - 1] ^= 1;
  auxiliary[0] = 0x28 | level;
  return Buffer.concat([head, network, auxiliary, sealed]);
}

function pair(seed: string): { air: LabAir; hub: LabNode; meter: LabNode } {
  const air = new LabAir(seed);
  const hub = air.hub();
  const meter = air.member("router", "meter");
  meter.send(0, payload(1));
  air.run(300);
  assert.deepEqual(tags(hub), [1]);
  return { air, hub, meter };
}

function deliver(air: LabAir, to: LabNode, frame: Buffer): void {
  to.inject(frame);
  air.run(20);
}

test("a frame made by OpenSSL is taken; its octets again, an equal and a lower counter are not", () => {
  const { air, hub, meter } = pair("replay");
  const good = forge({ from: meter, to: hub, counter: 5000, tag: 2 });
  deliver(air, hub, good);
  assert.deepEqual(tags(hub), [1, 2]);
  deliver(air, hub, good);
  deliver(air, hub, forge({ from: meter, to: hub, counter: 5000, tag: 3 }));
  deliver(air, hub, forge({ from: meter, to: hub, counter: 4999, tag: 4 }));
  deliver(air, hub, forge({ from: meter, to: hub, counter: 0, tag: 5 }));
  assert.deepEqual(tags(hub), [1, 2]);
  assert.equal(hub.counters.repeated, 2);
  assert.equal(hub.counters.replayed, 2);
  deliver(air, hub, forge({ from: meter, to: hub, counter: 5001, tag: 6 }));
  deliver(air, hub, forge({ from: meter, to: hub, counter: NEVER_LAST - 1, tag: 7 }));
  deliver(air, hub, forge({ from: meter, to: hub, counter: NEVER_LAST, tag: 8 }));
  assert.deepEqual(tags(hub), [1, 2, 6, 7]);
});

test("a wrong key, an unknown key, a spoilt MIC or a frame in our own name is dropped and moves no counter", () => {
  const { air, hub, meter } = pair("forged");
  deliver(air, hub, forge({ from: meter, to: hub, counter: 9000, tag: 2, key: Buffer.alloc(16, 7) }));
  deliver(air, hub, forge({ from: meter, to: hub, counter: 9000, tag: 3, spoil: true }));
  deliver(air, hub, forge({ from: meter, to: hub, counter: 9000, tag: 4, sequence: 2 }));
  deliver(air, hub, forge({ from: hub, to: hub, counter: 9000, tag: 5 }));
  assert.deepEqual(tags(hub), [1]);
  const { badMic, noKey, replayed } = hub.counters;
  assert.deepEqual({ badMic, noKey, replayed }, { badMic: 2, noKey: 1, replayed: 1 });
  meter.send(0, payload(6));
  air.run(100);
  assert.deepEqual(tags(hub), [1, 6]);
});

test("the level in the header is not believed: it is 5 whatever travels", () => {
  const { air, hub, meter } = pair("level");
  deliver(air, hub, forge({ from: meter, to: hub, counter: 9000, tag: 2, level: 1 }));
  deliver(air, hub, forge({ from: meter, to: hub, counter: 9001, tag: 3, level: 5 }));
  assert.deepEqual(tags(hub), [1, 2, 3]);
});

test("after a power cut everybody goes on without joining, no counter is used twice, and old frames stay old", async () => {
  const { air, hub, meter } = pair("power");
  const display = air.member("end_device", "display");
  const old = air.frames.filter(({ psdu }) => (psdu[0] & 7) === 1).map(({ psdu }) => Buffer.from(psdu.subarray(0, -2)));
  for (const node of [hub, meter, display]) {
    node.powerOff();
    air.run(1000);
    node.powerOn();
    air.run(1000);
  }
  assert.equal(display.heard(Heard.Joined).length, 1);
  meter.send(0, payload(2));
  display.send(0, payload(3));
  hub.send(display.network.address, payload(4));
  hub.send(meter.network.address, payload(5));
  air.run(8000);
  assert.deepEqual([tags(hub).sort(), tags(meter), tags(display)], [[1, 2, 3], [5], [4]]);
  for (const node of [hub, meter, display]) {
    const used = countersOf(air, node.extended);
    assert.equal(new Set(used).size, used.length, `${node.name} used a counter twice`);
    assert.deepEqual(
      [...used].sort((a, b) => a - b),
      used,
    );
  }
  for (const frame of old) deliver(air, hub, frame);
  assert.equal(tags(hub).length, 3);
  assert.ok(clean(await air.verdict()));
});

test("a counter is reserved before it is used: the store is ahead of the air at every moment", () => {
  const { air, hub, meter } = pair("reserve");
  for (let round = 0; round < 30; round++) {
    const limit = Buffer.from(meter.store.get(Record.NetworkCounter) ?? []).readUInt32LE(0);
    meter.send(0, payload(round));
    air.run(30);
    const used = countersOf(air, meter.extended);
    assert.ok(used[used.length - 1] < Math.max(limit, Buffer.from(meter.store.get(Record.NetworkCounter) ?? []).readUInt32LE(0)));
    if (round % 10 === 9) {
      meter.powerOff();
      meter.powerOn();
      air.run(10);
    }
  }
  assert.equal(hub.counters.replayed, 0);
});

test("a counter that was lost while its key lives is no new device's: what was sent is never sent again", () => {
  const { air, meter } = pair("lost counter");
  for (let round = 0; round < 5; round++) {
    meter.send(0, payload(round));
    air.run(30);
  }
  const before = countersOf(air, meter.extended);
  meter.powerOff();
  meter.store.delete(Record.NetworkCounter);
  meter.powerOn();
  air.run(100);
  meter.send(0, payload(9));
  air.run(100);
  const after = countersOf(air, meter.extended).slice(before.length);
  assert.ok(after.length > 0 && Math.min(...after) >= 0x8000_0000, `${after}`);
});

test("a device without a key begins at 0, and its counter is kept before the key comes", () => {
  const air = new LabAir("new counter");
  const node = air.node("router", "new");
  assert.ok(node.store.has(Record.NetworkCounter));
  assert.equal(node.store.has(Record.Network), false);
});

test("a counter that would reach its end is not sent", () => {
  const { air, hub, meter } = pair("end of counter");
  const limit = Buffer.alloc(4);
  limit.writeUInt32LE(0xffffe000);
  hub.store.set(Record.NetworkCounter, limit);
  hub.powerOff();
  hub.powerOn();
  air.run(100);
  for (let index = 0; index < 4200; index++) {
    hub.send(meter.network.address, payload(index & 0xff), SECURE, 1);
    air.run(6);
    air.frames.splice(0, Math.max(0, air.frames.length - 50));
  }
  assert.ok(hub.counters.exhausted > 0);
  assert.equal(hub.heard(Heard.Sent).at(-1)?.status, -12);
  const used = countersOf(air, hub.extended);
  assert.ok(Math.max(...used) < NEVER_LAST);
});

test("a new key goes in beside the old one; after the switch the old one is history", () => {
  const { air, hub, meter } = pair("switch");
  const fresh = Buffer.alloc(16, 0x5c);
  for (const node of [hub, meter]) node.installKey(1, fresh);
  meter.send(0, payload(2));
  air.run(100);
  assert.equal(meter.call("keySwitch", 1), 0);
  meter.send(0, payload(3));
  air.run(100);
  assert.deepEqual(tags(hub), [1, 2, 3]);
  deliver(air, hub, forge({ from: meter, to: hub, counter: 1_000_000, tag: 4, sequence: 0 }));
  assert.deepEqual(tags(hub), [1, 2, 3]);
  deliver(air, hub, forge({ from: meter, to: hub, counter: 1_000_000, tag: 5, sequence: 1, key: fresh }));
  assert.deepEqual(tags(hub), [1, 2, 3, 5]);
  assert.equal(meter.call("keySwitch", 2), -12);
  assert.equal(hub.network.channel, CHANNEL);
});

test("the counters of neighbours are kept on the way, not only when the network changes", () => {
  const { air, hub, meter } = pair("kept");
  const frame = forge({ from: meter, to: hub, counter: 70_000, tag: 2 });
  deliver(air, hub, frame);
  hub.powerOff();
  air.run(10);
  hub.powerOn();
  air.run(10);
  deliver(air, hub, frame);
  assert.deepEqual(tags(hub), [1, 2]);
});
