// Puts a device's first module into slot A of its flash file, as its maker does before it is sold.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { IMAGE_REASON } from "../abi.ts";
import type { Identity } from "../image/keys.ts";
import { native } from "../native/index.ts";
import { type Board, IMAGE_SLOT_SECTORS, STORE_SIZE } from "./board.ts";

export interface Installation {
  identity: Identity;
  /** IEEE address as on the air. */
  address: Uint8Array;
  /** The package. */
  file: Uint8Array;
}

/** The board must have no power; its flash and its device key are in its folder. */
export function install(board: Board, { identity, address, file }: Installation): void {
  const flash = readFileSync(board.flashPath);
  const nor = flash.subarray(STORE_SIZE);
  const noise = createHash("sha256").update("manufacture").update(address).digest();
  const bench = new (native().NativeImages)({
    nor,
    slotSectors: IMAGE_SLOT_SECTORS,
    identity,
    address,
    deviceKey: readFileSync(board.keyPath),
    noise,
  });
  const answer = bench.opened === 0 ? bench.install(file) : bench.opened;
  if (answer !== 0) {
    const state = bench.state(0);
    throw new Error(
      `the board's slots refuse the first package: error ${answer}, reason ${typeof state === "number" ? state : state[IMAGE_REASON]}`,
    );
  }
  writeFileSync(board.flashPath, flash);
}
