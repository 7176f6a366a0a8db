// TLS 1.2 over BearSSL for the suite of IEEE 2030.5, ECDHE-ECDSA-AES128-CCM-8, with both sides authenticated: docs/tls.md.
#ifndef KW_TLS_H
#define KW_TLS_H

#include "abi.h"
#include "certificate.h"
#include "crypto.h"
#include "store.h"

#define KW_TLS_SESSIONS 4u
#define KW_SECRETS 64u
#define KW_SECRET_MAX 64u
#define KW_TLS_RECORD_MAX 4096u // plaintext of a sealed record that is taken
#define KW_TLS_FRAGMENT 1024u   // of one that is sent
#define KW_TLS_SEAL 21u         // head 5, nonce 8, tag 8
#define KW_CHAIN_OCTETS 1536u   // of the own chain: three certificates, each behind its size

// ---- Identity: key, chain and roots, in the board's own records of the store ----

struct kw_identity {
    bool has_key, has_pending;
    uint8_t bank; // which of two places has the chain of the key in use
    uint16_t chain_size;
    uint8_t key[32], pending[32];
};

// KW_ERR_NOT_FOUND where there is none yet, KW_ERR_BAD_CHECKSUM where the flash lost it; `out` is empty then.
int32_t kw_identity_read(struct kw_store *s, struct kw_identity *out);
int32_t kw_identity_chain(struct kw_store *s, const struct kw_identity *identity, uint8_t chain[KW_CHAIN_OCTETS]);
void kw_identity_trust(struct kw_store *s, struct kw_trust *out);
int32_t kw_identity_make(struct kw_store *s, struct kw_drbg *drbg);
int32_t kw_identity_request(struct kw_store *s, uint8_t *at, uint32_t capacity);
// `scratch` has room for what the check of a chain needs; dates are judged at `time`, seconds since 1970, unless it is 0.
int32_t kw_identity_install(struct kw_store *s, const uint8_t *chain, uint32_t size, int64_t time, struct kw_chain *scratch);
// Whether there is a hardware name and a root to believe, without which no certificate can be had.
bool kw_identity_may(struct kw_store *s);

// ---- identity_file.c: image 5 of docs/abi.md; the file lies in memory that the arena lends ----

struct kw_machine;
struct kw_package_key;
int32_t kw_identity_file_begin(struct kw_machine *m, const struct kw_package_key *key);
int32_t kw_identity_file_write(struct kw_machine *m, uint32_t offset, const uint8_t *at, uint32_t size);
int32_t kw_identity_file_finish(struct kw_machine *m);
int32_t kw_identity_file_state(struct kw_machine *m, uint8_t *at, uint32_t capacity);

// ---- What a module has reserved: one block, wiped at the next load ----

struct kw_secret {
    uint8_t size;  // 0: none
    bool exported; // only good for deriving
    uint8_t octets[KW_SECRET_MAX];
};

struct kw_tls_session {
    const struct kw_tls *tls;
    bool open, established, asked, ended, told;
    uint8_t profile, sent, received;
    int8_t status;
    uint8_t alert[KW_TLS_SEAL + 2]; // the last one, after what waits in `out`
    uint8_t alert_at, alert_end;
    const br_ssl_server_policy_class *server_policy;
    const br_ssl_client_certificate_class *client_policy;
    struct kw_chain peer;
    union {
        br_ssl_engine_context engine;
        br_ssl_client_context client;
        br_ssl_server_context server;
    } ssl;
    uint8_t in[KW_TLS_RECORD_MAX + KW_TLS_SEAL], out[KW_TLS_FRAGMENT + KW_TLS_SEAL + 5u];
};

struct kw_tls {
    struct kw_store *store;
    uint32_t session_count, secret_count;
    bool loaded; // chain and trust are those of the store
    struct kw_trust trust;
    br_x500_name root_names[KW_TRUST_MAX];
    br_x509_certificate certificates[KW_CHAIN_MAX];
    uint32_t certificate_count;
    uint8_t chain[KW_CHAIN_OCTETS];
    struct kw_tls_session *sessions;
    struct kw_secret *secrets;
};

// tls_own.c: what the engine asks of the own side.
#define KW_TLS_SUITE_ID BR_TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8
extern const br_ssl_server_policy_class kw_tls_server_class;
extern const br_ssl_client_certificate_class kw_tls_client_class;

// Octets of the block for that many, and the block made ready.
uint32_t kw_tls_size(uint32_t sessions, uint32_t secrets);
void kw_tls_begin(struct kw_tls *t, struct kw_store *store, uint32_t sessions, uint32_t secrets);
bool kw_tls_busy(const struct kw_tls *t); // a session is open

// As docs/abi.md has them.
// Whether a session can be opened: KW_OK, KW_ERR_NO_BUFFER or KW_ERR_NO_KEY.  Only then one is, and its seed drawn.
int32_t kw_tls_ready(struct kw_tls *t);
int32_t kw_tls_open(struct kw_tls *t, uint32_t profile, int64_t time, const uint8_t seed[32]);
struct kw_tls_session *kw_tls_session(struct kw_tls *t, uint32_t number); // null where none is open
int32_t kw_tls_feed(struct kw_tls_session *s, const uint8_t *at, uint32_t size);
int32_t kw_tls_drain(struct kw_tls_session *s, uint8_t *at, uint32_t capacity);
int32_t kw_tls_read(struct kw_tls_session *s, uint8_t *at, uint32_t capacity);
int32_t kw_tls_write(struct kw_tls_session *s, const uint8_t *at, uint32_t size);
int32_t kw_tls_close(struct kw_tls_session *s, uint32_t how);
void kw_tls_state(const struct kw_tls_session *s, uint8_t out[KW_TLS_STATE]);
int32_t kw_tls_export(const struct kw_tls_session *s, struct kw_secret *out);

#endif
