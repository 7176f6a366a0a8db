// What is fuzzed in the stack: every parser that a lab exports, with seeds that this stack did not make.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { LabName } from "../../host/build/labs.ts";
import { ROOT } from "../../host/modules.ts";
import { readVectors } from "../../host/vectors/run.ts";

export interface Target {
  name: string;
  lab: LabName;
  seeds: Uint8Array[];
}

const SHARED = join(ROOT, "../shared/vectors");
const LABS: readonly [RegExp, LabName][] = [
  [/^mac_/, "mac/parsers"],
  [/^nwk_/, "nwk/parsers"],
  [/^(aps|zdo|install)_?/, "aps/parsers"],
  [/^zcl_/, "zcl/parsers"],
  [/^se_/, "sep1/parsers"],
  [/^ota_/, "sep1/ota"],
  [/^(nd|rpl|mpl)_/, "ip/mesh"],
  [/^(dns_message|ethernet_frame|tcp_segment)$/, "ip/names"],
  [/^(lowpan_fragment|ip_beacon|ipv6|udp|icmp)$/, "ip/low"],
  [/^(pana|eap|mle)/, "ip/auth_parsers"],
  [/^(initiate|ephemeral|confirm|terminate|certificate)/, "sep1/key_establishment"],
];
const METERING = "0x0702";
const PRICE = "0x0700";

type Seeds = Map<string, Uint8Array[]>;

function add(seeds: Seeds, name: string, octets: Uint8Array): void {
  const list = seeds.get(name);
  if (list) list.push(octets);
  else seeds.set(name, [octets]);
}

/** The vectors of a layer, the refused ones too: `parser | name | hex | answer` or `parser hex answer`. */
function fromVectors(seeds: Seeds, file: string): void {
  for (const line of readFileSync(join(ROOT, "tests/vectors", file), "utf8").split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const columns = line.includes("|") ? line.split("|").map((part) => part.trim()) : line.split(" ");
    const [name, hex] = columns.length === 4 ? [columns[0], columns[2]] : columns;
    add(seeds, name, Buffer.from(hex.replaceAll(" ", "").replace(/^-$/, ""), "hex"));
  }
}

/** Every cluster's command, short and full; what the walker refuses of them would be no seed. */
function fromDescriptors(seeds: Seeds): void {
  for (const line of readFileSync(join(ROOT, "tests/fuzz/seeds/clusters.txt"), "utf8").split("\n")) {
    if (line !== "" && !line.startsWith("#")) add(seeds, "se_frame", Buffer.from(line.split(" ")[0], "hex"));
  }
}

/** Frames of Great Britain's reference data, for the frame parsers of the clusters that have one. */
function fromSharedFrames(seeds: Seeds): void {
  const path = join(SHARED, "se-zcl-gb.jsonl");
  if (!existsSync(path)) return;
  for (const line of readFileSync(path, "utf8").split("\n")) {
    if (!line.startsWith("{")) continue;
    const { cluster, zcl } = JSON.parse(line) as { cluster: string; zcl: string };
    const octets = Buffer.from(zcl, "hex");
    add(seeds, "zcl_header", octets);
    if ((octets[0] & 3) === 0) add(seeds, "zcl_general", octets);
    if (cluster === METERING) add(seeds, "se_metering", octets);
    if (cluster === PRICE) add(seeds, "se_price", octets);
  }
}

interface Party {
  cert: string;
  pub: string;
  ephPub: string;
}

/** Annexes C.5 and C.6 of the Smart Energy profile. */
function fromKeyEstablishment(seeds: Seeds): void {
  add(seeds, "terminate", Buffer.from([0x02, 0x1e, 0x03, 0x00]));
  add(seeds, "confirm", Buffer.from("b82f1f9774740c32f80fcfc3921b6420", "hex"));
  const { cbke } = readVectors(join(ROOT, "tests/vectors/key_establishment.txt"));
  for (const { suite, initiator, responder } of cbke as { suite: 1 | 2; initiator: Party; responder: Party }[]) {
    for (const { cert, ephPub } of [initiator, responder]) {
      const certificate = Buffer.from(cert, "hex");
      add(seeds, `certificate_${suite}`, certificate);
      add(seeds, `ephemeral_${suite}`, Buffer.from(ephPub, "hex"));
      add(seeds, "initiate", Buffer.concat([Buffer.from([suite, 0, 0x1e, 0x1e]), certificate]));
    }
  }
}

export async function targets(): Promise<Target[]> {
  const seeds: Seeds = new Map();
  const files = ["mac.txt", "nwk.txt", "aps.txt", "zcl.txt", "ota_cluster.txt", "mesh.txt", "ip_auth.txt", "ip_low.txt", "ip_wire.txt"];
  for (const file of files) fromVectors(seeds, file);
  fromDescriptors(seeds);
  fromSharedFrames(seeds);
  fromKeyEstablishment(seeds);
  return [...seeds].map(([name, octets]) => {
    const lab = LABS.find(([pattern]) => pattern.test(name))?.[1];
    if (!lab) throw new Error(`no lab has a parser called ${name}`);
    return { name, lab, seeds: octets };
  });
}
