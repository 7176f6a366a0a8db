// AES-CCM on BearSSL's bit-sliced AES, which works on two blocks at once: one lane carries the chain of the MAC, the other
// runs ahead with the key stream.  So a text block costs one pass, and the key stream of the tag costs none.
#include <string.h>
#include "crypto.h"

// BearSSL's own interface between its AES units, src/inner.h.
void br_aes_ct_ortho(uint32_t *q);
void br_aes_ct_skey_expand(uint32_t *skey, unsigned num_rounds, const uint32_t *comp_skey);
void br_aes_ct_bitslice_encrypt(unsigned num_rounds, const uint32_t *skey, uint32_t *q);

#define BLOCK 16u
#define AAD_SHORT_END 0xff00u // from here its length takes six octets

// Blocks are words here, and their octets are reached through `octets`: bit-slicing takes words in little-endian order.
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the boards are little-endian, and so is this file");

typedef uint32_t block[BLOCK / 4];

struct run {
    uint32_t round_keys[120];
    unsigned rounds;
    block chain;   // of the MAC
    block counter; // the next one
    block first;   // key stream of the tag
    block stream;  // key stream of the next text block, when `ready`
    uint32_t q[8]; // both lanes, bit-sliced
    bool begun, ready;
    size_t fill; // octets added to the chain since its last pass
    size_t length_octets;
};

static uint8_t *octets(uint32_t *b) { return (uint8_t *)b; }

static void encrypt_pair(struct run *r, uint32_t *a, uint32_t *b) {
    uint32_t *q = r->q;
    for (int i = 0; i < 4; i++) {
        q[2 * i] = a[i];
        q[2 * i + 1] = b[i];
    }
    br_aes_ct_ortho(q);
    br_aes_ct_bitslice_encrypt(r->rounds, r->round_keys, q);
    br_aes_ct_ortho(q);
    for (int i = 0; i < 4; i++) {
        a[i] = q[2 * i];
        b[i] = q[2 * i + 1];
    }
}

// One pass: `chained` goes through the cipher, and the next key stream block is made when its place is empty.
static void pass(struct run *r, uint32_t *chained) {
    block unused = {0};
    bool wanted = !r->begun || !r->ready;
    uint32_t *stream = !wanted ? unused : r->begun ? r->stream : r->first;
    if (wanted) memcpy(stream, r->counter, BLOCK);
    encrypt_pair(r, chained, stream);
    if (!wanted) return;
    if (r->begun) r->ready = true;
    r->begun = true;
    for (size_t i = BLOCK; i-- > BLOCK - r->length_octets && ++octets(r->counter)[i] == 0;) continue;
}

static void chain_octets(struct run *r, const uint8_t *at, size_t size) {
    for (size_t i = 0; i < size; i++) {
        octets(r->chain)[r->fill++] ^= at[i];
        if (r->fill < BLOCK) continue;
        pass(r, r->chain);
        r->fill = 0;
    }
}

// Zeros up to the end of the block change nothing in the chain.
static void chain_end(struct run *r) {
    if (r->fill > 0) pass(r, r->chain);
    r->fill = 0;
}

static bool sizes_fit(const struct kw_ccm_text *t) {
    if (t->nonce_size < 7 || t->nonce_size > 13 || t->tag_size < 4 || t->tag_size > 16 || t->tag_size % 2 != 0) return false;
    size_t length_octets = 15 - t->nonce_size;
    return length_octets >= sizeof(size_t) || t->text_size >> 8 * length_octets == 0;
}

// The first block: flags, nonce, length of the text; then the associated data behind its own length.
static void begin(struct run *r, const struct kw_ccm *ccm, const struct kw_ccm_text *t) {
    uint8_t head[6] = {0xff, 0xfe};
    memset(r, 0, sizeof *r);
    r->rounds = ccm->keys.num_rounds;
    br_aes_ct_skey_expand(r->round_keys, r->rounds, ccm->keys.skey);
    r->length_octets = 15 - t->nonce_size;
    octets(r->counter)[0] = (uint8_t)(r->length_octets - 1);
    memcpy(octets(r->counter) + 1, t->nonce, t->nonce_size);
    memcpy(r->chain, r->counter, BLOCK);
    octets(r->chain)[0] |= (uint8_t)((t->aad_size > 0 ? 0x40 : 0) | (t->tag_size - 2) / 2 << 3);
    size_t size = t->text_size;
    for (size_t i = BLOCK; i-- > BLOCK - r->length_octets; size >>= 8) octets(r->chain)[i] = (uint8_t)size;
    pass(r, r->chain);
    if (t->aad_size == 0) return;
    size_t head_size = t->aad_size < AAD_SHORT_END ? 2 : 6;
    size = t->aad_size;
    for (size_t i = head_size; i-- > (head_size == 2 ? 0u : 2u); size >>= 8) head[i] = (uint8_t)size;
    chain_octets(r, head, head_size);
    chain_octets(r, t->aad, t->aad_size);
    chain_end(r);
}

// The MAC is over the plain text: before the key stream goes on when sealing, after it comes off when opening.
static void text(struct run *r, const struct kw_ccm_text *t, bool seal) {
    for (size_t done = 0; done < t->text_size; done += BLOCK) {
        size_t part = t->text_size - done < BLOCK ? t->text_size - done : BLOCK;
        block before = {0}, after, idle = {0};
        memcpy(before, t->text + done, part);
        if (!r->ready) pass(r, idle);
        for (size_t i = part; i < BLOCK; i++) octets(r->stream)[i] = 0; // beyond the text the MAC sees zeros
        for (size_t i = 0; i < BLOCK / 4; i++) {
            after[i] = before[i] ^ r->stream[i];
            r->chain[i] ^= seal ? before[i] : after[i];
        }
        memcpy(t->text + done, after, part);
        r->ready = false;
        pass(r, r->chain);
    }
    for (size_t i = 0; i < BLOCK / 4; i++) r->chain[i] ^= r->first[i];
}

bool kw_ccm_key(struct kw_ccm *ccm, const uint8_t *key, size_t size) {
    if (size != 16 && size != 24 && size != 32) return false;
    br_aes_ct_ctrcbc_init(&ccm->keys, key, size);
    return true;
}

bool kw_ccm_seal(const struct kw_ccm *ccm, const struct kw_ccm_text *t) {
    struct run r;
    if (!sizes_fit(t)) return false;
    begin(&r, ccm, t);
    text(&r, t, true);
    memcpy(t->tag, r.chain, t->tag_size);
    kw_wipe(&r, sizeof r);
    return true;
}

bool kw_ccm_open(const struct kw_ccm *ccm, const struct kw_ccm_text *t) {
    struct run r;
    uint8_t difference = 0;
    if (!sizes_fit(t)) return false;
    begin(&r, ccm, t);
    text(&r, t, false);
    for (size_t i = 0; i < t->tag_size; i++) difference |= t->tag[i] ^ octets(r.chain)[i];
    kw_wipe(&r, sizeof r);
    if (difference != 0 && t->text_size > 0) memset(t->text, 0, t->text_size);
    return difference == 0;
}
