// An emulated board: firmware in QEMU, its console, its radio's UART, its flash in a file, its display.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Record as StoreRecord } from "../abi.ts";
import { ensure } from "../build/preflight.ts";
import { type ConsoleLine, frameLine, parseLine } from "./console.ts";
import { Qmp } from "./qmp.ts";

/** boards/mps2-an386/flash.h: the store's 16 sectors, two of the images' state, two slots of 28. */
export const STORE_SIZE = 16 * 4096;
export const IMAGE_SLOT_SECTORS = 28;
export const FLASH_SIZE = STORE_SIZE + (3 + 2 * IMAGE_SLOT_SECTORS) * 4096;
const DEVICE_KEY_SIZE = 16;
const LINES_KEPT = 2000;
const ANSWER_TIMEOUT_MS = 20_000;
const OLED_ADDRESS = 0x3d;

export interface BoardOptions {
  /** An ELF of host/board/build.ts. */
  firmware: string;
  /** Where the flash and the device key live between power cuts; made when absent. */
  folder: string;
  /** The stream on the radio's UART, whenever the board is powered. */
  onRadio?: (stream: Socket) => void;
  onLine?: (line: ConsoleLine) => void;
  /** The emulator ended by itself. */
  onExit?: (code: number | null) => void;
  /** One instruction is one nanosecond of the board's time. */
  countInstructions?: boolean;
  /** More `name=value` for the firmware. */
  settings?: Record<string, string>;
}

export class Board {
  /** The newest lines, oldest first. */
  readonly lines: ConsoleLine[] = [];
  /** Lines so far, also those that `lines` no longer holds. */
  seen = 0;
  /** `seen` when the power came last. */
  private powered = 0;
  private emulator: ChildProcess | undefined;
  private readonly work: string;
  private radioServer: Server | undefined;
  private qmp: Qmp | undefined;
  private ended: Promise<number | null> = Promise.resolve(null);
  private readonly watchers = new Set<() => void>();
  private readonly atExit = (): void => this.cut();
  private commands: Promise<unknown> = Promise.resolve();

  constructor(readonly options: BoardOptions) {
    ensure(["qemu-system-arm"]);
    mkdirSync(options.folder, { recursive: true });
    if (!existsSync(this.flashPath)) writeFileSync(this.flashPath, Buffer.alloc(FLASH_SIZE, 0xff));
    if (!existsSync(this.keyPath)) writeFileSync(this.keyPath, randomBytes(DEVICE_KEY_SIZE), { mode: 0o600 });
    // A socket's path has room for about a hundred octets, so it cannot live in any folder.
    this.work = mkdtempSync(join(tmpdir(), "kw-board-"));
  }

  get flashPath(): string {
    return join(this.options.folder, "flash.bin");
  }

  get keyPath(): string {
    return join(this.options.folder, "device-key.bin");
  }

  /** Gives it power. */
  power(): void {
    if (this.emulator) throw new Error("the board has power already");
    this.powered = this.seen;
    const radioPath = join(this.work, "radio");
    const qmpPath = join(this.work, "qmp");
    for (const path of [radioPath, qmpPath]) rmSync(path, { force: true });
    this.radioServer = createServer((socket) => {
      socket.on("error", () => {});
      if (this.options.onRadio) this.options.onRadio(socket);
      else socket.resume();
    });
    this.radioServer.listen(radioPath);
    this.qmp = new Qmp(qmpPath);
    const emulator = this.spawn(radioPath, qmpPath);
    this.emulator = emulator;
    process.once("exit", this.atExit);
    this.ended = new Promise((resolve, reject) => {
      emulator.once("error", (error) => reject(new Error(`qemu-system-arm does not start: ${error.message}`)));
      // Not "exit": its last lines may still be in the pipe then.
      emulator.once("close", (code) => resolve(code));
    });
    this.ended.then(
      (code) => this.onEnd(emulator, code),
      () => this.onEnd(emulator, null),
    );
    if (emulator.stdout) {
      const lines = createInterface({ input: emulator.stdout, crlfDelay: Number.POSITIVE_INFINITY });
      lines.on("line", (line) => this.onLine(line));
      lines.on("error", () => {});
    }
    emulator.stdin?.on("error", () => {});
    emulator.stderr?.on("data", (text: Buffer) => this.onLine(`# emulator: ${text.toString().trim()}`));
  }

  private spawn(radioPath: string, qmpPath: string): ChildProcess {
    const settings = { nor: this.flashPath, key: this.keyPath, ...this.options.settings };
    for (const value of Object.values(settings)) {
      if (/[\s,]/.test(value)) throw new Error(`"${value}" cannot be given to the emulated board: it contains a space or a comma`);
    }
    const words = Object.entries(settings).map(([name, value]) => `,arg=${name}=${value}`);
    const parameters = [
      ...["-M", "mps2-an386", "-display", "none", "-nodefaults", "-nic", "none", "-kernel", this.options.firmware],
      ...["-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"],
      ...["-chardev", `socket,id=radio,path=${radioPath}`, "-serial", "chardev:radio"],
      ...["-chardev", `socket,id=qmp,path=${qmpPath}`, "-mon", "chardev=qmp,mode=control"],
      ...["-device", `ssd0303,address=${OLED_ADDRESS}`],
      ...["-semihosting-config", `enable=on,target=native,arg=firmware${words.join("")}`],
      ...(this.options.countInstructions ? ["-icount", "shift=0"] : []),
    ];
    // Whatever ends Node ends the emulator.
    const guard = hasSetpriv() ? ["setpriv", "--pdeathsig", "KILL"] : [];
    const [command, ...rest] = [...guard, "qemu-system-arm", ...parameters];
    return spawn(command, rest, { stdio: ["pipe", "pipe", "pipe"] });
  }

  private onEnd(emulator: ChildProcess, code: number | null): void {
    if (this.emulator !== emulator) return;
    this.release();
    this.options.onExit?.(code);
  }

  private release(): void {
    this.emulator = undefined;
    process.removeListener("exit", this.atExit);
    this.radioServer?.close();
    this.qmp?.close();
    for (const watcher of this.watchers) watcher();
  }

  private onLine(text: string): void {
    const line = parseLine(text);
    this.lines.push(line);
    this.seen++;
    if (this.lines.length > LINES_KEPT) this.lines.shift();
    this.options.onLine?.(line);
    for (const watcher of this.watchers) watcher();
  }

  /** Takes the power away, between any two instructions. */
  cut(): void {
    const emulator = this.emulator;
    if (!emulator) return;
    this.release();
    emulator.kill("SIGKILL");
  }

  /** Resolves with the exit code when the emulator has gone, by itself or by `cut`. */
  async gone(): Promise<number | null> {
    return this.ended;
  }

  /** Cuts the power and removes what is not kept. */
  async close(): Promise<void> {
    this.cut();
    await this.ended.catch(() => {});
    rmSync(this.work, { recursive: true, force: true });
  }

  /** The first line that suits among those after the first `from`; throws after the time is up. */
  async expect(what: string, suits: (line: ConsoleLine) => boolean, timeoutMs = ANSWER_TIMEOUT_MS, from = 0): Promise<ConsoleLine> {
    const find = (): ConsoleLine | undefined => this.lines.slice(Math.max(0, from - (this.seen - this.lines.length))).find(suits);
    return new Promise((resolve, reject) => {
      const end = (act: () => void): void => {
        clearTimeout(timer);
        this.watchers.delete(look);
        act();
      };
      const look = (): void => {
        const line = find();
        if (line) end(() => resolve(line));
        else if (!this.emulator) end(() => reject(new Error(`the board ended without ${what}; ${this.lastWords()}`)));
      };
      const timer = setTimeout(() => end(() => reject(new Error(`no ${what} within ${timeoutMs} ms; ${this.lastWords()}`))), timeoutMs);
      this.watchers.add(look);
      look();
    });
  }

  private lastWords(): string {
    const words = this.lines.slice(-5).map((line) => ("text" in line ? line.text.toString() : JSON.stringify(line)));
    return words.length > 0 ? `it said last: ${words.join(" | ")}` : "it said nothing";
  }

  /** A line to the console; answers what the board answers: 0 or a negative `Err`. */
  command(text: string): Promise<number> {
    const emulator = this.emulator;
    const answer = this.commands.then(async () => {
      const from = this.seen;
      if (!emulator || this.emulator !== emulator) throw new Error("the board has no power, or lost it meanwhile");
      emulator.stdin?.write(frameLine(text));
      const line = await this.expect(
        `answer to ${text.slice(0, 40)}`,
        (each) => each.kind === "answer" && each.verb === text[0],
        ANSWER_TIMEOUT_MS,
        from,
      );
      return line.kind === "answer" ? line.value : 0;
    });
    this.commands = answer.catch(() => {});
    return answer;
  }

  /** An event, head and octets; the board fills in its time. */
  push(event: Uint8Array): Promise<number> {
    return this.command(`E ${Buffer.from(event).toString("hex")}`);
  }

  /** Writes the factory records of a new board; the address comes last, because a board with an address takes no more of them. */
  async provision(records: ReadonlyMap<number, Uint8Array>): Promise<void> {
    const wish = "no address: waiting for factory records";
    const answers = (line: ConsoleLine): boolean => line.kind === "say" && (line.text === wish || line.text === "running");
    const first = await this.expect("wish for factory records", answers, ANSWER_TIMEOUT_MS, this.powered);
    if (first.kind === "say" && first.text !== wish) return;
    const last = Number(StoreRecord.Address);
    for (const [record, octets] of [...records].sort(([a], [b]) => Number(a === last) - Number(b === last))) {
      const answer = await this.command(`W ${record} ${Buffer.from(octets).toString("hex")}`);
      if (answer !== 0) throw new Error(`the board refused factory record ${record}: ${answer}`);
    }
  }

  /** What a person would see, as a PNG or PPM file. */
  async screenshot(path: string): Promise<void> {
    if (!this.qmp) throw new Error("the board has no power");
    await this.qmp.command("screendump", { filename: path, format: path.endsWith(".png") ? "png" : "ppm" });
  }

  /** The display's 96 by 16 pixels, lit or not, row by row. */
  async pixels(): Promise<boolean[][]> {
    const path = join(this.work, "screen.ppm");
    await this.screenshot(path);
    return shrink(readFileSync(path));
  }
}

let setpriv: boolean | undefined;

function hasSetpriv(): boolean {
  setpriv ??= spawnSync("setpriv", ["--pdeathsig", "KILL", "true"]).status === 0;
  return setpriv;
}

const OLED_WIDTH = 96;
const OLED_HEIGHT = 16;

/** The emulator draws every pixel as a square; the centre of each tells. */
function shrink(ppm: Buffer): boolean[][] {
  const [head, width, height] = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(ppm.subarray(0, 64).toString("latin1")) ?? [];
  if (!head) throw new Error("the emulator's screenshot is no PPM file");
  const scale = Number(width) / OLED_WIDTH;
  if (Number(height) !== OLED_HEIGHT * scale) throw new Error(`the emulated display is ${width} by ${height} pixels large`);
  const middle = Math.floor(scale / 2);
  return Array.from({ length: OLED_HEIGHT }, (_, y) =>
    Array.from({ length: OLED_WIDTH }, (_, x) => {
      const at = head.length + 3 * ((y * scale + middle) * Number(width) + x * scale + middle);
      return ppm[at] + ppm[at + 1] + ppm[at + 2] > 0;
    }),
  );
}
