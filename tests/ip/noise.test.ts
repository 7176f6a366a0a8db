// A member of the network that sends anything: frames that are authentic and whose contents chance has made or changed, with time between
// them.  The node neither traps nor keeps a packet: afterwards it answers an echo of 1,200 octets.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../host/air/random.ts";
import { AirNode, IpAir } from "./air.ts";
import { derived, NETWORK_KEY, PREFIX } from "./captures.ts";
import { frameFrom, pieces, udpPacket } from "./frames.ts";
import { HEADERS } from "./low_vectors.ts";

const OWN = { extended: 0x0200000000000001n, short: 1 };
const EVIL = { extended: 0x0200000000000002n, short: 2 };
const FRIEND = { extended: 0x0200000000000003n, short: 3 };
const FRAMES = 4000;
const PAYLOAD_MAX = 100;

function nodeOf(air: IpAir, own: typeof OWN, others: readonly (typeof OWN)[]): AirNode {
  const node = new AirNode(air, "ip/node", `${own.short}`, own.extended);
  node.doors.keysInstall(1, node.write(derived(NETWORK_KEY)), 2);
  const address = Buffer.concat([PREFIX, Buffer.from([0, 0, 0, 0xff, 0xfe, 0, 0, own.short])]);
  node.write(Buffer.concat([address, PREFIX]));
  node.call("open", 15, 0xface, own.short);
  for (const other of others) node.call("neighbour", other.extended, other.short);
  return node;
}

/** What 6LoWPAN is given: forms of headers, fragments, packets, changed a little or a lot. */
function contents(random: Random, seeds: readonly Buffer[]): Buffer {
  const seed = seeds[random.below(seeds.length)];
  const octets = Buffer.alloc(random.chance(0.7) ? Math.min(seed.length, PAYLOAD_MAX) : random.below(PAYLOAD_MAX));
  random.fill(octets);
  if (random.chance(0.9)) seed.copy(octets);
  for (let flips = random.below(5); flips > 0 && octets.length > 0; flips--)
    octets[random.below(Math.min(octets.length, 60))] ^= 1 << random.below(8);
  return octets;
}

test("whatever a member sends, the node goes on and has all its packets", () => {
  const air = new IpAir("noise");
  const node = nodeOf(air, OWN, [EVIL, FRIEND]);
  const friend = nodeOf(air, FRIEND, [OWN]);
  const random = new Random(4, "noise");
  const packet = udpPacket(EVIL, OWN, Buffer.alloc(400, 1));
  const seeds = [
    ...HEADERS.map(({ octets }) => Buffer.from(octets.replaceAll(" ", ""), "hex")),
    ...pieces(packet, 1, EVIL, OWN).map(({ octets }) => octets),
    Buffer.concat([Buffer.from([0x41]), packet.subarray(0, 90)]),
  ];
  for (let count = 0; count < FRAMES; count++) {
    const clear = random.chance(0.2);
    node.inject(frameFrom(EVIL, OWN, contents(random, seeds), { clear, broadcast: random.chance(0.2), type: random.chance(0.05) ? 3 : 1 }));
    air.run(random.chance(0.01) ? 3000 : 2);
  }
  air.run(12_000);
  for (let count = 0; count < 8; count++) {
    friend.write(Buffer.concat([PREFIX, Buffer.from("000000fffe000001", "hex")]));
    assert.equal(friend.call("ping", 1200, 0, 2, 1n, friend.now), 0);
    air.run(1000);
  }
  air.close();
  assert.equal(friend.heard(229).length, 8);
});
