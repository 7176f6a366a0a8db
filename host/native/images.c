// class NativeImages: one uptime of image slots over flash in memory, with power cuts and bad sectors.  For tests and for `image simulate`.
#include <stdlib.h>
#include <string.h>
#include "addon.h"
#include "device_images.h"
#include "image_slots.h"
#include "octets.h"

struct native_images {
    struct device_images images;
    bool usable; // the flash has the sectors that the layout asks for
};

static void finalize(napi_env env, void *data, void *hint) {
    struct native_images *s = data;
    (void)env, (void)hint;
    device_images_close(&s->images);
    free(s);
}

struct fault_options {
    uint32_t cut_at, cut_mode, cut_seed, stuck, stuck_count, decay;
    bool stuck_silent, journal;
};

#define AT(member) offsetof(struct fault_options, member)
static const struct option fault_list[] = {
    {"cutAt", OPTION_U32, AT(cut_at), 0, false},
    {"cutMode", OPTION_U32, AT(cut_mode), 0, false},
    {"cutSeed", OPTION_U32, AT(cut_seed), 0, false},
    {"stuck", OPTION_U32, AT(stuck), 0, false},
    {"stuckSectors", OPTION_U32, AT(stuck_count), 0, false},
    {"stuckSilent", OPTION_TRUE, AT(stuck_silent), 0, false},
    {"journal", OPTION_TRUE, AT(journal), 0, false},
    {"decay", OPTION_U32, AT(decay), 0, false},
};
#undef AT

static void take_faults(struct nor_memory *n, const struct fault_options *o) {
    n->cut_at = o->cut_at;
    n->mode = (enum cut_mode)o->cut_mode;
    n->random = UINT64_C(0x9e3779b97f4a7c15) ^ o->cut_seed;
    n->stuck = o->stuck;
    n->stuck_count = o->stuck_count;
    n->stuck_silent = o->stuck_silent;
    n->keep_journal = o->journal;
    if (o->decay < n->nor.sectors) nor_decay(n, o->decay);
}

static napi_value construct(napi_env env, napi_callback_info info) {
#define AT(member) offsetof(struct device_images, member)
    static const struct option list[] = {
        {"deviceKey", OPTION_OCTETS, AT(device_key), 16, true},
        {"noise", OPTION_OCTETS, AT(noise), 32, true},
    };
#undef AT
    struct arguments a;
    struct fault_options faults = {.cut_seed = 1, .stuck = UINT32_MAX, .stuck_count = 1, .decay = UINT32_MAX};
    if (!take_arguments(env, info, &a)) return NULL;
    struct native_images *s = calloc(1, sizeof *s);
    if (s == NULL) return fail(env, "there is no memory for images");
    if (!wrap(&a, info, KIND_IMAGES, s, finalize)) return (free(s), NULL);
    napi_value options = a.values[0];
    if (!TAKE_OPTIONS(env, options, list, &s->images) || !TAKE_OPTIONS(env, options, fault_list, &faults)) return NULL;
    if (!take_images(env, options, &s->images)) return NULL;
    take_faults(&s->images.flash, &faults);
    int32_t answer = device_images_open(&s->images);
    s->usable = answer == KW_OK;
    set(env, a.self, "opened", number_of(env, answer));
    return a.self;
}

static struct native_images *images_of(struct arguments *a) {
    struct native_images *s = self_of(a, KIND_IMAGES);
    if (s == NULL || (s->usable && kept_whole(&s->images.nor))) return s;
    fail(a->env, s->usable ? "nor was detached, or changed its size" : "nor does not have the sectors that its layout asks for");
    return NULL;
}

#define SELF() \
    struct arguments a; \
    if (!take_arguments(env, info, &a)) return NULL; \
    struct native_images *s = images_of(&a); \
    if (s == NULL) return NULL

// boot(): enum kw_image_source
static napi_value boot(napi_env env, napi_callback_info info) {
    const uint8_t *wasm;
    uint32_t size;
    SELF();
    return number_of(env, kw_images_boot(&s->images.slots, &wasm, &size));
}

// running(): the octets of what boot decided for, or null
static napi_value running(napi_env env, napi_callback_info info) {
    SELF();
    return s->images.slots.wasm == NULL ? null_of(env) : buffer_of(env, s->images.slots.wasm, s->images.slots.wasm_size);
}

static napi_value install(napi_env env, napi_callback_info info) {
    struct bytes package;
    SELF();
    if (!want_bytes(&a, 0, "package", &package)) return NULL;
    return number_of(env, kw_images_install(&s->images.slots, package.at, (uint32_t)package.size));
}

// begin(image, key): 12 octets, as image_begin's
static napi_value begin(napi_env env, napi_callback_info info) {
    struct bytes key;
    uint32_t image;
    SELF();
    if (!want_u32(&a, 0, "image", &image) || !want_bytes(&a, 1, "key", &key)) return NULL;
    if (key.size != 12) return fail(env, "a package is announced with 12 octets");
    struct kw_package_key k = {(uint16_t)kw_get16(key.at), (uint16_t)kw_get16(key.at + 2), kw_get32(key.at + 4), kw_get32(key.at + 8)};
    return number_of(env, kw_image_begin(&s->images.slots, image, &k));
}

static napi_value write_octets(napi_env env, napi_callback_info info) {
    struct bytes octets;
    uint32_t image, offset;
    SELF();
    if (!want_u32(&a, 0, "image", &image) || !want_u32(&a, 1, "offset", &offset) || !want_bytes(&a, 2, "octets", &octets)) return NULL;
    return number_of(env, kw_image_write(&s->images.slots, image, offset, octets.at, (uint32_t)octets.size));
}

// read(image, offset, capacity): octets, or a negative Err
static napi_value read_octets(napi_env env, napi_callback_info info) {
    uint32_t image, offset, capacity;
    SELF();
    if (!want_u32(&a, 0, "image", &image) || !want_u32(&a, 1, "offset", &offset) || !want_u32(&a, 2, "capacity", &capacity)) return NULL;
    if (capacity > s->images.nor.size) capacity = (uint32_t)s->images.nor.size;
    uint8_t *octets = malloc((size_t)capacity + 1);
    if (octets == NULL) return fail(env, "no memory");
    int32_t size = kw_image_read(&s->images.slots, image, offset, octets, capacity);
    napi_value answer = size < 0 ? number_of(env, size) : buffer_of(env, octets, (size_t)size);
    free(octets);
    return answer;
}

static napi_value finish(napi_env env, napi_callback_info info) {
    uint32_t image;
    SELF();
    return want_u32(&a, 0, "image", &image) ? number_of(env, kw_image_finish(&s->images.slots, image)) : NULL;
}

static napi_value activate(napi_env env, napi_callback_info info) {
    uint32_t image;
    SELF();
    return want_u32(&a, 0, "image", &image) ? number_of(env, kw_image_activate(&s->images.slots, image)) : NULL;
}

static napi_value confirm(napi_env env, napi_callback_info info) {
    uint32_t healthy;
    SELF();
    return want_u32(&a, 0, "healthy", &healthy) ? number_of(env, kw_image_confirm(&s->images.slots, healthy != 0)) : NULL;
}

static napi_value refused(napi_env env, napi_callback_info info) {
    uint32_t reason, detail;
    SELF();
    if (!want_u32(&a, 0, "reason", &reason) || !want_u32(&a, 1, "detail", &detail)) return NULL;
    kw_images_refused(&s->images.slots, (enum kw_image_reason)reason, detail);
    return NULL;
}

static napi_value overdue(napi_env env, napi_callback_info info) {
    int64_t now;
    SELF();
    return want_i64(&a, 0, "now", &now) ? boolean_of(env, kw_images_overdue(&s->images.slots, now)) : NULL;
}

// state(image): 48 octets, or a negative Err
static napi_value state(napi_env env, napi_callback_info info) {
    uint32_t image;
    uint8_t octets[KW_IMAGE_STATE];
    SELF();
    if (!want_u32(&a, 0, "image", &image)) return NULL;
    memset(octets, 0xa5, sizeof octets);
    int32_t size = kw_image_state(&s->images.slots, image, octets, sizeof octets);
    return size < 0 ? number_of(env, size) : buffer_of(env, octets, sizeof octets);
}

// stats(): { operations, erases, stale, dead, brokenRule }
static napi_value stats(napi_env env, napi_callback_info info) {
    napi_value result;
    SELF();
    result = object_of(env);
    set(env, result, "operations", number_of(env, s->images.flash.operations));
    set(env, result, "erases", number_of(env, s->images.flash.erases));
    set(env, result, "stale", number_of(env, s->images.flash.stale_programs));
    set(env, result, "dead", boolean_of(env, s->images.flash.dead));
    set(env, result, "brokenRule", boolean_of(env, s->images.flash.broken_rule));
    return result;
}

static napi_value journal(napi_env env, napi_callback_info info) {
    SELF();
    return buffer_of(env, s->images.flash.journal, s->images.flash.journal_size);
}

napi_value define_images(napi_env env, napi_value exports) {
    static const napi_property_descriptor methods[] = {
        METHOD("boot", boot),          METHOD("running", running),  METHOD("install", install), METHOD("begin", begin),
        METHOD("write", write_octets), METHOD("read", read_octets), METHOD("finish", finish),   METHOD("activate", activate),
        METHOD("confirm", confirm),    METHOD("refused", refused),  METHOD("overdue", overdue), METHOD("state", state),
        METHOD("stats", stats),        METHOD("journal", journal),
    };
    define_class(env, exports, "NativeImages", construct, sizeof methods / sizeof *methods, methods);
    return exports;
}
