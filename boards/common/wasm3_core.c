// wasm3's m3_core.c with its allocations in our arena: its sources stay as they are, the names of the C library's allocator
// mean ours in this unit.
#include <stdlib.h>
#include <string.h>
#include "arena.h"

#define calloc kw_arena_calloc
#define realloc kw_arena_realloc
#define free kw_arena_free

#include "m3_core.c"
