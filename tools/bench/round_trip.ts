// What a round trip costs, ours against zigbee-on-host's, in one run: a read of six attributes, its answer and the answer's APS acknowledgement.
//
// On both sides one end is the program and the other a partner of a few lines.  Ours has more to do: our meter has security of network and link both ways
// where the other's requests have the network's only, and our frames cross the simulated air with its back-offs and acknowledgements.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../host/modules.ts";
import { askedMeter } from "./asked_meter.ts";

/** V8 compiles what runs often; what comes before that is nobody's cost of a round trip. */
const HOMES = 8;
const WARM_UP_HOMES = 3;
const PEER_ROUNDS = 6000;
const PEER_WARM_UP = 2000;
/** The best of so many each, one after the other in turn, so that a busy machine is busy for both. */
const RUNS = 3;

export interface RoundTrip {
  /** Microseconds of the processor. */
  ours: number;
  /** Null where zigbee-on-host is not installed. */
  other: number | null;
  /** How many of ours go into one of the other's. */
  ratio: number | null;
}

function othersUs(peers: string): number {
  const script = join(ROOT, "tools/bench/zigbee_on_host.ts");
  const words = ["--import", "tsx", script, peers, String(PEER_ROUNDS), String(PEER_WARM_UP)];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { cwd: ROOT, encoding: "utf8" });
  if (status !== 0) throw new Error(`zigbee-on-host ended with ${status}: ${stderr || stdout}`);
  return (JSON.parse(stdout) as { us: number }).us;
}

export async function roundTrip(): Promise<RoundTrip> {
  const peers = process.env.KILOWASM_PEERS ?? join(ROOT, "build/peers");
  const installed = existsSync(join(peers, "node_modules/zigbee-on-host"));
  let ours = Number.POSITIVE_INFINITY;
  let other = Number.POSITIVE_INFINITY;
  for (let run = 0; run < RUNS; run++) {
    ours = Math.min(ours, await askedMeter(HOMES, WARM_UP_HOMES));
    if (installed) other = Math.min(other, othersUs(peers));
  }
  return { ours, other: installed ? other : null, ratio: installed ? other / ours : null };
}
