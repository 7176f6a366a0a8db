// wasm3's m3_compile.c with two operations of our own in the place of its.
//
// op_Compile translates the callee at its first call.  wasm3 0.9.0 turns the operation into op_Call before it knows whether the
// translation succeeded; when it did not and the module runs again, op_Call jumps into a data structure (fault A).  Ours
// rewrites the operation afterwards.
//
// op_Loop never asks whether it should go on (lack C).  With KW_FUEL each turn costs a unit, and so does each call (m3_Yield).
#define M3_COMPILE_OPCODES
#include "m3_env.h"
#include "m3_compile.h"
#include "m3_exec.h"
#include "wasm3_glue.h"

d_m3Op(KwCompile) {
    IM3Function function = *(IM3Function *)_pc;
    if (function->compiled == NULL) {
        m3ret_t result = CompileFunction(function);
        if (result) newTrap(result);
    }
    rewrite_op(op_Call);
    *(void **)_pc = (void *)function->compiled;
    --_pc;
    nextOpDirect();
}

#ifdef KW_FUEL

const char kw_out_of_fuel[] = "the call used up its fuel";
uint64_t kw_fuel;

static bool burn(void) { return kw_fuel != 0 && --kw_fuel == 0; }

d_m3Op(KwLoop) {
    d_m3ClearRegisters
    IM3Memory memory = m3MemInfo(_mem);
    m3ret_t result;
    do {
        if (M3_UNLIKELY(burn())) newTrap(kw_out_of_fuel);
        result = nextOpImpl();
        _mem = memory->mallocated;
    } while (result == _pc);
    forwardTrap(result);
}

M3Result m3_Yield(void) { return burn() ? kw_out_of_fuel : m3Err_none; }

#define op_Loop op_KwLoop
#endif

#define op_Compile op_KwCompile
#include "m3_compile.c"
