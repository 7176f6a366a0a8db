// The insides of struct kw_images, for whoever reserves one, and what the image_*.c files share.
//
//   image.c        the imports: begin, write, read, finish, activate, confirm, state
//   image_attempts.c how many packages may be begun in vain
//   image_load.c   a package on its way into a slot, a file on its way into the library
//   image_boot.c   what runs, and whether a slot verifies
//   image_state.c  the state sectors
#ifndef KW_IMAGE_SLOTS_H
#define KW_IMAGE_SLOTS_H

#include "image.h"

#define KW_IMAGE_ENTRIES (1u + KW_IMAGE_FILES_MAX)
#define KW_IMAGE_HEAD_DIGEST 16u // octets kept of the SHA-256 over a file up to its payload
#define KW_IMAGE_NO_SLOT 0xffu
#define KW_IMAGE_VERDICT 28u // octets of a SHA-256

// What is known of a slot; a fallback takes the best.
enum kw_image_quality {
    KW_IMAGE_UNKNOWN = 0, // the state was lost, or there never was one
    KW_IMAGE_EMPTY = 1,   // nothing, half a module, or one that did not verify
    KW_IMAGE_GIVEN_UP = 2,
    KW_IMAGE_READY = 3, // verified, never confirmed
    KW_IMAGE_GOOD = 4,  // was confirmed
};

// A package: image 0's, or a library file's.
struct kw_image_entry {
    struct kw_package_key key;
    uint8_t status, reason; // KW_FILE_STATUS_*, KW_IMAGE_REASON_*
    uint16_t detail;
    uint16_t sectors; // finished ones: where the next uptime goes on
    uint32_t not_before;
};

// What a snapshot holds.
struct kw_image_record {
    uint32_t counter, epoch;
    uint8_t confirmed, trial; // 0, 1 or KW_IMAGE_NO_SLOT
    uint8_t tries;
    uint8_t quality[2];
    uint8_t slot;          // that entries[0] is about
    uint8_t attempts;      // of packages for us since the last confirmation, less those that time has forgotten
    uint8_t verifications; // of the slot's content that were begun
    uint32_t offset;       // in the file of entries[0], with `sectors`
    uint8_t head[KW_IMAGE_HEAD_DIGEST];
    struct kw_decoder decoder;
    struct kw_image_entry entries[KW_IMAGE_ENTRIES];
    // What both signatures of the confirmed slot verified over: a boot that finds the same octets again does not verify them again.
    uint8_t verdict[KW_IMAGE_VERDICT];
};

struct kw_image_log {
    struct kw_ccm key;
    bool begun;        // there is a snapshot
    bool blank;        // all of its sectors were erased when they were read
    bool mirrored;     // counter and epoch stand in two sectors
    uint32_t sequence; // the newest one used
    uint32_t salts;    // drawn in this uptime
    uint32_t sector;   // that holds the newest snapshot
    uint32_t next;     // place of the next snapshot there; 0 = this uptime has not written there yet
};

struct kw_image_writer {
    uint32_t base, at, fill; // region offset of the first octet, octets in the flash, octets in the page
    uint8_t page[KW_IMAGE_PAGE];
};

struct kw_image_load {
    struct kw_images *s;
    bool open;
    bool resuming; // the flash may hold the rest of what is written again
    bool spent;    // it counts as an attempt
    uint32_t image;
    struct kw_package package;
    struct kw_image_writer writer;
    struct kw_decoder decoder;
    br_sha256_context head;
};

struct kw_images {
    const struct kw_image_config *config;
    struct kw_image_log log;
    struct kw_image_record record;
    struct kw_image_load own; // image 0's; the library's is the board's, where there is one
    // What runs.
    enum kw_image_source source;
    bool on_trial;
    bool feeds;                  // the running call may still have the watchdog fed by its long works
    uint8_t refused;             // bit n: enum kw_image_source n does not load in this uptime
    bool clocked;                // somebody tells the time
    uint16_t periods, forgotten; // of KW_IMAGE_ATTEMPT_MS since boot; those that attempts were forgotten for
    uint16_t resumed;            // sectors that the last download began with which went on, one more; 0 = none did in this uptime
    const uint8_t *wasm;
    uint32_t wasm_size;
    uint32_t version, counter, epoch, phase;
    uint8_t verdict[KW_IMAGE_VERDICT];
};

// ---- image_state.c ----
void kw_slots_load(struct kw_images *s);
// Makes the record durable; false when no sector takes it.
bool kw_slots_save(struct kw_images *s);
// Puts the record into another sector too, so that no damage to one of them takes counter and epoch back.
bool kw_slots_mirror(struct kw_images *s);

// ---- image_boot.c ----
struct kw_slot_content {
    struct kw_release_key key;
    struct kw_manifest manifest;
    const uint8_t *wasm;
    uint8_t verdict[KW_IMAGE_VERDICT];
};
uint32_t kw_slots_base(const struct kw_images *s, uint32_t slot); // region offset
uint32_t kw_slots_end(const struct kw_images *s);                 // sectors that the layout takes
uint32_t kw_slots_size(const struct kw_images *s);                // octets of a slot, head and module
// Everything but the gate: signatures, epoch, counter, board, digest.
enum kw_image_reason kw_slots_verify(const struct kw_images *s, uint32_t slot, struct kw_slot_content *out);
void kw_slots_give_up(struct kw_images *s, enum kw_image_reason reason, uint32_t detail);

// ---- image_attempts.c ----
bool kw_attempt_may(struct kw_images *s);            // one more
void kw_attempt_anew(struct kw_image_load *load);    // the slot is about to be erased
bool kw_attempt_goes_on(struct kw_image_load *load); // from what the flash holds
void kw_attempt_ends(struct kw_image_load *load);    // badly, or given up

// ---- image_load.c ----
struct kw_image_load *kw_slots_loading(struct kw_images *s, uint32_t image); // null when that image is not being loaded
uint32_t kw_slots_capacity(const struct kw_images *s, uint32_t image);
uint32_t kw_slots_file_base(const struct kw_images *s, uint32_t image); // region offset of image 1..
int32_t kw_slots_begin(struct kw_images *s, uint32_t image, const struct kw_package_key *key);
int32_t kw_slots_write(struct kw_image_load *load, const uint8_t *at, uint32_t size);
int32_t kw_slots_finish(struct kw_image_load *load);
int32_t kw_slots_refuse(struct kw_images *s, uint32_t image, enum kw_image_reason reason, uint32_t detail);

#endif
