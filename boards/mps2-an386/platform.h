// This board behind the edge of boards/common/board.h.
#ifndef KW_PLATFORM_H
#define KW_PLATFORM_H

#include "../common/runtime.h"

extern const struct kw_board kw_platform;

// The machine that events go to.
void kw_platform_begin(struct kw_machine *machine);

// Waits until the radio's co-processor has answered its reset, or half a second.
void kw_platform_wait_radio(void);

// Moves what has come in to the machine; answers when it wants to run again.
int64_t kw_platform_run(int64_t now);

// `# name=value` for everything that can be measured from inside.
void kw_platform_report(void);

#endif
