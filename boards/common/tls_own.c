// A session's own side: certificates, and signatures with a key that is read for each and wiped.
#include <string.h>
#include "tls.h"

#define SIGNATURE_MAX 72u

static size_t sign(const struct kw_tls_session *s, const uint8_t digest[32], uint8_t *signature) {
    struct kw_identity identity;
    size_t size = 0;
    if (kw_identity_read(s->tls->store, &identity) == KW_OK && identity.has_key) {
        br_ec_private_key key = {.curve = BR_EC_secp256r1, .x = identity.key, .xlen = sizeof identity.key};
        size = br_ecdsa_i31_sign_asn1(&br_ec_p256_m31, &br_sha256_vtable, digest, &key, signature);
    }
    kw_wipe(&identity, sizeof identity);
    return size;
}

#define SESSION_OF(member, at) ((struct kw_tls_session *)(void *)((uint8_t *)(uintptr_t)(at)-offsetof(struct kw_tls_session, member)))

static int server_choose(const br_ssl_server_policy_class **at, const br_ssl_server_context *context, br_ssl_server_choices *choices) {
    const struct kw_tls *t = SESSION_OF(server_policy, at)->tls;
    (void)context; // the engine has seen that the client has our suite, curve and hash
    choices->cipher_suite = KW_TLS_SUITE_ID;
    choices->algo_id = 0xff00 + br_sha256_ID;
    choices->chain = t->certificates;
    choices->chain_len = t->certificate_count;
    return 1;
}

static uint32_t no_agreement(void) { return 0; } // static Diffie-Hellman is of other suites

static uint32_t server_agree(const br_ssl_server_policy_class **at, unsigned char *data, size_t *size) {
    (void)at, (void)data, (void)size;
    return no_agreement();
}

static size_t server_sign(const br_ssl_server_policy_class **at, unsigned algorithm, unsigned char *data, size_t size, size_t room) {
    uint8_t digest[32];
    if (algorithm != 0xff00 + br_sha256_ID || size != sizeof digest || room < SIGNATURE_MAX) return 0;
    memcpy(digest, data, sizeof digest);
    return sign(SESSION_OF(server_policy, at), digest, data);
}

const br_ssl_server_policy_class kw_tls_server_class = {sizeof(const br_ssl_server_policy_class *), server_choose, server_agree,
                                                        server_sign};

static void client_nothing(const br_ssl_client_certificate_class **at) { (void)at; }
static void client_name(const br_ssl_client_certificate_class **at, size_t size) { (void)at, (void)size; }
static void client_name_part(const br_ssl_client_certificate_class **at, const unsigned char *data, size_t size) {
    (void)at, (void)data, (void)size;
}

// Without ECDSA and SHA-256 among what the server takes there is nothing to send, and the session will be refused.
static void client_choose(const br_ssl_client_certificate_class **at, const br_ssl_client_context *context, uint32_t types,
                          br_ssl_client_certificate *choices) {
    struct kw_tls_session *s = SESSION_OF(client_policy, at);
    (void)context;
    memset(choices, 0, sizeof *choices);
    if ((types >> (8 + br_sha256_ID) & 1) == 0) return;
    s->asked = true;
    choices->auth_type = BR_AUTH_ECDSA;
    choices->hash_id = br_sha256_ID;
    choices->chain = s->tls->certificates;
    choices->chain_len = s->tls->certificate_count;
}

static uint32_t client_agree(const br_ssl_client_certificate_class **at, unsigned char *data, size_t *size) {
    (void)at, (void)data, (void)size;
    return no_agreement();
}

static size_t client_sign(const br_ssl_client_certificate_class **at, int hash, size_t size, unsigned char *data, size_t room) {
    uint8_t digest[32];
    if (hash != br_sha256_ID || size != sizeof digest || room < SIGNATURE_MAX) return 0;
    memcpy(digest, data, sizeof digest);
    return sign(SESSION_OF(client_policy, at), digest, data);
}

const br_ssl_client_certificate_class kw_tls_client_class = {
    sizeof(const br_ssl_client_certificate_class *),
    client_nothing,
    client_name,
    client_name_part,
    client_nothing,
    client_nothing,
    client_choose,
    client_agree,
    client_sign,
};
