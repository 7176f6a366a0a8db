#define _GNU_SOURCE // pthread_getattr_np
#include "addon.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- The stack ----

// A call of a module may take d_m3MaxNativeStack, and what it calls some more.
#define STACK_ROOM ((uintptr_t)d_m3MaxNativeStack + (128u << 10))

// V8 stops recursion by a limit of its own; below that a thread has little left, a worker less than a module may take.
static bool has_stack(void) {
#ifdef __linux__
    static _Thread_local uintptr_t floor;
    if (floor == 0) {
        pthread_attr_t attributes;
        void *lowest = NULL;
        size_t size = 0;
        if (pthread_getattr_np(pthread_self(), &attributes) != 0) return true;
        pthread_attr_getstack(&attributes, &lowest, &size);
        pthread_attr_destroy(&attributes);
        floor = (uintptr_t)lowest;
    }
    return (uintptr_t)__builtin_frame_address(0) > floor + STACK_ROOM;
#else
    return true;
#endif
}

// ---- Arguments ----

bool take_arguments(napi_env env, napi_callback_info info, struct arguments *a) {
    memset(a, 0, sizeof *a);
    a->env = env;
    a->count = ARGUMENTS_MAX;
    if (napi_get_cb_info(env, info, &a->count, a->values, &a->self, NULL) != napi_ok) return false;
    if (a->count > ARGUMENTS_MAX) a->count = ARGUMENTS_MAX;
    if (has_stack()) return true;
    napi_throw_range_error(env, NULL, "too many calls inside each other");
    return false;
}

static bool complain(napi_env env, const char *name, const char *kind) {
    char text[160];
    snprintf(text, sizeof text, "%s must %s", name, kind);
    napi_throw_type_error(env, NULL, text);
    return false;
}

// Of memory that belongs to one thread.  A detached array has no octets.
static bool bytes_of(napi_env env, napi_value value, struct bytes *out) {
    napi_typedarray_type type;
    napi_value memory = NULL;
    void *data = NULL;
    bool is = false;
    if (value == NULL || napi_is_typedarray(env, value, &is) != napi_ok || !is) return false;
    if (napi_get_typedarray_info(env, value, &type, &out->size, &data, &memory, NULL) != napi_ok) return false;
    if (napi_is_arraybuffer(env, memory, &is) != napi_ok || !is || out->size > BYTES_MAX) return false;
    static uint8_t nothing[1];
    if (data == NULL) out->size = 0;
    out->at = data == NULL ? nothing : data;
    return type == napi_uint8_array || type == napi_uint8_clamped_array;
}

#define A_UINT8ARRAY "be a Uint8Array over memory that is not shared, of less than 2 GiB"

bool want_bytes(struct arguments *a, size_t index, const char *name, struct bytes *out) {
    return (index < a->count && bytes_of(a->env, a->values[index], out)) || complain(a->env, name, A_UINT8ARRAY);
}

bool element_bytes(napi_env env, napi_value array, uint32_t index, const char *name, struct bytes *out) {
    napi_value value = NULL;
    return (napi_get_element(env, array, index, &value) == napi_ok && bytes_of(env, value, out)) || complain(env, name, A_UINT8ARRAY);
}

static bool u32_of(napi_env env, napi_value value, uint32_t *out) {
    double number = -1;
    if (napi_get_value_double(env, value, &number) != napi_ok || !(number >= 0 && number <= UINT32_MAX)) return false;
    *out = (uint32_t)number;
    return *out == number;
}

bool want_u32(struct arguments *a, size_t index, const char *name, uint32_t *out) {
    return (index < a->count && u32_of(a->env, a->values[index], out)) || complain(a->env, name, "be a whole number of 32 bits");
}

bool want_i64(struct arguments *a, size_t index, const char *name, int64_t *out) {
    bool lossless = false;
    bool is = index < a->count && napi_get_value_bigint_int64(a->env, a->values[index], out, &lossless) == napi_ok;
    return (is && lossless) || complain(a->env, name, "be a bigint of 64 bits");
}

// ---- Options ----

bool kept_whole(const struct kept *k) {
    napi_value array = NULL;
    struct bytes now;
    if (k->array == NULL || napi_get_reference_value(k->env, k->array, &array) != napi_ok) return false;
    return bytes_of(k->env, array, &now) && now.size == k->size && (now.at == k->at || k->size == 0);
}

void kept_drop(struct kept *k) {
    if (k->array != NULL) napi_delete_reference(k->env, k->array);
    *k = (struct kept){0};
}

static bool copy(struct owned *into, const struct bytes *octets) {
    into->at = malloc(octets->size + 1);
    if (into->at == NULL) return false;
    memcpy(into->at, octets->at, octets->size);
    into->size = octets->size;
    return true;
}

static bool keep(napi_env env, napi_value value, struct kept *into, const struct bytes *octets) {
    *into = (struct kept){env, NULL, octets->at, octets->size};
    return napi_create_reference(env, value, 1, &into->array) == napi_ok;
}

static bool take_octets(napi_env env, napi_value value, const struct option *option, void *into) {
    struct bytes octets;
    char text[64];
    snprintf(text, sizeof text, "have %u octets, in a Uint8Array", (unsigned)option->size);
    if (!bytes_of(env, value, &octets)) return complain(env, option->name, option->kind == OPTION_OCTETS ? text : A_UINT8ARRAY);
    if (option->kind == OPTION_OCTETS && octets.size != option->size) return complain(env, option->name, text);
    if (option->kind == OPTION_OCTETS) return memcpy(into, octets.at, option->size) != NULL;
    bool done = option->kind == OPTION_COPY ? copy(into, &octets) : keep(env, value, into, &octets);
    return done || (fail(env, "there is no memory"), false);
}

static bool is_object(napi_env env, napi_value value) {
    napi_valuetype type;
    return value != NULL && napi_typeof(env, value, &type) == napi_ok && (type == napi_object || type == napi_function);
}

static bool take_option(napi_env env, napi_value value, const struct option *option, void *into) {
    switch (option->kind) {
    case OPTION_U32: return u32_of(env, value, into) || complain(env, option->name, "be a whole number of 32 bits");
    case OPTION_TRUE: return napi_get_value_bool(env, value, into) == napi_ok || complain(env, option->name, "be true or false");
    case OPTION_OBJECT:
        if (!is_object(env, value)) return complain(env, option->name, "be an object");
        *(napi_value *)into = value;
        return true;
    default: return take_octets(env, value, option, into);
    }
}

bool take_options(napi_env env, napi_value object, const struct option *list, size_t count, void *into) {
    if (!is_object(env, object)) return complain(env, "the options", "be an object");
    for (size_t i = 0; i < count; i++) {
        napi_value value = NULL;
        napi_valuetype type;
        const char *dot = strrchr(list[i].name, '.');
        if (napi_get_named_property(env, object, dot == NULL ? list[i].name : dot + 1, &value) != napi_ok) return false; // its getter threw
        if (napi_typeof(env, value, &type) != napi_ok) return false;
        bool absent = type == napi_undefined || type == napi_null;
        if (absent && list[i].needed) return complain(env, list[i].name, "be given");
        if (!absent && !take_option(env, value, &list[i], (uint8_t *)into + list[i].at)) return false;
    }
    return true;
}

// ---- Objects ----

static const napi_type_tag tags[KINDS] = {
    [KIND_DEVICE] = {0x6b696c6f7761736d, 1}, [KIND_STORE] = {0x6b696c6f7761736d, 2}, [KIND_IMAGES] = {0x6b696c6f7761736d, 3}};

bool wrap(struct arguments *a, napi_callback_info info, enum kind kind, void *data, napi_finalize finalize) {
    napi_value target = NULL;
    if (napi_get_new_target(a->env, info, &target) != napi_ok || target == NULL) {
        napi_throw_type_error(a->env, NULL, "a class must be called with new");
        return false;
    }
    bool done =
        napi_type_tag_object(a->env, a->self, &tags[kind]) == napi_ok && napi_wrap(a->env, a->self, data, finalize, NULL, NULL) == napi_ok;
    return done || (fail(a->env, "the object cannot be made"), false);
}

void *self_of(struct arguments *a, enum kind kind) {
    void *found = NULL;
    bool is = false;
    if (napi_check_object_type_tag(a->env, a->self, &tags[kind], &is) != napi_ok || !is || napi_unwrap(a->env, a->self, &found) != napi_ok)
        found = NULL;
    if (found == NULL) napi_throw_type_error(a->env, NULL, "called on a value of another kind");
    return found;
}

void define_class(napi_env env, napi_value exports, const char *name, napi_callback construct, size_t count,
                  const napi_property_descriptor *methods) {
    napi_value constructor = NULL;
    napi_define_class(env, name, NAPI_AUTO_LENGTH, construct, NULL, count, methods, &constructor);
    set(env, exports, name, constructor);
}

void define_all(napi_env env, napi_value exports, const struct function *all, size_t count) {
    for (size_t i = 0; i < count; i++) {
        napi_value function = NULL;
        napi_create_function(env, all[i].name, NAPI_AUTO_LENGTH, all[i].call, NULL, &function);
        set(env, exports, all[i].name, function);
    }
}

// ---- Results ----

napi_value fail(napi_env env, const char *message) {
    napi_throw_error(env, NULL, message);
    return NULL;
}

napi_value buffer_of(napi_env env, const void *at, size_t size) {
    napi_value value = NULL;
    if (napi_create_buffer_copy(env, size, size == 0 ? "" : at, NULL, &value) != napi_ok) return fail(env, "there is no memory");
    return value;
}

napi_value number_of(napi_env env, int64_t number) {
    napi_value value = NULL;
    napi_create_int64(env, number, &value);
    return value;
}

napi_value bigint_of(napi_env env, int64_t number) {
    napi_value value = NULL;
    napi_create_bigint_int64(env, number, &value);
    return value;
}

napi_value boolean_of(napi_env env, bool is) {
    napi_value value = NULL;
    napi_get_boolean(env, is, &value);
    return value;
}

napi_value text_of(napi_env env, const char *text) {
    napi_value value = NULL;
    napi_create_string_utf8(env, text == NULL ? "" : text, NAPI_AUTO_LENGTH, &value);
    return value;
}

napi_value null_of(napi_env env) {
    napi_value value = NULL;
    napi_get_null(env, &value);
    return value;
}

napi_value object_of(napi_env env) {
    napi_value value = NULL;
    napi_create_object(env, &value);
    return value;
}

void set(napi_env env, napi_value object, const char *name, napi_value value) {
    const napi_property_descriptor property = {name, NULL, NULL, NULL, NULL, value, napi_writable | napi_enumerable | napi_configurable,
                                               NULL};
    if (object != NULL && value != NULL) napi_define_properties(env, object, 1, &property);
}
