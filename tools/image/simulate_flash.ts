// The flash of the power-cut sweep: recorded operations, and what the power leaves of one; what an uptime of the slots says of itself.
import { IMAGE_COUNTER, IMAGE_EPOCH, IMAGE_FLAGS, IMAGE_REASON, IMAGE_RUNNING, IMAGE_STATUS } from "../../host/abi.ts";
import type { Random } from "../../host/air/random.ts";
import type { NativeImages } from "../../host/native/addon.ts";

/** What a cut leaves of an operation; the last two are an erase's only. */
export const TEARS = ["not applied", "octet prefix", "random bits", "not acknowledged", "any content", "blank at first"] as const;
export type Tear = (typeof TEARS)[number];
export interface Operation {
  erase: boolean;
  at: number;
  octets: Buffer;
}

/** What the power leaves of an operation. */
export function tearOperation(nor: Buffer, operation: Operation, tear: Tear, sectorSize: number, random: Random): void {
  const size = operation.erase ? sectorSize : operation.octets.length;
  const at = nor.subarray(operation.at, operation.at + size);
  const wanted = operation.erase ? Buffer.alloc(size, 0xff) : operation.octets;
  const prefix = random.next() % size;
  for (let i = 0; i < size; i++) {
    const chance = random.next() & 0xff;
    if (tear === "octet prefix" && i < prefix) at[i] = wanted[i];
    else if (tear === "random bits") at[i] = (at[i] & chance) | (wanted[i] & ~chance);
    else if (tear === "any content") at[i] = chance;
    else if (tear === "not acknowledged" || tear === "blank at first") at[i] = wanted[i];
  }
}

export function tearsOf(operation: Operation): Tear[] {
  return operation.erase ? [...TEARS] : TEARS.slice(0, 4);
}

export function apply(nor: Buffer, { erase, at, octets }: Operation, sectorSize: number): void {
  if (erase) nor.fill(0xff, at, at + sectorSize);
  else octets.copy(nor, at);
}

export function operationsOf(images: NativeImages): Operation[] {
  const journal = images.journal();
  const operations: Operation[] = [];
  for (let at = 0; at < journal.length; ) {
    const size = journal.readUInt32LE(at + 8);
    operations.push({
      erase: journal.readUInt32LE(at) === 2,
      at: journal.readUInt32LE(at + 4),
      octets: journal.subarray(at + 12, at + 12 + size),
    });
    at += 12 + size;
  }
  return operations;
}

function stateOf(images: NativeImages): Buffer {
  const state = images.state(0);
  if (typeof state === "number") throw new Error(`no state: ${state}`);
  return state;
}

export const statusOf = (images: NativeImages): number => stateOf(images)[IMAGE_STATUS];
export const reasonOf = (images: NativeImages): number => stateOf(images)[IMAGE_REASON];
export const onTrial = (images: NativeImages): boolean => (stateOf(images)[IMAGE_FLAGS] & 1) === 1;

export const runningOf = (images: NativeImages): number => stateOf(images).readUInt32LE(IMAGE_RUNNING);

export function countersOf(images: NativeImages): [number, number] {
  const state = stateOf(images);
  return [state.readUInt32LE(IMAGE_COUNTER), state.readUInt32LE(IMAGE_EPOCH)];
}

export function rulesOf(images: NativeImages): string | undefined {
  const { brokenRule, stale } = images.stats();
  if (brokenRule) return "written against the flash's rules";
  return stale > 0 ? "programmed into a sector that was not erased in this uptime" : undefined;
}
