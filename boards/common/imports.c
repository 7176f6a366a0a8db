// The module's imports.  Each checks its ranges first; one that leaves the memory is a trap and nothing has happened yet.
#include <string.h>
#include "gf2.h"
#include "imports.h"
#include "m3_compile.h"

enum { PSDU_MIN = 3, PSDU_MAX = 125, DISPLAY_LINES = 8, DISPLAY_COLUMNS = 32, NONCE = 13, MIC = 4 };

// ---- Events, radio ----

static int32_t take_event(struct kw_machine *m, uint8_t *at, uint32_t capacity) {
    if (m->events == 0) return 0;
    const uint8_t *event = m->queue;
    uint32_t size = KW_EVENT_HEAD + (event[KW_EVENT_SIZE] | (uint32_t)event[KW_EVENT_SIZE + 1] << 8);
    uint32_t number = event[KW_EVENT_INTERFACE];
    if (event[KW_EVENT_KIND] == KW_EVENT_KIND_RADIO_SENT && number < KW_INTERFACES && event[KW_EVENT_HANDLE] == m->sending_handle[number])
        m->sending &= (uint8_t) ~(1u << number);
    bool fits = size <= capacity;
    if (fits) memcpy(at, event, size);
    m->queued -= size;
    m->events--;
    memmove(m->queue, m->queue + size, m->queued);
    return fits ? (int32_t)size : KW_ERR_NO_BUFFER;
}

IMPORT(next) {
    CALL(1);
    uint32_t capacity = kw_argument(&c, 1);
    uint8_t *at = kw_range(&c, 0, capacity);
    CHECK();
    ANSWER(take_event(c.m, at, capacity));
}

IMPORT(radio_set) {
    CALL(1);
    uint32_t number = kw_argument(&c, 0), parameter = kw_argument(&c, 1);
    int64_t value = (int64_t)c.arguments[2];
    int32_t answer = KW_ERR_RESERVED;
    if (number >= KW_INTERFACES) answer = KW_ERR_NOT_FOUND;
    else if (parameter >= KW_RADIO_PARAMETER_CHANNEL && parameter <= KW_RADIO_PARAMETER_PENDING_NONE)
        answer = kw_board_of(&c)->radio_set(kw_outside(&c), number, parameter, value);
    kw_note(&c, &(struct kw_effect){ID_radio_set, answer, {number, parameter, value}, 3, NULL, 0});
    ANSWER(answer);
}

IMPORT(radio_send) {
    CALL(1);
    uint32_t number = kw_argument(&c, 0), size = kw_argument(&c, 2), handle = kw_argument(&c, 3);
    const uint8_t *psdu = kw_range(&c, 1, size);
    CHECK();
    int32_t answer = KW_OK;
    if (number >= KW_INTERFACES) answer = KW_ERR_NOT_FOUND;
    else if (size < PSDU_MIN || size > PSDU_MAX) answer = KW_ERR_BAD_LENGTH;
    else if (c.m->sending >> number & 1) answer = KW_ERR_BUSY;
    else answer = kw_board_of(&c)->radio_send(kw_outside(&c), number, psdu, size, (uint8_t)handle);
    if (answer == KW_OK) {
        c.m->sending |= (uint8_t)(1u << number);
        c.m->sending_handle[number] = (uint8_t)handle;
    }
    kw_note(&c, &(struct kw_effect){ID_radio_send, answer, {number, handle}, 2, psdu, size});
    ANSWER(answer);
}

// ---- Store and keys ----

IMPORT(store_read) {
    CALL(1);
    uint32_t capacity = kw_argument(&c, 2);
    uint8_t *at = kw_range(&c, 1, capacity);
    CHECK();
    ANSWER(kw_store_read(c.m->config.store, kw_argument(&c, 0), at, capacity));
}

IMPORT(store_write) {
    CALL(1);
    uint32_t record = kw_argument(&c, 0), size = kw_argument(&c, 2);
    const uint8_t *at = kw_range(&c, 1, size);
    CHECK();
    kw_work(KW_WORK_FLASH);
    int32_t answer = kw_store_write(c.m->config.store, record, at, size);
    kw_note(&c, &(struct kw_effect){ID_store_write, answer, {record, 0}, 1, at, size});
    ANSWER(answer);
}

IMPORT(key_set) {
    CALL(1);
    uint32_t slot = kw_argument(&c, 0);
    const uint8_t *key = kw_range(&c, 1, 16);
    CHECK();
    kw_work(KW_WORK_FLASH);
    int32_t answer = kw_store_key_set(c.m->config.store, slot, key);
    kw_forget_keys(c.m, slot);
    if (answer == KW_OK && kw_board_of(&c)->key_set != NULL) kw_board_of(&c)->key_set(kw_outside(&c), slot, key);
    kw_note(&c, &(struct kw_effect){ID_key_set, answer, {slot, 0}, 1, NULL, 0});
    ANSWER(answer);
}

IMPORT(key_clear) {
    CALL(1);
    uint32_t slot = kw_argument(&c, 0);
    kw_work(KW_WORK_FLASH);
    int32_t answer = slot >= KW_KEY_NAME_SECRET ? kw_secret_clear(c.m, slot) : kw_store_key_clear(c.m->config.store, slot);
    kw_forget_keys(c.m, slot);
    kw_note(&c, &(struct kw_effect){ID_key_clear, answer, {slot, 0}, 1, NULL, 0});
    ANSWER(answer);
}

// ---- Cryptography ----

void kw_forget_keys(struct kw_machine *m, uint32_t slot) {
    for (uint32_t i = 0; i < KW_CCM_CACHE; i++) {
        if (slot != KW_ALL_SLOTS && (m->keys[i].selector & 0xff) != slot) continue;
        kw_wipe(&m->keys[i], sizeof m->keys[i]);
        m->keys[i].selector = UINT32_MAX;
    }
}

// The round keys of a slot's variant; null, and why, for an empty slot, an unknown variant, or a key that cannot be read.
static const struct kw_ccm *find_key(struct kw_machine *m, uint32_t selector, int32_t *why) {
    struct kw_cached_key *oldest = &m->keys[0];
    for (uint32_t i = 0; i < KW_CCM_CACHE; i++) {
        struct kw_cached_key *each = &m->keys[i];
        if (each->selector == selector && selector != UINT32_MAX) return (each->used = ++m->key_clock, &each->ccm);
        if (each->used < oldest->used) oldest = each;
    }
    uint8_t key[16], variant[16];
    *why = selector >> 8 >= KW_KEY_VARIANTS ? KW_ERR_NOT_FOUND : kw_store_key_get(m->config.store, selector & 0xff, key);
    if (*why < 0) return NULL;
    kw_key_variant(variant, key, selector >> 8);
    kw_ccm_key(&oldest->ccm, variant, sizeof variant);
    oldest->selector = selector;
    oldest->used = ++m->key_clock;
    kw_wipe(key, sizeof key);
    kw_wipe(variant, sizeof variant);
    return &oldest->ccm;
}

// The ranges of ccm_seal and ccm_open; the nonce is copied because a module may lay it into the text.
static struct kw_ccm_text ccm_ranges(struct kw_call *c, uint8_t nonce[NONCE], uint32_t mic) {
    uint32_t aad_size = kw_argument(c, 3), size = kw_argument(c, 5);
    const uint8_t *at = kw_range(c, 1, NONCE);
    const uint8_t *aad = kw_range(c, 2, aad_size);
    uint8_t *text = kw_range(c, 4, (uint64_t)size + mic);
    if (!c->bad) memcpy(nonce, at, NONCE);
    return (struct kw_ccm_text){nonce, NONCE, aad, aad_size, text, size, text, MIC};
}

IMPORT(ccm_seal) {
    CALL(1);
    uint8_t nonce[NONCE];
    struct kw_ccm_text t = ccm_ranges(&c, nonce, MIC);
    CHECK();
    int32_t why;
    const struct kw_ccm *key = find_key(c.m, kw_argument(&c, 0), &why);
    if (key == NULL) ANSWER(why);
    t.tag = t.text + t.text_size;
    if (!kw_ccm_seal(key, &t)) ANSWER(KW_ERR_BAD_LENGTH);
    ANSWER(t.text_size + MIC);
}

IMPORT(ccm_open) {
    CALL(1);
    uint8_t nonce[NONCE];
    struct kw_ccm_text t = ccm_ranges(&c, nonce, 0);
    CHECK();
    int32_t why;
    const struct kw_ccm *key = find_key(c.m, kw_argument(&c, 0), &why);
    if (key == NULL) ANSWER(why);
    if (t.text_size < MIC) ANSWER(KW_ERR_TRUNCATED);
    t.text_size -= MIC;
    t.tag = t.text + t.text_size;
    if (kw_ccm_open(key, &t)) ANSWER(t.text_size);
    memset(t.text, 0, t.text_size + MIC);
    c.m->bad_mic++;
    ANSWER(KW_ERR_BAD_MIC);
}

IMPORT(hash_mmo) {
    CALL(1);
    uint8_t hash[16];
    uint32_t size = kw_argument(&c, 1);
    const uint8_t *at = kw_range(&c, 0, size);
    uint8_t *out = kw_range(&c, 2, sizeof hash);
    CHECK();
    kw_hash_mmo(hash, at, size);
    memcpy(out, hash, sizeof hash);
    ANSWER(KW_OK);
}

IMPORT(hmac_mmo) {
    CALL(1);
    uint8_t mac[16];
    uint32_t size = kw_argument(&c, 2);
    const uint8_t *key = kw_range(&c, 0, 16), *at = kw_range(&c, 1, size);
    uint8_t *out = kw_range(&c, 3, sizeof mac);
    CHECK();
    kw_hmac_mmo(mac, key, 16, at, size);
    memcpy(out, mac, sizeof mac);
    ANSWER(KW_OK);
}

IMPORT(gf2_multiply) {
    CALL(1);
    uint32_t a[GF2_WORDS], b[GF2_WORDS], product[GF2_WORDS];
    const uint8_t *from_a = kw_range(&c, 1, sizeof a), *from_b = kw_range(&c, 2, sizeof b);
    uint8_t *out = kw_range(&c, 3, sizeof product);
    CHECK();
    memcpy(a, from_a, sizeof a);
    memcpy(b, from_b, sizeof b);
    if (!gf2_multiply(kw_argument(&c, 0), product, a, from_a == from_b ? a : b, kw_argument(&c, 4))) ANSWER(KW_ERR_RESERVED);
    memcpy(out, product, sizeof product);
    ANSWER(KW_OK);
}

IMPORT(entropy) {
    CALL(0);
    uint32_t size = kw_argument(&c, 1);
    uint8_t *at = kw_range(&c, 0, size);
    CHECK();
    kw_drbg_generate(&c.m->drbg, at, size);
    return m3Err_none;
}

IMPORT(constant_read) {
    CALL(1);
    uint32_t offset = kw_argument(&c, 0), capacity = kw_argument(&c, 2);
    uint8_t *at = kw_range(&c, 1, capacity);
    CHECK();
    uint32_t left = offset < c.m->constants_size ? c.m->constants_size - offset : 0;
    uint32_t size = capacity < left ? capacity : left;
    if (size > 0) memcpy(at, c.m->constants + offset, size);
    ANSWER(size);
}

// ---- The rest of the world ----

IMPORT(sense) {
    CALL(1);
    uint32_t quantity = kw_argument(&c, 0), period = kw_argument(&c, 1);
    int32_t answer = kw_board_of(&c)->sense(kw_outside(&c), quantity, period);
    kw_note(&c, &(struct kw_effect){ID_sense, answer, {quantity, period}, 2, NULL, 0});
    ANSWER(answer);
}

IMPORT(display) {
    CALL(1);
    uint32_t line = kw_argument(&c, 0), size = kw_argument(&c, 2);
    const uint8_t *text = kw_range(&c, 1, size);
    CHECK();
    int32_t answer = KW_OK;
    if (line >= DISPLAY_LINES) answer = KW_ERR_RESERVED;
    else if (size > DISPLAY_COLUMNS) answer = KW_ERR_BAD_LENGTH;
    else answer = kw_board_of(&c)->display(kw_outside(&c), line, text, size);
    kw_note(&c, &(struct kw_effect){ID_display, answer, {line, 0}, 1, text, size});
    ANSWER(answer);
}

IMPORT(uplink_send) {
    CALL(1);
    uint32_t size = kw_argument(&c, 1);
    const uint8_t *at = kw_range(&c, 0, size);
    CHECK();
    int32_t answer = kw_board_of(&c)->uplink_send(kw_outside(&c), at, size);
    kw_note(&c, &(struct kw_effect){ID_uplink_send, answer, {0, 0}, 0, at, size});
    ANSWER(answer);
}

IMPORT(link_send) {
    CALL(1);
    uint32_t number = kw_argument(&c, 0), size = kw_argument(&c, 2);
    const uint8_t *frame = kw_range(&c, 1, size);
    CHECK();
    const struct kw_board *board = kw_board_of(&c);
    int32_t answer = KW_ERR_NOT_FOUND;
    if (size < KW_LINK_FRAME_MIN || size > KW_LINK_FRAME_MAX) answer = KW_ERR_BAD_LENGTH;
    else if (number < KW_INTERFACES && board->link_send != NULL) answer = board->link_send(kw_outside(&c), number, frame, size);
    kw_note(&c, &(struct kw_effect){ID_link_send, answer, {number, 0}, 1, frame, size});
    ANSWER(answer);
}

IMPORT(log) {
    CALL(0);
    uint32_t code = kw_argument(&c, 0), size = kw_argument(&c, 2);
    const uint8_t *at = kw_range(&c, 1, size);
    CHECK();
    kw_board_of(&c)->log(kw_outside(&c), code, at, size);
    kw_note(&c, &(struct kw_effect){ID_log, KW_OK, {code, 0}, 1, at, size});
    return m3Err_none;
}

IMPORT(halt) {
    CALL(0);
    (void)memory;
    c.m->halted = true;
    c.m->halt_reason = kw_argument(&c, 0);
    kw_note(&c, &(struct kw_effect){ID_halt, KW_OK, {c.m->halt_reason, 0}, 1, NULL, 0});
    return m3Err_trapExit;
}

// ---- Linking ----

const char *kw_link(struct kw_machine *m) {
    static const struct {
        const char *name;
        M3RawCall call;
    } bodies[] = {
#define X(id, name, signature) {#name, kw_import_##name},
        KW_IMPORTS(X)
#undef X
    };
    for (uint32_t i = 0; i < m->module->numFuncImports; i++) {
        IM3Function f = &m->module->functions[i];
        uint32_t k = 0;
        while (k < KW_IMPORT_COUNT && strcmp(f->import.fieldUtf8, bodies[k].name) != 0) k++;
        if (k == KW_IMPORT_COUNT) return "an import that the contract does not have";
        const char *result = CompileRawFunction(m->module, f, (const void *)bodies[k].call, m);
        if (result != NULL) return result;
    }
    return NULL;
}
