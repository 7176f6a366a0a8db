#include "flash.h"
#include <string.h>
#include "semihost.h"

#define SIZE (FLASH_SECTOR_SIZE * FLASH_SECTORS)
#define CHUNK 256u // the part's page: what one write to the file moves
#define FAULT (-1)

// A reset leaves the emulator's table of open files alone, so the handle must outlive it too.
static struct { uint32_t magic; int32_t file; } kept __attribute__((section(".noinit")));
#define KEPT 0x6e6f7266u

static int32_t file;

bool kw_flash_open(const char *path) {
    if (kept.magic == KEPT) semihost_close(kept.file);
    kept.magic = 0;
    file = semihost_open(path, SEMIHOST_UPDATE);
    if (file < 0) return false;
    kept.file = file;
    kept.magic = KEPT;
    return semihost_size(file) >= (int32_t)SIZE;
}

static bool inside(uint32_t at, uint32_t size) { return at <= SIZE && size <= SIZE - at; }

static int32_t flash_read(void *context, uint32_t at, void *to, uint32_t size) {
    (void)context;
    if (!inside(at, size)) return FAULT;
    return semihost_seek(file, at) && semihost_read(file, to, size) == size ? 0 : FAULT;
}

static int32_t flash_program(void *context, uint32_t at, const void *from, uint32_t size) {
    (void)context;
    if (!inside(at, size) || at % KW_NOR_UNIT || size % KW_NOR_UNIT) return FAULT;
    for (uint32_t done = 0; done < size;) {
        uint8_t page[CHUNK];
        uint32_t part = CHUNK - (at + done) % CHUNK;
        if (part > size - done) part = size - done;
        if (flash_read(0, at + done, page, part) != 0) return FAULT;
        for (uint32_t i = 0; i < part; i++) page[i] &= ((const uint8_t *)from)[done + i];
        if (!semihost_seek(file, at + done) || semihost_write(file, page, part) != part) return FAULT;
        done += part;
    }
    return 0;
}

static int32_t flash_erase(void *context, uint32_t sector) {
    (void)context;
    if (sector >= FLASH_SECTORS || !semihost_seek(file, sector * FLASH_SECTOR_SIZE)) return FAULT;
    uint8_t blank[CHUNK];
    memset(blank, 0xff, sizeof blank);
    for (uint32_t done = 0; done < FLASH_SECTOR_SIZE; done += CHUNK)
        if (semihost_write(file, blank, CHUNK) != CHUNK) return FAULT;
    return 0;
}

const struct kw_nor kw_flash = {
    .sector_size = FLASH_SECTOR_SIZE,
    .sectors = FLASH_SECTORS,
    .read = flash_read,
    .program = flash_program,
    .erase = flash_erase,
};
