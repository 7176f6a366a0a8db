// Network keys by PANA: asked for, told, taken over; the change of one for the next; and that no key stream serves twice.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Drop, Record } from "../../host/abi.ts";
import { AGENT, CLIENT, type Flight, PanaHouse, RELAY } from "./pana_house.ts";
import { ClientAsk, ClientHeard, global, linkLocal } from "./pana_lab.ts";
import { attributes } from "./played.ts";
import { KEY_SLOT_MLE } from "./security_board.ts";

const ENCRYPTED = 13;
const [REQUEST, PING, NOTIFICATION] = [0x8000, 0x0800, 4];
const LIFETIME_MS = 2_592_000_000;
const GUARD_MS = 120_000;
const OTHER = 0x0200_0000_0000_0011n;
const indices = (house: PanaHouse, extended: bigint): number[] => ["keyIndex", "keyNext"].map((name) => house.node(extended).call(name));
const notices = (flights: Flight[]): Flight[] => flights.filter(({ octets }) => octets.readUInt16BE(6) === NOTIFICATION);

/** A house with members that have shown the agent where they are. */
function members(...clients: bigint[]): PanaHouse {
  const house = new PanaHouse();
  for (const client of clients) {
    house.client(client);
    assert.ok(house.join(client, RELAY));
    assert.equal(house.ask(client, ClientAsk.OtherKey, global(AGENT)), 0);
    house.settle();
    assert.equal(house.heard(client).at(-1), ClientHeard.Answered);
  }
  house.sent.length = 0;
  return house;
}

test("a member that asks for another key than the current one is answered without, one that lost the network with the current one", () => {
  const house = members(CLIENT);
  house.ask(CLIENT, ClientAsk.OtherKey, global(AGENT));
  house.settle();
  assert.ok(notices(house.sent).every(({ octets }) => !attributes(octets).has(ENCRYPTED)));
  assert.deepEqual(
    notices(house.sent).map(({ octets }) => octets.readUInt16BE(4)),
    [REQUEST | PING, PING],
  );
  house.ask(CLIENT, ClientAsk.Key, linkLocal(RELAY));
  house.settle();
  assert.equal(house.heard(CLIENT).at(-1), ClientHeard.Key);
  assert.equal(house.node(CLIENT).call("clientKeyIndex"), 1);
});

test("what is asked for is asked five times, then the network is lost, and the session is still there", () => {
  const house = members(CLIENT);
  house.medium = () => [];
  house.ask(CLIENT, ClientAsk.Key, linkLocal(RELAY));
  house.run(house.now + 400_000);
  assert.equal(house.sent.length, 5);
  assert.equal(house.heard(CLIENT).at(-1), ClientHeard.Lost);
  house.medium = (flight) => [flight];
  house.ask(CLIENT, ClientAsk.Key, linkLocal(RELAY));
  house.settle();
  assert.equal(house.heard(CLIENT).at(-1), ClientHeard.Key);
});

test("a change of key: each member is told, answers, and uses it when it is used; then the one after it", () => {
  const house = members(CLIENT, OTHER);
  for (const index of [2, 3]) {
    assert.equal(house.agent.call("rotate", BigInt(house.now)), 0);
    assert.equal(house.agent.call("rotate", BigInt(house.now)), -6, "one at a time");
    house.run(house.now + 30_000);
    for (const client of [CLIENT, OTHER]) {
      assert.equal(house.heard(client).at(-1), ClientHeard.Key);
      assert.deepEqual(indices(house, client), [index - 1, index]);
    }
    assert.deepEqual(indices(house, AGENT), [index - 1, index]);
    house.run(house.now + GUARD_MS);
    assert.deepEqual(indices(house, AGENT), [index, 0]);
    for (const client of [CLIENT, OTHER]) house.node(client).call("switchKey", index);
  }
  for (const client of [CLIENT, OTHER]) {
    const slots = [0, 1].map((row) =>
      [0, 1].map((part) =>
        house
          .node(client)
          .board.slots.get(KEY_SLOT_MLE + 2 * row + part)
          ?.toString("hex"),
      ),
    );
    const agents = [0, 1].map((row) => [0, 1].map((part) => house.agent.board.slots.get(KEY_SLOT_MLE + 2 * row + part)?.toString("hex")));
    assert.deepEqual(slots, agents, "previous and current are the same everywhere");
  }
});

test("a member that is not reached is told four times and holds nobody up; it asks, and has the key", () => {
  const house = members(CLIENT, OTHER);
  house.medium = (flight) => (flight.to.equals(global(CLIENT)) ? [] : [flight]);
  house.agent.call("rotate", BigInt(house.now));
  const told = house.now;
  house.run(told + 80_000);
  assert.equal(notices(house.sent).filter(({ to }) => to.equals(global(CLIENT))).length, 4);
  assert.deepEqual(indices(house, OTHER), [1, 2]);
  assert.deepEqual(indices(house, CLIENT), [1, 0]);
  house.medium = (flight) => [flight];
  house.ask(CLIENT, ClientAsk.OtherKey, global(AGENT));
  house.settle();
  assert.equal(house.heard(CLIENT).at(-1), ClientHeard.Key);
  assert.deepEqual(indices(house, CLIENT), [1, 2], "it is the next one, not yet in use");
  house.run(told + 80_000 + GUARD_MS);
  assert.deepEqual(indices(house, AGENT), [2, 0]);
});

test("when somebody uses the next key first, the agent does so too and tells nobody any more", () => {
  const house = members(CLIENT, OTHER);
  house.agent.call("rotate", BigInt(house.now));
  house.run(house.now + 1);
  house.agent.call("switchKey", 2);
  house.run(house.now + 10_000);
  assert.deepEqual(indices(house, AGENT), [2, 0]);
  house.sent.length = 0;
  house.run(house.now + 400_000);
  assert.equal(house.sent.length, 0);
  assert.equal(house.agent.call("rotate", BigInt(house.now)), 0, "and the one after it can come");
});

test("a notification that comes again is answered as before; an older one, and one that was changed, is not", () => {
  const house = members(CLIENT);
  house.agent.call("rotate", BigInt(house.now));
  house.run(house.now + 1);
  const [first, answer] = notices(house.sent);
  const client = house.node(CLIENT);
  for (let again = 0; again < 3; again++) {
    assert.equal(client.clientInput(first.octets, first.from, house.now), ClientHeard.None);
    assert.deepEqual(client.one().octets, answer.octets);
  }
  house.run(house.now + 200_000);
  house.agent.call("rotate", BigInt(house.now));
  house.run(house.now + 1);
  const replayed = client.dropped(Drop.Replayed);
  assert.equal(client.clientInput(first.octets, first.from, house.now), ClientHeard.None);
  assert.equal(client.dropped(Drop.Replayed), replayed + 1);
  assert.equal(client.sent.length, 0);
  const later = Buffer.from(first.octets);
  later.writeUInt32BE(first.octets.readUInt32BE(12) + 9, 12);
  client.clientInput(later, first.from, house.now);
  assert.equal(client.dropped(Drop.BadMic), 1);
});

test("no two keys are ever under one key stream, whatever a stranger plays again", () => {
  const house = members(CLIENT);
  const streams = new Map<string, string>();
  const note = (flights: Flight[]): void => {
    for (const { octets } of flights) {
      const sealed = attributes(octets).get(ENCRYPTED)?.toString("hex");
      const name = `${octets.readUInt32BE(8)} ${octets.readUInt32BE(12)}`;
      if (sealed) assert.equal(streams.get(name) ?? sealed, sealed, "two texts under one key stream");
      if (sealed) streams.set(name, sealed);
    }
  };
  const asked: Flight[] = [];
  for (let change = 0; change < 6; change++) {
    house.ask(CLIENT, change % 2 ? ClientAsk.Key : ClientAsk.OtherKey, global(AGENT));
    house.settle();
    asked.push(...notices(house.sent).filter(({ source }) => source === CLIENT));
    house.agent.call("rotate", BigInt(house.now));
    house.run(house.now + 40_000);
    for (const flight of asked) {
      house.agent.agentInput(flight.octets, flight.from, true, house.now);
      note(house.agent.sent.splice(0).map((message) => ({ ...message, from: flight.to, source: AGENT, secured: true })));
    }
    house.run(house.now + 200_000);
    note(house.sent);
    house.node(CLIENT).call("switchKey", house.agent.call("keyIndex"));
  }
  assert.ok(streams.size >= 6);
  assert.ok(house.agent.dropped(Drop.Replayed) > 6);
});

test("a session ends: the client says so before, and the agent does not know it any more", () => {
  const house = members(CLIENT);
  house.run(LIFETIME_MS * 0.874);
  assert.ok(!house.heard(CLIENT).includes(ClientHeard.Ended));
  house.run(LIFETIME_MS * 0.876 + 10_000);
  assert.equal(house.heard(CLIENT).at(-1), ClientHeard.Ended);
  assert.ok(house.join(CLIENT, RELAY), "and joins anew");
});

test("a reset of the agent keeps the keys, forgets the sessions, and a change that was under way goes on", () => {
  const house = members(CLIENT);
  house.agent.call("rotate", BigInt(house.now));
  house.run(house.now + 15_000);
  house.agent.board.secrets.clear();
  house.agent.call("resetKeys");
  assert.equal(house.agent.call("agentReset", BigInt(house.now)), 0);
  assert.deepEqual(indices(house, AGENT), [1, 2]);
  house.ask(CLIENT, ClientAsk.OtherKey, global(AGENT));
  house.run(house.now + 300_000);
  assert.equal(house.heard(CLIENT).at(-1), ClientHeard.Lost);
  assert.ok(house.join(CLIENT, RELAY));
  house.run(house.now + 900_000);
  assert.deepEqual(indices(house, AGENT), [2, 0]);
});

test("the power goes at each write of a change: the agent's keys and those in use are the same again", () => {
  for (let cut = 0; cut < 12; cut++) {
    const house = members(CLIENT);
    const { board } = house.agent;
    let writes = 0;
    board.refuses = () => {
      if (writes++ === cut) throw new Error("power cut");
    };
    try {
      house.agent.call("rotate", BigInt(house.now));
      house.run(house.now + 200_000);
    } catch (error) {
      assert.match((error as Error).message, /power cut/);
    }
    board.refuses = () => {};
    board.secrets.clear();
    house.agent.call("resetKeys");
    assert.equal(house.agent.call("agentReset", BigInt(house.now)), 0, `cut at ${cut}`);
    const kept = board.store.get(Record.AgentKeys) as Buffer;
    assert.deepEqual(indices(house, AGENT), [kept[1], kept[2]], `cut at ${cut}`);
    house.heard(CLIENT).length = 0;
    assert.ok(house.join(CLIENT, RELAY));
    const slot = house.agent.call("macSlot", kept[1]);
    const theirs = house.node(CLIENT).call("macSlot", kept[1]);
    assert.deepEqual(house.node(CLIENT).board.slots.get(theirs), board.slots.get(slot), `cut at ${cut}`);
  }
});
