#include "package.h"
#include <string.h>
#include "octets.h"

#define IDENTIFIER 0x0BEEF11Eu
#define VERSION 0x0100u
#define HEADER 56u
enum {
    AT_VERSION = 4,
    AT_LENGTH = 6,
    AT_CONTROL = 8,
    AT_MANUFACTURER = 10,
    AT_TYPE = 12,
    AT_FILE_VERSION = 14,
    AT_STACK = 18,
    AT_TOTAL = 52
};
#define TYPE_NO_MODULE 0xffc0u                                    // from here on credentials, configurations, logs: 075123 table 11-4
enum { CREDENTIAL = 1, SPECIFIC = 2, HARDWARE = 4, CONTROL = 7 }; // bits of the field control, each with octets behind the header

#define ELEMENT_HEAD 6u
enum {
    TAG_IMAGE = 0x0000,
    TAG_SIGNATURE1 = 0x0001,
    TAG_CERTIFICATE1 = 0x0002,
    TAG_INTEGRITY = 0x0003,
    TAG_SIGNATURE2 = 0x0005,
    TAG_CERTIFICATE2 = 0x0006,
    TAG_MANIFEST = 0xf000,
    TAG_RELEASE_KEY = 0xf001,
    TAG_OTHERS = 0xf002
};

// Bits of `seen`, in the order in which the elements come.
enum {
    SEEN_RELEASE_KEY = 1,
    SEEN_MANIFEST = 2,
    SEEN_IMAGE = 4,
    SEEN_INTEGRITY = 8,
    SEEN_CERTIFICATE1 = 16,
    SEEN_CERTIFICATE2 = 32,
    SEEN_SIGNATURE = 64
};

_Static_assert(ELEMENT_HEAD <= AT_CONTROL, "what the manifest is compared with outlasts the elements' heads");

enum { IN_HEADER, IN_OPTIONS, IN_ELEMENT_HEAD, IN_ELEMENT };

void kw_package_begin(struct kw_package *p) {
    p->part = KW_PACKAGE_HEAD;
    p->offset = p->payload_at = 0;
    p->certificate_size = p->manifest_size = 0;
    memset(&p->key, 0, sizeof p->key);
    memset(&p->manifest, 0, sizeof p->manifest);
    p->phase = IN_HEADER;
    p->have = p->seen = 0;
    p->left = 0;
    p->need = HEADER;
    p->tag = 0;
}

// ---- Header ----

static uint32_t header_length(uint32_t control) {
    return HEADER + (control & CREDENTIAL ? 1 : 0) + (control & SPECIFIC ? 8 : 0) + (control & HARDWARE ? 4 : 0);
}

static enum kw_image_reason header(struct kw_package *p) {
    const uint8_t *h = p->hold;
    uint32_t control = kw_get16(h + AT_CONTROL), manufacturer = kw_get16(h + AT_MANUFACTURER), type = kw_get16(h + AT_TYPE);
    if (kw_get32(h) != IDENTIFIER) return KW_IMAGE_REASON_IDENTIFIER;
    if (kw_get16(h + AT_VERSION) != VERSION) return KW_IMAGE_REASON_HEADER_VERSION;
    if (control & ~(uint32_t)CONTROL || kw_get16(h + AT_LENGTH) != header_length(control)) return KW_IMAGE_REASON_HEADER_LENGTH;
    if (manufacturer != p->expected.manufacturer) return KW_IMAGE_REASON_MANUFACTURER;
    if (p->board != NULL && manufacturer != p->board->manufacturer) return KW_IMAGE_REASON_MANUFACTURER;
    if (type != p->expected.type || (p->board != NULL && type != p->board->type)) return KW_IMAGE_REASON_IMAGE_TYPE;
    if (kw_get32(h + AT_FILE_VERSION) != p->expected.version) return KW_IMAGE_REASON_FILE_VERSION;
    if (kw_get32(h + AT_TOTAL) != p->expected.size) return KW_IMAGE_REASON_TOTAL_SIZE;
    p->need = (uint8_t)header_length(control);
    p->phase = IN_OPTIONS;
    return KW_IMAGE_REASON_NONE;
}

static void expect_element(struct kw_package *p) {
    p->phase = IN_ELEMENT_HEAD;
    p->have = 0;
    p->need = ELEMENT_HEAD;
}

// The header's destination and hardware versions, null without.
static const uint8_t *destination_of(const struct kw_package *p) {
    uint32_t control = kw_get16(p->hold + AT_CONTROL);
    return control & SPECIFIC ? p->hold + HEADER + (control & CREDENTIAL ? 1 : 0) : NULL;
}

static const uint8_t *hardware_of(const struct kw_package *p) {
    uint32_t control = kw_get16(p->hold + AT_CONTROL);
    return control & HARDWARE ? p->hold + header_length(control) - 4 : NULL;
}

// What is for another device is refused before the next octet; that it is for this one, the manifest says.
static enum kw_image_reason options(struct kw_package *p) {
    static const uint8_t unknown[8] = {0};
    const uint8_t *at = destination_of(p);
    if (at != NULL && p->board != NULL && (memcmp(at, p->destination, 8) != 0 || memcmp(unknown, at, 8) == 0))
        return KW_IMAGE_REASON_DESTINATION;
    expect_element(p);
    return KW_IMAGE_REASON_NONE;
}

// ---- Elements ----

static uint32_t bit_of(uint32_t tag) {
    switch (tag) {
    case TAG_RELEASE_KEY: return SEEN_RELEASE_KEY;
    case TAG_MANIFEST: return SEEN_MANIFEST;
    case TAG_IMAGE: return SEEN_IMAGE;
    case TAG_INTEGRITY: return SEEN_INTEGRITY;
    case TAG_CERTIFICATE1: return SEEN_CERTIFICATE1;
    case TAG_CERTIFICATE2: return SEEN_CERTIFICATE2;
    case TAG_SIGNATURE1:
    case TAG_SIGNATURE2: return SEEN_SIGNATURE;
    default: return 0;
    }
}

// A library file that is no module and for one device: what it brings proves itself to that device, so no maker has to sign it.
static bool may_be_unsigned(const struct kw_package *p) {
    return p->board == NULL && p->expected.type >= TYPE_NO_MODULE && destination_of(p) != NULL && !(p->seen & SEEN_RELEASE_KEY);
}

// Whether an element with this tag may stand here.
static enum kw_image_reason may_stand(const struct kw_package *p, uint32_t tag) {
    const uint32_t certificates = SEEN_CERTIFICATE1 | SEEN_CERTIFICATE2;
    uint32_t bit = bit_of(tag);
    if (tag >= TAG_OTHERS) return KW_IMAGE_REASON_NONE;
    if (bit == 0) return KW_IMAGE_REASON_ELEMENT_ORDER;
    if (p->seen & bit) return KW_IMAGE_REASON_ELEMENT_TWICE;
    switch (tag) {
    case TAG_RELEASE_KEY: return p->seen & SEEN_IMAGE ? KW_IMAGE_REASON_ELEMENT_ORDER : KW_IMAGE_REASON_NONE;
    case TAG_MANIFEST: return p->seen & SEEN_RELEASE_KEY ? KW_IMAGE_REASON_NONE : KW_IMAGE_REASON_ELEMENT_MISSING;
    case TAG_IMAGE: return p->seen & SEEN_MANIFEST || may_be_unsigned(p) ? KW_IMAGE_REASON_NONE : KW_IMAGE_REASON_ELEMENT_MISSING;
    default: break;
    }
    if (!(p->seen & SEEN_IMAGE)) return KW_IMAGE_REASON_ELEMENT_ORDER;
    switch (tag) {
    case TAG_INTEGRITY: return p->seen & certificates ? KW_IMAGE_REASON_ELEMENT_ORDER : KW_IMAGE_REASON_NONE;
    case TAG_SIGNATURE1: return p->seen & SEEN_CERTIFICATE1 ? KW_IMAGE_REASON_NONE : KW_IMAGE_REASON_SIGNATURES;
    case TAG_SIGNATURE2: return p->seen & SEEN_CERTIFICATE2 ? KW_IMAGE_REASON_NONE : KW_IMAGE_REASON_SIGNATURES;
    default: return p->seen & certificates ? KW_IMAGE_REASON_SIGNATURES : KW_IMAGE_REASON_NONE; // a certificate: of one suite only
    }
}

static bool may_measure(const struct kw_package *p, uint32_t tag, uint32_t size) {
    if (size > p->expected.size - p->offset) return false;
    switch (tag) {
    case TAG_RELEASE_KEY: return size <= KW_CERTIFICATE_MAX;
    case TAG_MANIFEST: return size <= KW_MANIFEST_MAX;
    case TAG_IMAGE: return !(p->seen & SEEN_MANIFEST) || size == p->manifest.payload_size;
    case TAG_INTEGRITY: return size == 16;
    case TAG_CERTIFICATE1: return size == 48;
    case TAG_SIGNATURE1: return size == 50;
    case TAG_CERTIFICATE2: return size == 74;
    case TAG_SIGNATURE2: return size == 80;
    default: return true;
    }
}

static enum kw_image_reason element_head(struct kw_package *p) {
    uint32_t tag = kw_get16(p->hold), size = kw_get32(p->hold + 2);
    enum kw_image_reason reason = may_stand(p, tag);
    if (reason != KW_IMAGE_REASON_NONE) return reason;
    if (!may_measure(p, tag, size)) return KW_IMAGE_REASON_ELEMENT_LENGTH;
    if (bit_of(tag) == SEEN_SIGNATURE && size != p->expected.size - p->offset) return KW_IMAGE_REASON_SIGNATURES;
    p->tag = (uint16_t)tag;
    p->seen |= (uint8_t)bit_of(tag);
    p->left = size;
    p->phase = IN_ELEMENT;
    if (tag == TAG_IMAGE) {
        p->part = KW_PACKAGE_PAYLOAD;
        p->manifest.payload_size = size; // as the manifest says, where there is one
        p->payload_at = p->offset;
    }
    return KW_IMAGE_REASON_NONE;
}

// The header is for servers that cannot read the manifest and is signed by nobody: it may say nothing that the manifest does not.
static enum kw_image_reason agree(const struct kw_package *p) {
    const struct kw_manifest *m = &p->manifest;
    const uint8_t *destination = destination_of(p), *hardware = hardware_of(p);
    if (m->version != p->expected.version) return KW_IMAGE_REASON_FILE_VERSION;
    if (m->phase != kw_get16(p->hold + AT_STACK)) return KW_IMAGE_REASON_STACK_VERSION;
    if (hardware == NULL || kw_get16(hardware) != m->hardware_minimum || kw_get16(hardware + 2) != m->hardware_maximum)
        return KW_IMAGE_REASON_HARDWARE;
    if (m->bound != KW_BOUND_NOT && m->manufacturer != p->expected.manufacturer) return KW_IMAGE_REASON_MANUFACTURER;
    if (m->bound != KW_BOUND_NOT && m->type != p->expected.type) return KW_IMAGE_REASON_IMAGE_TYPE;
    if ((destination != NULL) != (m->bound == KW_BOUND_DEVICE)) return KW_IMAGE_REASON_DESTINATION;
    return destination == NULL || memcmp(destination, m->destination, 8) == 0 ? KW_IMAGE_REASON_NONE : KW_IMAGE_REASON_DESTINATION;
}

// What the manifest says against header, board and what is stored.
static enum kw_image_reason judge(const struct kw_package *p) {
    const struct kw_manifest *m = &p->manifest;
    enum kw_image_reason reason = agree(p);
    if (reason != KW_IMAGE_REASON_NONE) return reason;
    if (p->board != NULL) {
        reason = kw_manifest_fits(m, p->board, p->destination);
        if (reason != KW_IMAGE_REASON_NONE) return reason;
        if (m->counter < p->counter) return KW_IMAGE_REASON_COUNTER;
        if (m->version <= p->running) return KW_IMAGE_REASON_VERSION;
    }
    if (m->encoding > KW_ENCODING_DELTA) return KW_IMAGE_REASON_ENCODING;
    if (m->image_size == 0 || m->payload_size == 0) return KW_IMAGE_REASON_SIZE;
    return m->encoding == KW_ENCODING_PLAIN && m->payload_size != m->image_size ? KW_IMAGE_REASON_SIZE : KW_IMAGE_REASON_NONE;
}

static enum kw_image_reason element_end(struct kw_package *p) {
    enum kw_image_reason reason = KW_IMAGE_REASON_NONE;
    if (p->tag == TAG_RELEASE_KEY) {
        reason = kw_release_key_read(&p->key, p->envelope, p->certificate_size, p->root);
        if (reason == KW_IMAGE_REASON_NONE && p->key.epoch < p->epoch) reason = KW_IMAGE_REASON_REVOKED;
    } else if (p->tag == TAG_MANIFEST) {
        reason = kw_manifest_read(&p->manifest, p->envelope + p->certificate_size, p->manifest_size, &p->key);
        if (reason == KW_IMAGE_REASON_NONE) reason = judge(p);
    } else if (p->tag == TAG_IMAGE) {
        p->part = KW_PACKAGE_TAIL;
    }
    expect_element(p);
    if (p->part == KW_PACKAGE_TAIL && p->offset == p->expected.size) p->part = KW_PACKAGE_DONE;
    return reason;
}

static void element_octets(struct kw_package *p, const uint8_t *at, uint32_t size) {
    // element_head has compared both sizes with the room in the envelope.
    if (p->tag == TAG_RELEASE_KEY) {
        memcpy(p->envelope + p->certificate_size, at, size);
        p->certificate_size += size;
    } else if (p->tag == TAG_MANIFEST) {
        memcpy(p->envelope + p->certificate_size + p->manifest_size, at, size);
        p->manifest_size += size;
    }
    p->left -= size;
}

// ---- The stream ----

// Takes what the present phase wants of `size` octets, at least one, and answers how many.
static uint32_t step(struct kw_package *p, const uint8_t *at, uint32_t size, enum kw_image_reason *reason) {
    bool element = p->phase == IN_ELEMENT;
    uint32_t wanted = element ? p->left : (uint32_t)p->need - p->have, count = size < wanted ? size : wanted;
    if (p->phase == IN_ELEMENT_HEAD && p->have == 0 && p->expected.size - p->offset < ELEMENT_HEAD) {
        *reason = KW_IMAGE_REASON_ELEMENT_LENGTH;
        return 0;
    }
    p->offset += count;
    if (element) {
        element_octets(p, at, count);
    } else {
        memcpy(p->hold + p->have, at, count);
        p->have += (uint8_t)count;
        if (p->have < p->need) return count;
        *reason = p->phase == IN_HEADER ? header(p) : p->phase == IN_OPTIONS ? options(p) : element_head(p);
    }
    // A header without options and an element without octets end where they begin.
    if (*reason == KW_IMAGE_REASON_NONE && p->phase == IN_OPTIONS && p->have == p->need) *reason = options(p);
    if (*reason == KW_IMAGE_REASON_NONE && p->phase == IN_ELEMENT && p->left == 0) *reason = element_end(p);
    return count;
}

int32_t kw_package_take(struct kw_package *p, const uint8_t *at, uint32_t size) {
    enum kw_package_part part = p->part;
    enum kw_image_reason reason = KW_IMAGE_REASON_NONE;
    uint32_t taken = 0, most = INT32_MAX;
    if (size > most) size = most;
    while (taken < size && p->part == part) {
        if (p->offset >= p->expected.size) return -KW_IMAGE_REASON_TOTAL_SIZE; // octets behind the end that was announced
        uint32_t inside = p->expected.size - p->offset, have = size - taken;
        taken += step(p, at + taken, have < inside ? have : inside, &reason);
        if (reason != KW_IMAGE_REASON_NONE) return -(int32_t)reason;
    }
    return (int32_t)taken;
}

bool kw_package_skip(struct kw_package *p, uint32_t skip) {
    if (p->part != KW_PACKAGE_PAYLOAD || skip > p->left) return false;
    p->offset += skip;
    p->left -= skip;
    return p->left > 0 || element_end(p) == KW_IMAGE_REASON_NONE;
}

enum kw_image_reason kw_package_end(const struct kw_package *p) {
    const uint32_t certificates = SEEN_CERTIFICATE1 | SEEN_CERTIFICATE2;
    bool between = p->phase == IN_ELEMENT_HEAD && p->have == 0;
    if (p->offset < p->expected.size || !between) return KW_IMAGE_REASON_TRUNCATED;
    if (!(p->seen & SEEN_IMAGE)) return KW_IMAGE_REASON_ELEMENT_MISSING;
    return p->seen & certificates && !(p->seen & SEEN_SIGNATURE) ? KW_IMAGE_REASON_SIGNATURES : KW_IMAGE_REASON_NONE;
}
