// Signatures of packages that were judged before in this process: a sweep of power cuts asks about the same few, ten thousand times over.
// What is remembered is the whole question, so the answer is the one that boards/common/crypto.c gives.
#include <pthread.h>
#include <string.h>
#include "crypto.h"
#include "verdicts.h"

#define VERDICTS 16
#define SIGNATURE 64

struct verdict {
    bool known, holds;
    uint8_t point[KW_P256_POINT], digest[32], signature[SIGNATURE];
};

static struct verdict verdicts[VERDICTS];
static uint32_t oldest;                                  // so many were judged
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; // workers judge beside each other

uint32_t kept_p256_judged(void) {
    pthread_mutex_lock(&lock);
    uint32_t judged = oldest;
    pthread_mutex_unlock(&lock);
    return judged;
}

static bool same(const struct verdict *v, const uint8_t *point, const uint8_t digest[32], const uint8_t *signature) {
    return v->known && memcmp(v->signature, signature, SIGNATURE) == 0 && memcmp(v->digest, digest, 32) == 0 &&
           memcmp(v->point, point, KW_P256_POINT) == 0;
}

static const struct verdict *find(const uint8_t *point, const uint8_t digest[32], const uint8_t *signature) {
    for (uint32_t i = 0; i < VERDICTS; i++)
        if (same(&verdicts[i], point, digest, signature)) return &verdicts[i];
    return NULL;
}

bool kept_p256_verify(const uint8_t *point, size_t point_size, const uint8_t digest[32], const uint8_t *signature, size_t signature_size) {
    struct verdict made = {.known = true};
    if (point_size != KW_P256_POINT || signature_size != SIGNATURE) return false;
    memcpy(made.point, point, KW_P256_POINT);
    memcpy(made.digest, digest, 32);
    memcpy(made.signature, signature, SIGNATURE);
    pthread_mutex_lock(&lock);
    const struct verdict *kept = find(point, digest, signature);
    if (kept != NULL) made.holds = kept->holds;
    pthread_mutex_unlock(&lock);
    if (kept != NULL) return made.holds;
    made.holds = kw_p256_verify(point, point_size, digest, signature, signature_size);
    pthread_mutex_lock(&lock);
    verdicts[oldest++ % VERDICTS] = made;
    pthread_mutex_unlock(&lock);
    return made.holds;
}
