// A handshake played back: both sides say what they said once, and stop when they hear anything else.  And the messages of that time.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../host/modules.ts";
import type { Handshake } from "./security_board.ts";

export interface PanaVector {
  msk: string;
  par_start: string;
  pan_start: string;
  pac_nonce: string;
  paa_nonce: string;
  key_id: string;
  auth_key: string;
  paa_encr_key: string;
  par_complete: string;
  pan_complete: string;
  encap_plaintext: string;
  network_key: string;
  mle_key: string;
  mac_key: string;
  messages: { from: string; hex: string }[];
}

export function panaVector(): PanaVector {
  const messages: PanaVector["messages"] = [];
  const named: Record<string, string> = {};
  for (const line of readFileSync(join(ROOT, "tests/vectors/pana.txt"), "utf8").split("\n")) {
    const [name, value, hex] = line.split(" ");
    if (name === "message") messages.push({ from: value, hex });
    else if (name !== "" && name !== "#") named[name] = value;
  }
  return { ...(named as unknown as Omit<PanaVector, "messages">), messages };
}

/** Attributes of a message, by code; a vendor's have the bit 0x10000. */
export function attributes(octets: Buffer): Map<number, Buffer> {
  const found = new Map<number, Buffer>();
  for (let at = 16; at < octets.length; ) {
    const isOfVendor = (octets.readUInt16BE(at + 2) & 0x8000) !== 0;
    const [head, size] = [isOfVendor ? 12 : 8, octets.readUInt16BE(at + 4)];
    found.set(octets.readUInt16BE(at) | (isOfVendor ? 0x10000 : 0), octets.subarray(at + head, at + head + size));
    at += head + ((size + 3) & ~3);
  }
  return found;
}

/** A message with zeros for what fills attributes up; the independent stack leaves there what lay there. */
export function filled(octets: Buffer): Buffer {
  const copy = Buffer.from(octets);
  for (let at = 16; at < copy.length; ) {
    const size = copy.readUInt16BE(at + 4);
    const end = at + ((copy.readUInt16BE(at + 2) & 0x8000) !== 0 ? 12 : 8) + size;
    at = (end + 3) & ~3;
    copy.fill(0, end, at);
  }
  return copy;
}

/** The octets of TLS that each message of the vector carries, none for most. */
export function flights(vector: PanaVector): Buffer[] {
  return vector.messages.map(({ hex }) => {
    const eap = attributes(Buffer.from(hex, "hex")).get(2);
    return eap && eap.length > 6 && eap[4] === 13 ? Buffer.from(eap.subarray(6)) : Buffer.alloc(0);
  });
}

/** One side of what is given as flights, the client's first. */
export class Played implements Handshake {
  private readonly turns: Buffer[];
  private output = Buffer.alloc(0);
  private isWrong = false;
  readonly lfdi: Buffer;

  constructor(
    private readonly isClient: boolean,
    turns: Buffer[],
    private readonly key: Buffer,
  ) {
    this.turns = turns.map((turn) => Buffer.from(turn));
    this.lfdi = createHash("sha256").update("the other side").digest().subarray(0, 20);
    if (isClient) this.speak();
  }

  private speak(): void {
    this.output = Buffer.concat([this.output, this.turns.shift() ?? Buffer.alloc(0)]);
  }

  feed(octets: Buffer): number {
    if (this.isWrong) return -14;
    const expected = this.turns[0] ?? Buffer.alloc(0);
    const fits = octets.equals(expected.subarray(0, octets.length));
    if (!fits || octets.length > expected.length) {
      this.isWrong = true;
      this.output = Buffer.from("15030300020232", "hex");
      return octets.length;
    }
    this.turns[0] = expected.subarray(octets.length);
    if (this.turns[0].length === 0) {
      this.turns.shift();
      this.speak();
    }
    return octets.length;
  }

  drain(capacity: number): Buffer {
    const given = this.output.subarray(0, capacity);
    this.output = this.output.subarray(given.length);
    return Buffer.from(given);
  }

  get state(): Handshake["state"] {
    if (this.isWrong) return "failed";
    return this.turns.length === 0 && (!this.isClient || this.output.length === 0) ? "established" : "going";
  }

  master(): Buffer {
    return this.key;
  }
}
