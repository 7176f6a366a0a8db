// The part of a board that PANA and MLE need: keys and secrets that no module sees, a store, and a TLS engine that the test gives.
import { createCipheriv, createHmac } from "node:crypto";
import { KeyName, TlsFlag } from "../../host/abi.ts";
import { Random } from "../../host/air/random.ts";
import { scheduleOf } from "../../host/crypto/aes.ts";
import { CCM_MIC, ccmOpen, ccmSeal } from "../../host/crypto/ccm.ts";
import { Err } from "../../host/err.ts";
import { customSection } from "../../host/wasm.ts";

const SLOTS = 80;
/** Of assembly/ip/limits.ts: the first slot of the network's keys, MLE and MAC in turn. */
export const KEY_SLOT_MLE = 72;
const SECRETS = 64;
const NO_ALERT = 255;
const MASTER = 64;

/** One side of a handshake, as the contract's tls_* have it. */
export interface Handshake {
  feed(octets: Buffer): number;
  drain(capacity: number): Buffer;
  /** Established, and whom the other side's certificate names; or that it failed. */
  readonly state: "going" | "established" | "failed";
  readonly lfdi: Buffer;
  /** The 64 octets of EAP-TLS. */
  master(): Buffer;
}

export type OpenHandshake = (profile: number) => Handshake | undefined;

interface Secret {
  octets: Buffer;
  /** A master key: other keys are made of it, and nothing else. */
  onlyDerives: boolean;
}

export class SecurityBoard {
  readonly store = new Map<number, Buffer>();
  readonly slots = new Map<number, Buffer>();
  readonly secrets = new Map<number, Secret>();
  readonly sessions: (Handshake | undefined)[] = [];
  /** What `entropy` gives before it is random. */
  readonly entropy: Buffer[] = [];
  /** Another answer of `hmac_sha256` under a secret. */
  readonly overrides = new Map<number, Buffer>();
  sessionsMax = 2;
  /** Called before each write of the store; the power may go there. */
  refuses: () => void = () => {};
  private memory = Buffer.alloc(0);
  private readonly random: Random;
  private constants: Uint8Array;

  constructor(
    name: string,
    wasm: Uint8Array,
    private readonly open: OpenHandshake,
  ) {
    this.random = new Random("security board", name);
    this.constants = customSection(wasm, "constants");
  }

  attach(memory: WebAssembly.Memory): void {
    this.memory = Buffer.from(memory.buffer);
  }

  octets(at: number, size: number): Buffer {
    if (at + size > this.memory.length) throw new RangeError(`${size} octets at ${at} are not the module's`);
    return this.memory.subarray(at, at + size);
  }

  /** What a key may be used for, and its octets. */
  private key(name: number): Secret | undefined {
    if (name >= KeyName.Secret) return this.secrets.get(name);
    const slot = this.slots.get(name % KeyName.Pair);
    if (name < KeyName.Pair) return slot && { octets: slot, onlyDerives: true };
    const second = this.slots.get(name - KeyName.Pair + 1);
    return slot && second && { octets: Buffer.concat([slot, second]), onlyDerives: false };
  }

  private put(name: number, octets: Buffer, onlyDerives: boolean): number {
    if (name >= KeyName.Secret) {
      if (name >= KeyName.Secret + SECRETS) return Err.NoBuffer;
      this.secrets.set(name, { octets, onlyDerives });
      return Err.Ok;
    }
    const first = name % KeyName.Pair;
    const last = name >= KeyName.Pair ? first + 1 : first;
    if (last >= SLOTS) return Err.NoBuffer;
    for (let slot = first; slot <= last; slot++)
      this.slots.set(slot, Buffer.from(octets.subarray((slot - first) * 16, (slot - first) * 16 + 16)));
    return Err.Ok;
  }

  /** The import object's `han`. */
  imports(): Record<string, (...values: never[]) => unknown> {
    return { ...this.keyImports(), ...this.tlsImports(), ...this.otherImports() };
  }

  private keyImports() {
    return {
      key_set: (slot: number, at: number): number => {
        this.refuses();
        return this.put(slot, Buffer.from(this.octets(at, 16)), true);
      },
      key_clear: (name: number): number => {
        if (name >= KeyName.Secret) this.secrets.delete(name);
        else this.slots.delete(name);
        return Err.Ok;
      },
      key_derive: (name: number, at: number, size: number, target: number): number => {
        const key = this.key(name);
        return key ? this.put(target, createHmac("sha256", key.octets).update(this.octets(at, size)).digest(), false) : Err.NotFound;
      },
      hmac_sha256: (name: number, at: number, size: number, out: number): number => {
        const key = this.key(name);
        if (!key) return Err.NotFound;
        if (key.onlyDerives) return Err.Refused;
        const digest = this.overrides.get(name) ?? createHmac("sha256", key.octets).update(this.octets(at, size)).digest();
        digest.copy(this.octets(out, 32));
        return Err.Ok;
      },
      ctr_crypt: (name: number, counter: number, text: number, size: number): number => {
        const key = this.key(name);
        if (!key) return Err.NotFound;
        if (key.onlyDerives) return Err.Refused;
        const cipher = createCipheriv("aes-128-ctr", key.octets.subarray(0, 16), this.octets(counter, 16));
        cipher.update(this.octets(text, size)).copy(this.octets(text, size));
        return Err.Ok;
      },
      ccm_seal: (slot: number, nonce: number, aad: number, aadSize: number, text: number, size: number): number => {
        const key = this.slots.get(slot);
        if (!key) return Err.NotFound;
        ccmSeal(scheduleOf(key), this.memory, nonce, aad, aadSize, text, size);
        return size + CCM_MIC;
      },
      ccm_open: (slot: number, nonce: number, aad: number, aadSize: number, text: number, size: number): number => {
        const key = this.slots.get(slot);
        if (!key) return Err.NotFound;
        if (size < CCM_MIC) return Err.Truncated;
        if (ccmOpen(scheduleOf(key), this.memory, nonce, aad, aadSize, text, size - CCM_MIC)) return size - CCM_MIC;
        this.memory.fill(0, text, text + size);
        return Err.BadMic;
      },
    };
  }

  private tlsImports() {
    const session = (number: number): Handshake | undefined => this.sessions[number];
    return {
      tls_open: (profile: number): number => {
        const number = Array.from({ length: this.sessionsMax }, (_, index) => index).find((index) => !this.sessions[index]);
        if (number === undefined) return Err.NoBuffer;
        const handshake = this.open(profile);
        if (!handshake) return Err.NoKey;
        this.sessions[number] = handshake;
        return number;
      },
      tls_feed: (number: number, at: number, size: number): number =>
        session(number)?.feed(Buffer.from(this.octets(at, size))) ?? Err.NotFound,
      tls_drain: (number: number, at: number, capacity: number): number => {
        const given = session(number)?.drain(capacity);
        given?.copy(this.octets(at, capacity));
        return given?.length ?? Err.NotFound;
      },
      tls_close: (number: number): number => {
        this.sessions[number] = undefined;
        return Err.Ok;
      },
      tls_state: (number: number, at: number): number => {
        const handshake = session(number);
        if (!handshake) return Err.NotFound;
        const state = this.octets(at, 28).fill(0);
        const flags = { going: 0, established: 1 << TlsFlag.Established, failed: (1 << TlsFlag.Failed) | (1 << TlsFlag.Ended) };
        state.writeUInt16LE(flags[handshake.state]);
        state.fill(NO_ALERT, 3, 5);
        if (handshake.state === "established") handshake.lfdi.copy(state, 8);
        return state.length;
      },
      tls_export: (number: number, secret: number): number => {
        const handshake = session(number);
        if (handshake?.state !== "established") return Err.BadState;
        const master = handshake.master();
        if (master.length !== MASTER) throw new Error("a master key has 64 octets");
        return this.put(secret, master, true);
      },
    };
  }

  private otherImports() {
    return {
      entropy: (at: number, size: number): void => {
        const given = this.entropy.shift();
        for (let index = 0; index < size; index++) this.octets(at, size)[index] = given ? given[index] : this.random.below(256);
      },
      store_read: (record: number, at: number, capacity: number): number => {
        const octets = this.store.get(record);
        if (!octets) return Err.NotFound;
        if (octets.length > capacity) return Err.NoBuffer;
        octets.copy(this.octets(at, capacity));
        return octets.length;
      },
      store_write: (record: number, at: number, size: number): number => {
        this.refuses();
        if (size) this.store.set(record, Buffer.from(this.octets(at, size)));
        else this.store.delete(record);
        return Err.Ok;
      },
      constant_read: (offset: number, at: number, capacity: number): number => {
        const given = this.constants.subarray(offset, offset + capacity);
        this.octets(at, capacity).set(given);
        return given.length;
      },
      log: (): void => {},
    };
  }
}
