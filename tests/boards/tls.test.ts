// A life of TLS on the emulated board: it says what V8 says, and takes no more than tests/budgets.json has.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { TlsProfile } from "../../host/abi.ts";
import { replayOnBoard } from "../../host/board/replay.ts";
import { lab } from "../../host/build/labs.ts";
import { ROOT } from "../../host/modules.ts";
import { manufactured, Party, PartySession } from "../tls/party.ts";
import { device, NOW, roots } from "../tls/peers.ts";

/** What a party's calls are measured as. */
const MEASURED = ["handshake", "write1KiB", "read1KiB"] as const;
type Measured = (typeof MEASURED)[number];
interface Limits {
  tls: Record<"client" | "server", Record<Measured, number>>;
}

/** A handshake with chains of three on both sides, then 1 KiB each way; answers where in each party's polls each part ends. */
function life(): { parties: [Party, Party]; ends: [number, number][] } {
  const parties = [0, 1].map((index) => {
    const identity = device({ serial: Buffer.of(0x31 + index) });
    return new Party({ v8: true, store: manufactured(roots, identity), seed: Buffer.alloc(32, index) });
  }) as [Party, Party];
  const ends: [number, number][] = [];
  const mark = (): void => void ends.push([parties[0].polls.length, parties[1].polls.length]);
  const sessions = parties.map(
    (party, index) => new PartySession(party, index ? TlsProfile.Server : TlsProfile.Client, BigInt(NOW / 1000)),
  );
  const carry = (): void => {
    for (let moved = true; moved; ) {
      moved = false;
      for (const [from, to] of [sessions, [...sessions].reverse()] as [PartySession, PartySession][])
        for (let octets = from.drain(1024); octets.length > 0; octets = from.drain(1024)) {
          moved = true;
          assert.equal(to.feed(octets), octets.length);
        }
    }
  };
  carry();
  mark();
  const [client, server] = sessions as [PartySession, PartySession];
  for (const [from, to] of [
    [client, server],
    [server, client],
  ] as const) {
    assert.equal(from.write(Buffer.alloc(1024, 5)), 1024);
    const octets = from.drain();
    assert.equal(to.feed(octets), octets.length);
    assert.equal(to.read().length, 1024);
    mark();
  }
  return { parties, ends };
}

const { parties, ends } = life();
after(() => parties.forEach((party) => void party.close()));
const limits = (JSON.parse(readFileSync(join(ROOT, "tests/budgets.json"), "utf8")) as Limits).tls;

for (const [index, side] of (["client", "server"] as const).entries()) {
  const party = parties[index] as Party;
  test(`the emulated board's trace as a ${side} is V8's, octet by octet`, async () => {
    const { recording, trace } = party.recorded;
    const board = await replayOnBoard({ wasm: lab("tls/party"), recording, trace: true });
    assert.equal(board.reason, "");
    assert.equal(board.trace.toString("hex"), trace.toString("hex"));
  });

  test(`a ${side}'s handshake and records stay within their instructions`, async () => {
    const { calls } = await replayOnBoard({ wasm: lab("tls/party"), recording: party.recorded.recording });
    const polls = calls.filter(({ kind }) => kind === "poll");
    const between = (from: number, to: number): number => polls.slice(from, to).reduce((sum, { instructions }) => sum + instructions, 0);
    const [handshake, first, second] = ends.map((end) => end[index] as number) as [number, number, number];
    const parts = [between(handshake, first), between(first, second)];
    const [write1KiB, read1KiB] = index === 0 ? parts : [...parts].reverse();
    const figures = { handshake: between(0, handshake), write1KiB, read1KiB } as Record<Measured, number>;
    for (const name of MEASURED) assert.ok(figures[name] <= limits[side][name], `${name}: ${figures[name]} of ${limits[side][name]}`);
  });
}
