// What client and server share of the handshake: RFC 5246 section 7.4, RFC 8422, RFC 5746.
import { createHash } from "node:crypto";
import { Alert, TlsAlert } from "./alert.ts";
import { verifyChain } from "./chain.ts";
import { publicKeyObject, SCALAR_SIZE, sharedSecret, signDer, verifyDer } from "./p256.ts";
import { masterSecret, trafficKeys, verifyData } from "./prf.ts";
import { number16, Reader, vector } from "./reader.ts";
import type { TlsIdentity, TlsSession } from "./session.ts";
import type { Certificate } from "./x509.ts";

export const HandshakeType = {
  HelloRequest: 0,
  ClientHello: 1,
  ServerHello: 2,
  Certificate: 11,
  ServerKeyExchange: 12,
  CertificateRequest: 13,
  ServerHelloDone: 14,
  CertificateVerify: 15,
  ClientKeyExchange: 16,
  Finished: 20,
  /** No handshake message, but it comes between them. */
  ChangeCipherSpec: 0x100,
} as const;

export const SUITE = 0xc0ae; // TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8, RFC 7251
export const SECP256R1 = 23;
export const NAMED_CURVE = 3;
export const UNCOMPRESSED = 0;
/** sha256 and ecdsa. */
export const SIGNATURE_ALGORITHM = 0x0403;
export const ECDSA_SIGN = 64;
export const RANDOM_SIZE = 32;
export const ExtensionType = {
  MaxFragment: 1,
  SupportedGroups: 10,
  PointFormats: 11,
  SignatureAlgorithms: 13,
  RenegotiationInfo: 0xff01,
} as const;

export interface Message {
  type: number;
  body: Uint8Array;
  /** Octets of the transcript before it. */
  before: number;
}

/** A handshake waits for message after message. */
export type Flow = Generator<void, void, Message>;

export interface Peer {
  certificate: Certificate;
  master: Buffer;
  clientRandom: Uint8Array;
  serverRandom: Uint8Array;
}

export interface Context {
  identity: TlsIdentity;
  roots: Uint8Array[];
  now?: number;
  random: (size: number) => Buffer;
  session: TlsSession;
}

/** The next message, which must be of that type. */
export function* expect(type: number, what: string): Generator<void, Message, Message> {
  const message = yield;
  if (message.type !== type) throw new TlsAlert(Alert.UnexpectedMessage, `a message of type ${message.type} where ${what} must be`);
  return message;
}

/** Four zeros and 28 random octets, as BearSSL makes them. */
export function helloRandom(context: Context): Buffer {
  return Buffer.concat([Buffer.alloc(4), context.random(RANDOM_SIZE - 4)]);
}

/** A private key for one handshake: below the order without its top bit, and not zero with its last. */
export function ephemeralKey(context: Context): Buffer {
  const key = Buffer.from(context.random(SCALAR_SIZE));
  key[0] = (key[0] as number) & 0x7f;
  key[SCALAR_SIZE - 1] = (key[SCALAR_SIZE - 1] as number) | 1;
  return key;
}

export function sayCertificate(context: Context): void {
  const chain = context.identity.chain.map((certificate) => vector(3, certificate));
  context.session.say(HandshakeType.Certificate, vector(3, ...chain));
}

/** The peer's leaf, its chain verified. */
export function readChain(message: Message, context: Context): Certificate {
  const reader = new Reader(message.body, "a Certificate message");
  const list = reader.reader(3);
  reader.end();
  const chain: Uint8Array[] = [];
  while (list.left > 0) chain.push(list.vector(3));
  return verifyChain(chain, context.roots, context.now);
}

/** Extensions by type; each once. */
export function readExtensions(reader: Reader): Map<number, Uint8Array> {
  const found = new Map<number, Uint8Array>();
  if (reader.left === 0) return found;
  const list = reader.reader(2);
  reader.end();
  while (list.left > 0) {
    const type = list.number(2);
    const value = list.vector(2);
    if (found.has(type)) throw new TlsAlert(Alert.DecodeError, `the extension ${type} is there twice`);
    found.set(type, value);
  }
  return found;
}

/** A secure renegotiation's beginning: no verify data yet, RFC 5746 section 3.4. */
export function checkRenegotiation(value: Uint8Array | undefined): void {
  if (value && (value.length !== 1 || value[0] !== 0))
    throw new TlsAlert(Alert.HandshakeFailure, "a first handshake that claims to follow another");
}

/** `digitally-signed`, section 4.7. */
export function signed(context: Context, data: Uint8Array): Buffer {
  return Buffer.concat([number16(SIGNATURE_ALGORITHM), vector(2, signDer(context.identity.privateKey, data))]);
}

export function checkSigned(reader: Reader, certificate: Certificate, data: Uint8Array, what: string): void {
  if (reader.number(2) !== SIGNATURE_ALGORITHM)
    throw new TlsAlert(Alert.IllegalParameter, `${what} is signed by another algorithm than ecdsa with SHA-256`);
  const signature = reader.vector(2);
  reader.end();
  const key = publicKeyObject(certificate.spki);
  if (!key || !verifyDer(key, data, signature)) throw new TlsAlert(Alert.DecryptError, `the signature of ${what} is wrong`);
}

/** Computes the secrets and hands the traffic keys to the session. */
export function agree(context: Context, key: Uint8Array, point: Uint8Array, clientRandom: Uint8Array, serverRandom: Uint8Array): Buffer {
  const premaster = sharedSecret(key, point);
  if (!premaster) throw new TlsAlert(Alert.IllegalParameter, "the peer's ephemeral key is no point of P-256");
  const master = masterSecret(premaster, clientRandom, serverRandom);
  context.session.keys(trafficKeys(master, clientRandom, serverRandom), master, clientRandom);
  return master;
}

export function sayFinished(context: Context, master: Uint8Array, server: boolean): void {
  context.session.changeCipher();
  context.session.say(HandshakeType.Finished, verifyData(master, server, sha256(context.session.transcript())));
  context.session.flush();
}

export function* expectFinished(context: Context, master: Uint8Array, server: boolean): Generator<void, void, Message> {
  yield* expect(HandshakeType.ChangeCipherSpec, "a ChangeCipherSpec");
  const finished = yield* expect(HandshakeType.Finished, "a Finished");
  const wanted = verifyData(master, server, sha256(context.session.transcript(finished.before)));
  if (!wanted.equals(finished.body)) throw new TlsAlert(Alert.DecryptError, "a Finished that does not match the handshake");
}

function sha256(octets: Uint8Array): Buffer {
  return createHash("sha256").update(octets).digest();
}
