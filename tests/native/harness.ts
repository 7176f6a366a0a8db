// What the tests of the boards' engine share: surroundings that take notes, and modules that call one import.
import assert from "node:assert/strict";
import { IMPORTS, type ImportRow } from "../../host/abi.ts";
import type { Surroundings } from "../../host/engine.ts";
import { type NativeDevice, type NativeDeviceOptions, native, Stop } from "../../host/native/addon.ts";
import { blankFlash, SIMULATED_DEVICE_KEY } from "../../host/native/index.ts";
import * as w from "./wasm_bytes.ts";

export const LIMIT = 4096;
export const ANSWER_ZERO = [0x42, 0];

/** Notes what the module asks for. */
export function surroundings(calls: string[] = [], answers: { send?: number } = {}): Surroundings {
  const hex = (octets: Uint8Array): string => Buffer.from(octets).toString("hex");
  const note = (text: string, answer = 0): number => {
    calls.push(text);
    return answer;
  };
  return {
    radioSend: (number, psdu, handle) => note(`send ${number} ${hex(psdu)} ${handle}`, answers.send),
    radioSet: (number, parameter, value) => note(`set ${number} ${parameter} ${value}`),
    sense: (quantity, period) => note(`sense ${quantity} ${period}`),
    display: (line, text) => void note(`display ${line} ${hex(text)}`),
    uplinkSend: (octets) => note(`uplink ${hex(octets)}`),
    log: (code, octets) => void note(`log ${code} ${hex(octets)}`),
    keySet: (slot, key) => void note(`key ${slot} ${hex(key)}`),
  };
}

export function device(wasm: Uint8Array, more: Partial<NativeDeviceOptions> = {}): NativeDevice {
  return new (native().NativeDevice)({
    wasm,
    seed: Buffer.alloc(32, 7),
    arenaSize: 65536,
    memoryLimit: LIMIT,
    nor: blankFlash(),
    deviceKey: SIMULATED_DEVICE_KEY,
    surroundings: surroundings(),
    ...more,
  });
}

export function importType(row: ImportRow): w.Octets {
  return w.type(
    row.arguments.map((argument) => (argument.wide ? w.I64 : w.I32)),
    row.answers ? [w.I32] : [],
  );
}

/** A module whose poll calls one import with these arguments and logs nothing; the answer becomes the deadline. */
export function caller(row: ImportRow, values: number[]): Buffer {
  const pushes = row.arguments.flatMap((argument, index) => (argument.wide ? [0x42, ...w.signed(values[index])] : w.i32(values[index])));
  const tail = row.answers ? [0xac] : ANSWER_ZERO;
  return w.withPoll([...pushes, 0x10, 0, ...tail], { import: { name: row.name, type: importType(row) } });
}

export const rowOf = (name: string): ImportRow => IMPORTS.find((row) => row.name === name) as ImportRow;
export const poll = (
  wasm: Uint8Array,
  more: Partial<NativeDeviceOptions> = {},
): { stop: number; reason: string; deadline: bigint | null } => {
  const d = device(wasm, more);
  assert.equal(d.stop().code, Stop.None, d.stop().reason);
  assert.equal(d.start(0n, 0), true);
  const deadline = d.poll(1n);
  const { code, reason } = d.stop();
  d.close();
  return { stop: code, reason, deadline };
};
