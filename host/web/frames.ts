// The newest frames of the air, and what they say when somebody asks.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AirFrame } from "../air/medium.ts";
import { CaptureWriter } from "../air/pcapng.ts";
import type { FrameLine, WholeFrame } from "./answers.ts";
import { type Dissected, dissect, targetOf } from "./dissect/frame.ts";
import type { KeyShelf } from "./key_shelf.ts";
import { type Part, Ring } from "./ring.ts";
import type { Watched } from "./watched.ts";

/** Of a home of three devices that is four hours. */
const FRAMES_KEPT = 16_384;
/** Looked into for one answer. */
const SCAN_MAX = 1_000;

interface Kept {
  number: number;
  timeUs: number;
  channel: number;
  source: string;
  collided: boolean;
  psdu: Uint8Array;
  line: FrameLine | undefined;
  /** The shelf's version when the line was made. */
  version: number;
}

export interface FrameFilter {
  device?: string;
  layer?: string;
  cluster?: string;
}

export class Frames {
  readonly ring = new Ring<Kept>(FRAMES_KEPT);

  constructor(
    private readonly watched: Watched,
    private readonly shelf: KeyShelf,
    private readonly extendedOf: (id: string) => bigint | undefined,
    private readonly originMs: number,
  ) {}

  take({ timeUs, channel, source, collided, psdu }: AirFrame): void {
    this.ring.push({
      number: this.ring.last + 1,
      timeUs,
      channel,
      source,
      collided,
      psdu: Uint8Array.from(psdu),
      line: undefined,
      version: -1,
    });
  }

  after(number: number, limit: number, { device, layer, cluster }: FrameFilter): Part<FrameLine> {
    const wanted = (kept: Kept): boolean => {
      if (device === undefined && layer === undefined && cluster === undefined) return true;
      const line = this.line(kept);
      return (
        (device === undefined || line.source === device || line.target === device) &&
        (layer === undefined || line.layer === layer) &&
        (cluster === undefined || line.cluster === cluster)
      );
    };
    const { items, next, missed } = this.ring.after(number, limit, SCAN_MAX, wanted);
    return { items: items.map((kept) => this.line(kept)), next, missed };
  }

  whole(number: number): WholeFrame | undefined {
    const kept = this.ring.get(number);
    if (!kept) return undefined;
    const { plain, layers } = this.dissected(kept);
    return {
      frame: this.line(kept),
      octets: Buffer.from(kept.psdu).toString("hex"),
      plain: plain.toString("hex"),
      layers,
    };
  }

  /** All that is kept as pcapng, with the keys. */
  capture(): Buffer {
    const folder = mkdtempSync(join(tmpdir(), "kilowasm-web-"));
    try {
      const path = join(folder, "air.pcapng");
      const writer = new CaptureWriter(path, { epochUs: BigInt(this.originMs) * 1000n });
      for (const key of this.shelf.keys) writer.key(key);
      for (const line of this.shelf.tlsLines) writer.tlsKey(line);
      for (let at = this.ring.first; at <= this.ring.last; at++) {
        const { timeUs, psdu } = this.ring.get(at) as Kept;
        writer.frame(timeUs, psdu);
      }
      writer.close();
      return readFileSync(path);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  private dissected({ psdu, source }: Kept): Dissected {
    const extendedOf = (short: number): bigint | undefined => {
      const id = this.watched.shortIn(source, short);
      return id === undefined ? undefined : this.extendedOf(id);
    };
    return dissect(psdu, { keys: this.shelf.opened, extendedOf });
  }

  /** Made once, and again where a key has come that may open more. */
  private line(kept: Kept): FrameLine {
    const { shelf } = this;
    if (kept.line && (kept.version === shelf.version || !kept.line.about.startsWith("sealed"))) return kept.line;
    const { layer, cluster, about } = this.dissected(kept);
    const { number, timeUs, channel, source, collided, psdu } = kept;
    const target = targetOf(psdu).all ? "*" : (this.watched.deviceOf(source, psdu) ?? "");
    kept.version = shelf.version;
    kept.line = { number, us: timeUs, channel, source, target, size: psdu.length, collided, layer, cluster, about };
    return kept.line;
  }
}
