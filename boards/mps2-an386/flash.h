// NOR flash in a file of the machine that runs the emulator, with a part's rules: programming clears bits, erasing sets a sector to 0xff,
// and each operation is in the file when it returns, so that killing the emulator is a power cut.
#ifndef KW_FLASH_H
#define KW_FLASH_H

#include <stdbool.h>
#include "../common/board.h"

#define FLASH_SECTOR_SIZE 4096u
#define FLASH_SECTORS 16u

extern const struct kw_nor kw_flash;

// False when the file cannot be opened or is too short.
bool kw_flash_open(const char *path);

#endif
