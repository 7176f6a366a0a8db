// A board whose module is tests/labs/boards/update.ts: brings it from release to release, also when the power fails, and checks what must hold.
import assert from "node:assert/strict";
import {
  EVENT_HEAD,
  EVENT_KIND,
  EVENT_SIZE,
  EventKind,
  FileStatus,
  IMAGE_FLAGS,
  IMAGE_REASON,
  IMAGE_RUNNING,
  IMAGE_STATE,
  IMAGE_STATUS,
  IMAGE_TRIES,
  IMAGE_VERSION,
  Log,
  Record as StoreRecord,
} from "../../host/abi.ts";
import { Medium } from "../../host/air/medium.ts";
import { Board } from "../../host/board/board.ts";
import { serveCoprocessor } from "../../host/spinel/coprocessor.ts";

export const Command = {
  Count: 1,
  State: 2,
  Begin: 3,
  Write: 4,
  Finish: 5,
  Activate: 6,
  Halt: 7,
  Confirm: 8,
  Version: 9,
  Trap: 10,
  Loop: 11,
};
const BLOCK = 240;
/** Octets that the module looks at before it obeys. */
const COMMAND_MIN = 6;
const ANSWER_MS = 20_000;

export interface Release {
  version: number;
  file: Buffer;
}

export interface State {
  status: number;
  reason: number;
  version: number;
  running: number;
  onTrial: boolean;
  tries: number;
}

/** When the power fails: so long after it came, or after a phase has begun. */
export interface Cut {
  phase?: string;
  afterMs: number;
}

export class UpdatingBoard {
  readonly board: Board;
  /** What was done last, for the count of where the power failed. */
  private doing = "boot";
  private onPhase: (phase: string) => void = () => {};
  /** The release that runs and is confirmed as far as the board has said so; 0 is the factory module. */
  confirmed = 0;
  /** Releases that were activated, so that they may run. */
  private readonly allowed = new Set<number>([0]);
  private counted = 0;
  private attempted = 0;
  private from = 0;

  constructor(firmware: string, folder: string) {
    const medium = new Medium({ seed: 1 });
    this.board = new Board({
      firmware,
      folder,
      // The radio only has to answer its reset: nobody is on the air.
      onRadio: (stream) => void serveCoprocessor(medium, stream, { id: "board", enter: (action) => action() }),
    });
  }

  get phase(): string {
    return this.doing;
  }

  private set phase(phase: string) {
    this.doing = phase;
    this.onPhase(phase);
  }

  /** One life with power: `live` runs until its end, or until the power is cut; true when it came to its end. */
  async life(when: Cut | null, live: () => Promise<void>): Promise<boolean> {
    let cut = false;
    let timer: NodeJS.Timeout | undefined;
    this.onPhase = (phase) => {
      if (!when || timer || (when.phase ?? "boot") !== phase) return;
      timer = setTimeout(() => {
        cut = true;
        this.board.cut();
      }, when.afterMs);
    };
    this.from = this.board.seen;
    this.board.power();
    this.phase = "boot";
    try {
      await this.board.provision(new Map([[StoreRecord.Address, Buffer.from("0807060504030201", "hex")]]));
      await this.started();
      await live();
      return true;
    } catch (error) {
      if (!cut) throw error;
      return false;
    } finally {
      clearTimeout(timer);
      this.board.cut();
      await this.board.gone();
    }
  }

  private async started(): Promise<void> {
    await this.board.expect("start", (line) => line.kind === "log" && line.code === Log.Started, ANSWER_MS, this.from);
  }

  /** Waits for the start that follows what `act` does. */
  async reboots(act: () => Promise<unknown>): Promise<void> {
    this.from = this.board.seen;
    await act();
    this.phase = "boot";
    await this.started();
  }

  tell(command: number, image = 0, octets: Uint8Array = new Uint8Array(0)): Promise<number> {
    const payload = Buffer.alloc(Math.max(2 + octets.length, COMMAND_MIN));
    payload.set([command, image]);
    payload.set(octets, 2);
    const head = Buffer.alloc(EVENT_HEAD);
    head[EVENT_KIND] = EventKind.Uplink;
    head.writeUInt16LE(payload.length, EVENT_SIZE);
    return this.board.push(Buffer.concat([head, payload]));
  }

  private async told(command: number, image = 0, octets: Uint8Array = new Uint8Array(0)): Promise<Buffer> {
    const from = this.board.seen;
    assert.equal(await this.tell(command, image, octets), 0, "the board takes the event");
    const line = await this.board.expect("answer", (each) => each.kind === "uplink" && each.octets[0] === command, ANSWER_MS, from);
    return line.kind === "uplink" ? line.octets : Buffer.alloc(0);
  }

  async ask(command: number, image = 0, octets: Uint8Array = new Uint8Array(0)): Promise<number> {
    return (await this.told(command, image, octets)).readInt32LE(1);
  }

  async state(): Promise<State> {
    const octets = (await this.told(Command.State)).subarray(1);
    assert.equal(octets.length, IMAGE_STATE, "the board has slots");
    return {
      status: octets[IMAGE_STATUS],
      reason: octets[IMAGE_REASON],
      version: octets.readUInt32LE(IMAGE_VERSION),
      running: octets.readUInt32LE(IMAGE_RUNNING),
      onTrial: (octets[IMAGE_FLAGS] & 1) !== 0,
      tries: octets[IMAGE_TRIES],
    };
  }

  /** What must hold after every start: the old or the new module runs, it is the one it says, and nothing that was counted is lost. */
  async inspect(): Promise<State> {
    const state = await this.state();
    assert.ok(this.allowed.has(state.running), `version ${state.running} runs, which was never activated`);
    assert.equal(await this.ask(Command.Version), state.running, "the module in the slot is the one of the manifest");
    if (!state.onTrial) {
      assert.ok(state.running >= this.confirmed, `version ${state.running} runs after ${this.confirmed} was confirmed`);
      this.confirmed = state.running;
    }
    this.attempted++;
    const count = await this.ask(Command.Count);
    assert.ok(
      count > this.counted && count <= this.attempted,
      `the count is ${count} after ${this.counted} of ${this.attempted} were answered`,
    );
    this.counted = count;
    const words = this.board.lines.filter((line) => line.kind === "say" && /formatting|cannot be opened|refused/.test(line.text));
    assert.ok(words.length <= 1, "the store is formatted once, when the board is new");
    return state;
  }

  /** Brings the board to a release and confirms it; goes on where a power cut left it. */
  async update(release: Release): Promise<void> {
    for (;;) {
      const state = await this.inspect();
      if (state.running === release.version) {
        if (state.onTrial) await this.confirm();
        this.confirmed = release.version;
        this.phase = "idle";
        return;
      }
      if (state.status === FileStatus.Waiting && state.version === release.version) await this.activate(release);
      else await this.load(release);
    }
  }

  private async confirm(): Promise<void> {
    this.phase = "confirm";
    assert.equal(await this.ask(Command.Confirm, 1), 0);
  }

  async activate(release: Release): Promise<void> {
    this.phase = "activate";
    this.allowed.add(release.version);
    assert.equal(await this.ask(Command.Activate), 0);
    this.phase = "reboot";
    await this.reboots(() => this.tell(Command.Halt));
  }

  /** From `image_begin` to `image_finish`. */
  async load({ version, file }: Release): Promise<void> {
    this.phase = "begin";
    // Manufacturer, image type, file version and size stand in the header of the file.
    const key = Buffer.concat([file.subarray(10, 18), Buffer.alloc(4)]);
    key.writeUInt32LE(file.length, 8);
    let offset = await this.ask(Command.Begin, 0, key);
    this.phase = "write";
    while (offset < file.length) {
      const at = Buffer.alloc(4);
      at.writeUInt32LE(offset);
      const next = await this.ask(Command.Write, 0, Buffer.concat([at, file.subarray(offset, offset + BLOCK)]));
      assert.ok(
        next > offset && next <= file.length,
        `version ${version}: ${next} is wanted after ${offset}; ${JSON.stringify(await this.state())}`,
      );
      offset = next;
    }
    this.phase = "finish";
    assert.equal(await this.ask(Command.Finish), 0, JSON.stringify(await this.state()));
  }
}
