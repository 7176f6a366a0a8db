#include "manifest.h"
#include <stddef.h>
#include <string.h>
#include "cbor.h"
#include "crypto.h"

#define COSE_SIGN1 18u // tag, RFC 9052 section 4.2
#define SIGNATURE 64u
#define SHA256 32u
#define NEGATIVE_16 15u // the argument of -16, SHA-256 in the COSE registry
#define FORMAT 1u       // of certificate and manifest alike

enum { CERTIFICATE_VERSION = 1, CERTIFICATE_ID, CERTIFICATE_EPOCH, CERTIFICATE_POINT };

// docs/image.md "Manifest"
enum {
    M_FORMAT = 1,
    M_COUNTER,
    M_VENDOR,
    M_CLASS,
    M_ROLE,
    M_PHASE,
    M_VERSION,
    M_HARDWARE,
    M_IMAGE_SIZE,
    M_IMAGE_DIGEST,
    M_PAYLOAD_SIZE,
    M_PAYLOAD_DIGEST,
    M_ENCODING,
    M_BASE,
    M_ABI,
    M_MEMORY,
    M_NATIVE,
    M_NOT_BEFORE,
    M_KEY_ID,
    M_SBOM,
    M_DESTINATION
};
#define REQUIRED 18u // all but base, not-before and destination

struct sign1 {
    const uint8_t *payload, *signature;
    uint32_t payload_size;
    uint8_t digest[SHA256]; // of the Sig_structure
};

// RFC 9052 section 4.4: what is signed is ["Signature1", protected, h'', payload].
static void sig_structure_digest(struct sign1 *s, const uint8_t *payload_item) {
    static const uint8_t before[] = {0x84, 0x6a, 'S', 'i', 'g', 'n', 'a', 't', 'u', 'r', 'e', '1', 0x43, 0xa1, 0x01, 0x26, 0x40};
    br_sha256_context hash;
    br_sha256_init(&hash);
    br_sha256_update(&hash, before, sizeof before);
    br_sha256_update(&hash, payload_item, (size_t)(s->payload - payload_item) + s->payload_size); // its head is deterministic too
    br_sha256_out(&hash, s->digest);
}

static bool sign1_read(struct sign1 *s, const uint8_t *at, uint32_t size) {
    static const uint8_t es256[] = {0xa1, 0x01, 0x26}; // {1: -7}
    struct kw_cbor c = {at, at + size, false};
    uint32_t have;
    kw_cbor_exact(&c, KW_CBOR_TAG, COSE_SIGN1);
    kw_cbor_exact(&c, KW_CBOR_ARRAY, 4);
    const uint8_t *protected_header = kw_cbor_bytes(&c, sizeof es256, &have);
    if (have != sizeof es256 || memcmp(protected_header, es256, sizeof es256) != 0) return false;
    kw_cbor_exact(&c, KW_CBOR_MAP, 0);
    const uint8_t *payload_item = c.at;
    s->payload = kw_cbor_bytes(&c, KW_MANIFEST_MAX, &s->payload_size);
    s->signature = kw_cbor_bytes(&c, SIGNATURE, &have);
    if (!kw_cbor_done(&c) || have != SIGNATURE) return false;
    sig_structure_digest(s, payload_item);
    return true;
}

static bool signed_by(const struct sign1 *s, const uint8_t point[64]) {
    uint8_t encoded[KW_P256_POINT] = {0x04};
    memcpy(encoded + 1, point, 64);
    return kw_p256_verify(encoded, sizeof encoded, s->digest, s->signature, SIGNATURE);
}

static void key_id(uint8_t id[8], const uint8_t point[64]) {
    uint8_t encoded[KW_P256_POINT] = {0x04}, digest[SHA256];
    memcpy(encoded + 1, point, 64);
    kw_sha256(digest, encoded, sizeof encoded);
    memcpy(id, digest, 8);
}

static void key_of_map(struct kw_cbor *c, uint32_t key) { kw_cbor_exact(c, KW_CBOR_UINT, key); }

static enum kw_image_reason certificate_read(struct kw_release_key *out, struct sign1 *s, const uint8_t *at, uint32_t size) {
    uint8_t id[8];
    memset(out, 0, sizeof *out);
    if (!sign1_read(s, at, size)) return KW_IMAGE_REASON_RELEASE_KEY;
    struct kw_cbor c = {s->payload, s->payload + s->payload_size, false};
    kw_cbor_exact(&c, KW_CBOR_MAP, 4);
    key_of_map(&c, CERTIFICATE_VERSION);
    kw_cbor_exact(&c, KW_CBOR_UINT, FORMAT);
    key_of_map(&c, CERTIFICATE_ID);
    kw_cbor_copy(&c, out->id, sizeof out->id);
    key_of_map(&c, CERTIFICATE_EPOCH);
    out->epoch = kw_cbor_uint(&c, UINT32_MAX);
    key_of_map(&c, CERTIFICATE_POINT);
    kw_cbor_copy(&c, out->point, sizeof out->point);
    if (!kw_cbor_done(&c)) return KW_IMAGE_REASON_RELEASE_KEY;
    key_id(id, out->point);
    return memcmp(id, out->id, sizeof id) == 0 ? KW_IMAGE_REASON_NONE : KW_IMAGE_REASON_RELEASE_KEY;
}

enum kw_image_reason kw_release_key_read(struct kw_release_key *out, const uint8_t *at, uint32_t size, const uint8_t root[64]) {
    struct sign1 s;
    enum kw_image_reason reason = certificate_read(out, &s, at, size);
    if (reason != KW_IMAGE_REASON_NONE) return reason;
    return signed_by(&s, root) ? KW_IMAGE_REASON_NONE : KW_IMAGE_REASON_ROOT_SIGNATURE;
}

enum kw_image_reason kw_release_key_recall(struct kw_release_key *out, const uint8_t *at, uint32_t size) {
    struct sign1 s;
    return certificate_read(out, &s, at, size);
}

// [least, most]
static void range(struct kw_cbor *c, uint32_t *least, uint32_t *most, uint32_t limit) {
    kw_cbor_exact(c, KW_CBOR_ARRAY, 2);
    *least = kw_cbor_uint(c, limit);
    *most = kw_cbor_uint(c, limit);
    if (*least > *most) kw_cbor_refuse(c);
}

// SUIT_Digest: [algorithm, octets]
static void digest(struct kw_cbor *c, uint8_t to[SHA256]) {
    kw_cbor_exact(c, KW_CBOR_ARRAY, 2);
    kw_cbor_exact(c, KW_CBOR_NEGATIVE, NEGATIVE_16);
    kw_cbor_copy(c, to, SHA256);
}

static void who_and_what(struct kw_manifest *m, struct kw_cbor *c) {
    uint32_t least, most;
    key_of_map(c, M_FORMAT);
    kw_cbor_exact(c, KW_CBOR_UINT, FORMAT);
    key_of_map(c, M_COUNTER);
    m->counter = kw_cbor_uint(c, UINT32_MAX);
    key_of_map(c, M_VENDOR);
    kw_cbor_copy(c, m->vendor, sizeof m->vendor);
    key_of_map(c, M_CLASS);
    kw_cbor_copy(c, m->class_id, sizeof m->class_id);
    key_of_map(c, M_ROLE);
    m->role = (uint8_t)kw_cbor_uint(c, UINT8_MAX);
    key_of_map(c, M_PHASE);
    m->phase = (uint8_t)kw_cbor_uint(c, UINT8_MAX);
    key_of_map(c, M_VERSION);
    m->version = kw_cbor_uint(c, UINT32_MAX);
    key_of_map(c, M_HARDWARE);
    range(c, &least, &most, UINT16_MAX);
    m->hardware_minimum = (uint16_t)least;
    m->hardware_maximum = (uint16_t)most;
}

static void octets_of_it(struct kw_manifest *m, struct kw_cbor *c) {
    key_of_map(c, M_IMAGE_SIZE);
    m->image_size = kw_cbor_uint(c, UINT32_MAX);
    key_of_map(c, M_IMAGE_DIGEST);
    digest(c, m->image_digest);
    key_of_map(c, M_PAYLOAD_SIZE);
    m->payload_size = kw_cbor_uint(c, UINT32_MAX);
    key_of_map(c, M_PAYLOAD_DIGEST);
    digest(c, m->payload_digest);
    key_of_map(c, M_ENCODING);
    m->encoding = (uint8_t)kw_cbor_uint(c, UINT8_MAX);
    if (m->encoding == KW_ENCODING_DELTA) {
        key_of_map(c, M_BASE);
        kw_cbor_copy(c, m->base_digest, sizeof m->base_digest);
    }
}

// Answers how many of the entries are there that need not be.
static uint32_t what_it_needs(struct kw_manifest *m, struct kw_cbor *c) {
    uint32_t more = 0;
    uint8_t sbom[SHA256]; // for people and tools; a device has no use for it
    key_of_map(c, M_ABI);
    range(c, &m->abi_minimum, &m->abi_maximum, UINT32_MAX);
    key_of_map(c, M_MEMORY);
    m->memory = kw_cbor_uint(c, UINT32_MAX);
    key_of_map(c, M_NATIVE);
    m->native_minimum = kw_cbor_uint(c, UINT32_MAX);
    if (kw_cbor_next(c, M_NOT_BEFORE)) {
        m->not_before = kw_cbor_uint(c, UINT32_MAX);
        more++;
    }
    key_of_map(c, M_KEY_ID);
    kw_cbor_copy(c, m->key_id, sizeof m->key_id);
    key_of_map(c, M_SBOM);
    kw_cbor_copy(c, sbom, sizeof sbom);
    return more;
}

// [manufacturer, image type], and the address where it is for one device.
static uint32_t whom_for(struct kw_manifest *m, struct kw_cbor *c) {
    if (!kw_cbor_next(c, M_DESTINATION)) return 0;
    uint32_t parts = kw_cbor_head(c, KW_CBOR_ARRAY);
    if (parts != 2 && parts != 3) kw_cbor_refuse(c);
    m->manufacturer = (uint16_t)kw_cbor_uint(c, UINT16_MAX);
    m->type = (uint16_t)kw_cbor_uint(c, UINT16_MAX);
    m->bound = KW_BOUND_KIND;
    if (parts == 2) return 1;
    kw_cbor_copy(c, m->destination, sizeof m->destination);
    m->bound = KW_BOUND_DEVICE;
    return 1;
}

static enum kw_image_reason manifest_read(struct kw_manifest *out, struct sign1 *s, const uint8_t *at, uint32_t size,
                                          const struct kw_release_key *key) {
    memset(out, 0, sizeof *out);
    if (!sign1_read(s, at, size)) return KW_IMAGE_REASON_MANIFEST;
    struct kw_cbor c = {s->payload, s->payload + s->payload_size, false};
    uint32_t entries = kw_cbor_head(&c, KW_CBOR_MAP);
    who_and_what(out, &c);
    octets_of_it(out, &c);
    uint32_t optional = out->encoding == KW_ENCODING_DELTA ? 1 : 0;
    optional += what_it_needs(out, &c);
    optional += whom_for(out, &c);
    if (entries != REQUIRED + optional || !kw_cbor_done(&c)) return KW_IMAGE_REASON_MANIFEST;
    return memcmp(out->key_id, key->id, sizeof key->id) == 0 ? KW_IMAGE_REASON_NONE : KW_IMAGE_REASON_KEY_ID;
}

enum kw_image_reason kw_manifest_read(struct kw_manifest *out, const uint8_t *at, uint32_t size, const struct kw_release_key *key) {
    struct sign1 s;
    enum kw_image_reason reason = manifest_read(out, &s, at, size, key);
    if (reason != KW_IMAGE_REASON_NONE) return reason;
    return signed_by(&s, key->point) ? KW_IMAGE_REASON_NONE : KW_IMAGE_REASON_MANIFEST_SIGNATURE;
}

enum kw_image_reason kw_manifest_recall(struct kw_manifest *out, const uint8_t *at, uint32_t size, const struct kw_release_key *key) {
    struct sign1 s;
    return manifest_read(out, &s, at, size, key);
}

// Whom the destination names.
static enum kw_image_reason is_for(const struct kw_manifest *m, const struct kw_image_identity *board, const uint8_t address[8]) {
    static const uint8_t unknown[8] = {0};
    if (m->bound == KW_BOUND_NOT) return KW_IMAGE_REASON_NONE;
    if (m->manufacturer != board->manufacturer) return KW_IMAGE_REASON_MANUFACTURER;
    if (m->type != board->type) return KW_IMAGE_REASON_IMAGE_TYPE;
    if (m->bound == KW_BOUND_KIND) return KW_IMAGE_REASON_NONE;
    // A device that does not know its own address takes no file that is for one device.
    bool us = memcmp(m->destination, address, 8) == 0 && memcmp(unknown, address, 8) != 0;
    return us ? KW_IMAGE_REASON_NONE : KW_IMAGE_REASON_DESTINATION;
}

enum kw_image_reason kw_manifest_fits(const struct kw_manifest *m, const struct kw_image_identity *board, const uint8_t address[8]) {
    enum kw_image_reason reason = is_for(m, board, address);
    if (reason != KW_IMAGE_REASON_NONE) return reason;
    if (memcmp(m->vendor, board->vendor, sizeof m->vendor) != 0) return KW_IMAGE_REASON_VENDOR;
    if (memcmp(m->class_id, board->class_id, sizeof m->class_id) != 0) return KW_IMAGE_REASON_CLASS;
    if (board->hardware < m->hardware_minimum || board->hardware > m->hardware_maximum) return KW_IMAGE_REASON_HARDWARE;
    if (m->role != board->role) return KW_IMAGE_REASON_ROLE;
    if (m->phase > 7 || !(board->phases >> m->phase & 1)) return KW_IMAGE_REASON_PHASE;
    if (KW_ABI_VERSION < m->abi_minimum || KW_ABI_VERSION > m->abi_maximum) return KW_IMAGE_REASON_HOST_ABI;
    if (m->memory > board->memory_max) return KW_IMAGE_REASON_MEMORY;
    return m->native_minimum > board->native_version ? KW_IMAGE_REASON_NATIVE : KW_IMAGE_REASON_NONE;
}
