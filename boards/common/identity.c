// The board's identity for TLS in records of the store that no module reaches (docs/tls.md):
//
//   own 0    | form 1 | bank | has u8: bit 0 a key in use, bit 1 one that waits for its certificate | 0 | chain size u16 | key 32 | waiting 32 |
//   own 1..3, 4..6   the chain of bank 0 and of bank 1 in pieces of 512 octets: | size u16 | certificate | ..., leaf first
//   own 8, 9         roots: certificates in DER
//   own 10           | size of the OID | content of the OID of the hardware type | serial number |
//
// A new chain goes into the bank that is not in use; the one write of record 0 then makes key and chain the device's.
#include <string.h>
#include "octets.h"
#include "tls.h"

enum { OWN_IDENTITY = 0, OWN_CHAIN = 1, OWN_TRUST = 8, OWN_HARDWARE = 10, PIECES = 3, FORM = 1 };
enum { HEAD = 6, KEY = 32, IDENTITY_SIZE = HEAD + 2 * KEY, HAS_KEY = 1, HAS_PENDING = 2, HARDWARE_MAX = 64, REQUEST_MAX = 512 };

static int32_t read_own(struct kw_store *s, uint32_t which, uint8_t *at, uint32_t capacity) {
    return kw_store_read_any(s, KW_STORE_OWN_FIRST + which, at, capacity);
}

static int32_t write_own(struct kw_store *s, uint32_t which, const uint8_t *at, uint32_t size) {
    return kw_store_write_any(s, KW_STORE_OWN_FIRST + which, at, size);
}

int32_t kw_identity_read(struct kw_store *s, struct kw_identity *out) {
    uint8_t at[IDENTITY_SIZE];
    memset(out, 0, sizeof *out);
    int32_t size = read_own(s, OWN_IDENTITY, at, sizeof at);
    bool good = size == IDENTITY_SIZE && at[0] == FORM && at[1] <= 1 && kw_get16(at + 4) <= KW_CHAIN_OCTETS;
    if (good) {
        out->bank = at[1];
        out->has_key = (at[2] & HAS_KEY) != 0;
        out->has_pending = (at[2] & HAS_PENDING) != 0;
        out->chain_size = (uint16_t)kw_get16(at + 4);
        memcpy(out->key, at + HEAD, KEY);
        memcpy(out->pending, at + HEAD + KEY, KEY);
    }
    kw_wipe(at, sizeof at);
    return good ? KW_OK : size < 0 ? size : KW_ERR_BAD_CHECKSUM;
}

static int32_t write_identity(struct kw_store *s, const struct kw_identity *identity) {
    uint8_t at[IDENTITY_SIZE] = {FORM, identity->bank, (uint8_t)(identity->has_key | identity->has_pending << 1)};
    kw_put16(at + 4, identity->chain_size);
    memcpy(at + HEAD, identity->key, KEY);
    memcpy(at + HEAD + KEY, identity->pending, KEY);
    int32_t answer = write_own(s, OWN_IDENTITY, at, sizeof at);
    kw_wipe(at, sizeof at);
    return answer;
}

static uint32_t piece_of(uint32_t bank, uint32_t piece) { return OWN_CHAIN + bank * PIECES + piece; }

int32_t kw_identity_chain(struct kw_store *s, const struct kw_identity *identity, uint8_t chain[KW_CHAIN_OCTETS]) {
    for (uint32_t piece = 0, at = 0; at < identity->chain_size; piece++, at += KW_STORE_RECORD_MAX) {
        uint32_t left = identity->chain_size - at, want = left < KW_STORE_RECORD_MAX ? left : KW_STORE_RECORD_MAX;
        int32_t size = read_own(s, piece_of(identity->bank, piece), chain + at, want);
        if (size != (int32_t)want) return size < 0 ? size : KW_ERR_BAD_CHECKSUM;
    }
    return KW_OK;
}

void kw_identity_trust(struct kw_store *s, struct kw_trust *out) {
    uint8_t at[KW_STORE_RECORD_MAX];
    struct kw_certificate root;
    out->count = 0;
    for (uint32_t i = 0; i < KW_TRUST_MAX; i++) {
        int32_t size = read_own(s, OWN_TRUST + i, at, sizeof at);
        if (size <= 0 || kw_certificate_read(at, (uint32_t)size, &root) != KW_CERTIFICATE_GOOD || root.subject.size > KW_DN_MAX) continue;
        struct kw_root *kept = &out->roots[out->count++];
        memcpy(kept->point, root.point, KW_POINT);
        kept->dn_size = (uint8_t)root.subject.size;
        memcpy(kept->dn, root.subject.at, root.subject.size);
    }
}

static bool is_named(const uint8_t *hardware, int32_t size) { return size >= 4 && hardware[0] >= 1 && hardware[0] < size - 1; }

bool kw_identity_may(struct kw_store *s) {
    struct kw_trust trust;
    uint8_t hardware[HARDWARE_MAX];
    kw_identity_trust(s, &trust);
    int32_t size = read_own(s, OWN_HARDWARE, hardware, sizeof hardware);
    return trust.count > 0 && is_named(hardware, size);
}

// ---- Keys and requests ----

// 0 < key < order, in constant time.
static bool is_scalar(const uint8_t key[KEY]) {
    size_t size;
    const uint8_t *order = br_ec_p256_m31.order(BR_EC_secp256r1, &size);
    uint32_t borrow = 0, any = 0;
    for (int i = KEY - 1; i >= 0; i--) {
        borrow = ((uint32_t)key[i] - order[i] - borrow) >> 31;
        any |= key[i];
    }
    return (borrow & (uint32_t)(any != 0)) != 0;
}

static void point_of(const uint8_t key[KEY], uint8_t point[KW_POINT]) { br_ec_p256_m31.mulgen(point, key, KEY, BR_EC_secp256r1); }

int32_t kw_identity_make(struct kw_store *s, struct kw_drbg *drbg) {
    struct kw_identity identity;
    int32_t answer = kw_identity_read(s, &identity);
    if (answer == KW_OK || answer == KW_ERR_NOT_FOUND) {
        do kw_drbg_generate(drbg, identity.pending, KEY);
        while (!is_scalar(identity.pending));
        identity.has_pending = true;
        answer = write_identity(s, &identity);
    }
    kw_wipe(&identity, sizeof identity);
    return answer;
}

// Written from the end to the beginning, so that each length is known when its head is written.
struct writer {
    uint8_t octets[REQUEST_MAX];
    uint32_t at;
};

static void put(struct writer *w, const void *octets, uint32_t size) {
    w->at -= size;
    memcpy(w->octets + w->at, octets, size);
}

// A head around what was written since `end`.
static void wrap(struct writer *w, uint8_t tag, uint32_t end) {
    uint32_t size = end - w->at;
    uint8_t head[4] = {tag, (uint8_t)size}, head_size = 2;
    if (size >= 0x100) {
        head[1] = 0x82;
        head[2] = (uint8_t)(size >> 8);
        head[3] = (uint8_t)size;
        head_size = 4;
    } else if (size >= 0x80) {
        head[1] = 0x81;
        head[2] = (uint8_t)size;
        head_size = 3;
    }
    put(w, head, head_size);
}

static const uint8_t subject_alt_name[] = {0x06, 3, 0x55, 0x1d, 0x11, 0x01, 1, 0xff}; // critical
static const uint8_t extension_request[] = {0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x0e};
static const uint8_t hardware_module_name[] = {0x06, 8, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x08, 0x04};
static const uint8_t p256_key[] = {0x30, 19, 0x06, 7,    0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
                                   0x06, 8,  0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
static const uint8_t ecdsa_sha256[] = {0x30, 10, 0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
static const uint8_t no_subject[] = {0x02, 1, 0, 0x30, 0}; // behind version 0

// attributes [0] { extensionRequest { { { subjectAltName { { [0] { hardwareModuleName, [0] { { type, serial } } } } } } } } }
static void put_attributes(struct writer *w, const uint8_t *hardware, uint32_t size) {
    uint32_t end = w->at, oid = hardware[0];
    put(w, hardware + 1 + oid, size - 1 - oid);
    wrap(w, 0x04, end);
    uint32_t type_end = w->at;
    put(w, hardware + 1, oid);
    wrap(w, 0x06, type_end);
    wrap(w, 0x30, end);
    wrap(w, 0xa0, end);
    put(w, hardware_module_name, sizeof hardware_module_name);
    wrap(w, 0xa0, end); // otherName
    wrap(w, 0x30, end); // names
    wrap(w, 0x04, end); // the extension's value
    put(w, subject_alt_name, sizeof subject_alt_name);
    wrap(w, 0x30, end); // extension
    wrap(w, 0x30, end); // extensions
    wrap(w, 0x31, end); // values
    put(w, extension_request, sizeof extension_request);
    wrap(w, 0x30, end); // attribute
    wrap(w, 0xa0, end);
}

static void put_request(struct writer *w, const uint8_t key[KEY], const uint8_t *hardware, uint32_t size) {
    static const uint8_t no_unused_bits = 0;
    uint8_t point[KW_POINT], digest[32], signature[72], copy[KEY];
    struct writer information = {.at = REQUEST_MAX};
    put_attributes(&information, hardware, size);
    uint32_t end = information.at;
    point_of(key, point);
    put(&information, point, sizeof point);
    put(&information, &no_unused_bits, 1);
    wrap(&information, 0x03, end);
    put(&information, p256_key, sizeof p256_key);
    wrap(&information, 0x30, end);
    put(&information, no_subject, sizeof no_subject);
    wrap(&information, 0x30, REQUEST_MAX);
    kw_sha256(digest, information.octets + information.at, REQUEST_MAX - information.at);
    memcpy(copy, key, sizeof copy);
    br_ec_private_key secret = {.curve = BR_EC_secp256r1, .x = copy, .xlen = sizeof copy};
    size_t signed_size = br_ecdsa_i31_sign_asn1(&br_ec_p256_m31, &br_sha256_vtable, digest, &secret, signature);
    kw_wipe(copy, sizeof copy);
    put(w, signature, (uint32_t)signed_size);
    put(w, &no_unused_bits, 1);
    wrap(w, 0x03, REQUEST_MAX);
    put(w, ecdsa_sha256, sizeof ecdsa_sha256);
    put(w, information.octets + information.at, REQUEST_MAX - information.at);
    wrap(w, 0x30, REQUEST_MAX);
}

int32_t kw_identity_request(struct kw_store *s, uint8_t *at, uint32_t capacity) {
    struct kw_identity identity;
    struct writer w = {.at = REQUEST_MAX};
    uint8_t hardware[HARDWARE_MAX];
    int32_t answer = kw_identity_read(s, &identity), size = read_own(s, OWN_HARDWARE, hardware, sizeof hardware);
    bool named = is_named(hardware, size);
    if (answer == KW_OK) answer = !identity.has_pending ? KW_ERR_NOT_FOUND : named ? KW_OK : size < 0 ? size : KW_ERR_BAD_CHECKSUM;
    if (answer == KW_OK) {
        put_request(&w, identity.pending, hardware, (uint32_t)size);
        answer = (int32_t)(REQUEST_MAX - w.at);
        if ((uint32_t)answer > capacity) answer = KW_ERR_NO_BUFFER;
        else memcpy(at, w.octets + w.at, (uint32_t)answer);
    }
    kw_wipe(&identity, sizeof identity);
    return answer;
}

// ---- Certificates ----

// Whether octets are certificates that lead from a leaf, whose key is in `scratch` then, to a root.
static int32_t leads(struct kw_store *s, const uint8_t *chain, uint32_t size, int64_t time, struct kw_chain *scratch) {
    struct kw_trust trust;
    uint32_t at = 0;
    kw_identity_trust(s, &trust);
    kw_chain_begin(scratch, &trust, time);
    while (at + 2 <= size) {
        uint32_t each = kw_get16(chain + at);
        if (each > size - at - 2) return KW_ERR_BAD_LENGTH;
        kw_chain_add(scratch, chain + at + 2, each);
        at += 2 + each;
    }
    return at != size ? KW_ERR_BAD_LENGTH : kw_chain_end(scratch) == KW_CERTIFICATE_GOOD ? KW_OK : KW_ERR_REFUSED;
}

static int32_t write_chain(struct kw_store *s, uint32_t bank, const uint8_t *chain, uint32_t size) {
    for (uint32_t piece = 0; piece < PIECES; piece++) {
        uint32_t at = piece * KW_STORE_RECORD_MAX, left = at < size ? size - at : 0;
        int32_t answer = write_own(s, piece_of(bank, piece), chain + at, left < KW_STORE_RECORD_MAX ? left : KW_STORE_RECORD_MAX);
        if (answer != KW_OK) return answer;
    }
    return KW_OK;
}

int32_t kw_identity_install(struct kw_store *s, const uint8_t *chain, uint32_t size, int64_t time, struct kw_chain *scratch) {
    struct kw_identity identity;
    uint8_t own[KW_POINT];
    if (size > KW_CHAIN_OCTETS) return KW_ERR_NO_BUFFER;
    int32_t answer = kw_identity_read(s, &identity);
    const uint8_t *key = identity.has_pending ? identity.pending : identity.key;
    if (answer == KW_OK && !identity.has_pending && !identity.has_key) answer = KW_ERR_NOT_FOUND;
    if (answer == KW_OK) answer = leads(s, chain, size, time, scratch);
    if (answer == KW_OK) {
        point_of(key, own);
        if (memcmp(own, scratch->point, sizeof own) != 0) answer = KW_ERR_REFUSED;
    }
    uint32_t old = identity.bank;
    if (answer == KW_OK) answer = write_chain(s, identity.bank ^ 1u, chain, size);
    if (answer == KW_OK) {
        if (identity.has_pending) memcpy(identity.key, identity.pending, KEY);
        kw_wipe(identity.pending, KEY);
        identity.has_key = true;
        identity.has_pending = false;
        identity.bank ^= 1u;
        identity.chain_size = (uint16_t)size;
        answer = write_identity(s, &identity);
    }
    if (answer == KW_OK) write_chain(s, old, chain, 0); // no longer the device's
    kw_wipe(&identity, sizeof identity);
    return answer;
}
