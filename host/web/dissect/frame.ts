// A frame from its radio's header to what a cluster says, as far as this program's own decoders and the run's keys go.  Never throws.
import { join } from "node:path";
import { BROADCAST, FRAME_DATA, readAddressing } from "../../air/frame.ts";
import { ROOT } from "../../modules.ts";
import { type Cluster, readClusters } from "../../zcl/descriptor.ts";
import { dissectMac } from "./mac.ts";
import { dissectAps, dissectNwk } from "./nwk.ts";
import type { OpenedKeys } from "./sealed.ts";
import { CutShort, type DissectedLayer } from "./tree.ts";
import { dissectZcl, dissectZdo } from "./zcl.ts";

export type FrameLayer = "mac" | "nwk" | "aps" | "zdo" | "zcl";

export interface Dissected {
  /** The highest that is understood. */
  layer: FrameLayer;
  /** A cluster's name; empty where there is none. */
  cluster: string;
  about: string;
  layers: DissectedLayer[];
  /** The octets, with what was sealed open. */
  plain: Buffer;
}

export interface Surroundings {
  keys: OpenedKeys;
  /** The IEEE address behind a short one. */
  extendedOf(short: number): bigint | undefined;
}

const NWK_VERSION = 2;
const CLUSTERS = new Map(readClusters(join(ROOT, "clusters")).map((cluster) => [cluster.id, cluster]));

export function clusterOf(id: number): Cluster | undefined {
  return CLUSTERS.get(id);
}

export function dissect(psdu: Uint8Array, surroundings: Surroundings): Dissected {
  const plain = Buffer.from(psdu);
  const found: Dissected = { layer: "mac", cluster: "", about: "cut short", layers: [], plain };
  try {
    upwards(found, surroundings);
  } catch (error) {
    if (!(error instanceof CutShort || error instanceof RangeError)) throw error;
  }
  return found;
}

function upwards(found: Dissected, { keys, extendedOf }: Surroundings): void {
  const { plain } = found;
  const mac = dissectMac(plain);
  found.layers.push(mac.layer);
  found.about = mac.secured ? `${mac.about}, sealed` : mac.about;
  if (mac.type !== FRAME_DATA || mac.secured || !isNwk(plain, mac.at, mac.end)) return;
  const nwk = dissectNwk(plain, mac.at, mac.end, keys);
  found.layers.push(nwk.layer);
  Object.assign(found, { layer: "nwk", about: nwk.about });
  if (!nwk.payload) return;
  const aps = dissectAps(plain, nwk.payload.at, nwk.payload.end, keys, extendedOf(nwk.source));
  found.layers.push(aps.layer);
  Object.assign(found, { layer: "aps", about: aps.about });
  if (aps.cluster >= 0 && aps.profile !== 0)
    found.cluster = clusterOf(aps.cluster)?.name ?? `0x${aps.cluster.toString(16).padStart(4, "0")}`;
  if (!aps.payload || !aps.isData) return;
  const { at, end } = aps.payload;
  const top = aps.profile === 0 ? dissectZdo(plain, at, end, aps.cluster) : dissectZcl(plain, at, end, clusterOf(aps.cluster));
  found.layers.push(top.layer);
  Object.assign(found, { layer: aps.profile === 0 ? "zdo" : "zcl", about: top.about });
}

/** Of ZigBee PRO's protocol version, which no dispatch of 6LoWPAN looks like (RFC 4944). */
function isNwk(octets: Buffer, at: number, end: number): boolean {
  return at < end && ((octets[at] >> 2) & 15) === NWK_VERSION;
}

/** Whom a radio means: a short address, `*` for all, an IEEE address; empty where there is none. */
export function targetOf(psdu: Uint8Array): { short: number | undefined; extended: bigint | undefined; all: boolean } {
  const found = readAddressing(psdu, psdu.length - 2);
  const short = found?.targetShort;
  return { short, extended: found?.targetExtended, all: short === BROADCAST };
}
