// The reader of recordings, docs/abi.md: runs what happened to a device once more, on any engine that is boards/common.
#ifndef KW_REPLAY_H
#define KW_REPLAY_H

#include <stdbool.h>
#include <stdint.h>
#include "board.h"
#include "trace.h"

// Where the octets of a recording come from: false when fewer than `size` are left, and nothing was read.
struct kw_source {
    void *context;
    bool (*read)(void *context, void *to, uint32_t size);
    uint8_t *room; // for one record: a board without links needs KW_REPLAY_ROOM, one with them KW_REPLAY_ROOM_LINKS
    uint32_t room_size;
};
#define KW_REPLAY_ROOM (2u + KW_STORE_RECORD_MAX)
#define KW_REPLAY_ROOM_LINKS (KW_EVENT_HEAD + KW_LINK_FRAME_MAX)

// What the image imports answered in a recording.  False when the recording goes on with something else than the answer to import `id`;
// the octets that it wrote then go to `at`, which has room for `capacity`.
struct kw_answers {
    void *context;
    bool (*next)(void *context, uint32_t id, int32_t *answer, uint8_t *at, uint32_t capacity);
};

// Surroundings that take everything and answer as a board that is well; kw_replay answers what a recording says instead.
extern const struct kw_board kw_replay_board;

struct kw_machine;
struct kw_config;

enum kw_replay_end {
    KW_REPLAY_DONE = 0,
    KW_REPLAY_BAD = 1,     // not a recording, a record that contradicts its kind, or an image import whose answer is not the next one
    KW_REPLAY_REFUSED = 2, // kw_load refused the module; kw_reason says why
};

// Called around every start and poll, for measurements; either may be null.
struct kw_replay_watch {
    void *context;
    void (*before)(void *context, enum kw_trace_kind kind, int64_t now);
    void (*after)(void *context, enum kw_trace_kind kind, int64_t now);
};

// Runs a recording from its first octet to its last and writes the trace to config->trace.  config->store must be open and empty;
// config->seed is replaced by the recording's, config->images and config->board by its answers.  A second start in a recording is a reboot: the machine is loaded again.
enum kw_replay_end kw_replay(struct kw_machine *m, struct kw_config *config, const struct kw_source *source,
                             const struct kw_replay_watch *watch);

#endif
