// The slots of V8 and those of the boards, asked in step: every answer and every state is compared.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { IMAGE_DETAIL, IMAGE_REASON, IMAGE_STATE, IMAGE_STATUS, ImageReason, Role } from "../../host/abi.ts";
import { developmentIdentity } from "../../host/image/keys.ts";
import { packageBuild } from "../../host/image/package.ts";
import { ImageSlots } from "../../host/image/slots.ts";
import { moduleBytes } from "../../host/modules.ts";
import { ImageSource, native } from "../../host/native/index.ts";

export const SECTOR = 4096;
export const SLOT_SECTORS = 16;
const FILE_SECTORS = 16;
const FILES = 2;
const ADDRESS = Buffer.from("0102030405060708", "hex");
const DEVICE_KEY = Buffer.alloc(16, 7);
const SOURCES: Record<number, string> = {
  [ImageSource.SlotA]: "a",
  [ImageSource.SlotB]: "b",
  [ImageSource.Factory]: "factory",
  [ImageSource.Nothing]: "nothing",
};

export const OLD = Buffer.from(moduleBytes("hub_factory"));
const section = (size: number): Buffer => {
  const name = Buffer.from([4, 0x66, 0x69, 0x6c, 0x6c]);
  const octets = Buffer.concat([name, createHash("sha256").update(String(size)).digest(), Buffer.alloc(size, 0x5a)]);
  return Buffer.concat([
    Buffer.from([0, (octets.length & 0x7f) | 0x80, ((octets.length >> 7) & 0x7f) | 0x80, octets.length >> 14]),
    octets,
  ]);
};
/** A module of a little more than `size` octets. */
export const grown = (size: number): Buffer => Buffer.concat([OLD, section(size)]);
export const NEW = grown(30_000);
const V1 = packageBuild({ wasm: OLD, role: Role.Hub, version: 0x00010000, counter: 5 });
export const newer = (options: Partial<Parameters<typeof packageBuild>[0]> = {}): Buffer =>
  packageBuild({ wasm: NEW, role: Role.Hub, version: 0x00020000, counter: 6, ...options });

export class Twins {
  readonly v8: ImageSlots;
  private board!: ReturnType<typeof this.open>;
  private readonly nor = Buffer.alloc((2 + 2 * SLOT_SECTORS + FILES * FILE_SECTORS) * SECTOR, 0xff);
  private uptime = 0;

  constructor(factory?: Buffer) {
    const identity = developmentIdentity(Role.Hub);
    const options = { identity, address: ADDRESS, installed: V1, factory, files: FILES, sectorSize: SECTOR };
    this.v8 = new ImageSlots({ ...options, slotCapacity: SLOT_SECTORS * SECTOR, fileCapacity: FILE_SECTORS * SECTOR });
    this.factory = factory;
    assert.equal(this.open().install(V1), 0);
    this.reset("a");
  }

  private readonly factory: Buffer | undefined;

  private open() {
    const noise = createHash("sha256")
      .update(String(this.uptime++))
      .digest();
    const layout = { sectorSize: SECTOR, slotSectors: SLOT_SECTORS, files: FILES, fileSectors: FILE_SECTORS };
    const options = { ...layout, nor: this.nor, identity: developmentIdentity(Role.Hub), deviceKey: DEVICE_KEY, noise, address: ADDRESS };
    const images = new (native().NativeImages)(this.factory ? { ...options, factory: this.factory } : options);
    assert.equal(images.opened, 0);
    return images;
  }

  /** A reset; what runs then. */
  reset(expected?: string): string {
    this.board = this.open();
    const { source, wasm } = this.v8.boot();
    assert.equal(source, SOURCES[this.board.boot()]);
    assert.deepEqual(wasm && Buffer.from(wasm), this.board.running());
    if (expected !== undefined) assert.equal(source, expected);
    this.compare("reset");
    return source;
  }

  ask(name: string, v8: number, board: number): number {
    assert.equal(v8, board, name);
    this.compare(name);
    return v8;
  }

  begin(image: number, file: Buffer, size = file.length): number {
    const key = Buffer.concat([file.subarray(10, 18), Buffer.alloc(4)]);
    key.writeUInt32LE(size, 8);
    return this.ask(`begin ${image}`, this.v8.begin(image, key), this.board.begin(image, key));
  }

  write(image: number, offset: number, octets: Buffer): number {
    return this.ask(`write ${image} at ${offset}`, this.v8.write(image, offset, octets), this.board.write(image, offset, octets));
  }

  /** As a client does, up to `until` octets; answers the last answer. */
  feed(image: number, file: Buffer, block: number, until = file.length): number {
    let wanted = 0;
    while (wanted >= 0 && wanted < until) {
      const next = this.write(image, wanted, file.subarray(wanted, Math.min(wanted + block, until)));
      assert.notEqual(next, wanted, "no step");
      wanted = next;
    }
    return wanted;
  }

  /** As a device does before each of its turns. */
  tell(now: bigint): void {
    assert.equal(this.v8.overdue(now), this.board.overdue(now));
  }

  finish(image: number): number {
    return this.ask(`finish ${image}`, this.v8.finish(image), this.board.finish(image));
  }

  activate(image = 0): number {
    return this.ask("activate", this.v8.activate(image), this.board.activate(image));
  }

  confirm(healthy: boolean): number {
    return this.ask("confirm", this.v8.confirm(healthy), this.board.confirm(healthy ? 1 : 0));
  }

  refused(reason: number, detail: number): void {
    const { source } = this.v8.refused(reason, detail);
    this.board.refused(reason, detail);
    assert.equal(source, SOURCES[this.board.boot()]);
    this.compare("refused");
  }

  /** Gives both the whole file, and answers the reason that both end with. */
  static verdict(file: Buffer): number {
    const twins = new Twins();
    twins.begin(0, file);
    const { v8, board } = twins;
    if (v8.write(0, 0, file) >= 0) v8.finish(0);
    if (board.write(0, 0, file) >= 0) board.finish(0);
    const [own, other] = [twins.state(), board.state(0) as Buffer];
    assert.deepEqual([own[IMAGE_STATUS], own[IMAGE_REASON]], [other[IMAGE_STATUS], other[IMAGE_REASON]]);
    return own[IMAGE_REASON];
  }

  read(image: number, offset: number, capacity: number): Buffer | number {
    const to = Buffer.alloc(capacity, 0xa5);
    const size = this.v8.read(image, offset, to);
    const board = this.board.read(image, offset, capacity);
    assert.deepEqual(size < 0 ? size : to.subarray(0, size), board);
    return board;
  }

  state(image = 0): Buffer {
    const out = Buffer.alloc(IMAGE_STATE, 0xa5);
    this.v8.state(image, out);
    return out;
  }

  private compare(after: string): void {
    for (let image = 0; image <= FILES + 1; image++) {
      const out = Buffer.alloc(IMAGE_STATE, 0xa5);
      const answer = this.v8.state(image, out);
      const board = this.board.state(image);
      if (typeof board === "number") {
        assert.equal(answer, board);
        continue;
      }
      // The two gates know different reasons; V8's is shorter.
      if (out[IMAGE_REASON] === ImageReason.Gate) board.copy(out, IMAGE_DETAIL, IMAGE_DETAIL, IMAGE_DETAIL + 2);
      assert.equal(out.toString("hex"), board.toString("hex"), `state ${image} after ${after}`);
    }
  }
}
