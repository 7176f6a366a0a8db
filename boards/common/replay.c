#include "replay.h"
#include <string.h>
#include "imports.h"
#include "machine.h"
#include "octets.h"

#define RECORD_HEAD 3u
#define ANSWER_HEAD 5u
#define KEY_SIZE 16u

struct replay {
    struct kw_machine *machine;
    struct kw_config *config;
    const struct kw_source *source;
    const struct kw_replay_watch *watch;
    enum kw_stop stop;
    bool bad;  // an import found another record than its answer
    bool held; // `head` is that of the next record, which nobody has taken yet
    uint8_t head[RECORD_HEAD];
    uint8_t seed[32];
};

static bool take(const struct replay *r, void *to, uint32_t size) { return r->source->read(r->source->context, to, size); }

// Whether there is another record; its head stays until somebody takes it.
static bool look(struct replay *r) {
    if (r->held) return true;
    if (!take(r, r->head, 1)) return false;
    r->held = take(r, r->head + 1, RECORD_HEAD - 1);
    if (!r->held) r->bad = true;
    return r->held;
}

// The surroundings' answer to an import: the next record where that is one, else `otherwise`.
static int32_t outside(struct replay *r, uint32_t id, int32_t otherwise) {
    uint8_t answer[ANSWER_HEAD];
    if (r == NULL || !look(r) || r->head[0] != KW_TRACE_OUTSIDE) return otherwise;
    r->held = false;
    if (kw_get16(r->head + 1) == sizeof answer && take(r, answer, sizeof answer) && answer[0] == id) return (int32_t)kw_get32(answer + 1);
    r->bad = true;
    return KW_ERR_BUSY;
}

static int32_t replay_radio_set(void *context, uint32_t number, uint32_t parameter, int64_t value) {
    (void)number, (void)value;
    bool known = parameter >= KW_RADIO_PARAMETER_CHANNEL && parameter <= KW_RADIO_PARAMETER_PENDING_NONE;
    return outside(context, ID_radio_set, known ? KW_OK : KW_ERR_RESERVED);
}

static int32_t replay_radio_send(void *context, uint32_t number, const uint8_t *psdu, uint32_t size, uint8_t handle) {
    (void)number, (void)psdu, (void)size, (void)handle;
    return outside(context, ID_radio_send, KW_OK);
}

static int32_t replay_sense(void *context, uint32_t quantity, uint32_t period_ms) {
    (void)quantity, (void)period_ms;
    return outside(context, ID_sense, KW_OK);
}

static int32_t replay_link_send(void *context, uint32_t number, const uint8_t *frame, uint32_t size) {
    (void)number, (void)frame, (void)size;
    return outside(context, ID_link_send, KW_OK);
}

static int32_t replay_display(void *context, uint32_t line, const uint8_t *text, uint32_t size) {
    (void)context, (void)line, (void)text, (void)size;
    return KW_OK;
}

static int32_t replay_uplink_send(void *context, const uint8_t *octets, uint32_t size) {
    (void)octets, (void)size;
    return outside(context, ID_uplink_send, KW_OK);
}

static void replay_log(void *context, uint32_t code, const uint8_t *octets, uint32_t size) {
    (void)context, (void)code, (void)octets, (void)size;
}

const struct kw_board kw_replay_board = {
    .radio_set = replay_radio_set,
    .radio_send = replay_radio_send,
    .sense = replay_sense,
    .display = replay_display,
    .uplink_send = replay_uplink_send,
    .link_send = replay_link_send,
    .log = replay_log,
};

static void watch(const struct replay *r, bool before, enum kw_trace_kind kind, int64_t now) {
    void (*call)(void *, enum kw_trace_kind, int64_t) = r->watch == NULL ? NULL : before ? r->watch->before : r->watch->after;
    if (call != NULL) call(r->watch->context, kind, now);
}

// The answers stand behind the call that asks, so the next record of the source is the one.
static bool next_answer(void *context, uint32_t id, int32_t *answer, uint8_t *at, uint32_t capacity) {
    struct replay *r = context;
    uint8_t head[ANSWER_HEAD];
    bool is = look(r) && r->head[0] == KW_TRACE_IMAGE;
    uint32_t size = is ? kw_get16(r->head + 1) : 0;
    r->held = false;
    is = size >= ANSWER_HEAD && take(r, head, sizeof head) && head[0] == id;
    size -= ANSWER_HEAD;
    is = is && size <= capacity && (size == 0 || take(r, at, size));
    if (is) *answer = (int32_t)kw_get32(head + 1);
    else r->bad = true;
    return is;
}

static enum kw_replay_end start(struct replay *r, int64_t now, uint32_t reason) {
    r->config->seed = r->seed;
    if (kw_load(r->machine, r->config) != KW_STOP_NONE) return KW_REPLAY_REFUSED;
    watch(r, true, KW_TRACE_START, now);
    r->stop = kw_start(r->machine, now, reason);
    watch(r, false, KW_TRACE_START, now);
    return r->bad ? KW_REPLAY_BAD : KW_REPLAY_DONE;
}

// After a trap the module does not run again before the next start.
static enum kw_replay_end poll(struct replay *r, int64_t now) {
    int64_t deadline;
    if (r->stop != KW_STOP_NONE) return KW_REPLAY_DONE;
    watch(r, true, KW_TRACE_POLL, now);
    r->stop = kw_poll(r->machine, now, &deadline);
    watch(r, false, KW_TRACE_POLL, now);
    return r->bad ? KW_REPLAY_BAD : KW_REPLAY_DONE;
}

static enum kw_replay_end record(struct replay *r, uint32_t kind, uint32_t size) {
    const uint8_t *at = r->source->room;
    switch (kind) {
    case KW_TRACE_SEED:
        if (size != sizeof r->seed) return KW_REPLAY_BAD;
        memcpy(r->seed, at, sizeof r->seed);
        return KW_REPLAY_DONE;
    case KW_TRACE_RECORD:
        if (size < 2 || kw_store_write_any(r->config->store, kw_get16(at), at + 2, size - 2) != KW_OK) return KW_REPLAY_BAD;
        return KW_REPLAY_DONE;
    case KW_TRACE_KEY:
        if (size != 1 + KEY_SIZE || kw_store_key_set(r->config->store, at[0], at + 1) != KW_OK) return KW_REPLAY_BAD;
        return KW_REPLAY_DONE;
    case KW_TRACE_START: return size == 12 ? start(r, (int64_t)kw_get64(at), kw_get32(at + 8)) : KW_REPLAY_BAD;
    case KW_TRACE_EVENT: return kw_push(r->machine, at, size) ? KW_REPLAY_DONE : KW_REPLAY_BAD;
    case KW_TRACE_POLL: return size == 8 ? poll(r, (int64_t)kw_get64(at)) : KW_REPLAY_BAD;
    default: return KW_REPLAY_BAD;
    }
}

static enum kw_replay_end run(struct replay *r) {
    if (!take(r, r->source->room, 4) || memcmp(r->source->room, "KWR1", 4) != 0) return KW_REPLAY_BAD;
    if (r->config->trace != NULL) kw_trace_begin(r->config->trace);
    while (look(r)) {
        uint32_t size = kw_get16(r->head + 1);
        r->held = false;
        if (size > r->source->room_size || (size > 0 && !take(r, r->source->room, size))) return KW_REPLAY_BAD;
        enum kw_replay_end end = record(r, r->head[0], size);
        if (end != KW_REPLAY_DONE) return end;
    }
    return r->bad ? KW_REPLAY_BAD : KW_REPLAY_DONE;
}

enum kw_replay_end kw_replay(struct kw_machine *m, struct kw_config *config, const struct kw_source *source,
                             const struct kw_replay_watch *watch) {
    struct replay r = {.machine = m, .config = config, .source = source, .watch = watch, .stop = KW_STOP_REFUSED};
    const struct kw_answers answers = {&r, next_answer};
    struct kw_board board = kw_replay_board;
    board.context = &r;
    config->images = NULL;
    config->answers = &answers;
    config->board = &board;
    enum kw_replay_end end = run(&r);
    config->answers = m->config.answers = NULL; // they end with this call
    config->board = m->config.board = &kw_replay_board;
    return end;
}
