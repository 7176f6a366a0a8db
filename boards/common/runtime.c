#include "runtime.h"
#include <string.h>
#include "gate.h"
#include "m3_env.h"
#include "machine.h"
#include "wasm3_glue.h"

// A part of the work that may leave by the arena's longjmp.
typedef const char *step(struct kw_machine *m);

#define IMPORT_LINES 4u // what wasm3 emits for each import

static const char memory_full[] = "the arena is full";

static enum kw_stop stop_of(struct kw_machine *m, const char *result) {
    if (result == NULL) return KW_STOP_NONE;
    m->reason = result;
    if (result == memory_full) return KW_STOP_MEMORY;
    if (m->halted) return KW_STOP_HALT;
#ifdef KW_FUEL
    if (result == kw_out_of_fuel) return KW_STOP_FUEL;
#endif
    return KW_STOP_TRAP;
}

// Runs a step with the machine's arena in force.  An import may run another machine, so what was in force comes back.
static const char *guarded(struct kw_machine *m, step *run) {
    struct kw_arena *before = kw_arena_enter(&m->arena);
#ifdef KW_FUEL
    uint64_t fuel = kw_fuel;
    struct kw_machine *shaken = kw_shaken;
    kw_fuel = m->config.fuel;
    kw_shaken = m->config.shake != 0 ? m : NULL;
#endif
    const char *result = memory_full;
    m->running = true;
    if (setjmp(m->arena.full) == 0) result = run(m);
    m->running = false;
#ifdef KW_FUEL
    kw_fuel = fuel;
    kw_shaken = shaken;
#endif
    kw_arena_enter(before);
    return result;
}

// ---- Loading ----

// What nobody reads any more after linking: names of imports, data that lies in linear memory by now.
static void forget_unread(IM3Module module) {
    for (uint32_t i = 0; i < module->numFuncImports; i++) {
        IM3Function f = &module->functions[i];
        f->numNames = 0;
        f->names[0] = NULL; // it is the field's name
        FreeImportInfo(&f->import);
    }
    m3_Free(module->dataSegments);
    module->numDataSegments = 0;
}

// The gate has seen that the exports exist, and of which types they are.
static const char *link_module(struct kw_machine *m) {
    kw_page_lines = m->module->numFuncImports * IMPORT_LINES;
    const char *result = kw_link(m);
    if (result != NULL) return result;
    forget_unread(m->module);
    m->runtime->pagesOpen = m->runtime->pagesFull = NULL; // the imports' stay for ever; what comes is the cache's
    m->start = v_FindFunction(m->module, "start");
    m->poll = v_FindFunction(m->module, "poll");
    kw_code_begin(m);
    return m->start != NULL && m->poll != NULL ? NULL : "an export is missing";
}

static const char *parse_and_link(struct kw_machine *m) {
    const char *result;
    const struct kw_config *c = &m->config;
    m->environment = m3_NewEnvironment();
    m->runtime = m3_NewRuntime(m->environment, KW_WASM_STACK, m);
    m->runtime->memoryLimit = c->memory_limit;
    if ((result = m3_ParseModule(m->environment, &m->module, c->wasm, c->wasm_size)) != NULL) return result;
    if ((result = m3_LoadModule(m->runtime, m->module)) != NULL) return result;
    FreeCodePages(&m->environment->pagesReleased); // of initialisers
    return link_module(m);
}

static const char *translate_all(struct kw_machine *m) {
    for (uint32_t i = m->module->numFuncImports; i < m->module->numFunctions; i++)
        if (kw_code_of(&m->module->functions[i]) == NULL) return kw_code_problem(m);
    return NULL;
}

static const char *ask_abi(struct kw_machine *m) {
    IM3Function f;
    uint32_t version;
    const char *result = (f = v_FindFunction(m->module, "abi")) == NULL ? "an export is missing" : m3_CallV(f);
    if (result == NULL) result = m3_GetResultsV(f, &version);
    if (result != NULL) return result;
    bool fits = version >> 16 == KW_ABI_VERSION >> 16 && (version & 0xffff) <= (KW_ABI_VERSION & 0xffff);
    return fits ? NULL : "the module was built for another version of the contract";
}

static void reset(struct kw_machine *m, const struct kw_config *config) {
    struct kw_config copy = *config;
    uint32_t fail_after = m->arena.fail_after;
    kw_tls_wipe(m);
    memset(m, 0, sizeof *m);
    m->config = copy;
    kw_arena_reset(&m->arena, copy.arena, copy.arena_size);
    m->arena.fail_after = fail_after;
    m->reason = "";
    kw_forget_keys(m, KW_ALL_SLOTS);
    kw_drbg_seed(&m->drbg, copy.seed);
    m->config.seed = NULL;
}

static enum kw_stop refused(struct kw_machine *m, const char *result) {
    enum kw_stop stop = stop_of(m, result);
    m->loaded = false;
    m->reason_offset = 0; // no offset of the gate
    return stop == KW_STOP_MEMORY || stop == KW_STOP_NONE ? stop : KW_STOP_REFUSED;
}

enum kw_stop kw_load(struct kw_machine *m, const struct kw_config *config) {
    uint32_t offset;
    const char *result;
    reset(m, config);
    struct kw_gate_watch watch = {config->board->alive, config->board->context};
    enum kw_gate_reason reason = kw_gate(config->wasm, config->wasm_size, config->memory_limit, &watch, &offset);
    if (reason != KW_GATE_OK) {
        m->reason = kw_gate_reason(reason);
        m->reason_offset = offset;
        m->gate_verdict = reason;
        return KW_STOP_REFUSED;
    }
    m->constants_size = kw_gate_constants(config->wasm, config->wasm_size, &m->constants);
    if (config->memory_limit == 0) m->config.memory_limit = kw_gate_memory(config->wasm, config->wasm_size);
    if ((result = guarded(m, parse_and_link)) != NULL) return refused(m, result);
    m->arena_loaded = m->arena.used;
    m->loaded = true;
    if (config->code_room != 0 && config->code_room < m->arena.size - m->arena.used) m->arena.limit = m->arena.used + config->code_room;
    m->code.draws = config->shake;
    if (config->eager && (result = guarded(m, translate_all)) != NULL) return refused(m, result);
    if ((result = guarded(m, ask_abi)) != NULL) return refused(m, result);
    return KW_STOP_NONE;
}

// ---- Running ----

static const char *call_start(struct kw_machine *m) { return m3_CallV(m->start, m->now, m->start_reason); }

static const char *call_poll(struct kw_machine *m) {
    const char *result = m3_CallV(m->poll, m->now);
    return result == NULL ? m3_GetResultsV(m->poll, &m->deadline) : result;
}

static enum kw_stop run(struct kw_machine *m, step *call) {
    const struct kw_trace *trace = m->config.trace;
    m->long_works = m->code.in_call = 0;
    m->code.aged = false;
    m->reason_offset = 0;
    bool fit = m->loaded && !m->running;
    const char *result = fit ? guarded(m, call) : "the module is not loaded, or runs already";
    enum kw_stop stop = stop_of(m, result);
    if (stop == KW_STOP_NONE) return stop;
    if (fit && stop != KW_STOP_MEMORY) kw_code_stopped(m, call == call_start ? m->start : m->poll); // none that it called
    m->loaded = false; // wasm3's state is not fit to go on; the next step is kw_load
    if (trace != NULL) kw_trace_trap(trace);
    return stop;
}

enum kw_stop kw_start(struct kw_machine *m, int64_t now, uint32_t reason) {
    if (m->config.trace != NULL) kw_trace_start(m->config.trace, now, reason);
    m->now = now;
    m->start_reason = reason;
    return run(m, call_start);
}

bool kw_wants_seed(const struct kw_machine *m) { return m->drbg.calls >= KW_RESEED_CALLS; }

void kw_reseed(struct kw_machine *m, const uint8_t seed[32]) { kw_drbg_reseed(&m->drbg, seed); }

enum kw_stop kw_poll(struct kw_machine *m, int64_t now, int64_t *deadline) {
    if (m->loaded && !m->running && m->config.images != NULL && kw_images_overdue(m->config.images, now)) {
        m->loaded = false;
        return stop_of(m, "the module on trial has not confirmed in time");
    }
    if (m->config.trace != NULL) kw_trace_poll(m->config.trace, now);
    m->now = now;
    enum kw_stop stop = run(m, call_poll);
    if (stop != KW_STOP_NONE) return stop;
    *deadline = m->deadline;
    if (m->config.trace != NULL) kw_trace_answer(m->config.trace, m->deadline);
    return stop;
}

// ---- Events ----

bool kw_push(struct kw_machine *m, const uint8_t *event, uint32_t size) {
    uint32_t most = size >= KW_EVENT_HEAD && event[KW_EVENT_KIND] == KW_EVENT_KIND_LINK_RECEIVED ? KW_LINK_FRAME_MAX : KW_EVENT_PAYLOAD_MAX;
    bool whole = size >= KW_EVENT_HEAD && size <= KW_EVENT_HEAD + most &&
                 (event[KW_EVENT_SIZE] | (uint32_t)event[KW_EVENT_SIZE + 1] << 8) == size - KW_EVENT_HEAD;
    if (!whole || m->events >= KW_QUEUE_EVENTS || size > KW_QUEUE_OCTETS - m->queued) {
        m->events_dropped++;
        return false;
    }
    memcpy(m->queue + m->queued, event, size);
    m->queued += size;
    m->events++;
    return true;
}

bool kw_event_waits(const struct kw_machine *m) { return m->events > 0; }

// ---- Looking ----

const char *kw_reason(const struct kw_machine *m) { return m->reason; }
uint32_t kw_reason_offset(const struct kw_machine *m) { return m->reason_offset; }
void kw_module_hash(const struct kw_machine *m, uint8_t out[KW_MODULE_HASH]) {
    uint8_t hash[32];
    kw_sha256(hash, m->config.wasm, m->config.wasm_size);
    memcpy(out, hash, KW_MODULE_HASH);
}

const uint8_t *kw_drops(const struct kw_machine *m, uint32_t *layer, uint32_t *count) {
    uint32_t size, at, layers;
    if (!m->loaded || (at = kw_gate_drops(m->config.wasm, m->config.wasm_size, layer, &layers)) == 0) return NULL;
    const uint8_t *memory = m3_GetMemory(m->runtime, &size, 0);
    *count = layers * KW_DROPS_OF_LAYER;
    return memory != NULL && at <= size && size - at >= *count * 4 ? memory + at : NULL;
}

uint32_t kw_halt_reason(const struct kw_machine *m) { return m->halt_reason; }
uint32_t kw_gate_verdict(const struct kw_machine *m) { return m->gate_verdict; }

// wasm3's stack begins as zeros; what is not zero was used.
static uint32_t wasm_stack_peak(const struct kw_machine *m) {
    if (m->arena_loaded == 0) return 0;
    const uint32_t *words = m->runtime->originStack;
    uint32_t count = KW_WASM_STACK / sizeof *words;
    while (count > 0 && words[count - 1] == 0) count--;
    return count * (uint32_t)sizeof *words;
}

void kw_stats(const struct kw_machine *m, struct kw_stats *out) {
    uint32_t limit = m->config.memory_limit;
    *out = (struct kw_stats){
        .arena_size = m->arena.size,
        .arena_used = m->arena.used,
        .arena_peak = m->arena.peak,
        .arena_loaded = m->arena_loaded,
        .linear = limit != 0 && limit < d_m3DefaultMemPageSize ? limit : d_m3DefaultMemPageSize,
        .translated = m->code.held,
        .translated_peak = m->code.held_peak,
        .wasm_stack_peak = wasm_stack_peak(m),
        .translations = m->code.translations,
        .retranslations = m->code.retranslations,
        .evictions = m->code.evictions,
        .events_dropped = m->events_dropped,
        .bad_mic = m->bad_mic,
    };
}
