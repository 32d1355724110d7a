/* One look at each instruction, by the fields that may name a register. What is not one of the few
 * harmless uses breaks the register: where it is doubtful whether a field names one at all, it
 * does.
 */
#include "code/arm64_bases.h"

#include "code/arm64_words.h"

enum {
    PAGE_BEFORE = 4, /* instructions between adrp and the add behind it */
    PROLOGUE = 32,   /* instructions in which the caller's registers are saved */
    EPILOGUE = 16,   /* instructions in which they are restored */
    STACK = 31,
};

typedef struct scan {
    hvc_arm64_bases *bases;
    hvc_span code;
    uint32_t rva, at; /* of the instruction: at is its offset */
    bool prologue;    /* no branch or call yet */
} scan;

static uint32_t word_at(const scan *s, uint32_t at)
{
    return hvc_le32(s->code.data + at);
}

static bool is_candidate(unsigned reg)
{
    return reg >= HVC_ARM64_FIRST_BASE && reg <= HVC_ARM64_LAST_BASE;
}

static void break_register(scan *s, unsigned reg)
{
    if (is_candidate(reg))
        s->bases->broken |= UINT32_C(1) << reg;
}

static void define(scan *s, unsigned reg, uint32_t value)
{
    if (!is_candidate(reg))
        return;
    uint32_t bit = UINT32_C(1) << reg;
    if ((s->bases->set & bit) != 0 && s->bases->value[reg] != value)
        s->bases->broken |= bit;
    s->bases->set |= bit;
    s->bases->value[reg] = value;
}

static bool is_branch_class(uint32_t word)
{
    return (word >> 25 & 14) == 10;
}

/* The page that adrp gave n right before, with nothing in between that might write n. */
static bool page_before(const scan *s, unsigned n, uint32_t *ret_page)
{
    for (uint32_t back = 4; back <= 4 * PAGE_BEFORE && back <= s->at; back += 4) {
        uint32_t word = word_at(s, s->at - back);
        if (hvc_arm64_is_adrp(word) && (word & 31) == n) {
            *ret_page = hvc_arm64_adrp_page(word, s->rva - back);
            return true;
        }
        if ((word & 31) == n || is_branch_class(word))
            return false;
    }
    return false;
}

/* Whether the page that adrp gives d soon becomes an address in d itself. */
static bool is_completed(const scan *s, unsigned d)
{
    for (uint32_t ahead = 4; ahead <= 4 * PAGE_BEFORE && s->at + ahead + 4 <= s->code.size;
         ahead += 4) {
        uint32_t word = word_at(s, s->at + ahead);
        if (hvc_arm64_is_add(word) && (word & 31) == d && (word >> 5 & 31) == d)
            return true;
        if ((word & 31) == d || (word >> 5 & 31) == d || is_branch_class(word))
            return false;
    }
    return false;
}

/* Whether what is loaded from the stack here is what the caller had: the function ends. */
static bool is_epilogue(const scan *s)
{
    for (uint32_t ahead = 4; ahead <= 4 * EPILOGUE && s->at + ahead + 4 <= s->code.size;
         ahead += 4) {
        uint32_t word = word_at(s, s->at + ahead);
        if ((word & 0xFEC00000) == 0xD6400000 || /* ret and its signed forms */
            (word & 0xFC000000) == 0x14000000 || /* b, br: to where the tail of it is, or a call */
            (word & 0xFFFFFC1F) == 0xD61F0000)
            return true;
        if (is_branch_class(word) && (word & 0xFFFFF01F) != 0xD503201F) /* but hints */
            return false;
    }
    return false;
}

/* Registers are written to the stack (by a store) or from it. */
static void move_by_stack(scan *s, bool load, unsigned reg)
{
    bool saves = !load && s->prologue && s->at < 4 * PROLOGUE && is_candidate(reg) &&
                 (s->bases->set >> reg & 1) == 0;
    if (!saves && !(load && is_epilogue(s)))
        break_register(s, reg);
}

static void immediate_class(scan *s, uint32_t word)
{
    unsigned d = word & 31, n = word >> 5 & 31, kind = word >> 23 & 7;
    uint32_t page;
    if (hvc_arm64_is_adrp(word)) {
        if (!is_completed(s, d))
            define(s, d, hvc_arm64_adrp_page(word, s->rva));
    } else if ((word & 0x1F000000) == 0x10000000) { /* adr */
        define(s, d, s->rva + (uint32_t)hvc_arm64_adr_offset(word));
    } else if (hvc_arm64_is_add(word)) {
        /* What is added to a base itself, others look for. */
        uint32_t offset = (word >> 10 & 0xFFF) << (word >> 22 & 1 ? 12 : 0);
        if (page_before(s, n, &page))
            define(s, d, page + offset);
        else if (is_candidate(d))
            break_register(s, d);
    } else {
        break_register(s, d);
        if (kind != 5) { /* movz, movn, movk: no source */
            break_register(s, n);
            break_register(s, word >> 16 & 31);
        }
    }
}

static void branch_class(scan *s, uint32_t word)
{
    unsigned d = word & 31, n = word >> 5 & 31;
    if ((word & 0xFE000000) == 0xD6000000) { /* br, blr and the like */
        break_register(s, n);
        break_register(s, d);                       /* the modifier of the signed forms */
    } else if ((word & 0xFF000000) == 0xD5000000) { /* msr, mrs */
        break_register(s, d);
    }
    if ((word & 0xFFFFF01F) != 0xD503201F) /* but hints */
        s->prologue = false;
}

static void pair(scan *s, uint32_t word)
{
    unsigned t = word & 31, n = word >> 5 & 31, other = word >> 10 & 31;
    bool vector = word >> 26 & 1, load = word >> 22 & 1, writes_back = word >> 23 & 1;
    if (writes_back)
        break_register(s, n);
    if (vector)
        return;
    if (n == STACK) {
        move_by_stack(s, load, t);
        move_by_stack(s, load, other);
    } else {
        break_register(s, t);
        break_register(s, other);
    }
}

static void single(scan *s, uint32_t word)
{
    unsigned t = word & 31, n = word >> 5 & 31;
    bool vector = word >> 26 & 1, indexed = (word & 0x01200000) == 0x00200000;
    bool load = word >> 22 & 3;
    if (indexed)
        break_register(s, word >> 16 & 31); /* the index, or an operand of an atomic operation */
    else if ((word >> 24 & 1) == 0 && (word >> 10 & 1) != 0)
        break_register(s, n); /* writes back */
    if (vector)
        return;
    if (n == STACK && !indexed)
        move_by_stack(s, load, t);
    else
        break_register(s, t);
}

static void memory_class(scan *s, uint32_t word)
{
    if ((word & 0x3B000000) == 0x18000000) { /* literal */
        if ((word >> 26 & 1) == 0)
            break_register(s, word & 31);
    } else if ((word & 0x3A000000) == 0x28000000) {
        pair(s, word);
    } else if ((word & 0x3A000000) == 0x38000000) {
        single(s, word);
    } else {
        break_register(s, word & 31);
        break_register(s, word >> 5 & 31);
        break_register(s, word >> 10 & 31);
        break_register(s, word >> 16 & 31);
    }
}

void hvc_arm64_bases_add(hvc_arm64_bases *bases, hvc_span code, uint32_t rva)
{
    scan s = {.bases = bases, .code = code, .rva = rva, .prologue = true};
    for (; s.at + 4 <= code.size; s.at += 4, s.rva += 4) {
        uint32_t word = word_at(&s, s.at);
        switch (word >> 25 & 15) {
        case 8:
        case 9:
            immediate_class(&s, word);
            break;
        case 10:
        case 11:
            branch_class(&s, word);
            break;
        case 4:
        case 6:
        case 12:
        case 14:
            memory_class(&s, word);
            break;
        case 5:
        case 13: /* registers alone */
            break_register(&s, word & 31);
            break_register(&s, word >> 5 & 31);
            break_register(&s, word >> 10 & 31);
            break_register(&s, word >> 16 & 31);
            break;
        case 7:
        case 15: /* vectors: those that move to or from a general register */
            if ((word & 0x5F20FC00) == 0x1E200000 || (word & 0x9FE08400) == 0x0E000400 ||
                (word & 0x5F200000) == 0x1E000000) {
                break_register(&s, word & 31);
                break_register(&s, word >> 5 & 31);
            }
            break;
        default:
            break;
        }
    }
}

/* Whether an instruction may write reg. */
static bool may_write(uint32_t word, unsigned reg)
{
    unsigned d = word & 31, n = word >> 5 & 31, other = word >> 10 & 31;
    bool load = word >> 22 & 3;
    switch (word >> 25 & 15) {
    case 10:
    case 11:
        return (word & 0xFFF00000) == 0xD5300000 && d == reg; /* mrs */
    case 4:
    case 6:
    case 12:
    case 14:
        if ((word & 0x3A000000) == 0x28000000)
            return ((word >> 23 & 1) != 0 && n == reg) ||
                   ((word >> 22 & 1) != 0 && (word >> 26 & 1) == 0 && (d == reg || other == reg));
        if ((word & 0x3B000000) == 0x39000000) /* an offset without a sign */
            return load && (word >> 26 & 1) == 0 && d == reg;
        return d == reg || n == reg || other == reg || (word >> 16 & 31) == reg;
    default:
        return d == reg;
    }
}

bool hvc_arm64_last_address(hvc_span code, uint32_t rva, uint32_t at, unsigned reg,
                            uint32_t *ret_address)
{
    scan s = {.code = code};
    while (at >= 4) {
        at -= 4;
        uint32_t word = word_at(&s, at);
        if (!may_write(word, reg))
            continue;
        s.at = at;
        s.rva = rva + at;
        if (hvc_arm64_is_adrp(word)) {
            *ret_address = hvc_arm64_adrp_page(word, s.rva);
            return true;
        }
        if (!hvc_arm64_is_add(word) || !page_before(&s, word >> 5 & 31, ret_address))
            return false;
        *ret_address += (word >> 10 & 0xFFF) << (word >> 22 & 1 ? 12 : 0);
        return true;
    }
    return false;
}

bool hvc_arm64_last_is_load(hvc_span code, uint32_t at, unsigned reg)
{
    enum { FRAME = 29 };
    scan s = {.code = code};
    while (at >= 4) {
        at -= 4;
        uint32_t word = word_at(&s, at);
        unsigned n = word >> 5 & 31;
        if (may_write(word, reg))
            return ((word & 0x3E400000) == 0x28400000 || (word & 0x3F000000) == 0x39000000) &&
                   n != STACK && n != FRAME;
    }
    return false;
}
