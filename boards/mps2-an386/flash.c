#include "flash.h"
#include <string.h>
#include "semihost.h"
#include "startup.h"

#define CHUNK 256u // the part's page: what one write to the file moves
#define FAULT (-1)

// A reset leaves the emulator's table of open files alone, so the handle must outlive it too.
static struct {
    uint32_t magic;
    int32_t file;
} kept __attribute__((section(".noinit")));
#define KEPT 0x6e6f7266u

// A part of the flash that somebody owns.
struct region {
    uint32_t at, size;
};
static const struct region store_region = {0, FLASH_SECTOR_SIZE *FLASH_SECTORS};
static const struct region image_region = {FLASH_SECTOR_SIZE * FLASH_SECTORS, FLASH_SECTOR_SIZE *FLASH_IMAGE_SECTORS};

extern uint8_t kw_flash_window[]; // mps2-an386.ld
static int32_t file;

bool kw_flash_open(const char *path) {
    if (kept.magic == KEPT) semihost_close(kept.file);
    kept.magic = 0;
    file = semihost_open(path, SEMIHOST_UPDATE);
    if (file < 0) return false;
    kept.file = file;
    kept.magic = KEPT;
    if (semihost_size(file) < (int32_t)FLASH_SIZE) return false;
    kw_window_writable(true);
    bool whole = semihost_read(file, kw_flash_window, FLASH_SIZE) == FLASH_SIZE;
    kw_window_writable(false);
    return whole;
}

// The file first: what the firmware reads back is durable.
static bool put(uint32_t at, const uint8_t *page, uint32_t size) {
    if (!semihost_seek(file, at) || semihost_write(file, page, size) != size) return false;
    kw_window_writable(true);
    memcpy(kw_flash_window + at, page, size);
    kw_window_writable(false);
    return true;
}

static bool inside(const struct region *r, uint32_t at, uint32_t size) { return at <= r->size && size <= r->size - at; }

static int32_t flash_read(void *context, uint32_t at, void *to, uint32_t size) {
    const struct region *r = context;
    if (!inside(r, at, size)) return FAULT;
    memcpy(to, kw_flash_window + r->at + at, size);
    return 0;
}

static int32_t flash_program(void *context, uint32_t at, const void *from, uint32_t size) {
    const struct region *r = context;
    if (!inside(r, at, size) || at % FLASH_UNIT || size % FLASH_UNIT) return FAULT;
    for (uint32_t done = 0; done < size;) {
        uint8_t page[CHUNK];
        uint32_t begin = r->at + at + done, part = CHUNK - begin % CHUNK;
        if (part > size - done) part = size - done;
        for (uint32_t i = 0; i < part; i++) page[i] = kw_flash_window[begin + i] & ((const uint8_t *)from)[done + i];
        if (!put(begin, page, part)) return FAULT;
        done += part;
    }
    return 0;
}

static int32_t flash_erase(void *context, uint32_t sector) {
    const struct region *r = context;
    if (sector >= r->size / FLASH_SECTOR_SIZE) return FAULT;
    uint8_t blank[CHUNK];
    memset(blank, 0xff, sizeof blank);
    for (uint32_t done = 0; done < FLASH_SECTOR_SIZE; done += CHUNK)
        if (!put(r->at + sector * FLASH_SECTOR_SIZE + done, blank, CHUNK)) return FAULT;
    return 0;
}

const struct kw_nor kw_flash = {
    .context = (void *)&store_region,
    .sector_size = FLASH_SECTOR_SIZE,
    .unit = FLASH_UNIT,
    .sectors = FLASH_SECTORS,
    .read = flash_read,
    .program = flash_program,
    .erase = flash_erase,
    .mapped = kw_flash_window,
};

const struct kw_nor kw_flash_images = {
    .context = (void *)&image_region,
    .sector_size = FLASH_SECTOR_SIZE,
    .unit = FLASH_UNIT,
    .sectors = FLASH_IMAGE_SECTORS,
    .read = flash_read,
    .program = flash_program,
    .erase = flash_erase,
    .mapped = kw_flash_window + FLASH_SECTOR_SIZE * FLASH_SECTORS,
};
