// A NativeDevice's own parts.
#ifndef KW_DEVICE_H
#define KW_DEVICE_H

#include "device_images.h"
#include "machine.h"
#include "replay.h"

struct device {
    napi_env env;
    struct kw_machine machine;
    struct kw_store store;
    struct nor_memory flash;
    struct device_images *images; // null for a device without slots
    struct kw_board board;
    struct kw_trace trace;
    struct kw_config config;
    uint8_t *arena;
    napi_ref kept;   // an array of what must stay alive: the module's octets, the flash, the surroundings, the images' options
    napi_ref thrown; // what a callback threw first
    enum kw_stop stop;
    uint8_t *traced;
    size_t traced_size, traced_room;
    bool trace_lost, closed;
};

enum { KEPT_WASM, KEPT_NOR, KEPT_SURROUNDINGS, KEPT_IMAGES };

// device_edge.c: gives the device its board, which asks the surroundings, and its trace, which collects octets.
void device_edge(struct device *d);

napi_value bigint_of(napi_env env, int64_t value);

#endif
