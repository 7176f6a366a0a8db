// A member of the mesh that lies: what it sends is dropped, counted by its reason, and changes nothing.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { BORDER, CONTROL, DAOS, FAR, FOREIGN, GRAPH, HEADERS, HOST, IP, NEAR, NEIGHBOURS, NO_BUFFER, REFUSED } from "./mesh_lies.ts";
import { ALL, abro, dao, duplicate, hops, near, OTHER_PREFIX, pio, ra, routed, target, transit } from "./mesh_messages.ts";
import { addressOf, linkLocalOf, Net, packetOf } from "./mesh_net.ts";

let net: Net;
before(() => {
  // A chain, and in the middle of it the liar's place: what it says comes as from a neighbour that is linked.
  net = new Net("hostile", (from, to) => (Math.abs(from - to) === 1 ? 100 : 0));
  net.add("border");
  net.add("router", BORDER);
  net.add("router", NEAR);
  net.add("host", FAR);
  net.run(60_000);
  settled();
});

/** Everyone is in, and reachable both ways. */
function settled(): void {
  let sequence = Math.floor(net.now / 100) & 0x3fff;
  for (const index of [NEAR, FAR, HOST]) {
    assert.equal(net.devices[index].calls.addressState(), 2);
    for (const [from, to] of [
      [BORDER, index],
      [index, BORDER],
    ]) {
      net.ping(from, to, ++sequence);
      net.run(net.now + 500);
      assert.ok(net.ponged(from, to, sequence), `${from} reaches ${to}`);
    }
  }
  assert.deepEqual(
    [NEAR, FAR].map((index) => Number(net.devices[index].calls.rank())),
    [256, 384],
  );
}

for (const [what, lies] of [
  ["the graph", GRAPH],
  ["ways", DAOS],
  ["neighbours", NEIGHBOURS],
  ["headers", HEADERS],
] as const) {
  test(`lies about ${what} are dropped, each counted once by its reason, and change nothing`, () => {
    for (const { name, to, from, packet, layer, reason } of lies()) {
      const before = net.devices[to].drops(layer, reason);
      net.put(to, from, packet);
      assert.equal(net.devices[to].drops(layer, reason), before + 1, name);
      net.run(net.now + 200);
    }
    settled();
  });
}

test("tunnels in tunnels end", () => {
  let packet = packetOf(addressOf(FAR), addressOf(NEAR), 64, 59, Buffer.alloc(0));
  for (let depth = 0; depth < 4; depth++) packet = packetOf(linkLocalOf(FAR), linkLocalOf(NEAR), 64, 41, packet);
  const before = net.devices[NEAR].drops(IP, REFUSED);
  net.put(NEAR, FAR, packet);
  assert.equal(net.devices[NEAR].drops(IP, REFUSED), before + 1);
});

test("what hides in a tunnel is no neighbour's word", () => {
  const inner = near(ra(abro(0x20000, OTHER_PREFIX), pio(OTHER_PREFIX)), FAR, ALL);
  const before = net.devices[NEAR].drops(CONTROL, FOREIGN);
  net.put(NEAR, FAR, packetOf(addressOf(FAR), addressOf(NEAR), 64, 41, inner));
  assert.equal(net.devices[NEAR].drops(CONTROL, FOREIGN), before + 1);
  settled();
});

test("a host that left is answered for, and no packet goes in circles", () => {
  const sent = { ...net.sent };
  const gone = packetOf(addressOf(NEAR), addressOf(7), 64, 59, Buffer.alloc(0));
  // As the root would send it, did it still believe in the host.
  net.put(NEAR, BORDER, packetOf(addressOf(BORDER), addressOf(NEAR), 64, 0, hops([0x63, 4, 0x80, 0, 0, 1], 41), gone));
  net.run(net.now + 2000);
  const frames =
    Object.values(net.sent).reduce((sum, count) => sum + count, 0) - Object.values(sent).reduce((sum, count) => sum + count, 0);
  assert.ok(frames < 10, `${frames} packets`);
  settled();
});

test("a full table answers, counts, and keeps who was there", () => {
  const device = net.devices[BORDER];
  const before = device.drops(CONTROL, NO_BUFFER);
  for (let index = 0; index < 80; index++) {
    const address = Buffer.from(addressOf(0));
    address.writeUInt32BE(0x10000 + index, 12);
    net.put(BORDER, NEAR, routed(dao(target(address), transit(addressOf(NEAR))), address, addressOf(BORDER)));
    net.put(BORDER, NEAR, routed(duplicate(157, 0, 1, 100 + index, address), addressOf(NEAR), addressOf(BORDER)));
    net.run(net.now + 50);
  }
  assert.ok(device.drops(CONTROL, NO_BUFFER) > before + 40);
  settled();
});
