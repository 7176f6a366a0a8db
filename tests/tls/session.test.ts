// The host's TLS with itself: what OpenSSL cannot show.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Alert } from "../../host/tls/alert.ts";
import { certifyDevice, chainOf, HARDWARE_TYPE } from "../../host/tls/authority.ts";
import { publicPoint } from "../../host/tls/p256.ts";
import { makeRequest, readRequest } from "../../host/tls/request.ts";
import { TlsSession } from "../../host/tls/session.ts";
import { lfdiOf, sfdiOf } from "../../host/tls/x509.ts";
import { authority, device, NOW, roots } from "./peers.ts";

const make = (server: boolean, seed = server ? 1 : 2, fragmentMax?: number): TlsSession =>
  new TlsSession({
    server,
    identity: device({ serial: Buffer.of(server ? 1 : 2) }),
    roots,
    seed: Buffer.alloc(32, seed),
    now: NOW,
    ...(fragmentMax ? { fragmentMax } : {}),
  });

/** Carries octets to and fro until nothing moves; answers all that either side sent. */
function carry(client: TlsSession, server: TlsSession, piece = 65_536): Buffer {
  const sent: Buffer[] = [];
  for (let moved = true; moved; ) {
    moved = false;
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      for (let octets = from.drain(piece); octets.length > 0; octets = from.drain(piece)) {
        sent.push(octets);
        to.feed(octets);
        moved = true;
      }
    }
  }
  return Buffer.concat(sent);
}

function connected(): [TlsSession, TlsSession] {
  const [client, server] = [make(false), make(true)];
  carry(client, server);
  assert.deepEqual([client.phase, server.phase], ["open", "open"]);
  return [client, server];
}

test("the standard's example of LFDI and SFDI", () => {
  assert.equal(sfdiOf(Buffer.from("3E4F45AB31EDFE5B67E343E5E4562E31984E23E5", "hex")), "167261211391");
  assert.equal(sfdiOf(Buffer.alloc(20)), "000000000000", "leading zeros are shown");
});

test("both sides export the same EAP key and know each other", () => {
  const [client, server] = connected();
  assert.deepEqual(client.exportMsk(), server.exportMsk());
  assert.equal(client.exportMsk()?.length, 64);
  assert.deepEqual(client.peerLfdi, lfdiOf(device({ serial: Buffer.of(1) }).chain[0] as Uint8Array));
  assert.equal(make(false).exportMsk(), undefined);
});

test("the same seeds give the same octets, others give others", () => {
  const first = carry(make(false), make(true));
  assert.deepEqual(carry(make(false), make(true)), first);
  assert.notDeepEqual(carry(make(false, 3), make(true)), first);
});

test("octets may come one by one, and records may be small", () => {
  const [client, server] = [make(false, 2, 100), make(true, 1, 64)];
  carry(client, server, 1);
  assert.deepEqual([client.phase, server.phase], ["open", "open"]);
});

test("what is not read is not overtaken", () => {
  const [client, server] = connected();
  for (const text of ["one", "two"]) {
    client.write(Buffer.from(text));
    const octets = client.drain(65_536);
    const taken = server.feed(octets);
    assert.equal(taken, text === "one" ? octets.length : 0);
  }
  assert.equal(server.read(2).toString(), "on");
  assert.equal(server.read(100).toString(), "e");
});

test("any changed octet of a handshake ends it, and none of them is taken for good", () => {
  const [client, server] = [make(false), make(true)];
  const hello = client.drain(65_536);
  server.feed(hello);
  const flight = server.drain(65_536);
  for (let at = 0; at < flight.length; at += 13) {
    const other = make(false);
    other.drain(65_536);
    const changed = Buffer.from(flight);
    changed[at] = (changed[at] as number) ^ 0x41;
    other.feed(changed);
    const second = make(true);
    second.feed(hello);
    second.feed(other.drain(65_536));
    assert.notEqual(second.phase, "open", `octet ${at}`);
    assert.notEqual(other.phase, "open", `octet ${at}`);
  }
});

test("a changed record is refused", () => {
  const [client, server] = connected();
  client.write(Buffer.from("a word"));
  const octets = client.drain(65_536);
  octets[octets.length - 1] = (octets[octets.length - 1] as number) ^ 1;
  server.feed(octets);
  assert.deepEqual([server.phase, server.alertSent, server.readable], ["failed", Alert.BadRecordMac, 0]);
});

test("a record that comes again is refused", () => {
  const [client, server] = connected();
  client.write(Buffer.from("a word"));
  const octets = client.drain(65_536);
  server.feed(octets);
  server.read(100);
  server.feed(octets);
  assert.deepEqual([server.phase, server.alertSent], ["failed", Alert.BadRecordMac]);
});

test("application data before the handshake is refused", () => {
  const server = make(true);
  server.feed(Buffer.from("170303000568656c6c6f", "hex"));
  assert.deepEqual([server.phase, server.alertSent], ["failed", Alert.UnexpectedMessage]);
});

test("a closed session says so to its peer", () => {
  const [client, server] = connected();
  client.close();
  carry(client, server);
  assert.deepEqual([client.phase, server.phase, client.write(Buffer.of(1))], ["closed", "closed", 0]);
});

test("an authority signs what a device asked for, and refuses a request that its key did not sign", () => {
  const key = device().privateKey;
  const der = makeRequest(key, HARDWARE_TYPE, Buffer.from("77"));
  const request = readRequest(der);
  assert.deepEqual(request, { point: publicPoint(key), hardwareType: HARDWARE_TYPE, serial: Buffer.from("77") });
  const chain = chainOf(authority, certifyDevice(authority, request.point, { serial: request.serial }));
  const client = new TlsSession({ server: false, identity: { privateKey: key, chain }, roots, seed: Buffer.alloc(32), now: NOW });
  const server = make(true);
  carry(client, server);
  assert.equal(server.phase, "open");
  const changed = Buffer.from(der);
  changed[40] = (changed[40] as number) ^ 1;
  assert.throws(() => readRequest(changed));
});

test("octets at random never break a session otherwise than by an alert", () => {
  let state = 12345;
  const next = (): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return state >> 16;
  };
  const hello = make(false).drain(65_536);
  for (let round = 0; round < 2000; round++) {
    const octets = Buffer.from(hello);
    for (let count = next() % 4; count >= 0; count--) octets[next() % octets.length] = next() & 0xff;
    const server = make(true);
    server.feed(octets.subarray(0, 1 + (next() % octets.length)));
    assert.ok(server.phase === "handshake" || server.phase === "failed");
  }
});
