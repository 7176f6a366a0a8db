// TLS, the board's identity and derived keys, as docs/abi.md has them: each checks its ranges first.
#include <string.h>
#include "imports.h"
#include "tls.h"

enum { PAIR_END = KW_KEY_NAME_PAIR + KW_STORE_KEYS - 1, KEY_SIZE = 16, HASH_SIZE = 32, BLOCK = 16, PROFILES = 4 };
#define LONG_WORKS 16u // of one start or poll: a handshake takes fewer; more of them are a module that runs on without an end

// Points of a curve take a part longer than a watchdog may wait.
static void long_work(struct kw_call *c) {
    kw_work(KW_WORK_FLASH);
    if (kw_board_of(c)->alive == NULL || c->m->long_works++ >= LONG_WORKS) return;
    kw_board_of(c)->alive(kw_outside(c));
}

IMPORT(tls_reserve) {
    CALL(1);
    (void)memory;
    uint32_t sessions = kw_argument(&c, 0), secrets = kw_argument(&c, 1);
    if (c.m->tls != NULL) ANSWER(KW_ERR_BAD_STATE);
    if (sessions > KW_TLS_SESSIONS || secrets > KW_SECRETS) ANSWER(KW_ERR_NO_BUFFER);
    c.m->tls_size = kw_tls_size(sessions, secrets);
    c.m->tls = kw_arena_calloc(1, c.m->tls_size);
    kw_tls_begin(c.m->tls, c.m->config.store, sessions, secrets);
    ANSWER(KW_OK);
}

void kw_tls_wipe(struct kw_machine *m) {
    if (m->tls != NULL) kw_wipe(m->tls, m->tls_size);
    m->tls = NULL;
}

// ---- Sessions ----

IMPORT(tls_open) {
    CALL(1);
    (void)memory;
    uint32_t profile = kw_argument(&c, 0);
    int64_t time = (int64_t)c.arguments[1];
    if (profile >= PROFILES || time < 0 || time > KW_TIME_MAX) ANSWER(KW_ERR_RESERVED);
    long_work(&c);
    int32_t answer = c.m->tls == NULL ? KW_ERR_NO_BUFFER : kw_tls_ready(c.m->tls);
    if (answer != KW_OK) ANSWER(answer);
    uint8_t seed[32];
    kw_drbg_generate(&c.m->drbg, seed, sizeof seed);
    answer = kw_tls_open(c.m->tls, profile, time, seed);
    kw_wipe(seed, sizeof seed);
    ANSWER(answer);
}

static struct kw_tls_session *session_of(const struct kw_call *c) {
    return c->m->tls == NULL ? NULL : kw_tls_session(c->m->tls, kw_argument(c, 0));
}

// The capture of a simulator hears of a session's secret as soon as there is one.
static void tell_secret(const struct kw_call *c, struct kw_tls_session *session) {
    const br_ssl_engine_context *e = &session->ssl.engine;
    static const uint8_t none[sizeof e->session.master_secret];
    if (kw_board_of(c)->tls_key == NULL || session->told || memcmp(e->session.master_secret, none, sizeof none) == 0) return;
    session->told = true;
    kw_board_of(c)->tls_key(kw_outside(c), e->client_random, e->session.master_secret);
}

// An import over a session and a range, as `step` has it.
#define OVER_RANGE(step) \
    CALL(1); \
    uint32_t size = kw_argument(&c, 2); \
    uint8_t *at = kw_range(&c, 1, size); \
    CHECK(); \
    struct kw_tls_session *session = session_of(&c); \
    if (session == NULL) ANSWER(KW_ERR_NOT_FOUND); \
    if (size > INT32_MAX) ANSWER(KW_ERR_BAD_LENGTH); \
    int32_t answer = step(session, at, size); \
    tell_secret(&c, session); \
    ANSWER(answer)

IMPORT(tls_feed) {
    long_work(&(struct kw_call){.m = runtime->userdata});
    OVER_RANGE(kw_tls_feed);
}

IMPORT(tls_drain) {
    long_work(&(struct kw_call){.m = runtime->userdata});
    OVER_RANGE(kw_tls_drain);
}

IMPORT(tls_read) { OVER_RANGE(kw_tls_read); }
IMPORT(tls_write) { OVER_RANGE(kw_tls_write); }

IMPORT(tls_close) {
    CALL(1);
    (void)memory;
    struct kw_tls_session *session = session_of(&c);
    ANSWER(session == NULL ? KW_ERR_NOT_FOUND : kw_tls_close(session, kw_argument(&c, 1)));
}

IMPORT(tls_state) {
    CALL(1);
    uint32_t capacity = kw_argument(&c, 2);
    uint8_t *at = kw_range(&c, 1, capacity);
    CHECK();
    const struct kw_tls_session *session = session_of(&c);
    if (session == NULL) ANSWER(KW_ERR_NOT_FOUND);
    if (capacity < KW_TLS_STATE) ANSWER(KW_ERR_NO_BUFFER);
    kw_tls_state(session, at);
    ANSWER(KW_TLS_STATE);
}

// ---- Keys by their names ----

static struct kw_secret *secret_of(const struct kw_machine *m, uint32_t name) {
    uint32_t number = name - KW_KEY_NAME_SECRET;
    return m->tls != NULL && number < m->tls->secret_count ? &m->tls->secrets[number] : NULL;
}

int32_t kw_secret_clear(struct kw_machine *m, uint32_t name) {
    struct kw_secret *secret = secret_of(m, name);
    if (secret == NULL) return KW_ERR_NO_BUFFER;
    kw_wipe(secret, sizeof *secret);
    return KW_OK;
}

IMPORT(tls_export) {
    CALL(1);
    (void)memory;
    struct kw_tls_session *session = session_of(&c);
    struct kw_secret *secret = secret_of(c.m, kw_argument(&c, 1));
    if (session == NULL) ANSWER(KW_ERR_NOT_FOUND);
    ANSWER(secret == NULL ? KW_ERR_NO_BUFFER : kw_tls_export(session, secret));
}

// Whether a key is only good for deriving: what is derived from it must not be had in clear.
static bool only_derives(const struct kw_machine *m, uint32_t name) {
    const struct kw_secret *secret = secret_of(m, name);
    return name < KW_STORE_KEYS || (secret != NULL && secret->exported);
}

// A key's octets: how many, or why not.
static int32_t key_of(struct kw_machine *m, uint32_t name, uint8_t out[KW_SECRET_MAX]) {
    const struct kw_secret *secret = secret_of(m, name);
    bool is_slot = name < KW_STORE_KEYS, is_pair = name >= KW_KEY_NAME_PAIR && name < PAIR_END;
    if (secret != NULL) {
        memcpy(out, secret->octets, secret->size);
        return secret->size == 0 ? KW_ERR_NOT_FOUND : secret->size;
    }
    if (!is_slot && !is_pair) return KW_ERR_NO_BUFFER;
    uint32_t slot = is_slot ? name : name - KW_KEY_NAME_PAIR;
    int32_t answer = kw_store_key_get(m->config.store, slot, out);
    if (answer >= 0 && is_pair) answer = kw_store_key_get(m->config.store, slot + 1, out + KEY_SIZE);
    return answer < 0 ? answer : is_pair ? 2 * KEY_SIZE : KEY_SIZE;
}

static int32_t slot_set(struct kw_call *c, uint32_t slot, const uint8_t key[KEY_SIZE]) {
    int32_t answer = kw_store_key_set(c->m->config.store, slot, key);
    kw_forget_keys(c->m, slot);
    if (answer == KW_OK && kw_board_of(c)->key_set != NULL) kw_board_of(c)->key_set(kw_outside(c), slot, key);
    return answer;
}

static int32_t target_set(struct kw_call *c, uint32_t name, const uint8_t octets[HASH_SIZE]) {
    struct kw_secret *secret = secret_of(c->m, name);
    if (secret != NULL) {
        memset(secret, 0, sizeof *secret);
        secret->size = HASH_SIZE;
        memcpy(secret->octets, octets, HASH_SIZE);
        return KW_OK;
    }
    if (name < KW_STORE_KEYS) return slot_set(c, name, octets);
    if (name < KW_KEY_NAME_PAIR || name >= PAIR_END) return KW_ERR_NO_BUFFER;
    int32_t answer = slot_set(c, name - KW_KEY_NAME_PAIR, octets);
    return answer == KW_OK ? slot_set(c, name - KW_KEY_NAME_PAIR + 1, octets + KEY_SIZE) : answer;
}

static void hmac(const uint8_t *key, uint32_t key_size, const uint8_t *at, uint32_t size, uint8_t out[HASH_SIZE]) {
    br_hmac_key_context context;
    br_hmac_context run;
    br_hmac_key_init(&context, &br_sha256_vtable, key, key_size);
    br_hmac_init(&run, &context, 0);
    br_hmac_update(&run, at, size);
    br_hmac_out(&run, out);
    kw_wipe(&context, sizeof context);
    kw_wipe(&run, sizeof run);
}

IMPORT(key_derive) {
    CALL(1);
    uint8_t key[KW_SECRET_MAX], out[HASH_SIZE];
    uint32_t name = kw_argument(&c, 0), size = kw_argument(&c, 2), target = kw_argument(&c, 3);
    const uint8_t *at = kw_range(&c, 1, size);
    CHECK();
    kw_work(KW_WORK_FLASH);
    int32_t answer = key_of(c.m, name, key);
    if (answer > 0) {
        hmac(key, (uint32_t)answer, at, size, out);
        answer = target_set(&c, target, out);
    }
    kw_wipe(key, sizeof key);
    kw_wipe(out, sizeof out);
    kw_note(&c, &(struct kw_effect){ID_key_derive, answer, {name, target}, 2, NULL, 0});
    ANSWER(answer);
}

IMPORT(hmac_sha256) {
    CALL(1);
    uint8_t key[KW_SECRET_MAX], mac[HASH_SIZE];
    uint32_t name = kw_argument(&c, 0), size = kw_argument(&c, 2);
    const uint8_t *at = kw_range(&c, 1, size);
    uint8_t *out = kw_range(&c, 3, HASH_SIZE);
    CHECK();
    int32_t answer = only_derives(c.m, name) ? KW_ERR_REFUSED : key_of(c.m, name, key);
    if (answer > 0) {
        hmac(key, (uint32_t)answer, at, size, mac);
        memcpy(out, mac, sizeof mac);
        answer = KW_OK;
    }
    kw_wipe(key, sizeof key);
    ANSWER(answer);
}

static void ctr(const uint8_t key[KEY_SIZE], uint8_t counter[BLOCK], uint8_t *text, uint32_t size) {
    br_aes_ct_ctrcbc_keys keys;
    uint8_t last[BLOCK] = {0};
    uint32_t whole = size & ~(BLOCK - 1u);
    br_aes_ct_ctrcbc_init(&keys, key, KEY_SIZE);
    br_aes_ct_ctrcbc_ctr(&keys, counter, text, whole);
    memcpy(last, text + whole, size - whole);
    br_aes_ct_ctrcbc_ctr(&keys, counter, last, sizeof last);
    memcpy(text + whole, last, size - whole);
    kw_wipe(&keys, sizeof keys);
    kw_wipe(last, sizeof last);
}

IMPORT(ctr_crypt) {
    CALL(1);
    uint8_t key[KW_SECRET_MAX], counter[BLOCK];
    uint32_t name = kw_argument(&c, 0), size = kw_argument(&c, 3);
    const uint8_t *first = kw_range(&c, 1, BLOCK);
    uint8_t *text = kw_range(&c, 2, size);
    CHECK();
    int32_t answer = only_derives(c.m, name) ? KW_ERR_REFUSED : key_of(c.m, name, key);
    if (answer > 0) {
        memcpy(counter, first, sizeof counter);
        ctr(key, counter, text, size);
        answer = KW_OK;
    }
    kw_wipe(key, sizeof key);
    ANSWER(answer);
}

// ---- Identity ----

IMPORT(identity_make) {
    CALL(1);
    (void)memory;
    long_work(&c);
    int32_t answer = kw_identity_make(c.m->config.store, &c.m->drbg);
    kw_note(&c, &(struct kw_effect){ID_identity_make, answer, {0, 0}, 0, NULL, 0});
    ANSWER(answer);
}

IMPORT(identity_request) {
    CALL(1);
    uint32_t capacity = kw_argument(&c, 1);
    uint8_t *at = kw_range(&c, 0, capacity);
    CHECK();
    long_work(&c);
    ANSWER(kw_identity_request(c.m->config.store, at, capacity));
}

// The check of a chain takes the place of a session, which is free then.
IMPORT(identity_install) {
    CALL(1);
    uint32_t size = kw_argument(&c, 1);
    const uint8_t *at = kw_range(&c, 0, size);
    CHECK();
    long_work(&c);
    struct kw_tls *tls = c.m->tls;
    int32_t answer = tls == NULL || tls->session_count == 0 ? KW_ERR_NO_BUFFER : kw_tls_busy(tls) ? KW_ERR_BUSY : KW_OK;
    if (answer == KW_OK) {
        answer = kw_identity_install(c.m->config.store, at, size, 0, &tls->sessions[0].peer);
        kw_wipe(&tls->sessions[0], sizeof tls->sessions[0]);
        tls->loaded = false;
    }
    kw_note(&c, &(struct kw_effect){ID_identity_install, answer, {0, 0}, 0, NULL, 0});
    ANSWER(answer);
}
