// Plain functions over boards/common, for vectors and tests.
#include <stdlib.h>
#include <string.h>
#include "addon.h"
#include "crypto.h"
#include "gate.h"
#include "gf2.h"
#include "machine.h"
#include "noise.h"
#include "verdicts.h"

// Copies the text, with room for a tag, so that the caller's stays as it is.
static uint8_t *working_copy(const struct bytes *text, size_t more) {
    uint8_t *copy = malloc(text->size + more + 1);
    if (copy != NULL) memcpy(copy, text->at, text->size);
    return copy;
}

// ccmSeal(key, nonce, aad, text, tagSize): text and tag, or null for sizes that CCM does not have
static napi_value ccm_seal(napi_env env, napi_callback_info info) {
    struct arguments a;
    struct bytes key, nonce, aad, text;
    uint32_t tag;
    struct kw_ccm ccm;
    if (!take_arguments(env, info, &a)) return NULL;
    if (!want_bytes(&a, 0, "key", &key) || !want_bytes(&a, 1, "nonce", &nonce) || !want_bytes(&a, 2, "aad", &aad)) return NULL;
    if (!want_bytes(&a, 3, "text", &text) || !want_u32(&a, 4, "tagSize", &tag)) return NULL;
    uint8_t *work = working_copy(&text, 16);
    if (work == NULL) return fail(env, "no memory");
    struct kw_ccm_text t = {nonce.at, nonce.size, aad.at, aad.size, work, text.size, work + text.size, tag};
    bool done = tag <= 16 && kw_ccm_key(&ccm, key.at, key.size) && kw_ccm_seal(&ccm, &t);
    napi_value result = done ? buffer_of(env, work, text.size + tag) : null_of(env);
    free(work);
    return result;
}

// ccmOpen(key, nonce, aad, textAndTag, tagSize): the text, or null
static napi_value ccm_open(napi_env env, napi_callback_info info) {
    struct arguments a;
    struct bytes key, nonce, aad, text;
    uint32_t tag;
    struct kw_ccm ccm;
    if (!take_arguments(env, info, &a)) return NULL;
    if (!want_bytes(&a, 0, "key", &key) || !want_bytes(&a, 1, "nonce", &nonce) || !want_bytes(&a, 2, "aad", &aad)) return NULL;
    if (!want_bytes(&a, 3, "text", &text) || !want_u32(&a, 4, "tagSize", &tag)) return NULL;
    if (tag > text.size) return null_of(env);
    uint8_t *work = working_copy(&text, 0);
    if (work == NULL) return fail(env, "no memory");
    size_t size = text.size - tag;
    struct kw_ccm_text t = {nonce.at, nonce.size, aad.at, aad.size, work, size, work + size, tag};
    bool done = kw_ccm_key(&ccm, key.at, key.size) && kw_ccm_open(&ccm, &t);
    napi_value result = done ? buffer_of(env, work, size) : null_of(env);
    free(work);
    return result;
}

static napi_value hash_mmo(napi_env env, napi_callback_info info) {
    struct arguments a;
    struct bytes data;
    uint8_t out[16];
    if (!take_arguments(env, info, &a)) return NULL;
    if (!want_bytes(&a, 0, "data", &data)) return NULL;
    kw_hash_mmo(out, data.at, data.size);
    return buffer_of(env, out, sizeof out);
}

static napi_value hmac_mmo(napi_env env, napi_callback_info info) {
    struct arguments a;
    struct bytes key, data;
    uint8_t out[16];
    if (!take_arguments(env, info, &a)) return NULL;
    if (!want_bytes(&a, 0, "key", &key) || !want_bytes(&a, 1, "data", &data)) return NULL;
    kw_hmac_mmo(out, key.at, key.size, data.at, data.size);
    return buffer_of(env, out, sizeof out);
}

static napi_value key_variant(napi_env env, napi_callback_info info) {
    struct arguments a;
    struct bytes key;
    uint32_t variant;
    uint8_t out[16];
    if (!take_arguments(env, info, &a)) return NULL;
    if (!want_bytes(&a, 0, "key", &key) || !want_u32(&a, 1, "variant", &variant)) return NULL;
    if (key.size != 16 || variant >= KW_KEY_VARIANTS) return null_of(env);
    kw_key_variant(out, key.at, variant);
    return buffer_of(env, out, sizeof out);
}

static napi_value sha256(napi_env env, napi_callback_info info) {
    struct arguments a;
    struct bytes data;
    uint8_t out[32];
    if (!take_arguments(env, info, &a)) return NULL;
    if (!want_bytes(&a, 0, "data", &data)) return NULL;
    kw_sha256(out, data.at, data.size);
    return buffer_of(env, out, sizeof out);
}

// drbg(seed, size, calls): what `calls` generate calls of `size` octets give, one behind the other
static napi_value drbg(napi_env env, napi_callback_info info) {
    struct arguments a;
    struct bytes seed;
    uint32_t size, calls;
    struct kw_drbg d;
    if (!take_arguments(env, info, &a)) return NULL;
    if (!want_bytes(&a, 0, "seed", &seed) || !want_u32(&a, 1, "size", &size) || !want_u32(&a, 2, "calls", &calls)) return NULL;
    if (seed.size != 32 || size > 65536 || calls > 1024) return null_of(env);
    uint8_t *out = malloc((size_t)size * calls + 1);
    if (out == NULL) return fail(env, "no memory");
    kw_drbg_seed(&d, seed.at);
    for (uint32_t i = 0; i < calls; i++) kw_drbg_generate(&d, out + (size_t)i * size, size);
    napi_value result = buffer_of(env, out, (size_t)size * calls);
    free(out);
    return result;
}

// drbgReseeded(seed, more, calls): the 32 octets after `calls` generate calls and new entropy, when it was due; null when it was not
static napi_value drbg_reseeded(napi_env env, napi_callback_info info) {
    struct arguments a;
    struct bytes seed, more;
    uint32_t calls;
    uint8_t out[32];
    struct kw_machine *m;
    if (!take_arguments(env, info, &a)) return NULL;
    if (!want_bytes(&a, 0, "seed", &seed) || !want_bytes(&a, 1, "more", &more) || !want_u32(&a, 2, "calls", &calls)) return NULL;
    if (seed.size != 32 || more.size != 32 || calls > 1000000 || (m = calloc(1, sizeof *m)) == NULL) return null_of(env);
    kw_drbg_seed(&m->drbg, seed.at);
    while (calls-- > 0) kw_drbg_generate(&m->drbg, out, 1);
    bool due = kw_wants_seed(m);
    if (due) kw_reseed(m, more.at);
    due = due && !kw_wants_seed(m);
    kw_drbg_generate(&m->drbg, out, sizeof out);
    free(m);
    return due ? buffer_of(env, out, sizeof out) : null_of(env);
}

static bool read_source(void *context, uint8_t *to, uint32_t size) {
    struct bytes *source = context;
    if (size > source->size) return false;
    memcpy(to, source->at, size);
    source->at += size;
    source->size -= size;
    return true;
}

// noise(source, size, calls): what `calls` calls take from it, one behind the other; null from the first that is not fit to use
static napi_value noise(napi_env env, napi_callback_info info) {
    struct arguments a;
    struct bytes source;
    uint32_t size, calls;
    struct kw_noise health = {0};
    uint8_t out[4096];
    if (!take_arguments(env, info, &a)) return NULL;
    if (!want_bytes(&a, 0, "source", &source) || !want_u32(&a, 1, "size", &size) || !want_u32(&a, 2, "calls", &calls)) return NULL;
    if (size > sizeof out || calls > sizeof out / (size == 0 ? 1 : size)) return null_of(env);
    for (uint32_t i = 0; i < calls; i++)
        if (!kw_noise_take(&health, read_source, &source, out + i * size, size)) return null_of(env);
    return buffer_of(env, out, size * calls);
}

// gf2Multiply(field, a, b, squarings): elements of 36 octets; null where the contract answers Reserved.  One buffer for both makes a square.
static napi_value multiply(napi_env env, napi_callback_info info) {
    struct arguments a;
    struct bytes left, right;
    uint32_t field, squarings, x[GF2_WORDS], y[GF2_WORDS], out[GF2_WORDS];
    if (!take_arguments(env, info, &a)) return NULL;
    if (!want_u32(&a, 0, "field", &field) || !want_u32(&a, 3, "squarings", &squarings)) return NULL;
    if (!want_bytes(&a, 1, "a", &left) || !want_bytes(&a, 2, "b", &right)) return NULL;
    if (left.size != sizeof x || right.size != sizeof y) return null_of(env);
    memcpy(x, left.at, sizeof x);
    memcpy(y, right.at, sizeof y);
    if (!gf2_multiply(field, out, x, left.at == right.at ? x : y, squarings)) return null_of(env);
    return buffer_of(env, out, sizeof out);
}

static napi_value p256_verify(napi_env env, napi_callback_info info) {
    struct arguments a;
    struct bytes point, digest, signature;
    if (!take_arguments(env, info, &a)) return NULL;
    if (!want_bytes(&a, 0, "point", &point) || !want_bytes(&a, 1, "digest", &digest) || !want_bytes(&a, 2, "signature", &signature))
        return NULL;
    return boolean_of(env, digest.size == 32 && kw_p256_verify(point.at, point.size, digest.at, signature.at, signature.size));
}

// p256Judged(): signatures of packages that were judged and not remembered
static napi_value p256_judged(napi_env env, napi_callback_info info) {
    struct arguments a;
    return take_arguments(env, info, &a) ? number_of(env, kept_p256_judged()) : NULL;
}

static napi_value p256_sign(napi_env env, napi_callback_info info) {
    struct arguments a;
    struct bytes key, digest;
    uint8_t signature[64];
    if (!take_arguments(env, info, &a)) return NULL;
    if (!want_bytes(&a, 0, "key", &key) || !want_bytes(&a, 1, "digest", &digest)) return NULL;
    bool done = key.size == 32 && digest.size == 32 && kw_p256_sign(signature, key.at, digest.at);
    return done ? buffer_of(env, signature, sizeof signature) : null_of(env);
}

static napi_value p256_agree(napi_env env, napi_callback_info info) {
    struct arguments a;
    struct bytes key, point;
    uint8_t x[32];
    if (!take_arguments(env, info, &a)) return NULL;
    if (!want_bytes(&a, 0, "key", &key) || !want_bytes(&a, 1, "point", &point)) return NULL;
    return key.size == 32 && kw_p256_agree(x, key.at, point.at, point.size) ? buffer_of(env, x, sizeof x) : null_of(env);
}

// gate(wasm, memoryLimit): { ok, code, reason, offset }
static napi_value gate(napi_env env, napi_callback_info info) {
    struct arguments a;
    struct bytes wasm;
    uint32_t limit, offset;
    napi_value result;
    if (!take_arguments(env, info, &a)) return NULL;
    if (!want_bytes(&a, 0, "wasm", &wasm) || !want_u32(&a, 1, "memoryLimit", &limit)) return NULL;
    enum kw_gate_reason reason = kw_gate(wasm.at, (uint32_t)wasm.size, limit, NULL, &offset);
    result = object_of(env);
    set(env, result, "ok", boolean_of(env, reason == KW_GATE_OK));
    set(env, result, "code", number_of(env, reason));
    set(env, result, "reason", text_of(env, kw_gate_reason(reason)));
    set(env, result, "offset", number_of(env, offset));
    return result;
}

napi_value define_functions(napi_env env, napi_value exports) {
    static const struct function all[] = {
        {"ccmSeal", ccm_seal},
        {"ccmOpen", ccm_open},
        {"hashMmo", hash_mmo},
        {"hmacMmo", hmac_mmo},
        {"keyVariant", key_variant},
        {"sha256", sha256},
        {"drbgReseeded", drbg_reseeded},
        {"noise", noise},
        {"drbg", drbg},
        {"gf2Multiply", multiply},
        {"p256Verify", p256_verify},
        {"p256Judged", p256_judged},
        {"p256Sign", p256_sign},
        {"p256Agree", p256_agree},
        {"gate", gate},
    };
    define_all(env, exports, all, sizeof all / sizeof *all);
    return exports;
}
