// A home of phase 2, made by V8: hub, meter and display as shipped, and recordings of the two that boards are measured with.
import { readFileSync } from "node:fs";
import { Log, Record as StoreRecord } from "../abi.ts";
import { Clock } from "../air/clock.ts";
import { Medium } from "../air/medium.ts";
import type { BootedEngine } from "../home/device.ts";
import { ModuleDevice } from "../home/module_device.ts";
import { addressOctets } from "../home/provision.ts";
import { builtPath } from "../modules.ts";
import { HARDWARE_TYPE, makeAuthority, makeDevice } from "../tls/authority.ts";
import { identityRecords } from "../tls/board_records.ts";
import { V8Engine } from "../v8/engine.ts";

const SEED = 1;
const ADDRESS = 0x026b_7700_0000_0000n;
const AUTHORITY = "a measured home";

export type Sep2Role = "meter" | "ihd";

/** What a device did, by the numbers of its calls, `start` the first. */
export interface Sep2Life {
  recording: Buffer;
  /** Where it said that it is in. */
  joined: number;
  /** Where the secrets of its sessions were made. */
  secrets: number[];
  /** Where it said that its question was answered. */
  answers: number[];
}

/** The same engine, whose calls are counted. */
class Counted implements BootedEngine {
  calls = 0;
  constructor(private readonly engine: V8Engine) {}

  start(now: bigint, reason: number): void {
    this.calls++;
    this.engine.start(now, reason);
  }

  poll(now: bigint): bigint {
    this.calls++;
    return this.engine.poll(now);
  }

  push(event: Uint8Array): boolean {
    return this.engine.push(event);
  }

  close(): void {
    this.engine.close();
  }
}

/** Runs the home; throws where a device stops, or does not join and ask. */
export function recordHomeSep2(durationMs: number): Map<Sep2Role, Sep2Life> {
  const clock = new Clock();
  const medium = new Medium({ seed: SEED, clock });
  const authority = makeAuthority(Buffer.from(AUTHORITY));
  const roots = [authority.root.certificate];
  const lives = (["hub", "meter", "ihd"] as const).map((id, index) => {
    const serial = Buffer.of(index + 1);
    const store = identityRecords({ roots, hardwareType: HARDWARE_TYPE, serial, current: makeDevice(authority, { serial }) });
    store.set(StoreRecord.Address, addressOctets(ADDRESS | BigInt(index + 1)));
    const life = { joined: [] as number[], secrets: [] as number[], answers: [] as number[] };
    let engine: V8Engine | undefined;
    let counted: Counted | undefined;
    // The call that runs.
    const now = (): number => (counted?.calls ?? 0) - 1;
    const device = new ModuleDevice(
      id,
      medium,
      (surroundings) => {
        engine = new V8Engine({
          wasm: readFileSync(builtPath(`${id}_sep2`)),
          seed: Buffer.alloc(32, index + 1),
          store,
          surroundings,
          record: true,
        });
        counted = new Counted(engine);
        return counted;
      },
      {
        log: (code) => (code === Log.Joined ? life.joined : code === Log.Answer ? life.answers : []).push(now()),
        display: () => undefined,
        uplink: () => undefined,
        sense: () => false,
        key: () => undefined,
        tlsKey: () => life.secrets.push(now()),
        trouble: (sentence) => {
          throw new Error(`the ${id} of the recorded home stopped: ${sentence}`);
        },
      },
    );
    device.powerOn();
    return { id, life, recording: () => engine?.recording.bytes() ?? Buffer.alloc(0) };
  });
  clock.runUntil(durationMs * 1000);
  const found = new Map<Sep2Role, Sep2Life>();
  for (const { id, life, recording } of lives) {
    if (id === "hub") continue;
    const [joined] = life.joined;
    if (joined === undefined || life.answers.length < 2) throw new Error(`the ${id} of the recorded home was not answered twice`);
    found.set(id, { ...life, joined, recording: recording() });
  }
  return found;
}
