// The hub's Ethernet in a whole home: addresses, neighbours, what passes into the network and out of it, and what does not.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ACK,
  ALL_NODES,
  advertisement,
  echo,
  frame,
  groupMac,
  HOST_MAC,
  icmp,
  inPrefix,
  intact,
  isIcmp,
  linkOption,
  ND,
  NEXT,
  NOBODY,
  nearOf,
  RST,
  SYN,
  solicitation,
  solicitedGroup,
  tcp,
  udp,
} from "./outside.ts";
import { HUB_MAC, HUB_NEAR, Street } from "./street.ts";

const NEAR = nearOf(HOST_MAC);
const ROUTERS = Buffer.from("ff020000000000000000000000000002", "hex");
const UNREACHABLE = 1;
const TOO_BIG = 2;
const TIME_EXCEEDED = 3;
const ECHO_REPLY = 129;
const ICMP = NEXT.icmp;

function joined(seed: number): Street {
  const street = new Street(seed);
  street.home.run(60);
  assert.ok(street.home.joined("meter"));
  assert.deepEqual(street.home.troubles, []);
  return street;
}

const street = joined(1);
const { self, hub, network, prefix } = street;
const meter = street.device("meter");

/** What is heard within a while after something was said. */
function after(say: () => void, seconds = 1): ReturnType<Street["listen"]> {
  say();
  return street.listen(seconds);
}

const ping = (target: Buffer, { source = self, octets = 8, hops = 64, identifier = 7 } = {}): void =>
  street.say({ source, target, next: ICMP, payload: echo(source, target, identifier, octets), hops });

test("the hub tests its two addresses, then says what it is the way to, and that it is no default router", () => {
  const [first, second, told] = street.heard;
  for (const tested of [first, second]) {
    assert.ok(isIcmp(tested, ND.solicitation) && intact(tested));
    assert.equal(tested.hops, 255);
    assert.ok(tested.source.equals(NOBODY) && tested.target.equals(solicitedGroup(HUB_NEAR)));
    assert.ok(tested.toMac.equals(groupMac(tested.target)) && tested.fromMac.equals(HUB_MAC));
    assert.equal(tested.payload.length, 24, "no option");
  }
  assert.ok(first.payload.subarray(8).equals(HUB_NEAR) && second.payload.subarray(8).equals(hub));
  assert.ok(isIcmp(told, ND.routerAdvertisement) && intact(told));
  assert.ok(told.hops === 255 && told.source.equals(HUB_NEAR) && told.target.equals(ALL_NODES));
  assert.equal(told.payload.readUInt16BE(6), 0, "router lifetime");
  const option = told.payload.subarray(16, 48);
  assert.deepEqual([...option.subarray(0, 4)], [3, 4, 64, 0xc0], "a prefix on the link, for addresses");
  assert.equal(option.readUInt32BE(4), 1800);
  assert.equal(told.payload.readUInt8(48), 24, "a route");
  assert.ok(told.payload.subarray(64).equals(linkOption(1, HUB_MAC)));
  assert.equal(prefix[0], 0xfd);
  assert.ok(prefix.subarray(0, 7).equals(network.subarray(0, 7)) && prefix[7] === (network[7] ^ 1));
});

test("a router solicitation is answered within half a second, but not twice in three", () => {
  street.home.run(20);
  const told = (): number => street.heard.filter((heard) => isIcmp(heard, ND.routerAdvertisement)).length;
  const ask = (): void => {
    const payload = icmp(NEAR, ROUTERS, ND.routerSolicitation, 0, Buffer.alloc(4));
    street.say({ source: NEAR, target: ROUTERS, next: ICMP, payload, hops: 255, toMac: groupMac(ROUTERS) });
  };
  const before = told();
  ask();
  street.home.run(0.6);
  assert.equal(told(), before + 1);
  ask();
  street.home.run(2);
  assert.equal(told(), before + 1);
  street.home.run(1.5);
  assert.equal(told(), before + 2);
});

test("a solicitation of our addresses is answered to who asks, one that tests them to everyone, one of others not at all", () => {
  const ask = (target: Buffer, source = self, to = solicitedGroup(target), hops = 255) =>
    after(() => street.say({ source, target: to, next: ICMP, payload: solicitation(source, target, to), hops, toMac: groupMac(to) }), 0.1);
  for (const target of [HUB_NEAR, hub]) {
    const [answer] = ask(target);
    assert.ok(isIcmp(answer, ND.advertisement) && intact(answer) && answer.hops === 255);
    assert.equal(answer.payload[4] >> 5, 7, "router, solicited, override");
    assert.ok(answer.toMac.equals(HOST_MAC) && answer.source.equals(target) && answer.target.equals(self));
    assert.ok(answer.payload.subarray(24).equals(linkOption(2, HUB_MAC)));
    const payload = icmp(NOBODY, solicitedGroup(target), ND.solicitation, 0, Buffer.concat([Buffer.alloc(4), target]));
    const test = {
      source: NOBODY,
      target: solicitedGroup(target),
      next: ICMP,
      payload,
      hops: 255,
      toMac: groupMac(solicitedGroup(target)),
    };
    const [told] = after(() => street.say(test), 0.1);
    assert.ok(told.target.equals(ALL_NODES) && told.payload[4] >> 5 === 5, "not solicited");
  }
  assert.deepEqual(ask(meter), [], "not in the network's name");
  assert.deepEqual(ask(inPrefix(prefix, Buffer.alloc(8, 1))), []);
  assert.deepEqual(ask(hub, self, solicitedGroup(hub), 64), [], "it was routed");
});

test("the hub answers an echo, of up to 1,232 octets, after it asked where the host is", () => {
  for (const octets of [8, 1_200, 1_232]) {
    const [answer] = after(() => ping(hub, { octets }));
    assert.ok(isIcmp(answer, ECHO_REPLY) && intact(answer));
    assert.equal(answer.payload.length, 8 + octets);
    assert.ok(answer.toMac.equals(HOST_MAC) && answer.source.equals(hub));
  }
  const [near] = after(() => ping(HUB_NEAR, { source: NEAR }));
  assert.ok(near.source.equals(HUB_NEAR) && near.target.equals(NEAR));
  const [group] = after(() => street.say({ source: NEAR, target: ALL_NODES, next: ICMP, payload: echo(NEAR, ALL_NODES, 1) }));
  assert.ok(group.source.equals(HUB_NEAR), "an echo to everyone, from the link's own address");
  const [other] = after(() => ping(street.device("hub")));
  assert.ok(other.source.equals(street.device("hub")), "by its address in the network, too");
});

test("a packet that is larger than the network takes is answered with Packet Too Big of 1,280", () => {
  street.open("meter", 443);
  for (const target of [hub, meter]) {
    const [answer] = after(() => ping(target, { octets: 1_233 }));
    assert.ok(isIcmp(answer, TOO_BIG) && intact(answer));
    assert.equal(answer.payload.readUInt32BE(4), 1280);
    assert.ok(answer.payload.length <= 1_240);
  }
  assert.equal(after(() => ping(meter, { octets: 1_232 }), 3).filter((heard) => isIcmp(heard, ECHO_REPLY)).length, 1);
  street.open("meter", 443, false);
});

test("nothing of the meter is reached before it was opened, its port is then, and after it was closed nothing any more", () => {
  const connect = (port: number) =>
    after(() => street.say({ source: self, target: meter, next: NEXT.tcp, payload: tcp(self, meter, 40_000 + port, port, SYN) }), 2);
  const before = street.dropped("ip", "refused");
  assert.deepEqual([...connect(443), ...connect(80), ...after(() => ping(meter))], []);
  assert.equal(street.dropped("ip", "refused"), before + 3);
  street.open("meter", 443);
  const [answer] = connect(443);
  assert.ok(answer.next === NEXT.tcp && intact(answer) && (answer.payload[13] & (SYN | ACK)) === (SYN | ACK));
  assert.ok(answer.hops < 64, "it was passed on");
  const reset = tcp(self, meter, 40_443, 443, RST, 2);
  assert.deepEqual(
    after(() => street.say({ source: self, target: meter, next: NEXT.tcp, payload: reset }), 2),
    [],
  );
  assert.deepEqual(connect(80), []);
  assert.equal(after(() => ping(meter)).filter((heard) => isIcmp(heard, ECHO_REPLY)).length, 1);
  street.open("meter", 443, false);
  assert.deepEqual([...connect(443), ...after(() => ping(meter))], []);
});

test("a hop limit that ends at the hub is told, an address that nobody in the network has likewise", () => {
  const [over] = after(() => ping(meter, { hops: 1 }));
  assert.ok(isIcmp(over, TIME_EXCEEDED) && intact(over));
  assert.ok(over.source.equals(street.device("hub")));
  street.open("far", 443); // nobody is there
  const [none] = after(() => ping(street.device("far")));
  assert.ok(isIcmp(none, UNREACHABLE) && none.payload[1] === 0);
  street.open("far", 443, false);
});

test("what does not come from the link's prefix, or comes in our name, or in the network's, goes nowhere", () => {
  street.open("meter", 443);
  const sources = [
    meter,
    hub,
    street.device("hub"),
    inPrefix(network, Buffer.alloc(8, 3)),
    Buffer.from("20010db8000000000000000000000001", "hex"),
    NEAR,
    NOBODY,
    Buffer.from("00000000000000000000000000000001", "hex"),
    ALL_NODES,
  ];
  for (const source of sources) {
    const before = street.home.frames.length;
    assert.deepEqual(
      after(() => ping(meter, { source }), 0.2),
      [],
      source.toString("hex"),
    );
    const air = street.home.frames.slice(before).filter((sent) => sent.source === "hub" && sent.psdu.length > 90);
    assert.deepEqual(air, [], `${source.toString("hex")} on the air`);
  }
  for (const source of [hub, HUB_NEAR, street.device("hub"), NOBODY])
    assert.deepEqual(
      after(() => ping(hub, { source }), 0.2),
      [],
    );
  street.open("meter", 443, false);
});

test("no tunnel, no source route and no fragment of outside is looked into", () => {
  street.open("meter", 443);
  const inner = frame({ source: self, target: hub, next: ICMP, payload: echo(self, hub, 9), toMac: HUB_MAC }).subarray(14);
  const replies = (next: number, payload: Buffer, target = hub) =>
    after(() => street.say({ source: self, target, next, payload })).filter((heard) => isIcmp(heard, ECHO_REPLY));
  assert.deepEqual(replies(41, inner), []);
  const route = Buffer.concat([Buffer.from([ICMP, 2, 3, 1, 0, 0, 0, 0]), meter, echo(self, meter, 9)]);
  assert.deepEqual(replies(43, route), []);
  assert.deepEqual(replies(44, Buffer.concat([Buffer.from([ICMP, 0, 0, 1, 0, 0, 0, 1]), echo(self, hub, 9)])), []);
  for (const next of [0, 43, 44, 60]) {
    assert.deepEqual(replies(next, Buffer.concat([Buffer.from([ICMP, 0, 1, 4, 0, 0, 0, 0]), echo(self, meter, 9)]), meter), [], `${next}`);
  }
  street.open("meter", 443, false);
});

test("MLE, PANA, RPL and registrations are the network's own: from Ethernet nothing of them is taken", () => {
  const said = after(() => {
    for (const port of [716, 19_788]) street.say({ source: self, target: hub, next: NEXT.udp, payload: udp(self, hub, port, port, 16) });
    for (const type of [155, 157, 158, 137, 134]) {
      const payload = icmp(self, hub, type, 0, Buffer.alloc(44));
      street.say({ source: self, target: hub, next: ICMP, payload, hops: 255 });
    }
  });
  assert.deepEqual(said, []);
  assert.equal(street.dropped("transport", "foreign"), 2);
  assert.equal(after(() => ping(hub)).length, 1);
});

test("TCP of the link's own addresses is refused: its answers would not know the link", () => {
  const payload = tcp(NEAR, HUB_NEAR, 40_000, 443, SYN);
  assert.deepEqual(
    after(() => street.say({ source: NEAR, target: HUB_NEAR, next: NEXT.tcp, payload })),
    [],
  );
});

test("frames that are not for us, not of IPv6, cut or larger than they can be are dropped and counted", () => {
  const good = frame({ source: self, target: hub, next: ICMP, payload: echo(self, hub, 7), toMac: HUB_MAC });
  const cases: [string, Buffer, string][] = [
    [
      "another's",
      frame({ source: self, target: hub, next: ICMP, payload: echo(self, hub, 7), toMac: Buffer.from("0a0000000002", "hex") }),
      "foreign",
    ],
    [
      "of a group",
      frame({ source: self, target: hub, next: ICMP, payload: echo(self, hub, 7), toMac: HUB_MAC, fromMac: groupMac(hub) }),
      "malformed",
    ],
    ["of IPv4", frame({ source: self, target: hub, next: ICMP, payload: echo(self, hub, 7), toMac: HUB_MAC, type: 0x0800 }), "malformed"],
    ["cut in its header", good.subarray(0, 53), "malformed"],
    ["cut", good.subarray(0, good.length - 1), "malformed"],
    [
      "that says too much",
      frame({ source: self, target: hub, next: ICMP, payload: echo(self, hub, 7), toMac: HUB_MAC, size: 1_300 }),
      "malformed",
    ],
  ];
  for (const [name, octets, reason] of cases) {
    const before = street.dropped("link", reason);
    assert.deepEqual(
      after(() => street.give(octets), 0.1),
      [],
      name,
    );
    assert.equal(street.dropped("link", reason), before + 1, name);
  }
  assert.equal(after(() => street.give(Buffer.concat([good, Buffer.alloc(40)]))).length, 1, "what fills a short frame is no harm");
});

test("a host that is silent costs a row for three seconds, and others are heard meanwhile", () => {
  street.answers = false;
  const other = inPrefix(prefix, Buffer.alloc(8, 0x77));
  const before = street.dropped("ip", "unsent");
  assert.deepEqual(
    after(() => ping(hub, { source: other }), 0.5),
    [],
  );
  assert.deepEqual(street.listen(4), []);
  assert.equal(street.dropped("ip", "unsent"), before + 1);
  street.answers = true;
  // Forty hosts that do not exist, and one that does.
  for (let index = 0; index < 40; index++) {
    ping(hub, { source: inPrefix(prefix, Buffer.alloc(8, 0x80 + index)) });
    street.home.run(0.001);
  }
  assert.equal(after(() => ping(hub)).filter((heard) => isIcmp(heard, ECHO_REPLY)).length, 1);
});

test("a neighbour that moved is believed when it overrides, and is asked again before long", () => {
  const moved = Buffer.from("0a0000000099", "hex");
  after(() => ping(hub));
  const say = (flags: number): void => {
    const payload = advertisement(self, ALL_NODES, self, flags, moved);
    street.say({ source: self, target: ALL_NODES, next: ICMP, payload, hops: 255, toMac: groupMac(ALL_NODES) });
    street.home.run(0.01);
  };
  say(0);
  assert.ok(after(() => ping(hub))[0].toMac.equals(HOST_MAC));
  say(1);
  assert.ok(after(() => ping(hub))[0].toMac.equals(moved));
  street.home.run(6);
  assert.ok(after(() => ping(hub))[0].toMac.equals(HOST_MAC), "it was asked, and the answer overrides");
});

test("a flood of ten times: an opened meter's echoes arrive, and those of the hub", () => {
  street.open("meter", 443);
  let hubs = 0;
  let meters = 0;
  for (let round = 0; round < 20; round++) {
    for (let index = 0; index < 10; index++) {
      ping(hub, { source: inPrefix(prefix, Buffer.alloc(8, 0x30 + index)), octets: 1_000 });
      street.say({ source: self, target: meter, next: NEXT.udp, payload: udp(self, meter, 1, 2, 900) });
      street.home.run(0.001);
    }
    const from = street.heard.length;
    ping(hub);
    street.home.run(0.001);
    ping(meter);
    street.home.run(1);
    const heard = street.heard.slice(from);
    hubs += heard.filter((one) => isIcmp(one, ECHO_REPLY) && one.source.equals(hub)).length;
    meters += heard.filter((one) => isIcmp(one, ECHO_REPLY) && one.source.equals(meter)).length;
  }
  assert.ok(hubs >= 19 && meters >= 19, `${hubs} and ${meters} of 20`);
  assert.deepEqual(street.home.troubles, []);
  street.open("meter", 443, false);
});

test("who floods what is open keeps nobody from the hub, and the network from nothing once it ends", () => {
  street.open("meter", 443);
  let hubs = 0;
  for (let round = 0; round < 20; round++) {
    for (let index = 0; index < 10; index++) {
      street.say({ source: self, target: meter, next: NEXT.udp, payload: udp(self, meter, 1, 443, 900) });
      street.home.run(0.001);
    }
    ping(hub);
    const heard = street.listen(0.1);
    hubs += heard.filter((one) => isIcmp(one, ECHO_REPLY) && one.source.equals(hub)).length;
  }
  assert.ok(hubs >= 19, `${hubs} of 20`);
  street.home.run(10);
  assert.equal(after(() => ping(meter)).filter((one) => isIcmp(one, ECHO_REPLY)).length, 1);
  street.open("meter", 443, false);
});

test("what was opened is open after the hub's power failed", () => {
  street.open("meter", 443);
  const device = street.home.devices.get("hub");
  device?.close();
  street.home.run(5);
  device?.powerOn();
  street.home.run(120);
  assert.equal(after(() => ping(meter), 3).filter((heard) => isIcmp(heard, ECHO_REPLY)).length, 1);
});

test("an address that somebody has is not taken, and tried again after a minute", () => {
  for (const how of ["has it", "wants it too"]) {
    const other = new Street(2, "V8", { hub: "hub" });
    const mac = Buffer.from("0a0000000055", "hex");
    const until = (done: () => boolean): void => {
      for (let steps = 0; steps < 3_000 && !done(); steps++) other.home.run(0.01);
    };
    until(() => other.heard.length >= 2);
    const tests = other.heard.length;
    const group = solicitedGroup(HUB_NEAR);
    if (how === "has it") {
      const payload = advertisement(HUB_NEAR, ALL_NODES, HUB_NEAR, 1, mac);
      other.say({ source: HUB_NEAR, target: ALL_NODES, next: ICMP, payload, hops: 255, fromMac: mac, toMac: groupMac(ALL_NODES) });
    } else {
      const payload = icmp(NOBODY, group, ND.solicitation, 0, Buffer.concat([Buffer.alloc(4), HUB_NEAR]));
      other.say({ source: NOBODY, target: group, next: ICMP, payload, hops: 255, fromMac: mac, toMac: groupMac(group) });
    }
    other.home.run(55);
    assert.equal(other.heard.length, tests, how);
    other.home.run(10);
    assert.ok(
      other.heard.some((heard) => isIcmp(heard, ND.routerAdvertisement)),
      how,
    );
  }
});
