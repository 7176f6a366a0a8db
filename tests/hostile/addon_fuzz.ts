// Uses the add-on in every wrong way, by chance: nothing of it ends the process.  Prints what was called, what was refused, and how often.
//
//   KW_SANITIZE=1 LD_PRELOAD=$(cc -print-file-name=libasan.so) node --expose-gc --import tsx tests/hostile/addon_fuzz.ts SECONDS SEED

import { IMPORTS } from "../../host/abi.ts";
import { Random } from "../../host/air/random.ts";
import type { Surroundings } from "../../host/engine.ts";
import { type Native, native } from "../../host/native/addon.ts";
import { program } from "../../tools/words/program.ts";
import { randomModule } from "../differential/random_module.ts";
import { caller, rowOf } from "../native/harness.ts";
import { IDENTITY, keyOf } from "../native/image_package.ts";
import { FACTORY, NEW_FILE, OLD_FILE, SECTOR, SLOT } from "../native/images_harness.ts";
import { disturb, octets, thing, twisted } from "./addon_values.ts";

const LIVING_MAX = 24;
const DEPTH_MAX = 4;
const FUEL = 3000;
const FUNCTIONS = [
  "ccmSeal",
  "ccmOpen",
  "hashMmo",
  "hmacMmo",
  "keyVariant",
  "sha256",
  "drbg",
  "gf2Multiply",
  "p256Verify",
  "p256Sign",
] as const;
const MORE = ["p256Agree", "gate", "packageTake", "manifestRead", "decode"] as const;

interface Living {
  kind: "NativeDevice" | "NativeStore" | "NativeImages";
  object: Record<string, (...values: unknown[]) => unknown>;
  /** Arrays and objects that it was made from. */
  from: unknown[];
}

type Maker = () => unknown;

class Fuzz {
  readonly counts = new Map<string, number>();
  private readonly random: Random;
  private readonly addon: Native = native();
  private living: Living[] = [];
  private depth = 0;
  private readonly modules: Buffer[];

  constructor(seed: string) {
    this.random = new Random(seed, "uses of the add-on");
    const small = (): number => this.random.below(200);
    this.modules = [
      FACTORY,
      ...IMPORTS.map((row) => caller(row, row.arguments.map(small))),
      ...Array.from({ length: 20 }, () => randomModule(this.random)),
    ];
    // Those that ask their surroundings, with arguments that are let through.
    const asking: [string, number[]][] = [
      ["log", [1, 0, 4]],
      ["radio_set", [0, 1, 11]],
      ["radio_send", [0, 0, 10, 1]],
      ["sense", [1, 1000]],
      ["display", [0, 0, 4]],
      ["uplink_send", [0, 4]],
      ["key_set", [0, 0]],
    ];
    for (const [name, values] of asking) this.modules.push(...Array(6).fill(caller(rowOf(name), values)));
  }

  private count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  private pick<T>(list: readonly T[]): T {
    return list[this.random.below(list.length)];
  }

  /** Mostly what is right. */
  private mostly(right: Maker): unknown {
    return this.random.chance(0.85) ? right() : thing(this.random);
  }

  // ---- What happens inside other calls ----

  private readonly meanwhile = (): void => {
    if (this.depth >= DEPTH_MAX || this.random.chance(0.4)) return;
    this.depth++;
    try {
      const one = this.living.length > 0 ? this.pick(this.living) : undefined;
      switch (this.random.below(6)) {
        case 0:
          if (one) disturb(this.random, this.pick(one.from));
          return;
        case 1:
          throw this.random.chance(0.5) ? new Error("thrown by a test") : thing(this.random);
        case 2:
          globalThis.gc?.();
          return;
        case 3:
          this.make();
          return;
        default:
          this.step();
      }
    } finally {
      this.depth--;
    }
  };

  private surroundings(): Surroundings {
    const does = (): number => {
      this.count("asked");
      this.meanwhile();
      return this.random.chance(0.9) ? 0 : (thing(this.random) as number);
    };
    const all = { radioSend: does, radioSet: does, sense: does, display: does, uplinkSend: does, log: does, keySet: does, tlsKey: does };
    return this.random.chance(0.3) ? twisted(this.random, all as unknown as Surroundings, this.meanwhile, 0.3) : (all as Surroundings);
  }

  // ---- Objects ----

  private flash(sectors: number): Uint8Array {
    return octets(this.random, SECTOR * sectors).fill(0xff);
  }

  private imagesOptions(): Record<string, unknown> {
    const files = this.random.below(3);
    const layout = { slotSectors: SLOT, files, fileSectors: files > 0 ? 3 : 0 };
    const faults = this.random.chance(0.3) ? { cutAt: this.random.below(40), cutMode: this.random.below(6), journal: true, decay: 1 } : {};
    const identity = twisted(this.random, IDENTITY, this.meanwhile, 0.02);
    return { nor: this.flash(2 + 2 * SLOT + 3 * files), sectorSize: SECTOR, ...layout, ...faults, identity, factory: FACTORY };
  }

  private options(kind: Living["kind"]): Record<string, unknown> {
    const key = Buffer.alloc(16, 0x5a);
    const noise = Buffer.alloc(32, this.random.below(256));
    if (kind === "NativeImages") return { ...this.imagesOptions(), deviceKey: key, noise };
    if (kind === "NativeStore")
      return { nor: this.flash(3 + this.random.below(3)), sectorSize: SECTOR, unit: this.pick([8, 16, 32]), key, noise };
    const slots = this.random.chance(0.3);
    return {
      ...(slots ? { images: twisted(this.random, this.imagesOptions(), this.meanwhile, 0.05) } : { wasm: this.pick(this.modules) }),
      seed: noise,
      nor: this.flash(4),
      deviceKey: key,
      surroundings: this.surroundings(),
      arenaSize: this.pick([65_536, 98_304, 200_000]),
      memoryLimit: this.pick([0, 4096, 65_536]),
      fuel: FUEL,
      trace: this.random.chance(0.3),
      eager: this.random.chance(0.3),
      shake: this.random.chance(0.2) ? this.random.below(1000) : 0,
      codeRoom: this.random.chance(0.2) ? this.random.below(20_000) : 0,
    };
  }

  private make(): void {
    const kind = this.pick(["NativeDevice", "NativeDevice", "NativeStore", "NativeImages"] as const);
    const right = this.options(kind);
    const given = this.random.chance(0.5) ? right : twisted(this.random, right, this.meanwhile, 0.08);
    const Class = this.addon[kind] as unknown as new (options: unknown) => Living["object"];
    this.count(`new ${kind}`);
    const object = this.random.chance(0.03)
      ? (this.pick([
          () => Reflect.construct(Class, [given], this.addon.NativeStore),
          () => (Class as unknown as Maker).call({}),
          () => new Class(thing(this.random)),
        ])() as Living["object"])
      : new Class(given);
    this.count(`made ${kind}`);
    const images = right.images as Record<string, unknown> | undefined;
    this.living.push({
      kind,
      object,
      from: [right.nor, right.wasm, images?.nor, images?.factory, right.factory, right.surroundings].filter(Boolean),
    });
    if (this.living.length > LIVING_MAX) this.living.splice(this.random.below(LIVING_MAX), 1);
  }

  // ---- Calls ----

  private readonly now = (): bigint => BigInt(this.random.below(2_000_000));
  private readonly small = (): number => this.random.below(this.random.chance(0.8) ? 6 : 300);
  private readonly some = (): Uint8Array => octets(this.random);

  private event(): Buffer {
    const size = this.random.below(40);
    const event = Buffer.alloc(16 + size, this.random.below(256));
    event[0] = 1 + this.random.below(6);
    event.writeUInt16LE(size, 2);
    return event;
  }

  private methods(kind: Living["kind"]): Record<string, Maker[]> {
    const { now, small, some } = this;
    const file = this.pick([NEW_FILE, OLD_FILE]);
    const at = this.random.below(file.length);
    switch (kind) {
      case "NativeStore":
        return {
          format: [],
          read: [small],
          write: [small, some],
          keySet: [small, () => octets(this.random, this.pick([0, 16]))],
          keyGet: [small],
          stats: [],
        };
      case "NativeImages":
        return {
          boot: [],
          running: [],
          install: [() => file],
          begin: [small, () => keyOf(file)],
          write: [small, () => this.pick([0, at]), () => file.subarray(0, at)],
          read: [small, small, () => this.pick([10, 2 ** 32 - 1])],
          finish: [small],
          activate: [small],
          confirm: [small],
          refused: [small, small],
          overdue: [now],
          state: [small],
          stats: [],
          journal: [],
        };
      default:
        return {
          start: [now, small],
          poll: [now],
          push: [() => this.event()],
          stop: [],
          stats: [],
          takeTrace: [],
          replay: [some],
          readRecord: [small],
          writeRecord: [small, some],
          images: [],
          close: [],
        };
    }
  }

  private call(one: Living): void {
    const methods = this.methods(one.kind);
    const name = one.kind === "NativeDevice" && this.random.chance(0.5) ? this.pick(["start", "poll"]) : this.pick(Object.keys(methods));
    if (name === "close" && this.random.chance(0.7)) return;
    const values = methods[name].map((right) => this.mostly(right));
    if (this.random.chance(0.05)) values.length = this.random.below(values.length + 1);
    const receiver = this.random.chance(0.03) ? thing(this.random) : this.random.chance(0.03) ? this.pick(this.living).object : one.object;
    this.count(`${one.kind}.${name}`);
    one.object[name].apply(receiver, values);
    this.count(`did ${one.kind}.${name}`);
  }

  private chunks(): unknown[] {
    const chunks: unknown[] = [OLD_FILE.subarray(0, 90), OLD_FILE.subarray(90)];
    if (!this.random.chance(0.3)) return chunks;
    Object.defineProperty(chunks, 1, {
      get: () => {
        this.meanwhile();
        return thing(this.random);
      },
    });
    return chunks;
  }

  private function(): void {
    const { small, some } = this;
    const sized =
      (size: number): Maker =>
      () =>
        octets(this.random, size);
    const signatures: Record<(typeof FUNCTIONS)[number] | (typeof MORE)[number], Maker[]> = {
      ccmSeal: [sized(16), sized(13), some, some, () => 8],
      ccmOpen: [sized(16), sized(13), some, some, () => 8],
      hashMmo: [some],
      hmacMmo: [some, some],
      keyVariant: [sized(16), small],
      sha256: [some],
      drbg: [sized(32), small, small],
      gf2Multiply: [() => 1 + this.random.below(2), sized(36), sized(36), small],
      p256Verify: [sized(64), sized(32), sized(64)],
      p256Sign: [sized(32), sized(32)],
      p256Agree: [sized(32), sized(64)],
      gate: [() => this.pick(this.modules), () => 0],
      packageTake: [
        () =>
          twisted(
            this.random,
            { board: IDENTITY, root: IDENTITY.root, manufacturer: 1, type: 3, version: 1, size: 9 },
            this.meanwhile,
            0.1,
          ),
        () => this.chunks(),
        small,
      ],
      manifestRead: [sized(64), some, some],
      decode: [small, some, () => this.pick([100, 2 ** 32 - 1]), some, small, small, small],
    };
    // The curve's are slow, and take no memory of ours.
    const name = this.random.chance(0.1) ? this.pick(MORE.slice(0, 1)) : this.pick([...FUNCTIONS.slice(0, 8), ...MORE.slice(1)]);
    this.count(name);
    (this.addon[name] as (...values: unknown[]) => unknown)(...signatures[name].map((right) => this.mostly(right)));
    this.count(`did ${name}`);
  }

  /** A setter in every object's way. */
  private prototypes(): void {
    const holder = this.pick([Object.prototype, Array.prototype]) as object;
    const name = this.pick(["0", "error", "ok", "opened", "reason", "code", "stats"]);
    Object.defineProperty(holder, name, { configurable: true, set: this.meanwhile, get: this.meanwhile });
    try {
      this.step();
    } finally {
      delete (holder as Record<string, unknown>)[name];
    }
  }

  step(): void {
    const draw = this.random.below(100);
    if (this.living.length === 0 || draw < 12) this.make();
    else if (draw < 20) this.function();
    else if (draw < 21) disturb(this.random, this.pick(this.pick(this.living).from));
    else if (draw < 23 && this.depth < DEPTH_MAX) this.prototypes();
    else if (draw < 25) this.scribble();
    else if (draw < 27) this.living = this.living.filter(() => this.random.chance(0.8));
    else this.call(this.pick(this.living));
  }

  /** Into a flash or a module that is in use. */
  private scribble(): void {
    const array = this.pick(this.pick(this.living).from);
    if (array instanceof Uint8Array) array.fill(this.random.below(256), this.random.below(4096), this.random.below(9000));
  }

  /** One step whose throws are as good as its answers. */
  safely(): void {
    try {
      this.step();
    } catch {
      this.count("thrown");
    }
  }
}

async function main([stepsWord = "30000", seed = String(process.pid)]: string[]): Promise<void> {
  const steps = Number(stepsWord);
  console.log(`seed ${seed}`);
  const fuzz = new Fuzz(seed);
  for (let step = 0; step < steps; step++) {
    fuzz.safely();
    // Finalizers run between turns.
    if (step % 500 === 0) await new Promise((turn) => setImmediate(turn));
  }
  console.log(JSON.stringify({ steps, ...Object.fromEntries([...fuzz.counts].sort()) }));
}

await program(import.meta.url, main, { unread: true });
