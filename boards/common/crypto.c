#include "crypto.h"
#include <string.h>

#define BLOCK 16u
#define MMO_LONG_FROM 8192u // octets; from here the length does not fit 16 bits (05-3474 B.6)

void kw_wipe(void *at, size_t size) {
    memset(at, 0, size);
    __asm__ volatile("" : : "r"(at) : "memory"); // the octets count as read, so the zeros must be written
}

// ---- AES-MMO ----

// H' = E(H, M) xor M
static void compress(struct kw_mmo *m) {
    br_aes_ct_cbcenc_keys keys;
    uint8_t chain[BLOCK] = {0};
    uint8_t sealed[BLOCK];
    memcpy(sealed, m->block, BLOCK);
    br_aes_ct_cbcenc_init(&keys, m->hash, BLOCK);
    br_aes_ct_cbcenc_run(&keys, chain, sealed, BLOCK);
    for (size_t i = 0; i < BLOCK; i++) m->hash[i] = sealed[i] ^ m->block[i];
    kw_wipe(&keys, sizeof keys);
    kw_wipe(sealed, sizeof sealed);
}

void kw_mmo_begin(struct kw_mmo *m) { memset(m, 0, sizeof *m); }

void kw_mmo_add(struct kw_mmo *m, const uint8_t *octets, size_t size) {
    while (size > 0) {
        size_t fill = m->size % BLOCK;
        size_t part = size < BLOCK - fill ? size : BLOCK - fill;
        memcpy(m->block + fill, octets, part);
        m->size += (uint32_t)part;
        octets += part;
        size -= part;
        if (m->size % BLOCK == 0) compress(m);
    }
}

// Short messages: 1, zeros, 16 bits of length.  Long ones: 1, zeros, 32 bits of length, 16 zero bits.
void kw_mmo_end(struct kw_mmo *m, uint8_t out[16]) {
    uint32_t bits = m->size * 8u;
    bool is_long = m->size >= MMO_LONG_FROM;
    size_t tail = is_long ? 10u : 14u;
    size_t fill = m->size % BLOCK;
    memset(m->block + fill, 0, BLOCK - fill);
    m->block[fill] = 0x80;
    if (fill + 1 > tail) {
        compress(m);
        memset(m->block, 0, BLOCK);
    }
    if (is_long) {
        m->block[10] = (uint8_t)(bits >> 24);
        m->block[11] = (uint8_t)(bits >> 16);
        m->block[12] = (uint8_t)(bits >> 8);
        m->block[13] = (uint8_t)bits;
    } else {
        m->block[14] = (uint8_t)(bits >> 8);
        m->block[15] = (uint8_t)bits;
    }
    compress(m);
    memcpy(out, m->hash, BLOCK);
    kw_wipe(m, sizeof *m);
}

void kw_hash_mmo(uint8_t out[16], const uint8_t *octets, size_t size) {
    struct kw_mmo m;
    kw_mmo_begin(&m);
    kw_mmo_add(&m, octets, size);
    kw_mmo_end(&m, out);
}

void kw_hmac_mmo(uint8_t out[16], const uint8_t *key, size_t key_size, const uint8_t *octets, size_t size) {
    uint8_t block[BLOCK] = {0}, inner[BLOCK], pad[BLOCK];
    struct kw_mmo m;
    if (key_size > BLOCK) kw_hash_mmo(block, key, key_size);
    else if (key_size > 0) memcpy(block, key, key_size);
    for (size_t i = 0; i < BLOCK; i++) pad[i] = block[i] ^ 0x36;
    kw_mmo_begin(&m);
    kw_mmo_add(&m, pad, BLOCK);
    kw_mmo_add(&m, octets, size);
    kw_mmo_end(&m, inner);
    for (size_t i = 0; i < BLOCK; i++) pad[i] = block[i] ^ 0x5c;
    kw_mmo_begin(&m);
    kw_mmo_add(&m, pad, BLOCK);
    kw_mmo_add(&m, inner, BLOCK);
    kw_mmo_end(&m, out);
    kw_wipe(block, sizeof block);
    kw_wipe(inner, sizeof inner);
    kw_wipe(pad, sizeof pad);
}

void kw_key_variant(uint8_t out[16], const uint8_t key[16], uint32_t variant) {
    static const uint8_t inputs[KW_KEY_VARIANTS] = {0, 0x00, 0x02};
    if (variant == 0) memcpy(out, key, BLOCK);
    else kw_hmac_mmo(out, key, BLOCK, &inputs[variant], 1);
}

// ---- SHA-256, HMAC_DRBG, P-256 ----

void kw_sha256(uint8_t out[32], const void *octets, size_t size) {
    br_sha256_context context;
    br_sha256_init(&context);
    br_sha256_update(&context, octets, size);
    br_sha256_out(&context, out);
}

void kw_drbg_seed(struct kw_drbg *d, const uint8_t seed[32]) {
    br_hmac_drbg_init(&d->context, &br_sha256_vtable, seed, 32);
    d->calls = 0;
}

void kw_drbg_reseed(struct kw_drbg *d, const uint8_t seed[32]) {
    br_hmac_drbg_update(&d->context, seed, 32);
    d->calls = 0;
}

void kw_drbg_generate(struct kw_drbg *d, void *out, size_t size) {
    br_hmac_drbg_generate(&d->context, out, size);
    if (d->calls < UINT32_MAX) d->calls++;
}

bool kw_p256_verify(const uint8_t *point, size_t point_size, const uint8_t digest[32], const uint8_t *signature, size_t signature_size) {
    uint8_t copy[KW_P256_POINT];
    if (point_size != KW_P256_POINT || point[0] != 0x04 || signature_size != 64) return false;
    memcpy(copy, point, sizeof copy);
    br_ec_public_key key = {.curve = BR_EC_secp256r1, .q = copy, .qlen = sizeof copy};
    return br_ecdsa_i31_vrfy_raw(&br_ec_p256_m31, digest, 32, &key, signature, 64) == 1;
}

bool kw_p256_sign(uint8_t signature[64], const uint8_t key[32], const uint8_t digest[32]) {
    uint8_t copy[32];
    memcpy(copy, key, sizeof copy);
    br_ec_private_key secret = {.curve = BR_EC_secp256r1, .x = copy, .xlen = sizeof copy};
    size_t size = br_ecdsa_i31_sign_raw(&br_ec_p256_m31, &br_sha256_vtable, digest, &secret, signature);
    kw_wipe(copy, sizeof copy);
    return size == 64;
}

bool kw_p256_agree(uint8_t x[32], const uint8_t key[32], const uint8_t *point, size_t point_size) {
    uint8_t product[KW_P256_POINT];
    if (point_size != sizeof product || point[0] != 0x04) return false;
    memcpy(product, point, sizeof product);
    bool done = br_ec_p256_m31.mul(product, sizeof product, key, 32, BR_EC_secp256r1) == 1;
    if (done) memcpy(x, product + 1, 32);
    kw_wipe(product, sizeof product);
    return done;
}
