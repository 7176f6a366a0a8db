// A package as a stream: the ZigBee OTA file (095264, header and sub-elements), octet by octet, with nothing kept but the envelope.
//
//   header | 0xF001 release key | 0xF000 manifest | 0x0000 image | [0x0003] [0x0002 0x0001 or 0x0006 0x0005] others from 0xF002 on
//
// Everything before the image is checked before the first octet of the image is given on.
#ifndef KW_PACKAGE_H
#define KW_PACKAGE_H

#include "manifest.h"

struct kw_package_key { // what a server announces, and what `image_begin` is given
    uint16_t manufacturer, type;
    uint32_t version, size;
};

enum kw_package_part {
    KW_PACKAGE_HEAD = 0,    // up to the image element's first octet
    KW_PACKAGE_PAYLOAD = 1, // inside the image element
    KW_PACKAGE_TAIL = 2,
    KW_PACKAGE_DONE = 3,
};

struct kw_package {
    const struct kw_image_identity *board; // null: anyone's package; the target is not checked
    const uint8_t *root;                   // 64 octets
    struct kw_package_key expected;
    uint8_t destination[8];           // our IEEE address as on the air; zeros: not known
    uint32_t epoch, counter, running; // what is stored, and the running version: nothing below them
    enum kw_package_part part;
    uint32_t offset;     // octets taken
    uint32_t payload_at; // of the image element's first octet in the file; 0 before it is known
    struct kw_release_key key;
    struct kw_manifest manifest;       // filled in when `part` leaves KW_PACKAGE_HEAD
    uint8_t envelope[KW_ENVELOPE_MAX]; // certificate, then manifest
    uint32_t certificate_size, manifest_size;
    // the parser's own
    uint32_t left;
    uint16_t tag;
    uint8_t phase, seen, have, need;
    uint8_t hold[80]; // the header, its first octets later an element's head
};

// Sets everything but what the caller decides: board, root, expected, destination, epoch, counter, running.
void kw_package_begin(struct kw_package *p);

// Takes octets up to the end of the part that the package is in; answers how many, or a negated kw_image_reason.  In the payload
// they are the caller's: it decodes or keeps as many as the answer says.
int32_t kw_package_take(struct kw_package *p, const uint8_t *at, uint32_t size);

// In KW_PACKAGE_PAYLOAD: goes on `skip` octets further, because the flash holds what they made.
bool kw_package_skip(struct kw_package *p, uint32_t skip);

// After the last octet: KW_IMAGE_REASON_NONE, _TRUNCATED, _ELEMENT_MISSING or _SIGNATURES.
enum kw_image_reason kw_package_end(const struct kw_package *p);

#endif
