// Hosts that sleep: what their parent keeps for them, how they ask, and what groups they hear.
import assert from "node:assert/strict";
import { test } from "node:test";
import { EVENT_HANDLE, EVENT_STATUS, EventKind, RadioParameter } from "../../host/abi.ts";
import { addresses, type FrameOptions, frameFrom, ipv6, udp, udpPacket } from "./frames.ts";
import { DROP, Heard, type Identity, LINKED, LowNode, MODE, packets, sends } from "./low_node.ts";

const OWN: Identity = { extended: 0x0200000000000001n, short: 0x0001 };
const OTHER: Identity = { extended: 0x0200000000000002n, short: 0x0002 };
const KEYS = [Buffer.alloc(16, 0x11)];
const CHILD: Identity = { extended: 0x0200000000000009n, short: 0x0009 };
const pollOf = (options: FrameOptions = {}): Buffer => frameFrom(CHILD, OWN, Buffer.from([4]), { type: 3, extended: true, ...options });

function parent(): LowNode {
  const on = new LowNode(OWN, [OTHER]);
  on.link(CHILD, LINKED, 0x00, 2);
  return on;
}

test("what is for a child that sleeps is kept until it asks, frame by frame, and the radio says that there is something", () => {
  const on = parent();
  const large = udpPacket(OWN, CHILD, Buffer.alloc(200, 5));
  on.write(large);
  on.doors.send(large.length, MODE.short, 9n, 1, 0n);
  assert.equal(sends(on), undefined);
  assert.equal(on.radio.get(RadioParameter.PendingExtended), CHILD.extended);
  const sleeper = new LowNode(CHILD, [OWN]);
  const made: string[] = [];
  for (let turn = 0; turn < 3; turn++) {
    assert.deepEqual(
      on.hear(pollOf()).map(({ kind, from }) => [kind, from]),
      [[Heard.Poll, CHILD.extended]],
    );
    const frame = on.sent.at(-1) as Buffer;
    assert.equal((frame[0] & 0x10) !== 0, turn < 2, `more is coming after frame ${turn}`);
    made.push(...packets(sleeper.hear(frame)));
    assert.equal(on.radio.get(RadioParameter.NotPendingExtended), undefined);
    on.event(EventKind.RadioSent, { [EVENT_HANDLE]: on.handle });
    on.engine.poll(on.now);
    assert.equal(on.sent.length, turn + 1, "one frame for one question");
  }
  assert.deepEqual(made, [large.toString("hex")]);
  assert.equal(on.radio.get(RadioParameter.NotPendingExtended), CHILD.extended);
});

test("a child that does not take its frame asks again, and after seven seconds there is none", () => {
  const on = parent();
  const one = udpPacket(OWN, CHILD, Buffer.alloc(20, 5));
  on.write(one);
  on.doors.send(one.length, MODE.short, 9n, 1, 0n);
  for (let turn = 0; turn < 5; turn++) {
    on.hear(pollOf());
    on.event(EventKind.RadioSent, { [EVENT_HANDLE]: on.handle, [EVENT_STATUS]: -9 & 0xff });
    on.engine.poll(on.now);
  }
  assert.equal(on.sent.length, 5);
  on.now = 6999n;
  on.engine.poll(on.now);
  assert.equal(on.drop(DROP.expired), 0);
  on.now = 7000n;
  on.engine.poll(on.now);
  assert.equal(on.drop(DROP.expired), 1);
  assert.equal(on.radio.get(RadioParameter.NotPendingExtended), CHILD.extended);
  on.hear(pollOf());
  assert.equal(on.sent.length, 5);
});

test("children that never ask keep six packets and no more", () => {
  const on = parent();
  const one = udpPacket(OWN, CHILD, Buffer.alloc(20, 5));
  on.write(one);
  const answers = Array.from({ length: 8 }, () => on.doors.send(one.length, MODE.short, 9n, 1, 0n));
  assert.deepEqual(answers, [0, 0, 0, 0, 0, 0, -5, -5]);
});

test("a poll that is not secured, or not the child's, fetches nothing", () => {
  const on = parent();
  const one = udpPacket(OWN, CHILD, Buffer.alloc(20, 5));
  on.write(one);
  on.doors.send(one.length, MODE.short, 9n, 1, 0n);
  on.hear(pollOf({ clear: true }));
  on.hear(pollOf({ key: KEYS[0] }));
  on.hear(frameFrom(OTHER, OWN, Buffer.from([4]), { type: 3 }));
  on.hear(frameFrom(CHILD, OWN, Buffer.alloc(0), { type: 3, clear: true }));
  assert.equal(on.sent.length, 0);
  on.doors.forget(CHILD.extended);
  on.hear(pollOf());
  assert.equal(on.sent.length, 0, "what was kept for one that is gone is gone");
  assert.equal(on.doors.busy(), 0);
});

test("a group hears a packet at once, and each child that sleeps its own copy when it asks; routers' groups are not theirs", () => {
  const on = parent();
  const of = Buffer.concat([addresses(OWN, OTHER).subarray(0, 16), Buffer.from("ff020000000000000000000000000001", "hex")]);
  const group = ipv6(of, 17, udp(of, Buffer.alloc(4), 5000), 1);
  on.write(group);
  assert.equal(on.doors.send(group.length, MODE.none, 0n, 1, 0n), 0);
  const frame = sends(on) as Buffer;
  assert.equal(frame.readUInt16LE(5), 0xffff);
  assert.equal(frame[0] & 0x20, 0, "nobody acknowledges it");
  on.hear(pollOf());
  const copy = on.sent.at(-1) as Buffer;
  assert.deepEqual(packets(new LowNode(CHILD, [OWN]).hear(copy)), [group.toString("hex")]);
  on.event(EventKind.RadioSent, { [EVENT_HANDLE]: on.handle });
  on.engine.poll(0n);
  const routers = Buffer.from(group);
  routers[39] = 2;
  on.write(routers);
  on.doors.send(routers.length, MODE.none, 0n, 1, 0n);
  assert.ok(sends(on));
  const before = on.sent.length;
  on.hear(pollOf());
  assert.equal(on.sent.length, before);
});
