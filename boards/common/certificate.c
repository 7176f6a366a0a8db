#include "certificate.h"
#include <string.h>

// ---- DER ----

struct der {
    const uint8_t *at, *end;
};

enum {
    TAG_BOOLEAN = 0x01,
    TAG_INTEGER = 0x02,
    TAG_BITS = 0x03,
    TAG_OCTETS = 0x04,
    TAG_OID = 0x06,
    TAG_UTC_TIME = 0x17,
    TAG_TIME = 0x18,
    TAG_SEQUENCE = 0x30,
    TAG_CONTEXT_0 = 0xa0,
    TAG_CONTEXT_3 = 0xa3,
};

static uint32_t left(const struct der *d) { return (uint32_t)(d->end - d->at); }
static bool ends(const struct der *d) { return d->at == d->end; }
static uint32_t tag_of(const struct der *d) { return ends(d) ? 0 : *d->at; }

// Takes the next element: `in` is its content.  False for another tag, a length that is not in its shortest form, or that leaves `d`.
static bool take(struct der *d, uint32_t tag, struct der *in) {
    if (left(d) < 2 || d->at[0] != tag) return false;
    uint32_t size = d->at[1], head = 2;
    if (size == 0x81 && left(d) >= 3) {
        size = d->at[2];
        head = 3;
        if (size < 0x80) return false;
    } else if (size == 0x82 && left(d) >= 4) {
        size = (uint32_t)d->at[2] << 8 | d->at[3];
        head = 4;
        if (size < 0x100) return false;
    } else if (size >= 0x80) return false;
    if (left(d) - head < size) return false;
    in->at = d->at + head;
    in->end = d->at = in->at + size;
    return true;
}

// The same, with the element's own head.
static bool take_whole(struct der *d, uint32_t tag, struct kw_octets *out) {
    struct der in;
    out->at = d->at;
    if (!take(d, tag, &in)) return false;
    out->size = (uint32_t)(d->at - out->at);
    return true;
}

static bool is(const struct der *d, const void *octets, uint32_t size) { return left(d) == size && memcmp(d->at, octets, size) == 0; }
#define IS(d, octets) is(d, octets, sizeof(octets))

static const uint8_t ecdsa_sha256[] = {0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
static const uint8_t p256_key[] = {0x06, 7,    0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                                   8,    0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
static const uint8_t hardware_module_name[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x08, 0x04};
static const uint8_t device_policies[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0xbe, 0x1c, 0x01}; // and 1, 2 or 3

// ---- Dates ----

void kw_time_digits(int64_t time, char out[KW_TIME_DIGITS]) {
    int64_t days = time / 86400;
    uint32_t second = (uint32_t)(time % 86400);
    // Years begin in March here, so that the leap day is a year's last; 719468 days lie between 0000-03-01 and 1970-01-01.
    uint32_t day = (uint32_t)(days + 719468), era = day / 146097, of_era = day % 146097;
    uint32_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    uint32_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100), shifted = (5 * of_year + 2) / 153;
    uint32_t month = shifted < 10 ? shifted + 3 : shifted - 9, year = era * 400 + year_of_era + (month <= 2);
    uint32_t parts[6] = {year, month, of_year - (153 * shifted + 2) / 5 + 1, second / 3600, second / 60 % 60, second % 60};
    for (int i = 5, at = 12; i >= 0; at -= 2, i--) {
        out[at] = (char)('0' + parts[i] / 10 % 10);
        out[at + 1] = (char)('0' + parts[i] % 10);
        if (i == 0) {
            out[0] = (char)('0' + year / 1000);
            out[1] = (char)('0' + year / 100 % 10);
        }
    }
}

// Both forms end in Z; years of two digits are 1950 to 2049 (RFC 5280 section 4.1.2.5).
static bool take_time(struct der *d, char out[KW_TIME_DIGITS]) {
    struct der in;
    bool is_short = tag_of(d) == TAG_UTC_TIME;
    if (!take(d, is_short ? TAG_UTC_TIME : TAG_TIME, &in)) return false;
    uint32_t skipped = is_short ? 2 : 0, digits = KW_TIME_DIGITS - skipped;
    if (left(&in) != digits + 1 || in.at[digits] != 'Z') return false;
    for (uint32_t i = 0; i < digits; i++)
        if (in.at[i] < '0' || in.at[i] > '9') return false;
    if (is_short) memcpy(out, in.at[0] < '5' ? "20" : "19", 2);
    memcpy(out + skipped, in.at, digits);
    return true;
}

// ---- Extensions ----

// Those that 2030.5 uses are all 2.5.29.n; the number of each one's bit in `seen`.
enum {
    EXTENSION_KEY_USAGE,
    EXTENSION_NAME,
    EXTENSION_CONSTRAINTS,
    EXTENSION_POLICIES,
    EXTENSION_AUTHORITY_KEY,
    EXTENSION_SUBJECT_KEY,
    EXTENSIONS
};
static const uint8_t extension_numbers[EXTENSIONS] = {15, 17, 19, 32, 35, 14};
enum { MARKED = 1u << EXTENSION_KEY_USAGE | 1u << EXTENSION_NAME | 1u << EXTENSION_CONSTRAINTS | 1u << EXTENSION_POLICIES };

static bool key_usage(struct der *d, struct kw_certificate *c) {
    struct der bits;
    if (!take(d, TAG_BITS, &bits) || left(&bits) < 2 || left(&bits) > 3 || bits.at[0] > 7) return false;
    c->key_usage = bits.at[1];
    return true;
}

// otherName [0] { type, [0] { SEQUENCE { hwType, hwSerialNum } } }, RFC 4108 section 5; names of other kinds are passed over.
static bool names(struct der *d, struct kw_certificate *c) {
    struct der all, other, type, value, name, part;
    if (!take(d, TAG_SEQUENCE, &all) || ends(&all)) return false;
    while (!ends(&all)) {
        uint32_t tag = tag_of(&all);
        if (!take(&all, tag, &other)) return false;
        if (tag != TAG_CONTEXT_0) continue;
        if (!take(&other, TAG_OID, &type) || !take(&other, TAG_CONTEXT_0, &value) || !ends(&other)) return false;
        if (!IS(&type, hardware_module_name)) continue;
        if (!take(&value, TAG_SEQUENCE, &name) || !ends(&value)) return false;
        if (!take(&name, TAG_OID, &part) || ends(&part) || !take(&name, TAG_OCTETS, &part) || ends(&part) || !ends(&name)) return false;
        c->hardware_name = true;
    }
    return true;
}

static bool constraints(struct der *d, struct kw_certificate *c) {
    struct der in, value;
    if (!take(d, TAG_SEQUENCE, &in)) return false;
    if (tag_of(&in) == TAG_BOOLEAN) {
        if (!take(&in, TAG_BOOLEAN, &value) || left(&value) != 1 || value.at[0] != 0xff) return false;
        c->ca = true;
    }
    if (tag_of(&in) == TAG_INTEGER) {
        if (!c->ca || !take(&in, TAG_INTEGER, &value) || left(&value) != 1 || value.at[0] > 127) return false;
        c->has_path = true;
        c->path = value.at[0];
    }
    return ends(&in);
}

static bool policies(struct der *d, struct kw_certificate *c) {
    struct der all, policy, oid;
    uint32_t size = sizeof device_policies;
    if (!take(d, TAG_SEQUENCE, &all) || ends(&all)) return false;
    while (!ends(&all)) {
        if (!take(&all, TAG_SEQUENCE, &policy) || !take(&policy, TAG_OID, &oid)) return false;
        if (left(&oid) != size + 1 || memcmp(oid.at, device_policies, size) != 0) continue;
        if (oid.at[size] >= 1 && oid.at[size] <= 3) c->device_policy = true;
    }
    return true;
}

static enum kw_certificate_fault known_extension(struct kw_certificate *c, uint32_t which, bool critical, struct der *value) {
    bool good = true;
    if (c->seen >> which & 1) return KW_CERTIFICATE_BAD;
    c->seen |= (uint8_t)(1u << which);
    if (critical != (MARKED >> which & 1)) return KW_CERTIFICATE_BAD;
    switch (which) {
    case EXTENSION_KEY_USAGE: good = key_usage(value, c); break;
    case EXTENSION_NAME: good = names(value, c); break;
    case EXTENSION_CONSTRAINTS: good = constraints(value, c); break;
    case EXTENSION_POLICIES: good = policies(value, c); break;
    default: return KW_CERTIFICATE_GOOD; // identifiers of keys are hints
    }
    return good && ends(value) ? KW_CERTIFICATE_GOOD : KW_CERTIFICATE_BAD;
}

static enum kw_certificate_fault extension(struct kw_certificate *c, struct der *d) {
    struct der in, oid, flag, value;
    bool critical = false;
    if (!take(d, TAG_SEQUENCE, &in) || !take(&in, TAG_OID, &oid)) return KW_CERTIFICATE_BAD;
    if (tag_of(&in) == TAG_BOOLEAN) {
        if (!take(&in, TAG_BOOLEAN, &flag) || left(&flag) != 1 || flag.at[0] != 0xff) return KW_CERTIFICATE_BAD;
        critical = true;
    }
    if (!take(&in, TAG_OCTETS, &value) || !ends(&in)) return KW_CERTIFICATE_BAD;
    if (left(&oid) == 3 && oid.at[0] == 0x55 && oid.at[1] == 0x1d)
        for (uint32_t i = 0; i < EXTENSIONS; i++)
            if (oid.at[2] == extension_numbers[i]) return known_extension(c, i, critical, &value);
    return critical ? KW_CERTIFICATE_BAD : KW_CERTIFICATE_GOOD;
}

// ---- The whole ----

// SubjectPublicKeyInfo: P-256, uncompressed.
static enum kw_certificate_fault public_key(struct der *d, struct kw_certificate *c) {
    struct der in, algorithm, bits;
    if (!take(d, TAG_SEQUENCE, &in) || !take(&in, TAG_SEQUENCE, &algorithm) || !take(&in, TAG_BITS, &bits) || !ends(&in))
        return KW_CERTIFICATE_BAD;
    if (!IS(&algorithm, p256_key)) return KW_CERTIFICATE_UNSUPPORTED;
    if (left(&bits) != 1 + KW_POINT || bits.at[0] != 0) return KW_CERTIFICATE_BAD;
    if (bits.at[1] != 0x04) return KW_CERTIFICATE_UNSUPPORTED;
    c->point = bits.at + 1;
    return KW_CERTIFICATE_GOOD;
}

static enum kw_certificate_fault signed_part(struct der *d, struct kw_certificate *c) {
    static const uint8_t version_3[] = {TAG_INTEGER, 1, 2};
    struct der in, part, list;
    enum kw_certificate_fault fault;
    if (!take(d, TAG_CONTEXT_0, &in) || !IS(&in, version_3)) return KW_CERTIFICATE_BAD;
    if (!take(d, TAG_INTEGER, &part) || ends(&part)) return KW_CERTIFICATE_BAD;
    if (!take(d, TAG_SEQUENCE, &part)) return KW_CERTIFICATE_BAD;
    if (!IS(&part, ecdsa_sha256)) return KW_CERTIFICATE_UNSUPPORTED;
    if (!take_whole(d, TAG_SEQUENCE, &c->issuer) || !take(d, TAG_SEQUENCE, &part)) return KW_CERTIFICATE_BAD;
    if (!take_time(&part, c->not_before) || !take_time(&part, c->not_after) || !ends(&part)) return KW_CERTIFICATE_BAD;
    if (!take_whole(d, TAG_SEQUENCE, &c->subject)) return KW_CERTIFICATE_BAD;
    if ((fault = public_key(d, c)) != KW_CERTIFICATE_GOOD) return fault;
    if (!take(d, TAG_CONTEXT_3, &part) || !take(&part, TAG_SEQUENCE, &list) || !ends(&part) || !ends(d) || ends(&list))
        return KW_CERTIFICATE_BAD;
    while (!ends(&list))
        if ((fault = extension(c, &list)) != KW_CERTIFICATE_GOOD) return fault;
    return KW_CERTIFICATE_GOOD;
}

enum kw_certificate_fault kw_certificate_read(const uint8_t *at, uint32_t size, struct kw_certificate *out) {
    struct der d = {at, at + size}, in, start, part, bits;
    memset(out, 0, sizeof *out);
    if (!take(&d, TAG_SEQUENCE, &in) || !ends(&d)) return KW_CERTIFICATE_BAD;
    start = in;
    if (!take_whole(&in, TAG_SEQUENCE, &out->signed_part) || !take(&start, TAG_SEQUENCE, &part)) return KW_CERTIFICATE_BAD;
    enum kw_certificate_fault fault = signed_part(&part, out);
    if (fault != KW_CERTIFICATE_GOOD) return fault;
    if (!take(&in, TAG_SEQUENCE, &part) || !take(&in, TAG_BITS, &bits) || !ends(&in)) return KW_CERTIFICATE_BAD;
    if (!IS(&part, ecdsa_sha256)) return KW_CERTIFICATE_UNSUPPORTED;
    if (left(&bits) < 1 + 8 || left(&bits) > 1 + 72 || bits.at[0] != 0) return KW_CERTIFICATE_BAD;
    out->signature = (struct kw_octets){bits.at + 1, left(&bits) - 1};
    return KW_CERTIFICATE_GOOD;
}
