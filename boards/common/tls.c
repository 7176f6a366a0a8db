#include "tls.h"
#include <string.h>
#include "octets.h"

// BearSSL's own, src/inner.h.
void br_ssl_engine_fail(br_ssl_engine_context *e, int error);

enum {
    RECORD_ALERT = 21,
    ALERT_FATAL = 2,
    ALERT_NONE = 255,
    CLEAR_HEAD = 5,
    SEALED_HEAD = 13,
    PROFILE_EAP = 2,
    PROFILE_SERVER = 1,
    MSK_SIZE = 64,
    SIGNATURE_MAX = 72
};
enum { MODE_FAILED = 0, DATA_FLOWS = 1 }; // of `iomode` and `application_data`
#define LOG_FRAGMENT_ASKED 12u            // what a client asks of a server: records of 4,096 octets
#define LOG_FRAGMENT_ANY 14u

static const uint16_t suite = KW_TLS_SUITE_ID;

static bool is_server(const struct kw_tls_session *s) { return (s->profile & PROFILE_SERVER) != 0; }

// BearSSL asks for a source of the system; ours is the seed of tls_open and nothing else.
br_prng_seeder br_prng_seeder_system(const char **name) {
    if (name != NULL) *name = "none";
    return 0;
}

// ---- What a module reserved ----

#define ALIGNED(size) (((uint32_t)(size) + 7u) & ~7u)

uint32_t kw_tls_size(uint32_t sessions, uint32_t secrets) {
    return ALIGNED(sizeof(struct kw_tls)) + sessions * ALIGNED(sizeof(struct kw_tls_session)) + ALIGNED(secrets * sizeof(struct kw_secret));
}

void kw_tls_begin(struct kw_tls *t, struct kw_store *store, uint32_t sessions, uint32_t secrets) {
    uint8_t *at = (uint8_t *)t + ALIGNED(sizeof *t);
    memset(t, 0, kw_tls_size(sessions, secrets));
    t->store = store;
    t->session_count = sessions;
    t->secret_count = secrets;
    t->sessions = (struct kw_tls_session *)(void *)at;
    t->secrets = (struct kw_secret *)(void *)(at + sessions * ALIGNED(sizeof(struct kw_tls_session)));
}

bool kw_tls_busy(const struct kw_tls *t) {
    for (uint32_t i = 0; i < t->session_count; i++)
        if (t->sessions[i].open) return true;
    return false;
}

struct kw_tls_session *kw_tls_session(struct kw_tls *t, uint32_t number) {
    return number < t->session_count && t->sessions[number].open ? &t->sessions[number] : NULL;
}

// Roots and chain as the store has them.
static bool load(struct kw_tls *t) {
    struct kw_identity identity;
    if (t->loaded) return true;
    bool good =
        kw_identity_read(t->store, &identity) == KW_OK && identity.has_key && kw_identity_chain(t->store, &identity, t->chain) == KW_OK;
    uint32_t at = 0, size = identity.chain_size, count = 0;
    kw_wipe(&identity, sizeof identity);
    for (; good && at + 2 <= size && count < KW_CHAIN_MAX; count++) {
        uint32_t each = kw_get16(t->chain + at);
        t->certificates[count] = (br_x509_certificate){t->chain + at + 2, each};
        at += 2 + each;
    }
    t->certificate_count = count;
    kw_identity_trust(t->store, &t->trust);
    for (uint32_t i = 0; i < t->trust.count; i++) t->root_names[i] = (br_x500_name){t->trust.roots[i].dn, t->trust.roots[i].dn_size};
    return t->loaded = good && at == size && count > 0 && t->trust.count > 0;
}

// ---- Ends ----

// The alert of RFC 5246 section 7.2 for an error of the engine, and what the module is told.
static const struct {
    uint8_t error, alert;
    int8_t status;
} ends_by[] = {
    {BR_ERR_UNSUPPORTED_VERSION, 70, KW_ERR_REFUSED},
    {BR_ERR_BAD_VERSION, 70, KW_ERR_REFUSED},
    {BR_ERR_BAD_LENGTH, 22, KW_ERR_BAD_LENGTH},
    {BR_ERR_TOO_LARGE, 22, KW_ERR_BAD_LENGTH},
    {BR_ERR_BAD_MAC, 20, KW_ERR_BAD_MIC},
    {BR_ERR_BAD_FINISHED, 51, KW_ERR_BAD_MIC},
    {BR_ERR_BAD_SIGNATURE, 51, KW_ERR_BAD_MIC},
    {BR_ERR_UNEXPECTED, 10, KW_ERR_RESERVED},
    {BR_ERR_UNKNOWN_TYPE, 10, KW_ERR_RESERVED},
    {BR_ERR_BAD_CCS, 10, KW_ERR_RESERVED},
    {BR_ERR_OVERSIZED_ID, 50, KW_ERR_RESERVED},
    {BR_ERR_BAD_CIPHER_SUITE, 47, KW_ERR_REFUSED},
    {BR_ERR_BAD_COMPRESSION, 47, KW_ERR_REFUSED},
    {BR_ERR_BAD_FRAGLEN, 47, KW_ERR_RESERVED},
    {BR_ERR_BAD_SECRENEG, 40, KW_ERR_REFUSED},
    {BR_ERR_EXTRA_EXTENSION, 110, KW_ERR_RESERVED},
    {BR_ERR_RESUME_MISMATCH, 47, KW_ERR_RESERVED},
    {BR_ERR_INVALID_ALGORITHM, 47, KW_ERR_REFUSED},
    {BR_ERR_WRONG_KEY_USAGE, 43, KW_ERR_REFUSED},
    {BR_ERR_NO_CLIENT_AUTH, 40, KW_ERR_REFUSED},
};
enum { ALERT_DECODE_ERROR = 50, ALERT_HANDSHAKE_FAILURE = 40 };

static void seal_alert(struct kw_tls_session *s, uint8_t description) {
    br_ssl_engine_context *e = &s->ssl.engine;
    uint8_t *data = s->alert + SEALED_HEAD;
    size_t size = 2;
    data[0] = ALERT_FATAL;
    data[1] = description;
    data = e->out.vtable->encrypt(&e->out.vtable, RECORD_ALERT, e->version_out != 0 ? e->version_out : BR_TLS12, data, &size);
    s->alert_at = (uint8_t)(data - s->alert);
    s->alert_end = (uint8_t)(s->alert_at + size);
    s->sent = description;
}

static void end(struct kw_tls_session *s, int error) {
    s->ended = true;
    if (error == BR_ERR_OK) return;
    s->status = KW_ERR_REFUSED;
    if (error >= BR_ERR_SEND_FATAL_ALERT) seal_alert(s, (uint8_t)(error - BR_ERR_SEND_FATAL_ALERT));
    else if (error >= BR_ERR_RECV_FATAL_ALERT) s->received = (uint8_t)(error - BR_ERR_RECV_FATAL_ALERT);
    else if (error == BR_ERR_X509_NOT_TRUSTED) seal_alert(s, s->peer.fault);
    else {
        uint32_t i = 0;
        while (i < sizeof ends_by / sizeof *ends_by && ends_by[i].error != error) i++;
        bool known = i < sizeof ends_by / sizeof *ends_by;
        s->status = known ? ends_by[i].status : KW_ERR_RESERVED;
        seal_alert(s, known ? ends_by[i].alert : ALERT_DECODE_ERROR);
    }
}

// The engine's own alerts, all of them in clear and in answer to a hello, would end it only when they are gone: it ends at once here.
static void take_own_alert(struct kw_tls_session *s) {
    br_ssl_engine_context *e = &s->ssl.engine;
    size_t size;
    const uint8_t *at = br_ssl_engine_sendrec_buf(e, &size);
    if (at == NULL || e->out.vtable != &br_sslrec_out_clear_vtable || size != CLEAR_HEAD + 2) return;
    if (at[0] != RECORD_ALERT || at[CLEAR_HEAD] != ALERT_FATAL) return;
    int error = BR_ERR_SEND_FATAL_ALERT + at[CLEAR_HEAD + 1];
    e->oxc = e->oxa;
    br_ssl_engine_fail(e, error);
}

// After each step of the engine.
static void settle(struct kw_tls_session *s) {
    br_ssl_engine_context *e = &s->ssl.engine;
    if (s->ended) return;
    if (e->iomode != MODE_FAILED) take_own_alert(s);
    if (!s->established && e->iomode != MODE_FAILED && e->application_data == DATA_FLOWS) {
        // A server that does not ask who we are is none of 2030.5's.
        if (!is_server(s) && !s->asked) br_ssl_engine_fail(e, BR_ERR_SEND_FATAL_ALERT + ALERT_HANDSHAKE_FAILURE);
        else s->established = true;
    }
    if (e->iomode == MODE_FAILED) end(s, br_ssl_engine_last_error(e));
}

// ---- Sessions ----

static void start_engine(struct kw_tls_session *s, const uint8_t seed[32]) {
    br_ssl_engine_context *e = &s->ssl.engine;
    br_ssl_engine_set_versions(e, BR_TLS12, BR_TLS12);
    br_ssl_engine_set_suites(e, &suite, 1);
    br_ssl_engine_set_hash(e, br_sha256_ID, &br_sha256_vtable);
    br_ssl_engine_set_prf_sha256(e, &br_tls12_sha256_prf);
    br_ssl_engine_set_ec(e, &br_ec_p256_m31);
    br_ssl_engine_set_ecdsa(e, &br_ecdsa_i31_vrfy_asn1);
    br_ssl_engine_set_ccm(e, &br_sslrec_in_ccm_vtable, &br_sslrec_out_ccm_vtable);
    br_ssl_engine_set_aes_ctrcbc(e, &br_aes_ct_ctrcbc_vtable);
    br_ssl_engine_set_x509(e, &s->peer.vtable);
    br_ssl_engine_add_flags(e, BR_OPT_NO_RENEGOTIATION);
    br_ssl_engine_set_buffers_bidi(e, s->in, sizeof s->in, s->out, sizeof s->out);
    e->max_frag_len = KW_TLS_FRAGMENT;
    e->log_max_frag_len = is_server(s) ? LOG_FRAGMENT_ANY : LOG_FRAGMENT_ASKED;
    br_ssl_engine_inject_entropy(e, seed, 32);
}

int32_t kw_tls_open(struct kw_tls *t, uint32_t profile, int64_t time, const uint8_t seed[32]) {
    uint32_t number = 0;
    while (number < t->session_count && t->sessions[number].open) number++;
    struct kw_tls_session *s = &t->sessions[number];
    memset(s, 0, sizeof *s);
    s->tls = t;
    s->open = true;
    s->profile = (uint8_t)profile;
    s->sent = s->received = ALERT_NONE;
    s->server_policy = &kw_tls_server_class;
    s->client_policy = &kw_tls_client_class;
    kw_chain_begin(&s->peer, &t->trust, time);
    start_engine(s, seed);
    if (is_server(s)) {
        br_ssl_server_set_policy(&s->ssl.server, &s->server_policy);
        br_ssl_server_set_trust_anchor_names(&s->ssl.server, t->root_names, t->trust.count);
        br_ssl_server_reset(&s->ssl.server);
    } else {
        br_ssl_client_set_client_certificate(&s->ssl.client, &s->client_policy);
        br_ssl_client_reset(&s->ssl.client, NULL, 0);
    }
    settle(s);
    return (int32_t)number;
}

int32_t kw_tls_ready(struct kw_tls *t) {
    uint32_t number = 0;
    while (number < t->session_count && t->sessions[number].open) number++;
    if (number == t->session_count) return KW_ERR_NO_BUFFER;
    return load(t) ? KW_OK : KW_ERR_NO_KEY;
}

// What waits for the peer: the engine's record, or after the end what is left of it and then the alert.
static const uint8_t *waiting(const struct kw_tls_session *s, size_t *size) {
    const br_ssl_engine_context *e = &s->ssl.engine;
    if (!s->ended) return br_ssl_engine_sendrec_buf(e, size);
    if (e->oxc > e->oxa) return (*size = e->oxc - e->oxa, e->obuf + e->oxa);
    return (*size = (size_t)(s->alert_end - s->alert_at), s->alert + s->alert_at);
}

static bool has_unsealed(const struct kw_tls_session *s) {
    const br_ssl_engine_context *e = &s->ssl.engine;
    return !s->ended && e->application_data == DATA_FLOWS && e->oxa != e->oxb && e->oxa != e->oxc;
}

static bool has_output(const struct kw_tls_session *s) {
    size_t size;
    return (waiting(s, &size), size > 0) || has_unsealed(s);
}

static bool has_input(const struct kw_tls_session *s) {
    size_t size;
    return !s->ended && br_ssl_engine_recvapp_buf(&s->ssl.engine, &size) != NULL;
}

// Whether what comes next would be the first octet of a record.
static bool at_record(const struct kw_tls_session *s) { return s->ssl.engine.ixa == 0 && s->ssl.engine.ixb == 0; }

static bool takes_input(const struct kw_tls_session *s) {
    size_t size;
    if (s->ended || (at_record(s) && (has_output(s) || has_input(s)))) return false;
    return br_ssl_engine_recvrec_buf(&s->ssl.engine, &size) != NULL;
}

int32_t kw_tls_feed(struct kw_tls_session *s, const uint8_t *at, uint32_t size) {
    uint32_t taken = 0;
    if (s->ended) return KW_ERR_BAD_STATE;
    while (taken < size && takes_input(s)) {
        size_t room;
        uint8_t *to = br_ssl_engine_recvrec_buf(&s->ssl.engine, &room);
        uint32_t part = size - taken < room ? size - taken : (uint32_t)room;
        memcpy(to, at + taken, part);
        taken += part;
        br_ssl_engine_recvrec_ack(&s->ssl.engine, part);
        settle(s);
    }
    return s->ended ? (int32_t)size : (int32_t)taken;
}

int32_t kw_tls_drain(struct kw_tls_session *s, uint8_t *at, uint32_t capacity) {
    br_ssl_engine_context *e = &s->ssl.engine;
    uint32_t given = 0;
    if (capacity > 0) br_ssl_engine_flush(e, 0);
    while (given < capacity) {
        size_t size;
        const uint8_t *from = waiting(s, &size);
        if (size == 0) break;
        uint32_t part = capacity - given < size ? capacity - given : (uint32_t)size;
        memcpy(at + given, from, part);
        given += part;
        if (!s->ended) br_ssl_engine_sendrec_ack(e, part);
        else if (e->oxc > e->oxa) e->oxa += part;
        else s->alert_at = (uint8_t)(s->alert_at + part);
        settle(s);
    }
    return (int32_t)given;
}

int32_t kw_tls_read(struct kw_tls_session *s, uint8_t *at, uint32_t capacity) {
    size_t size;
    const uint8_t *from = s->ended ? NULL : br_ssl_engine_recvapp_buf(&s->ssl.engine, &size);
    if (from == NULL || capacity == 0) return 0;
    if (size > capacity) size = capacity;
    memcpy(at, from, size);
    br_ssl_engine_recvapp_ack(&s->ssl.engine, size);
    return (int32_t)size;
}

int32_t kw_tls_write(struct kw_tls_session *s, const uint8_t *at, uint32_t size) {
    size_t room;
    if (s->ended) return KW_ERR_BAD_STATE;
    uint8_t *to = s->established ? br_ssl_engine_sendapp_buf(&s->ssl.engine, &room) : NULL;
    if (to == NULL || size == 0) return 0;
    if (size > room) size = (uint32_t)room;
    memcpy(to, at, size);
    br_ssl_engine_sendapp_ack(&s->ssl.engine, size);
    return (int32_t)size;
}

int32_t kw_tls_close(struct kw_tls_session *s, uint32_t how) {
    br_ssl_engine_context *e = &s->ssl.engine;
    size_t size;
    if (how == KW_TLS_CLOSE_FREE) kw_wipe(s, sizeof *s);
    else if (how != KW_TLS_CLOSE_BEGIN) return KW_ERR_RESERVED;
    else if (!s->ended) {
        while (br_ssl_engine_recvapp_buf(e, &size) != NULL) br_ssl_engine_recvapp_ack(e, size); // nobody will read it
        br_ssl_engine_close(e);
        settle(s);
    }
    return KW_OK;
}

void kw_tls_state(const struct kw_tls_session *s, uint8_t out[KW_TLS_STATE]) {
    const br_ssl_engine_context *e = &s->ssl.engine;
    size_t size;
    bool writes = s->established && !s->ended && br_ssl_engine_sendapp_buf(e, &size) != NULL;
    uint32_t flags = (uint32_t)s->established << KW_TLS_FLAG_ESTABLISHED | (uint32_t)s->ended << KW_TLS_FLAG_ENDED |
                     (uint32_t)(e->shutdown_recv != 0) << KW_TLS_FLAG_PEER_CLOSED | (uint32_t)(s->status != 0) << KW_TLS_FLAG_FAILED |
                     (uint32_t)takes_input(s) << KW_TLS_FLAG_FEED | (uint32_t)has_output(s) << KW_TLS_FLAG_DRAIN |
                     (uint32_t)has_input(s) << KW_TLS_FLAG_READ | (uint32_t)writes << KW_TLS_FLAG_WRITE;
    memset(out, 0, KW_TLS_STATE);
    kw_put16(out + KW_TLS_FLAGS, flags);
    out[KW_TLS_STATUS] = (uint8_t)s->status;
    out[KW_TLS_SENT] = s->sent;
    out[KW_TLS_RECEIVED] = e->shutdown_recv != 0 && s->received == ALERT_NONE ? 0 : s->received;
    if (e->session.cipher_suite == suite) kw_put16(out + KW_TLS_SUITE, suite);
    if (s->established) memcpy(out + KW_TLS_LFDI, s->peer.lfdi, KW_LFDI);
}

int32_t kw_tls_export(const struct kw_tls_session *s, struct kw_secret *out) {
    static const char label[] = "client EAP encryption";
    br_ssl_engine_context *e = (br_ssl_engine_context *)(uintptr_t)&s->ssl.engine;
    if ((s->profile & PROFILE_EAP) == 0 || !s->established || s->ended) return KW_ERR_BAD_STATE;
    if (!br_ssl_key_export(e, out->octets, MSK_SIZE, label, NULL, 0)) return KW_ERR_BAD_STATE;
    out->size = MSK_SIZE;
    out->exported = true;
    return KW_OK;
}
