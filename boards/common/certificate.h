// X.509 certificates as IEEE 2030.5 has them, and the check of a chain: docs/tls.md says what is refused, and with which alert.
#ifndef KW_CERTIFICATE_H
#define KW_CERTIFICATE_H

#include <bearssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KW_X509_MAX 1024u // octets of one
#define KW_CHAIN_MAX 4u   // certificates that a peer may send
#define KW_TRUST_MAX 2u   // roots
#define KW_DN_MAX 128u    // octets of a root's name
#define KW_POINT 65u
#define KW_LFDI 20u
#define KW_TIME_DIGITS 14u       // YYYYMMDDHHMMSS
#define KW_TIME_MAX 253402300799 // 9999-12-31T23:59:59Z

// Alerts of RFC 5246 section 7.2 that a certificate can be worth; 0 for one that is good.
enum kw_certificate_fault {
    KW_CERTIFICATE_GOOD = 0,
    KW_CERTIFICATE_BAD = 42,         // malformed, a signature that is wrong, an extension that is missing or marked wrongly
    KW_CERTIFICATE_UNSUPPORTED = 43, // another algorithm or curve, a critical extension that nobody here knows
    KW_CERTIFICATE_EXPIRED = 45,
    KW_CERTIFICATE_UNKNOWN_CA = 48,
};

struct kw_octets {
    const uint8_t *at;
    uint32_t size;
};

// What a certificate says; everything lies in its octets.
struct kw_certificate {
    struct kw_octets signed_part, issuer, subject, signature;
    const uint8_t *point; // of KW_POINT octets
    char not_before[KW_TIME_DIGITS], not_after[KW_TIME_DIGITS];
    uint8_t seen;      // a bit for each extension that is there
    uint8_t key_usage; // the first octet of its bits
    bool ca;
    bool has_path;
    uint8_t path;       // certificates of authorities that may lie between this and a device's
    bool device_policy; // one of 2030.5's three for devices
    bool hardware_name; // subjectAltName has a hardwareModuleName
};

// Reads a whole certificate; everything but dates, signature and purpose is judged.
enum kw_certificate_fault kw_certificate_read(const uint8_t *at, uint32_t size, struct kw_certificate *out);
// Seconds since 1970 as a certificate writes them.
void kw_time_digits(int64_t time, char out[KW_TIME_DIGITS]);

struct kw_trust {
    uint32_t count;
    struct kw_root {
        uint8_t point[KW_POINT];
        uint8_t dn_size;
        uint8_t dn[KW_DN_MAX];
    } roots[KW_TRUST_MAX];
};

// A chain while it comes in, leaf first: an X.509 engine of BearSSL.
struct kw_chain {
    const br_x509_class *vtable;
    const struct kw_trust *trust;
    int64_t time; // 0: dates are not judged
    uint32_t count, size, have;
    uint8_t fault; // the first one
    bool trusted;
    uint8_t signature_size;
    uint8_t point[KW_POINT]; // of the leaf
    uint8_t lfdi[KW_LFDI];
    uint8_t issuer[32], digest[32], signature[72]; // of the newest one: its issuer's name hashed, what is signed hashed
    br_x509_pkey key;
    uint8_t certificate[KW_X509_MAX];
};

void kw_chain_begin(struct kw_chain *c, const struct kw_trust *trust, int64_t time);
// The same from outside of a handshake.
void kw_chain_add(struct kw_chain *c, const uint8_t *certificate, uint32_t size);
enum kw_certificate_fault kw_chain_end(struct kw_chain *c);

#endif
