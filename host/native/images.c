// class NativeImages: one uptime of image slots over flash in memory, with power cuts and bad sectors.  For tests and for `image simulate`.
#include <stdlib.h>
#include <string.h>
#include "addon.h"
#include "device_images.h"
#include "image_slots.h"
#include "octets.h"

struct native_images {
    struct nor_memory flash;
    struct kw_images slots;
    struct kw_image_config config;
    struct kw_image_load library;
    struct kw_image_identity identity;
    uint8_t device_key[16], noise[32];
    uint8_t *factory;
    napi_ref nor; // keeps the octets alive
};

static void finalize(napi_env env, void *data, void *hint) {
    struct native_images *s = data;
    (void)hint;
    if (s->nor != NULL) napi_delete_reference(env, s->nor);
    nor_end(&s->flash);
    free(s->factory);
    free(s);
}

static bool copy(napi_env env, napi_value options, const char *name, uint8_t *to, size_t size) {
    struct bytes given;
    if (!property_bytes(env, options, name, &given) || given.size != size) return false;
    memcpy(to, given.at, size);
    return true;
}

static void read_faults(struct nor_memory *n, napi_env env, napi_value options) {
    n->cut_at = property_u32(env, options, "cutAt", 0);
    n->mode = (enum cut_mode)property_u32(env, options, "cutMode", 0);
    n->random = UINT64_C(0x9e3779b97f4a7c15) ^ property_u32(env, options, "cutSeed", 1);
    n->stuck = property_u32(env, options, "stuck", UINT32_MAX);
    n->stuck_count = property_u32(env, options, "stuckSectors", 1);
    n->stuck_silent = property_true(env, options, "stuckSilent");
    n->keep_journal = property_true(env, options, "journal");
    uint32_t weak = property_u32(env, options, "decay", UINT32_MAX);
    if (weak < n->nor.sectors) nor_decay(n, weak);
}

static const char *read_options(struct native_images *s, napi_env env, napi_value options) {
    struct bytes nor, factory;
    napi_value identity;
    struct kw_image_config *c = &s->config;
    if (!copy(env, options, "deviceKey", s->device_key, sizeof s->device_key)) return "deviceKey must have 16 octets";
    if (!copy(env, options, "noise", s->noise, sizeof s->noise)) return "noise must have 32 octets";
    if (!property(env, options, "identity", &identity)) return "images need an identity";
    const char *problem = identity_of(env, identity, &s->identity);
    if (problem != NULL) return problem;
    c->layout.slot_sectors = property_u32(env, options, "slotSectors", 0);
    c->layout.files = property_u32(env, options, "files", 0);
    c->layout.file_sectors = property_u32(env, options, "fileSectors", 0);
    copy(env, options, "address", c->address, sizeof c->address); // unknown when it is absent
    if (property_bytes(env, options, "factory", &factory)) {
        s->factory = malloc(factory.size + 1);
        if (s->factory == NULL) return "no memory";
        memcpy(s->factory, factory.at, factory.size);
        c->factory = s->factory;
        c->factory_size = (uint32_t)factory.size;
    }
    bool flash =
        property_bytes(env, options, "nor", &nor) &&
        nor_begin(&s->flash, nor.at, nor.size, property_u32(env, options, "sectorSize", 4096), property_u32(env, options, "unit", 8));
    return flash ? NULL : "nor must be a whole number of sectors";
}

static napi_value construct(napi_env env, napi_callback_info info) {
    struct arguments a;
    napi_value nor;
    take_arguments(env, info, &a);
    if (a.count == 0) return fail(env, "images need options");
    struct native_images *s = calloc(1, sizeof *s);
    if (s == NULL) return fail(env, "no memory");
    const char *problem = read_options(s, env, a.values[0]);
    if (problem != NULL) {
        finalize(env, s, NULL);
        return fail(env, problem);
    }
    read_faults(&s->flash, env, a.values[0]);
    property(env, a.values[0], "nor", &nor);
    napi_create_reference(env, nor, 1, &s->nor);
    napi_wrap(env, a.self, s, finalize, NULL, NULL);
    s->config.nor = &s->flash.nor;
    s->config.library = s->config.layout.files > 0 ? &s->library : NULL;
    s->config.identity = &s->identity;
    s->config.device_key = s->device_key;
    s->config.noise = s->noise;
    set(env, a.self, "opened", number_of(env, kw_images_open(&s->slots, &s->config)));
    return a.self;
}

#define SELF() \
    struct arguments a; \
    take_arguments(env, info, &a); \
    struct native_images *s = self_of(&a); \
    if (s == NULL) return NULL

// boot(): enum kw_image_source
static napi_value boot(napi_env env, napi_callback_info info) {
    const uint8_t *wasm;
    uint32_t size;
    SELF();
    return number_of(env, kw_images_boot(&s->slots, &wasm, &size));
}

// running(): the octets of what boot decided for, or null
static napi_value running(napi_env env, napi_callback_info info) {
    SELF();
    return s->slots.wasm == NULL ? null_of(env) : buffer_of(env, s->slots.wasm, s->slots.wasm_size);
}

static napi_value install(napi_env env, napi_callback_info info) {
    struct bytes package;
    SELF();
    if (!want_bytes(&a, 0, "package", &package)) return NULL;
    return number_of(env, kw_images_install(&s->slots, package.at, (uint32_t)package.size));
}

// begin(image, key): 12 octets, as image_begin's
static napi_value begin(napi_env env, napi_callback_info info) {
    struct bytes key;
    uint32_t image;
    SELF();
    if (!want_u32(&a, 0, "image", &image) || !want_bytes(&a, 1, "key", &key)) return NULL;
    if (key.size != 12) return fail(env, "a package is announced with 12 octets");
    struct kw_package_key k = {(uint16_t)kw_get16(key.at), (uint16_t)kw_get16(key.at + 2), kw_get32(key.at + 4), kw_get32(key.at + 8)};
    return number_of(env, kw_image_begin(&s->slots, image, &k));
}

static napi_value write_octets(napi_env env, napi_callback_info info) {
    struct bytes octets;
    uint32_t image, offset;
    SELF();
    if (!want_u32(&a, 0, "image", &image) || !want_u32(&a, 1, "offset", &offset) || !want_bytes(&a, 2, "octets", &octets)) return NULL;
    return number_of(env, kw_image_write(&s->slots, image, offset, octets.at, (uint32_t)octets.size));
}

// read(image, offset, capacity): octets, or a negative Err
static napi_value read_octets(napi_env env, napi_callback_info info) {
    uint32_t image, offset, capacity;
    SELF();
    if (!want_u32(&a, 0, "image", &image) || !want_u32(&a, 1, "offset", &offset) || !want_u32(&a, 2, "capacity", &capacity)) return NULL;
    uint8_t *octets = malloc((size_t)capacity + 1);
    if (octets == NULL) return fail(env, "no memory");
    int32_t size = kw_image_read(&s->slots, image, offset, octets, capacity);
    napi_value answer = size < 0 ? number_of(env, size) : buffer_of(env, octets, (size_t)size);
    free(octets);
    return answer;
}

static napi_value finish(napi_env env, napi_callback_info info) {
    uint32_t image;
    SELF();
    return want_u32(&a, 0, "image", &image) ? number_of(env, kw_image_finish(&s->slots, image)) : NULL;
}

static napi_value activate(napi_env env, napi_callback_info info) {
    uint32_t image;
    SELF();
    return want_u32(&a, 0, "image", &image) ? number_of(env, kw_image_activate(&s->slots, image)) : NULL;
}

static napi_value confirm(napi_env env, napi_callback_info info) {
    uint32_t healthy;
    SELF();
    return want_u32(&a, 0, "healthy", &healthy) ? number_of(env, kw_image_confirm(&s->slots, healthy != 0)) : NULL;
}

static napi_value refused(napi_env env, napi_callback_info info) {
    uint32_t reason, detail;
    SELF();
    if (!want_u32(&a, 0, "reason", &reason) || !want_u32(&a, 1, "detail", &detail)) return NULL;
    kw_images_refused(&s->slots, (enum kw_image_reason)reason, detail);
    return NULL;
}

static napi_value overdue(napi_env env, napi_callback_info info) {
    int64_t now;
    SELF();
    return want_i64(&a, 0, "now", &now) ? boolean_of(env, kw_images_overdue(&s->slots, now)) : NULL;
}

// state(image): 48 octets, or a negative Err
static napi_value state(napi_env env, napi_callback_info info) {
    uint32_t image;
    uint8_t octets[KW_IMAGE_STATE];
    SELF();
    if (!want_u32(&a, 0, "image", &image)) return NULL;
    memset(octets, 0xa5, sizeof octets);
    int32_t size = kw_image_state(&s->slots, image, octets, sizeof octets);
    return size < 0 ? number_of(env, size) : buffer_of(env, octets, sizeof octets);
}

// stats(): { operations, erases, stale, dead, brokenRule }
static napi_value stats(napi_env env, napi_callback_info info) {
    napi_value result;
    SELF();
    napi_create_object(env, &result);
    set(env, result, "operations", number_of(env, s->flash.operations));
    set(env, result, "erases", number_of(env, s->flash.erases));
    set(env, result, "stale", number_of(env, s->flash.stale_programs));
    set(env, result, "dead", boolean_of(env, s->flash.dead));
    set(env, result, "brokenRule", boolean_of(env, s->flash.broken_rule));
    return result;
}

static napi_value journal(napi_env env, napi_callback_info info) {
    SELF();
    return buffer_of(env, s->flash.journal, s->flash.journal_size);
}

napi_value define_images(napi_env env, napi_value exports) {
    static const napi_property_descriptor methods[] = {
        {"boot", NULL, boot, NULL, NULL, NULL, napi_default, NULL},
        {"running", NULL, running, NULL, NULL, NULL, napi_default, NULL},
        {"install", NULL, install, NULL, NULL, NULL, napi_default, NULL},
        {"begin", NULL, begin, NULL, NULL, NULL, napi_default, NULL},
        {"write", NULL, write_octets, NULL, NULL, NULL, napi_default, NULL},
        {"read", NULL, read_octets, NULL, NULL, NULL, napi_default, NULL},
        {"finish", NULL, finish, NULL, NULL, NULL, napi_default, NULL},
        {"activate", NULL, activate, NULL, NULL, NULL, napi_default, NULL},
        {"confirm", NULL, confirm, NULL, NULL, NULL, napi_default, NULL},
        {"refused", NULL, refused, NULL, NULL, NULL, napi_default, NULL},
        {"overdue", NULL, overdue, NULL, NULL, NULL, napi_default, NULL},
        {"state", NULL, state, NULL, NULL, NULL, napi_default, NULL},
        {"stats", NULL, stats, NULL, NULL, NULL, napi_default, NULL},
        {"journal", NULL, journal, NULL, NULL, NULL, napi_default, NULL},
    };
    napi_value constructor;
    napi_define_class(env, "NativeImages", NAPI_AUTO_LENGTH, construct, NULL, sizeof methods / sizeof *methods, methods, &constructor);
    set(env, exports, "NativeImages", constructor);
    return exports;
}
