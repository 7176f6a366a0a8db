// The way in, for every board: events with their heads, and a RadioSent that is never lost.
//
// A driver calls these from the thread that polls, with the time since boot.  A full queue drops what was received and counts it; the
// end of a transmission waits here instead, or the radio would stay busy until the reset.
#ifndef KW_EDGE_H
#define KW_EDGE_H

#include "runtime.h"

struct kw_edge {
    struct kw_machine *machine;
    bool waits; // a RadioSent that found the queue full
    uint8_t handle, pending;
    int8_t status;
};

void kw_edge_begin(struct kw_edge *e, struct kw_machine *machine);

// A frame without its FCS, up to 127 octets; `rssi` in dBm.  `lqi` as 802.15.4 has it.
void kw_edge_received(struct kw_edge *e, int64_t now, const uint8_t *psdu, uint32_t size, uint8_t lqi, int8_t rssi);

// Exactly once for each frame that radio_send took.  `status` is KW_OK, KW_ERR_NO_ACK or KW_ERR_CHANNEL_BUSY; `pending`: the
// acknowledgement had its frame-pending bit set.
void kw_edge_sent(struct kw_edge *e, int64_t now, uint8_t handle, int8_t status, bool pending);

// After each poll: offers again what waits.
void kw_edge_run(struct kw_edge *e, int64_t now);

// An event of a driver that is not the radio, head and octets; the head's kind and size count, its time is replaced.  Answers KW_OK,
// KW_ERR_NO_BUFFER when the queue is full, or why it is none.
int32_t kw_edge_event(struct kw_edge *e, int64_t now, const uint8_t *event, uint32_t size);

#endif
