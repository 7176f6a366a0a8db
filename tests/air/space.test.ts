// Places, walls, noise, and that a frame concerns only those who can hear it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { withFcs } from "../../host/air/frame.ts";
import { type Link, Medium, type Port } from "../../host/air/medium.ts";
import { attenuation, lqiAt, metresOf, rssiAt, type Wall } from "../../host/air/space.ts";
import { run } from "./support.ts";

const FRAME = withFcs(Buffer.alloc(50));

interface Raw {
  port: Port;
  heard: { rssi: number; lqi: number }[];
}

function raw(medium: Medium, id: string, x: number, y = 0): Raw {
  const heard: Raw["heard"] = [];
  medium.setPosition(id, x, y);
  const port = medium.attach(id, (_psdu, { rssi, lqi }) => heard.push({ rssi, lqi }));
  port.tune(15, true);
  return { port, heard };
}

function send(medium: Medium, { port }: Raw): void {
  medium.transmit(port, FRAME, 15, () => {});
  run(medium, 10);
}

test("a wall weakens what crosses it, and the range shrinks by as much", () => {
  const walls: Wall[] = [{ from: { x: 5, y: -5 }, to: { x: 5, y: 5 }, attenuationDb: 10 }];
  const medium = new Medium({ seed: 1, rangeMetres: 30, walls });
  const [a, beside, through, around, far] = [
    raw(medium, "a", 0),
    raw(medium, "b", 4),
    raw(medium, "c", 10),
    raw(medium, "d", 0, 20),
    raw(medium, "e", 16),
  ];
  send(medium, a);
  assert.deepEqual(beside.heard, [{ rssi: rssiAt(4), lqi: lqiAt(rssiAt(4)) }]);
  assert.deepEqual(through.heard, [{ rssi: -40 - 30 - 10, lqi: 85 }]);
  assert.equal(around.heard.length, 1);
  // 16 m behind 10 dB are as far as 34.5 m.
  assert.equal(far.heard.length, 0);
  assert.equal(medium.busy(far.port, 15, 0), false);
});

test("a wall is crossed from side to side only", () => {
  const wall: Wall = { from: { x: 0, y: 0 }, to: { x: 0, y: 10 }, attenuationDb: 7 };
  const db = (ax: number, ay: number, bx: number, by: number): number => attenuation([wall, wall], { x: ax, y: ay }, { x: bx, y: by });
  assert.equal(db(-1, 5, 1, 5), 14);
  assert.equal(db(-1, 0, 1, 0), 14, "its end counts");
  assert.equal(db(-1, -1, 1, -1), 0);
  assert.equal(db(1, 5, 9, 5), 0);
  assert.equal(db(0, 5, 9, 5), 0, "a station in the wall is on both sides");
  assert.equal(db(0, -5, 0, 20), 0);
  assert.equal(metresOf({ x: 0, y: 0 }, { x: 0.1, y: 0 }, 0), 0.1);
  assert.ok(Math.abs(metresOf({ x: 0, y: 0 }, { x: 3, y: 0 }, 30) - 30) < 1e-9);
});

test("a station that moves is heard where it is", () => {
  const medium = new Medium({ seed: 1 });
  const [a, b] = [raw(medium, "a", 0), raw(medium, "b", 31)];
  send(medium, a);
  medium.setPosition("b", 30, 0);
  send(medium, a);
  medium.setPosition("b", 300, 0);
  send(medium, a);
  assert.equal(b.heard.length, 1);
  medium.setLink("a", "b", { inRange: true });
  send(medium, a);
  assert.equal(b.heard.length, 2, "a link that was set holds wherever the stations are");
});

test("who is attached after frames were on the air hears the next one, and who left does not", () => {
  const medium = new Medium({ seed: 1 });
  const a = raw(medium, "a", 0);
  send(medium, a);
  const b = raw(medium, "b", 5);
  const c = raw(medium, "c", 50);
  send(medium, a);
  medium.detach(b.port);
  send(medium, a);
  const again = raw(medium, "b", 6);
  send(medium, a);
  send(medium, again);
  assert.deepEqual([a.heard.length, b.heard.length, c.heard.length, again.heard.length], [1, 1, 0, 1]);
});

test("a frame looks only at the stations in its range", () => {
  const medium = new Medium({ seed: 1 });
  const [near, other, far] = [raw(medium, "near", 0), raw(medium, "other", 10), raw(medium, "far", 500)];
  send(medium, near);
  let looks = 0;
  const { channel } = far.port;
  Object.defineProperty(far.port, "channel", {
    get: () => {
      looks++;
      return channel;
    },
  });
  for (let round = 0; round < 5; round++) send(medium, near);
  assert.deepEqual([other.heard.length, looks], [6, 0]);
});

test("noise keeps the channel busy around it, and what is received there meanwhile is lost", () => {
  const medium = new Medium({ seed: 1 });
  const [a, near, far] = [raw(medium, "a", 0), raw(medium, "near", 20), raw(medium, "far", -20)];
  medium.setPosition("jammer", 40, 0);
  let collided = 0;
  medium.onFrame((frame) => (collided += Number(frame.collided)));
  // It begins in the middle of a frame, and ends in the middle of another.
  medium.clock.after(500, () => medium.noise("jammer", 15, 20_000));
  send(medium, a);
  assert.deepEqual([near.heard.length, far.heard.length, collided], [0, 1, 1]);
  assert.deepEqual(
    [medium.busy(near.port, 15, medium.clock.nowUs), medium.busy(near.port, 16, 0), medium.busy(a.port, 15, medium.clock.nowUs)],
    [true, false, false],
  );
  run(medium, 9);
  send(medium, a);
  assert.deepEqual([near.heard.length, far.heard.length, collided], [0, 2, 2]);
  run(medium, 10);
  send(medium, a);
  assert.deepEqual([near.heard.length, far.heard.length, collided], [1, 3, 2]);
  assert.equal(medium.counters.aborted, 0);
});

test("a link that was set in part keeps the rest of what distance makes it", () => {
  const medium = new Medium({ seed: 1, link: { loss: 0 } });
  const [a, b] = [raw(medium, "a", 0), raw(medium, "b", 10)];
  medium.setOneWay("a", "b", { duplicate: 1 } satisfies Partial<Link>);
  send(medium, a);
  assert.deepEqual(b.heard, [{ rssi: -70, lqi: lqiAt(-70) }]);
});
