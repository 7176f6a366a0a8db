// Lives of a device's record store on flash that wears and errs.  Each life writes what a device writes, resets now and then, and knows
// what must be there.  Prints one line of counts; flash_lives.test.ts says what they may be.
//
//   flash_lives stuck LIVES SEED     one bit stuck at 0, from a random write on
//   flash_lives worn LIVES SEED      one sector after the other gets such a bit, until two of eight are good
//   flash_lives rot LIVES SEED       one bit that rots after a life without faults, then a reset in every other one
//   flash_lives fault KIND STEP      a fault of one kind (flash_model.h) at each STEP-th operation of its kind
//   flash_lives wear WRITES          erases of each sector, most and least, after so many records
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "flash_model.h"
#include "store.h"

#define RECORDS 8u
#define KEY_ROWS 4u // of them, the last ones, key slots
#define SECTOR 1024u
#define SECTORS 8u // small and few, so that a few hundred writes go round

static const uint16_t numbers[RECORDS] = {1, 17, 18, 21, 0, 1, 2, 3};
static const uint16_t sizes[RECORDS] = {8, 200, 4, 64, 16, 16, 16, 16};

// What a record must hold: the version written last, or the one whose write was refused.
struct known {
    uint32_t version, refused;
};

static struct counts { uint32_t lives, old, gone, unreadable, foreign, blocked, unopened; } counts;

struct life {
    struct model flash;
    struct kw_store store;
    struct known known[RECORDS];
    uint64_t random;
    uint32_t boots, version;
    bool old, gone, unreadable, foreign, unopened; // seen
};

static bool is_slot(uint32_t i) { return i >= RECORDS - KEY_ROWS; }

static void octets_of(uint8_t *at, uint32_t i, uint32_t version) {
    memset(at, (int)(version * 31 + i), sizes[i]);
    memcpy(at, &version, 4);
}

// A flash that cannot be read at this moment may be asked again, as a reset does.
static void boot(struct life *l) {
    static const uint8_t key[16] = "0123456789abcdef";
    uint8_t noise[32] = {0};
    int32_t answer = KW_ERR_NOT_FOUND;
    for (uint32_t turn = 0; turn < 3; turn++) {
        memcpy(noise, &l->boots, sizeof l->boots);
        l->boots++;
        answer = kw_store_open(&l->store, &l->flash.nor, key, noise);
        if (answer == KW_OK || answer == KW_ERR_NOT_FOUND) break;
    }
    if (answer == KW_OK) return;
    if (answer != KW_ERR_NOT_FOUND) l->unopened = true;
    if (answer == KW_ERR_NOT_FOUND && l->version != 0) l->foreign = true; // a board would format now
    if (answer == KW_ERR_NOT_FOUND) kw_store_format(&l->store);
}

static void check(struct life *l, uint32_t i) {
    uint8_t octets[KW_STORE_RECORD_MAX], wanted[KW_STORE_RECORD_MAX];
    struct known *k = &l->known[i];
    uint32_t version;
    if (k->version == 0) return;
    int32_t size =
        is_slot(i) ? kw_store_key_get(&l->store, numbers[i], octets) : kw_store_read(&l->store, numbers[i], octets, sizeof octets);
    if (size == KW_ERR_NOT_FOUND) {
        l->gone = true;
        return;
    }
    if (size < 0) {
        l->unreadable = true;
        return;
    }
    memcpy(&version, octets, 4);
    if (version == k->refused && version != 0) k->version = version;
    octets_of(wanted, i, k->version);
    if (size != sizes[i] || memcmp(octets, wanted, sizes[i]) != 0) l->old = true;
}

static void check_all(struct life *l) {
    for (uint32_t i = 0; i < RECORDS; i++) check(l, i);
}

static bool write_one(struct life *l, uint32_t i) {
    uint8_t octets[KW_STORE_RECORD_MAX];
    octets_of(octets, i, ++l->version);
    int32_t answer = is_slot(i) ? kw_store_key_set(&l->store, numbers[i], octets) : kw_store_write(&l->store, numbers[i], octets, sizes[i]);
    if (answer == KW_OK) l->known[i] = (struct known){l->version, 0};
    else l->known[i].refused = l->version;
    return answer == KW_OK;
}

// The address is written once, keys and the table of neighbours now and then, counters often.
static uint32_t next_record(struct life *l) {
    uint32_t draw = model_random(&l->random) % 16;
    return draw < 4 ? 1 : draw < 8 ? 2 : draw < 13 ? 3 : 4 + draw % 4;
}

static void live(struct life *l, uint32_t writes) {
    for (uint32_t i = 0; i < writes; i++) {
        if (model_random(&l->random) % 24 == 0) {
            boot(l);
            check_all(l);
        }
        uint32_t record = next_record(l);
        write_one(l, record);
        check(l, record);
    }
}

static void begin(struct life *l, uint64_t seed, uint32_t sectors) {
    memset(l, 0, sizeof *l);
    l->random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    model_begin(&l->flash, SECTOR, sectors, 8);
}

static void begin_records(struct life *l) {
    boot(l);
    for (uint32_t i = 0; i < RECORDS; i++) write_one(l, i);
}

// Whether the board can still write, now and after a reset.
static void end(struct life *l) {
    bool blocked = false;
    boot(l);
    check_all(l);
    for (uint32_t i = 0; i < 3 * RECORDS; i++) blocked |= !write_one(l, i % RECORDS);
    boot(l);
    for (uint32_t i = 0; i < RECORDS; i++) {
        bool before = l->unreadable;
        l->unreadable = false;
        check(l, i); // written with the fault there, so it must read
        blocked |= l->unreadable && l->flash.fault != FAULT_READ_ALWAYS;
        l->unreadable |= before;
    }
    counts.lives++;
    counts.old += l->old;
    counts.gone += l->gone;
    counts.unreadable += l->unreadable;
    counts.foreign += l->foreign;
    counts.unopened += l->unopened;
    counts.blocked += blocked;
    if (l->flash.rule_breaks != 0) {
        printf("a rule of the flash is broken\n");
        exit(1);
    }
}

// A bit of one of these sectors reads 0 from now on.
static void stick(struct life *l, uint32_t first, uint32_t sectors) {
    uint32_t at = first * SECTOR + model_random(&l->random) % (sectors * SECTOR);
    model_stick(&l->flash, 8 * at + model_random(&l->random) % 8);
}

// One sector after the other, until two are good.
static void worn_lives(uint32_t lives, uint64_t seed) {
    static struct life l;
    for (uint32_t i = 0; i < lives; i++) {
        begin(&l, seed + i, SECTORS);
        begin_records(&l);
        uint32_t first = model_random(&l.random);
        for (uint32_t worn = 0; worn < SECTORS - 2; worn++) {
            stick(&l, (first + worn * 3) % SECTORS, 1); // 3 and 8 have no common factor: each once
            live(&l, 120);
        }
        end(&l);
    }
}

static void stuck_lives(uint32_t lives, uint64_t seed) {
    static struct life l;
    for (uint32_t i = 0; i < lives; i++) {
        begin(&l, seed + i, SECTORS);
        begin_records(&l);
        live(&l, model_random(&l.random) % 200);
        stick(&l, 0, SECTORS);
        live(&l, 300);
        end(&l);
    }
}

static void rotten_lives(uint32_t lives, uint64_t seed) {
    static struct life l;
    for (uint32_t i = 0; i < lives; i++) {
        begin(&l, seed + i, SECTORS);
        begin_records(&l);
        live(&l, 40 + model_random(&l.random) % 200);
        // A bit of what was written: blank flash has nothing to rot.
        uint32_t bit;
        do bit = model_random(&l.random) % (8 * SECTORS * SECTOR);
        while (l.flash.cells[bit / 8] == 0xff);
        model_rot(&l.flash, bit);
        if (i % 2 == 0) boot(&l);
        check_all(&l);
        live(&l, 60);
        end(&l);
    }
}

static uint32_t operations_of(const struct model *m, enum fault fault) {
    if (fault <= FAULT_READ_ALWAYS) return m->reads;
    return fault <= FAULT_PROGRAM_ALWAYS ? m->programs : m->erases;
}

static void faulty_life(struct life *l, enum fault fault, uint32_t when) {
    begin(l, 7, 5);
    begin_records(l);
    l->flash.reads = l->flash.programs = l->flash.erases = 0;
    l->flash.fault = fault;
    l->flash.when = when;
    boot(l);
    check_all(l);
    live(l, 160);
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

static void wear(uint32_t writes) {
    static struct life l;
    begin(&l, 1, 16);
    begin_records(&l);
    for (uint32_t i = 0; i < writes; i++) write_one(&l, next_record(&l));
    uint32_t most = 0, least = UINT32_MAX;
    for (uint32_t i = 0; i < 16; i++) {
        if (l.flash.erases_of[i] > most) most = l.flash.erases_of[i];
        if (l.flash.erases_of[i] < least) least = l.flash.erases_of[i];
    }
    printf("writes=%u most=%u least=%u\n", writes, most, least);
}

int main(int count, char **arguments) {
    uint32_t first = count > 2 ? (uint32_t)strtoul(arguments[2], NULL, 10) : 0;
    uint32_t second = count > 3 ? (uint32_t)strtoul(arguments[3], NULL, 10) : 1;
    const char *what = count > 1 ? arguments[1] : "";
    if (strcmp(what, "wear") == 0) return wear(first), 0;
    if (strcmp(what, "stuck") == 0) stuck_lives(first, second);
    else if (strcmp(what, "worn") == 0) worn_lives(first, second);
    else if (strcmp(what, "rot") == 0) rotten_lives(first, second);
    else if (strcmp(what, "fault") == 0 && first < FAULTS && second > 0) faulty_lives((enum fault)first, second);
    else return fprintf(stderr, "stuck LIVES SEED, worn LIVES SEED, rot LIVES SEED, fault KIND STEP, wear WRITES\n"), 2;
    printf("lives=%u old=%u gone=%u foreign=%u unreadable=%u unopened=%u blocked=%u\n", counts.lives, counts.old, counts.gone,
           counts.foreign, counts.unreadable, counts.unopened, counts.blocked);
    return 0;
}
