#include <stdio.h>
#include <string.h>
#include "addon.h"

void take_arguments(napi_env env, napi_callback_info info, struct arguments *a) {
    a->env = env;
    a->count = ARGUMENTS_MAX;
    napi_get_cb_info(env, info, &a->count, a->values, &a->self, NULL);
}

static bool complain(napi_env env, const char *name, const char *kind) {
    char text[160];
    snprintf(text, sizeof text, "%s must be %s", name, kind);
    napi_throw_type_error(env, NULL, text);
    return false;
}

static bool bytes_of(napi_env env, napi_value value, struct bytes *out) {
    napi_typedarray_type type;
    void *data = NULL;
    bool is = false;
    if (napi_is_typedarray(env, value, &is) != napi_ok || !is) return false;
    if (napi_get_typedarray_info(env, value, &type, &out->size, &data, NULL, NULL) != napi_ok) return false;
    static uint8_t nothing[1];
    out->at = data == NULL ? nothing : data;
    return type == napi_uint8_array || type == napi_uint8_clamped_array;
}

bool want_bytes(struct arguments *a, size_t index, const char *name, struct bytes *out) {
    return (index < a->count && bytes_of(a->env, a->values[index], out)) || complain(a->env, name, "a Uint8Array");
}

bool want_u32(struct arguments *a, size_t index, const char *name, uint32_t *out) {
    double value;
    bool fits = index < a->count && napi_get_value_double(a->env, a->values[index], &value) == napi_ok && value >= 0 && value <= UINT32_MAX;
    if (!fits) return complain(a->env, name, "a number of 32 bits");
    *out = (uint32_t)value;
    return true;
}

bool want_i64(struct arguments *a, size_t index, const char *name, int64_t *out) {
    bool lossless = false;
    bool is = index < a->count && napi_get_value_bigint_int64(a->env, a->values[index], out, &lossless) == napi_ok;
    return (is && lossless) || complain(a->env, name, "a bigint of 64 bits");
}

bool property(napi_env env, napi_value object, const char *name, napi_value *out) {
    napi_valuetype type;
    if (napi_get_named_property(env, object, name, out) != napi_ok || napi_typeof(env, *out, &type) != napi_ok) return false;
    return type != napi_undefined && type != napi_null;
}

bool property_bytes(napi_env env, napi_value object, const char *name, struct bytes *out) {
    napi_value value;
    return property(env, object, name, &value) && bytes_of(env, value, out);
}

uint32_t property_u32(napi_env env, napi_value object, const char *name, uint32_t otherwise) {
    napi_value value;
    double number;
    if (!property(env, object, name, &value) || napi_get_value_double(env, value, &number) != napi_ok) return otherwise;
    return number >= 0 && number <= UINT32_MAX ? (uint32_t)number : otherwise;
}

bool property_true(napi_env env, napi_value object, const char *name) {
    napi_value value;
    bool is = false;
    return property(env, object, name, &value) && napi_get_value_bool(env, value, &is) == napi_ok && is;
}

napi_value buffer_of(napi_env env, const void *at, size_t size) {
    napi_value value;
    napi_create_buffer_copy(env, size, size == 0 ? "" : at, NULL, &value);
    return value;
}

napi_value number_of(napi_env env, int64_t number) {
    napi_value value;
    napi_create_int64(env, number, &value);
    return value;
}

napi_value boolean_of(napi_env env, bool is) {
    napi_value value;
    napi_get_boolean(env, is, &value);
    return value;
}

napi_value text_of(napi_env env, const char *text) {
    napi_value value;
    napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value);
    return value;
}

napi_value null_of(napi_env env) {
    napi_value value;
    napi_get_null(env, &value);
    return value;
}

void set(napi_env env, napi_value object, const char *name, napi_value value) { napi_set_named_property(env, object, name, value); }

napi_value fail(napi_env env, const char *message) {
    napi_throw_error(env, NULL, message);
    return NULL;
}

void *self_of(struct arguments *a) {
    void *found = NULL;
    if (napi_unwrap(a->env, a->self, &found) != napi_ok || found == NULL)
        fail(a->env, "called on a value of another kind, or a closed one");
    return found;
}
