// TLS, identity and derived keys of a device under V8: docs/tls.md, over host/tls.
import { createCipheriv, createHmac } from "node:crypto";
import {
  KeyName,
  TLS_FLAGS,
  TLS_LFDI,
  TLS_RECEIVED,
  TLS_SENT,
  TLS_STATE,
  TLS_STATUS,
  TLS_SUITE,
  TlsClose,
  TlsFlag,
  TlsProfile,
} from "../abi.ts";
import type { HmacDrbg } from "../drbg.ts";
import type { Surroundings } from "../engine.ts";
import { Err } from "../err.ts";
import { Alert } from "../tls/alert.ts";
import { TlsSession } from "../tls/session.ts";
import { CertificateFile } from "./certificate_file.ts";
import { KEY_SLOTS, type KeySlots } from "./crypto.ts";
import type { BoardIdentity } from "./identity.ts";

const SESSIONS = 4;
const SECRETS = 64;
const SEED = 32;
const KEY = 16;
const NO_ALERT = 255;
/** The end of the year 9999. */
const TIME_MAX = 253_402_300_799n;
/** As boards/common/tls.h has them. */
const RECORD_MAX = 4096;
const FRAGMENT = 1024;

interface Secret {
  octets: Buffer;
  /** Only good for deriving. */
  exported: boolean;
}

/** Sessions and secrets of one run: gone at the next start. */
export class TlsBoard {
  private sessions: (TlsSession | undefined)[] | undefined;
  private profiles: number[] = [];
  private secrets: (Secret | undefined)[] = [];
  readonly certificate: CertificateFile;

  constructor(
    private readonly identity: BoardIdentity,
    private readonly keys: KeySlots,
    private readonly drbg: HmacDrbg,
    /** The capture, which wants to read what these seal. */
    private readonly told: Pick<Surroundings, "keySet" | "tlsKey">,
  ) {
    this.certificate = new CertificateFile(identity, () => this.busy);
  }

  reserve(sessions: number, secrets: number): number {
    if (this.sessions) return Err.BadState;
    if (sessions > SESSIONS || secrets > SECRETS) return Err.NoBuffer;
    this.sessions = new Array(sessions).fill(undefined);
    this.secrets = new Array(secrets).fill(undefined);
    return Err.Ok;
  }

  open(profile: number, time: bigint): number {
    if (profile > TlsProfile.EapServer || time < 0n || time > TIME_MAX) return Err.Reserved;
    if (!this.sessions) return Err.NoBuffer;
    const number = this.sessions.indexOf(undefined);
    if (number < 0) return Err.NoBuffer;
    const { current, roots } = this.identity;
    if (!current || roots.length === 0) return Err.NoKey;
    this.profiles[number] = profile;
    this.sessions[number] = new TlsSession({
      server: profile === TlsProfile.Server || profile === TlsProfile.EapServer,
      identity: current,
      roots,
      seed: this.drbg.generate(SEED),
      fragmentMax: FRAGMENT,
      recordMax: RECORD_MAX,
      keyLog: (line) => this.told.tlsKey?.(line),
      ...(time > 0n ? { now: Number(time) * 1000 } : {}),
    });
    return number;
  }

  feed(number: number, octets: Uint8Array): number {
    const session = this.sessions?.[number];
    if (!session) return Err.NotFound;
    return session.ended ? Err.BadState : session.feed(octets);
  }

  drain(number: number, out: Uint8Array): number {
    return put(this.sessions?.[number]?.drain(out.length), out);
  }

  read(number: number, out: Uint8Array): number {
    return put(this.sessions?.[number]?.read(out.length), out);
  }

  write(number: number, octets: Uint8Array): number {
    const session = this.sessions?.[number];
    if (!session) return Err.NotFound;
    return session.ended ? Err.BadState : session.write(octets);
  }

  close(number: number, how: number): number {
    const session = this.sessions?.[number];
    if (!session) return Err.NotFound;
    if (how === TlsClose.Begin) session.close();
    else if (how === TlsClose.Free) (this.sessions as (TlsSession | undefined)[])[number] = undefined;
    else return Err.Reserved;
    return Err.Ok;
  }

  state(number: number, out: Uint8Array): number {
    const session = this.sessions?.[number];
    if (!session) return Err.NotFound;
    if (out.length < TLS_STATE) return Err.NoBuffer;
    out.set(stateOf(session));
    return TLS_STATE;
  }

  export(number: number, secret: number): number {
    const session = this.sessions?.[number];
    if (!session) return Err.NotFound;
    if ((this.profiles[number] as number) < TlsProfile.EapClient) return Err.BadState;
    const msk = session.exportMsk();
    if (!msk) return Err.BadState;
    return this.keep(secret, { octets: msk, exported: true });
  }

  derive(key: number, octets: Uint8Array, target: number): number {
    const from = this.find(key, true);
    if (typeof from === "number") return from;
    const derived = createHmac("sha256", from).update(octets).digest();
    if (target >= KeyName.Secret) return this.keep(target, { octets: derived, exported: false });
    if (target < KeyName.Pair) return this.slot(target, derived.subarray(0, KEY));
    const slot = target - KeyName.Pair;
    if (slot >= KEY_SLOTS - 1) return Err.NoBuffer;
    return this.slot(slot, derived.subarray(0, KEY)) || this.slot(slot + 1, derived.subarray(KEY));
  }

  hmac(key: number, octets: Uint8Array, out: Uint8Array): number {
    const from = this.find(key, false);
    if (typeof from === "number") return from;
    out.set(createHmac("sha256", from).update(octets).digest());
    return Err.Ok;
  }

  ctr(key: number, counter: Uint8Array, text: Uint8Array): number {
    const from = this.find(key, false);
    if (typeof from === "number") return from;
    const cipher = createCipheriv("aes-128-ctr", from.subarray(0, KEY), counter);
    text.set(cipher.update(text));
    return Err.Ok;
  }

  /** Forgets a secret by its name. */
  clear(name: number): number {
    const index = name - KeyName.Secret;
    if (index >= this.secrets.length) return Err.NoBuffer;
    this.secrets[index] = undefined;
    return Err.Ok;
  }

  make(): number {
    return this.identity.make(this.drbg);
  }

  request(out: Uint8Array): number {
    const request = this.identity.request();
    if (typeof request === "number") return request;
    return request.length > out.length ? Err.NoBuffer : put(request, out);
  }

  install(octets: Uint8Array): number {
    if (!this.sessions?.length) return Err.NoBuffer;
    return this.busy ? Err.Busy : this.identity.install(octets);
  }

  private get busy(): boolean {
    return this.sessions?.some((session) => session !== undefined) ?? false;
  }

  private keep(name: number, secret: Secret): number {
    const index = name - KeyName.Secret;
    if (index < 0 || index >= this.secrets.length) return Err.NoBuffer;
    this.secrets[index] = secret;
    return Err.Ok;
  }

  private slot(slot: number, key: Buffer): number {
    const answer = this.keys.set(slot, key);
    if (answer === Err.Ok) this.told.keySet(slot, Buffer.from(key));
    return answer;
  }

  /** The octets of a key by its name; one that is only for deriving is refused elsewhere. */
  private find(name: number, deriving: boolean): Buffer | number {
    if (name >= KeyName.Secret) {
      if (name - KeyName.Secret >= this.secrets.length) return Err.NoBuffer;
      const secret = this.secrets[name - KeyName.Secret];
      if (!secret) return Err.NotFound;
      return secret.exported && !deriving ? Err.Refused : secret.octets;
    }
    if (name < KEY_SLOTS && !deriving) return Err.Refused;
    if (name >= KEY_SLOTS && name < KeyName.Pair) return Err.NoBuffer;
    if (name < KeyName.Pair) return deriving ? (this.keys.find(name) ?? Err.NotFound) : Err.Refused;
    const [low, high] = [this.keys.find(name - KeyName.Pair), this.keys.find(name - KeyName.Pair + 1)];
    if (name - KeyName.Pair >= KEY_SLOTS - 1) return Err.NoBuffer;
    return low && high ? Buffer.concat([low, high]) : Err.NotFound;
  }
}

function put(octets: Uint8Array | undefined, out: Uint8Array): number {
  if (!octets) return Err.NotFound;
  out.set(octets);
  return octets.length;
}

function stateOf(session: TlsSession): Buffer {
  const out = Buffer.alloc(TLS_STATE);
  const is: [number, boolean][] = [
    [TlsFlag.Established, session.established],
    [TlsFlag.Ended, session.ended],
    [TlsFlag.PeerClosed, session.peerClosed],
    [TlsFlag.Failed, session.phase === "failed"],
    [TlsFlag.Feed, session.takes],
    [TlsFlag.Drain, session.drainable > 0],
    [TlsFlag.Read, session.readable > 0],
    [TlsFlag.Write, session.writable > 0],
  ];
  out.writeUInt16LE(
    is.reduce((flags, [bit, set]) => flags | (set ? 1 << bit : 0), 0),
    TLS_FLAGS,
  );
  out.writeInt8(session.phase === "failed" ? statusOf(session) : Err.Ok, TLS_STATUS);
  out[TLS_SENT] = session.alertSent ?? NO_ALERT;
  out[TLS_RECEIVED] = session.alertReceived ?? (session.peerClosed ? Alert.CloseNotify : NO_ALERT);
  out.writeUInt16LE(session.suite, TLS_SUITE);
  if (session.peerLfdi) out.set(session.peerLfdi, TLS_LFDI);
  return out;
}

/** Why a session failed, as an `Err`: docs/tls.md. */
function statusOf({ alertSent, alertReceived }: TlsSession): number {
  if (alertReceived !== undefined) return Err.Refused;
  switch (alertSent) {
    case Alert.BadRecordMac:
    case Alert.DecryptError:
      return Err.BadMic;
    case Alert.RecordOverflow:
      return Err.BadLength;
    case Alert.UnexpectedMessage:
    case Alert.UnsupportedExtension:
    case Alert.DecodeError:
      return Err.Reserved;
    default:
      return Err.Refused;
  }
}
