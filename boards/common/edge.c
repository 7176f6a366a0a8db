#include "edge.h"
#include <string.h>
#include "octets.h"

#define PSDU_MAX 127u

static void put_head(uint8_t *event, int64_t now, uint32_t kind, uint32_t size) {
    memset(event, 0, KW_EVENT_HEAD);
    event[KW_EVENT_KIND] = (uint8_t)kind;
    kw_put16(event + KW_EVENT_SIZE, size);
    memcpy(event + KW_EVENT_TIME, &now, sizeof now);
}

void kw_edge_begin(struct kw_edge *e, struct kw_machine *machine) { *e = (struct kw_edge){.machine = machine}; }

void kw_edge_received(struct kw_edge *e, int64_t now, const uint8_t *psdu, uint32_t size, uint8_t lqi, int8_t rssi) {
    uint8_t event[KW_EVENT_HEAD + PSDU_MAX];
    if (size > PSDU_MAX) return;
    put_head(event, now, KW_EVENT_KIND_RADIO_RECEIVED, size);
    event[KW_EVENT_LQI] = lqi;
    event[KW_EVENT_RSSI] = (uint8_t)rssi;
    memcpy(event + KW_EVENT_HEAD, psdu, size);
    kw_push(e->machine, event, KW_EVENT_HEAD + size);
}

static bool push_sent(struct kw_edge *e, int64_t now) {
    uint8_t event[KW_EVENT_HEAD];
    put_head(event, now, KW_EVENT_KIND_RADIO_SENT, 0);
    event[KW_EVENT_STATUS] = (uint8_t)e->status;
    event[KW_EVENT_HANDLE] = e->handle;
    event[KW_EVENT_PENDING] = e->pending;
    return kw_push(e->machine, event, sizeof event);
}

void kw_edge_sent(struct kw_edge *e, int64_t now, uint8_t handle, int8_t status, bool pending) {
    e->handle = handle;
    e->status = status;
    e->pending = pending;
    e->waits = !push_sent(e, now);
}

void kw_edge_run(struct kw_edge *e, int64_t now) {
    if (e->waits) e->waits = !push_sent(e, now);
}

int32_t kw_edge_event(struct kw_edge *e, int64_t now, const uint8_t *event, uint32_t size) {
    uint8_t own[KW_EVENT_HEAD + KW_EVENT_PAYLOAD_MAX];
    if (size < KW_EVENT_HEAD) return KW_ERR_TRUNCATED;
    uint8_t kind = event[KW_EVENT_KIND];
    if (kind != KW_EVENT_KIND_MEASURED && kind != KW_EVENT_KIND_UPLINK) return KW_ERR_RESERVED;
    if (size > sizeof own) return KW_ERR_BAD_LENGTH;
    put_head(own, now, kind, size - KW_EVENT_HEAD);
    memcpy(own + KW_EVENT_HEAD, event + KW_EVENT_HEAD, size - KW_EVENT_HEAD);
    return kw_push(e->machine, own, size) ? KW_OK : KW_ERR_NO_BUFFER;
}
