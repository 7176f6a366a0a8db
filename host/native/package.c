// Doors to boards/common/package.c, manifest.c and codec.c, so that tests hold them against their own readings.
#include <stdlib.h>
#include <string.h>
#include "addon.h"
#include "device_images.h"
#include "package.h"

// ---- Packages ----

static napi_value key_of(napi_env env, const struct kw_release_key *key) {
    napi_value o = object_of(env);
    set(env, o, "id", buffer_of(env, key->id, sizeof key->id));
    set(env, o, "epoch", number_of(env, key->epoch));
    set(env, o, "point", buffer_of(env, key->point, sizeof key->point));
    return o;
}

static napi_value manifest_of(napi_env env, const struct kw_manifest *m) {
    const struct {
        const char *name;
        uint32_t value;
    } numbers[] = {
        {"counter", m->counter},
        {"role", m->role},
        {"phase", m->phase},
        {"encoding", m->encoding},
        {"version", m->version},
        {"hardwareMinimum", m->hardware_minimum},
        {"hardwareMaximum", m->hardware_maximum},
        {"imageSize", m->image_size},
        {"payloadSize", m->payload_size},
        {"abiMinimum", m->abi_minimum},
        {"abiMaximum", m->abi_maximum},
        {"memory", m->memory},
        {"nativeMinimum", m->native_minimum},
        {"notBefore", m->not_before},
    };
    napi_value o = object_of(env);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) set(env, o, numbers[i].name, number_of(env, numbers[i].value));
    set(env, o, "vendor", buffer_of(env, m->vendor, sizeof m->vendor));
    set(env, o, "classId", buffer_of(env, m->class_id, sizeof m->class_id));
    set(env, o, "imageDigest", buffer_of(env, m->image_digest, 32));
    set(env, o, "payloadDigest", buffer_of(env, m->payload_digest, 32));
    set(env, o, "baseDigest", buffer_of(env, m->base_digest, 32));
    set(env, o, "keyId", buffer_of(env, m->key_id, sizeof m->key_id));
    if (m->bound == KW_BOUND_NOT) return o;
    napi_value whom = object_of(env);
    set(env, whom, "manufacturer", number_of(env, m->manufacturer));
    set(env, whom, "type", number_of(env, m->type));
    if (m->bound == KW_BOUND_DEVICE) set(env, whom, "address", buffer_of(env, m->destination, sizeof m->destination));
    set(env, o, "destination", whom);
    return o;
}

struct taking {
    struct kw_package package;
    struct kw_image_identity identity;
    uint8_t root[64];
    uint8_t *payload;
    size_t payload_size;
};

struct take_options {
    napi_value board;
    uint8_t root[64], destination[8];
    uint32_t manufacturer, type, version, size, epoch, counter, running;
};

#define AT(member) offsetof(struct take_options, member)
static const struct option take_list[] = {
    {"board", OPTION_OBJECT, AT(board), 0, false},  {"manufacturer", OPTION_U32, AT(manufacturer), 0, false},
    {"type", OPTION_U32, AT(type), 0, false},       {"version", OPTION_U32, AT(version), 0, false},
    {"size", OPTION_U32, AT(size), 0, false},       {"destination", OPTION_OCTETS, AT(destination), 8, false},
    {"epoch", OPTION_U32, AT(epoch), 0, false},     {"counter", OPTION_U32, AT(counter), 0, false},
    {"running", OPTION_U32, AT(running), 0, false},
};
static const struct option root_list[] = {{"root", OPTION_OCTETS, AT(root), 64, true}};
#undef AT

static bool taking_begin(napi_env env, napi_value options, struct taking *t) {
    struct take_options o = {0};
    if (!TAKE_OPTIONS(env, options, take_list, &o)) return false;
    if (o.board == NULL && !TAKE_OPTIONS(env, options, root_list, &o)) return false;
    memset(t, 0xa5, sizeof *t); // kw_package_begin owes everything that the caller does not decide
    if (o.board != NULL && !take_identity(env, o.board, &t->identity)) return false;
    struct kw_package *p = &t->package;
    p->board = o.board == NULL ? NULL : &t->identity;
    p->root = memcpy(t->root, o.board == NULL ? o.root : t->identity.root, sizeof t->root);
    p->expected = (struct kw_package_key){(uint16_t)o.manufacturer, (uint16_t)o.type, o.version, o.size};
    memcpy(p->destination, o.destination, sizeof p->destination);
    p->epoch = o.epoch;
    p->counter = o.counter;
    p->running = o.running;
    t->payload = NULL;
    t->payload_size = 0;
    kw_package_begin(p);
    return true;
}

// Gives one chunk, from memory of exactly its size, and keeps what the package calls payload; answers a reason.
static int32_t take_chunk(struct taking *t, const uint8_t *at, size_t size) {
    uint8_t *chunk = malloc(size + (size == 0));
    int32_t answer = 0;
    if (chunk == NULL) return KW_IMAGE_REASON_FLASH;
    memcpy(chunk, at, size);
    for (size_t done = 0; done < size;) {
        bool inside = t->package.part == KW_PACKAGE_PAYLOAD;
        answer = kw_package_take(&t->package, chunk + done, (uint32_t)(size - done));
        if (answer <= 0) break;
        if (inside) {
            uint8_t *more = realloc(t->payload, t->payload_size + (size_t)answer);
            if (more == NULL) break;
            memcpy(more + t->payload_size, chunk + done, (size_t)answer);
            t->payload = more;
            t->payload_size += (size_t)answer;
        }
        done += (size_t)answer;
    }
    free(chunk);
    return answer < 0 ? -answer : answer == 0 && size > 0 ? -1 : 0; // to take nothing without a reason would never end
}

// packageTake(options, chunks, skip): skip > 0 skips that much as soon as the payload begins, once.
static napi_value package_take(napi_env env, napi_callback_info info) {
    struct arguments a;
    struct taking t;
    uint32_t count = 0, skip = 0;
    int32_t reason = 0;
    bool skipped = true;
    napi_value result;
    if (!take_arguments(env, info, &a)) return NULL;
    if (a.count < 2 || napi_get_array_length(env, a.values[1], &count) != napi_ok) return fail(env, "chunks must be an array");
    if (a.count > 2 && !want_u32(&a, 2, "skip", &skip)) return NULL;
    if (!taking_begin(env, a.values[0], &t)) return NULL;
    for (uint32_t i = 0; i < count && reason == 0; i++) {
        struct bytes octets;
        if (!element_bytes(env, a.values[1], i, "chunk", &octets)) return (free(t.payload), NULL);
        reason = take_chunk(&t, octets.at, octets.size);
        if (skip > 0 && t.package.part == KW_PACKAGE_PAYLOAD) {
            skipped = kw_package_skip(&t.package, skip);
            skip = 0;
        }
    }
    result = object_of(env);
    set(env, result, "reason", number_of(env, reason));
    set(env, result, "end", number_of(env, kw_package_end(&t.package)));
    set(env, result, "part", number_of(env, t.package.part));
    set(env, result, "offset", number_of(env, t.package.offset));
    set(env, result, "payloadAt", number_of(env, t.package.payload_at));
    set(env, result, "skipped", boolean_of(env, skipped));
    set(env, result, "payload", buffer_of(env, t.payload, t.payload_size));
    set(env, result, "key", key_of(env, &t.package.key));
    set(env, result, "manifest", manifest_of(env, &t.package.manifest));
    free(t.payload);
    return result;
}

// manifestRead(root, certificate, manifest): the reasons of both, and what they say
static napi_value manifest_read(napi_env env, napi_callback_info info) {
    struct arguments a;
    struct bytes root, certificate, manifest;
    struct kw_release_key key;
    struct kw_manifest m;
    napi_value result;
    if (!take_arguments(env, info, &a)) return NULL;
    if (!want_bytes(&a, 0, "root", &root) || !want_bytes(&a, 1, "certificate", &certificate) || !want_bytes(&a, 2, "manifest", &manifest))
        return NULL;
    if (root.size != 64) return fail(env, "root must have 64 octets");
    // Copies of exactly their size, so that AddressSanitizer sees what reads beyond them.
    uint8_t *first = malloc(certificate.size + 1), *second = malloc(manifest.size + 1);
    if (first == NULL || second == NULL) return (free(first), free(second), fail(env, "no memory"));
    memset(&key, 0xa5, sizeof key);
    memset(&m, 0xa5, sizeof m);
    memcpy(first + 1, certificate.at, certificate.size);
    memcpy(second + 1, manifest.at, manifest.size);
    enum kw_image_reason of_key = kw_release_key_read(&key, first + 1, (uint32_t)certificate.size, root.at);
    enum kw_image_reason of_manifest = kw_manifest_read(&m, second + 1, (uint32_t)manifest.size, &key);
    free(first);
    free(second);
    result = object_of(env);
    set(env, result, "keyReason", number_of(env, of_key));
    set(env, result, "manifestReason", number_of(env, of_manifest));
    set(env, result, "key", key_of(env, &key));
    set(env, result, "manifest", manifest_of(env, &m));
    return result;
}

// ---- The codec ----

struct decoding {
    uint8_t *image;
    uint32_t made, seed;
    bool outside; // `back` was asked for octets that were not there
};

static bool decoding_back(void *context, uint32_t at, uint8_t *to, uint32_t size) {
    struct decoding *d = context;
    if (size == 0 || at > d->made || size > d->made - at) d->outside = true;
    else memcpy(to, d->image + at, size);
    return !d->outside;
}

// 1..most, or `most` itself when no seed was given
static uint32_t next_cut(struct decoding *d, uint32_t most) {
    if (d->seed == 0 || most == 0) return most;
    d->seed = d->seed * 1664525u + 1013904223u;
    d->seed += d->seed == 0;
    return 1 + (d->seed >> 8) % most;
}

// One call with input and output in memory of exactly their sizes, and with a state that has moved.
static int32_t decode_once(struct decoding *d, struct kw_decoder **state, const struct kw_decode_io *io, const uint8_t **in, uint32_t size,
                           uint32_t room) {
    uint8_t *chunk = malloc(size + 1), *out = malloc(room + 1);
    struct kw_decoder *moved = malloc(sizeof *moved);
    if (chunk == NULL || out == NULL || moved == NULL) abort();
    memcpy(chunk + 1, *in, size);
    *moved = **state;
    memset(*state, 0xa5, sizeof **state);
    free(*state);
    *state = moved;
    const uint8_t *at = chunk + 1;
    int32_t answer = kw_decode(*state, io, &at, chunk + 1 + size, out + 1, room);
    *in += at - (chunk + 1);
    if (answer > 0) memcpy(d->image + d->made, out + 1, (size_t)answer);
    if (answer > 0) d->made += (uint32_t)answer;
    free(chunk);
    free(out);
    return answer;
}

static int32_t decode_all(struct decoding *d, struct kw_decoder **state, const struct kw_decode_io *io, struct bytes payload,
                          uint32_t input_cut, uint32_t room_cut) {
    const uint8_t *in = payload.at, *end = payload.at + payload.size;
    while (in < end) {
        uint32_t have = (uint32_t)(end - in), size = next_cut(d, input_cut), left = io->image_size - d->made, room = next_cut(d, room_cut);
        if (size > have || size == 0) size = have;
        const uint8_t *chunk_end = in + size;
        for (;;) {
            const uint8_t *before = in;
            if (room > left || room == 0) room = left;
            int32_t answer = decode_once(d, state, io, &in, (uint32_t)(chunk_end - in), room);
            if (answer < 0) return -answer;
            if (answer == 0 && in == before) break;
            left = io->image_size - d->made;
            room = next_cut(d, room_cut);
        }
        if (in < chunk_end) return -1; // it would never end
    }
    return 0;
}

// decode(encoding, payload, imageSize, base, inputCut, roomCut, seed): cuts of 0 are none; with a seed they are the longest of random ones
static napi_value decode(napi_env env, napi_callback_info info) {
    struct arguments a;
    struct bytes payload, base;
    uint32_t encoding, size, input_cut, room_cut;
    struct decoding d = {0};
    napi_value result;
    if (!take_arguments(env, info, &a)) return NULL;
    if (!want_u32(&a, 0, "encoding", &encoding) || !want_bytes(&a, 1, "payload", &payload) || !want_u32(&a, 2, "imageSize", &size) ||
        !want_bytes(&a, 3, "base", &base) || !want_u32(&a, 4, "inputCut", &input_cut) || !want_u32(&a, 5, "roomCut", &room_cut) ||
        !want_u32(&a, 6, "seed", &d.seed))
        return NULL;
    uint32_t most = size < 1u << 24 ? size : 1u << 24; // room for the tests, whatever the size pretends
    d.image = malloc((size_t)most + 1);
    uint8_t *old = malloc(base.size + 1);
    struct kw_decoder *state = malloc(sizeof *state);
    if (d.image == NULL || old == NULL || state == NULL) {
        free(d.image);
        free(old);
        free(state);
        return fail(env, "no memory");
    }
    memcpy(old, base.at, base.size);
    memset(state, 0xa5, sizeof *state);
    struct kw_decode_io io = {&d, decoding_back, base.size > 0 ? old : NULL, (uint32_t)base.size, most};
    kw_decode_begin(state, (enum kw_encoding)encoding);
    int32_t reason = decode_all(&d, &state, &io, payload, input_cut, room_cut);
    result = object_of(env);
    set(env, result, "reason", number_of(env, reason));
    set(env, result, "done", boolean_of(env, kw_decode_done(state, &io)));
    set(env, result, "outside", boolean_of(env, d.outside));
    set(env, result, "image", buffer_of(env, d.image, d.made));
    free(d.image);
    free(old);
    free(state);
    return result;
}

napi_value define_package(napi_env env, napi_value exports) {
    static const struct function all[] = {{"packageTake", package_take}, {"manifestRead", manifest_read}, {"decode", decode}};
    define_all(env, exports, all, sizeof all / sizeof *all);
    return exports;
}
