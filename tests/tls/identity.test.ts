// A board's own key and certificate, on the boards' engine and on V8's: made there, certified, kept, and never half of each.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { TlsProfile } from "../../host/abi.ts";
import { Err } from "../../host/err.ts";
import { certifyDevice, chainOf } from "../../host/tls/authority.ts";
import { identityRecords, packChain } from "../../host/tls/board_records.ts";
import { readRequest } from "../../host/tls/request.ts";
import { flashOf, manufactured, Party, PartySession } from "./party.ts";
import { authority, device, roots, stranger } from "./peers.ts";

const SERIAL = Buffer.from("0001");
const ENGINES = [
  ["board", false],
  ["host", true],
] as const;

const reboot = (party: Party, v8: boolean): Party => new Party({ v8, store: party.store, ...(v8 ? {} : { nor: party.nor }) });
/** Whether there is a certificate to speak with. */
const speaks = (party: Party): boolean => {
  const { answer } = party.call("open", TlsProfile.Client, 0, Buffer.alloc(8));
  if (answer >= 0) party.call("close", answer, 1);
  return answer >= 0;
};

for (const [engine, v8] of ENGINES) {
  test(`${engine}: a key is made, asked for, certified, installed and there after a reboot`, () => {
    const party = new Party({ v8, store: manufactured(roots) });
    assert.equal(party.call("request", 0, 512).answer, Err.NotFound);
    assert.equal(party.call("install", 0, 0, packChain(device().chain)).answer, Err.NotFound, "for no key");
    assert.equal(party.call("make").answer, 0);
    const { answer, octets } = party.call("request", 0, 512);
    assert.equal(party.call("request", 0, answer - 1).answer, Err.NoBuffer);
    const text = execFileSync("openssl", ["req", "-inform", "DER", "-verify", "-noout", "-text"], { input: octets, encoding: "utf8" });
    assert.match(text, /X509v3 Subject Alternative Name: critical\s+othername:/);
    assert.match(text, /prime256v1/);
    const { point, serial } = readRequest(octets);
    assert.deepEqual(Buffer.from(serial), SERIAL);
    const chain = chainOf(authority, certifyDevice(authority, point, { serial }));
    const other = chainOf(stranger, certifyDevice(stranger, point, { serial }));
    const waiting = reboot(party, v8);
    assert.deepEqual(waiting.call("request", 0, 512).octets, octets, "the key waits through a reboot");
    for (const [octets, expected] of [
      [packChain(device().chain), Err.Refused], // for another key
      [packChain(other), Err.Refused], // to another root
      [packChain(chain.slice(0, 2)), Err.Refused], // it does not lead to the root
      [packChain(chain).subarray(1), Err.BadLength],
      [packChain([...chain, Buffer.alloc(600)]), Err.NoBuffer],
      [Buffer.alloc(0), Err.Refused],
    ] as const)
      assert.equal(waiting.call("install", 0, 0, octets).answer, expected);
    assert.equal(speaks(waiting), false);
    assert.equal(waiting.call("install", 0, 0, packChain(chain)).answer, 0);
    assert.equal(waiting.call("request", 0, 512).answer, Err.NotFound, "no key waits");
    const booted = reboot(waiting, v8);
    assert.equal(speaks(waiting) && speaks(booted), true);
    assert.equal(booted.call("install", 0, 0, packChain(chain)).answer, 0, "a new certificate for the key in use");
    const session = new PartySession(booted, TlsProfile.Client, 0n);
    assert.equal(booted.call("install", 0, 0, packChain(chain)).answer, Err.Busy);
    session.free();
  });

  test(`${engine}: no record of the identity is in the module's reach`, () => {
    const party = new Party({ v8, store: manufactured(roots, device()) });
    for (const record of [0x8100, 0x8101, 0x8108, 0x810a]) {
      assert.equal(party.call("storeRead", record, 512).answer, Err.NotFound);
      assert.equal(party.call("storeWrite", record, 0, Buffer.of(1)).answer, Err.Reserved);
    }
    assert.equal(speaks(party), true);
  });
}

test("a power cut between any two writes of an installation leaves the old identity or the new one", () => {
  const [old, next] = [device({ serial: SERIAL }), device({ serial: Buffer.from("0002") })];
  const before = identityRecords({ roots, hardwareType: "1.3.6.1.4.1.32473.1", serial: SERIAL, current: old, pending: next.privateKey });
  const after = identityRecords({ roots, hardwareType: "1.3.6.1.4.1.32473.1", serial: SERIAL, current: next });
  const head = Buffer.from(after.get(0x8100) as Uint8Array);
  head[1] = 1; // the other bank
  // As boards/common/identity.c writes them: the new chain beside the old one, the head, then the old chain goes.
  const writes: [number, Uint8Array][] = [
    ...[0x8101, 0x8102, 0x8103].map((record) => [record + 3, after.get(record) ?? Buffer.alloc(0)] as [number, Uint8Array]),
    [0x8100, head],
    ...[0x8101, 0x8102, 0x8103].map((record) => [record, Buffer.alloc(0)] as [number, Uint8Array]),
  ];
  for (let cut = 0; cut <= writes.length; cut++) {
    const store = new Map(before);
    for (const [record, octets] of writes.slice(0, cut)) {
      if (octets.length === 0) store.delete(record);
      else store.set(record, octets);
    }
    const party = new Party({ nor: flashOf(store), store });
    assert.equal(speaks(party), true, `cut ${cut}`);
    assert.equal(party.call("request", 0, 512).answer > 0, cut <= 3, `the key waits until the head is written, cut ${cut}`);
  }
});
