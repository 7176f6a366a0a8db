// Opens what is sealed, 05-3474 section 4.5, with every key that the run has told.  What was in the frame takes its place in a copy.
//
//   control 1 | frame counter 4 | source 8, where the control says so | key sequence 1, of a network key | text | MIC 4
import { type Schedule, scheduleOf } from "../../crypto/aes.ts";
import { CCM_MIC, CCM_NONCE, ccmOpen } from "../../crypto/ccm.ts";
import { keyVariant } from "../../crypto/mmo.ts";
import { type Cursor, inWords } from "./tree.ts";

const KEYS = ["link key", "network key", "key-transport key", "key-load key"];
const KEY_NETWORK = 1;
/** On the air the level is 0; what is sealed has the one of the profile. */
const LEVEL = 5;
const WITH_SOURCE = 0x20;

/** Keys of a run as the cipher wants them. */
export class OpenedKeys {
  private readonly seen = new Set<string>();
  readonly network: Schedule[] = [];
  /** Of link keys: the key itself, its key-transport key, its key-load key. */
  readonly link: Schedule[][] = [];

  /** False for one that was here. */
  add(key: Uint8Array, network: boolean): boolean {
    const name = `${network} ${Buffer.from(key).toString("hex")}`;
    if (this.seen.has(name)) return false;
    this.seen.add(name);
    if (network) this.network.unshift(scheduleOf(key));
    else this.link.unshift([0, 1, 2].map((variant) => scheduleOf(keyVariant(key, variant))));
    return true;
  }

  of(identifier: number): readonly Schedule[] {
    if (identifier === KEY_NETWORK) return this.network;
    const variant = identifier === 0 ? 0 : identifier - 1;
    return this.link.map((schedules) => schedules[variant]);
  }
}

/** Notes the fields of the header at the cursor; true when the text behind it is open then, and ends at `end`. */
export function openSealed(cursor: Cursor, start: number, keys: OpenedKeys, source: bigint | undefined): { opened: boolean; end: number } {
  const { octets } = cursor;
  const controlAt = cursor.at;
  const control = cursor.number("security control", 1, (value) => inWords(value, 1, KEYS[(value >> 3) & 3]));
  const identifier = (control >> 3) & 3;
  cursor.number("frame counter", 4, String);
  const from = (control & WITH_SOURCE) !== 0 ? cursor.extended("source") : source;
  if (identifier === KEY_NETWORK) cursor.number("key sequence", 1, String);
  const end = cursor.end - CCM_MIC;
  if (end < cursor.at || from === undefined) return { opened: false, end: cursor.end };
  const nonce = Buffer.alloc(CCM_NONCE);
  nonce.writeBigUInt64LE(from, 0);
  octets.copy(nonce, 8, controlAt + 1, controlAt + 5);
  nonce[12] = control | LEVEL;
  const size = end - cursor.at;
  const aad = cursor.at - start;
  for (const key of keys.of(identifier)) {
    // Nonce, associated data, text and MIC, one after the other.
    const memory = Buffer.concat([nonce, octets.subarray(start, cursor.end)]);
    memory[CCM_NONCE + controlAt - start] = control | LEVEL;
    if (!ccmOpen(key, memory, 0, CCM_NONCE, aad, CCM_NONCE + aad, size)) continue;
    memory.copy(octets, cursor.at, CCM_NONCE + aad, CCM_NONCE + aad + size);
    cursor.fields.push({ name: "message integrity code", value: octets.subarray(end, cursor.end).toString("hex"), at: end, size: CCM_MIC });
    return { opened: true, end };
  }
  return { opened: false, end: cursor.end };
}
