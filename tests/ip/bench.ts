// A lab of the IP stack under V8, on a table: its store and keys outlive it, and the power can go at any write.
import { RadioParameter, ResetReason } from "../../host/abi.ts";
import { type LabName, lab } from "../../host/build/labs.ts";
import { KeySlots } from "../../host/v8/crypto.ts";
import { V8Engine } from "../../host/v8/engine.ts";

export class PowerCut extends Error {}

/** What outlives a lab; the power goes at a write of a record or a key, before it took place or after. */
export class CutStore extends Map<number, Uint8Array> {
  private writes = 0;
  cutAt = 0;
  taken = false;

  override set(record: number, octets: Uint8Array): this {
    return this.write(() => super.set(record, Uint8Array.from(octets)));
  }

  write<T>(action: () => T): T {
    this.writes++;
    if (this.writes === this.cutAt && !this.taken) throw new PowerCut();
    const answer = action();
    if (this.writes === this.cutAt) throw new PowerCut();
    return answer;
  }
}

export class CutKeys extends KeySlots {
  constructor(private readonly store: CutStore) {
    super();
  }

  override set(slot: number, key: Uint8Array): number {
    return this.store.write(() => super.set(slot, key));
  }
}

type Doors = { memory: WebAssembly.Memory } & { [name: string]: (...values: (number | bigint)[]) => number };

export class Bench {
  engine!: V8Engine;
  readonly sent: Buffer[] = [];
  /** Of the frame sent last. */
  handle = 0;
  readonly logged: { code: number; octets: Buffer }[] = [];
  /** What the radio was told, by parameter. */
  readonly radio = new Map<number, bigint>();
  private boots = 0;

  constructor(
    readonly name: LabName,
    readonly store = new CutStore(),
    readonly keys: KeySlots = new CutKeys(store),
  ) {
    this.boot();
  }

  boot(): void {
    this.engine = new V8Engine({
      wasm: lab(this.name),
      seed: new Uint8Array(32).fill(++this.boots),
      store: this.store,
      keys: this.keys,
      surroundings: {
        radioSend: (_number, psdu, handle) => {
          this.handle = handle;
          this.sent.push(Buffer.from(psdu));
          return 0;
        },
        radioSet: (_number, parameter, value) => {
          if (parameter !== RadioParameter.PendingNone) this.radio.set(parameter, value);
          return 0;
        },
        sense: () => -7,
        display: () => {},
        uplinkSend: () => 0,
        log: (code, octets) => this.logged.push({ code, octets: Buffer.from(octets) }),
        keySet: () => {},
      },
    });
    this.engine.start(0n, ResetReason.PowerOn);
  }

  get doors(): Doors {
    return (this.engine as unknown as { exports: Doors }).exports;
  }

  get octets(): Buffer {
    return Buffer.from(this.doors.memory.buffer);
  }

  /** Where a test's octets lie in the lab. */
  write(octets: Uint8Array, offset = 0): number {
    const at = this.doors.bufferAt() + offset;
    this.octets.set(octets, at);
    return at;
  }

  read(at: number, size: number): Buffer {
    return Buffer.from(this.octets.subarray(at, at + size));
  }
}
