// What boards/common/manifest.c of the add-on calls in place of kw_p256_verify (build.ts).
#ifndef KW_VERDICTS_H
#define KW_VERDICTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool kept_p256_verify(const uint8_t *point, size_t point_size, const uint8_t digest[32], const uint8_t *signature, size_t signature_size);
// How many were judged, and not remembered.
uint32_t kept_p256_judged(void);

#endif
