// wasm3's m3_code.c with pages of our own: of the size that their function needs, and with a bit a line behind the lines that says
// which words are pointers.  That is what it takes to move code (code_cache.c).
#include "m3_code.h"
#include "m3_env.h"
#include "wasm3_glue.h"

#define NewCodePage m3_new_code_page
#define EmitWord_impl m3_emit_word
#include "m3_code.c"
#undef NewCodePage
#undef EmitWord_impl

KW_PER_THREAD uint32_t kw_page_lines = KW_PAGE_LINES;

static uint32_t *bits_of(IM3CodePage page) { return (uint32_t *)(void *)&page->code[page->info.numLines]; }

IM3CodePage NewCodePage(IM3Runtime runtime, u32 least) {
    uint32_t lines = least > kw_page_lines ? least : kw_page_lines;
    kw_page_lines = KW_PAGE_LINES;
    if (lines > UINT32_MAX / (2 * sizeof(code_t))) return NULL;
    IM3CodePage page = m3_Malloc("M3CodePage", sizeof(M3CodePageHeader) + lines * sizeof(code_t) + (lines + 31) / 32 * sizeof(uint32_t));
    if (page == NULL) return NULL;
    page->info.sequence = ++runtime->newCodePageSequence;
    page->info.numLines = lines;
    return page;
}

void EmitWord_impl(IM3CodePage page, void *word) {
    uint32_t line = page->info.lineIndex++;
    bits_of(page)[line / 32] |= UINT32_C(1) << line % 32;
    page->code[line] = word;
}

bool kw_is_pointer(IM3CodePage page, uint32_t line) { return bits_of(page)[line / 32] >> line % 32 & 1; }
