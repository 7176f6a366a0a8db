// What `pack --profile raw` writes is what a board boots: boards/common/image.c finds it in the slot and runs it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Role } from "../../host/abi.ts";
import { developmentIdentity } from "../../host/image/keys.ts";
import { Encoding } from "../../host/image/manifest.ts";
import { packageBuild, packageOpen } from "../../host/image/package.ts";
import { native } from "../../host/native/index.ts";
import { region, SECTOR_SIZE, slotContent } from "../../tools/image/slot_image.ts";
import { ihdModule } from "./packages.ts";

const SLOT_SECTORS = 16;

function boot(nor: Buffer): Buffer | null {
  const images = new (native().NativeImages)({
    nor,
    sectorSize: SECTOR_SIZE,
    slotSectors: SLOT_SECTORS,
    identity: developmentIdentity(Role.Ihd),
    deviceKey: Buffer.alloc(16, 0xa5),
    noise: Buffer.alloc(32, 0xa5),
  });
  assert.equal(images.opened, 0);
  images.boot();
  return images.running();
}

function made(role: number): Buffer {
  const wasm = ihdModule();
  const opened = packageOpen(packageBuild({ wasm, role, version: 0x0102_0003, counter: 1, encoding: Encoding.Compressed }));
  return region(slotContent(opened), SLOT_SECTORS) as Buffer;
}

test("a board without a state boots the slot that was programmed", () => {
  assert.deepEqual(boot(made(Role.Ihd)), ihdModule());
});

test("it does not when a bit of the module is flipped, or the region is blank", () => {
  const nor = made(Role.Ihd);
  nor[2 * SECTOR_SIZE + 2048 + 1000] ^= 1;
  assert.equal(boot(nor), null);
  assert.equal(boot(Buffer.alloc(nor.length, 0xff)), null);
});

test("a module too large for the slot makes no region", () => {
  const slot = Buffer.alloc(SLOT_SECTORS * SECTOR_SIZE + 1);
  assert.equal(region(slot, SLOT_SECTORS), null);
  assert.equal(region(slot.subarray(1), SLOT_SECTORS)?.length, (2 + 2 * SLOT_SECTORS) * SECTOR_SIZE);
});
