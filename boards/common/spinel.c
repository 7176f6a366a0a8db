#include "spinel.h"
#include <string.h>
#include "abi.h"
#include "board.h"

enum command { RESET = 1, SET = 3, INSERT = 4, REMOVE = 5, IS = 6 };

enum property {
    LAST_STATUS = 0x00,
    PHY_ENABLED = 0x20,
    PHY_CHAN = 0x21,
    LADDR = 0x34,
    SADDR = 0x35,
    PANID = 0x36,
    RAW_STREAM_ENABLED = 0x37,
    RX_ON_WHEN_IDLE = 0x3b,
    STREAM_RAW = 0x71,
    MATCH_ENABLED = 0x1303,
    MATCH_SHORT = 0x1304,
    MATCH_EXTENDED = 0x1305,
};

#define STATUS_OK 0u
#define STATUS_INVALID_STATE 4u
#define STATUS_NO_ACK 17u
#define STATUS_CHANNEL_BUSY 18u
#define STATUS_RESET_FIRST 112u // power-on; everything up to 127 is a reset
#define STATUS_RESET_LAST 127u

#define HEADER 0x80u
#define TID_MASK 0x0fu
#define FLAG 0x7eu
#define ESCAPE 0x7du
#define FLIP 0x20u
#define GOOD_FCS 0xf0b8u
#define FCS_SIZE 2u
#define OUT_MAX 160u    // header, command, property, size, PSDU of 127, what is said of it
#define BACKOFFS_MAX 4u // macMaxCSMABackoffs, macMaxFrameRetries
#define RETRIES_MAX 3u

uint16_t kw_crc16(uint16_t crc, const uint8_t *from, uint32_t size) {
    for (uint32_t i = 0; i < size; i++) {
        crc ^= from[i];
        for (uint32_t bit = 0; bit < 8; bit++) crc = (uint16_t)(crc >> 1 ^ (crc & 1 ? 0x8408 : 0));
    }
    return crc;
}

static uint8_t *put_escaped(uint8_t *to, uint8_t octet) {
    if (octet == FLAG || octet == ESCAPE || octet == 0x11 || octet == 0x13 || octet == 0xf8) {
        *to++ = ESCAPE;
        octet ^= FLIP;
    }
    *to++ = octet;
    return to;
}

static bool write_frame(struct kw_spinel *s, const uint8_t *frame, uint32_t size) {
    static uint8_t out[2 * (OUT_MAX + FCS_SIZE) + 2];
    uint8_t *to = out;
    uint16_t fcs = (uint16_t)~kw_crc16(0xffff, frame, size);
    *to++ = FLAG;
    for (uint32_t i = 0; i < size; i++) to = put_escaped(to, frame[i]);
    to = put_escaped(to, (uint8_t)fcs);
    to = put_escaped(to, (uint8_t)(fcs >> 8));
    *to++ = FLAG;
    bool written = s->edge->write(s->edge->context, out, (uint32_t)(to - out));
    if (!written) s->write_failures++;
    return written;
}

static uint32_t put_head(uint8_t *frame, uint32_t tid, enum command command, enum property property) {
    uint32_t size = 0;
    frame[size++] = (uint8_t)(HEADER | tid);
    frame[size++] = (uint8_t)command;
    if (property > 0x7f) frame[size++] = (uint8_t)(property | 0x80);
    frame[size++] = (uint8_t)(property > 0x7f ? property >> 7 : property);
    return size;
}

// Settings go without a tid: the answer would tell nothing that the cache does not know.
static int32_t tell(struct kw_spinel *s, enum command command, enum property property, const void *value, uint32_t value_size) {
    uint8_t frame[16];
    if (s->resetting) return KW_OK; // restore says it
    uint32_t size = put_head(frame, 0, command, property);
    memcpy(frame + size, value, value_size);
    return write_frame(s, frame, size + value_size) ? KW_OK : KW_ERR_NO_BUFFER;
}

static int32_t tell_u8(struct kw_spinel *s, enum property property, uint8_t value) { return tell(s, SET, property, &value, 1); }

static int32_t tell_u16(struct kw_spinel *s, enum command command, enum property property, uint16_t value) {
    uint8_t octets[2] = {(uint8_t)value, (uint8_t)(value >> 8)};
    return tell(s, command, property, octets, 2);
}

// Spinel writes an EUI-64 with its most significant octet first.
static int32_t tell_eui(struct kw_spinel *s, enum command command, enum property property, uint64_t value) {
    uint8_t octets[8];
    for (uint32_t i = 0; i < 8; i++) octets[i] = (uint8_t)(value >> (56 - 8 * i));
    return tell(s, command, property, octets, 8);
}

static int32_t tell_channel(struct kw_spinel *s) {
    if (!s->channel) return tell_u8(s, RAW_STREAM_ENABLED, 0);
    int32_t answer = tell_u8(s, PHY_CHAN, s->channel);
    return answer == KW_OK ? tell_u8(s, RAW_STREAM_ENABLED, 1) : answer;
}

// OpenThread's part refuses whatever is set before its radio is enabled.
static void restore(struct kw_spinel *s) {
    tell_u8(s, PHY_ENABLED, 1);
    tell_u16(s, SET, PANID, s->pan);
    tell_u16(s, SET, SADDR, s->short_address);
    tell_eui(s, SET, LADDR, s->extended_address);
    tell_u8(s, RX_ON_WHEN_IDLE, s->receive);
    tell_u8(s, MATCH_ENABLED, 1);
    for (uint32_t i = 0; i < s->short_count; i++) tell_u16(s, INSERT, MATCH_SHORT, s->pending_short[i]);
    for (uint32_t i = 0; i < s->extended_count; i++) tell_eui(s, INSERT, MATCH_EXTENDED, s->pending_extended[i]);
    tell_channel(s);
}

// Repeated by kw_spinel_run until it is answered.
static void send_reset(struct kw_spinel *s) {
    s->resetting = true;
    s->since = -1;
    static const uint8_t frame[2] = {HEADER, RESET};
    write_frame(s, frame, sizeof frame);
}

void kw_spinel_begin(struct kw_spinel *s, const struct kw_spinel_edge *edge) {
    *s = (struct kw_spinel){.edge = edge, .receive = true, .pan = 0xffff, .short_address = 0xffff};
    send_reset(s);
}

// The two lists of pending addresses differ in the width of an address only; `wide` chooses.
static uint32_t find(const struct kw_spinel *s, bool wide, uint64_t value) {
    uint32_t count = wide ? s->extended_count : s->short_count, index = 0;
    while (index < count && (wide ? s->pending_extended[index] : s->pending_short[index]) != value) index++;
    return index;
}

static int32_t pending_add(struct kw_spinel *s, bool wide, uint64_t value) {
    uint32_t count = wide ? s->extended_count : s->short_count;
    if (find(s, wide, value) < count) return KW_OK;
    if (count == KW_SPINEL_PENDING_MAX) return KW_ERR_NO_BUFFER;
    if (wide) {
        s->pending_extended[s->extended_count++] = value;
        return tell_eui(s, INSERT, MATCH_EXTENDED, value);
    }
    s->pending_short[s->short_count++] = (uint16_t)value;
    return tell_u16(s, INSERT, MATCH_SHORT, (uint16_t)value);
}

static int32_t pending_remove(struct kw_spinel *s, bool wide, uint64_t value) {
    uint32_t index = find(s, wide, value);
    if (index == (wide ? s->extended_count : s->short_count)) return KW_OK;
    if (wide) {
        s->pending_extended[index] = s->pending_extended[--s->extended_count];
        return tell_eui(s, REMOVE, MATCH_EXTENDED, value);
    }
    s->pending_short[index] = s->pending_short[--s->short_count];
    return tell_u16(s, REMOVE, MATCH_SHORT, (uint16_t)value);
}

int32_t kw_spinel_set(struct kw_spinel *s, uint32_t parameter, int64_t value) {
    switch (parameter) {
    case KW_RADIO_PARAMETER_CHANNEL: s->channel = (uint8_t)value; return tell_channel(s);
    case KW_RADIO_PARAMETER_PAN_ID: s->pan = (uint16_t)value; return tell_u16(s, SET, PANID, s->pan);
    case KW_RADIO_PARAMETER_SHORT_ADDRESS: s->short_address = (uint16_t)value; return tell_u16(s, SET, SADDR, s->short_address);
    case KW_RADIO_PARAMETER_EXTENDED_ADDRESS: s->extended_address = (uint64_t)value; return tell_eui(s, SET, LADDR, s->extended_address);
    case KW_RADIO_PARAMETER_RECEIVE: s->receive = value != 0; return tell_u8(s, RX_ON_WHEN_IDLE, s->receive);
    case KW_RADIO_PARAMETER_PENDING_SHORT: return pending_add(s, false, (uint16_t)value);
    case KW_RADIO_PARAMETER_PENDING_EXTENDED: return pending_add(s, true, (uint64_t)value);
    case KW_RADIO_PARAMETER_NOT_PENDING_SHORT: return pending_remove(s, false, (uint16_t)value);
    case KW_RADIO_PARAMETER_NOT_PENDING_EXTENDED: return pending_remove(s, true, (uint64_t)value);
    case KW_RADIO_PARAMETER_PENDING_NONE:
        s->short_count = s->extended_count = 0;
        tell(s, SET, MATCH_SHORT, "", 0);
        return tell(s, SET, MATCH_EXTENDED, "", 0);
    default: return KW_ERR_RESERVED;
    }
}

int32_t kw_spinel_send(struct kw_spinel *s, const uint8_t *psdu, uint32_t size, uint8_t handle) {
    uint8_t frame[OUT_MAX];
    if (s->busy) return KW_ERR_BUSY;
    if (size > 125) return KW_ERR_BAD_LENGTH;
    if (!s->channel) return KW_ERR_CHANNEL_BUSY; // the radio is off
    s->tid = (uint8_t)(s->tid % 15 + 1);
    uint32_t at = put_head(frame, s->tid, SET, STREAM_RAW);
    frame[at++] = (uint8_t)(size + FCS_SIZE);
    frame[at++] = 0;
    memcpy(frame + at, psdu, size);
    at += size;
    memset(frame + at, 0, FCS_SIZE); // the co-processor's to compute
    at += FCS_SIZE;
    // Then: with CSMA, header as it is, the first time, security as it is, at once (delay and its base), and where to listen afterwards.
    const uint8_t about[] = {s->channel, BACKOFFS_MAX, RETRIES_MAX, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, s->channel};
    memcpy(frame + at, about, sizeof about);
    if (!write_frame(s, frame, at + sizeof about)) return KW_ERR_BUSY;
    s->busy = true;
    s->handle = handle;
    s->since = -1;
    return KW_OK;
}

static void finish(struct kw_spinel *s, int8_t status, bool pending) {
    s->busy = false;
    s->edge->sent(s->edge->context, s->handle, status, pending);
}

int64_t kw_spinel_run(struct kw_spinel *s, int64_t now) {
    if (!s->busy && !s->resetting) return INT64_MAX;
    if (s->since < 0) s->since = now;
    if (now - s->since < KW_SPINEL_TIMEOUT_MS) return s->since + KW_SPINEL_TIMEOUT_MS;
    send_reset(s);
    s->since = now;
    if (s->busy) finish(s, KW_ERR_CHANNEL_BUSY, false);
    return now + KW_SPINEL_TIMEOUT_MS;
}

// A packed integer of up to three octets; false when it does not end within the frame.
static bool take_packed(const uint8_t **at, const uint8_t *end, uint32_t *value) {
    *value = 0;
    for (uint32_t shift = 0; shift < 21 && *at < end; shift += 7) {
        uint8_t octet = *(*at)++;
        *value |= (uint32_t)(octet & 0x7f) << shift;
        if (!(octet & 0x80)) return true;
    }
    return false;
}

static void take_status(struct kw_spinel *s, uint32_t tid, const uint8_t *at, const uint8_t *end) {
    uint32_t status;
    if (!take_packed(&at, end, &status)) return;
    if (tid == 0 && status >= STATUS_RESET_FIRST && status <= STATUS_RESET_LAST) {
        s->resets++;
        s->resetting = false;
        if (s->busy) finish(s, KW_ERR_CHANNEL_BUSY, false); // whether it went out will never be known
        restore(s);
        return;
    }
    if (!s->busy || tid != s->tid) return;
    bool pending = status == STATUS_OK && at < end && *at == 1;
    if (status != STATUS_OK && status != STATUS_NO_ACK && status != STATUS_CHANNEL_BUSY) {
        s->refused++;
        if (status == STATUS_INVALID_STATE) send_reset(s); // it has lost its settings without a word
    }
    finish(s, status == STATUS_OK ? KW_OK : status == STATUS_NO_ACK ? KW_ERR_NO_ACK : KW_ERR_CHANNEL_BUSY, pending);
}

// size u16, PSDU with FCS; RSSI i8, noise i8, flags u16, size u16, channel u8, LQI u8, ...
static void take_psdu(struct kw_spinel *s, const uint8_t *at, const uint8_t *end) {
    if (end - at < 2) return;
    uint32_t size = at[0] | (uint32_t)at[1] << 8;
    at += 2;
    if (size < 3 + FCS_SIZE || size > 127 || (uint32_t)(end - at) < size) return;
    const uint8_t *about = at + size;
    uint32_t have = (uint32_t)(end - about);
    s->edge->received(s->edge->context, at, size - FCS_SIZE, have >= 8 ? about[7] : 0, have >= 1 ? (int8_t)about[0] : 0);
}

static void take_frame(struct kw_spinel *s) {
    const uint8_t *at = s->frame, *end = s->frame + s->fill - FCS_SIZE;
    uint8_t header = *at++;
    uint32_t command, property;
    if ((header & 0xf0) != HEADER || !take_packed(&at, end, &command) || command != IS || !take_packed(&at, end, &property)) return;
    if (property == LAST_STATUS) take_status(s, header & TID_MASK, at, end);
    else if (property == STREAM_RAW) take_psdu(s, at, end);
}

void kw_spinel_octet(struct kw_spinel *s, uint8_t octet) {
    if (octet == FLAG) {
        bool empty = s->fill == 0 && !s->overflow;
        if (!empty) {
            if (!s->overflow && !s->escaped && s->fill > FCS_SIZE && kw_crc16(0xffff, s->frame, s->fill) == GOOD_FCS) take_frame(s);
            else s->bad_frames++;
        }
        s->fill = 0;
        s->escaped = s->overflow = false;
        return;
    }
    if (octet == ESCAPE) {
        s->escaped = true;
        return;
    }
    if (s->escaped) octet ^= FLIP;
    s->escaped = false;
    if (s->fill == KW_SPINEL_FRAME_MAX) s->overflow = true;
    else s->frame[s->fill++] = octet;
}
