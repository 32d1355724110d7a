/* One look at each instruction: a pointer is read, or its address formed, by a register that is
 * given a page somewhere, with what the pointer's offset in its page is. Which page that is there
 * is left to those who look closer. */
#include "code/arm64_sieve.h"

#include <string.h>

#include "code/arm64_words.h"

enum {
    STORE_BEHIND = 24, /* bytes between the forming of an address and a store to it */
};

/* The bits of a form, for plain zones; for filtered ones shifted by FILTERED. */
enum {
    OFFSET = 1,    /* ldr x, [x, #offset] */
    SINGLE = 2,    /* the same with an offset of 9 bits, or with a base that changes */
    PAIR = 4,      /* ldp x, x */
    ADD = 8,       /* add x, x, #offset */
    OFFSET_Q = 16, /* the same of 16 bytes, which may be two pointers */
    SINGLE_Q = 32,
    PAIR_Q = 64,
    PLAIN = OFFSET | SINGLE | PAIR | ADD | OFFSET_Q | SINGLE_Q | PAIR_Q,
    FILTERED = 8,
    ALONE = 0x8000, /* no such form: adr, adrp, literals */
};

static void add_single(hvc_arm64_sieve *sieve, uint32_t offset, unsigned bits)
{
    for (unsigned mode = 0; offset < 256 && mode < 4; mode++)
        sieve->fields[offset << 2 | mode] |= (uint16_t)bits;
}

static void add_pair(hvc_arm64_sieve *sieve, uint32_t number, unsigned bits)
{
    for (uint32_t other = 0; number < 64 && other < 32; other++)
        sieve->fields[number << 5 | other] |= (uint16_t)bits;
}

/* The ways to refer to offset in a page. */
static void add_fields(hvc_arm64_sieve *sieve, uint32_t offset, unsigned shift)
{
    uint16_t *fields = sieve->fields;
    fields[offset] |= (uint16_t)(ADD << shift);
    add_single(sieve, offset, (SINGLE | SINGLE_Q) << shift);
    if (offset % 8 != 0)
        return;
    if (offset >= 8) /* it is the second of two pointers */
        add_single(sieve, offset - 8, SINGLE_Q << shift);
    for (uint32_t page = 0; page < 8; page++) /* offsets reach over 8 pages */
        fields[page << 9 | offset / 8] |= (uint16_t)(OFFSET << shift);
    for (uint32_t page = 0; page < 16; page++)
        fields[page << 8 | offset / 16] |= (uint16_t)(OFFSET_Q << shift);
    for (uint32_t first = 0; first < 2;
         first++) { /* it is in the first or the second of the pair */
        add_pair(sieve, offset / 8 - first, PAIR << shift);
        add_pair(sieve, offset / 16 - first, PAIR_Q << shift);
    }
}

static void add_zones(hvc_arm64_sieve *sieve, const hvc_zones *zones, unsigned shift)
{
    for (size_t i = 0; i < zones->items.count; i++) {
        uint32_t low = zones->items.items[i].low, size = zones->items.items[i].high - low;
        for (uint32_t at = 0; at < size && at < 4096; at++)
            add_fields(sieve, (low + at) % 4096, shift);
    }
}

void hvc_arm64_sieve_init(hvc_arm64_sieve *sieve, const hvc_zones *any, const hvc_zones *all,
                          const hvc_zones *plain, const hvc_zones *filtered,
                          const hvc_xref_filter *filter)
{
    static const struct {
        uint8_t top, form;
    } forms[] = {{0xf9, OFFSET},   {0xf8, SINGLE},   {0xa8, PAIR},   {0xa9, PAIR},  {0x91, ADD},
                 {0xfd, OFFSET},   {0xfc, SINGLE},   {0x6c, PAIR},   {0x6d, PAIR}, /* d, too */
                 {0x3d, OFFSET_Q}, {0x3c, SINGLE_Q}, {0xac, PAIR_Q}, {0xad, PAIR_Q}};
    memset(sieve, 0, sizeof(*sieve));
    sieve->any = any;
    sieve->all = all;
    sieve->filter = filter;
    for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
        sieve->forms[forms[i].top] = (uint16_t)(forms[i].form | forms[i].form << FILTERED);
    for (unsigned top = 0; top < 256; top++)
        if ((hvc_arm64_mark_of((uint8_t)top) & (HVC_ARM64_ADR | HVC_ARM64_LITERAL)) != 0)
            sieve->forms[top] = ALONE;
    add_zones(sieve, plain, 0);
    add_zones(sieve, filtered, FILTERED);
}

/* Whether the code right behind a page or address in register d, in a zone where only stores count,
 * stores to it. */
static bool stores_behind(hvc_span code, uint32_t at, unsigned d)
{
    uint32_t holders = UINT32_C(1) << d;
    for (uint32_t end = at + STORE_BEHIND; (at += 4) <= end && at + 4 <= code.size;) {
        uint32_t word = hvc_le32(code.data + at);
        bool held = (holders >> (word >> 5 & 31) & 1) != 0;
        if (held && hvc_arm64_may_store(word))
            return true;
        if (held && hvc_arm64_is_add(word))
            holders |= UINT32_C(1) << (word & 31);
    }
    return false;
}

/* Whether an instruction stores one of these registers (bits) whole. */
static bool stores_one(uint32_t word, uint32_t registers)
{
    bool one = (word & 0xffc00000) == 0xf9000000 || (word & 0xffe00000) == 0xf8000000;
    bool pair = (word & 0xfe400000) == 0xa8000000;
    return ((one || pair) && (registers >> (word & 31) & 1) != 0) ||
           (pair && (registers >> (word >> 10 & 31) & 1) != 0);
}

/* Whether the code right behind a page in register d puts it into memory. */
static bool is_spilled(hvc_span code, uint32_t at, unsigned d)
{
    uint32_t holders = UINT32_C(1) << d;
    for (uint32_t end = at + STORE_BEHIND; (at += 4) <= end && at + 4 <= code.size;) {
        uint32_t word = hvc_le32(code.data + at);
        if (stores_one(word, holders))
            return true;
        if (hvc_arm64_is_add(word) && (holders >> (word >> 5 & 31) & 1) != 0)
            holders |= UINT32_C(1) << (word & 31);
    }
    return false;
}

/* What needs no page: adr, ldr literal; and the pages of what is stored to. */
static bool refers_alone(const hvc_arm64_sieve *sieve, hvc_span code, uint32_t rva, uint32_t at)
{
    uint32_t word = hvc_le32(code.data + at), address;
    if (hvc_arm64_mark_of(code.data[at + 3]) == HVC_ARM64_LITERAL)
        return hvc_zones_hold(sieve->all, hvc_arm64_literal(word, rva + at));
    bool page = hvc_arm64_is_adrp(word);
    address = page ? hvc_arm64_adrp_page(word, rva + at)
                   : rva + at + (uint32_t)hvc_arm64_adr_offset(word);
    if (!page && hvc_zones_near(sieve->all, address))
        return true;
    return hvc_zones_near(sieve->any, address) && stores_behind(code, at, word & 31);
}

/* Whether one of the registers (bits) that are given a page is copied. */
static bool are_copied(hvc_span code, uint32_t pages)
{
    for (uint32_t at = 0; at + 4 <= code.size; at += 4) {
        uint32_t word = hvc_le32(code.data + at);
        if ((word & 0xffe0ffe0) == 0xaa0003e0 && (pages >> (word >> 16 & 31) & 1) != 0) /* mov */
            return true;
    }
    return false;
}

hvc_arm64_sieved hvc_arm64_may_refer(const hvc_arm64_sieve *sieve, hvc_span code, uint32_t rva)
{
    /* Bits: registers that are given a page near a zone, and those from which something may lead
     * into one if they hold such a page. */
    uint32_t pages = 0, plain = 0, filtered = 0;
    bool spilled = false; /* such a page */
    for (uint32_t at = 0; at + 4 <= code.size; at += 4) {
        unsigned form = sieve->forms[code.data[at + 3]];
        if (form == 0)
            continue;
        uint32_t word = hvc_le32(code.data + at);
        if (form != ALONE) {
            unsigned found = sieve->fields[word >> 10 & 0xfff] & form;
            uint32_t base = UINT32_C(1) << (word >> 5 & 31);
            plain |= (found & PLAIN) != 0 ? base : 0;
            filtered |= found != 0 ? base : 0;
            continue;
        }
        if (refers_alone(sieve, code, rva, at))
            return HVC_ARM64_ANY;
        if (hvc_arm64_is_adrp(word) &&
            hvc_zones_near(sieve->all, hvc_arm64_adrp_page(word, rva + at))) {
            pages |= UINT32_C(1) << (word & 31);
            spilled = spilled || is_spilled(code, at, word & 31);
        }
    }
    if ((plain & pages) != 0)
        return HVC_ARM64_READS;
    bool copied = pages != 0 && filtered != 0 && (spilled || are_copied(code, pages));
    bool wanted = (copied && plain != 0) ||
                  (((filtered & pages) != 0 || copied) &&
                   sieve->filter->wanted(sieve->filter->context, rva, rva + (uint32_t)code.size));
    return wanted ? HVC_ARM64_READS : HVC_ARM64_NOTHING;
}
