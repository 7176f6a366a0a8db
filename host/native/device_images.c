#include "device_images.h"
#include <stdlib.h>
#include <string.h>

struct identity_options {
    uint8_t root[64], vendor[16], class_id[16];
    uint32_t manufacturer, type, hardware, role, phases, native_version, memory_max;
};

bool take_identity(napi_env env, napi_value object, struct kw_image_identity *out) {
#define AT(member) offsetof(struct identity_options, member)
    static const struct option list[] = {
        {"identity.root", OPTION_OCTETS, AT(root), 64, true},
        {"identity.vendor", OPTION_OCTETS, AT(vendor), 16, true},
        {"identity.classId", OPTION_OCTETS, AT(class_id), 16, true},
        {"identity.manufacturer", OPTION_U32, AT(manufacturer), 0, false},
        {"identity.type", OPTION_U32, AT(type), 0, false},
        {"identity.hardware", OPTION_U32, AT(hardware), 0, false},
        {"identity.role", OPTION_U32, AT(role), 0, false},
        {"identity.phases", OPTION_U32, AT(phases), 0, false},
        {"identity.nativeVersion", OPTION_U32, AT(native_version), 0, false},
        {"identity.memoryMax", OPTION_U32, AT(memory_max), 0, false},
    };
#undef AT
    struct identity_options o = {0};
    if (!TAKE_OPTIONS(env, object, list, &o)) return false;
    memset(out, 0, sizeof *out);
    memcpy(out->root, o.root, sizeof o.root);
    memcpy(out->vendor, o.vendor, sizeof o.vendor);
    memcpy(out->class_id, o.class_id, sizeof o.class_id);
    out->manufacturer = (uint16_t)o.manufacturer;
    out->type = (uint16_t)o.type;
    out->hardware = (uint16_t)o.hardware;
    out->role = (uint8_t)o.role;
    out->phases = (uint8_t)o.phases;
    out->native_version = o.native_version;
    out->memory_max = o.memory_max;
    return true;
}

struct images_options {
    napi_value identity;
    uint32_t sector_size, unit;
};

bool take_images(napi_env env, napi_value options, struct device_images *images) {
#define AT(member) offsetof(struct device_images, member)
    static const struct option own[] = {
        {"images.nor", OPTION_KEPT, AT(nor), 0, true},
        {"images.slotSectors", OPTION_U32, AT(config.layout.slot_sectors), 0, false},
        {"images.files", OPTION_U32, AT(config.layout.files), 0, false},
        {"images.fileSectors", OPTION_U32, AT(config.layout.file_sectors), 0, false},
        {"images.address", OPTION_OCTETS, AT(config.address), 8, false}, // unknown when it is absent
        {"images.factory", OPTION_COPY, AT(factory), 0, false},
    };
#undef AT
    static const struct option more[] = {
        {"images.identity", OPTION_OBJECT, offsetof(struct images_options, identity), 0, true},
        {"images.sectorSize", OPTION_U32, offsetof(struct images_options, sector_size), 0, false},
        {"images.unit", OPTION_U32, offsetof(struct images_options, unit), 0, false},
    };
    struct images_options o = {NULL, 4096, 8};
    if (!TAKE_OPTIONS(env, options, own, images) || !TAKE_OPTIONS(env, options, more, &o)) return false;
    if (!take_identity(env, o.identity, &images->identity)) return false;
    images->config.factory = images->factory.at;
    images->config.factory_size = (uint32_t)images->factory.size;
    if (kept_whole(&images->nor) && nor_begin(&images->flash, images->nor.at, images->nor.size, o.sector_size, o.unit)) return true;
    fail(env, "images.nor must be a whole number of sectors");
    return false;
}

int32_t device_images_open(struct device_images *images) {
    images->config.nor = &images->flash.nor;
    images->config.library = images->config.layout.files > 0 ? &images->library : NULL;
    images->config.identity = &images->identity;
    images->config.device_key = images->device_key;
    images->config.noise = images->noise;
    images->source = KW_IMAGE_NOTHING;
    return kw_images_open(&images->slots, &images->config);
}

void device_images_close(struct device_images *images) {
    kept_drop(&images->nor);
    nor_end(&images->flash);
    free(images->factory.at);
    free(images->module.at);
    kw_wipe(images, sizeof *images);
}

bool device_images_boot(struct device_images *images, const uint8_t **wasm, uint32_t *size) {
    const uint8_t *found = NULL;
    uint32_t found_size = 0;
    images->source = kw_images_boot(&images->slots, &found, &found_size);
    free(images->module.at);
    images->module.at = malloc((size_t)found_size + 1);
    images->module.size = images->module.at == NULL ? 0 : found_size;
    if (images->module.size > 0) memcpy(images->module.at, found, images->module.size);
    static const uint8_t nothing[1];
    *wasm = images->module.at == NULL ? nothing : images->module.at;
    *size = (uint32_t)images->module.size;
    return images->source != KW_IMAGE_NOTHING;
}
