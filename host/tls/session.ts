// TLS 1.2 as a machine of octets, without sockets: one session of a simulated device, docs/tls.md.
//
//   feed (ciphertext in) -> records -> handshake | application data -> read
//   write -> records -> drain (ciphertext out)
//
// ECDHE-ECDSA-AES128-CCM-8, both sides authenticated, nothing else.  What it draws and in which order is BearSSL's way, so that a device
// sends the same octets under V8 as on a board.  It is for simulation: its arithmetic on secrets is not of constant time.
import { HmacDrbg } from "../drbg.ts";
import { Alert, FATAL, TlsAlert, WARNING } from "./alert.ts";
import { clientHandshake } from "./client.ts";
import { type Flow, HandshakeType, type Message, type Peer } from "./handshake.ts";
import { eapMsk, type TrafficKeys } from "./prf.ts";
import { vector } from "./reader.ts";
import { FRAGMENT_MAX, RECORD_HEAD, RECORD_SEAL, RecordCipher, RecordType, recordHead, TLS_1_2 } from "./record.ts";
import { serverHandshake } from "./server.ts";
import { lfdiOf } from "./x509.ts";

export interface TlsIdentity {
  privateKey: Uint8Array;
  /** DER, leaf first, without the root. */
  chain: Uint8Array[];
}

export interface TlsOptions {
  server: boolean;
  identity: TlsIdentity;
  roots: Uint8Array[];
  /** Where all randomness of the session comes from, 32 octets. */
  seed: Uint8Array;
  /** Milliseconds since 1970; without it validity is not judged. */
  now?: number;
  /** Octets of plaintext in a record at most: of ours, and of the peer's. */
  fragmentMax?: number;
  recordMax?: number;
  /** Told once, a line of an NSS key log. */
  keyLog?: (line: string) => void;
}

/** A Finished with its head, sealed. */
const FINISHED_RECORD = RECORD_HEAD + RECORD_SEAL + 4 + 12;
/** Octets of a handshake, both sides together. */
const TRANSCRIPT_MAX = 65_536;

export type TlsPhase = "handshake" | "open" | "closed" | "failed";

export class TlsSession {
  phase: TlsPhase = "handshake";
  /** The alert that ended the session, by us or by the peer; and why, for people. */
  alertSent: number | undefined;
  alertReceived: number | undefined;
  reason = "";
  private readonly flow: Flow;
  private fragmentMax: number;
  private readonly recordMax: number;
  private incoming: Buffer = Buffer.alloc(0);
  private outgoing: Buffer = Buffer.alloc(0);
  private composing: Buffer = Buffer.alloc(0);
  private plaintext: Buffer = Buffer.alloc(0);
  private messages: Buffer = Buffer.alloc(0);
  private flight: Buffer[] = [];
  private reading: RecordCipher | undefined;
  private writing: RecordCipher | undefined;
  private nextReading: RecordCipher | undefined;
  private nextWriting: RecordCipher | undefined;
  private said: Buffer[] = [];
  private saidSize = 0;
  private peer: Peer | undefined;

  constructor(private readonly options: TlsOptions) {
    this.fragmentMax = options.fragmentMax ?? FRAGMENT_MAX;
    this.recordMax = options.recordMax ?? FRAGMENT_MAX;
    const drbg = new HmacDrbg(new Uint8Array(0)); // begun without a seed, as BearSSL's engine does
    drbg.reseed(options.seed);
    const context = { ...options, random: (size: number) => drbg.generate(size), session: this };
    this.flow = options.server ? serverHandshake(context) : clientHandshake(context);
    this.guard(() => this.advance(undefined));
  }

  /** Takes ciphertext of the peer; answers how much of it, 0 while there is plaintext to read, or at the end. */
  feed(octets: Uint8Array): number {
    let taken = 0;
    while (taken < octets.length && this.takes) {
      const want = this.wanted() - this.incoming.length;
      const part = octets.subarray(taken, taken + want);
      taken += part.length;
      this.incoming = Buffer.concat([this.incoming, part]);
      this.guard(() => this.takeRecord());
    }
    return this.phase === "failed" ? octets.length : taken; // what follows a fault is nobody's
  }

  /** Whether ciphertext is taken: a record that has begun to its end, another one when nothing waits on our side. */
  get takes(): boolean {
    if (this.phase === "failed" || this.peerClosed) return false;
    return this.incoming.length > 0 || (this.plaintext.length === 0 && this.outgoing.length === 0 && this.composing.length === 0);
  }

  /** Whether nothing is taken from either side any more. */
  get ended(): boolean {
    return this.phase === "failed" || (this.phase === "closed" && this.peerClosed && this.outgoing.length === 0);
  }

  /** Ciphertext for the peer; what was written becomes a record first. */
  drain(capacity: number): Buffer {
    this.endRecord();
    const octets = this.outgoing.subarray(0, capacity);
    this.outgoing = this.outgoing.subarray(octets.length);
    this.settle();
    return octets;
  }

  get drainable(): number {
    return this.outgoing.length + this.composing.length;
  }

  read(capacity: number): Buffer {
    const octets = this.plaintext.subarray(0, capacity);
    this.plaintext = this.plaintext.subarray(octets.length);
    return octets;
  }

  get readable(): number {
    return this.plaintext.length;
  }

  /** Takes plaintext for the record under way, once the one before has been drained; answers how much. */
  write(octets: Uint8Array): number {
    const part = octets.subarray(0, this.writable);
    this.composing = Buffer.concat([this.composing, part]);
    return part.length;
  }

  /** Octets of plaintext that are taken. */
  get writable(): number {
    return this.phase === "open" && this.outgoing.length === 0 ? this.fragmentMax - this.composing.length : 0;
  }

  /** Says close_notify; what is still to be drained stays. */
  close(): void {
    if (this.phase !== "handshake" && this.phase !== "open") return;
    this.endRecord();
    this.alert(WARNING, Alert.CloseNotify);
    this.plaintext = Buffer.alloc(0);
    this.phase = "closed";
  }

  private endRecord(): void {
    if (this.composing.length > 0) this.send(RecordType.ApplicationData, this.composing);
    this.composing = Buffer.alloc(0);
  }

  /** The handshake has ended well, whatever came later.  As with BearSSL's engine, who speaks last has only its Finished left to drain. */
  established = false;

  private settle(): void {
    this.established ||= this.peer !== undefined && this.outgoing.length <= FINISHED_RECORD;
  }

  /** Whether the peer said close_notify. */
  peerClosed = false;

  /** LFDI of the peer's certificate, once the handshake is done. */
  get peerLfdi(): Buffer | undefined {
    return this.peer && lfdiOf(this.peer.certificate.der);
  }

  /** RFC 5216's key; undefined before the handshake is done. */
  exportMsk(): Buffer | undefined {
    if (!this.peer || this.phase !== "open") return undefined;
    return eapMsk(this.peer.master, this.peer.clientRandom, this.peer.serverRandom);
  }

  /** The suite, 0 until it was agreed on. */
  suite = 0;

  // What a handshake asks for.

  /** Adds a message to the flight. */
  say(type: number, ...body: Uint8Array[]): void {
    const message = Buffer.concat([Buffer.of(type), vector(3, ...body)]);
    this.note(message);
    this.flight.push(message);
  }

  /** The peer takes smaller records. */
  limit(fragmentMax: number): void {
    this.fragmentMax = Math.min(this.fragmentMax, fragmentMax);
  }

  /** Sends the flight's messages, as many in a record as there is room. */
  flush(): void {
    const octets = Buffer.concat(this.flight);
    this.flight = [];
    for (let at = 0; at < octets.length; at += this.fragmentMax)
      this.send(RecordType.Handshake, octets.subarray(at, at + this.fragmentMax));
  }

  /** All messages so far, or the first octets of them. */
  transcript(size = this.saidSize): Buffer {
    return Buffer.concat(this.said).subarray(0, size);
  }

  keys(keys: TrafficKeys, master: Uint8Array, clientRandom: Uint8Array): void {
    const client = new RecordCipher(keys.clientKey, keys.clientNonce);
    const server = new RecordCipher(keys.serverKey, keys.serverNonce);
    [this.nextReading, this.nextWriting] = this.options.server ? [client, server] : [server, client];
    this.options.keyLog?.(`CLIENT_RANDOM ${Buffer.from(clientRandom).toString("hex")} ${Buffer.from(master).toString("hex")}`);
  }

  /** Sends ChangeCipherSpec and protects what follows. */
  changeCipher(): void {
    this.flush();
    this.send(RecordType.ChangeCipherSpec, Buffer.of(1));
    this.writing = this.nextWriting;
  }

  done(peer: Peer): void {
    this.peer = peer;
    this.phase = "open";
    this.said = [];
    this.settle();
  }

  /** Octets of the record under way: its head first, then all of it. */
  private wanted(): number {
    return this.incoming.length < RECORD_HEAD ? RECORD_HEAD : RECORD_HEAD + this.incoming.readUInt16BE(3);
  }

  private takeRecord(): void {
    if (this.incoming.length < RECORD_HEAD) return;
    if (this.incoming.length === RECORD_HEAD) this.checkHead();
    if (this.incoming.length < this.wanted()) return;
    const type = this.incoming[0] as number;
    const fragment = this.incoming.subarray(RECORD_HEAD);
    this.incoming = Buffer.alloc(0);
    const plaintext = this.reading ? this.reading.open(type, fragment) : fragment;
    if (plaintext.length > this.recordMax) throw new TlsAlert(Alert.RecordOverflow, "a record is too long");
    switch (type) {
      case RecordType.Handshake:
        this.takeMessages(plaintext);
        return;
      case RecordType.ChangeCipherSpec:
        this.takeChange(plaintext);
        return;
      case RecordType.Alert:
        this.takeAlert(plaintext);
        return;
      default:
        if (this.phase === "closed") return; // nobody will read it
        if (this.phase !== "open") throw new TlsAlert(Alert.UnexpectedMessage, "application data before the handshake is done");
        this.plaintext = Buffer.from(plaintext);
    }
  }

  private checkHead(): void {
    const [type, major] = this.incoming as unknown as [number, number];
    if (type < RecordType.ChangeCipherSpec || type > RecordType.ApplicationData)
      throw new TlsAlert(Alert.UnexpectedMessage, "a record of an unknown type");
    // The first ClientHello may carry another minor version, appendix E.1.
    if (major !== TLS_1_2 >> 8) throw new TlsAlert(Alert.ProtocolVersion, "a record of another protocol");
    const size = this.incoming.readUInt16BE(3);
    if (size > this.recordMax + RECORD_SEAL || size === 0) throw new TlsAlert(Alert.RecordOverflow, "a record of an impossible size");
  }

  private takeMessages(fragment: Uint8Array): void {
    this.messages = Buffer.concat([this.messages, fragment]);
    while (this.messages.length >= 4) {
      const size = this.messages.readUIntBE(1, 3);
      if (size > FRAGMENT_MAX) throw new TlsAlert(Alert.DecodeError, "a handshake message is too long");
      if (this.messages.length < 4 + size) return;
      const octets = this.messages.subarray(0, 4 + size);
      this.messages = this.messages.subarray(4 + size);
      this.takeMessage({ type: octets[0] as number, body: octets.subarray(4), before: this.saidSize }, octets);
    }
  }

  private takeMessage(message: Message, octets: Uint8Array): void {
    if (this.phase === "closed") return;
    if (this.phase === "open") {
      // Renegotiation is refused, section 7.4.1.1; a side that only asks may go on.
      if (message.type !== HandshakeType.HelloRequest && message.type !== HandshakeType.ClientHello)
        throw new TlsAlert(Alert.UnexpectedMessage, "a handshake message after the handshake");
      this.alert(WARNING, Alert.NoRenegotiation);
      return;
    }
    this.note(octets);
    this.advance(message);
  }

  private takeChange(fragment: Uint8Array): void {
    if (this.messages.length > 0 || fragment.length !== 1 || fragment[0] !== 1 || !this.nextReading || this.phase !== "handshake")
      throw new TlsAlert(Alert.UnexpectedMessage, "a ChangeCipherSpec out of place");
    this.advance({ type: HandshakeType.ChangeCipherSpec, body: fragment, before: this.saidSize });
    this.reading = this.nextReading;
    this.nextReading = undefined;
  }

  private takeAlert(fragment: Uint8Array): void {
    if (fragment.length !== 2) throw new TlsAlert(Alert.DecodeError, "an alert of another size than two octets");
    const [level, alert] = fragment as unknown as [number, number];
    if (alert === Alert.CloseNotify) {
      this.peerClosed = true;
      this.close();
    } else if (level === FATAL) {
      this.alertReceived = alert;
      this.reason = `the peer ended the session with alert ${alert}`;
      this.phase = "failed";
    }
  }

  private note(message: Uint8Array): void {
    this.saidSize += message.length;
    if (this.saidSize > TRANSCRIPT_MAX) throw new TlsAlert(Alert.HandshakeFailure, "a handshake of too many octets");
    this.said.push(Buffer.from(message));
  }

  private advance(message: Message | undefined): void {
    this.flow.next(message as Message);
  }

  private send(type: number, plaintext: Uint8Array): void {
    const fragment = this.writing ? this.writing.seal(type, plaintext) : plaintext;
    this.outgoing = Buffer.concat([this.outgoing, recordHead(type, fragment.length), fragment]);
  }

  private alert(level: number, alert: number): void {
    this.send(RecordType.Alert, Buffer.of(level, alert));
  }

  private guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof TlsAlert)) throw error;
      this.flight = [];
      this.alert(FATAL, error.alert);
      this.alertSent = error.alert;
      this.reason = error.message;
      this.phase = "failed";
    }
  }
}
