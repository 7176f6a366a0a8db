// wasm3's m3_compile.c with three operations of our own in the place of its, and one fault mended.
//
// op_Call calls through a stub (code_cache.h): the callee is translated when its code is not there, and stays while it is active.
// Every function has its stub before the first translation, so op_Compile, which turned itself into op_Call before it knew whether
// the translation had succeeded (fault A of wasm3 0.9.0), is never emitted.
//
// op_Entry's work is done by whoever calls, word by word: most functions have few locals and constants.
//
// op_Loop never asks whether it should go on (lack C).  With KW_FUEL each turn costs a unit, and so does each call; what fills or copies
// costs by its octets.
#define M3_COMPILE_OPCODES
#include "m3_env.h"
#include "m3_compile.h"
#include "m3_exec.h"
#include "m3_validate.h"
#include "code_cache.h"
#include "wasm3_glue.h"

// Keeps the compiler from seeing memset or memcpy in a loop of few turns.
#define KEEP_LOOP() __asm volatile("" ::: "memory")

#ifdef KW_FUEL

const char kw_out_of_fuel[] = "the call used up its fuel";
KW_PER_THREAD uint64_t kw_fuel;
KW_PER_THREAD struct kw_machine *kw_shaken;

static bool burn(void) { return kw_fuel != 0 && --kw_fuel == 0; }

d_m3Op(KwLoop) {
    d_m3ClearRegisters IM3Memory memory = m3MemInfo(_mem);
    m3ret_t result;
    do {
        if (M3_UNLIKELY(burn())) newTrap(kw_out_of_fuel);
        result = nextOpImpl();
        _mem = memory->mallocated;
    } while (result == _pc);
    forwardTrap(result);
}

#define OCTETS_PER_UNIT 64u

d_m3Op(KwMemFill) {
    kw_work((u32)_r0 / OCTETS_PER_UNIT);
    M3_MUSTTAIL return op_MemFill(_pc, d_m3OpArgs);
}

d_m3Op(KwMemCopy) {
    kw_work((u32)_r0 / OCTETS_PER_UNIT);
    M3_MUSTTAIL return op_MemCopy(_pc, d_m3OpArgs);
}

#define op_Loop op_KwLoop
#define op_MemFill op_KwMemFill
#define op_MemCopy op_KwMemCopy
#define BEFORE_CALL(out_of_fuel) \
    do { \
        if (M3_UNLIKELY(burn())) newTrap(out_of_fuel); \
        if (M3_UNLIKELY(kw_shaken != NULL)) kw_code_shake(kw_shaken); \
    } while (0)
#else
#define BEFORE_CALL(out_of_fuel) ((void)0)
#endif

// Zeroes locals, lays down constants, runs the body.  _sp is the callee's.
static inline m3ret_t run_body(struct kw_code *code, m3stack_t _sp, M3MemoryHeader *_mem) {
    IM3Function f = code->function;
    if (M3_UNLIKELY((void *)(_sp + f->maxStackSlots) >= _mem->maxStack)) return m3Err_trapStackOverflow;
    m3slot_t *at = _sp + f->numRetAndArgSlots;
    for (u32 left = f->numLocalBytes; left != 0; left -= sizeof *at) {
        *at++ = 0;
        KEEP_LOOP();
    }
    const m3slot_t *constant = f->constants;
    for (u32 left = constant == NULL ? 0 : f->numConstantBytes; left != 0; left -= sizeof *at) {
        *at++ = *constant++;
        KEEP_LOOP();
    }
    code->uses = (code->uses + KW_CODE_ACTIVE) | KW_CODE_RECENT;
    m3ret_t result = ((IM3Operation)code->body[0])((pc_t)code->body + 1, _sp, _mem, d_m3BaseOpDefaultArgs);
    code->uses -= KW_CODE_ACTIVE;
    return result;
}

static IM3Function function_of(const struct kw_stub *stub) {
    return (IM3Function)(void *)((u8 *)(uintptr_t)stub - offsetof(M3Function, import));
}
static M3_NOINLINE struct kw_code *translated(const struct kw_stub *stub) { return kw_code_of(function_of(stub)); }
static M3_NOINLINE m3ret_t problem(M3MemoryHeader *_mem) { return kw_code_problem(m3MemRuntime(_mem)->userdata); }

// A call of an import that traps is its caller's.
static M3_NOINLINE m3ret_t left(const struct kw_stub *stub, M3MemoryHeader *_mem, m3ret_t result) {
    if (stub->enter == (const void *)kw_stub_operation) kw_code_stopped(m3MemRuntime(_mem)->userdata, function_of(stub));
    return result;
}

// What m3_Call and op_CallIndirect find at M3Function.compiled.
d_m3Op(KwStub) {
    const struct kw_stub *stub = (const void *)(_pc - 1);
    (void)_r0;
    BEFORE_CALL(kw_out_of_fuel);
    struct kw_code *code = stub->code != NULL ? stub->code : translated(stub);
    if (M3_UNLIKELY(code == NULL)) newTrap(problem(_mem));
    return run_body(code, _sp, _mem);
}

const void *const kw_stub_operation = (const void *)op_KwStub;

d_m3Op(KwCall) {
    d_m3CheckNativeStack();
    const struct kw_stub *stub = immediate(const void *);
    i32 offset = immediate(i32);
    IM3Memory memory = m3MemInfo(_mem);
    m3ret_t result;
    BEFORE_CALL(left(stub, _mem, kw_out_of_fuel)); // the unit is the callee's
    if (M3_LIKELY(stub->enter == (const void *)op_KwStub)) {
        struct kw_code *code = stub->code != NULL ? stub->code : translated(stub);
        if (M3_UNLIKELY(code == NULL)) newTrap(problem(_mem));
        result = run_body(code, _sp + offset, _mem);
    } else {
        pc_t raw = (pc_t)stub;
        result = ((IM3Operation)raw[0])(raw + 1, _sp + offset, _mem, d_m3BaseOpDefaultArgs);
    }
    _mem = memory->mallocated;
    if (M3_UNLIKELY(result != NULL)) forwardTrap(left(stub, _mem, result));
    nextOp();
}

#define op_Call op_KwCall
// The words of op_Entry and its operand become the head of struct kw_code.
#define op_Entry op_KwStub
// The gate has checked all bodies, and wasm3's own validator is not built in (gate.h).
#define ValidateFunction(function) (m3Err_none)

// A local that is set while the stack refers to it is kept in other slots, counted by who refers to it.  wasm3 0.9.0 counts the second of
// two references to a 64-bit local in the first slot only; the other was free too early, and a later value took it.  The name of the
// function that counts becomes another where it is defined, by its first parameter's type, and a call for every slot where it is called.
static M3Result CountSlot(IM3Compilation o, u16 slot);
static M3Result CountSlots(IM3Compilation o, m3type_t type, u16 slot) {
    M3Result result = CountSlot(o, slot);
    return result == NULL && type == c_m3Type_i64 ? CountSlot(o, (u16)(slot + 1)) : result;
}
#define COUNTS_IM3Compilation CountSlot(IM3Compilation
#define COUNTS_o CountSlots(o, GetStackTypeFromBottom(o, i)
#define IncrementSlotUsageCount(compilation, slot) COUNTS_##compilation, slot)
#include "m3_compile.c"
