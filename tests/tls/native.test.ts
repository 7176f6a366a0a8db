// TLS, identity and derived keys, import by import, on the boards' engine and on V8's: what a module may count on, and what it cannot do.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { TlsClose, TlsProfile } from "../../host/abi.ts";
import { Err } from "../../host/err.ts";
import { lfdiOf } from "../../host/tls/x509.ts";
import { manufactured, Party, PartySession } from "./party.ts";
import { device, NOW, roots } from "./peers.ts";

const TIME = BigInt(NOW / 1000);
const SECRET = 256;
const identities = [device({ serial: Buffer.from("0001") }), device({ serial: Buffer.from("0002") })] as const;

/** Carries octets to and fro in pieces until nothing moves; answers them. */
function carry(a: PartySession, b: PartySession, piece = 4096): Buffer[] {
  const sent: Buffer[] = [];
  for (let moved = true; moved; ) {
    moved = false;
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      for (let octets = from.drain(piece); octets.length > 0; octets = from.drain(piece)) {
        moved = true;
        sent.push(octets);
        for (let at = 0; at < octets.length; ) {
          const taken = to.feed(octets.subarray(at));
          if (taken === 0) return sent;
          at += taken;
        }
      }
    }
  }
  return sent;
}

for (const [engine, v8] of [
  ["board", false],
  ["host", true],
] as const) {
  function pair(profiles: [number, number] = [TlsProfile.Client, TlsProfile.Server], piece = 4096): [PartySession, PartySession] {
    const parties = identities.map(
      (identity, index) => new Party({ v8, store: manufactured(roots, identity), seed: Buffer.alloc(32, index) }),
    );
    const [client, server] = parties.map((party, index) => new PartySession(party, profiles[index] as number, TIME)) as [
      PartySession,
      PartySession,
    ];
    carry(client, server, piece);
    return [client, server];
  }

  test(`${engine}: two boards know each other after a handshake, and speak both ways`, () => {
    const [client, server] = pair();
    for (const [session, peer] of [
      [client, identities[1]],
      [server, identities[0]],
    ] as const) {
      const { flags, status, sent, received, suite, lfdi } = session.state;
      assert.deepEqual([...flags], ["Established", "Feed", "Write"]);
      assert.deepEqual([status, sent, received, suite], [0, 255, 255, 0xc0ae]);
      assert.deepEqual(lfdi, lfdiOf(peer.chain[0] as Uint8Array));
    }
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      assert.equal(from.write(Buffer.from("some words")), 10);
      carry(client, server);
      assert.ok(to.state.flags.has("Read"));
      assert.equal(to.read(4).toString(), "some");
      assert.equal(to.read().toString(), " words");
      assert.equal(to.read().length, 0);
    }
  });

  test(`${engine}: a handshake goes through in pieces of one octet`, () => {
    const [client, server] = pair([TlsProfile.Client, TlsProfile.Server], 1);
    assert.deepEqual([client.phase, server.phase], ["open", "open"]);
  });

  test(`${engine}: an end is told to both sides`, () => {
    const [client, server] = pair();
    client.close();
    assert.equal(client.write(Buffer.from("x")), 0, "nothing behind the close_notify");
    carry(client, server);
    assert.ok(server.state.flags.has("PeerClosed") && server.state.flags.has("Ended") && !server.state.flags.has("Failed"));
    assert.ok(client.state.flags.has("Ended") && !client.state.flags.has("Failed"));
    assert.equal(client.party.call("feed", client.number, 0, Buffer.of(1)).answer, Err.BadState);
    assert.equal(client.party.call("write", client.number, 0, Buffer.of(1)).answer, Err.BadState);
    client.free();
    assert.equal(client.party.call("state", client.number, 28).answer, Err.NotFound);
  });

  test(`${engine}: a record that was changed ends the session with bad_record_mac`, () => {
    const [client, server] = pair();
    client.write(Buffer.from("some words"));
    const octets = client.drain();
    octets[octets.length - 1] = (octets[octets.length - 1] as number) ^ 1;
    assert.equal(server.feed(octets), octets.length);
    const { flags, status, sent } = server.state;
    assert.deepEqual([...flags], ["Established", "Ended", "Failed", "Drain"]);
    assert.deepEqual([status, sent], [Err.BadMic, 20]);
    assert.equal(client.feed(server.drain()), 23, "the alert is sealed");
    assert.deepEqual([client.state.received, client.state.status], [20, Err.Refused]);
  });

  test(`${engine}: profiles, times and numbers that are none are refused, and so is one session too many`, () => {
    const party = new Party({ v8, store: manufactured(roots, identities[0]), sessions: 2 });
    const open = (profile: number, time: bigint): number => {
      const octets = Buffer.alloc(8);
      octets.writeBigInt64LE(time);
      return party.call("open", profile, 0, octets).answer;
    };
    assert.deepEqual([open(4, 0n), open(0, -1n), open(0, 253402300800n)], [Err.Reserved, Err.Reserved, Err.Reserved]);
    assert.deepEqual([open(0, 253402300799n), open(1, 0n), open(1, 0n)], [0, 1, Err.NoBuffer]);
    assert.equal(party.call("close", 0, TlsClose.Free).answer, 0);
    assert.equal(open(1, 0n), 0);
    assert.equal(party.call("close", 2, TlsClose.Free).answer, Err.NotFound);
    assert.equal(party.call("close", 0, 2).answer, Err.Reserved);
    assert.equal(party.call("state", 0, 27).answer, Err.NoBuffer);
    assert.equal(party.call("reserve", 1, 1).answer, Err.BadState);
  });

  test(`${engine}: without a certificate, or without a root, there is no session`, () => {
    const blank = new Party({ v8, store: manufactured(roots) });
    const rootless = new Party({ v8, store: manufactured([], identities[0]) });
    for (const party of [blank, rootless]) assert.equal(party.call("open", 0, 0, Buffer.alloc(8)).answer, Err.NoKey);
  });

  test(`${engine}: both sides of an EAP session export the same key, which is good for deriving alone`, () => {
    const [client, server] = pair([TlsProfile.EapClient, TlsProfile.EapServer]);
    const label = Buffer.from("IETF PANA");
    const macs = [client, server].map(({ party, number }) => {
      assert.equal(party.call("export", number, SECRET).answer, 0);
      assert.equal(party.call("hmac", SECRET, 0, label).answer, Err.Refused);
      assert.equal(party.call("ctr", SECRET, 0, Buffer.alloc(32)).answer, Err.Refused);
      assert.equal(party.call("derive", SECRET, SECRET + 1, label).answer, 0);
      return party.call("hmac", SECRET + 1, 0, Buffer.from("a message")).octets;
    });
    assert.equal(macs[0]?.length, 32);
    assert.deepEqual(macs[0], macs[1]);
    const [plain] = pair();
    assert.equal(plain.party.call("export", plain.number, SECRET).answer, Err.BadState, "another profile");
  });

  test(`${engine}: keys are derived where no module reads them`, () => {
    const party = new Party({ v8, secrets: 2 });
    const key = Buffer.from("000102030405060708090a0b0c0d0e0f", "hex");
    const text = Buffer.from("ZigBeeIP");
    const derived = createHmac("sha256", key).update(text).digest();
    assert.equal(party.call("keySet", 3, 0, key).answer, 0);
    assert.equal(party.call("hmac", 3, 0, text).answer, Err.Refused, "it would be the derived key in clear");
    assert.equal(party.call("derive", 3, SECRET, text).answer, 0);
    assert.equal(party.call("derive", 3, 128 + 10, text).answer, 0);
    const expected = createHmac("sha256", derived).update("x").digest();
    for (const name of [SECRET, 128 + 10]) assert.deepEqual(party.call("hmac", name, 0, Buffer.from("x")).octets, expected);
    const rows: [number, number, number][] = [
      [4, SECRET, Err.NotFound],
      [SECRET + 1, SECRET, Err.NotFound],
      [128 + 11, SECRET, Err.NotFound],
      [80, SECRET, Err.NoBuffer],
      [127, SECRET, Err.NoBuffer],
      [128 + 79, SECRET, Err.NoBuffer],
      [SECRET + 2, SECRET, Err.NoBuffer],
      [3, SECRET + 2, Err.NoBuffer],
      [3, 80, Err.NoBuffer],
      [3, 128 + 79, Err.NoBuffer],
      [-1, SECRET, Err.NoBuffer],
    ];
    for (const [from, to, answer] of rows) assert.equal(party.call("derive", from, to, text).answer, answer, `${from} to ${to}`);
    assert.equal(party.call("keyClear", SECRET).answer, 0);
    assert.equal(party.call("hmac", SECRET, 0, text).answer, Err.NotFound);
    assert.equal(party.call("keyClear", SECRET + 2).answer, Err.NoBuffer);
  });

  test(`${engine}: counter mode carries through all 128 bits of its counter`, () => {
    const party = new Party({ v8 });
    for (const [slot, octet] of [
      [0, 0x11],
      [1, 0x22],
    ] as const)
      party.call("keySet", slot, 0, Buffer.alloc(16, octet));
    const counter = Buffer.alloc(16, 0xff);
    const stream = party.call("ctr", 128, 0, Buffer.concat([counter, Buffer.alloc(40)])).octets;
    const second = party.call("ctr", 128, 0, Buffer.concat([Buffer.alloc(16), Buffer.alloc(24)])).octets;
    assert.equal(stream.length, 40);
    assert.deepEqual(stream.subarray(16), second);
  });
}

test("for the same seeds the boards' engine and V8's say the same octets, handshake, words and end", () => {
  const life = (v8: boolean): Buffer[] => {
    const parties = identities.map(
      (identity, index) => new Party({ v8, store: manufactured(roots, identity), seed: Buffer.alloc(32, index) }),
    );
    const [client, server] = parties.map((party, index) => new PartySession(party, index, TIME)) as [PartySession, PartySession];
    const sent = carry(client, server);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.write(Buffer.alloc(3000, 7));
      sent.push(...carry(from, to));
      to.read();
    }
    client.close();
    sent.push(...carry(client, server));
    return [...sent, ...[client, server].map((session) => session.party.call("state", session.number, 28).octets)];
  };
  const [board, host] = [life(false), life(true)];
  assert.deepEqual(
    host.map((octets) => octets.toString("hex")),
    board.map((octets) => octets.toString("hex")),
  );
});

test("for the same seed both engines make the same key, and ask for its certificate in the same octets", () => {
  const [board, host] = [false, true].map((v8) => {
    const party = new Party({ v8, store: manufactured(roots) });
    assert.equal(party.call("make").answer, 0);
    return party.call("request", 0, 512).octets.toString("hex");
  });
  assert.equal(host, board);
});
