// A package's envelope: the release key's certificate and the manifest, each CBOR (RFC 8949, deterministic) in COSE_Sign1
// (RFC 9052) with ES256.  docs/image.md has both maps.
#ifndef KW_MANIFEST_H
#define KW_MANIFEST_H

#include <stdbool.h>
#include <stdint.h>
#include "abi.h"
#include "codec.h"

#define KW_CERTIFICATE_MAX 256u // octets of the release key's COSE_Sign1
#define KW_MANIFEST_MAX 640u    // of the manifest's
#define KW_ENVELOPE_MAX (KW_CERTIFICATE_MAX + KW_MANIFEST_MAX)

// What a board is; constant in the native firmware.  `root` is the public key that release keys are certified by: x || y.
struct kw_image_identity {
    uint8_t root[64];
    uint8_t vendor[16], class_id[16]; // UUIDs, RFC 9562
    uint16_t manufacturer, type;      // of the ZigBee OTA header
    uint16_t hardware;
    uint8_t role;            // KW_ROLE_*
    uint8_t phases;          // bit n: stack version n can run
    uint32_t native_version; // as file versions: major << 24 | minor << 16 | patch
    uint32_t memory_max;     // octets of linear memory the board can give
};

struct kw_release_key {
    uint8_t id[8];
    uint32_t epoch;
    uint8_t point[64]; // x || y
};

// How far a manifest names whom the package is for, besides vendor, class, role and hardware.
enum { KW_BOUND_NOT = 0, KW_BOUND_KIND = 1, KW_BOUND_DEVICE = 2 };

struct kw_manifest {
    uint32_t counter; // suit-manifest-sequence-number
    uint8_t vendor[16], class_id[16];
    uint8_t role, phase, encoding;
    uint8_t bound;               // KW_BOUND_*: what of the destination is signed
    uint16_t manufacturer, type; // of the header, where `bound` says so
    uint8_t destination[8];      // the only device's IEEE address as on the air
    uint32_t version;
    uint16_t hardware_minimum, hardware_maximum;
    uint32_t image_size, payload_size;
    uint8_t image_digest[32], payload_digest[32]; // SHA-256
    uint8_t base_digest[32];                      // with KW_ENCODING_DELTA
    uint32_t abi_minimum, abi_maximum;
    uint32_t memory;
    uint32_t native_minimum;
    uint32_t not_before; // seconds since 2000 in UTC, 0 = any time
    uint8_t key_id[8];
};

// Reads and verifies a certificate.  Answers KW_IMAGE_REASON_NONE, _RELEASE_KEY or _ROOT_SIGNATURE.
enum kw_image_reason kw_release_key_read(struct kw_release_key *out, const uint8_t *at, uint32_t size, const uint8_t root[64]);

// The same for octets whose signature was verified before: all checks but that one.
enum kw_image_reason kw_release_key_recall(struct kw_release_key *out, const uint8_t *at, uint32_t size);

// Reads and verifies a manifest.  KW_IMAGE_REASON_NONE, _MANIFEST, _KEY_ID or _MANIFEST_SIGNATURE.
enum kw_image_reason kw_manifest_read(struct kw_manifest *out, const uint8_t *at, uint32_t size, const struct kw_release_key *key);

enum kw_image_reason kw_manifest_recall(struct kw_manifest *out, const uint8_t *at, uint32_t size, const struct kw_release_key *key);

// Whether this board may run what the manifest describes: vendor, class, kind, device, hardware, role, phase, host ABI, memory,
// native firmware.  `address`: the board's IEEE address as on the air, zeros when it is not known.
enum kw_image_reason kw_manifest_fits(const struct kw_manifest *m, const struct kw_image_identity *board, const uint8_t address[8]);

#endif
