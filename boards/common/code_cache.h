// Translated functions in a room that is smaller than all of them together: what was not used lately makes way, one function at a time.
//
//   M3Function.compiled -> | stub | code or null |        for ever; the two words are `import`, which a function with a body does not use
//   code                -> | uses | function | words of the body ... | constants |        one block of the arena, moved there after translation
//
// Callers know the stub only, so nothing of theirs changes when a function goes.  What has an activation on the stack stays.
#ifndef KW_CODE_CACHE_H
#define KW_CODE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct M3Function;
struct kw_machine;

struct kw_code {
    uintptr_t uses;              // KW_CODE_RECENT and older ones, and KW_CODE_ACTIVE for each activation
    struct M3Function *function; // these two lie where wasm3 writes op_Entry and its operand
    void *body[];
};

// Below the activations: in which of the last evicting calls of the module the function was called, the latest on top.
#define KW_CODE_RECENT 16u
#define KW_CODE_ACTIVE 32u

struct kw_stub {
    const void *enter; // wasm3_compile.c: kw_stub_operation
    struct kw_code *code;
};

struct kw_code_cache {
    bool aged;                // the history of uses went on by a step in the running call
    uint32_t held, held_peak; // octets
    uint32_t translations, retranslations, evictions;
    uint32_t in_call; // translations of the running call
    const char *problem;
    uint32_t draws; // tests: state of kw_code_shake
};

// After linking: every function with a body gets its stub, and the arena may ask for room.
void kw_code_begin(struct kw_machine *m);
// The code of a function, translated when it is not there; null when it cannot be translated, for which kw_code_problem has a sentence.
// Leaves by the arena's longjmp when there is no room although everything that may go has gone.
struct kw_code *kw_code_of(struct M3Function *function);
const char *kw_code_problem(const struct kw_machine *m);
// A function was left by a trap: the first that says so is where the run stopped.
void kw_code_stopped(struct kw_machine *m, struct M3Function *function);
// Drops one function that is not active; false when there is none.
bool kw_code_evict(struct kw_machine *m);
// Tests: drops one inactive function by chance, and now and then all of them.
void kw_code_shake(struct kw_machine *m);

#endif
