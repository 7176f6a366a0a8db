// What a run of the home is asked for.
import type { DeviceId, Phase } from "./plan.ts";

/** As fast as the machine goes. */
export const UNPACED = Number.POSITIVE_INFINITY;

export const STORIES = ["upgrade"] as const;
export type Story = (typeof STORIES)[number];

/** Of the page, when nobody names another one; if somebody else has it, any. */
export const WEB_PORT = 2030;

/** A package for a device. */
export interface UpdateOption {
  device: DeviceId;
  path: string;
}

export interface Options {
  /** A home file; null for the default plan, or for `nodes` devices. */
  home: string | null;
  nodes: number | null;
  /** What happens to the home, in place of the home file's word on it: `upgrade`, its change to phase 2. */
  story?: Story | null;
  /** Null or absent where the home file decides, else phase 1. */
  phase?: Phase | null;
  /** Null for the default household. */
  load: string | null;
  /** Simulated time over real time, or `UNPACED`. */
  speed: number;
  /** Nobody chose the speed: what happens first goes slowly. */
  slowStart?: boolean;
  /** Null where the home file decides. */
  seed: number | null;
  durationMs: number | null;
  /** Lines of JSON instead of the live view. */
  json: boolean;
  /** Neither: standard output is a capture's or the keys'. */
  silent?: boolean;
  /** There is no terminal, and lines were not asked for: people get a short result on standard error. */
  result?: boolean;
  pcap: string | null;
  keys: string | null;
  zep: number | null;
  /** The interface of Linux that the first hub's Ethernet is; of phase 2. */
  tap?: string | null;
  engine: "v8" | "wasm3";
  boards: boolean;
  /** The only suite that the devices are given certificates of; null for both. */
  suite: 1 | 2 | null;
  /** Port of the page, null for the usual one or any; without this there is no page. */
  web?: { port: number | null } | null;
  /** Folder for each device's recording and trace. */
  record: string | null;
  /** The root key that the devices believe; null or absent for the development's. */
  root?: string | null;
  updates: UpdateOption[];
  /** Simulated time of the updates; null for soon after the home is settled. */
  updateAtMs: number | null;
  /** The broker that is told, and a file of certificates that its own is signed by. */
  mqtt?: { url: string; ca: string | null } | null;
}
