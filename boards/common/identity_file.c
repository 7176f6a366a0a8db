// The board's own certificate on its way, image 5 of docs/abi.md: a file of ZigBee OTA for this device, in memory that the arena lends.
//
//   header 56 | [credential version 1] destination 8 [hardware 4] | tag 0 u16 | size u32 | chain as identity_install takes it |
//
// Code that nobody runs now gives way to it and is translated again afterwards.  Nothing of it is in the flash before the chain is good, so
// a power cut leaves what was there.
#include <string.h>
#include "image.h"
#include "machine.h"
#include "octets.h"
#include "tls.h"

enum { IDENTIFIER = 0x0BEEF11E, VERSION = 0x0100, HEADER = 56, TYPE = 0xffc0, ELEMENT_HEAD = 6, TAG_IMAGE = 0, ADDRESS = 8 };
enum { AT_VERSION = 4, AT_LENGTH = 6, AT_CONTROL = 8, AT_MANUFACTURER = 10, AT_TYPE = 12, AT_FILE_VERSION = 14, AT_TOTAL = 52 };
enum { CREDENTIAL = 1, SPECIFIC = 2, HARDWARE = 4, CONTROL = 7 }; // bits of the field control
#define EPOCH 946684800                                           // 2000-01-01, seconds since 1970
#define FILE_MAX 1664u                                            // header, element head, and a chain of KW_CHAIN_OCTETS

_Static_assert(HEADER + 13 + ELEMENT_HEAD + KW_CHAIN_OCTETS <= FILE_MAX, "the largest chain fits a file");

struct kw_identity_file {
    struct kw_package_key key;
    uint32_t have;
    uint8_t octets[];
};

static void forget(struct kw_machine *m) {
    kw_arena_free(m->identity_file);
    m->identity_file = NULL;
}

int32_t kw_identity_file_begin(struct kw_machine *m, const struct kw_package_key *key) {
    if (!kw_identity_may(m->config.store)) return KW_ERR_NOT_FOUND;
    forget(m);
    if (key->size == 0) return KW_OK;
    if (key->type != TYPE) return KW_ERR_REFUSED;
    if (key->size > FILE_MAX) return KW_ERR_NO_BUFFER;
    struct kw_identity_file *file = kw_arena_lend(sizeof *file + key->size);
    if (file == NULL) return KW_ERR_NO_BUFFER;
    file->key = *key;
    file->have = 0;
    m->identity_file = file;
    return 0;
}

int32_t kw_identity_file_write(struct kw_machine *m, uint32_t offset, const uint8_t *at, uint32_t size) {
    struct kw_identity_file *file = m->identity_file;
    if (file == NULL) return KW_ERR_NOT_FOUND;
    if (offset != file->have) return (int32_t)file->have;
    if (size > file->key.size - file->have) {
        forget(m);
        return KW_ERR_REFUSED;
    }
    memcpy(file->octets + file->have, at, size);
    return (int32_t)(file->have += size);
}

static uint32_t header_length(uint32_t control) {
    return HEADER + (control & CREDENTIAL ? 1 : 0) + (control & SPECIFIC ? ADDRESS : 0) + (control & HARDWARE ? 4 : 0);
}

// Where the chain begins in a whole file for the device of this address; 0 in any other.
static uint32_t chain_in(const struct kw_identity_file *file, const uint8_t address[ADDRESS]) {
    const uint8_t *h = file->octets;
    uint32_t size = file->key.size;
    if (size < HEADER || file->have != size || kw_get32(h) != IDENTIFIER || kw_get16(h + AT_VERSION) != VERSION) return 0;
    uint32_t control = kw_get16(h + AT_CONTROL), length = header_length(control);
    if (control > CONTROL || (control & SPECIFIC) == 0 || kw_get16(h + AT_LENGTH) != length || size < length + ELEMENT_HEAD) return 0;
    if (kw_get16(h + AT_MANUFACTURER) != file->key.manufacturer || kw_get16(h + AT_TYPE) != file->key.type) return 0;
    if (kw_get32(h + AT_FILE_VERSION) != file->key.version || kw_get32(h + AT_TOTAL) != size) return 0;
    if (memcmp(h + HEADER + (control & CREDENTIAL ? 1 : 0), address, ADDRESS) != 0) return 0;
    if (kw_get16(h + length) != TAG_IMAGE || kw_get32(h + length + 2) != size - length - ELEMENT_HEAD) return 0;
    return length + ELEMENT_HEAD;
}

int32_t kw_identity_file_finish(struct kw_machine *m) {
    struct kw_identity_file *file = m->identity_file;
    uint8_t address[ADDRESS];
    if (file == NULL) return KW_ERR_NOT_FOUND;
    if (m->tls != NULL && kw_tls_busy(m->tls)) return KW_ERR_BUSY;
    bool known = kw_store_read(m->config.store, KW_RECORD_ADDRESS, address, sizeof address) == ADDRESS;
    uint32_t at = known ? chain_in(file, address) : 0;
    int32_t answer = KW_ERR_REFUSED;
    if (at != 0) {
        struct kw_chain *scratch = kw_arena_lend(sizeof *scratch);
        int64_t time = (int64_t)file->key.version + EPOCH;
        answer = scratch == NULL ? KW_ERR_NO_BUFFER
                                 : kw_identity_install(m->config.store, file->octets + at, file->key.size - at, time, scratch);
        kw_arena_free(scratch);
        if (answer == KW_OK && m->tls != NULL) m->tls->loaded = false;
    }
    forget(m);
    return answer;
}

int32_t kw_identity_file_state(struct kw_machine *m, uint8_t *at, uint32_t capacity) {
    const struct kw_identity_file *file = m->identity_file;
    struct kw_identity identity;
    if (!kw_identity_may(m->config.store)) return KW_ERR_NOT_FOUND;
    if (capacity < KW_IMAGE_STATE) return KW_ERR_NO_BUFFER;
    bool has = kw_identity_read(m->config.store, &identity) == KW_OK && identity.has_key;
    kw_wipe(&identity, sizeof identity);
    memset(at, 0, KW_IMAGE_STATE);
    at[KW_IMAGE_STATUS] = has ? KW_FILE_STATUS_ACTIVATED : KW_FILE_STATUS_NONE;
    kw_put32(at + KW_IMAGE_CAPACITY, FILE_MAX);
    if (file == NULL) return KW_IMAGE_STATE;
    at[KW_IMAGE_STATUS] = file->have == file->key.size ? KW_FILE_STATUS_VERIFYING : KW_FILE_STATUS_LOADING;
    kw_put16(at + KW_IMAGE_MANUFACTURER, file->key.manufacturer);
    kw_put16(at + KW_IMAGE_TYPE, file->key.type);
    kw_put32(at + KW_IMAGE_VERSION, file->key.version);
    kw_put32(at + KW_IMAGE_SIZE, file->key.size);
    kw_put32(at + KW_IMAGE_OFFSET, file->have);
    return KW_IMAGE_STATE;
}
