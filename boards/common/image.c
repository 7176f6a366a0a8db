#include "image.h"

int32_t kw_images_open(struct kw_images *s, const struct kw_image_config *config) { return (void)s, (void)config, KW_ERR_RESERVED; }
enum kw_image_source kw_images_boot(struct kw_images *s, const uint8_t **wasm, uint32_t *size) { return (void)s, (void)wasm, (void)size, KW_IMAGE_NOTHING; }
void kw_images_refused(struct kw_images *s, enum kw_image_reason reason, uint32_t detail) { (void)s, (void)reason, (void)detail; }
bool kw_images_overdue(const struct kw_images *s, int64_t now) { return (void)s, (void)now, false; }
int32_t kw_image_begin(struct kw_images *s, uint32_t image, const struct kw_package_key *key) { return (void)s, (void)image, (void)key, KW_ERR_NOT_FOUND; }
int32_t kw_image_write(struct kw_images *s, uint32_t image, uint32_t offset, const uint8_t *at, uint32_t size) { return (void)s, (void)image, (void)offset, (void)at, (void)size, KW_ERR_NOT_FOUND; }
int32_t kw_image_read(struct kw_images *s, uint32_t image, uint32_t offset, uint8_t *at, uint32_t capacity) { return (void)s, (void)image, (void)offset, (void)at, (void)capacity, KW_ERR_NOT_FOUND; }
int32_t kw_image_finish(struct kw_images *s, uint32_t image) { return (void)s, (void)image, KW_ERR_NOT_FOUND; }
int32_t kw_image_activate(struct kw_images *s, uint32_t image) { return (void)s, (void)image, KW_ERR_NOT_FOUND; }
int32_t kw_image_confirm(struct kw_images *s, bool healthy) { return (void)s, (void)healthy, KW_ERR_NOT_FOUND; }
int32_t kw_image_state(struct kw_images *s, uint32_t image, uint8_t *at, uint32_t capacity) { return (void)s, (void)image, (void)at, (void)capacity, KW_ERR_NOT_FOUND; }
