// Image slots over a Uint8Array of the caller's: a NativeDevice's, and NativeImages.
#ifndef KW_DEVICE_IMAGES_H
#define KW_DEVICE_IMAGES_H

#include "addon.h"
#include "image_slots.h"

struct device_images {
    struct kept nor;
    struct nor_memory flash;
    struct kw_images slots;
    struct kw_image_config config;
    struct kw_image_load library;
    struct kw_image_identity identity;
    uint8_t device_key[16], noise[32];
    struct owned factory;
    struct owned module; // a copy of what kw_images_boot decided for: the flash is JavaScript's
    enum kw_image_source source;
};

// What a board is, from an object with the members of host/image/keys.ts Identity.
bool take_identity(napi_env env, napi_value object, struct kw_image_identity *out);
// Everything but device key and noise; false, with an error thrown.  What it took is released by device_images_close.
bool take_images(napi_env env, napi_value options, struct device_images *images);
// With device key and noise in their places: what kw_images_open answers.
int32_t device_images_open(struct device_images *images);
void device_images_close(struct device_images *images);

// The next module to load; false when there is none left.
bool device_images_boot(struct device_images *images, const uint8_t **wasm, uint32_t *size);

#endif
