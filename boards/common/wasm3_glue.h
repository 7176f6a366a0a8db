// What wasm3_compile.c offers besides wasm3's own interface.
#ifndef KW_WASM3_GLUE_H
#define KW_WASM3_GLUE_H

#include <stdint.h>

#ifdef KW_FUEL
// Loop turns and calls that the running call of a module may still take; 0 = no limit.
extern uint64_t kw_fuel;
extern const char kw_out_of_fuel[];
#endif

#endif
