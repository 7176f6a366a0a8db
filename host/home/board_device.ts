// A device on an emulated board: its console is its edge, its radio a co-processor on the same air.  Real time only.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EVENT_HEAD, EVENT_KIND, EVENT_SIZE } from "../abi.ts";
import type { Medium } from "../air/medium.ts";
import { Board } from "../board/board.ts";
import type { ConsoleLine } from "../board/console.ts";
import { serveCoprocessor } from "../spinel/coprocessor.ts";
import type { DeviceEdge, HomeDevice } from "./device.ts";
import type { DeviceName } from "./events.ts";
import type { Factory } from "./provision.ts";

export interface BoardDeviceOptions {
  name: DeviceName;
  firmware: string;
  factory: Factory;
  medium: Medium;
  edge: DeviceEdge;
  /** `Pacer.enter`: what a board says happens at the simulation's present. */
  enter(action: () => void): void;
}

export class BoardDevice implements HomeDevice {
  readonly name: DeviceName;
  readonly board: Board;
  private readonly folder = mkdtempSync(join(tmpdir(), "kilowasm-board-"));
  private powered = false;

  constructor(private readonly options: BoardDeviceOptions) {
    const { name, factory, medium, enter } = options;
    this.name = name;
    this.board = new Board({
      firmware: options.firmware,
      folder: this.folder,
      onRadio: (stream) => serveCoprocessor(medium, stream, { id: name, hardwareAddress: factory.extended, enter }),
      onLine: (line) => enter(() => this.line(line)),
      onExit: (code) => {
        if (!this.powered) return;
        this.powered = false;
        enter(() => options.edge.trouble(`the emulator ended with code ${code}`));
      },
    });
  }

  powerOn(): void {
    this.powered = true;
    this.board.power();
    this.board.provision(this.options.factory.records).catch((error: Error) => this.trouble(error));
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
    }
  }
}
