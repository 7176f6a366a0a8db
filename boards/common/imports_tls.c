// TLS, the board's identity and derived keys, as docs/abi.md has them: each checks its ranges first.
#include "imports.h"

IMPORT(tls_open) {
    CALL(1);
    CHECK();
    ANSWER(KW_ERR_NOT_FOUND);
}

IMPORT(tls_feed) {
    CALL(1);
    kw_range(&c, 1, kw_argument(&c, 2));
    CHECK();
    ANSWER(KW_ERR_NOT_FOUND);
}

IMPORT(tls_drain) {
    CALL(1);
    kw_range(&c, 1, kw_argument(&c, 2));
    CHECK();
    ANSWER(KW_ERR_NOT_FOUND);
}

IMPORT(tls_read) {
    CALL(1);
    kw_range(&c, 1, kw_argument(&c, 2));
    CHECK();
    ANSWER(KW_ERR_NOT_FOUND);
}

IMPORT(tls_write) {
    CALL(1);
    kw_range(&c, 1, kw_argument(&c, 2));
    CHECK();
    ANSWER(KW_ERR_NOT_FOUND);
}

IMPORT(tls_close) {
    CALL(1);
    CHECK();
    ANSWER(KW_ERR_NOT_FOUND);
}

IMPORT(tls_state) {
    CALL(1);
    kw_range(&c, 1, kw_argument(&c, 2));
    CHECK();
    ANSWER(KW_ERR_NOT_FOUND);
}

IMPORT(tls_export) {
    CALL(1);
    CHECK();
    ANSWER(KW_ERR_NOT_FOUND);
}

IMPORT(key_derive) {
    CALL(1);
    kw_range(&c, 1, kw_argument(&c, 2));
    CHECK();
    ANSWER(KW_ERR_NOT_FOUND);
}

IMPORT(hmac_sha256) {
    CALL(1);
    kw_range(&c, 1, kw_argument(&c, 2));
    kw_range(&c, 3, 32);
    CHECK();
    ANSWER(KW_ERR_NOT_FOUND);
}

IMPORT(ctr_crypt) {
    CALL(1);
    kw_range(&c, 1, 16);
    kw_range(&c, 2, kw_argument(&c, 3));
    CHECK();
    ANSWER(KW_ERR_NOT_FOUND);
}

IMPORT(identity_make) {
    CALL(1);
    CHECK();
    ANSWER(KW_ERR_NOT_FOUND);
}

IMPORT(identity_request) {
    CALL(1);
    kw_range(&c, 0, kw_argument(&c, 1));
    CHECK();
    ANSWER(KW_ERR_NOT_FOUND);
}

IMPORT(identity_install) {
    CALL(1);
    kw_range(&c, 0, kw_argument(&c, 1));
    CHECK();
    ANSWER(KW_ERR_NOT_FOUND);
}

IMPORT(tls_reserve) {
    CALL(1);
    CHECK();
    ANSWER(KW_ERR_NOT_FOUND);
}
