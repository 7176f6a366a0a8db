// A module as it lies in the flash, for programming a board directly: boards/common/image.h.
//
//   slot: | certificate size u16 | manifest size u16 | certificate | manifest | 0xff ... to 2048 | module | 0xff ... |
//   region: | two blank state sectors | slot A | slot B, blank |

import { type Package, packageImage } from "../../host/image/package.ts";

/** KW_IMAGE_SLOT_HEAD. */
export const SLOT_HEAD = 2048;
export const SECTOR_SIZE = 4096;
const STATE_SECTORS = 2;
const BLANK = 0xff;

/** Head and module. */
export function slotContent(opened: Package, base?: Buffer): Buffer {
  const head = Buffer.alloc(SLOT_HEAD, BLANK);
  head.writeUInt16LE(opened.certificate.length, 0);
  head.writeUInt16LE(opened.manifestMessage.length, 2);
  opened.certificate.copy(head, 4);
  opened.manifestMessage.copy(head, 4 + opened.certificate.length);
  return Buffer.concat([head, packageImage(opened, base)]);
}

/** The whole region; null when the module does not fit a slot.  Without a state, a board boots a slot that verifies. */
export function region(slot: Buffer, slotSectors: number, sectorSize = SECTOR_SIZE): Buffer | null {
  if (slot.length > slotSectors * sectorSize) return null;
  const octets = Buffer.alloc((STATE_SECTORS + 2 * slotSectors) * sectorSize, BLANK);
  slot.copy(octets, STATE_SECTORS * sectorSize);
  return octets;
}
