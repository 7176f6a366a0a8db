// How long a package takes over one hop, hub to meter, against the shortest time that the air allows for the same octets.
import { createHash } from "node:crypto";
import { IMAGE_REASON, IMAGE_STATE } from "../../host/abi.ts";
import { ACK_US, BACKOFF_US, CCA_US, MIN_BE, OCTET_US, PHY_HEAD_OCTETS, spacingUs, TURNAROUND_US } from "../../host/air/standard.ts";
import { Home } from "../../host/home/home.ts";
import { Keyring } from "../../host/home/keyring.ts";
import { firstPackage, v8Machine } from "../../host/home/machine.ts";
import { ModuleDevice } from "../../host/home/module_device.ts";
import { KINDS, type PlanRow } from "../../host/home/plan.ts";
import { otaRead } from "../../host/image/ota_file.ts";
import { packageBuild } from "../../host/image/package.ts";
import { ImageSlots } from "../../host/image/slots.ts";
import { loadRead } from "../../host/load/file.ts";
import { DEFAULT_HOUSEHOLD } from "../../host/load/household.ts";
import { moduleBytes } from "../../host/modules.ts";

const FIRST_VERSION = 0x0001_0000;
/** The device of the plan whose package travels. */
const UPDATED = "meter";
const NEXT_VERSION = 0x0002_0000;
/** Room in slot and library: what the bench is about is the air. */
const CAPACITY = 1280 * 1024;
const PATIENCE_US = 4 * 3600e6;
const STEP_US = 100_000;

export interface Transfer {
  octets: number;
  seconds: number;
  /** Octets of the file in one frame, and of that frame's PSDU with its FCS. */
  block: number;
  frame: number;
  shortest: number;
  /** `seconds` over `shortest`. */
  ratio: number;
  /** SHA-256 of what arrived, as the meter's slot was given it. */
  digest: Buffer;
  /** What the meter's slot answered in the end, and why: 0 when it waits for its activation. */
  finished: number;
  reason: number;
}

/** Notes when the first and the last octet came. */
class WatchedSlots extends ImageSlots {
  first = -1;
  last = -1;
  block = 0;
  finished: number | undefined;
  private readonly arrived = createHash("sha256");
  private wanted = 0;

  get digest(): Buffer {
    return this.arrived.copy().digest();
  }
  private now: (() => number) | undefined;

  /** Begins to watch: what the constructor writes is the first module. */
  watch(now: () => number): void {
    this.now = now;
  }

  override write(image: number, offset: number, octets: Uint8Array): number {
    const answer = super.write(image, offset, octets);
    if (!this.now) return answer;
    if (offset === this.wanted && answer > offset) {
      this.arrived.update(octets);
      this.wanted = answer;
    }
    if (this.first < 0) this.first = this.now();
    this.block = Math.max(this.block, octets.length);
    this.last = this.now();
    return answer;
  }

  override finish(image: number): number {
    const answer = super.finish(image);
    if (this.now) this.finished = answer;
    return answer;
  }
}

/** One data frame with its acknowledgement: mean back-off, clear channel, frame, acknowledgement, spacing (802.15.4, 7.5.1). */
export function frameUs(psdu: number): number {
  const backoff = ((2 ** MIN_BE - 1) / 2) * BACKOFF_US;
  return backoff + CCA_US + TURNAROUND_US + (PHY_HEAD_OCTETS + psdu) * OCTET_US + TURNAROUND_US + ACK_US + spacingUs(psdu);
}

export function transfer(file: Buffer, seed: number, say: (done: number, of: number) => void = () => undefined): Transfer {
  let watched: WatchedSlots | undefined;
  const build = (
    { id, role, module }: PlanRow,
    factory: Parameters<typeof v8Machine>[0]["factory"],
    edge: ConstructorParameters<typeof ModuleDevice>[3],
    site: { medium: Home["medium"] },
  ) => {
    const installed = firstPackage(role, moduleBytes(module), FIRST_VERSION);
    const boot = v8Machine({ role, factory, installed }, (options) => {
      const slots = new WatchedSlots({ ...options, slotCapacity: CAPACITY, fileCapacity: CAPACITY });
      if (id !== UPDATED) return slots;
      slots.watch(() => site.medium.clock.nowUs);
      watched = slots;
      return slots;
    });
    return new ModuleDevice(id, site.medium, boot, edge);
  };
  const { header } = otaRead(file);
  const home = new Home({
    seed,
    suite: 2,
    load: loadRead(DEFAULT_HOUSEHOLD),
    build,
    enter: (action) => action(),
    keyring: new Keyring(),
    tell: () => undefined,
    updates: [{ device: UPDATED, path: "bench", file, header }],
    updateAtMs: null,
  });
  let frame = 0;
  home.medium.onFrame(({ psdu }) => {
    frame = Math.max(frame, psdu.length);
  });
  home.start();
  const slots = watched as unknown as WatchedSlots;
  while (slots.finished === undefined && home.clock.nowUs < PATIENCE_US) {
    home.advance(home.clock.nowUs + STEP_US);
    if (slots.first >= 0) say(slots.last - slots.first, file.length);
  }
  home.close();
  if (slots.finished === undefined)
    throw new Error(`the package of ${file.length} octets did not arrive within ${PATIENCE_US / 3600e6} hours`);
  const seconds = (slots.last - slots.first) / 1e6;
  const shortest = (Math.ceil(file.length / slots.block) * frameUs(frame)) / 1e6;
  const state = new Uint8Array(IMAGE_STATE);
  slots.state(0, state);
  const reason = state[IMAGE_REASON];
  return {
    octets: file.length,
    seconds,
    block: slots.block,
    frame,
    shortest,
    ratio: seconds / shortest,
    digest: slots.digest,
    finished: slots.finished,
    reason,
  };
}

/** A package for the meter. */
export function packageOf(wasm: Uint8Array): Buffer {
  return packageBuild({ wasm, role: KINDS.meter.image, version: NEXT_VERSION, counter: 1 });
}
