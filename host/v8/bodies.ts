// What the imports of a module under V8 do: the contract of docs/abi.md, with nothing native.
import { EVENT_HANDLE, EVENT_INTERFACE, EVENT_KIND, EventKind, ImageNumber, KeyName, RadioParameter, ResetReason } from "../abi.ts";
import { CCM_MIC, CCM_TEXT_MAX, ccmOpen, ccmSeal } from "../crypto/ccm.ts";
import { hashMmo, hmacMmo } from "../crypto/mmo.ts";
import { HmacDrbg } from "../drbg.ts";
import { EngineStopped, FLASH_WORK, type Surroundings } from "../engine.ts";
import { Err } from "../err.ts";
import type { Images } from "../image/images.ts";
import type { KeySlots } from "./crypto.ts";
import type { BoardIdentity } from "./identity.ts";
import type { Bodies } from "./imports.ts";
import { type EventQueue, LINK_FRAME_MAX, LINK_FRAME_MIN } from "./queue.ts";
import { type SoftwareBodies, softwareBodies } from "./software.ts";
import { TlsBoard } from "./tls.ts";
import { TlsBodies } from "./tls_bodies.ts";

export const STORE_RECORD_SIZE_MAX = 512;
export const STORE_RECORDS_MAX = 64;
const INTERFACES = 8;
const RECORD_MAX = 0x7fff;
const PSDU_MIN = 3;
const PSDU_MAX = 125;
const DISPLAY_LINES = 8;
const DISPLAY_COLUMNS = 32;
const MMO_KEY = 16;
const IMAGE_KEY = 12;
const RADIO_PARAMETER_MIN = Math.min(...Object.values(RadioParameter));
const RADIO_PARAMETER_MAX = Math.max(...Object.values(RadioParameter));

/** What a device's imports work with. */
export interface Machine {
  surroundings: Surroundings;
  store: Map<number, Uint8Array>;
  keys: KeySlots;
  images: Images;
  queue: EventQueue;
  seed: Uint8Array;
  /** The module's section of that name. */
  constants: Uint8Array;
  /** A board without TLS when absent. */
  identity?: BoardIdentity | undefined;
}

export class ModuleBodies extends TlsBodies implements Bodies {
  private readonly drbg: HmacDrbg;
  protected readonly tls: TlsBoard | undefined;
  private memory: WebAssembly.Memory | undefined;
  /** All of the module's memory; made anew when a module has grown it. */
  private octets = new Uint8Array(0);
  private software: SoftwareBodies | undefined;
  /** What the running call may still take (meter.ts). */
  private fuel: WebAssembly.Global | undefined;
  /** Handle of the frame that each interface has, or -1. */
  private readonly sending = new Array<number>(INTERFACES).fill(-1);

  constructor(private readonly machine: Machine) {
    super();
    this.drbg = new HmacDrbg(machine.seed);
    const { identity, keys, surroundings } = machine;
    this.tls = identity && new TlsBoard(identity, keys, this.drbg, surroundings);
  }

  protected view(at: number, size: number): Uint8Array {
    return this.octets.subarray(at, at + size);
  }

  /** The memory exists when the module does. */
  open(memory: WebAssembly.Memory, fuel?: WebAssembly.Global): void {
    this.fuel = fuel;
    this.memory = memory;
    this.octets = new Uint8Array(memory.buffer);
  }

  check(name: string, at: number, size: number): void {
    this.work(size);
    if (at + size > this.octets.length) this.checkAgain(name, at, size);
  }

  /** When this takes the last unit, the module's next turn or call ends the run. */
  private work(units: number): void {
    if (this.fuel) this.fuel.value = Math.max(1, this.fuel.value - units);
  }

  /** What lies in a range that has been checked: a copy. */
  copy(at: number, size: number): Uint8Array {
    return this.octets.slice(at, at + size);
  }

  next(at: number, capacity: number): number {
    const event = this.machine.queue.shift();
    if (event === undefined) return 0;
    const number = event[EVENT_INTERFACE];
    if (event[EVENT_KIND] === EventKind.RadioSent && event[EVENT_HANDLE] === this.sending[number]) this.sending[number] = -1;
    if (event.length > capacity) return Err.NoBuffer;
    this.octets.set(event, at);
    return event.length;
  }

  radioSet(interfaceNumber: number, parameter: number, value: bigint): number {
    if (interfaceNumber >= INTERFACES) return Err.NotFound;
    if (parameter < RADIO_PARAMETER_MIN || parameter > RADIO_PARAMETER_MAX) return Err.Reserved;
    return this.machine.surroundings.radioSet(interfaceNumber, parameter, value);
  }

  radioSend(interfaceNumber: number, at: number, size: number, handle: number): number {
    if (interfaceNumber >= INTERFACES) return Err.NotFound;
    if (size < PSDU_MIN || size > PSDU_MAX) return Err.BadLength;
    if (this.sending[interfaceNumber] >= 0) return Err.Busy;
    const answer = this.machine.surroundings.radioSend(interfaceNumber, this.copy(at, size), handle & 0xff);
    if (answer === Err.Ok) this.sending[interfaceNumber] = handle & 0xff;
    return answer;
  }

  storeRead(record: number, at: number, capacity: number): number {
    const octets = this.machine.store.get(record);
    if (octets === undefined || record > RECORD_MAX) return Err.NotFound; // beyond are the board's own
    if (octets.length > capacity) return Err.NoBuffer;
    this.octets.set(octets, at);
    return octets.length;
  }

  storeWrite(record: number, at: number, size: number): number {
    this.work(FLASH_WORK);
    const { store } = this.machine;
    if (record < 1 || record > RECORD_MAX) return Err.Reserved;
    if (size > STORE_RECORD_SIZE_MAX) return Err.NoBuffer;
    if (size === 0) store.delete(record);
    else if (!store.has(record) && store.size >= STORE_RECORDS_MAX) return Err.NoBuffer;
    else store.set(record, this.copy(at, size));
    return Err.Ok;
  }

  keySet(slot: number, at: number): number {
    this.work(FLASH_WORK);
    const key = this.copy(at, MMO_KEY);
    const answer = this.machine.keys.set(slot, key);
    if (answer === Err.Ok) this.machine.surroundings.keySet(slot, key);
    return answer;
  }

  keyClear(slot: number): number {
    if (slot >= KeyName.Secret) return this.tls?.clear(slot) ?? Err.NotFound;
    this.work(FLASH_WORK);
    return this.machine.keys.clear(slot);
  }

  ccmSeal(key: number, nonce: number, aad: number, aadSize: number, text: number, textSize: number): number {
    const schedule = this.machine.keys.schedule(key);
    if (schedule === undefined) return Err.NotFound;
    if (textSize > CCM_TEXT_MAX) return Err.BadLength;
    ccmSeal(schedule, this.octets, nonce, aad, aadSize, text, textSize);
    return textSize + CCM_MIC;
  }

  ccmOpen(key: number, nonce: number, aad: number, aadSize: number, text: number, textSize: number): number {
    const schedule = this.machine.keys.schedule(key);
    if (schedule === undefined) return Err.NotFound;
    if (textSize < CCM_MIC) return Err.Truncated;
    if (textSize - CCM_MIC <= CCM_TEXT_MAX && ccmOpen(schedule, this.octets, nonce, aad, aadSize, text, textSize - CCM_MIC))
      return textSize - CCM_MIC;
    this.octets.fill(0, text, text + textSize);
    return Err.BadMic;
  }

  hashMmo(at: number, size: number, out: number): number {
    this.octets.set(hashMmo(this.octets.subarray(at, at + size)), out);
    return Err.Ok;
  }

  hmacMmo(key: number, at: number, size: number, out: number): number {
    this.octets.set(hmacMmo(this.octets.subarray(key, key + MMO_KEY), this.octets.subarray(at, at + size)), out);
    return Err.Ok;
  }

  gf2Multiply(field: number, a: number, b: number, out: number, squarings: number): number {
    this.software ??= softwareBodies(this.memory as WebAssembly.Memory);
    return this.software.gf2_multiply(field, a, b, out, squarings);
  }

  entropy(at: number, size: number): void {
    this.octets.set(this.drbg.generate(size), at);
  }

  sense(quantity: number, periodMs: number): number {
    return this.machine.surroundings.sense(quantity, periodMs);
  }

  display(line: number, at: number, size: number): number {
    if (line >= DISPLAY_LINES) return Err.Reserved;
    if (size > DISPLAY_COLUMNS) return Err.BadLength;
    this.machine.surroundings.display(line, this.copy(at, size));
    return Err.Ok;
  }

  uplinkSend(at: number, size: number): number {
    return this.machine.surroundings.uplinkSend(this.copy(at, size));
  }

  linkSend(interfaceNumber: number, at: number, size: number): number {
    if (size < LINK_FRAME_MIN || size > LINK_FRAME_MAX) return Err.BadLength;
    if (interfaceNumber >= INTERFACES) return Err.NotFound;
    return this.machine.surroundings.linkSend?.(interfaceNumber, this.copy(at, size)) ?? Err.NotFound;
  }

  log(code: number, at: number, size: number): void {
    this.machine.surroundings.log(code, this.copy(at, size));
  }

  halt(reason: number): void {
    throw new EngineStopped(ResetReason.Halt, `the module asked for a reboot, reason ${reason}`);
  }

  imageBegin(image: number, at: number): number {
    this.work(FLASH_WORK);
    if (image === ImageNumber.Certificate) return this.tls?.certificate.begin(this.copy(at, IMAGE_KEY)) ?? Err.NotFound;
    return this.machine.images.begin(image, this.copy(at, IMAGE_KEY));
  }

  imageWrite(image: number, offset: number, at: number, size: number): number {
    this.work(FLASH_WORK);
    if (image === ImageNumber.Certificate) return this.tls?.certificate.write(offset, this.copy(at, size)) ?? Err.NotFound;
    return this.machine.images.write(image, offset, this.copy(at, size));
  }

  imageRead(image: number, offset: number, at: number, capacity: number): number {
    this.work(FLASH_WORK);
    if (image === ImageNumber.Certificate) return Err.NotFound;
    return this.machine.images.read(image, offset, this.octets.subarray(at, at + capacity));
  }

  imageFinish(image: number): number {
    this.work(FLASH_WORK);
    if (image === ImageNumber.Certificate) return this.tls?.certificate.finish() ?? Err.NotFound;
    return this.machine.images.finish(image);
  }

  imageActivate(image: number): number {
    this.work(FLASH_WORK);
    if (image === ImageNumber.Certificate) return Err.NotFound;
    return this.machine.images.activate(image);
  }

  imageConfirm(healthy: number): number {
    this.work(FLASH_WORK);
    return this.machine.images.confirm(healthy !== 0);
  }

  imageState(image: number, at: number, capacity: number): number {
    this.work(FLASH_WORK);
    if (image === ImageNumber.Certificate) return this.tls?.certificate.state(this.octets.subarray(at, at + capacity)) ?? Err.NotFound;
    return this.machine.images.state(image, this.octets.subarray(at, at + capacity));
  }

  constantRead(offset: number, at: number, capacity: number): number {
    const octets = this.machine.constants.subarray(offset, offset + capacity);
    this.octets.set(octets, at);
    return octets.length;
  }

  /** Our modules never grow their memory; one that does has left the view behind. */
  private checkAgain(name: string, at: number, size: number): void {
    if (this.memory) this.octets = new Uint8Array(this.memory.buffer);
    if (at + size > this.octets.length) throw new RangeError(`${name} was given ${size} octets at ${at}, outside of the module's memory`);
  }
}
