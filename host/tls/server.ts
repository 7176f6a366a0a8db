// The server's half of the handshake; the messages' order stands in client.ts.
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
import { readCertificate } from "./x509.ts";

const SESSION_ID = 32;
/** Its doubles are the sizes of RFC 6066 section 4. */
const FRAGMENT_UNIT = 256;
/** TLS_EMPTY_RENEGOTIATION_INFO_SCSV, RFC 5746 section 3.3. */
const SIGNALLING_SUITE = 0x00ff;

export function* serverHandshake(context: Context): Flow {
  const { session } = context;
  const hello = readHello(yield* expect(HandshakeType.ClientHello, "a ClientHello"));
  session.suite = SUITE;
  const sessionId = context.random(SESSION_ID);
  const serverRandom = helloRandom(context);
  if (hello.maxFragment) session.limit(FRAGMENT_UNIT << hello.maxFragment);
  sayHello(context, serverRandom, sessionId, hello);
  sayCertificate(context);
  const key = ephemeralKey(context);
  const parameters = Buffer.concat([Buffer.of(NAMED_CURVE), number16(SECP256R1), vector(1, publicPoint(key))]);
  const signature = signed(context, Buffer.concat([hello.random, serverRandom, parameters]));
  session.say(HandshakeType.ServerKeyExchange, parameters, signature);
  sayRequest(context);
  session.say(HandshakeType.ServerHelloDone);
  session.flush();

  const certificate = readChain(yield* expect(HandshakeType.Certificate, "a Certificate"), context);
  const point = readExchange(yield* expect(HandshakeType.ClientKeyExchange, "a ClientKeyExchange"));
  const master = agree(context, key, point, hello.random, serverRandom);
  const verify = yield* expect(HandshakeType.CertificateVerify, "a CertificateVerify");
  checkSigned(new Reader(verify.body, "a CertificateVerify"), certificate, session.transcript(verify.before), "the CertificateVerify");
  yield* expectFinished(context, master, false);
  sayFinished(context, master, true);
  session.done({ certificate, master, clientRandom: hello.random, serverRandom });
  yield;
}

interface Hello {
  random: Uint8Array;
  secureRenegotiation: boolean;
  /** Records of 2^(8 + n) octets at most are asked for; 0 where nothing is. */
  maxFragment: number;
}

function readHello(message: Message): Hello {
  const reader = new Reader(message.body, "a ClientHello");
  if (reader.number(2) < TLS_1_2) throw new TlsAlert(Alert.ProtocolVersion, "the client has no TLS 1.2");
  const random = reader.take(RANDOM_SIZE);
  if (reader.vector(1).length > 32) throw new TlsAlert(Alert.DecodeError, "a session identifier of more than 32 octets");
  const suites = numbers(reader.reader(2));
  const compressions = reader.vector(1);
  const extensions = readExtensions(reader);
  if (!compressions.includes(0)) throw new TlsAlert(Alert.HandshakeFailure, "the client wants a compression");
  if (!suites.includes(SUITE)) throw new TlsAlert(Alert.HandshakeFailure, "the client has none of our suites");
  offers(extensions.get(ExtensionType.SupportedGroups), SECP256R1, "P-256");
  offers(extensions.get(ExtensionType.SignatureAlgorithms), SIGNATURE_ALGORITHM, "ecdsa with SHA-256");
  const formats = extensions.get(ExtensionType.PointFormats);
  if (formats && !new Reader(formats, "the point formats").vector(1).includes(UNCOMPRESSED))
    throw new TlsAlert(Alert.IllegalParameter, "the client takes no uncompressed points");
  const renegotiation = extensions.get(ExtensionType.RenegotiationInfo);
  checkRenegotiation(renegotiation);
  const fragment = extensions.get(ExtensionType.MaxFragment);
  if (fragment && (fragment.length !== 1 || !((fragment[0] as number) >= 1 && (fragment[0] as number) <= 4)))
    throw new TlsAlert(Alert.IllegalParameter, "a size of records that is none");
  return { random, maxFragment: fragment?.[0] ?? 0, secureRenegotiation: renegotiation !== undefined || suites.includes(SIGNALLING_SUITE) };
}

function offers(extension: Uint8Array | undefined, wanted: number, name: string): void {
  if (!extension) return; // RFC 8422 section 4: the server may choose
  const reader = new Reader(extension, "a list of what the client can do");
  const list = numbers(reader.reader(2));
  reader.end();
  if (!list.includes(wanted)) throw new TlsAlert(Alert.HandshakeFailure, `the client has no ${name}`);
}

function numbers(reader: Reader): number[] {
  const list: number[] = [];
  while (reader.left > 0) list.push(reader.number(2));
  return list;
}

function sayHello(context: Context, random: Uint8Array, sessionId: Uint8Array, { secureRenegotiation, maxFragment }: Hello): void {
  const answers = [
    ...(secureRenegotiation ? [number16(ExtensionType.RenegotiationInfo), vector(2, vector(1))] : []),
    ...(maxFragment ? [number16(ExtensionType.MaxFragment), vector(2, Buffer.of(maxFragment))] : []),
  ];
  const extensions = answers.length > 0 ? [vector(2, ...answers)] : [];
  const compression = Buffer.of(0);
  context.session.say(
    HandshakeType.ServerHello,
    number16(TLS_1_2),
    random,
    vector(1, sessionId),
    number16(SUITE),
    compression,
    ...extensions,
  );
}

function sayRequest(context: Context): void {
  const names = context.roots.map((root) => vector(2, readCertificate(root).subject));
  context.session.say(
    HandshakeType.CertificateRequest,
    vector(1, Buffer.of(ECDSA_SIGN)),
    vector(2, number16(SIGNATURE_ALGORITHM)),
    vector(2, ...names),
  );
}

function readExchange(message: Message): Uint8Array {
  const reader = new Reader(message.body, "a ClientKeyExchange");
  const point = reader.vector(1);
  reader.end();
  return point;
}
