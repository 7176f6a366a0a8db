// Joining with certificates: PANA around EAP-TLS around the host's engine, with chains as devices have them.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { type Authority, makeAuthority } from "../../host/tls/authority.ts";
import { type TlsIdentity, TlsSession } from "../../host/tls/session.ts";
import { authority, device, stranger } from "../tls/peers.ts";
import { AGENT, CLIENT, PanaHouse, RELAY } from "./pana_house.ts";
import { AgentHeard, ClientHeard } from "./pana_lab.ts";
import { attributes } from "./played.ts";
import { type Handshake, KEY_SLOT_MLE } from "./security_board.ts";

const ENCRYPTED = 13;
const RESULT = 7;
const RECORD_MAX = 4096;

/** A session of the host's engine as a board offers it. */
class Engine implements Handshake {
  private readonly session: TlsSession;

  constructor(isClient: boolean, identity: TlsIdentity, trusted: Authority, seed: number) {
    const roots = [trusted.root.certificate];
    this.session = new TlsSession({
      server: !isClient,
      identity,
      roots,
      seed: Buffer.alloc(32, seed),
      fragmentMax: 1024,
      recordMax: RECORD_MAX,
    });
  }

  feed(octets: Buffer): number {
    return this.session.feed(octets);
  }

  drain(capacity: number): Buffer {
    return this.session.drain(capacity);
  }

  get state(): Handshake["state"] {
    if (this.session.phase === "failed" || this.session.phase === "closed") return "failed";
    return this.session.established ? "established" : "going";
  }

  get lfdi(): Buffer {
    return this.session.peerLfdi as Buffer;
  }

  master(): Buffer {
    return this.session.exportMsk() as Buffer;
  }
}

interface Side {
  identity: TlsIdentity;
  trusts: Authority;
}

function house(agent: Side, client: Side): PanaHouse {
  const made = new PanaHouse(undefined, undefined, (_, isClient) => {
    const { identity, trusts } = isClient ? client : agent;
    return new Engine(isClient, identity, trusts, isClient ? 1 : 2);
  });
  made.client();
  return made;
}

const good = (serial: number): Side => ({ identity: device({ serial: Buffer.of(serial) }), trusts: authority });

test("a device with a certificate joins through a relay, and the agent is told which certificate", () => {
  const client = good(9);
  const made = house(good(8), client);
  const asked: Buffer[] = [];
  made.admits = (_, lfdi) => asked.push(lfdi) > 0;
  assert.ok(made.join(CLIENT, RELAY));
  assert.deepEqual(asked, [createHash("sha256").update(client.identity.chain[0]).digest().subarray(0, 20)]);
  assert.equal(made.node(CLIENT).board.slots.get(KEY_SLOT_MLE)?.toString("hex"), made.agent.board.slots.get(KEY_SLOT_MLE)?.toString("hex"));
  const pieces = made.sent.filter(({ source }) => source === CLIENT).length;
  assert.ok(pieces > 8 && pieces < 20, `${pieces} messages of the client`);
  assert.ok(made.sent.every(({ octets }) => octets.length + 48 <= 600));
});

test("it joins whichever message is lost", () => {
  const quiet = house(good(8), good(9));
  assert.ok(quiet.join(CLIENT, RELAY));
  for (let which = 0; which < quiet.sent.length; which += 3) {
    const made = house(good(8), good(9));
    let count = 0;
    made.medium = (flight) => (count++ === which ? [] : [flight]);
    assert.ok(made.join(CLIENT, RELAY), `message ${which}`);
  }
});

test("neither a device of another authority, nor an agent of one, gives or gets the network's key", () => {
  const foreign: Side = { identity: device({ serial: Buffer.of(7) }, stranger), trusts: authority };
  const credulous: Side = { identity: device({ serial: Buffer.of(7) }, stranger), trusts: stranger };
  const third = makeAuthority(Buffer.from("a third"));
  for (const [agent, client] of [
    [good(8), foreign],
    [foreign, good(9)],
    [credulous, good(9)],
    [good(8), credulous],
    [good(8), { identity: good(9).identity, trusts: third }],
  ] as const) {
    const made = house(agent, client);
    assert.equal(made.join(CLIENT, RELAY), false);
    assert.ok(!made.heard(AGENT).includes(AgentHeard.Asks));
    assert.ok(made.heard(CLIENT).includes(ClientHeard.Refused));
    assert.ok(made.sent.every(({ octets }) => !attributes(octets).has(ENCRYPTED)));
    assert.equal(made.node(CLIENT).board.slots.size, 0);
    const told = made.sent.flatMap(({ octets, source }) => (source === RELAY ? (attributes(octets).get(RESULT) ?? []) : []));
    assert.deepEqual(
      told.map((value) => value.readUInt32BE()),
      [1],
    );
    assert.ok(made.agent.board.sessions.every((session) => session === undefined));
  }
});

test("a client takes a piece of a handshake in steps, and what comes between them changes nothing", () => {
  const made = house(
    { identity: device({ serial: Buffer.from("a") }), trusts: authority },
    { identity: device({ serial: Buffer.from("b") }), trusts: authority },
  );
  const node = made.node(CLIENT);
  let steps = 0;
  node.clientInput = (octets, from, now) => {
    const heard = node.clientTake(octets, from, now);
    for (let at = now; node.clientWorks(at); at++) {
      steps++;
      assert.equal(node.sent.length, 0, "the answer waits for the engine");
      assert.equal(node.clientTake(octets, from, at), ClientHeard.None);
      assert.equal(node.sent.length, 0);
      assert.ok(node.clientWorks(at), "it goes on where it was");
      const ended = node.call("clientTick", BigInt(at + 1));
      if (ended) return ended;
    }
    return heard;
  };
  assert.ok(made.join(CLIENT, RELAY));
  assert.ok(steps >= 12, `${steps} steps for a flight of 1.5 kB and more`);
});
