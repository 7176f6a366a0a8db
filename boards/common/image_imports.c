// The imports of image slots.  Their answers follow from a flash that is no part of a recording, so on a replay they come from the
// recording (docs/abi.md, kind 9).
#include "image_slots.h"
#include "imports.h"
#include "octets.h"
#include "replay.h"
#include "tls.h"

#define LONG_WORKS 4u // of one start or poll; more of them are a module that runs on without an end, which the watchdog must see

static const char not_recorded[] = "the recording does not go on with the answer to this image import";

static struct kw_images *images(const struct kw_call *c) { return c->m->config.images; }

// `answer` is that of the own certificate by `own`, the slots' by `call`, the recording's, or that of a board that has no slots.  `at` is
// what the import writes.
#define ASK(name, at, capacity, own, call) \
    kw_work(KW_WORK_FLASH); \
    int32_t answer = KW_ERR_NOT_FOUND; \
    const struct kw_answers *recorded = c.m->config.answers; \
    if (image == KW_IMAGE_NUMBER_CERTIFICATE) answer = (own); \
    else if (recorded == NULL) answer = images(&c) == NULL ? KW_ERR_NOT_FOUND : (call); \
    else if (!recorded->next(recorded->context, ID_##name, &answer, at, capacity)) return not_recorded

// Erasing a slot and verifying one take a part longer than a watchdog may wait.
static void long_work(struct kw_call *c) {
    if (images(c) != NULL) images(c)->feeds = c->m->long_works < LONG_WORKS;
    if (kw_board_of(c)->alive == NULL || c->m->long_works++ >= LONG_WORKS) return;
    kw_board_of(c)->alive(kw_outside(c));
}

IMPORT(image_begin) {
    CALL(1);
    uint32_t image = kw_argument(&c, 0);
    const uint8_t *at = kw_range(&c, 1, 12);
    CHECK();
    struct kw_package_key key = {(uint16_t)kw_get16(at), (uint16_t)kw_get16(at + 2), kw_get32(at + 4), kw_get32(at + 8)};
    long_work(&c);
    ASK(image_begin, NULL, 0, kw_identity_file_begin(c.m, &key), kw_image_begin(images(&c), image, &key));
    kw_note(&c, &(struct kw_effect){ID_image_begin, answer, {image, 0}, 1, at, 12});
    ANSWER(answer);
}

IMPORT(image_write) {
    CALL(1);
    uint32_t image = kw_argument(&c, 0), offset = kw_argument(&c, 1), size = kw_argument(&c, 3);
    const uint8_t *at = kw_range(&c, 2, size);
    CHECK();
    ASK(image_write, NULL, 0, kw_identity_file_write(c.m, offset, at, size), kw_image_write(images(&c), image, offset, at, size));
    kw_note(&c, &(struct kw_effect){ID_image_write, answer, {image, offset}, 2, at, size});
    ANSWER(answer);
}

IMPORT(image_read) {
    CALL(1);
    uint32_t image = kw_argument(&c, 0), offset = kw_argument(&c, 1), capacity = kw_argument(&c, 3);
    uint8_t *at = kw_range(&c, 2, capacity);
    CHECK();
    ASK(image_read, at, capacity, KW_ERR_NOT_FOUND, kw_image_read(images(&c), image, offset, at, capacity));
    ANSWER(answer);
}

IMPORT(image_finish) {
    CALL(1);
    (void)memory;
    uint32_t image = kw_argument(&c, 0);
    long_work(&c);
    ASK(image_finish, NULL, 0, kw_identity_file_finish(c.m), kw_image_finish(images(&c), image));
    kw_note(&c, &(struct kw_effect){ID_image_finish, answer, {image, 0}, 1, NULL, 0});
    ANSWER(answer);
}

IMPORT(image_activate) {
    CALL(1);
    (void)memory;
    uint32_t image = kw_argument(&c, 0);
    ASK(image_activate, NULL, 0, KW_ERR_NOT_FOUND, kw_image_activate(images(&c), image));
    kw_note(&c, &(struct kw_effect){ID_image_activate, answer, {image, 0}, 1, NULL, 0});
    ANSWER(answer);
}

IMPORT(image_confirm) {
    CALL(1);
    (void)memory;
    uint32_t healthy = kw_argument(&c, 0), image = KW_IMAGE_NUMBER_MODULE;
    ASK(image_confirm, NULL, 0, KW_ERR_NOT_FOUND, kw_image_confirm(images(&c), healthy != 0));
    kw_note(&c, &(struct kw_effect){ID_image_confirm, answer, {healthy, 0}, 1, NULL, 0});
    ANSWER(answer);
}

IMPORT(image_state) {
    CALL(1);
    uint32_t image = kw_argument(&c, 0), capacity = kw_argument(&c, 2);
    uint8_t *at = kw_range(&c, 1, capacity);
    CHECK();
    ASK(image_state, at, capacity, kw_identity_file_state(c.m, at, capacity), kw_image_state(images(&c), image, at, capacity));
    ANSWER(answer);
}
