// Stations for the tests of the air.

import { RadioParameter } from "../../host/abi.ts";
import type { AirFrame, Medium } from "../../host/air/medium.ts";
import { Radio } from "../../host/air/radio.ts";

export const PAN = 0x1a62;
export const CHANNEL = 15;

export interface Station {
  radio: Radio;
  heard: Buffer[];
  heardAt: number[];
  sent: { handle: number; status: number; pending: boolean; atUs: number }[];
}

export function station(medium: Medium, id: string, short: number, receive = true): Station {
  const radio = new Radio(medium, { id });
  const made: Station = { radio, heard: [], heardAt: [], sent: [] };
  radio.onReceived = (psdu) => {
    made.heard.push(Buffer.from(psdu));
    made.heardAt.push(medium.clock.nowUs);
  };
  radio.onSent = (handle, status, pending) => made.sent.push({ handle, status, pending, atUs: medium.clock.nowUs });
  radio.set(RadioParameter.Channel, BigInt(CHANNEL));
  radio.set(RadioParameter.PanId, BigInt(PAN));
  radio.set(RadioParameter.ShortAddress, BigInt(short));
  radio.set(RadioParameter.ExtendedAddress, 0x00124b0000000000n + BigInt(short));
  radio.set(RadioParameter.Receive, receive ? 1n : 0n);
  return made;
}

export function frames(medium: Medium): AirFrame[] {
  const found: AirFrame[] = [];
  medium.onFrame((frame) => found.push(frame));
  return found;
}

export function run(medium: Medium, forMs: number): void {
  medium.clock.runUntil(medium.clock.nowUs + forMs * 1_000);
}

/** Keeps simulated and real time together until the answer is taken back, for what crosses a real socket. */
export function keepPace(medium: Medium): () => void {
  const start = performance.now();
  const origin = medium.clock.nowUs;
  const timer = setInterval(() => medium.clock.runUntil(origin + Math.floor((performance.now() - start) * 1_000)), 1);
  return () => clearInterval(timer);
}

export async function until(what: string, holds: () => boolean, withinMs = 5_000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`Not within ${withinMs} ms: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
