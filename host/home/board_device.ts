// A device on an emulated board: its console is its edge, its radio a co-processor on the same air.  Real time only.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EVENT_HEAD, EVENT_KIND, EVENT_SIZE } from "../abi.ts";
import type { Medium } from "../air/medium.ts";
import { Board } from "../board/board.ts";
import type { ConsoleLine } from "../board/console.ts";
import { install } from "../board/install.ts";
import { withNames } from "../function_names.ts";
import { developmentIdentity } from "../image/keys.ts";
import { serveCoprocessor } from "../spinel/coprocessor.ts";
import type { DeviceEdge, HomeDevice } from "./device.ts";
import { type DeviceId, KINDS, type PlanRow, phaseOfStack } from "./plan.ts";
import { addressOctets, type Factory } from "./provision.ts";

export interface BoardDeviceOptions {
  row: PlanRow;
  firmware: string;
  factory: Factory;
  /** The package in slot A when it is sold; without one the factory module in its firmware runs. */
  installed?: Buffer;
  medium: Medium;
  edge: DeviceEdge;
  /** `Pacer.enter`: what a board says happens at the simulation's present. */
  enter(action: () => void): void;
}

const SLOTS: Record<string, string> = { "slot A": "a", "slot B": "b", "the factory module": "factory" };

export class BoardDevice implements HomeDevice {
  readonly id: DeviceId;
  readonly board: Board;
  private readonly folder = mkdtempSync(join(tmpdir(), "kilowasm-board-"));
  private powered = false;
  private sold = false;

  constructor(private readonly options: BoardDeviceOptions) {
    const { row, factory, medium, enter } = options;
    const { id } = row;
    this.id = id;
    this.board = new Board({
      firmware: options.firmware,
      folder: this.folder,
      onRadio: (stream) => serveCoprocessor(medium, stream, { id, hardwareAddress: factory.extended, enter }),
      onLine: (line) => enter(() => this.line(line)),
      onExit: (code) => {
        if (!this.powered) return;
        this.powered = false;
        enter(() => options.edge.trouble(`the emulator ended with code ${code}`));
      },
    });
  }

  powerOn(): void {
    if (!this.sold) this.manufacture();
    this.sold = true;
    this.powered = true;
    this.board.power();
    this.board.provision(this.options.factory.records).catch((error: Error) => this.trouble(error));
  }

  private manufacture(): void {
    const { installed, factory, row } = this.options;
    if (!installed) return;
    const identity = developmentIdentity(KINDS[row.role].image);
    install(this.board, { identity, address: addressOctets(factory.extended), file: installed });
  }

  push(kind: number, octets: Uint8Array): boolean {
    if (!this.powered) return false;
    const event = new Uint8Array(EVENT_HEAD + octets.length);
    event[EVENT_KIND] = kind;
    new DataView(event.buffer).setUint16(EVENT_SIZE, octets.length, true);
    event.set(octets, EVENT_HEAD);
    this.board.push(event).catch((error: Error) => this.trouble(error));
    return true;
  }

  close(): void {
    this.powered = false;
    this.board.cut();
  }

  /** After `close`: waits for the emulator's end and removes the board's flash. */
  async remove(): Promise<void> {
    await this.board.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private trouble(error: Error): void {
    if (this.powered) this.options.enter(() => this.options.edge.trouble(error.message));
  }

  private line(line: ConsoleLine): void {
    const { edge } = this.options;
    switch (line.kind) {
      case "log":
        edge.log(line.code, line.octets);
        break;
      case "display":
        edge.display(line.line, line.text);
        break;
      case "uplink":
        edge.uplink(line.octets);
        break;
      case "sense":
        edge.sense(line.quantity, line.periodMs);
        break;
      case "say":
        this.said(line.text);
        break;
    }
  }

  /** What the native firmware says of the module: boards/mps2-an386/main.c. */
  private said(text: string): void {
    const { edge } = this.options;
    const boots = /^boots (slot A|slot B|the factory module)(?: version ([0-9a-f]{8}) stack ([0-9a-f]{8}))?( on trial)?$/.exec(text);
    if (boots) {
      const [, place, version = "0", stack = "0", trial] = boots;
      edge.booted?.({
        slot: SLOTS[place],
        version: Number.parseInt(version, 16),
        onTrial: trial !== undefined,
        phase: phaseOfStack(Number.parseInt(stack, 16)),
      });
    } else if (text === "the module halts") edge.reboots?.();
    else if (text.startsWith("the module ") || text.endsWith("reset by watchdog")) edge.trouble(withNames(text));
  }
}
