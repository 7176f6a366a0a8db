// tls_*, identity_* and the derived keys of a board under V8, as docs/abi.md has them.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { KeyName, TLS_LFDI, TLS_RECEIVED, TLS_SENT, TLS_STATE, TlsClose, TlsFlag, TlsProfile } from "../../host/abi.ts";
import { HmacDrbg } from "../../host/drbg.ts";
import { Err } from "../../host/err.ts";
import { SILENT } from "../../host/replay/replay.ts";
import { certifyDevice, chainOf, HARDWARE_TYPE } from "../../host/tls/authority.ts";
import { readRequest } from "../../host/tls/request.ts";
import { lfdiOf } from "../../host/tls/x509.ts";
import { KeySlots } from "../../host/v8/crypto.ts";
import { BoardIdentity } from "../../host/v8/identity.ts";
import { TlsBoard } from "../../host/v8/tls.ts";
import { authority, device, NOW, roots } from "./peers.ts";

const TIME = BigInt(NOW / 1000);

function board(serial: number): { tls: TlsBoard; keys: KeySlots; identity: BoardIdentity } {
  const keys = new KeySlots();
  const identity = new BoardIdentity(roots, HARDWARE_TYPE, Buffer.of(serial), device({ serial: Buffer.of(serial) }));
  return { tls: new TlsBoard(identity, keys, new HmacDrbg(Buffer.alloc(32, serial)), SILENT), keys, identity };
}

function carry(a: TlsBoard, b: TlsBoard): void {
  const out = Buffer.alloc(4096);
  for (let moved = true; moved; ) {
    moved = false;
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      const size = from.drain(0, out);
      if (size > 0) to.feed(0, out.subarray(0, size));
      moved ||= size > 0;
    }
  }
}

const flags = (tls: TlsBoard): number[] => {
  const state = Buffer.alloc(TLS_STATE);
  assert.equal(tls.state(0, state), TLS_STATE);
  return Object.values(TlsFlag).filter((bit) => state.readUInt16LE(0) & (1 << bit));
};

test("nothing is there before it was reserved, and no more than was reserved", () => {
  const { tls } = board(1);
  assert.equal(tls.open(TlsProfile.Client, TIME), Err.NoBuffer);
  assert.equal(tls.reserve(5, 0), Err.NoBuffer);
  assert.equal(tls.reserve(1, 2), Err.Ok);
  assert.equal(tls.reserve(1, 2), Err.BadState);
  assert.equal(tls.open(9, TIME), Err.Reserved);
  assert.equal(tls.open(TlsProfile.Client, TIME), 0);
  assert.equal(tls.open(TlsProfile.Client, TIME), Err.NoBuffer);
  assert.equal(tls.close(0, TlsClose.Free), Err.Ok);
  assert.equal(tls.close(0, TlsClose.Free), Err.NotFound);
});

test("two boards agree on a key that only derives", () => {
  const [client, server] = [board(1), board(2)];
  client.tls.reserve(1, 3);
  server.tls.reserve(1, 3);
  client.tls.open(TlsProfile.EapClient, TIME);
  server.tls.open(TlsProfile.EapServer, TIME);
  assert.equal(client.tls.export(0, KeyName.Secret), Err.BadState);
  carry(client.tls, server.tls);
  assert.deepEqual(flags(client.tls), [TlsFlag.Established, TlsFlag.Feed, TlsFlag.Write]);
  const state = Buffer.alloc(TLS_STATE);
  server.tls.state(0, state);
  assert.deepEqual(state.subarray(TLS_LFDI), lfdiOf(device({ serial: Buffer.of(1) }).chain[0] as Uint8Array));
  assert.deepEqual([state[TLS_SENT], state[TLS_RECEIVED]], [255, 255]);
  const macs = [client, server].map(({ tls }) => {
    assert.equal(tls.export(0, KeyName.Secret), Err.Ok);
    assert.equal(tls.hmac(KeyName.Secret, Buffer.of(1), Buffer.alloc(32)), Err.Refused, "an exported secret only derives");
    assert.equal(tls.derive(KeyName.Secret, Buffer.from("label"), KeyName.Secret + 1), Err.Ok);
    const out = Buffer.alloc(32);
    assert.equal(tls.hmac(KeyName.Secret + 1, Buffer.of(1), out), Err.Ok);
    assert.equal(tls.clear(KeyName.Secret + 1), Err.Ok);
    assert.equal(tls.hmac(KeyName.Secret + 1, Buffer.of(1), out), Err.NotFound);
    return out;
  });
  assert.deepEqual(macs[0], macs[1]);
});

test("keys of slots derive into slots and pairs, and none of them is read", () => {
  const { tls, keys } = board(1);
  tls.reserve(0, 1);
  keys.set(5, Buffer.from("000102030405060708090a0b0c0d0e0f", "hex"));
  // ../shared/notes/zigbee-ip.md, section 13
  assert.equal(tls.derive(5, Buffer.from("ZigBeeIP"), KeyName.Pair + 6), Err.Ok);
  assert.equal(keys.find(6)?.toString("hex"), "3ed20bd1b30c2a52f78e8e7d6937445a");
  assert.equal(keys.find(7)?.toString("hex"), "82eecaa02c8f3c6d2ca3deee259f50f8");
  assert.equal(tls.hmac(5, Buffer.of(0), Buffer.alloc(32)), Err.Refused);
  assert.equal(tls.derive(9, Buffer.of(0), 10), Err.NotFound);
  assert.equal(tls.derive(5, Buffer.of(0), KeyName.Secret + 1), Err.NoBuffer);
  const out = Buffer.alloc(32);
  assert.equal(tls.hmac(KeyName.Pair + 6, Buffer.from("x"), out), Err.Ok);
  const both = Buffer.concat([keys.find(6) as Buffer, keys.find(7) as Buffer]);
  assert.deepEqual(out, createHmac("sha256", both).update("x").digest());
});

test("a key is made on the board, its certificate installed, and the old one is in use until then", () => {
  const { tls, identity } = board(1);
  tls.reserve(1, 0);
  const before = identity.current;
  const out = Buffer.alloc(512);
  assert.equal(tls.request(out), Err.NotFound);
  assert.equal(tls.make(), Err.Ok);
  const size = tls.request(out);
  const request = readRequest(out.subarray(0, size));
  assert.equal(tls.request(out.subarray(0, size - 1)), Err.NoBuffer);
  const packed = (chain: Uint8Array[]): Buffer =>
    Buffer.concat(chain.flatMap((certificate) => [Buffer.of(certificate.length & 0xff, certificate.length >> 8), certificate]));
  const chain = chainOf(authority, certifyDevice(authority, request.point, { serial: request.serial }));
  assert.equal(tls.install(packed(device().chain)), Err.Refused, "for another key");
  assert.equal(tls.install(packed(chain).subarray(1)), Err.BadLength);
  assert.deepEqual(identity.current, before);
  tls.open(TlsProfile.Client, TIME);
  assert.equal(tls.install(packed(chain)), Err.Busy);
  tls.close(0, TlsClose.Free);
  assert.equal(tls.install(packed(chain)), Err.Ok);
  assert.deepEqual(identity.current?.chain, chain);
});
