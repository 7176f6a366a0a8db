// Lives of the image state on flash that wears and errs: snapshots as updates write them, resets now and then, and what must be there.
// Prints one line of counts; flash_lives.test.ts says what they may be.
//
//   image_lives stuck LIVES SEED     one bit stuck at 0 in one of the three sectors, from a random write on
//   image_lives rot LIVES SEED       one bit that rots in the newest snapshot or anywhere, then a reset
//   image_lives fault KIND STEP      a fault of one kind (flash_model.h) at each STEP-th operation of its kind
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "flash_model.h"
#include "image_slots.h"

#define SECTOR 1024u
#define LAYOUT 5u // two of state, a slot of one each, and the third of state
#define SNAPSHOT 256u

// The slots themselves are not here: where the state lies follows from the layout alone.
uint32_t kw_slots_end(const struct kw_images *s) { return 2 + 2 * s->config->layout.slot_sectors; }

static struct counts { uint32_t lives, older, back, none, blocked; } counts;

struct life {
    struct model flash;
    struct kw_images images;
    struct kw_image_config config;
    uint8_t noise[32];
    uint64_t random;
    uint32_t boots, change;
    uint32_t version, refused; // of the newest change that was durable, and of one that may be
    uint32_t counter;          // confirmed
    bool older, back, none;    // seen
};

static void boot(struct life *l) {
    static const uint8_t key[16] = "0123456789abcdef";
    memcpy(l->noise, &l->boots, sizeof l->boots);
    l->boots++;
    l->config.nor = &l->flash.nor;
    l->config.layout.slot_sectors = 1;
    l->config.device_key = key;
    l->config.noise = l->noise;
    memset(&l->images, 0, sizeof l->images);
    l->images.config = &l->config;
    kw_slots_load(&l->images);
    if (!l->images.log.mirrored && l->version != 0) kw_slots_mirror(&l->images); // as kw_images_boot does
}

// Each change has a number of its own, in a field that every snapshot has.
static void check(struct life *l) {
    const struct kw_image_record *r = &l->images.record;
    uint32_t is = r->entries[0].key.version;
    if (l->version == 0) return;
    if (!l->images.log.begun) l->none = true;
    if (is == l->refused && l->refused != 0) l->version = is;
    if (is < l->version) l->older = true;
    if (r->counter < l->counter) l->back = true;
    l->version = is; // what it goes on from
}

static bool save(struct life *l) {
    struct kw_image_record *r = &l->images.record;
    r->entries[0].key.version = ++l->change;
    r->tries = (uint8_t)(l->change % 4);
    memset(r->decoder.state, (int)l->change, KW_DECODER_STATE);
    bool saved = kw_slots_save(&l->images);
    if (saved) l->version = l->change;
    else l->refused = l->change;
    return saved;
}

// A confirmation: what may never be taken back stands in two sectors.
static bool confirm(struct life *l) {
    struct kw_image_record *r = &l->images.record;
    uint32_t before = r->counter;
    r->counter = l->change + 1;
    if (!save(l)) {
        r->counter = before;
        return false;
    }
    l->counter = r->counter;
    kw_slots_mirror(&l->images);
    return true;
}

static void reset(struct life *l) {
    boot(l);
    check(l);
}

static void live(struct life *l, uint32_t writes) {
    for (uint32_t i = 0; i < writes; i++) {
        uint32_t draw = model_random(&l->random) % 16;
        if (draw == 0) reset(l);
        if (draw == 1) confirm(l);
        else save(l);
    }
}

static void begin(struct life *l, uint64_t seed) {
    memset(l, 0, sizeof *l);
    l->random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    model_begin(&l->flash, SECTOR, LAYOUT, 8);
    boot(l);
    confirm(l);
}

// Whether the board can still write, now and after a reset.
static void end(struct life *l) {
    bool blocked = false;
    reset(l);
    for (uint32_t i = 0; i < 12; i++) {
        blocked |= !save(l);
        if (i % 4 == 3) reset(l);
    }
    counts.lives++;
    counts.older += l->older;
    counts.back += l->back;
    counts.none += l->none;
    counts.blocked += blocked;
    if (l->flash.rule_breaks != 0) {
        printf("a rule of the flash is broken\n");
        exit(1);
    }
}

static void stuck_lives(uint32_t lives, uint64_t seed) {
    static const uint32_t sectors[] = {0, 1, 4};
    static struct life l;
    for (uint32_t i = 0; i < lives; i++) {
        begin(&l, seed + i);
        live(&l, model_random(&l.random) % 40);
        uint32_t at = sectors[i % 3] * SECTOR + model_random(&l.random) % SECTOR;
        model_stick(&l.flash, 8 * at + model_random(&l.random) % 8);
        live(&l, 60);
        end(&l);
    }
}

static void rotten_lives(uint32_t lives, uint64_t seed) {
    static struct life l;
    for (uint32_t i = 0; i < lives; i++) {
        begin(&l, seed + i);
        live(&l, 10 + model_random(&l.random) % 40);
        const struct kw_image_log *log = &l.images.log;
        bool newest = i % 2 == 0 && log->next > 0;
        uint32_t base = (log->sector < 2 ? log->sector : LAYOUT - 1) * SECTOR + (newest ? log->next - 1 : 0) * SNAPSHOT, bit;
        do bit = 8 * base + model_random(&l.random) % (8 * (newest ? SNAPSHOT : SECTOR));
        while (!newest && l.flash.cells[bit / 8] == 0xff);
        model_rot(&l.flash, bit);
        reset(&l);
        live(&l, 40);
        end(&l);
    }
}

static uint32_t operations_of(const struct model *m, enum fault fault) {
    if (fault <= FAULT_READ_ALWAYS) return m->reads;
    return fault <= FAULT_PROGRAM_ALWAYS ? m->programs : m->erases;
}

static void faulty_life(struct life *l, enum fault fault, uint32_t when) {
    begin(l, 7);
    l->flash.reads = l->flash.programs = l->flash.erases = 0;
    l->flash.fault = fault;
    l->flash.when = when;
    reset(l);
    live(l, 60);
}

static void faulty_lives(enum fault fault, uint32_t each) {
    static struct life l;
    faulty_life(&l, fault, 0);
    uint32_t operations = operations_of(&l.flash, fault);
    for (uint32_t when = 1; when <= operations; when += each) {
        faulty_life(&l, fault, when);
        end(&l);
    }
}

int main(int count, char **arguments) {
    uint32_t first = count > 2 ? (uint32_t)strtoul(arguments[2], NULL, 10) : 0;
    uint32_t second = count > 3 ? (uint32_t)strtoul(arguments[3], NULL, 10) : 1;
    const char *what = count > 1 ? arguments[1] : "";
    if (strcmp(what, "stuck") == 0) stuck_lives(first, second);
    else if (strcmp(what, "rot") == 0) rotten_lives(first, second);
    else if (strcmp(what, "fault") == 0 && first < FAULTS && second > 0) faulty_lives((enum fault)first, second);
    else return fprintf(stderr, "stuck LIVES SEED, rot LIVES SEED, fault KIND STEP\n"), 2;
    printf("lives=%u older=%u back=%u none=%u blocked=%u\n", counts.lives, counts.older, counts.back, counts.none, counts.blocked);
    return 0;
}
