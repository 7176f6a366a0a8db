// How many packages for us may be begun in vain.
//
// One with good signatures may still be wrong in its last octet, or never get there, and a server can send such ones all day.  What that
// costs the flash is bounded by their number.  It lies in the flash and rises with a snapshot that is written anyway, and time takes it
// back in RAM: a reset finds no fewer.  What was confirmed begins at none.
#include "image_slots.h"

bool kw_attempt_may(struct kw_images *s) {
    uint32_t due = (uint32_t)s->periods - s->forgotten, have = s->record.attempts;
    s->forgotten = s->periods;
    s->record.attempts = (uint8_t)(due < have ? have - due : 0);
    return !s->clocked || s->record.attempts < KW_IMAGE_ATTEMPTS_MAX;
}

static void spend(struct kw_image_load *load) {
    uint8_t *attempts = &load->s->record.attempts;
    if (load->image == 0 && *attempts < UINT8_MAX) ++*attempts;
    load->spent = true;
}

void kw_attempt_anew(struct kw_image_load *load) {
    load->s->resumed = 0;
    spend(load);
}

// One that comes no further than the last that went on is another attempt: the sector that it stopped in is erased anew.
bool kw_attempt_goes_on(struct kw_image_load *load) {
    struct kw_images *s = load->s;
    uint16_t from = (uint16_t)(s->record.entries[0].sectors + 1u);
    bool further = from != s->resumed;
    s->resumed = from;
    load->spent = true; // when it was begun
    if (further) return true;
    bool may = kw_attempt_may(s);
    spend(load);
    return may;
}

void kw_attempt_ends(struct kw_image_load *load) {
    load->open = false;
    if (!load->spent) spend(load);
}
