// The host's TLS and the boards' against OpenSSL, both ways: one good row connects, every other is refused with the right alert.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Alert } from "../../host/tls/alert.ts";
import type { DeviceFields } from "../../host/tls/authority.ts";
import { OID } from "../../host/tls/x509.ts";
import { ofBoard } from "./party.ts";
import { ANSWER, asked, authority, device, type Files, filesOf, type Make, NOW, ofHost, served, stranger } from "./peers.ts";

const CCM8 = "ECDHE-ECDSA-AES128-CCM8";
/** OpenSSL's own level would refuse some rows before we see them. */
const weak = (suite: string): string => `${suite}:@SECLEVEL=0`;
const identity = ({ chain, rest, key, root }: Files): string[] => [
  ...["-cert", chain, "-key", key, "-CAfile", root],
  ...(rest ? ["-cert_chain", rest] : []), // OpenSSL ends at an empty file
];

/** Certificates that must be refused, whoever shows them. */
const CERTIFICATES: [name: string, fields: Partial<DeviceFields>, alert: number][] = [
  ["expired", { notAfter: new Date(NOW - 1000) }, Alert.CertificateExpired],
  ["not yet valid", { notBefore: new Date(NOW + 1000) }, Alert.CertificateExpired],
  ["with a KeyUsage that is not critical", { uncritical: [OID.keyUsage] }, Alert.BadCertificate],
  ["with policies that are not critical", { uncritical: [OID.certificatePolicies] }, Alert.BadCertificate],
  ["with a name that is not critical", { uncritical: [OID.subjectAltName] }, Alert.BadCertificate],
  ["without policies", { without: [OID.certificatePolicies] }, Alert.BadCertificate],
  ["without KeyUsage", { without: [OID.keyUsage] }, Alert.BadCertificate],
  ["without a name", { without: [OID.subjectAltName] }, Alert.BadCertificate],
  ["with another policy", { policy: "1.3.6.1.4.1.32473.2" }, Alert.BadCertificate],
];

async function client(make: Make, context: TestContext, args: string[], files = filesOf(context, device({ serial: Buffer.from("0002") }))) {
  return served(make, (port) => ["openssl", ["s_client", "-connect", `127.0.0.1:${port}`, ...identity(files), ...args]], "a question\n");
}

async function server(make: Make, context: TestContext, args: string[], files = filesOf(context, device({ serial: Buffer.from("0002") }))) {
  return asked(make, [...identity(files), "-Verify", "4", ...args]);
}

const CLIENTS: [name: string, args: string[], alert: number][] = [
  ["of TLS 1.1", ["-tls1_1", "-cipher", weak("ECDHE-ECDSA-AES128-SHA")], Alert.ProtocolVersion],
  ["of TLS 1.0", ["-tls1", "-cipher", weak("ECDHE-ECDSA-AES128-SHA")], Alert.ProtocolVersion],
  ["with the suite of sixteen octets of tag", ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-CCM"], Alert.HandshakeFailure],
  ["with GCM", ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"], Alert.HandshakeFailure],
  ["with AES-256", ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-CCM8"], Alert.HandshakeFailure],
  ["with P-384 alone", ["-tls1_2", "-cipher", CCM8, "-curves", "P-384"], Alert.HandshakeFailure],
  ["with SHA-384 alone", ["-tls1_2", "-cipher", CCM8, "-sigalgs", "ECDSA+SHA384"], Alert.HandshakeFailure],
];

const SERVERS: [name: string, args: string[]][] = [
  ["of TLS 1.1", ["-tls1_1", "-cipher", weak("ECDHE-ECDSA-AES128-SHA")]],
  ["with GCM", ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"]],
  ["with P-384 alone", ["-tls1_2", "-cipher", CCM8, "-curves", "P-384"]],
];

const ENGINES: [name: string, make: Make][] = [
  ["host", ofHost],
  ["board", ofBoard],
];
for (const [engine, make] of ENGINES) {
  test(`${engine}: OpenSSL's client and our server speak`, async (context) => {
    const { outcome, text } = await client(make, context, ["-tls1_2", "-cipher", CCM8, "-verify_return_error"]);
    assert.match(text, new RegExp(ANSWER));
    assert.match(text, new RegExp(CCM8));
    assert.match(outcome.heard, /a question/);
    assert.match(text, /Verification: OK/);
  });

  test(`${engine}: OpenSSL's server and our client speak`, async (context) => {
    const outcome = await server(make, context, ["-tls1_2", "-cipher", CCM8]);
    assert.equal(outcome.heard, ANSWER);
    assert.equal(outcome.session.phase, "closed");
  });

  test(`${engine}: curl reads from our server`, async (context) => {
    const { chain, key } = filesOf(context, device({ serial: Buffer.from("0002") }));
    const curl = ["-s", "-k", "--http0.9", "--tls-max", "1.2", "--ciphers", CCM8, "--cert", chain, "--key", key];
    const { text, code } = await served(make, (port) => ["curl", [...curl, `https://127.0.0.1:${port}/dcap`]]);
    assert.equal(text, ANSWER);
    assert.equal(code, 0);
  });

  for (const [name, args, alert] of CLIENTS) {
    test(`${engine}: a client ${name} is refused with alert ${alert}`, async (context) => {
      const { outcome } = await client(make, context, args);
      assert.deepEqual([outcome.session.phase, outcome.session.alertSent, outcome.heard], ["failed", alert, ""]);
    });
  }

  test(`${engine}: a client without a certificate is refused`, async () => {
    const { outcome } = await served(make, (port) => [
      "openssl",
      ["s_client", "-connect", `127.0.0.1:${port}`, "-tls1_2", "-cipher", CCM8],
    ]);
    assert.deepEqual([outcome.session.phase, outcome.session.alertSent], ["failed", Alert.HandshakeFailure]);
  });

  for (const [name, fields, alert] of CERTIFICATES) {
    test(`${engine}: a client's certificate ${name} is refused with alert ${alert}`, async (context) => {
      const { outcome } = await client(make, context, ["-tls1_2", "-cipher", CCM8], filesOf(context, device(fields)));
      assert.deepEqual([outcome.session.phase, outcome.session.alertSent], ["failed", alert]);
    });
    test(`${engine}: a server's certificate ${name} is refused with alert ${alert}`, async (context) => {
      const outcome = await server(make, context, ["-tls1_2", "-cipher", CCM8], filesOf(context, device(fields)));
      assert.deepEqual([outcome.session.phase, outcome.session.alertSent], ["failed", alert]);
    });
  }

  test(`${engine}: chains that lead elsewhere are refused`, async (context) => {
    const other = device({}, stranger);
    const own = device();
    const rows: [Uint8Array[], number][] = [
      [other.chain, Alert.UnknownCa],
      [own.chain.slice(0, 1), Alert.UnknownCa], // without those above it
      [[own.chain[0] as Uint8Array, ...other.chain.slice(1)], Alert.BadCertificate], // the same names, another key
      [[own.chain[0] as Uint8Array, own.chain[2] as Uint8Array], Alert.UnknownCa],
      [[authority.issuer.certificate, authority.manufacturer.certificate], Alert.BadCertificate], // an authority as a device
    ];
    for (const [chain, alert] of rows) {
      const key =
        chain[0] === authority.issuer.certificate
          ? authority.issuer.privateKey
          : chain[0] === other.chain[0]
            ? other.privateKey
            : own.privateKey;
      const { outcome } = await client(make, context, ["-tls1_2", "-cipher", CCM8], filesOf(context, { privateKey: key, chain }));
      assert.deepEqual(
        [outcome.session.phase, outcome.session.alertSent],
        ["failed", alert],
        `${rows.findIndex(([row]) => row === chain)}`,
      );
    }
  });

  for (const [name, args] of SERVERS) {
    test(`${engine}: a server ${name} finds nothing in common`, async (context) => {
      const outcome = await server(make, context, args);
      assert.equal(outcome.session.phase, "failed");
      const { alertReceived } = outcome.session;
      assert.ok(alertReceived === Alert.HandshakeFailure || alertReceived === Alert.ProtocolVersion, `${alertReceived}`);
    });
  }

  test(`${engine}: a server that asks for no certificate is refused`, async (context) => {
    const outcome = await asked(make, [...identity(filesOf(context, device())), "-tls1_2", "-cipher", CCM8]);
    assert.deepEqual([outcome.session.phase, outcome.session.alertSent], ["failed", Alert.HandshakeFailure]);
  });
}

test("OpenSSL verifies our chain strictly", (context) => {
  const { chain, root } = filesOf(context, device());
  const answer = execFileSync("openssl", ["verify", "-x509_strict", "-CAfile", root, "-untrusted", chain, chain], { encoding: "utf8" });
  assert.equal(answer, `${join(chain)}: OK\n`);
});
