#include <string.h>
#include "certificate.h"
#include "crypto.h"

enum { USAGE_SIGNATURE = 0x80, USAGE_CERTIFICATES = 0x04 }; // of the first octet of keyUsage
#define EMPTY_NAME 2u                                       // octets of a SEQUENCE without content

static bool verifies(const uint8_t *point, const struct kw_chain *c) {
    uint8_t copy[KW_POINT];
    memcpy(copy, point, sizeof copy);
    br_ec_public_key key = {.curve = BR_EC_secp256r1, .q = copy, .qlen = sizeof copy};
    return br_ecdsa_i31_vrfy_asn1(&br_ec_p256_m31, c->digest, sizeof c->digest, &key, c->signature, c->signature_size) == 1;
}

// A device's: its name is its hardware's, and it says what it is for.
static enum kw_certificate_fault fits_device(const struct kw_certificate *x) {
    bool fits = x->subject.size == EMPTY_NAME && x->hardware_name && x->device_policy && !x->ca && (x->key_usage & USAGE_SIGNATURE) != 0;
    return fits ? KW_CERTIFICATE_GOOD : KW_CERTIFICATE_BAD;
}

// An authority's above `below` others: it is named as the issuer of the one before, and signed it.
static enum kw_certificate_fault fits_authority(const struct kw_chain *c, const struct kw_certificate *x, uint32_t below) {
    uint8_t name[32];
    kw_sha256(name, x->subject.at, x->subject.size);
    if (memcmp(name, c->issuer, sizeof name) != 0) return KW_CERTIFICATE_UNKNOWN_CA;
    bool fits = x->ca && (x->key_usage & USAGE_CERTIFICATES) != 0 && (!x->has_path || x->path >= below);
    return fits && verifies(x->point, c) ? KW_CERTIFICATE_GOOD : KW_CERTIFICATE_BAD;
}

static bool in_time(const struct kw_certificate *x, int64_t time) {
    char now[KW_TIME_DIGITS];
    if (time == 0) return true;
    kw_time_digits(time, now);
    return memcmp(x->not_before, now, sizeof now) <= 0 && memcmp(now, x->not_after, sizeof now) <= 0;
}

// Remembers what the next one, or a root, is held against.
static void keep(struct kw_chain *c, const struct kw_certificate *x) {
    kw_sha256(c->issuer, x->issuer.at, x->issuer.size);
    kw_sha256(c->digest, x->signed_part.at, x->signed_part.size);
    c->signature_size = (uint8_t)x->signature.size;
    memcpy(c->signature, x->signature.at, x->signature.size);
    for (uint32_t i = 0; i < c->trust->count; i++) {
        const struct kw_root *root = &c->trust->roots[i];
        if (root->dn_size != x->issuer.size || memcmp(root->dn, x->issuer.at, root->dn_size) != 0) continue;
        if (verifies(root->point, c)) c->trusted = true; // else it is another authority of the same name
    }
}

static enum kw_certificate_fault judge(struct kw_chain *c) {
    struct kw_certificate x;
    enum kw_certificate_fault fault = kw_certificate_read(c->certificate, c->size, &x);
    if (fault == KW_CERTIFICATE_GOOD) fault = c->count == 0 ? fits_device(&x) : fits_authority(c, &x, c->count - 1);
    if (fault == KW_CERTIFICATE_GOOD && !in_time(&x, c->time)) fault = KW_CERTIFICATE_EXPIRED;
    if (fault != KW_CERTIFICATE_GOOD) return fault;
    if (c->count == 0) {
        uint8_t digest[32];
        kw_sha256(digest, c->certificate, c->size);
        memcpy(c->lfdi, digest, sizeof c->lfdi);
        memcpy(c->point, x.point, sizeof c->point);
    }
    keep(c, &x);
    return KW_CERTIFICATE_GOOD;
}

static void start_certificate(struct kw_chain *c, uint32_t size) {
    c->size = size;
    c->have = 0;
    if (c->fault == 0 && !c->trusted && size > KW_X509_MAX) c->fault = KW_CERTIFICATE_UNSUPPORTED;
}

static void append(struct kw_chain *c, const uint8_t *at, size_t size) {
    if (c->fault != 0 || c->trusted || size > KW_X509_MAX - c->have) return;
    memcpy(c->certificate + c->have, at, size);
    c->have += (uint32_t)size;
}

// What comes above the one that a root signed is not looked at, but counted.
static void end_certificate(struct kw_chain *c) {
    if (c->fault == 0 && c->count >= KW_CHAIN_MAX) c->fault = KW_CERTIFICATE_BAD;
    if (c->fault == 0 && !c->trusted) c->fault = c->have == c->size ? (uint8_t)judge(c) : KW_CERTIFICATE_BAD;
    c->count++;
}

enum kw_certificate_fault kw_chain_end(struct kw_chain *c) {
    if (c->fault == 0 && !c->trusted) c->fault = KW_CERTIFICATE_UNKNOWN_CA;
    return (enum kw_certificate_fault)c->fault;
}

// ---- As BearSSL calls it ----

static struct kw_chain *of(const br_x509_class *const *engine) { return (struct kw_chain *)(void *)(uintptr_t)engine; }

static void x509_start_chain(const br_x509_class **engine, const char *server_name) {
    (void)server_name; // devices have no host names
    struct kw_chain *c = of(engine);
    kw_chain_begin(c, c->trust, c->time);
}

static void x509_start_certificate(const br_x509_class **engine, uint32_t size) { start_certificate(of(engine), size); }
static void x509_append(const br_x509_class **engine, const unsigned char *at, size_t size) { append(of(engine), at, size); }
static void x509_end_certificate(const br_x509_class **engine) { end_certificate(of(engine)); }

static unsigned x509_end_chain(const br_x509_class **engine) {
    return kw_chain_end(of(engine)) == KW_CERTIFICATE_GOOD ? 0 : BR_ERR_X509_NOT_TRUSTED;
}

static const br_x509_pkey *x509_key(const br_x509_class *const *engine, unsigned *usages) {
    struct kw_chain *c = of(engine);
    if (c->fault != 0 || !c->trusted) return NULL;
    if (usages != NULL) *usages = BR_KEYTYPE_SIGN;
    return &c->key;
}

static const br_x509_class chain_class = {
    sizeof(struct kw_chain), x509_start_chain, x509_start_certificate, x509_append, x509_end_certificate, x509_end_chain, x509_key,
};

void kw_chain_begin(struct kw_chain *c, const struct kw_trust *trust, int64_t time) {
    memset(c, 0, sizeof *c);
    c->vtable = &chain_class;
    c->trust = trust;
    c->time = time;
    c->key.key_type = BR_KEYTYPE_EC;
    c->key.key.ec = (br_ec_public_key){.curve = BR_EC_secp256r1, .q = c->point, .qlen = sizeof c->point};
}

void kw_chain_add(struct kw_chain *c, const uint8_t *certificate, uint32_t size) {
    start_certificate(c, size);
    append(c, certificate, size);
    end_certificate(c);
}
