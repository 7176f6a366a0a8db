// The keys of a run, for whoever looks into its frames while it runs.
import { KEYS_MAX } from "../air/keys.ts";
import type { CaptureKey } from "../air/pcapng.ts";
import type { KeySink } from "../home/keyring.ts";
import type { DeviceId } from "../home/plan.ts";
import { OpenedKeys } from "./dissect/sealed.ts";

/** Slots of phase 1, docs/abi.md: networks' keys come first, and a device that is no hub has its partners' from here on. */
const SLOT_LINK_FIRST = 2;
const SLOT_PARTNERS = 4;

export class KeyShelf implements KeySink {
  readonly opened = new OpenedKeys();
  readonly keys: CaptureKey[] = [];
  readonly tlsLines: string[] = [];
  /** Devices that share a key with another one than their hub. */
  readonly partners = new Set<DeviceId>();
  /** Grows with each key that was not here before. */
  version = 0;

  key(key: CaptureKey): void {
    if (this.keys.length < KEYS_MAX) this.keys.push(key);
  }

  tlsKey(line: string): void {
    if (this.tlsLines.length < KEYS_MAX) this.tlsLines.push(line);
  }

  told(device: DeviceId, slot: number, key: Uint8Array): void {
    if (this.version >= KEYS_MAX) return;
    if (this.opened.add(key, slot < SLOT_LINK_FIRST)) this.version++;
    if (slot >= SLOT_PARTNERS) this.partners.add(device);
  }
}
