// Joining by PANA: a client, a relay and an agent, with what the air does to them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Drop } from "../../host/abi.ts";
import { AGENT, CLIENT, type Flight, PanaHouse, RELAY, turns } from "./pana_house.ts";
import { AgentHeard, ClientHeard, global, linkLocal } from "./pana_lab.ts";
import { attributes } from "./played.ts";
import { KEY_SLOT_MLE } from "./security_board.ts";

const ENCRYPTED = 13;
const EAP = 2;
const RESULT = 7;
const COMPLETE = 0x2000;
const REQUEST = 0x8000;
/** Of EAP-TLS in a message of ours. */
const PIECE_MAX = 400;

const flagsOf = ({ octets }: Flight): number => octets.readUInt16BE(4);
const typeOf = ({ octets }: Flight): number => octets.readUInt16BE(6);
const sequenceOf = ({ octets }: Flight): number => octets.readUInt32BE(12);
/** MLE and MAC key of the current network key. */
const keysOf = (house: PanaHouse, extended: bigint): string[] =>
  [0, 1].map(
    (part) =>
      house
        .node(extended)
        .board.slots.get(KEY_SLOT_MLE + part)
        ?.toString("hex") ?? "none",
  );
const between = (house: PanaHouse, a: bigint, b: bigint): Flight[] =>
  house.sent.filter(({ source, to }) => (source === a && to.equals(linkLocal(b))) || (source === b && to.equals(linkLocal(a))));

for (const [parent, where] of [
  [AGENT, "at the agent"],
  [RELAY, "through a relay"],
] as const) {
  test(`a client joins ${where}, and has the network's key`, () => {
    const house = new PanaHouse();
    house.client();
    assert.ok(house.join(CLIENT, parent));
    assert.deepEqual(keysOf(house, CLIENT), keysOf(house, AGENT));
    assert.notEqual(keysOf(house, CLIENT)[0], "none");
    assert.equal(house.agent.sessionExtended(0), CLIENT);
    for (const extended of house.seats.keys()) assert.equal(house.node(extended).droppedAll(), 0);
    // One message at a time, each answer with its request's number, and every request the next one.
    const said = between(house, CLIENT, parent).slice(1);
    assert.equal(said.length % 2, 0);
    for (let index = 0; index < said.length; index += 2) {
      assert.equal(sequenceOf(said[index]), sequenceOf(said[0]) + index / 2);
      assert.equal(sequenceOf(said[index + 1]), sequenceOf(said[index]));
      assert.deepEqual([flagsOf(said[index]) & REQUEST, flagsOf(said[index + 1]) & REQUEST], [REQUEST, 0]);
    }
    // What goes over the air in the clear holds no key that is not encrypted, and the engines are free again.
    assert.ok(house.sent.every(({ octets }) => !octets.includes(house.agent.board.store.get(51)?.subarray(4, 20) as Buffer)));
    assert.ok([CLIENT, AGENT].every((extended) => house.node(extended).board.sessions.every((session) => session === undefined)));
  });
}

test("flights of certificates go in pieces, both ways, and only the first says how much there is", () => {
  const sizes = [180, 1900, 1700, 51];
  const house = new PanaHouse(turns(sizes));
  house.client();
  assert.ok(house.join(CLIENT, RELAY));
  const pieces = between(house, CLIENT, RELAY).flatMap(({ octets }) => attributes(octets).get(EAP) ?? []);
  const tls = pieces.filter((eap) => eap.length > 6 && eap[4] === 13);
  const dataOf = (eap: Buffer): Buffer => eap.subarray(eap[5] & 0x80 ? 10 : 6);
  assert.ok(tls.every((eap) => dataOf(eap).length <= PIECE_MAX));
  assert.deepEqual(
    tls.filter((eap) => eap[5] & 0x80).map((eap) => eap.readUInt32BE(6)),
    [1900, 1700],
  );
  assert.deepEqual(Buffer.concat(tls.map(dataOf)), Buffer.concat(turns(sizes)));
  assert.ok(
    house.sent.every(({ octets }) => octets.length + 48 <= 600),
    "a relayed piece is half a packet",
  );
});

test("a flight that is larger than the place for it ends the handshake, and nobody joins", () => {
  const house = new PanaHouse(turns([180, 2560, 300, 51]));
  house.client();
  assert.equal(house.join(CLIENT, RELAY), false);
  assert.ok(house.heard(CLIENT).includes(ClientHeard.Refused));
});

test("whichever message is lost, and whichever comes twice, the client joins", () => {
  const quiet = new PanaHouse(turns([45, 900, 700, 60]));
  quiet.client();
  assert.ok(quiet.join(CLIENT, RELAY));
  const total = quiet.sent.length;
  for (const copies of [0, 2]) {
    for (let which = 0; which < total; which++) {
      const house = new PanaHouse(turns([45, 900, 700, 60]));
      house.client();
      let count = 0;
      house.medium = (flight) => (count++ === which ? Array.from({ length: copies }, () => flight) : [flight]);
      assert.ok(house.join(CLIENT, RELAY), `${copies} of message ${which} of ${total}`);
      assert.deepEqual(keysOf(house, CLIENT), keysOf(house, AGENT));
    }
  }
});

test("one whose certificate is good and that is not to be admitted gets no key, and is told so authentically", () => {
  const house = new PanaHouse();
  house.client();
  const asked: bigint[] = [];
  house.admits = (extended, lfdi) => {
    asked.push(extended);
    assert.ok(lfdi.some((octet) => octet !== 0));
    return false;
  };
  assert.equal(house.join(CLIENT, RELAY), false);
  assert.deepEqual(asked, [CLIENT]);
  assert.equal(
    house
      .heard(CLIENT)
      .filter((heard) => heard !== ClientHeard.None)
      .join(),
    `${ClientHeard.Refused}`,
  );
  assert.ok(house.sent.every(({ octets }) => !attributes(octets).has(ENCRYPTED)));
  assert.equal(house.agent.sessionExtended(0), 0n);
  const told = between(house, CLIENT, RELAY).find((flight) => flagsOf(flight) & COMPLETE) as Flight;
  assert.equal(attributes(told.octets).get(RESULT)?.readUInt32BE(), 2);
  assert.ok(attributes(told.octets).has(1));
});

test("when either side does not know the other, the agent says so and gives no key", () => {
  for (const spoken of [turns([45, 350, 299, 60]), turns([45, 351, 300, 60])]) {
    const house = new PanaHouse();
    house.client(CLIENT, spoken);
    assert.equal(house.join(CLIENT, RELAY), false);
    assert.ok(house.heard(CLIENT).includes(ClientHeard.Refused));
    assert.ok(house.sent.every(({ octets }) => !attributes(octets).has(ENCRYPTED)));
    assert.ok(!house.heard(AGENT).includes(AgentHeard.Asks));
    const told = between(house, CLIENT, RELAY).find((flight) => flagsOf(flight) & COMPLETE) as Flight;
    assert.equal(attributes(told.octets).get(RESULT)?.readUInt32BE(), 1);
  }
});

test("with nobody there, and with a partner that falls silent at any message, each side gives up and is free again", () => {
  for (let silent = 0; silent < 20; silent++) {
    const house = new PanaHouse();
    house.client();
    let count = 0;
    house.medium = (flight) => (count++ >= silent ? [] : [flight]);
    assert.equal(house.join(CLIENT, AGENT, 119_999), silent > 12, `silent from ${silent} on`);
    if (silent > 12) break;
    house.run(400_000);
    const ended = house.heard(CLIENT).filter((heard) => heard !== ClientHeard.None);
    assert.deepEqual(ended, silent === 12 ? [ClientHeard.Joined] : [ClientHeard.Lost], `silent from ${silent} on`);
    house.medium = (flight) => [flight];
    assert.ok(house.join(CLIENT, AGENT), `and joins, after ${silent}`);
    assert.ok(house.agent.board.sessions.every((session) => session === undefined));
  }
});

test("an answer that does not come from the parent, or has another number, changes nothing", () => {
  const house = new PanaHouse();
  const client = house.client();
  const lies = (flight: Flight): Flight[] => {
    if (!flight.to.equals(linkLocal(CLIENT))) return [flight];
    const other = { ...flight, from: linkLocal(0x0200_0000_0000_0099n) };
    const [old, far, session] = Array.from({ length: 3 }, () => Buffer.from(flight.octets));
    old.writeInt32BE(flight.octets.readInt32BE(12) - 1, 12);
    far.writeInt32BE(flight.octets.readInt32BE(12) + 2, 12);
    session.writeInt32BE(flight.octets.readInt32BE(8) ^ 2, 8);
    const isStart = (flagsOf(flight) & 0x4000) !== 0;
    const wrong = isStart ? [] : [old, far, session].map((octets) => ({ ...flight, octets }));
    return [other, ...wrong, flight];
  };
  house.medium = lies;
  assert.ok(house.join(CLIENT, RELAY));
  assert.ok(client.dropped(Drop.Foreign) > 10);
  assert.ok(client.dropped(Drop.Repeated) > 5);
  assert.equal(typeOf(house.sent[0]), 1);
  assert.ok(house.sent[1].to.equals(global(AGENT)));
});
