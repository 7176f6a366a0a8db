// The board's cryptography over BearSSL: constant-time AES, so no table index and no branch depends on a secret.
#ifndef KW_CRYPTO_H
#define KW_CRYPTO_H

#include <bearssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// ---- AES-CCM, RFC 3610 and NIST SP 800-38C; CCM* of 05-3474 annex A is the same where there is a tag ----

struct kw_ccm {
    br_aes_ct_ctrcbc_keys keys; // round keys, expanded once
};

struct kw_ccm_text {
    const uint8_t *nonce;
    size_t nonce_size; // 7..13
    const uint8_t *aad;
    size_t aad_size;
    uint8_t *text; // in place
    size_t text_size;
    uint8_t *tag;
    size_t tag_size; // 4, 6, ... 16
};

// Key of 16, 24 or 32 octets; false for another size.
bool kw_ccm_key(struct kw_ccm *ccm, const uint8_t *key, size_t size);
// False for sizes that CCM does not have.
bool kw_ccm_seal(const struct kw_ccm *ccm, const struct kw_ccm_text *t);
// False also when the tag is wrong; the text is zeros then.
bool kw_ccm_open(const struct kw_ccm *ccm, const struct kw_ccm_text *t);

// ---- AES-MMO and its keyed hash, 05-3474 annex B.6 and B.1.4 ----

struct kw_mmo {
    uint8_t hash[16];
    uint8_t block[16];
    uint32_t size; // octets so far, below 2^29
};

void kw_mmo_begin(struct kw_mmo *m);
void kw_mmo_add(struct kw_mmo *m, const uint8_t *octets, size_t size);
void kw_mmo_end(struct kw_mmo *m, uint8_t out[16]);
void kw_hash_mmo(uint8_t out[16], const uint8_t *octets, size_t size);
void kw_hmac_mmo(uint8_t out[16], const uint8_t *key, size_t key_size, const uint8_t *octets, size_t size);

// A key's variant, 05-3474 section 4.5.3: 0 itself, 1 its key-transport key, 2 its key-load key.
#define KW_KEY_VARIANTS 3u
void kw_key_variant(uint8_t out[16], const uint8_t key[16], uint32_t variant);

// ---- SHA-256, HMAC_DRBG, P-256 ----

void kw_sha256(uint8_t out[32], const void *octets, size_t size);

// HMAC_DRBG with SHA-256, NIST SP 800-90A; the seed is entropy, nonce and personalisation in one.
#define KW_RESEED_CALLS 65536u // generate calls after which new entropy is due; section 10.1 allows 2^48
struct kw_drbg {
    br_hmac_drbg_context context;
    uint32_t calls; // since there was new entropy
};
void kw_drbg_seed(struct kw_drbg *d, const uint8_t seed[32]);
void kw_drbg_reseed(struct kw_drbg *d, const uint8_t seed[32]);   // section 10.1.2.4: what was is mixed with what comes
void kw_drbg_generate(struct kw_drbg *d, void *out, size_t size); // one generate call

#define KW_P256_POINT 65u // 04 || x || y
// Signature r || s of 64 octets over a SHA-256 digest.
bool kw_p256_verify(const uint8_t *point, size_t point_size, const uint8_t digest[32], const uint8_t *signature, size_t signature_size);
bool kw_p256_sign(uint8_t signature[64], const uint8_t key[32], const uint8_t digest[32]); // deterministic, RFC 6979
bool kw_p256_agree(uint8_t x[32], const uint8_t key[32], const uint8_t *point, size_t point_size);

// Overwrites a secret; the compiler may not leave it out.
void kw_wipe(void *at, size_t size);

#endif
