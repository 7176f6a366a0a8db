// What the units that include wasm3's sources offer besides wasm3's own interface.
#ifndef KW_WASM3_GLUE_H
#define KW_WASM3_GLUE_H

#include <stdbool.h>
#include <stdint.h>
#include "arena.h"
#include "m3_code.h"

#ifdef KW_FUEL
// What the running call of a module may still take, 0 = no limit: one for a loop turn and for a call, for 64 octets that are filled or
// copied, and for each octet that an import is given.
extern KW_PER_THREAD uint64_t kw_fuel;
extern const char kw_out_of_fuel[];
// Work that takes longer than a turn; when it takes the last unit, the next turn or call ends the run.
static inline void kw_work(uint64_t units) {
    if (kw_fuel != 0) kw_fuel = kw_fuel > units ? kw_fuel - units : 1;
}
// Tests: the machine whose functions are dropped by chance before each call; null for none.
struct kw_machine;
extern KW_PER_THREAD struct kw_machine *kw_shaken;
#else
static inline void kw_work(uint64_t units) { (void)units; }
#endif
#define KW_WORK_FLASH 4096u // what an import that may write to flash takes, beside the octets of its ranges

// wasm3_compile.c: the operation of a stub.
extern const void *const kw_stub_operation;

// wasm3_code.c: the lines of the next new page when that is more than asked for; then KW_PAGE_LINES again.
#define KW_PAGE_LINES 64u
extern KW_PER_THREAD uint32_t kw_page_lines;
// Whether a word of a page was emitted as a pointer, and not as a number that may look like one.
bool kw_is_pointer(IM3CodePage page, uint32_t line);

#endif
