// Parsers of the host: what comes from files, sockets and serial lines.  They may refuse with the error that they promise, and nothing else.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readKeysFile } from "../../host/air/keys.ts";
import { Medium } from "../../host/air/medium.ts";
import { CaptureWriter, readCapture } from "../../host/air/pcapng.ts";
import { Random } from "../../host/air/random.ts";
import { readZep, writeZep } from "../../host/air/zep.ts";
import { InputError } from "../../host/files/input_error.ts";
import { eventOfLog } from "../../host/home/events.ts";
import { downParse, upParse } from "../../host/home/uplink_parse.ts";
import { loadParse } from "../../host/load/file.ts";
import { Coprocessor } from "../../host/spinel/coprocessor.ts";
import { COMMAND_GET, COMMAND_INSERT, COMMAND_SET, Property, readSpinel, writeSpinel } from "../../host/spinel/frame.ts";
import { HdlcDecoder, hdlcEncode } from "../../host/spinel/hdlc.ts";
import { cpuMs } from "../support/cpu.ts";
import type { Enough } from "./enough.ts";
import { mutate } from "./mutate.ts";

const CALL_MS_MAX = 500;
const BATCH = 32;

export interface HostTarget {
  name: string;
  seeds: Uint8Array[];
  /** Throws when the input does harm. */
  try(input: Uint8Array): void;
  close?(): void;
}

/** A beacon request with its FCS, as in IEEE 802.15.4-2006 section 7.3.7. */
const PSDU = Buffer.from("030801ffffffff0753b8", "hex");
const text = (words: string): Uint8Array => Buffer.from(words);

const LOADS = [
  "time,watts\n0,100\n60,250.5\n3600,0\n",
  "time,watts\n2025-01-01T00:00:00Z,100\n2025-01-01T00:10:00Z,-3\n",
  "Consumption (kWh), Start, End\n0.123, 2025-01-01T00:00:00+00:00, 2025-01-01T00:30:00+00:00\n0.2, 2025-01-01T00:30:00+00:00, 2025-01-01T01:00:00+00:00\n",
  "0,100\n1,200\n",
];

function refusedWith(kind: new () => InputError, action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof kind)) throw error;
    if (/\n/.test(error.message) || error.message.length > 600) throw new Error(`the refusal is no sentence: ${error.message}`);
  }
}

function spinelSeeds(): Uint8Array[] {
  const frames = [
    writeSpinel(1, COMMAND_GET, Property.ProtocolVersion, []),
    writeSpinel(2, COMMAND_SET, Property.PhyChannel, [15]),
    writeSpinel(3, COMMAND_SET, Property.PhyEnabled, [1]),
    writeSpinel(4, COMMAND_SET, Property.MacPan, [0x34, 0x12]),
    writeSpinel(5, COMMAND_SET, Property.MacRawStream, [1]),
    writeSpinel(6, COMMAND_INSERT, Property.SourceMatchShort, [0x34, 0x12]),
    writeSpinel(7, COMMAND_SET, Property.SourceMatchExtended, [1, 2, 3, 4, 5, 6, 7, 8]),
    writeSpinel(8, COMMAND_SET, Property.StreamRaw, [PSDU.length, 0, ...PSDU, 15, 4, 3, 1, 0, 0, 0]),
  ];
  return frames.map((frame) => hdlcEncode(frame));
}

function spinelTarget(): HostTarget {
  const medium = new Medium({ seed: 1 });
  let out = 0;
  const count = (size: number): void => {
    out += size;
  };
  const coprocessor = new Coprocessor(medium, { id: "fuzz", output: (octets) => count(octets.length) });
  return {
    name: "spinel",
    seeds: spinelSeeds(),
    try: (input) => {
      new HdlcDecoder((frame) => void readSpinel(frame)).input(input);
      // With a right FCS as well, so that the frame arrives.
      coprocessor.input(input);
      coprocessor.input(hdlcEncode(input));
      medium.clock.runUntil(medium.clock.nowUs + 5_000);
      if (out > 1e9) throw new Error("the co-processor floods");
    },
    close: () => coprocessor.powerOff(),
  };
}

function fileTarget(folder: string): HostTarget[] {
  const capture = join(folder, "seed.pcapng");
  const writer = new CaptureWriter(capture);
  writer.key({ kind: "network", key: Buffer.alloc(16, 7), panId: 0x1234 });
  writer.key({ kind: "link", key: Buffer.alloc(16, 8), panId: 0x1234, between: [0, 1] });
  writer.frame(1000, PSDU);
  writer.close();
  const seed = readFileSync(capture);
  const path = join(folder, "mutant");
  const refusable = (action: () => void): void => {
    try {
      action();
    } catch (error) {
      // Both readers say what is wrong in a sentence that names the file.
      if (!(error as Error).message.includes(path)) throw error;
    }
  };
  return [
    {
      name: "pcapng",
      seeds: [seed],
      try: (input) => {
        writeFileSync(path, input);
        refusable(() => readCapture(path));
      },
    },
    {
      name: "keys_file",
      seeds: [text(`"${"5a".repeat(16)}","Normal","network"\n# a comment\n"${"01:".repeat(15)}01","Reverse","link"\n`)],
      try: (input) => {
        writeFileSync(path, input);
        refusable(() => readKeysFile(path));
      },
    },
  ];
}

export function hostTargets(): { targets: HostTarget[]; close: () => void } {
  const folder = mkdtempSync(join(tmpdir(), "kilowasm-fuzz-"));
  const targets: HostTarget[] = [
    spinelTarget(),
    ...fileTarget(folder),
    {
      name: "zep",
      seeds: [writeZep({ channel: 15, device: 1, sequence: 2, psdu: PSDU }, 200, 1_700_000_000_000)],
      try: (input) => {
        const found = readZep(input);
        if (found && found.psdu.length > 127) throw new Error("a PSDU of more than 127 octets");
      },
    },
    {
      name: "load_csv",
      seeds: LOADS.map(text),
      try: (input) =>
        refusedWith(InputError, () => {
          const load = loadParse("mutant.csv", Buffer.from(input).toString("latin1"));
          let before = load.energyJoules(0);
          for (const at of [1, 1000, 3_600_000, 86_400_000]) {
            const now = load.energyJoules(at);
            if (now < before && load.powerW(0) >= 0 && !/-/.test(Buffer.from(input).toString("latin1"))) throw new Error("energy falls");
            before = now;
          }
        }),
    },
    {
      name: "device_words",
      seeds: [Buffer.alloc(28, 1), Buffer.alloc(21, 1)],
      try: (input) => {
        for (let kind = 0; kind < 12; kind++) {
          const record = Buffer.concat([Buffer.from([kind]), input]);
          downParse(record);
          upParse(record);
        }
        for (let code = 0; code < 14; code++) eventOfLog(0, "hub", code, input);
      },
    },
  ];
  return {
    targets,
    close: () => {
      for (const target of targets) target.close?.();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Fuzzes one parser for a while; throws with the seed and the input at the first harm. */
export function fuzzHost(target: HostTarget, enough: Enough, seed: number): { name: string; runs: number } {
  const random = new Random(seed, `fuzz host ${target.name}`);
  const judge = (input: Uint8Array): void => {
    const begun = cpuMs();
    try {
      target.try(input);
    } catch (error) {
      const hex = Buffer.from(input).toString("hex");
      throw new Error(`${target.name}: ${(error as Error).message}, seed ${seed}, input ${hex}`, { cause: error });
    }
    if (cpuMs() - begun > CALL_MS_MAX) throw new Error(`${target.name}: hung, seed ${seed}, input ${Buffer.from(input).toString("hex")}`);
  };
  for (const input of target.seeds) judge(input);
  let runs = target.seeds.length;
  for (; !enough(runs); runs += BATCH) {
    for (let turn = 0; turn < BATCH; turn++) judge(mutate(target.seeds, random));
  }
  return { name: target.name, runs };
}
