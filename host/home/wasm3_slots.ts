// The flash of a device's image slots under wasm3, as it leaves the factory.
import { createHash } from "node:crypto";
import type { Identity } from "../image/keys.ts";
import { type DeviceImagesOptions, ImageSource, native, SIMULATED_DEVICE_KEY } from "../native/index.ts";

const STATE_SECTORS = 2;
const THIRD_STATE_SECTOR = 1; // behind everything else

export const SLOT_NAMES: Record<number, string> = {
  [ImageSource.SlotA]: "a",
  [ImageSource.SlotB]: "b",
  [ImageSource.Factory]: "factory",
};

export interface ManufactureOptions {
  identity: Identity;
  address: Uint8Array;
  /** The package in slot A. */
  installed?: Uint8Array;
  /** The module of last resort. */
  factory?: Uint8Array;
  files: number;
  sectorSize: number;
  slotSectors: number;
  fileSectors: number;
}

export function manufacture({ installed, fileSectors, ...layout }: ManufactureOptions): DeviceImagesOptions {
  const { files, sectorSize, slotSectors, address } = layout;
  // The C refuses sectors for files that are not there.
  const sectors = files > 0 ? fileSectors : 0;
  const nor = Buffer.alloc((STATE_SECTORS + 2 * slotSectors + files * sectors + THIRD_STATE_SECTOR) * sectorSize, 0xff);
  const options: DeviceImagesOptions = { ...layout, fileSectors: sectors, nor };
  const noise = createHash("sha256").update("manufacture").update(address).digest();
  const bench = new (native().NativeImages)({ ...options, deviceKey: SIMULATED_DEVICE_KEY, noise });
  const answer = bench.opened === 0 && installed ? bench.install(installed) : bench.opened;
  if (answer !== 0) throw new Error(`the first module's package is refused by the slots: error ${answer}`);
  return options;
}
