#include "code_cache.h"
#include <string.h>
#include "m3_env.h"
#include "machine.h"
#include "wasm3_glue.h"

#define ALIVE_EACH 16u     // translations: 16 of the longest are 5 million instructions
#define ALIVES_MAX 64u     // of one call; a module that translates without an end is the watchdog's
#define LINES_PER_OCTET 1u // of wasm code, on the first page; most functions need nine tenths of it

_Static_assert(sizeof(struct kw_stub) == sizeof(M3ImportInfo), "the stub fits the names of an import");

static struct kw_machine *machine_of(IM3Function f) { return f->module->runtime->userdata; }
static struct kw_stub *stub_of(IM3Function f) { return (struct kw_stub *)(void *)&f->import; }

static bool evict(void *context) { return kw_code_evict(context); }

void kw_code_begin(struct kw_machine *m) {
    for (uint32_t i = m->module->numFuncImports; i < m->module->numFunctions; i++) {
        IM3Function f = &m->module->functions[i];
        *stub_of(f) = (struct kw_stub){kw_stub_operation, NULL};
        f->compiled = (pc_t)(void *)stub_of(f);
    }
    m->arena.evict = evict;
    m->arena.context = m;
}

// ---- Eviction ----

static void drop(struct kw_machine *m, struct kw_code *code) {
    stub_of(code->function)->code = NULL;
    code->function->constants = NULL;
    m->code.held -= kw_arena_size(code);
    m->code.evictions++;
    kw_arena_free(code);
}

// The inactive function that was called in the fewest and oldest of the calls that evicted.  A step of this history is a call of the
// module, so one long call cannot push out by itself what every call needs; the lowest address goes first, which keeps holes together.
static struct kw_code *coldest(struct kw_machine *m) {
    struct kw_code *found = NULL;
    bool age = !m->code.aged;
    m->code.aged = true;
    for (struct kw_code *code = NULL; (code = kw_arena_next_kept(&m->arena, code)) != NULL;) {
        uintptr_t history = code->uses % KW_CODE_ACTIVE;
        if (age) code->uses -= history - history / 2;
        if (code->uses < KW_CODE_ACTIVE && (found == NULL || code->uses < found->uses)) found = code;
    }
    return found;
}

bool kw_code_evict(struct kw_machine *m) {
    struct kw_code *code = coldest(m);
    if (code == NULL) return false;
    drop(m, code);
    return true;
}

static uint32_t draw(struct kw_machine *m) {
    uint32_t x = m->code.draws;
    x ^= x << 13;
    x ^= x >> 17;
    return m->code.draws = x ^ x << 5;
}

void kw_code_shake(struct kw_machine *m) {
    if (draw(m) % 16 == 0)
        while (kw_code_evict(m)) continue;
    uint32_t count = m->module->numFunctions, first = draw(m) % count;
    for (uint32_t i = 0; i < count; i++) {
        IM3Function f = &m->module->functions[(first + i) % count];
        if (f->wasm == NULL || stub_of(f)->code == NULL || stub_of(f)->code->uses >= KW_CODE_ACTIVE) continue;
        return drop(m, stub_of(f)->code);
    }
}

// ---- Translation ----

// The pages of one translation and where their words go.
struct move {
    IM3CodePage pages; // linked by info.next, the page of the entry first
    void **to;
};

static IM3CodePage append(IM3CodePage list, IM3CodePage more) {
    IM3CodePage *end = &list;
    while (*end != NULL) end = &(*end)->info.next;
    *end = more;
    return list;
}

// All pages of the runtime, that which begins with the entry in front.
static IM3CodePage take_pages(IM3Runtime runtime, pc_t entry) {
    IM3CodePage pages = append(runtime->pagesOpen, runtime->pagesFull);
    runtime->pagesOpen = runtime->pagesFull = NULL;
    for (IM3CodePage *at = &pages; *at != NULL; at = &(*at)->info.next) {
        IM3CodePage page = *at;
        if (page->code != entry) continue;
        *at = page->info.next;
        page->info.next = pages;
        return page;
    }
    return pages;
}

// Where a word's target moves; a pointer that leads elsewhere stays.
static void *moved(const struct move *m, void *word) {
    void **to = m->to;
    for (IM3CodePage page = m->pages; page != NULL; page = page->info.next) {
        void **code = (void **)(void *)page->code;
        if ((void **)word >= code && (void **)word <= code + page->info.lineIndex) return to + ((void **)word - code);
        to += page->info.lineIndex;
    }
    return word;
}

static void copy(const struct move *m) {
    void **to = m->to;
    for (IM3CodePage page = m->pages; page != NULL; page = page->info.next)
        for (uint32_t line = 0; line < page->info.lineIndex; line++, to++)
            *to = kw_is_pointer(page, line) ? moved(m, page->code[line]) : page->code[line];
}

// One block of exact size, with the constants behind the words.
static struct kw_code *settle(struct kw_machine *m, IM3Function f, IM3CodePage pages) {
    uint32_t lines = 0;
    for (IM3CodePage page = pages; page != NULL; page = page->info.next) lines += page->info.lineIndex;
    struct kw_code *code = kw_arena_keep(lines * sizeof(code_t) + f->numConstantBytes);
    copy(&(struct move){pages, (void **)(void *)code});
    code->uses = 0;
    code->function = f;
    if (f->constants != NULL) {
        void *constants = (code_t *)(void *)code + lines;
        memcpy(constants, f->constants, f->numConstantBytes);
        m3_Free(f->constants);
        f->constants = constants;
    }
    m->code.held += kw_arena_size(code);
    if (m->code.held > m->code.held_peak) m->code.held_peak = m->code.held;
    return code;
}

static void count(struct kw_machine *m, IM3Function f) {
    const struct kw_board *board = m->config.board;
    struct kw_code_cache *c = &m->code;
    c->translations++;
    if (f->maxStackSlots != 0) c->retranslations++;
    if (++c->in_call % ALIVE_EACH == 0 && c->in_call / ALIVE_EACH <= ALIVES_MAX && board->alive != NULL) board->alive(board->context);
}

const char *kw_code_problem(const struct kw_machine *m) { return m->code.problem; }

void kw_code_stopped(struct kw_machine *m, IM3Function f) {
    if (m->reason_offset == 0) m->reason_offset = (uint32_t)(f - m->module->functions);
}

struct kw_code *kw_code_of(IM3Function f) {
    struct kw_machine *m = machine_of(f);
    struct kw_stub *stub = stub_of(f);
    if (stub->code != NULL) return stub->code;
    count(m, f);
    kw_page_lines = (uint32_t)(f->wasmEnd - f->wasm) * LINES_PER_OCTET + KW_PAGE_LINES / 2;
    m->code.problem = CompileFunction(f);
    pc_t entry = f->compiled;
    f->compiled = (pc_t)(void *)stub;
    if (m->code.problem != NULL) return NULL;
    if (f->maxStackSlots == 0) f->maxStackSlots = 1; // 0 says that it was never translated
    IM3CodePage pages = take_pages(m->runtime, entry);
    struct kw_code *code = settle(m, f, pages);
    FreeCodePages(&pages);
    return stub->code = code;
}
