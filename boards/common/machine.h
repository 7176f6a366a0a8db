// The insides of struct kw_machine: for whoever reserves one, and for runtime.c and imports.c.
#ifndef KW_MACHINE_H
#define KW_MACHINE_H

#include "arena.h"
#include "code_cache.h"
#include "runtime.h"

#define KW_CCM_CACHE 4u // keys whose round keys are kept: network, and a link key with its variants

#define KW_INTERFACES 8u // docs/abi.md

struct M3Environment;
struct M3Runtime;
struct M3Module;
struct M3Function;
struct kw_tls;
struct kw_identity_file;

struct kw_cached_key {
    uint32_t selector; // slot | variant << 8, UINT32_MAX for none
    uint32_t used;     // counts up; the smallest goes first
    struct kw_ccm ccm;
};

struct kw_machine {
    struct kw_config config;
    struct kw_arena arena;
    struct M3Environment *environment; // all in the arena
    struct M3Runtime *runtime;
    struct M3Module *module;
    const uint8_t *constants; // the module's section, where the module lies
    uint32_t constants_size;
    struct kw_drbg drbg;
    struct kw_tls *tls; // in the arena; null until the module has reserved it
    uint32_t tls_size;
    struct kw_identity_file *identity_file; // lent by the arena while the own certificate comes in
    struct kw_cached_key keys[KW_CCM_CACHE];
    uint32_t key_clock;
    bool loaded, running;
    uint8_t sending; // a bit for each interface with a frame under way, until its RadioSent event has been taken
    bool halted;
    uint8_t sending_handle[KW_INTERFACES];
    uint32_t halt_reason, reason_offset, gate_verdict;
    uint32_t long_works; // of the running call
    const char *reason;
    uint32_t arena_loaded;
    struct kw_code_cache code;
    struct M3Function *start, *poll; // the module's exports
    uint32_t events, queued, events_dropped, bad_mic;
    int64_t now, deadline; // arguments and answer of the running call
    uint32_t start_reason;
    uint8_t queue[KW_QUEUE_OCTETS];
};

// Makes the imports of the loaded module callable.
const char *kw_link(struct kw_machine *m);
// Forgets round keys: of a slot, or all of them.
#define KW_ALL_SLOTS UINT32_MAX
void kw_forget_keys(struct kw_machine *m, uint32_t slot);
// imports_tls.c: forgets sessions and secrets; one secret.
void kw_tls_wipe(struct kw_machine *m);
int32_t kw_secret_clear(struct kw_machine *m, uint32_t name);

#endif
