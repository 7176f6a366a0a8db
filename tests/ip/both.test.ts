// Two networks on one radio: a hub of both phases with a meter and a display of each.
//
//   1. Everyone joins, on one channel, in two PANs.  2. For an hour the display of phase 1 shows its meter, and the devices of phase 2 ask
//   the hub.  3. Neither network hears a frame of the other.  4. The hub's power is cut: both come back, without joining again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { RadioParameter } from "../../host/abi.ts";
import { Medium } from "../../host/air/medium.ts";
import { Radio } from "../../host/air/radio.ts";
import { Random } from "../../host/air/random.ts";
import { beaconRequest } from "../air/zigbee.ts";
import { BothHome } from "./both_home.ts";
import type { EngineName } from "./home.ts";

const MINUTE = 60;
const [PRO, IP] = [0, 2];
const BROADCAST = 0xffff;

function joined(seed: number, engine: EngineName = "V8"): BothHome {
  const home = new BothHome(seed, engine);
  home.start();
  assert.ok(
    home.until(() => home.served, 6 * MINUTE),
    home.tail(),
  );
  return home;
}

/** Channel and PAN of each network that the hub formed or took up, in order. */
const formed = (home: BothHome): [number, number][] => home.told("hub", "Formed").map(({ channel, pan }) => [channel, pan]);

test("one hub serves both phases for an hour, each network for itself", () => {
  const home = joined(1);
  const [[channel, pan], [channel2, pan2]] = formed(home);
  assert.equal(channel2, channel, "one channel");
  assert.ok(pan < 0x3fff && pan2 >= 0x4000 && pan2 < BROADCAST, `${pan}, ${pan2}`);
  for (let minute = 0; minute < 60; minute += 2) {
    home.run(2 * MINUTE);
    assert.ok(home.served, `minute ${minute}: ${home.tail()}`);
  }
  const received = [0, 1].map((number) => home.taken.filter(({ interfaceNumber }) => interfaceNumber === number));
  assert.ok(received.every((each) => each.length > 300));
  for (const [number, own] of [pan, pan2].entries())
    for (const { psdu } of received[number]) {
      const target = (psdu[1] & 0x0c) === 0 ? own : psdu.readUInt16LE(3);
      assert.ok(target === own || target === BROADCAST, `interface ${number} was given ${psdu.toString("hex")}`);
    }
  assert.deepEqual(home.troubles, []);
  assert.equal(home.told("hub", "Formed").length, 2);
});

test("who scans is answered by both networks, each in its form", () => {
  const home = joined(2);
  const [[channel, pan], [, pan2]] = formed(home);
  const radio = new Radio(home.medium, { id: "scanner" });
  const beacons = new Map<number, Buffer>();
  radio.onReceived = (octets) => {
    const psdu = Buffer.from(octets);
    if ((psdu[0] & 7) === 0) beacons.set(psdu.readUInt16LE(3), psdu);
  };
  for (const [parameter, value] of [
    [RadioParameter.Channel, channel],
    [RadioParameter.PanId, BROADCAST],
    [RadioParameter.Receive, 1],
  ])
    radio.set(parameter, BigInt(value));
  radio.send(beaconRequest(1), 1);
  home.run(1);
  // The upper layer's payload begins with the protocol, behind the superframe, and no time slots and no pending addresses.
  const protocol = (beacon: Buffer | undefined): number | undefined => beacon?.[5 + ((beacon[1] & 0xc0) === 0xc0 ? 8 : 2) + 4];
  assert.deepEqual([protocol(beacons.get(pan)), protocol(beacons.get(pan2))], [PRO, IP]);
  radio.powerOff();
});

test("the hub's power is cut, at any time: both networks come back as they were", () => {
  const home = joined(3);
  const networks = formed(home);
  const random = new Random("cuts", "3");
  for (let round = 0; round < 6; round++) {
    const [before, at] = [home.told("ihd1", "Key").length, home.nowMs];
    home.cut("hub", [0.01, 1, 30][round % 3]);
    // Once more while it comes up.
    if (round >= 3) {
      home.run(random.below(1000) / 1000);
      home.cut("hub", 0.01);
    }
    home.run(MINUTE);
    assert.ok(
      home.until(() => home.served, 10 * MINUTE),
      `round ${round}: ${home.tail()}`,
    );
    assert.equal(home.told("ihd1", "Key").length, before, "the keys of phase 1 are those of before");
    for (const network of home.told("hub", "Formed", at).map(({ channel, pan }) => [channel, pan]))
      assert.ok(
        networks.some(([channel, pan]) => channel === network[0] && pan === network[1]),
        "the networks are those of before",
      );
  }
  assert.deepEqual(home.troubles, []);
});

test("a power cut while the networks form leaves a hub that forms both", () => {
  for (const afterMs of [1, 50, 400, 1500, 2200, 2500, 3000]) {
    const home = new BothHome(4);
    home.device("hub").powerOn();
    home.settle();
    home.run(afterMs / 1000);
    home.cut("hub", 1);
    home.run(20);
    const networks = formed(home).slice(-2);
    assert.equal(networks.length, 2, `cut after ${afterMs} ms`);
    assert.equal(networks[0][0], networks[1][0]);
    assert.ok(networks[0][1] < 0x3fff && networks[1][1] >= 0x4000);
  }
});

test("V8 and wasm3 make the same air of it, to the octet and the microsecond", () => {
  const air = (engine: EngineName): string[] => {
    const home = new BothHome(5, engine);
    home.start();
    home.run(2 * MINUTE);
    assert.deepEqual(home.troubles, []);
    assert.ok(home.told("meter", "Joined").length > 0 && home.told("ihd1", "Key").length > 0, home.tail());
    return home.frames.map(({ timeUs, source, psdu }) => `${timeUs} ${source} ${Buffer.from(psdu).toString("hex")}`);
  };
  const first = air("V8");
  assert.ok(first.length > 1000);
  assert.deepEqual(air("wasm3"), first);
});

test("an interface that nobody has given a PAN takes nothing", () => {
  const medium = new Medium({ seed: 9 });
  const [radio, other] = ["here", "there"].map((id) => new Radio(medium, { id, interfaces: 2 }));
  const taken: number[] = [];
  radio.onReceived = (_psdu, _lqi, _rssi, { interfaceNumber }) => taken.push(interfaceNumber);
  for (const each of [radio, other]) {
    each.set(RadioParameter.Channel, 11n);
    each.set(RadioParameter.PanId, 1n);
    each.set(RadioParameter.Receive, 1n);
  }
  other.send(beaconRequest(1), 1);
  medium.clock.runUntil(50_000);
  assert.deepEqual(taken, [0]);
  radio.set(RadioParameter.PanId, 2n, 1);
  other.send(beaconRequest(2), 1);
  medium.clock.runUntil(100_000);
  assert.deepEqual(taken, [0, 0, 1]);
});
