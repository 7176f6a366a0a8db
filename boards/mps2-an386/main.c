// A device: the module that the image slots say, or the factory's, which is linked into flash, run for ever.
#include <string.h>
#include "../common/image_slots.h"
#include "../common/machine.h"
#include "../common/noise.h"
#include "clock.h"
#include "console.h"
#include "flash.h"
#include "oled.h"
#include "platform.h"
#include "semihost.h"
#include "startup.h"
#include "uart.h"

#define PATH_MAX 256u
#define BACK_OFF_MS 1000 // after a trap, so that a module that traps at once does not wear out the flash
#define SEED_SIZE 32u
#define BOOTS_MAX 4 // on trial, confirmed, the other one, the factory's

// Of the build: the factory module, and what this board is.
extern const uint8_t kw_module[];
extern const unsigned kw_module_size;
extern const struct kw_image_identity kw_identity;

static uint8_t arena[KW_ARENA_SIZE] __attribute__((aligned(8)));
static struct kw_machine machine;
static struct kw_store store;
static struct kw_images images;
static bool slots; // the images could be opened

// Nothing can be done without it, and a reset would change nothing: the reason stays on the console.
static _Noreturn void give_up(const char *why) {
    console_say(why);
    for (;; kw_watchdog_feed()) kw_clock_sleep(kw_clock_now() + BACK_OFF_MS);
}

// What may pass: from the reset on again.
static _Noreturn void try_again(const char *why) {
    console_say(why);
    kw_uart_drain(KW_UART_CONSOLE);
    kw_clock_sleep(kw_clock_now() + BACK_OFF_MS);
    kw_reset_with(KW_RESET_REASON_TRAP);
}

static const char *reason_text(uint32_t reason) {
    static const char *const texts[] = {"power on", "watchdog", "trap", "halt"};
    return reason < sizeof texts / sizeof *texts ? texts[reason] : "unknown";
}

static void say_hello(void) {
    console_begin('#');
    console_text("kilowasm on mps2-an386, reset by");
    console_text(reason_text(kw_last.reason));
    console_end();
    if (!kw_last.cfsr && kw_last.reason != KW_RESET_REASON_WATCHDOG) return;
    console_begin('#');
    console_text("last run ended at pc");
    console_hex32(kw_last.pc);
    console_text("lr");
    console_hex32(kw_last.lr);
    console_text("cfsr");
    console_hex32(kw_last.cfsr);
    console_text("address");
    console_hex32(kw_last.address);
    console_end();
}

// Whole contents of a short file whose path is an option.
static bool read_option_file(const char *name, uint8_t *to, uint32_t size) {
    char path[PATH_MAX];
    if (!semihost_option(name, path, sizeof path)) return false;
    int32_t file = semihost_open(path, SEMIHOST_READ);
    if (file < 0) return false;
    bool whole = semihost_read(file, to, size) == size;
    semihost_close(file);
    return whole;
}

// The emulated part's noise source is its host's.
static bool read_noise(void *context, uint8_t *to, uint32_t size) { return semihost_read(*(const int32_t *)context, to, size) == size; }

static void take_noise(uint8_t noise[SEED_SIZE]) {
    static struct kw_noise health;
    char path[PATH_MAX];
    if (!semihost_option("noise", path, sizeof path)) strcpy(path, "/dev/urandom");
    int32_t file = semihost_open(path, SEMIHOST_READ);
    if (file < 0) give_up("no noise source");
    bool fit = kw_noise_take(&health, read_noise, &file, noise, SEED_SIZE);
    semihost_close(file);
    if (!fit) give_up("the noise source is not fit to use");
}

// New entropy for the module's random octets, when it is due; before a poll, so that a poll is a function of what came before it.
static void renew_seed(void) {
    uint8_t seed[SEED_SIZE];
    if (!kw_wants_seed(&machine)) return;
    take_noise(seed);
    kw_reseed(&machine, seed);
    kw_wipe(seed, sizeof seed);
}

static void open_store(void) {
    char path[PATH_MAX];
    uint8_t key[16], noise[SEED_SIZE];
    if (!semihost_option("nor", path, sizeof path) || !kw_flash_open(path)) give_up("no flash");
    if (!read_option_file("key", key, sizeof key)) give_up("no device key");
    take_noise(noise);
    int32_t answer = kw_store_open(&store, &kw_flash, key, noise);
    if (answer == KW_ERR_NOT_FOUND) {
        console_say("the flash holds no store of this device: formatting");
        answer = kw_store_format(&store);
    }
    kw_wipe(key, sizeof key);
    kw_wipe(noise, sizeof noise);
    if (answer == KW_ERR_BAD_CHECKSUM) try_again("the flash cannot be read");
    if (answer != KW_OK) give_up("the store cannot be opened");
}

// An address that cannot be read is there: it opens no door.
static bool has_address(void) {
    uint8_t address[8];
    int32_t size = kw_store_read(&store, KW_RECORD_ADDRESS, address, sizeof address);
    if (size == KW_ERR_BAD_CHECKSUM) try_again("the address cannot be read");
    return size == (int32_t)sizeof address;
}

// At manufacture; the address, written last, closes the door.
static void take_factory_records(void) {
    if (has_address()) return;
    console_say("no address: waiting for factory records");
    while (!has_address()) {
        const struct console_line *line = console_take();
        if (!line) kw_clock_sleep(kw_clock_now() + BACK_OFF_MS);
        else if (line->verb != 'W') console_answer(line->verb, KW_ERR_RESERVED);
        else console_answer('W', kw_store_write_any(&store, line->record, line->octets, line->size)); // its identity is among them
    }
}

static void say_stop(const char *what) {
    console_begin('#');
    console_text(what);
    console_text(kw_reason(&machine));
    console_end();
}

// `in function INDEX of module HASH` where one ran; whoever has the build finds its name.
static void say_trap(void) {
    uint8_t hash[KW_MODULE_HASH];
    console_begin('#');
    console_text("the module stopped:");
    console_text(kw_reason(&machine));
    if (kw_reason_offset(&machine) != 0) {
        kw_module_hash(&machine, hash);
        console_text("in function");
        console_number(kw_reason_offset(&machine));
        console_text("of module");
        console_octets(hash, sizeof hash);
    }
    console_end();
}

// Ends a run that did not end as it should.
static _Noreturn void stop(enum kw_stop why) {
    if (why == KW_STOP_HALT) {
        console_say("the module halts");
        kw_uart_drain(KW_UART_CONSOLE);
        kw_reset_with(KW_RESET_REASON_HALT);
    }
    say_trap();
    kw_uart_drain(KW_UART_CONSOLE);
    kw_reset_with(KW_RESET_REASON_TRAP);
}

static void open_images(void) {
    static struct kw_image_config config = {
        .nor = &kw_flash_images,
        .layout = {.slot_sectors = FLASH_SLOT_SECTORS},
        .identity = &kw_identity,
        .alive = kw_watchdog_feed,
    };
    static uint8_t key[16], noise[SEED_SIZE];
    if (!read_option_file("key", key, sizeof key)) give_up("no device key");
    take_noise(noise);
    config.device_key = key;
    config.noise = noise;
    config.factory = kw_module;
    config.factory_size = kw_module_size;
    kw_store_read(&store, KW_RECORD_ADDRESS, config.address, sizeof config.address);
    slots = kw_images_open(&images, &config) == KW_OK;
    kw_wipe(key, sizeof key); // only the key derived from it is needed from here on
    if (!slots) console_say("the image slots cannot be opened");
}

// What runs next; the factory's where there are no slots.
static enum kw_image_source choose(const uint8_t **wasm, uint32_t *size) {
    kw_watchdog_feed(); // a slot is verified before it is loaded
    if (slots) return kw_images_boot(&images, wasm, size);
    *wasm = kw_module;
    *size = kw_module_size;
    return KW_IMAGE_FACTORY;
}

static void say_boot(enum kw_image_source source) {
    static const char *const texts[] = {"slot A", "slot B", "the factory module"};
    uint8_t state[KW_IMAGE_STATE];
    console_begin('#');
    console_text("boots");
    console_text(texts[source]);
    if (source < KW_IMAGE_FACTORY && kw_image_state(&images, 0, state, sizeof state) == (int32_t)sizeof state) {
        console_text("version");
        console_hex32(state[KW_IMAGE_RUNNING] | (uint32_t)state[KW_IMAGE_RUNNING + 1] << 8 | (uint32_t)state[KW_IMAGE_RUNNING + 2] << 16 |
                      (uint32_t)state[KW_IMAGE_RUNNING + 3] << 24);
        console_text("stack");
        console_hex32(state[KW_IMAGE_PHASE]);
        if (state[KW_IMAGE_FLAGS] & 1) console_text("on trial");
    }
    console_end();
}

static enum kw_stop load(const uint8_t *wasm, uint32_t size) {
    static uint8_t seed[SEED_SIZE];
    take_noise(seed);
    struct kw_config config = {
        .board = &kw_platform,
        .store = &store,
        .images = slots ? &images : 0,
        .wasm = wasm,
        .wasm_size = size,
        .arena = arena,
        .arena_size = sizeof arena,
        .seed = seed,
    };
    enum kw_stop answer = kw_load(&machine, &config);
    kw_wipe(seed, sizeof seed); // the generator has it
    if (answer == KW_STOP_NONE) return answer;
    say_stop("the module is refused:");
    console_value("offset", kw_reason_offset(&machine));
    return answer;
}

static void boot(void) {
    for (int left = BOOTS_MAX; left > 0; left--) {
        const uint8_t *wasm;
        uint32_t size;
        enum kw_image_source source = choose(&wasm, &size);
        if (source == KW_IMAGE_NOTHING) break;
        say_boot(source);
        enum kw_stop answer = load(wasm, size);
        if (answer == KW_STOP_NONE) return;
        if (source == KW_IMAGE_FACTORY) break;
        kw_images_refused(&images, answer == KW_STOP_MEMORY ? KW_IMAGE_REASON_MEMORY : KW_IMAGE_REASON_GATE, kw_gate_verdict(&machine));
    }
    give_up("nothing to run");
}

static _Noreturn void run(void) {
    enum kw_stop answer = kw_start(&machine, kw_clock_now(), kw_last.reason);
    int64_t deadline = kw_clock_now();
    while (answer == KW_STOP_NONE) {
        kw_watchdog_feed();
        renew_seed();
        int64_t now = kw_clock_now();
        int64_t radio = kw_platform_run(now);
        bool overdue = slots && kw_images_overdue(&images, now); // however long a module on trial sleeps
        if (kw_event_waits(&machine) || now >= deadline || overdue) answer = kw_poll(&machine, now, &deadline);
        else kw_clock_sleep(deadline < radio ? deadline : radio);
    }
    stop(answer);
}

int main(void) {
    kw_uart_begin();
    kw_clock_begin();
    say_hello();
    kw_oled_begin();
    open_store();
    take_factory_records();
    kw_platform_begin(&machine);
    if (kw_last.reason == KW_RESET_REASON_TRAP || kw_last.reason == KW_RESET_REASON_WATCHDOG) kw_clock_sleep(kw_clock_now() + BACK_OFF_MS);
    kw_watchdog_begin();
    open_images();
    boot();
    console_value("boot_instructions", (uint32_t)kw_clock_instructions()); // true where the emulator counts them
    kw_platform_wait_radio();
    console_say("running");
    run();
}
