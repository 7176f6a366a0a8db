// Image slots: two for modules, never writing the running one, a library of whole files on a hub, and two or three state sectors.
// docs/image.md.
//
// What it promises: whatever operation a power cut ends, and however it ends it, the next boot runs the confirmed module or the one
// on trial, never half of one; nothing runs that the root key does not vouch for; counter and key epoch never go back.
#ifndef KW_IMAGE_H
#define KW_IMAGE_H

#include "board.h"
#include "codec.h"
#include "crypto.h"
#include "package.h"

#define KW_IMAGE_FILES_MAX 4u
#define KW_IMAGE_TRIES_MAX 3u         // boots of a trial, and resets in the middle of one verification
#define KW_IMAGE_ATTEMPTS_MAX 8u      // packages in a row that were begun and not confirmed; then each waits for its turn
#define KW_IMAGE_ATTEMPT_MS 10800000u // of uptime, after which one of them is forgotten: eight a day
#define KW_IMAGE_TRIAL_MS 1200000u    // a module on trial that has not confirmed by then is stopped: a failed try
#define KW_IMAGE_PAGE 256u            // octets programmed at once: whole units of every flash that kw_nor describes
#define KW_IMAGE_SLOT_HEAD 2048u      // octets before the module in a slot: the envelope

// Sectors of the region in this order: state 2, slot A, slot B, library files, and state once more where there is one left.  The flash must be mapped (kw_nor.mapped).
struct kw_image_layout {
    uint32_t slot_sectors;
    uint32_t files, file_sectors; // 0 on boards that are no hub
};

struct kw_image_load;

struct kw_image_config {
    const struct kw_nor *nor;
    struct kw_image_layout layout;
    const struct kw_image_identity *identity;
    const uint8_t *device_key; // 16 octets; seals the state records under a key derived from it
    const uint8_t *noise;      // 32 octets
    uint8_t address[8];        // IEEE address as on the air, zeros when not known
    const uint8_t *factory;    // the module of last resort; null where there is none
    uint32_t factory_size;
    struct kw_image_load *library; // what loading a file takes (image_slots.h); null where the layout has no files
    void (*alive)(void); // called before each verification at boot, which takes a second on a slow part; null where no watchdog runs
};

enum kw_image_source { KW_IMAGE_SLOT_A = 0, KW_IMAGE_SLOT_B = 1, KW_IMAGE_FACTORY = 2, KW_IMAGE_NOTHING = 3 };

struct kw_images;

// Reads the state.  KW_OK also when there is none yet (a blank or foreign region); KW_ERR_RESERVED when the layout does not fit the part.
int32_t kw_images_open(struct kw_images *s, const struct kw_image_config *config);

// At manufacture, between open and boot: verifies a package, writes it to a slot, slot A of a blank part, and confirms it.
int32_t kw_images_install(struct kw_images *s, const uint8_t *package, uint32_t size);

// Decides what runs, counts a try before a trial, verifies from the flash.  The module's octets are where the flash is mapped.
enum kw_image_source kw_images_boot(struct kw_images *s, const uint8_t **wasm, uint32_t *size);

// The running module's load failed (the gate, wasm3): a trial ends, a confirmed slot is lost; boot again.
void kw_images_refused(struct kw_images *s, enum kw_image_reason reason, uint32_t detail);

// Tells the time since boot; answers whether the module on trial has run too long without a confirmation.  Attempts are bounded from the
// first call on.
bool kw_images_overdue(struct kw_images *s, int64_t now);

// The imports, docs/abi.md.
int32_t kw_image_begin(struct kw_images *s, uint32_t image, const struct kw_package_key *key);
int32_t kw_image_write(struct kw_images *s, uint32_t image, uint32_t offset, const uint8_t *at, uint32_t size);
int32_t kw_image_read(struct kw_images *s, uint32_t image, uint32_t offset, uint8_t *at, uint32_t capacity);
int32_t kw_image_finish(struct kw_images *s, uint32_t image);
int32_t kw_image_activate(struct kw_images *s, uint32_t image);
int32_t kw_image_confirm(struct kw_images *s, bool healthy);
int32_t kw_image_state(struct kw_images *s, uint32_t image, uint8_t *at, uint32_t capacity);

#endif
