// NOR flash in a file of the machine that runs the emulator, with a part's rules: programming clears bits, erasing sets a sector to 0xff,
// and each operation is in the file when it returns, so that killing the emulator is a power cut.
//
// The part is mapped into the address space, as a QSPI flash is: the CPU reads it at FLASH_WINDOW and cannot write there (startup.c).
// The emulated board has a PSRAM at this place; it stands for the flash, holds a copy of the file and is no RAM of the firmware.
//
//   sectors 0..15   the store
//   then            the images: two for their state, slot A, slot B, a third for their state (boards/common/image.h)
#ifndef KW_FLASH_H
#define KW_FLASH_H

#include <stdbool.h>
#include "../common/board.h"

#define FLASH_SECTOR_SIZE 4096u
#define FLASH_UNIT 8u
#define FLASH_SECTORS 16u
#define FLASH_SLOT_SECTORS 28u // 112 KiB: a module of 101 kB, and twice the room that today's need
#define FLASH_IMAGE_SECTORS (3u + 2u * FLASH_SLOT_SECTORS)
#define FLASH_SIZE (FLASH_SECTOR_SIZE * (FLASH_SECTORS + FLASH_IMAGE_SECTORS))

extern const struct kw_nor kw_flash;        // the store's sectors
extern const struct kw_nor kw_flash_images; // the images'

// False when the file cannot be opened or is too short.
bool kw_flash_open(const char *path);

#endif
