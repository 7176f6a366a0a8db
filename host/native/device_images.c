#include "device_images.h"
#include <stdlib.h>
#include <string.h>

static bool octets(napi_env env, napi_value object, const char *name, uint8_t *to, size_t size) {
    struct bytes given;
    if (!property_bytes(env, object, name, &given) || given.size != size) return false;
    memcpy(to, given.at, size);
    return true;
}

const char *identity_of(napi_env env, napi_value object, struct kw_image_identity *out) {
    memset(out, 0, sizeof *out);
    if (!octets(env, object, "root", out->root, sizeof out->root)) return "identity.root must have 64 octets";
    if (!octets(env, object, "vendor", out->vendor, sizeof out->vendor)) return "identity.vendor must have 16 octets";
    if (!octets(env, object, "classId", out->class_id, sizeof out->class_id)) return "identity.classId must have 16 octets";
    out->manufacturer = (uint16_t)property_u32(env, object, "manufacturer", 0);
    out->type = (uint16_t)property_u32(env, object, "type", 0);
    out->hardware = (uint16_t)property_u32(env, object, "hardware", 0);
    out->role = (uint8_t)property_u32(env, object, "role", 0);
    out->phases = (uint8_t)property_u32(env, object, "phases", 0);
    out->native_version = property_u32(env, object, "nativeVersion", 0);
    out->memory_max = property_u32(env, object, "memoryMax", 0);
    return NULL;
}

static const char *read_options(struct device_images *images, napi_env env, napi_value options) {
    struct bytes nor, factory;
    napi_value identity;
    struct kw_image_config *c = &images->config;
    if (!property_bytes(env, options, "nor", &nor)) return "images needs nor";
    if (!property(env, options, "identity", &identity)) return "images needs identity";
    const char *problem = identity_of(env, identity, &images->identity);
    if (problem != NULL) return problem;
    if (!nor_begin(&images->flash, nor.at, nor.size, property_u32(env, options, "sectorSize", 4096), property_u32(env, options, "unit", 8)))
        return "images.nor must be a whole number of sectors";
    c->layout.slot_sectors = property_u32(env, options, "slotSectors", 0);
    c->layout.files = property_u32(env, options, "files", 0);
    c->layout.file_sectors = property_u32(env, options, "fileSectors", 0);
    octets(env, options, "address", c->address, sizeof c->address); // unknown when it is absent
    if (property_bytes(env, options, "factory", &factory) && factory.size <= UINT32_MAX) {
        c->factory = factory.at;
        c->factory_size = (uint32_t)factory.size;
    }
    return NULL;
}

const char *device_images_open(struct device_images **out, napi_env env, napi_value options, const uint8_t device_key[16],
                               const uint8_t seed[32]) {
    struct device_images *images = calloc(1, sizeof *images);
    if (images == NULL) return "there is no memory for the images";
    memcpy(images->device_key, device_key, sizeof images->device_key);
    kw_sha256(images->noise, seed, 32);
    kw_sha256(images->noise, images->noise, 32); // the first hash is the store's noise
    const char *problem = read_options(images, env, options);
    if (problem == NULL) {
        images->config.nor = &images->flash.nor;
        images->config.library = images->config.layout.files > 0 ? &images->library : NULL;
        images->config.identity = &images->identity;
        images->config.device_key = images->device_key;
        images->config.noise = images->noise;
        if (kw_images_open(&images->slots, &images->config) != KW_OK)
            problem = "images.nor does not have the sectors that its layout asks for";
    }
    *out = images;
    return problem;
}

void device_images_close(struct device_images *images) {
    if (images == NULL) return;
    nor_end(&images->flash);
    kw_wipe(images, sizeof *images);
    free(images);
}

bool device_images_boot(struct device_images *images, const uint8_t **wasm, uint32_t *size) {
    static const uint8_t nothing[1];
    *wasm = nothing;
    *size = 0;
    images->source = kw_images_boot(&images->slots, wasm, size);
    return images->source != KW_IMAGE_NOTHING;
}
