// What strangers, members gone bad and replays do to PANA: dropped and counted, memory flat, and a good node joins all the same.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Drop } from "../../host/abi.ts";
import { Random } from "../../host/air/random.ts";
import { AGENT, CLIENT, type Flight, PanaHouse, RELAY, turns } from "./pana_house.ts";
import { AgentHeard, ClientAsk, ClientHeard, global, linkLocal, PANA_PORT, type PanaNode } from "./pana_lab.ts";

const [COMPLETE, REQUEST, START, PING] = [0x2000, 0x8000, 0x4000, 0x0800];
const [INITIATION, AUTHENTICATION, TERMINATION, NOTIFICATION, RELAYED] = [1, 2, 3, 4, 5];
const AUTH = 24;
const STRANGER = 0x0200_0000_0000_0666n;
const SESSIONS_MAX = 28;

function message(type: number, flags: number, session = 0, sequence = 0, attributes: Buffer = Buffer.alloc(0)): Buffer {
  const octets = Buffer.alloc(16);
  octets.writeUInt16BE(16 + attributes.length, 2);
  octets.writeUInt16BE(flags, 4);
  octets.writeUInt16BE(type, 6);
  octets.writeUInt32BE(session >>> 0, 8);
  octets.writeUInt32BE(sequence >>> 0, 12);
  return Buffer.concat([octets, attributes]);
}

function avp(code: number, value: Buffer): Buffer {
  const octets = Buffer.alloc(8 + ((value.length + 3) & ~3));
  octets.writeUInt16BE(code);
  octets.writeUInt16BE(value.length, 4);
  value.copy(octets, 8);
  return octets;
}

const number = (value: number): Buffer => Buffer.from([value >>> 24, value >>> 16, value >>> 8, value]);
const envelope = (client: Buffer, port: number, inner: Buffer): Buffer =>
  message(RELAYED, 0, 0, 0, Buffer.concat([avp(10, Buffer.concat([client, number(port).subarray(2)])), avp(11, inner)]));

function joined(client = CLIENT, parent = RELAY): PanaHouse {
  const house = new PanaHouse();
  house.client(client);
  assert.ok(house.join(client, parent));
  return house;
}

/** All of a node's memory. */
const memoryOf = (node: PanaNode): Buffer => node.read(0, 65536 - 64);

test("AUTH that is missing, or wrong in any place, ends nothing and begins nothing; the right one then does", () => {
  const wrongs: ((octets: Buffer) => Buffer)[] = [
    (octets) => {
      const stripped = Buffer.from(octets.subarray(0, octets.length - AUTH));
      stripped.writeUInt16BE(stripped.length, 2);
      return stripped;
    },
    ...[5, 12, 20, 30, 60, -1, -9, -16].map((at) => (octets: Buffer) => {
      const wrong = Buffer.from(octets);
      wrong[at < 0 ? wrong.length + at : Math.min(at, wrong.length - 1)] ^= 0x01;
      return wrong;
    }),
  ];
  for (const [index, wrong] of wrongs.entries()) {
    for (const side of [REQUEST, 0]) {
      const house = new PanaHouse();
      house.client();
      let good: Flight | undefined;
      house.medium = (flight) => {
        const flags = flight.octets.readUInt16BE(4);
        const isIt = flight.octets.readUInt16BE(6) === AUTHENTICATION && (flags & (COMPLETE | REQUEST)) === (COMPLETE | side);
        if (!isIt || good) return [flight];
        good = flight;
        return [{ ...flight, octets: wrong(flight.octets) }];
      };
      house.start(CLIENT, AGENT);
      house.settle();
      const who = side === REQUEST ? ClientHeard.Joined : AgentHeard.Joined;
      assert.ok(!house.heard(side === REQUEST ? CLIENT : AGENT).includes(who), `wrong ${index}`);
      house.run(100_000);
      assert.ok(house.heard(side === REQUEST ? CLIENT : AGENT).includes(who), `and right after ${index}`);
    }
  }
});

test("a member's session does not end for anybody who cannot say so, and does for the agent", () => {
  const house = joined();
  const id = [...Array(SESSIONS_MAX).keys()].map((row) => house.agent.call("sessionId", row)).find((found) => found !== 0) as number;
  const client = house.node(CLIENT);
  const last = Math.max(...house.sent.map(({ octets }) => octets.readUInt32BE(12)));
  for (const ahead of [-1, 0, 1, 2, 1000, 0x7fffffff]) {
    for (const rest of [
      Buffer.alloc(0) as Buffer,
      avp(1, Buffer.alloc(16)),
      Buffer.concat([avp(9, number(1)), avp(1, Buffer.alloc(16, ahead))]),
    ]) {
      for (const type of [TERMINATION, NOTIFICATION]) {
        for (const flags of [REQUEST, REQUEST | PING, 0, PING]) {
          const lie = message(type, flags, id, last + ahead, rest);
          assert.notEqual(client.clientInput(lie, linkLocal(RELAY), house.now), ClientHeard.Ended);
          assert.equal(house.agent.agentInput(lie, global(CLIENT), true, house.now), AgentHeard.None);
        }
      }
    }
  }
  house.sent.length = client.sent.length = house.agent.sent.length = 0;
  assert.equal(client.call("clientIsOpen"), 1);
  assert.equal(house.ask(CLIENT, ClientAsk.OtherKey, global(AGENT)), 0);
  house.settle();
  assert.ok(house.heard(CLIENT).includes(ClientHeard.Answered), "the session lives");
  house.agent.call("agentRemove", CLIENT, BigInt(house.now));
  house.run(house.now);
  house.settle();
  assert.equal(house.agent.sessionExtended(0), 0n);
  house.run(house.now + 1);
  assert.ok(house.heard(CLIENT).includes(ClientHeard.Ended));
});

test("an initiation, and a whole authentication that fails, take nothing from the member whose address they bear", () => {
  const house = joined();
  const heardBefore = house.agent.call("sessionId", 0);
  house.inject(message(INITIATION, 0), linkLocal(CLIENT), linkLocal(RELAY));
  house.settle();
  assert.equal(house.agent.call("sessionId", 0), heardBefore);
  house.admits = () => false;
  assert.equal(house.join(CLIENT, RELAY), false);
  assert.equal(house.agent.call("sessionId", 0), heardBefore);
  assert.equal(house.node(CLIENT).call("clientIsOpen"), 0);
  house.admits = () => true;
  house.heard(AGENT).length = 0;
  assert.ok(house.join(CLIENT, RELAY));
  assert.notEqual(house.agent.call("sessionId", 0), heardBefore);
  assert.equal(house.agent.sessionExtended(1), 0n, "a device has one session");
});

test("ten thousand initiations from everywhere keep no memory, and a good node joins among them", () => {
  const house = new PanaHouse();
  house.client();
  const random = new Random("pana", "flood");
  const { agent } = house;
  const flood = (): void => {
    const from = BigInt(random.below(0x7fffffff)) | (0x0211n << 48n);
    house.inject(message(INITIATION, 0, random.below(99), random.below(99)), linkLocal(from), linkLocal(random.below(2) ? AGENT : RELAY));
  };
  flood();
  house.settle();
  const before = memoryOf(agent);
  for (let count = 0; count < 10_000; count++) {
    flood();
    house.settle();
    house.run(house.now + 5);
  }
  let changed = 0;
  const after = memoryOf(agent);
  for (let at = 0; at < before.length; at++) if (before[at] !== after[at]) changed++;
  // The request that was answered last, where it came from, its cookie, and counters.
  assert.ok(changed < 400, `${changed} octets of the agent changed`);
  assert.ok(house.node(RELAY).dropped(Drop.Exhausted) > 1000);
  let count = 0;
  house.medium = (flight) => {
    if (count++ < 5000) flood();
    return [flight];
  };
  house.start(CLIENT, RELAY);
  for (let turn = 0; turn < 200 && !house.heard(CLIENT).includes(ClientHeard.Joined); turn++) {
    flood();
    house.run(house.now + 500);
  }
  assert.ok(house.heard(CLIENT).includes(ClientHeard.Joined));
});

test("clients that begin and fall silent make room after ten seconds, those that go on do not", () => {
  const house = new PanaHouse();
  const silent = [1n, 2n, 3n].map((index) => STRANGER + index);
  for (const extended of silent) house.client(extended);
  house.client();
  house.medium = (flight) =>
    silent.includes(flight.source) && flight.octets.readUInt16BE(4) & START
      ? [flight]
      : flight.source === CLIENT ||
          !silent.some((extended) => flight.to.equals(linkLocal(extended))) ||
          flight.octets.readUInt16BE(4) & START
        ? [flight]
        : [];
  for (const extended of silent) house.start(extended, AGENT);
  house.settle();
  assert.equal(house.agent.dropped(Drop.NoBuffer), 1, "two at a time");
  house.start(CLIENT, AGENT);
  house.run(9_000);
  assert.ok(!house.heard(CLIENT).includes(ClientHeard.Joined));
  house.run(60_000);
  assert.ok(house.heard(CLIENT).includes(ClientHeard.Joined), "and a good one gets in");
});

test("an answer to a first request that was not given, to another, or long ago is nobody's", () => {
  const house = new PanaHouse();
  house.client();
  let start: Flight | undefined;
  house.medium = (flight) => {
    if (flight.source !== CLIENT || !(flight.octets.readUInt16BE(4) & START)) return [flight];
    start = flight;
    return [];
  };
  house.start(CLIENT, AGENT);
  house.settle();
  const { octets, from } = start as unknown as Flight;
  const foreign = house.agent.dropped(Drop.Foreign);
  const wrong = Buffer.from(octets);
  wrong[15] ^= 1;
  house.agent.agentInput(wrong, from, false, house.now);
  house.agent.agentInput(octets, linkLocal(STRANGER), false, house.now);
  house.agent.agentInput(octets, from, false, house.now, 717);
  house.agent.agentInput(envelope(from, PANA_PORT, octets), global(RELAY), true, house.now);
  house.agent.agentInput(octets, from, false, house.now + 60_000);
  assert.equal(house.agent.dropped(Drop.Foreign) - foreign, 5);
  assert.equal(house.agent.sent.length, 0);
  const weak = Buffer.from(octets);
  weak.writeUInt32BE(2, 16 + 8 + 12 - 4 + 8);
  house.agent.agentInput(weak, from, false, house.now);
  assert.equal(house.agent.dropped(Drop.Refused), 1, "another algorithm");
  house.agent.agentInput(octets, from, false, house.now + 59_000);
  assert.equal(house.agent.sent.length, 1, "in time, it is");
});

test("a relay hands on neither envelopes, nor what has no link-local source, nor what comes back from another than the agent", () => {
  const house = new PanaHouse();
  const relay = house.node(RELAY);
  const initiation = message(INITIATION, 0);
  const up = (octets: Buffer, from: Buffer): void => assert.ok(relay.relayUp(octets, from, global(AGENT), 100_000) < 0);
  up(envelope(linkLocal(CLIENT), PANA_PORT, initiation), linkLocal(STRANGER));
  up(initiation, global(STRANGER));
  up(initiation.subarray(0, 15), linkLocal(STRANGER));
  up(message(AUTHENTICATION, 0, 1, 1, avp(2, Buffer.alloc(1000))), linkLocal(STRANGER));
  const back = envelope(linkLocal(CLIENT), PANA_PORT, message(AUTHENTICATION, REQUEST, 1, 1));
  const down = (octets: Buffer, from: Buffer): void => assert.ok(relay.relayDown(octets, from, global(AGENT), 100_000) < 0);
  down(back, global(STRANGER));
  down(back, linkLocal(AGENT));
  down(envelope(global(CLIENT), PANA_PORT, initiation), global(AGENT));
  down(envelope(linkLocal(CLIENT), PANA_PORT, back), global(AGENT));
  down(envelope(linkLocal(CLIENT), PANA_PORT, initiation.subarray(0, 12)), global(AGENT));
  down(message(RELAYED, 0, 0, 0, avp(11, initiation)), global(AGENT));
  down(message(RELAYED, 0, 0, 0, avp(10, Buffer.concat([linkLocal(CLIENT), Buffer.from([2, 204])]))), global(AGENT));
  assert.deepEqual([relay.sent.length, relay.droppedAll()], [0, 11]);
  assert.equal(relay.relayDown(back, global(AGENT), global(AGENT), 100_000), 0);
  assert.deepEqual(relay.one(), { to: linkLocal(CLIENT), port: PANA_PORT, octets: message(AUTHENTICATION, REQUEST, 1, 1) });
});

test("the agent takes an envelope only under the network's key and from no link-local address", () => {
  const { agent } = new PanaHouse();
  const wrapped = envelope(linkLocal(CLIENT), PANA_PORT, message(INITIATION, 0));
  agent.agentInput(wrapped, global(RELAY), false, 0);
  agent.agentInput(wrapped, linkLocal(RELAY), false, 0);
  agent.agentInput(wrapped, linkLocal(RELAY), true, 0);
  agent.agentInput(envelope(linkLocal(CLIENT), PANA_PORT, wrapped), global(RELAY), true, 0);
  agent.agentInput(message(INITIATION, 0), global(CLIENT), true, 0);
  agent.agentInput(message(INITIATION, REQUEST), linkLocal(CLIENT), false, 0);
  assert.deepEqual([agent.sent.length, agent.droppedAll()], [0, 6]);
  agent.agentInput(wrapped, global(RELAY), true, 0);
  assert.equal(agent.one().to.toString("hex"), global(RELAY).toString("hex"));
});

/** The client's answers with a piece of TLS, changed. */
function lying(change: (eap: Buffer) => Buffer | undefined): PanaHouse {
  const house = new PanaHouse(turns([45, 900, 900, 60]));
  house.client();
  let lied = false;
  house.medium = (flight) => {
    const eap = flight.octets.indexOf(Buffer.from([0x0d]), 28);
    const isPiece = flight.source === CLIENT && flight.octets.length > 100 && eap > 0 && !lied;
    const changed = isPiece ? change(flight.octets.subarray(eap - 4)) : undefined;
    if (!changed) return [flight];
    lied = true;
    const carried = message(AUTHENTICATION, 0, flight.octets.readUInt32BE(8), flight.octets.readUInt32BE(12), avp(2, changed));
    return [{ ...flight, octets: carried }, flight];
  };
  return house;
}

function piece(eap: Buffer, flags: number, total: number | undefined, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from([13, flags]), ...(total === undefined ? [] : [number(total)]), data]);
  return Buffer.concat([Buffer.from([2, eap[1], 0, 4 + body.length]), body]);
}

test("pieces that lie about the whole are passed over, and the true ones behind them are taken", () => {
  const lies: ((eap: Buffer) => Buffer | undefined)[] = [
    (eap) => (eap[5] === 0xc0 ? piece(eap, 0xc0, 100_000, eap.subarray(10, 60)) : undefined),
    (eap) => (eap[5] === 0xc0 ? piece(eap, 0xc0, 50, eap.subarray(10, 60)) : undefined),
    (eap) => (eap[5] === 0xc0 ? piece(eap, 0x80, 51, eap.subarray(10, 60)) : undefined),
    (eap) => (eap[5] === 0xc0 ? piece(eap, 0x40, undefined, eap.subarray(10, 60)) : undefined),
    (eap) => (eap[5] === 0x40 ? piece(eap, 0xc0, 901, eap.subarray(6, 60)) : undefined),
    (eap) => (eap[5] === 0x40 ? piece(eap, 0x00, undefined, eap.subarray(6, 60)) : undefined),
    (eap) => (eap[5] === 0x40 ? piece(eap, 0x00, undefined, Buffer.alloc(0)) : undefined),
    (eap) =>
      eap[5] === 0xc0 ? Buffer.concat([Buffer.from([2, eap[1] ^ 1]), piece(eap, 0xc0, 900, eap.subarray(10, 60)).subarray(2)]) : undefined,
  ];
  for (const [index, lie] of lies.entries()) {
    const house = lying(lie);
    assert.ok(house.join(CLIENT, AGENT), `lie ${index}`);
    assert.equal(house.agent.dropped(Drop.Refused), 1, `lie ${index}`);
  }
});

test("with as many members as there is room for, the next is told that it is not admitted, and memory stays as it was", () => {
  const house = new PanaHouse();
  const members = Array.from({ length: SESSIONS_MAX }, (_, index) => CLIENT + BigInt(index));
  for (const extended of members) {
    house.client(extended);
    house.start(extended, AGENT);
    house.settle();
    assert.ok(house.heard(extended).includes(ClientHeard.Joined));
    house.seats.delete(extended);
  }
  house.client(STRANGER);
  house.start(STRANGER, AGENT);
  house.settle();
  assert.ok(house.heard(STRANGER).includes(ClientHeard.Refused));
  assert.equal(house.agent.dropped(Drop.Exhausted), 1);
  const held = [...Array(SESSIONS_MAX).keys()].map((row) => house.agent.sessionExtended(row));
  assert.deepEqual(held, members);
  assert.ok(house.agent.board.secrets.size <= 64);
  house.agent.call("agentRemove", members[3], 0n);
  house.start(STRANGER, AGENT);
  house.settle();
  assert.ok(house.heard(STRANGER).includes(ClientHeard.Joined), "once one has gone there is room");
});

test("a decision is about the device that asked last, and about no other", () => {
  const house = new PanaHouse();
  house.decides = false;
  for (const extended of [STRANGER, CLIENT]) {
    house.client(extended);
    house.start(extended, AGENT);
    house.settle();
  }
  assert.deepEqual(house.heard(AGENT), [AgentHeard.Asks, AgentHeard.Asks]);
  house.agent.call("agentAdmit", 1, 0n);
  house.agent.call("agentAdmit", 1, 0n);
  house.run(119_000);
  assert.ok(house.heard(CLIENT).includes(ClientHeard.Joined));
  assert.equal(house.sent.filter(({ to, octets }) => to.equals(linkLocal(STRANGER)) && octets.readUInt16BE(4) & COMPLETE).length, 0);
  house.run(130_000);
  assert.deepEqual(house.heard(STRANGER), [ClientHeard.Lost]);
});
