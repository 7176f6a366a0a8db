// NOR flash that wears and errs: bits that stick, bits that rot, and operations that fail, once or for good.
#ifndef FLASH_MODEL_H
#define FLASH_MODEL_H

#include "board.h"

#define MODEL_SIZE_MAX 65536u

enum fault {
    FAULT_NONE,
    FAULT_READ_ONCE,      // the part says so
    FAULT_READ_WRONG,     // once, with one bit wrong, and the part does not notice
    FAULT_READ_ALWAYS,    // of these octets, from then on
    FAULT_PROGRAM_ONCE,   // nothing is written, and the part says so
    FAULT_PROGRAM_SILENT, // nothing is written
    FAULT_PROGRAM_HALF,   // half of it is written
    FAULT_PROGRAM_ALWAYS, // of this unit, from then on
    FAULT_ERASE_ONCE,
    FAULT_ERASE_SILENT,
    FAULT_ERASE_ALWAYS, // of this sector, from then on
    FAULTS
};

struct model {
    struct kw_nor nor;
    uint8_t cells[MODEL_SIZE_MAX];
    uint8_t programmed[MODEL_SIZE_MAX / 8]; // one per unit since the erase
    uint8_t stuck[MODEL_SIZE_MAX];          // bits that read 0, whatever is done
    enum fault fault;
    uint32_t when;                       // the operation of its kind that it strikes, from 1
    uint32_t reads, programs, erases;    // so far
    bool struck;                         // from then on, where the fault is for good:
    uint32_t bad_from, bad_end;          // these octets
    uint32_t erases_of[64], rule_breaks; // a unit programmed twice, or a bit set by programming
};

void model_begin(struct model *m, uint32_t sector_size, uint32_t sectors, uint32_t unit);
// One bit reads 0 from now on, by the bus too.
void model_stick(struct model *m, uint32_t bit);
// One bit changes by itself.
void model_rot(struct model *m, uint32_t bit);

uint32_t model_random(uint64_t *state);

#endif
