// The client of an 802.15.4 radio co-processor: Spinel over HDLC-lite, the subset of host/spinel/README.md.
// It keeps what the module has set, so that a co-processor that resets is set up again without the module's help.
#ifndef KW_SPINEL_H
#define KW_SPINEL_H

#include <stdbool.h>
#include <stdint.h>

#define KW_SPINEL_PENDING_MAX 16u // addresses of each length whose acknowledgements have frame pending set
#define KW_SPINEL_FRAME_MAX 192u  // a received PSDU with everything around it takes 156
#define KW_SPINEL_TIMEOUT_MS 1000 // a co-processor that does not answer a transmission within this time is reset

struct kw_spinel_edge {
    void *context;
    // Takes all or nothing.
    bool (*write)(void *context, const uint8_t *octets, uint32_t size);
    void (*received)(void *context, const uint8_t *psdu, uint32_t size, uint8_t lqi, int8_t rssi);
    void (*sent)(void *context, uint8_t handle, int8_t status, bool pending);
};

struct kw_spinel {
    const struct kw_spinel_edge *edge;
    // HDLC-lite, inwards
    uint16_t fill;
    bool escaped, overflow;
    uint8_t frame[KW_SPINEL_FRAME_MAX];
    // the transmission under way
    bool busy;
    bool resetting; // the reset that was asked for has not been answered
    uint8_t tid, handle;
    int64_t since; // -1: kw_spinel_run has not seen it yet
    // what the module has set
    uint8_t channel; // 0 = off
    bool receive;
    uint16_t pan, short_address;
    uint64_t extended_address;
    uint8_t short_count, extended_count;
    uint16_t pending_short[KW_SPINEL_PENDING_MAX];
    uint64_t pending_extended[KW_SPINEL_PENDING_MAX];
    uint32_t bad_frames, resets, write_failures;
    uint32_t refused; // frames that the co-processor would not send
};

void kw_spinel_begin(struct kw_spinel *s, const struct kw_spinel_edge *edge);

// `radio_set` and `radio_send` of docs/abi.md.
int32_t kw_spinel_set(struct kw_spinel *s, uint32_t parameter, int64_t value);
int32_t kw_spinel_send(struct kw_spinel *s, const uint8_t *psdu, uint32_t size, uint8_t handle);

// One octet from the co-processor.
void kw_spinel_octet(struct kw_spinel *s, uint8_t octet);

// Ends a transmission that nobody answers, and repeats a reset; answers when it wants to run again, INT64_MAX when nothing is under way.
int64_t kw_spinel_run(struct kw_spinel *s, int64_t now);

// CRC-16/X.25 as HDLC has it (RFC 1662 appendix C), bit by bit: start with 0xffff, complement at the end.
uint16_t kw_crc16(uint16_t crc, const uint8_t *from, uint32_t size);

#endif
