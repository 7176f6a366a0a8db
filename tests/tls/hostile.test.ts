// What comes from the air is anyone's: chains and records with an octet changed, cut or doubled end a session, and nothing else.
import assert from "node:assert/strict";
import { test } from "node:test";
import { TlsProfile } from "../../host/abi.ts";
import { HmacDrbg } from "../../host/drbg.ts";
import { Err } from "../../host/err.ts";
import { packChain } from "../../host/tls/board_records.ts";
import { manufactured, Party, PartySession } from "./party.ts";
import { device, NOW, roots } from "./peers.ts";

const TIME = BigInt(NOW / 1000);
const identity = device();

test("a chain with any octet changed is refused", () => {
  const party = new Party({ store: manufactured(roots, identity) });
  const good = packChain(identity.chain);
  assert.equal(party.call("install", 0, 0, good).answer, 0);
  for (let at = 0; at < good.length; at += 3) {
    const changed = Buffer.from(good);
    changed[at] = (changed[at] as number) ^ (1 << (at % 8));
    const { answer } = party.call("install", 0, 0, changed);
    assert.ok(answer === Err.Refused || answer === Err.BadLength, `octet ${at}: ${answer}`);
  }
  for (let size = 1; size < good.length; size += 5)
    assert.equal(party.call("install", 0, 0, good.subarray(0, size)).answer === 0, false, `${size} octets`);
});

test("records that were changed never trap the board, and a session that fails says why", () => {
  const drbg = new HmacDrbg(Buffer.from("records that were changed"));
  const draw = (below: number): number => drbg.generate(4).readUInt32LE(0) % below;
  const parties = [0, 1].map((index) => new Party({ store: manufactured(roots, identity), seed: Buffer.alloc(32, index) }));
  let [failed, open] = [0, 0];
  for (let round = 0; round < 120; round++) {
    const sessions = parties.map((party, index) => new PartySession(party, index ? TlsProfile.Server : TlsProfile.Client, TIME));
    let changes = 1 + draw(2);
    for (let turn = 0; turn < 8; turn++) {
      const [from, to] = (turn % 2 ? [sessions[1], sessions[0]] : sessions) as [PartySession, PartySession];
      let octets = from.drain();
      if (octets.length > 0 && changes > 0 && draw(2) === 0) {
        changes--;
        octets = changed(octets, draw);
      }
      for (let at = 0; at < octets.length; ) {
        const taken = to.feed(octets.subarray(at, at + 1 + draw(700)));
        if (taken === 0) break;
        at += taken;
      }
    }
    for (const session of sessions) {
      const { flags, status, sent, received } = session.state;
      if (flags.has("Failed")) {
        failed++;
        assert.ok(flags.has("Ended") && status < 0 && (sent !== 255 || received !== 255), `round ${round}`);
        session.drain();
        assert.equal(session.party.call("feed", session.number, 0, Buffer.of(1)).answer, Err.BadState);
        assert.equal(session.drain().length + session.read().length, 0, "nothing more comes");
      } else if (flags.has("Established")) open++;
      session.free();
    }
  }
  assert.ok(failed > 60 && open > 0, `${failed} failed, ${open} open`);
});

function changed(octets: Buffer, draw: (below: number) => number): Buffer {
  const at = draw(octets.length);
  switch (draw(4)) {
    case 0: {
      const copy = Buffer.from(octets);
      copy[at] = (copy[at] as number) ^ (1 << draw(8));
      return copy;
    }
    case 1:
      return octets.subarray(0, at);
    case 2:
      return Buffer.concat([octets.subarray(0, at), octets.subarray(at, at + 1 + draw(64)), octets.subarray(at)]);
    default: {
      const copy = Buffer.from(octets);
      copy.writeUIntBE(draw(0x1_0000), Math.min(at, copy.length - 2), 2);
      return copy;
    }
  }
}
