// Image slots over flash in memory, one uptime after the other.
import assert from "node:assert/strict";
import {
  FileStatus,
  IMAGE_COUNTER,
  IMAGE_DETAIL,
  IMAGE_EPOCH,
  IMAGE_FLAGS,
  IMAGE_OFFSET,
  IMAGE_REASON,
  IMAGE_RUNNING,
  IMAGE_STATUS,
  IMAGE_TRIES,
  IMAGE_VERSION,
  ImageReason,
} from "../../host/abi.ts";
import { type NativeImages, type NativeImagesOptions, native } from "../../host/native/addon.ts";
import { IDENTITY, keyOf, makePackage, sha256 } from "./image_package.ts";
import * as w from "./wasm_bytes.ts";

export const SECTOR = 4096;
export const SLOT = 4;
export const FILES = 2;
export const FILE_SECTORS = 3;
export const FACTORY = w.module();

/** A valid module of about `size` octets that no other number has; only its custom section differs. */
export function wasm(number: number, size: number): Buffer {
  const octets = Array.from({ length: size }, (_, i) => (i * i * 7 + number * 13 + (i >> 3)) & 0xff);
  return w.module({}, w.section(0, [...w.text("pad"), ...octets]));
}

export const OLD = wasm(1, 9000);
export const NEW = wasm(2, 9500);
export const OLD_FILE = makePackage({ wasm: OLD, version: 0x01000000, counter: 4, epoch: 2 });
export const NEW_FILE = makePackage({ wasm: NEW, version: 0x01000001, counter: 5, epoch: 3 });

export class Board {
  readonly nor = Buffer.alloc(SECTOR * (2 + 2 * SLOT + FILES * FILE_SECTORS), 0xff);
  images!: NativeImages;
  boots = 0;

  constructor(private readonly options: Partial<NativeImagesOptions> = {}) {}

  /** A reset; not yet the boot's decision. */
  reset(more: Partial<NativeImagesOptions> = {}): NativeImages {
    const noise = sha256(Buffer.from(`uptime ${++this.boots}`));
    this.images = new (native().NativeImages)({
      nor: this.nor,
      sectorSize: SECTOR,
      slotSectors: SLOT,
      files: FILES,
      fileSectors: FILE_SECTORS,
      identity: IDENTITY,
      deviceKey: Buffer.alloc(16, 0x5a),
      noise,
      factory: FACTORY,
      ...this.options,
      ...more,
    });
    return this.images;
  }

  boot(more: Partial<NativeImagesOptions> = {}): number {
    return this.reset(more).boot();
  }

  /** With the old module confirmed. */
  static provisioned(options: Partial<NativeImagesOptions> = {}): Board {
    const board = new Board(options);
    assert.equal(board.reset().install(OLD_FILE), 0);
    board.boot();
    return board;
  }

  /** Writes from `from` on in blocks; answers the last answer. */
  write(image: number, file: Buffer, from = 0, block = 300, upto = file.length): number {
    let at = from;
    while (at >= 0 && at < upto) {
      const next = this.images.write(image, at, file.subarray(at, Math.min(at + block, upto)));
      assert.notEqual(next, at, "a whole block moves the offset");
      at = next;
    }
    return at;
  }

  /** begin, write, finish: the answer of the first that refuses, else finish's. */
  load(image: number, file: Buffer, block = 300): number {
    const begun = this.images.begin(image, keyOf(file));
    if (begun < 0) return begun;
    const written = this.write(image, file, begun, block);
    return written < 0 ? written : this.images.finish(image);
  }

  state(
    image = 0,
  ): Record<"status" | "reason" | "detail" | "version" | "offset" | "running" | "flags" | "tries" | "counter" | "epoch", number> {
    const at = this.images.state(image);
    assert.ok(Buffer.isBuffer(at), `no state: ${at}`);
    return {
      status: at[IMAGE_STATUS],
      reason: at[IMAGE_REASON],
      detail: at.readUInt16LE(IMAGE_DETAIL),
      version: at.readUInt32LE(IMAGE_VERSION),
      offset: at.readUInt32LE(IMAGE_OFFSET),
      running: at.readUInt32LE(IMAGE_RUNNING),
      flags: at[IMAGE_FLAGS],
      tries: at[IMAGE_TRIES],
      counter: at.readUInt32LE(IMAGE_COUNTER),
      epoch: at.readUInt32LE(IMAGE_EPOCH),
    };
  }

  /** Status and reason in words, for messages that say something. */
  words(image = 0): string {
    const { status, reason } = this.state(image);
    const name = (table: Record<string, number>, value: number): string =>
      Object.keys(table).find((key) => table[key] === value) ?? `${value}`;
    return `${name(FileStatus, status)}, ${name(ImageReason, reason)}`;
  }

  runs(): string {
    const running = this.images.running();
    if (!running) return "nothing";
    const known: [string, Buffer][] = [
      ["old", OLD],
      ["new", NEW],
      ["factory", FACTORY],
    ];
    return known.find(([, octets]) => octets.equals(running))?.[0] ?? "another module";
  }
}
