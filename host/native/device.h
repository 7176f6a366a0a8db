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
    struct owned wasm;
    struct kept nor;
    napi_ref surroundings;
    napi_ref thrown; // an object with what a callback threw first
    bool lost;       // a callback took the flash away: the call was left at once
    enum kw_stop stop;
    uint8_t *traced;
    size_t traced_size, traced_room;
    bool trace_lost, closed;
};

#define THROWN "error" // the property of `thrown`

// Whether the flash is still where it was.
bool device_whole(const struct device *d);
// device_edge.c: gives the device its board, which asks the surroundings, and its trace, which collects octets.
void device_edge(struct device *d);

#endif
