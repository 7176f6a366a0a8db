// Runs a module from a file over a recording from a file, and measures it.
//
//   wasm=PATH recording=PATH nor=PATH    what to run, over which flash
//   trace=PATH                           write the trace; costs instructions, so a run measures or traces
//   report=PATH                          write a line `start|poll now instructions` for each call, then lines name=value
//   memory=OCTETS                        linear memory, 0 or absent = the whole page
#include <string.h>
#include "../common/gate.h"
#include "../common/machine.h"
#include "../common/replay.h"
#include "clock.h"
#include "flash.h"
#include "semihost.h"
#include "startup.h"

#define PATH_MAX 256u
#define BUFFER_SIZE 1024u

struct file {
    int32_t handle;
    uint32_t fill, taken;
    uint8_t buffer[BUFFER_SIZE];
};

static struct file recording, trace_file, report;

static uint8_t module[KW_GATE_MODULE_MAX] __attribute__((section(".programmed")));
static uint8_t arena[KW_ARENA_SIZE] __attribute__((aligned(8)));
static struct kw_machine machine;
static struct kw_store store;

// ---- Files ----

static void flush(struct file *file) {
    if (file->fill > 0 && semihost_write(file->handle, file->buffer, file->fill) != file->fill) semihost_exit(false);
    file->fill = 0;
}

static void append(void *context, const void *octets, uint32_t size) {
    struct file *file = context;
    for (uint32_t done = 0; done < size;) {
        if (file->fill == BUFFER_SIZE) flush(file);
        uint32_t part = size - done < BUFFER_SIZE - file->fill ? size - done : BUFFER_SIZE - file->fill;
        memcpy(file->buffer + file->fill, (const uint8_t *)octets + done, part);
        file->fill += part;
        done += part;
    }
}

static void put_text(const char *text) { append(&report, text, strlen(text)); }

static void put_number(uint64_t value) {
    char digits[20], *at = digits + sizeof digits;
    do *--at = (char)('0' + value % 10);
    while (value /= 10);
    append(&report, at, (uint32_t)(digits + sizeof digits - at));
}

static void put_value(const char *name, uint64_t value) {
    put_text(name);
    put_text("=");
    put_number(value);
    put_text("\n");
}

static bool open_option(struct file *file, const char *name, enum semihost_mode mode) {
    char path[PATH_MAX];
    return semihost_option(name, path, sizeof path) && (file->handle = semihost_open(path, mode)) >= 0;
}

static uint32_t number_option(const char *name) {
    char text[16];
    uint32_t value = 0;
    if (!semihost_option(name, text, sizeof text)) return 0;
    for (const char *at = text; *at >= '0' && *at <= '9'; at++) value = value * 10 + (uint32_t)(*at - '0');
    return value;
}

// ---- Measuring ----

static uint64_t begun, read_at;
static uint64_t reading; // of the call that runs: a recording's answers cost a device nothing
static uint64_t load_instructions, start_instructions, poll_instructions, poll_longest, polls;
static uint32_t call_depth; // octets of stack above the calls that are measured

static bool read_recording(void *context, void *to, uint32_t size) {
    struct file *file = context;
    uint64_t from = kw_clock_instructions();
    for (uint32_t done = 0; done < size;) {
        if (file->taken == file->fill) {
            file->fill = semihost_read(file->handle, file->buffer, BUFFER_SIZE);
            file->taken = 0;
            if (file->fill == 0) return false;
        }
        uint32_t part = size - done < file->fill - file->taken ? size - done : file->fill - file->taken;
        memcpy((uint8_t *)to + done, file->buffer + file->taken, part);
        file->taken += part;
        done += part;
    }
    read_at = kw_clock_instructions();
    reading += read_at - from;
    return true;
}

static void before(void *context, enum kw_trace_kind kind, int64_t now) {
    (void)context, (void)now;
    begun = kw_clock_instructions();
    if (kind == KW_TRACE_START) load_instructions = begun - read_at;
    call_depth = kw_stack_depth();
    reading = 0;
}

static void after(void *context, enum kw_trace_kind kind, int64_t now) {
    uint64_t took = kw_clock_instructions() - begun - reading;
    (void)context;
    if (kind == KW_TRACE_START) start_instructions = took;
    else {
        polls++;
        poll_instructions += took;
        if (took > poll_longest) poll_longest = took;
    }
    put_text(kind == KW_TRACE_START ? "start " : "poll ");
    put_number((uint64_t)now);
    put_text(" ");
    put_number(took);
    put_text("\n");
}

static void put_summary(enum kw_replay_end end) {
    struct kw_stats stats;
    kw_stats(&machine, &stats);
    put_value("end", end);
    put_text("reason=");
    put_text(kw_reason(&machine));
    put_text("\n");
    put_value("offset", kw_reason_offset(&machine));
    put_value("load_instructions", load_instructions);
    put_value("start_instructions", start_instructions);
    put_value("polls", polls);
    put_value("poll_instructions", poll_instructions);
    put_value("poll_longest", poll_longest);
    put_value("arena", stats.arena_size);
    put_value("arena_peak", stats.arena_peak);
    put_value("arena_loaded", stats.arena_loaded);
    put_value("linear", stats.linear);
    put_value("translated_peak", stats.translated_peak);
    put_value("translations", stats.translations);
    put_value("retranslations", stats.retranslations);
    put_value("evictions", stats.evictions);
    put_value("events_dropped", stats.events_dropped);
    put_value("stack", kw_stack_size());
    put_value("stack_peak", kw_stack_peak() - call_depth);
}

// ---- Running ----

static bool open_store(void) {
    static const uint8_t key[16], noise[32]; // a replay has no secrets; effects show neither
    char path[PATH_MAX];
    if (!semihost_option("nor", path, sizeof path) || !kw_flash_open(path)) return false;
    int32_t answer = kw_store_open(&store, &kw_flash, key, noise);
    return (answer == KW_OK || answer == KW_ERR_NOT_FOUND) && kw_store_format(&store) == KW_OK;
}

static uint32_t read_module(void) {
    struct file wasm;
    if (!open_option(&wasm, "wasm", SEMIHOST_READ)) return 0;
    int32_t size = semihost_size(wasm.handle);
    if (size <= 0 || size > (int32_t)sizeof module) return 0;
    return semihost_read(wasm.handle, module, (uint32_t)size);
}

int main(void) {
    kw_clock_begin();
    if (kw_last.resets) semihost_exit(false); // a fault
    uint32_t size = read_module();
    bool reports = open_option(&report, "report", SEMIHOST_WRITE);
    if (!size || !reports || !open_option(&recording, "recording", SEMIHOST_READ) || !open_store()) semihost_exit(false);

    const struct kw_trace trace = {.context = &trace_file, .write = append};
    uint8_t room[KW_REPLAY_ROOM]; // on the stack that a hostile module wants too: this board has no links
    const struct kw_source source = {.context = &recording, .read = read_recording, .room = room, .room_size = sizeof room};
    const struct kw_replay_watch watch = {.before = before, .after = after};
    struct kw_config config = {
        .board = &kw_replay_board,
        .store = &store,
        .wasm = module,
        .wasm_size = size,
        .memory_limit = number_option("memory"),
        .arena = arena,
        .arena_size = sizeof arena,
        .trace = open_option(&trace_file, "trace", SEMIHOST_WRITE) ? &trace : 0,
    };
    enum kw_replay_end end = kw_replay(&machine, &config, &source, &watch);
    if (config.trace) flush(&trace_file);
    put_summary(end);
    flush(&report);
    semihost_exit(true);
}
