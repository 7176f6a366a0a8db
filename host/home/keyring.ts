// The keys of a run, for whoever decrypts its capture.  Devices hand them over slot by slot (see the key slots in docs/abi.md).

import type { KeysFile } from "../air/keys.ts";
import type { CaptureWriter } from "../air/pcapng.ts";
import type { DeviceName } from "./events.ts";

const SLOT_PRECONFIGURED = 2;
const SLOT_LINK = 3;
const SLOT_PARTNERS = 4;
const SLOT_DEVICES = 8;
const COORDINATOR = 0x0000;
/** In the order in which the supplier admits them, which is that of the hub's slots.  Of boards, the hub's copies are all there is. */
const ADMITTED: readonly DeviceName[] = ["meter", "ihd"];

interface Waiting {
  device: DeviceName;
  slot: number;
  key: Uint8Array;
}

/** Files get a key as soon as its PAN and its owners' short addresses are known, so before the frames that it opens. */
export class Keyring {
  private panId: number | null = null;
  private readonly shorts = new Map<DeviceName, number>([["hub", COORDINATOR]]);
  private waiting: Waiting[] = [];
  private capture: CaptureWriter | null = null;
  private file: KeysFile | null = null;

  /** To be called before the first key comes. */
  open(capture: CaptureWriter | null, file: KeysFile | null): void {
    this.capture = capture;
    this.file = file;
  }

  add(device: DeviceName, slot: number, key: Uint8Array): void {
    this.file?.add({ key, label: label(device, slot) });
    this.waiting.push({ device, slot, key: Uint8Array.from(key) });
    this.settle();
  }

  formed(panId: number): void {
    this.panId = panId;
    this.settle();
  }

  addressed(device: DeviceName, short: number): void {
    this.shorts.set(device, short);
    this.settle();
  }

  private settle(): void {
    this.waiting = this.waiting.filter((item) => !this.write(item));
  }

  /** False while something is still unknown. */
  private write({ device, slot, key }: Waiting): boolean {
    if (this.panId === null) return false;
    const panId = this.panId;
    if (slot < SLOT_PRECONFIGURED) {
      this.capture?.key({ kind: "network", key, panId });
      return true;
    }
    const [own, partner] = this.owners(device, slot);
    if (own === undefined || partner === undefined) return false;
    this.capture?.key({ kind: "link", key, panId, between: [own, partner] });
    return true;
  }

  /** Short addresses of the two that share a link key, as far as they are known. */
  private owners(device: DeviceName, slot: number): [number | undefined, number | undefined] {
    if (slot >= SLOT_DEVICES) return [COORDINATOR, this.shorts.get(ADMITTED[(slot - SLOT_DEVICES) >> 1])];
    const partner = slot < SLOT_PARTNERS ? COORDINATOR : this.shorts.get(device === "meter" ? "ihd" : "meter");
    return [this.shorts.get(device), partner];
  }
}

function label(device: DeviceName, slot: number): string {
  if (slot < SLOT_PRECONFIGURED) return "network";
  if (slot === SLOT_PRECONFIGURED) return `${device}-preconfigured`;
  if (slot === SLOT_LINK) return `${device}-trust-centre`;
  if (slot < SLOT_DEVICES) return `${device}-application`;
  const index = (slot - SLOT_DEVICES) >> 1;
  return `hub-device-${index}-${(slot & 1) === 0 ? "preconfigured" : "link"}`;
}
