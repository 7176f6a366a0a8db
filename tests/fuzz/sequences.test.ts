// Sequences of 2 to 16 packets with time between them: what one packet alone cannot do.  After each the hub serves as before.
//
// On Ethernet a whole hub of phase 2 takes frames of every kind, mutated, their sums made right again half the time; on the air a node takes
// what a member gone bad seals: packets, fragments, and pieces of both.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../host/air/random.ts";
import { AirNode, IpAir } from "../ip/air.ts";
import { derived, NETWORK_KEY, PREFIX } from "../ip/captures.ts";
import { FLUSH, srv, TYPE, txt, write } from "../ip/dns_words.ts";
import { checksum, frameFrom } from "../ip/frames.ts";
import { lowVectors } from "../ip/low_vectors.ts";
import {
  ACK,
  advertisement,
  echo,
  frame,
  groupMac,
  HOST_MAC,
  icmp,
  ND,
  NEXT,
  NOBODY,
  nearOf,
  RST,
  SYN,
  solicitation,
  tcp,
  udp,
} from "../ip/outside.ts";
import { HUB_MAC, HUB_NEAR, Street } from "../ip/street.ts";
import { mutate } from "./mutate.ts";

const SEED = Number(process.env.KILOWASM_SEED ?? 1);
const HUB_SEQUENCES = 160;
const NODE_SEQUENCES = 60;
const LONGEST = 16;
const PAYLOAD_MAX = 97;
const NAMES = Buffer.from("ff0200000000000000000000000000fb", "hex");
const NEAR = nearOf(HOST_MAC);
const PLACE: Record<number, number> = { [NEXT.icmp]: 2, [NEXT.udp]: 6, [NEXT.tcp]: 16 };

/** Puts the sum of what a frame carries right. */
function summed(octets: Buffer): Buffer {
  const place = 54 + (PLACE[octets[20]] ?? 0);
  if (place === 54 || place + 2 > octets.length) return octets;
  octets.writeUInt16BE(octets.length - 54, 18);
  octets.writeUInt16BE(0, place);
  octets.writeUInt16BE(checksum(octets.subarray(54), octets.subarray(22, 54), octets[20]), place);
  return octets;
}

function seeds(street: Street): Buffer[] {
  const { self, hub } = street;
  const to = (source: Uint8Array, target: Uint8Array, next: number, payload: Uint8Array, hops = 255): Buffer =>
    frame({ source, target, next, payload, hops, toMac: target[0] === 0xff ? groupMac(target) : HUB_MAC });
  const said = (message: Parameters<typeof write>[0]): Buffer => {
    const payload = write(message);
    const datagram = Buffer.concat([udp(NEAR, NAMES, 5353, 5353, 0), payload]);
    datagram.writeUInt16BE(datagram.length, 4);
    return summed(to(NEAR, NAMES, NEXT.udp, datagram));
  };
  const [host, service] = ["device-026b770000000001.local", "_smartenergy._tcp.local"];
  const data = Buffer.concat([tcp(self, hub, 40_001, 80, ACK, 2), Buffer.from("GET /dcap HTTP/1.1\r\nHost: x\r\n\r\n")]);
  return [
    to(NEAR, HUB_NEAR, NEXT.icmp, solicitation(NEAR, HUB_NEAR, HUB_NEAR)),
    to(NOBODY, HUB_NEAR, NEXT.icmp, solicitation(NOBODY, HUB_NEAR, HUB_NEAR, Buffer.alloc(0))),
    to(NEAR, HUB_NEAR, NEXT.icmp, advertisement(NEAR, HUB_NEAR, NEAR, 7)),
    to(NEAR, HUB_NEAR, NEXT.icmp, icmp(NEAR, HUB_NEAR, ND.routerSolicitation, 0, Buffer.alloc(4))),
    to(self, hub, NEXT.icmp, echo(self, hub, 1, 64)),
    to(self, hub, NEXT.tcp, tcp(self, hub, 40_000, 80, SYN)),
    to(self, hub, NEXT.tcp, tcp(self, hub, 40_001, 443, SYN)),
    to(self, hub, NEXT.tcp, tcp(self, hub, 40_000, 80, ACK, 2)),
    to(self, hub, NEXT.tcp, tcp(self, hub, 40_000, 80, RST, 2)),
    summed(to(self, hub, NEXT.tcp, data)),
    to(self, street.device("meter"), NEXT.udp, udp(self, street.device("meter"), 5, 7)),
    said({ questions: [{ name: service, type: TYPE.PTR }] }),
    said({ questions: [{ name: host, type: TYPE.ANY, class: FLUSH | 1 }], authority: [{ name: host, type: TYPE.AAAA, data: self }] }),
    said({
      flags: 0x8400,
      answers: [
        { name: `hub.${service}`, type: TYPE.SRV, data: srv(80, host) },
        { name: `hub.${service}`, type: TYPE.TXT, data: txt("txtvers=1", "dcap=/dcap") },
      ],
    }),
  ];
}

test("a hub goes on after any sequence of frames of its Ethernet", (t) => {
  const random = new Random(SEED, "sequences of Ethernet");
  const street = new Street(SEED, "V8", { hub: "hub" });
  street.home.run(20);
  const all = seeds(street);
  const { self, hub } = street;
  let given = 0;
  for (let sequence = 0; sequence < HUB_SEQUENCES; sequence++) {
    const told: string[] = [];
    for (let count = 2 + random.below(LONGEST - 1); count > 0; count--) {
      let octets: Buffer = Buffer.from(random.chance(0.3) ? all[random.below(all.length)] : mutate(all, random));
      if (random.chance(0.5)) octets = summed(octets);
      told.push(octets.toString("hex"));
      street.give(octets);
      street.home.run(random.chance(0.5) ? random.below(50) / 1000 : random.below(3_000) / 1000);
      given++;
    }
    // Every frame that a stranger can make it wait for is gone by then.
    street.home.run(5);
    street.say({ source: self, target: hub, next: NEXT.icmp, payload: echo(self, hub, 7, 900) });
    const answered = street.listen(3).some((heard) => heard.next === NEXT.icmp && heard.payload[0] === 129);
    assert.ok(
      answered && street.home.troubles.length === 0,
      `seed ${SEED}, sequence ${sequence}: ${street.home.troubles}\n${told.join("\n")}`,
    );
  }
  street.home.run(300);
  street.say({ source: self, target: hub, next: NEXT.tcp, payload: tcp(self, hub, 50_000, 80, SYN) });
  assert.ok(
    street.listen(3).some((heard) => heard.next === NEXT.tcp && heard.payload[13] === (SYN | ACK)),
    "and takes a connection",
  );
  t.diagnostic(`${given} frames in ${HUB_SEQUENCES} sequences`);
});

const OWN = { extended: 0x0200000000000001n, short: 1 };
const EVIL = { extended: 0x0200000000000002n, short: 2 };
const FRIEND = { extended: 0x0200000000000003n, short: 3 };
const addressOf = ({ short }: typeof OWN): Buffer => Buffer.concat([PREFIX, Buffer.from([0, 0, 0, 0xff, 0xfe, 0, 0, short])]);

function nodeOf(air: IpAir, own: typeof OWN, others: readonly (typeof OWN)[]): AirNode {
  const node = new AirNode(air, "ip/node", `${own.short}`, own.extended);
  node.doors.keysInstall(1, node.write(derived(NETWORK_KEY)), 2);
  node.write(Buffer.concat([addressOf(own), PREFIX]));
  node.call("open", 15, 0xface, own.short);
  for (const other of others) node.call("neighbour", other.extended, other.short);
  return node;
}

test("a node puts nothing together that it should not, and keeps nothing, after any sequence of a member's frames", () => {
  const random = new Random(SEED, "sequences of the air");
  const air = new IpAir("sequences");
  const node = nodeOf(air, OWN, [EVIL, FRIEND]);
  const friend = nodeOf(air, FRIEND, [OWN]);
  const packets = lowVectors().flatMap(({ parser, octets }) =>
    parser === "lowpan_fragment" ? [octets] : parser === "ipv6" ? [Buffer.concat([Buffer.of(0x41), octets])] : [],
  );
  assert.ok(packets.length > 10);
  for (let sequence = 0; sequence < NODE_SEQUENCES; sequence++) {
    const told: string[] = [];
    for (let count = 2 + random.below(LONGEST - 1); count > 0; count--) {
      const payload = Buffer.from(random.chance(0.3) ? packets[random.below(packets.length)] : mutate(packets, random));
      told.push(payload.toString("hex"));
      node.inject(frameFrom(EVIL, OWN, payload.subarray(0, PAYLOAD_MAX)));
      air.run(random.chance(0.5) ? 3 + random.below(20) : random.below(4_000));
    }
    air.run(12_000);
    const before = friend.heard(229).length;
    friend.write(addressOf(OWN));
    assert.equal(friend.call("ping", 1200, 0, 2, 1n, friend.now), 0);
    air.run(1_000);
    assert.equal(friend.heard(229).length, before + 1, `seed ${SEED}, sequence ${sequence}:\n${told.join("\n")}`);
  }
  air.close();
});
