// The client's half of the handshake: RFC 5246 section 7.3, figure 1.
//
//   ClientHello ->
//                    <- ServerHello, Certificate, ServerKeyExchange, CertificateRequest, ServerHelloDone
//   Certificate, ClientKeyExchange, CertificateVerify, [ChangeCipherSpec], Finished ->
//                    <- [ChangeCipherSpec], Finished
import { Alert, TlsAlert } from "./alert.ts";
import {
  agree,
  type Context,
  checkRenegotiation,
  checkSigned,
  ECDSA_SIGN,
  ExtensionType,
  ephemeralKey,
  expect,
  expectFinished,
  type Flow,
  HandshakeType,
  helloRandom,
  type Message,
  NAMED_CURVE,
  RANDOM_SIZE,
  readChain,
  readExtensions,
  SECP256R1,
  SIGNATURE_ALGORITHM,
  SUITE,
  sayCertificate,
  sayFinished,
  signed,
  UNCOMPRESSED,
} from "./handshake.ts";
import { publicPoint } from "./p256.ts";
import { number16, Reader, vector } from "./reader.ts";
import { TLS_1_2 } from "./record.ts";
import type { Certificate } from "./x509.ts";

/** RFC 6066 section 4: what our boards can take. */
const MAX_FRAGMENT_4096 = 4;

export function* clientHandshake(context: Context): Flow {
  const { session } = context;
  const clientRandom = helloRandom(context);
  sayHello(context, clientRandom);
  session.flush();
  const serverRandom = readHello(yield* expect(HandshakeType.ServerHello, "a ServerHello"));
  session.suite = SUITE;
  const certificate = readChain(yield* expect(HandshakeType.Certificate, "a Certificate"), context);
  const exchange = yield* expect(HandshakeType.ServerKeyExchange, "a ServerKeyExchange");
  const point = readExchange(exchange, certificate, Buffer.concat([clientRandom, serverRandom]));
  const request = yield;
  if (request.type === HandshakeType.ServerHelloDone) throw new TlsAlert(Alert.HandshakeFailure, "the server does not ask who we are");
  if (request.type !== HandshakeType.CertificateRequest) throw new TlsAlert(Alert.UnexpectedMessage, "no CertificateRequest");
  readRequest(request);
  const done = yield* expect(HandshakeType.ServerHelloDone, "a ServerHelloDone");
  new Reader(done.body, "a ServerHelloDone").end();

  sayCertificate(context);
  const key = ephemeralKey(context);
  session.say(HandshakeType.ClientKeyExchange, vector(1, publicPoint(key)));
  const master = agree(context, key, point, clientRandom, serverRandom);
  session.say(HandshakeType.CertificateVerify, signed(context, session.transcript()));
  sayFinished(context, master, false);
  yield* expectFinished(context, master, true);
  session.done({ certificate, master, clientRandom, serverRandom });
  yield;
}

function sayHello(context: Context, random: Uint8Array): void {
  const extension = (type: number, ...value: Uint8Array[]): Buffer => Buffer.concat([number16(type), vector(2, ...value)]);
  context.session.say(
    HandshakeType.ClientHello,
    number16(TLS_1_2),
    random,
    vector(1), // no session to resume
    vector(2, number16(SUITE)),
    vector(1, Buffer.of(0)), // no compression
    vector(
      2,
      extension(ExtensionType.RenegotiationInfo, vector(1)),
      extension(ExtensionType.MaxFragment, Buffer.of(MAX_FRAGMENT_4096)),
      extension(ExtensionType.SignatureAlgorithms, vector(2, number16(SIGNATURE_ALGORITHM))),
      extension(ExtensionType.SupportedGroups, vector(2, number16(SECP256R1))),
      extension(ExtensionType.PointFormats, vector(1, Buffer.of(UNCOMPRESSED))),
    ),
  );
}

/** Answers the server's random octets. */
function readHello(message: Message): Uint8Array {
  const reader = new Reader(message.body, "a ServerHello");
  if (reader.number(2) !== TLS_1_2) throw new TlsAlert(Alert.ProtocolVersion, "the server has no TLS 1.2");
  const random = reader.take(RANDOM_SIZE);
  if (reader.vector(1).length > 32) throw new TlsAlert(Alert.DecodeError, "a session identifier of more than 32 octets");
  if (reader.number(2) !== SUITE) throw new TlsAlert(Alert.IllegalParameter, "the server chose a suite that was not offered");
  if (reader.number(1) !== 0) throw new TlsAlert(Alert.IllegalParameter, "the server chose a compression");
  const extensions = readExtensions(reader);
  const offered: number[] = Object.values(ExtensionType);
  for (const type of extensions.keys()) {
    if (!offered.includes(type)) throw new TlsAlert(Alert.UnsupportedExtension, `the extension ${type} was not asked for`);
  }
  checkRenegotiation(extensions.get(ExtensionType.RenegotiationInfo));
  const fragment = extensions.get(ExtensionType.MaxFragment);
  if (fragment && (fragment.length !== 1 || fragment[0] !== MAX_FRAGMENT_4096))
    throw new TlsAlert(Alert.IllegalParameter, "the server chose another size of records");
  return random;
}

/** Answers the server's ephemeral point, its signature verified. */
function readExchange(message: Message, certificate: Certificate, randoms: Uint8Array): Uint8Array {
  const reader = new Reader(message.body, "a ServerKeyExchange");
  if (reader.number(1) !== NAMED_CURVE || reader.number(2) !== SECP256R1)
    throw new TlsAlert(Alert.IllegalParameter, "the server chose another curve than P-256");
  const point = reader.vector(1);
  const parameters = message.body.subarray(0, message.body.length - reader.left);
  checkSigned(reader, certificate, Buffer.concat([randoms, parameters]), "the ServerKeyExchange");
  return point;
}

function readRequest(message: Message): void {
  const reader = new Reader(message.body, "a CertificateRequest");
  const types = reader.vector(1);
  const algorithms = reader.reader(2);
  reader.vector(2); // names of authorities: our chain is what it is
  reader.end();
  let known = false;
  while (algorithms.left > 0) known = algorithms.number(2) === SIGNATURE_ALGORITHM || known;
  if (!types.includes(ECDSA_SIGN) || !known) throw new TlsAlert(Alert.HandshakeFailure, "the server asks for another kind of certificate");
}
