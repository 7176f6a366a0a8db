// The image slots of a NativeDevice, whose flash is a Uint8Array of the caller's.
#ifndef KW_DEVICE_IMAGES_H
#define KW_DEVICE_IMAGES_H

#include "addon.h"
#include "image_slots.h"

struct device_images {
    struct nor_memory flash;
    struct kw_images slots;
    struct kw_image_config config;
    struct kw_image_load library;
    struct kw_image_identity identity;
    uint8_t device_key[16], noise[32];
    enum kw_image_source source; // what kw_images_boot said last
};

// What a board is, from an object with the members of host/image/keys.ts Identity; what is wrong with it, or null.
const char *identity_of(napi_env env, napi_value object, struct kw_image_identity *out);

// `options` is the value of `images`.  Answers null and the slots in `out`, or a sentence about what is wrong.
const char *device_images_open(struct device_images **out, napi_env env, napi_value options, const uint8_t device_key[16],
                               const uint8_t seed[32]);
void device_images_close(struct device_images *images);

// The next module to load; false when there is none left.
bool device_images_boot(struct device_images *images, const uint8_t **wasm, uint32_t *size);

#endif
