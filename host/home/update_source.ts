// The head-end's side of an update: it offers package files to a hub, answers with their blocks, and then says who is to have them.
//
//   offer ─▶ (the hub asks for blocks) ─▶ the hub reports Waiting ─▶ rollout ─▶ the hub reports devices
//
// Records get lost: an offer is repeated until the hub reports that file, a rollout until it reports that it has one.
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { FileStatus } from "../abi.ts";
import {
  activateRecord,
  BLOCK_MAX,
  blockRecord,
  type DeviceReport,
  type FileKey,
  type FileReport,
  forgetRecord,
  hubRecord,
  offerRecord,
  Plan,
  type Rollout,
  rolloutRecord,
  type Want,
} from "./update_records.ts";

/** The library's files and the hub's own. */
export const IMAGES = 5;
/** Devices whose state is remembered. */
const DEVICES_MAX = 64;
const REPEAT_MS = 10_000;
const HEADER_MIN = 56;
const IDENTIFIER = 0x0beef11e;

/** A package, read where it is wanted: it may be larger than anybody wants in memory. */
export interface PackageFile {
  readonly size: number;
  /** Up to `size` octets from `offset` on; fewer at the end. */
  read(offset: number, size: number): Uint8Array;
  close(): void;
}

export function packageInMemory(octets: Uint8Array): PackageFile {
  return { size: octets.length, read: (offset, size) => octets.subarray(offset, offset + size), close: () => undefined };
}

export function packageOnDisk(path: string): PackageFile {
  const file = openSync(path, "r");
  const { size } = fstatSync(file);
  return {
    size,
    read: (offset, wanted) => {
      const room = Buffer.alloc(wanted);
      return room.subarray(0, readSync(file, room, 0, wanted, offset));
    },
    close: () => closeSync(file),
  };
}

/** The fields of a file's header with which it is announced; throws an `Error` for what is no OTA file or not whole. */
export function keyOf(file: PackageFile): FileKey {
  const head = Buffer.from(file.read(0, HEADER_MIN));
  if (head.length < HEADER_MIN || head.readUInt32LE(0) !== IDENTIFIER) {
    throw new Error(
      "octet 0: the file does not begin with the identifier of a ZigBee OTA file; give a package made by `kilowasm image build`",
    );
  }
  const total = head.readUInt32LE(52);
  if (total !== file.size) {
    throw new Error(`octet 52: the header says ${total} octets, and the file has ${file.size}; fetch or build it again`);
  }
  return { manufacturer: head.readUInt16LE(10), type: head.readUInt16LE(12), version: head.readUInt32LE(14), size: total };
}

interface Offered {
  file: PackageFile;
  key: FileKey;
  /** The hub has reported this very file. */
  known: boolean;
  report?: FileReport;
  rollout?: Rollout;
  /** The hub has the rollout. */
  agreed: boolean;
  /** It is to activate what waits for a command, and has been told so. */
  command: boolean;
  commanded: boolean;
  /** When something was said of it last by us, and by the hub. */
  askedMs: number;
  heardMs: number;
}

function isSettled(report: FileReport | undefined): boolean {
  return report !== undefined && report.status !== FileStatus.Loading && report.status !== FileStatus.Verifying;
}

export interface UpdateSourceOptions {
  /** Hands a record to the hub; false when it could not be taken. */
  send(record: Buffer): boolean;
  onFile?(report: FileReport): void;
  onDevice?(report: DeviceReport): void;
}

export class UpdateSource {
  /** Octets served so far, repetitions too. */
  served = 0;
  private readonly offered = new Map<number, Offered>();
  private readonly reports = new Map<bigint, DeviceReport>();
  private nowMs = 0;

  constructor(private readonly options: UpdateSourceOptions) {}

  /** Offers a file under a number: 1 to 4 for the devices, 0 for the hub itself.  It takes the place of an earlier one. */
  offer(image: number, file: PackageFile, rollout?: Rollout): FileKey {
    if (!Number.isInteger(image) || image < 0 || image >= IMAGES)
      throw new RangeError(`a file has a number from 0 to ${IMAGES - 1}, not ${image}`);
    const key = keyOf(file);
    this.offered.get(image)?.file.close();
    const offered = { file, key, known: false, rollout, agreed: false, command: false, commanded: false, askedMs: 0, heardMs: 0 };
    this.offered.set(image, offered);
    this.say(offered, offerRecord(image, key));
    return key;
  }

  /** Who is to have a file that was offered; sent when the hub has all of it. */
  rollout(image: number, rollout: Rollout): void {
    const offered = this.find(image);
    offered.rollout = rollout;
    offered.agreed = false;
    this.next(image, offered);
  }

  /** What waits for a command may activate. */
  activate(image: number): void {
    const offered = this.find(image);
    offered.command = true;
    this.next(image, offered);
  }

  /** The hub forgets a file, and its devices give it up. */
  withdraw(image: number): void {
    this.offered.get(image)?.file.close();
    this.offered.delete(image);
    this.options.send(forgetRecord(image));
  }

  /** A record from the hub; false when it is not about updates. */
  take(octets: Uint8Array): boolean {
    const record = hubRecord(octets);
    if (!record) return false;
    if ("want" in record) this.wanted(record.want);
    else if ("file" in record) this.reported(record.file);
    else this.device(record.device);
    return true;
  }

  /** Repeats what was not answered; call it every second or so. */
  tick(nowMs: number): void {
    this.nowMs = nowMs;
    for (const [image, offered] of this.offered) {
      if (nowMs - offered.askedMs < REPEAT_MS) continue;
      // A hub that is quiet in the middle has perhaps told the end, and nobody heard it.
      const quiet = !isSettled(offered.report) && nowMs - offered.heardMs >= REPEAT_MS;
      if (!offered.known || quiet) this.say(offered, offerRecord(image, offered.key));
      else this.next(image, offered);
    }
  }

  close(): void {
    for (const { file } of this.offered.values()) file.close();
    this.offered.clear();
  }

  /** What the hub reported last of a file. */
  file(image: number): FileReport | undefined {
    return this.offered.get(image)?.report;
  }

  /** What the hub reported last of its devices. */
  get devices(): DeviceReport[] {
    return [...this.reports.values()];
  }

  /** Whether somebody still waits for the command: it was lost. */
  private waits(image: number): boolean {
    return image === 0 || this.devices.some((device) => device.image === image && device.status === FileStatus.Waiting);
  }

  private find(image: number): Offered {
    const offered = this.offered.get(image);
    if (!offered) throw new Error(`no file is offered under the number ${image}`);
    return offered;
  }

  private say(offered: Offered, record: Buffer): void {
    offered.askedMs = this.nowMs;
    this.options.send(record);
  }

  /** What the hub does not know of goes; where it may still believe in another file it hears of ours first. */
  private wanted({ image, offset, size }: Want): void {
    const offered = this.offered.get(image);
    if (!offered) {
      this.options.send(forgetRecord(image));
      return;
    }
    if (!offered.known) {
      this.say(offered, offerRecord(image, offered.key));
      return;
    }
    offered.heardMs = this.nowMs;
    const octets = offered.file.read(offset, Math.min(size, BLOCK_MAX));
    if (octets.length === 0) return;
    this.served += octets.length;
    this.options.send(blockRecord(image, offset, octets));
  }

  private reported(report: FileReport): void {
    const offered = this.offered.get(report.image);
    if (!offered) return;
    const ours = report.status !== FileStatus.None && report.version === offered.key.version && report.size === offered.key.size;
    offered.known = ours;
    if (!ours) return;
    offered.agreed = offered.rollout !== undefined && offered.rollout.go === (report.plan !== Plan.None);
    const ready = report.status === FileStatus.Waiting && offered.report?.status !== FileStatus.Waiting;
    offered.report = report;
    offered.heardMs = this.nowMs;
    this.options.onFile?.(report);
    if (ready) this.next(report.image, offered);
  }

  private device(report: DeviceReport): void {
    if (!this.reports.has(report.extended) && this.reports.size >= DEVICES_MAX) return;
    this.reports.set(report.extended, report);
    this.options.onDevice?.(report);
  }

  /** Sends what the hub should know of a file that it has. */
  private next(image: number, offered: Offered): void {
    if (!offered.known || offered.report?.status !== FileStatus.Waiting) return;
    if (offered.rollout && !offered.agreed) this.say(offered, rolloutRecord(image, offered.rollout));
    else if (offered.command && (!offered.commanded || this.waits(image))) {
      this.say(offered, activateRecord(image));
      offered.commanded = true;
    }
  }
}
