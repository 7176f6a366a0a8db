// wasm3's m3_parse.c without its reader of the section `name`: nobody reads those names, they take memory, and where addresses have 32 bits
// a length in that section leads the reader back to where it was, for ever.  The one name it compares is that section's.
#include <string.h>
#include "m3_compile.h"
#include "m3_env.h"
#include "m3_exception.h"
#include "m3_info.h"

static inline int no_section_has(const char *name, const char *wanted) {
    (void)name, (void)wanted;
    return 1;
}

#define strcmp no_section_has

#include "m3_parse.c"
