// What the tests of each cluster at its edges share.
import { ADDRESS, type Device, HUB, IHD, METER, type Sent } from "./home.ts";

export const BASIC = 0x0000;
export const TIME = 0x000a;
export const PRICE = 0x0700;
export const METERING = 0x0702;
export const NETWORK_KEY = 0;
export const LINK_KEY_OPTION = 2;
export const REGISTER = 4;
export const READING = 5;

export const hub = ADDRESS[HUB] as bigint;
export const meter = ADDRESS[METER] as bigint;
export const ihd = ADDRESS[IHD] as bigint;

export const hex = (frames: Sent[]): string[] => frames.map((frame) => frame.zcl.toString("hex"));

/** What a device answers to one frame. */
export function answer(
  device: Device,
  zcl: string,
  options: { cluster: number; key?: number; broadcast?: boolean; from?: bigint; now?: bigint },
): string[] {
  device.take();
  device.hear(zcl, options);
  return hex(device.take());
}
