/* What registers hold is followed over the ways of each function, as often as ways back change
 * something: on all of them the same address near a zone, none, or one on some ways and another or
 * none on others. Only the first is certain. In the last case, and where control arrives in a way
 * that is not seen, a register may hold whatever the function gives it anywhere: that covers an
 * adrp that a compiler moved to where none of the ways that are seen passes. */
#include "code/arm64_refs.h"

#include "base/limits.h"
#include "code/arm64_words.h"

enum {
    REGISTERS = 31,
    REGION_VALUES = 64, /* of one register in one function; more: those of the whole image */
    REGION_WAYS = 4096, /* places in one function that branches lead to; of more nothing is known */
    MAX_SWEEPS = 12,    /* over one function; then nothing is known where branches lead */
    MAX_ESCAPED = 16,   /* addresses that get out in one function; more: all may have */
    MAX_SPILLED = 16,   /* pages that one function puts into its frame; more: any may be there */
};

/* Where instructions name registers, besides bits 0 and 5 on: from bit 16 and 10 on. */
enum { NAMES_M = 1, NAMES_A = 2, ALWAYS = 4 };

#define ALL_REGISTERS UINT32_C(0x7fffffff)
#define NO_WAY        UINT32_MAX /* in way_at: there were too many */
#define NOT_AGAIN     UINT32_MAX
/* x0 to x17 and the link register: what a call may change. */
#define CALL_CHANGES UINT32_C(0x4003ffff)

/* x0 to x7: what a call takes. */
#define ARGUMENTS UINT32_C(0xff)
/* x19 to x28: what only a function with exception data of its own may write. */
#define SAVED UINT32_C(0x1ff80000)

typedef struct page_list {
    uint32_t *items;
    size_t count, capacity;
} page_list;

/* What registers hold at one place. */
typedef struct holds {
    uint32_t known,
        perhaps; /* bits: value, on all ways; that may be any of the function's values */
    uint32_t value[REGISTERS];
} holds;

/* A place that branches lead to. */
typedef struct way {
    uint32_t rva;
    bool reached;
    holds in;
} way;

typedef struct tracker {
    const hvc_image *image;
    const hvc_exec *exec;
    hvc_arena *scratch;
    const hvc_zones *any, *all;   /* in all, more than stores count */
    const hvc_arm64_sieve *sieve; /* NULL: branches are told of as well */
    hvc_arm64_sink sink;
    void *context;
    bool stopped, cut;
    uint64_t budget; /* references that may still be told */

    uint8_t marks[256]; /* hvc_arm64_mark by the top byte */
    uint8_t named[256]; /* by it too: where the instruction names registers, or that it counts
                           whatever it names */
    hvc_places begins, fragments, handled;
    page_list everywhere[REGISTERS]; /* pages of a register in the whole image */
    bool has_everywhere;

    /* of the region in work */
    const hvc_zones *zones; /* what it may refer to */
    const hvc_exec_range *range;
    uint32_t begin, size; /* RVA */
    uint32_t values[REGISTERS][REGION_VALUES];
    uint8_t value_count[REGISTERS]; /* REGION_VALUES + 1: too many */
    uint32_t with_values;           /* bits: values has some */
    uint32_t given;                 /* bits: values may have some later */
    uint32_t *way_at;               /* by instruction: index in ways + 1, or NO_WAY */
    size_t way_capacity;            /* of way_at */
    HVC_VECTOR(way) ways;
    HVC_VECTOR(hvc_arm64_ref) refs;
    uint32_t escaped[MAX_ESCAPED];
    unsigned escaped_count;        /* MAX_ESCAPED + 1: all */
    uint32_t spilled[MAX_SPILLED]; /* what was put into the frame, and may be loaded again */
    unsigned spilled_count;        /* MAX_SPILLED + 1: all */
    bool spills_more;              /* since the last sweep began */
    way table;                     /* what holds at the jumps through tables */
    bool handles;                  /* exceptions may lead somewhere in it */
    bool unseen;                   /* control arrived in a way that is not seen */
    uint32_t again; /* a way back changed something from here on; NOT_AGAIN: none did */
    /* of the instruction in work */
    uint32_t rva, word;
    bool alive;
    holds now;
} tracker;

static void tell(tracker *it, uint32_t to, uint8_t kind, bool certain)
{
    if (!hvc_zones_hold(it->zones, to))
        return;
    bool stores = it->all != it->zones && !hvc_zones_hold(it->all, to);
    if (stores && !hvc_arm64_may_store(it->word))
        return;
    if (it->refs.count >= it->budget) {
        it->cut = true;
        return;
    }
    hvc_arm64_ref *ref = hvc_vector_add(it->scratch, &it->refs);
    if (ref == NULL)
        it->stopped = true;
    else
        *ref = (hvc_arm64_ref){it->rva, to, it->word, kind, certain};
}

/* What adrp and add give reaches less than a page further. Other addresses say nothing. */
static bool is_near(const tracker *it, uint32_t address)
{
    return hvc_zones_near(it->zones, address);
}

/* value lies near a zone. */
static void add_value(tracker *it, unsigned reg, uint32_t value)
{
    if (reg == 31)
        return;
    it->with_values |= UINT32_C(1) << reg;
    uint8_t count = it->value_count[reg];
    if (count > REGION_VALUES)
        return;
    for (unsigned i = 0; i < count; i++) {
        if (it->values[reg][i] == value)
            return;
    }
    if (count < REGION_VALUES)
        it->values[reg][count] = value;
    it->value_count[reg]++;
}

/* The pages of every register in the whole image: for fragments, whose registers another function
 * set. */
static bool list_everywhere(tracker *it)
{
    it->has_everywhere = true;
    for (size_t i = 0; i < it->exec->count; i++) {
        const hvc_exec_range *range = &it->exec->items[i];
        for (uint32_t at = 0; at + 4 <= range->size; at += 4) {
            uint32_t word = hvc_le32(range->bytes + at);
            unsigned reg = word & 31;
            if (!hvc_arm64_is_adrp(word) || reg == 31)
                continue;
            uint32_t page = hvc_arm64_adrp_page(word, range->rva + at);
            page_list *list = &it->everywhere[reg];
            size_t low = 0, high = list->count;
            while (low < high) {
                size_t middle = low + (high - low) / 2;
                if (list->items[middle] < page)
                    low = middle + 1;
                else
                    high = middle;
            }
            if (!hvc_zones_near(it->any, page) || (low < list->count && list->items[low] == page))
                continue;
            if (list->count == HVC_MAX_CODE_PAGES) {
                it->cut = true;
                continue;
            }
            if (!hvc_arena_grow(it->scratch, &list->items, &list->capacity, list->count,
                                sizeof(uint32_t)))
                return false;
            memmove(list->items + low + 1, list->items + low,
                    (list->count - low) * sizeof(uint32_t));
            list->items[low] = page;
            list->count++;
        }
    }
    return true;
}

/* Tells of whatever a register may hold, plus offset. */
static void use_anything(tracker *it, unsigned n, int32_t offset)
{
    if (it->value_count[n] <= REGION_VALUES) {
        for (unsigned i = 0; i < it->value_count[n]; i++)
            tell(it, it->values[n][i] + (uint32_t)offset, HVC_XREF_ADDRESS, false);
        return;
    }
    if (!it->has_everywhere && !list_everywhere(it)) {
        it->stopped = true;
        return;
    }
    for (size_t i = 0; i < it->everywhere[n].count && !it->cut && !it->stopped; i++)
        tell(it, it->everywhere[n].items[i] + (uint32_t)offset, HVC_XREF_ADDRESS, false);
}

/* A jump through a table may lead right to the instruction in work, in the middle of straight code.
 * Tells of what register n plus offset is then, other than it is here; false when that is nothing
 * of interest. */
static bool use_entered(tracker *it, unsigned n, int32_t offset)
{
    const holds *in = &it->table.in;
    uint32_t bit = UINT32_C(1) << n;
    size_t before = it->refs.count;
    if (!it->table.reached)
        return false;
    bool known = (it->now.known & bit) != 0;
    if ((in->known & bit) != 0 && !(known && it->now.value[n] == in->value[n]))
        tell(it, in->value[n] + (uint32_t)offset, HVC_XREF_ADDRESS, false);
    bool perhaps = (in->perhaps & it->with_values & SAVED & bit) != 0;
    for (unsigned i = 0; perhaps && i < it->value_count[n] && i < REGION_VALUES; i++)
        if (!(known && it->now.value[n] == it->values[n][i]))
            tell(it, it->values[n][i] + (uint32_t)offset, HVC_XREF_ADDRESS, false);
    return it->refs.count != before;
}

/* Register n plus offset is accessed, or goes to a register. */
static inline void use(tracker *it, unsigned n, int32_t offset)
{
    uint32_t bit = UINT32_C(1) << n;
    bool entered = use_entered(it, n, offset);
    if (it->now.known & bit)
        tell(it, it->now.value[n] + (uint32_t)offset, HVC_XREF_ADDRESS, !entered);
    if (it->now.perhaps & it->with_values & bit)
        use_anything(it, n, offset);
}

/* A value gets to where it is not followed. */
static void escape_value(tracker *it, uint32_t value)
{
    if (!hvc_zones_hold(it->zones, value) || it->escaped_count > MAX_ESCAPED)
        return;
    for (unsigned i = 0; i < it->escaped_count; i++)
        if (it->escaped[i] == value)
            return;
    if (it->escaped_count < MAX_ESCAPED)
        it->escaped[it->escaped_count] = value;
    it->escaped_count++;
}

/* The same for what register n holds. */
static void escape_register(tracker *it, unsigned n)
{
    uint32_t bit = UINT32_C(1) << n;
    if (it->now.known & bit)
        escape_value(it, it->now.value[n]);
    if ((it->now.perhaps & it->with_values & bit) == 0)
        return;
    if (it->value_count[n] > REGION_VALUES)
        it->escaped_count = MAX_ESCAPED + 1;
    for (unsigned i = 0; i < it->value_count[n] && i < REGION_VALUES; i++)
        escape_value(it, it->values[n][i]);
}

static inline void escape(tracker *it, unsigned n)
{
    if (((it->now.known | it->now.perhaps) >> n & 1) != 0)
        escape_register(it, n);
}

/* A page near a zone goes into the frame. What lies in a zone escapes, which makes a reference of
 * its own. */
static void spill_value(tracker *it, uint32_t value)
{
    unsigned i = 0;
    if (hvc_zones_hold(it->zones, value))
        return;
    while (i < it->spilled_count && i < MAX_SPILLED && it->spilled[i] != value)
        i++;
    if (i < it->spilled_count)
        return;
    if (i < MAX_SPILLED)
        it->spilled[i] = value;
    it->spilled_count++;
    it->spills_more = true;
}

static bool is_frame(unsigned base)
{
    return base == 31 || base == 29;
}

/* Register n is stored to where a base leads. */
static void spill(tracker *it, unsigned n, unsigned base)
{
    uint32_t bit = n == 31 || !is_frame(base) ? 0 : UINT32_C(1) << n;
    escape(it, n);
    if (it->now.known & bit)
        spill_value(it, it->now.value[n]);
    if ((it->now.perhaps & it->with_values & bit) == 0)
        return;
    if (it->value_count[n] > REGION_VALUES) {
        it->spills_more |= it->spilled_count <= MAX_SPILLED;
        it->spilled_count = MAX_SPILLED + 1;
        return;
    }
    for (unsigned i = 0; i < it->value_count[n]; i++)
        spill_value(it, it->values[n][i]);
}

static void escape_arguments(tracker *it)
{
    for (uint32_t left = (it->now.known | it->now.perhaps) & ARGUMENTS; left != 0; left &= left - 1)
        escape_register(it, (unsigned)__builtin_ctz(left));
}

static void change(tracker *it, unsigned reg)
{
    if (reg == 31)
        return;
    it->now.known &= ~(UINT32_C(1) << reg);
    it->now.perhaps &= ~(UINT32_C(1) << reg);
}

/* A register gets what memory holds: of the frame, whatever was put there. */
static void reload(tracker *it, unsigned reg, unsigned base)
{
    change(it, reg);
    if (it->spilled_count == 0 || reg == 31 || !is_frame(base))
        return;
    it->now.perhaps |= UINT32_C(1) << reg;
    if (it->spilled_count > MAX_SPILLED) {
        it->value_count[reg] = REGION_VALUES + 1;
        it->with_values |= UINT32_C(1) << reg;
        return;
    }
    for (unsigned i = 0; i < it->spilled_count; i++)
        add_value(it, reg, it->spilled[i]);
}

static void set(tracker *it, unsigned reg, uint32_t value)
{
    if (reg == 31)
        return;
    if (!is_near(it, value)) {
        change(it, reg);
        return;
    }
    it->now.known |= UINT32_C(1) << reg;
    it->now.perhaps &= ~(UINT32_C(1) << reg);
    it->now.value[reg] = value;
}

/* Register d becomes register n plus offset. */
static void advance(tracker *it, unsigned d, unsigned n, int32_t offset)
{
    bool known = n != 31 && (it->now.known >> n & 1);
    if (known)
        set(it, d, it->now.value[n] + (uint32_t)offset);
    else
        change(it, d);
}

/* adr, adrp, add and sub of a number; every other instruction of this class writes its register. */
static void immediate_class(tracker *it, uint32_t word)
{
    unsigned d = word & 31, n = word >> 5 & 31;
    if (hvc_arm64_is_adrp(word)) {
        set(it, d, hvc_arm64_adrp_page(word, it->rva));
    } else if ((word & 0x1f000000) == 0x10000000) { /* adr */
        uint32_t address = it->rva + (uint32_t)hvc_arm64_adr_offset(word);
        tell(it, address, HVC_XREF_ADDRESS, true);
        set(it, d, address);
    } else if ((word & 0x9f800000) == 0x91000000) { /* add, adds, sub, subs: 64 bits */
        int32_t offset = (int32_t)(word >> 10 & 0xfff);
        if (word >> 22 & 1)
            offset *= 0x1000;
        if (word >> 30 & 1)
            offset = -offset;
        use(it, n, offset);
        advance(it, d, n, offset);
    } else {
        if ((word & 0x1f800000) != 0x12800000) /* movn, movz and movk read none but their own */
            escape(it, n);
        change(it, d);
    }
}

static void register_class(tracker *it, uint32_t word)
{
    unsigned d = word & 31;
    if ((word & 0xffe0ffe0) == 0xaa0003e0) { /* mov */
        unsigned m = word >> 16 & 31;
        bool any = m != 31 && (it->now.perhaps >> m & 1) != 0;
        advance(it, d, m, 0);
        /* What m may hold d may hold now. */
        if (any && d != 31) {
            for (unsigned i = 0; i < it->value_count[m] && i < REGION_VALUES; i++)
                add_value(it, d, it->values[m][i]);
            if (it->value_count[m] > REGION_VALUES)
                it->value_count[d] = REGION_VALUES + 1;
            it->with_values |= (it->with_values >> m & 1) << d;
            it->now.perhaps |= UINT32_C(1) << d;
        }
        return;
    }
    escape(it, word >> 5 & 31);
    escape(it, word >> 16 & 31);
    escape(it, word >> 10 & 31);           /* of those with three sources */
    if ((word & 0x1fe00000) == 0x1a400000) /* ccmp, ccmn: write flags alone */
        return;
    if ((word & 0x1fe00000) == 0x1a000000 && (word >> 10 & 0x3f) != 0) /* rmif, setf */
        return;
    change(it, d);
}

/* ldp, stp and their like. */
static void pair_of_registers(tracker *it, uint32_t word)
{
    unsigned t = word & 31, n = word >> 5 & 31, size = word >> 30, mode = word >> 23 & 3;
    bool vector = word >> 26 & 1;
    unsigned scale = vector ? 2 + size : size >= 2 ? 3 : 2;
    int32_t offset = hvc_arm64_sign_extend(word >> 15 & 0x7f, 7) * (1 << scale);
    int32_t used = mode == 1 ? 0 : offset; /* 1: base changes behind, 3: before */
    int32_t step = scale < 3 ? 4 : 8;      /* 16 bytes may be two pointers */
    for (int32_t at = 0; at < 2 << scale; at += step)
        use(it, n, used + at);
    if (mode & 1)
        advance(it, n, n, offset);
    if (vector)
        return;
    if (word >> 22 & 1) {
        reload(it, t, n);
        reload(it, word >> 10 & 31, n);
    } else {
        spill(it, t, n);
        spill(it, word >> 10 & 31, n);
    }
}

static void one_register(tracker *it, uint32_t word)
{
    unsigned t = word & 31, n = word >> 5 & 31, size = word >> 30, operation = word >> 22 & 3;
    bool vector = word >> 26 & 1;
    bool prefetch = !vector && size == 3 && operation == 2;
    bool load = !vector && operation != 0 && !prefetch;
    bool wide = vector && size == 0 && (operation & 2) != 0; /* 16 bytes: perhaps two pointers */
    if (word >> 24 & 1) {
        unsigned scale = vector && (operation & 2) ? 4 : size;
        int32_t offset = (int32_t)(word >> 10 & 0xfff) << scale;
        use(it, n, offset);
        if (wide)
            use(it, n, offset + 8);
    } else if (word >> 21 & 1) { /* a register added, or an atomic operation on memory */
        use(it, n, 0);
        escape(it, word >> 16 & 31);
        load = load || (word >> 10 & 3) == 0;
        prefetch = prefetch && (word >> 10 & 3) != 0;
    } else {
        int32_t offset = hvc_arm64_sign_extend(word >> 12 & 0x1ff, 9);
        unsigned mode = word >> 10 & 3;
        use(it, n, mode == 1 ? 0 : offset);
        if (wide)
            use(it, n, (mode == 1 ? 0 : offset) + 8);
        if (mode & 1)
            advance(it, n, n, offset);
    }
    if (load && !prefetch && size == 3)
        reload(it, t, n);
    else if (load && !prefetch)
        change(it, t);
    else if (!vector && !prefetch)
        spill(it, t, n);
}

/* Exclusive, ordered, compare and swap, vector structures: the base as it is. */
static void other_memory(tracker *it, uint32_t word)
{
    unsigned t = word & 31, n = word >> 5 & 31, operation = word >> 22 & 3;
    bool unscaled = (word & 0x3f200c00) == 0x19000000;
    use(it, n, unscaled ? hvc_arm64_sign_extend(word >> 12 & 0x1ff, 9) : 0);
    escape(it, t);
    escape(it, word >> 10 & 31);
    escape(it, word >> 16 & 31);
    if ((word & 0x3f600000) == 0x08400000 || (unscaled && operation != 0))
        change(it, t);
    if ((word & 0x3e800000) == 0x0c800000) /* vector structures, base changes behind */
        change(it, n);
}

/* Loads and stores. Registers that a store or a vector load names are not written. */
static void memory_class(tracker *it, uint32_t word)
{
    if ((word & 0x3b000000) == 0x18000000) { /* ldr literal, prfm literal */
        tell(it, hvc_arm64_literal(word, it->rva), HVC_XREF_ADDRESS, true);
        if ((word >> 26 & 1) == 0 && word >> 30 != 3)
            change(it, word & 31);
    } else if ((word & 0x3a000000) == 0x28000000) {
        pair_of_registers(it, word);
    } else if ((word & 0x3a000000) == 0x38000000) {
        one_register(it, word);
    } else {
        other_memory(it, word);
    }
}

/* Joins what holds now into to; true when that changed. */
static bool join(tracker *it, way *to)
{
    const holds *now = &it->now;
    holds *in = &to->in;
    if (!to->reached) {
        to->reached = true;
        in->known = now->known;
        in->perhaps = now->perhaps;
        for (uint32_t left = now->known; left != 0; left &= left - 1) {
            unsigned reg = (unsigned)__builtin_ctz(left);
            in->value[reg] = now->value[reg];
        }
        return true;
    }
    uint32_t same = 0, before = in->known, perhaps = in->perhaps;
    for (uint32_t left = in->known & now->known; left != 0; left &= left - 1) {
        unsigned reg = (unsigned)__builtin_ctz(left);
        same |= (uint32_t)(in->value[reg] == now->value[reg]) << reg;
    }
    in->perhaps |= now->perhaps | ((in->known | now->known) & ~same);
    in->known = same & ~in->perhaps;
    return in->known != before || in->perhaps != perhaps;
}

static way *way_to(const tracker *it, uint32_t rva)
{
    uint32_t index = it->way_at[(rva - it->begin) / 4];
    return index == 0 || index == NO_WAY ? NULL : &it->ways.items[index - 1];
}

/* Control may go to target, too. */
static void go_to(tracker *it, uint32_t target)
{
    if (target - it->begin >= it->size) {
        escape_arguments(it);
        return;
    }
    way *to = way_to(it, target);
    if (to != NULL && join(it, to) && target <= it->rva && target < it->again)
        it->again = target;
}

/* What holds where control arrives in a way that is not seen. That is a jump through a table, where
 * the function has one and handles no exceptions, or what begins there is a function without
 * exception data. */
static void arrive_unseen(const tracker *it, holds *in)
{
    in->known = 0;
    if (it->table.reached && !it->handles)
        in->known = it->table.in.known & SAVED;
    in->perhaps = ALL_REGISTERS & ~in->known;
    for (uint32_t left = in->known; left != 0; left &= left - 1) {
        unsigned reg = (unsigned)__builtin_ctz(left);
        in->value[reg] = it->table.in.value[reg];
    }
}

static void lose(tracker *it)
{
    arrive_unseen(it, &it->now);
    it->alive = it->unseen = true;
}

static bool loads_element(uint32_t word)
{
    return (word & 0x3b200c00) == 0x38200800 && (word >> 22 & 3) != 0;
}

/* Whether br goes to what an add right before reckons, or to what is loaded from an array: through
 * a table. *ret_tables is registers that hold no more than the table's address. */
static bool is_table_jump(const tracker *it, uint32_t *ret_tables)
{
    enum { LOOK_BACK = 6 };
    uint32_t at = it->rva - it->begin, reg = it->word >> 5 & 31;
    const uint8_t *bytes = it->range->bytes + (it->rva - it->range->rva);
    bool found = false, through = false;
    *ret_tables = 0;
    if ((it->word & 0xfffffc1f) != 0xd61f0000)
        return false;
    for (uint32_t back = 4; back <= 4 * LOOK_BACK && back <= at; back += 4) {
        uint32_t word = hvc_le32(bytes - back);
        if (loads_element(word))
            *ret_tables |= UINT32_C(1) << (word >> 5 & 31);
        if (!found && (word & 31) == reg) {
            found = true;
            through = (word & 0xff000000) == 0x8b000000 || loads_element(word); /* add, 64 bits */
        }
    }
    return through;
}

/* Notes what holds at a jump through a table. */
static void go_through_table(tracker *it, uint32_t tables)
{
    it->now.known &= ~tables;
    it->now.perhaps &= ~tables;
    const holds *in = &it->table.in;
    if (join(it, &it->table) && (it->unseen || (in->known | (in->perhaps & SAVED)) != 0))
        it->again = it->begin;
}

/* The next instruction has a number in way_at. */
static void arrive(tracker *it)
{
    way *here = way_to(it, it->rva);
    if (here == NULL) {
        lose(it);
        return;
    }
    if (it->alive)
        join(it, here);
    it->alive = here->reached;
    if (it->alive)
        it->now = here->in;
}

/* Branches and system instructions. Returns whether control goes on behind. */
static bool branch_class(tracker *it, uint32_t word)
{
    uint32_t target;
    bool direct = hvc_arm64_branch_target(word, it->rva, &target);
    if (direct && it->sieve == NULL)
        tell(it, target, hvc_arm64_is_call(word) ? HVC_XREF_CALL : HVC_XREF_JUMP, true);
    if (hvc_arm64_is_call(word)) {
        escape_arguments(it);
        /* A compiler that sees what it calls keeps values in any register that this leaves alone.
         */
        it->now.perhaps = direct ? it->now.perhaps | (it->now.known & CALL_CHANGES)
                                 : it->now.perhaps & ~CALL_CHANGES;
        it->now.known &= ~CALL_CHANGES;
        return true;
    }
    if (direct) {
        go_to(it, target);
        return (word & 0xfc000000) != 0x14000000; /* b */
    }
    if ((word & 0xfe000000) != 0xd6000000)        /* br, ret */
        return (word & 0xffe0001f) != 0xd4200000; /* brk */
    escape_arguments(it);
    uint32_t tables;
    if (is_table_jump(it, &tables))
        go_through_table(it, tables);
    return false;
}

static bool add_way(tracker *it, uint32_t rva)
{
    uint32_t index = (rva - it->begin) / 4;
    if (it->way_at[index] != 0)
        return true;
    if (it->ways.count == REGION_WAYS) {
        it->way_at[index] = NO_WAY;
        return true;
    }
    way *added = hvc_vector_add(it->scratch, &it->ways);
    if (added == NULL)
        return false;
    added->rva = rva;
    added->reached = false;
    it->way_at[index] = (uint32_t)it->ways.count;
    return true;
}

/* Registers that may be given a value: those that one with a value is copied to as well. copied:
 * bits. */
static uint32_t follow_copies(uint32_t given, const uint32_t copied[REGISTERS + 1])
{
    for (uint32_t before = 0; given != before;) {
        before = given;
        for (unsigned d = 0; d < REGISTERS; d++)
            if ((copied[d] & given) != 0)
                given |= UINT32_C(1) << d;
    }
    return given;
}

/* Gives every place in the region that a branch leads to a number, and lists the addresses that
 * registers are given. An address that add forms is reckoned from the last adrp before it in the
 * bytes. */
static bool prepare_region(tracker *it)
{
    enum { WANTED = HVC_ARM64_BRANCH | HVC_ARM64_ADR | HVC_ARM64_ADD };
    const uint8_t *bytes = it->range->bytes + (it->begin - it->range->rva);
    uint32_t rva = it->begin, size = it->size;
    uint32_t last[REGISTERS + 1] = {0}, copied[REGISTERS + 1] = {0};
    bool copies = false;
    memset(it->value_count, 0, sizeof(it->value_count));
    it->with_values = 0;
    it->ways.count = 0;
    if (size / 4 > it->way_capacity) {
        it->way_at = hvc_arena_array(it->scratch, 2 * (size_t)size / 4, sizeof(*it->way_at));
        it->way_capacity = 2 * (size_t)size / 4;
        if (it->way_at == NULL)
            return false;
    } else {
        memset(it->way_at, 0, size / 4 * sizeof(*it->way_at));
    }
    for (uint32_t at = 0; at < size; at += 4) {
        uint8_t mark = it->marks[bytes[at + 3]];
        if ((mark & WANTED) == 0 && bytes[at + 3] != 0xaa)
            continue;
        uint32_t word = hvc_le32(bytes + at), value;
        unsigned d = word & 31;
        if ((word & 0xffe0ffe0) == 0xaa0003e0) { /* mov */
            copied[d] |= UINT32_C(1) << (word >> 16 & 31);
            copies = true;
        } else if (mark == HVC_ARM64_BRANCH) {
            if (!hvc_arm64_is_call(word) && hvc_arm64_branch_target(word, rva + at, &value) &&
                value - rva < size && !add_way(it, value))
                return false;
        } else if (hvc_arm64_is_adrp(word)) {
            value = hvc_arm64_adrp_page(word, rva + at);
            last[d] = value;
            if (is_near(it, value))
                add_value(it, d, value);
        } else if (hvc_arm64_is_add(word)) {
            value = last[word >> 5 & 31];
            if (value != 0 && is_near(it, value + (word >> 10 & 0xfff)))
                add_value(it, d, value + (word >> 10 & 0xfff));
        }
    }
    it->given = copies ? follow_copies(it->with_values, copied) : it->with_values;
    return true;
}

/* Whether an instruction names one of these registers. */
static inline bool names(uint32_t word, unsigned places, uint32_t registers)
{
    uint32_t named = registers >> (word & 31) | registers >> (word >> 5 & 31);
    if ((places & NAMES_M) != 0)
        named |= registers >> (word >> 16 & 31);
    if ((places & NAMES_A) != 0)
        named |= registers >> (word >> 10 & 31);
    return named & 1;
}

/* The registers that may hold something of interest. */
static inline uint32_t live_registers(const tracker *it)
{
    return it->spilled_count > 0 ? ALL_REGISTERS : it->now.known | (it->now.perhaps & it->given);
}

/* Carries one instruction out. */
static void follow(tracker *it, uint32_t word)
{
    switch (word >> 25 & 15) {
    case 8:
    case 9:
        immediate_class(it, word);
        break;
    case 10:
    case 11:
        it->alive = branch_class(it, word);
        break;
    case 4:
    case 6:
    case 12:
    case 14:
        memory_class(it, word);
        break;
    case 5:
    case 13:
        register_class(it, word);
        break;
    default: /* vector arithmetic; what it moves to a register is left to be overlooked */
        escape(it, word >> 5 & 31);
        break;
    }
}

/* Follows the instructions of the region once, in the order of the bytes: from its begin, or from a
 * place that branches lead to, before which nothing changed. */
static void sweep(tracker *it, uint32_t from, bool fragment)
{
    const uint8_t *bytes = it->range->bytes + (it->begin - it->range->rva);
    it->again = NOT_AGAIN;
    while (it->refs.count > 0 && it->refs.items[it->refs.count - 1].from >= from)
        it->refs.count--;
    it->alive = from == it->begin;
    it->now.known = 0;
    it->now.perhaps = fragment ? ALL_REGISTERS : 0;
    uint32_t live = live_registers(it), size = it->size;
    const uint32_t *way_at = it->way_at;
    bool ended = false; /* control does not go on from the instruction before */
    for (uint32_t at = from - it->begin; at < size; at += 4) {
        uint32_t word = hvc_le32(bytes + at);
        if (way_at[at / 4] != 0 || ended) {
            it->rva = it->begin + at;
            if (way_at[at / 4] != 0)
                arrive(it);
            else
                lose(it);
            ended = false;
            live = it->alive ? live_registers(it) : 0;
        }
        unsigned named = it->named[word >> 24];
        if ((named != ALWAYS && (live == 0 || !names(word, named, live))) || !it->alive)
            continue;
        it->rva = it->begin + at;
        it->word = word;
        follow(it, word);
        ended = !it->alive;
        live = ended ? 0 : live_registers(it);
        if (it->stopped)
            return;
    }
}

/* Where nothing that is seen leads to is reached in another way, if at all. lost: everything else,
 * too. */
static void reach_all(tracker *it, bool lost)
{
    it->table.reached &= !lost;
    for (size_t i = 0; i < it->ways.count; i++) {
        way *to = &it->ways.items[i];
        if (to->reached && !lost)
            continue;
        to->reached = true;
        arrive_unseen(it, &to->in);
        it->again = it->again < to->rva ? it->again : to->rva;
    }
}

static bool was_escaped(const tracker *it, uint32_t address)
{
    for (unsigned i = 0; i < it->escaped_count && i < MAX_ESCAPED; i++)
        if (it->escaped[i] == address)
            return true;
    return it->escaped_count > MAX_ESCAPED;
}

/* Hands out what the last sweep found. */
static void hand_out(tracker *it)
{
    for (size_t i = 0; i < it->refs.count && !it->stopped; i++) {
        hvc_arm64_ref *ref = &it->refs.items[i];
        /* An address that is formed only. */
        if ((ref->word >> 25 & 14) == 8)
            ref->certain = ref->certain && !was_escaped(it, ref->to);
        it->stopped = !it->sink(it->context, ref);
    }
    it->budget -= it->refs.count;
}

static void scan_region(tracker *it, uint32_t begin, uint32_t end)
{
    bool fragment = hvc_place_in(it->fragments, begin);
    uint32_t rva = it->range->rva + (begin - it->range->slot);
    hvc_span code = {it->range->bytes + (begin - it->range->slot), end - begin};
    hvc_arm64_sieved may = HVC_ARM64_ANY;
    if (it->sieve != NULL && !fragment &&
        (may = hvc_arm64_may_refer(it->sieve, code, rva)) == HVC_ARM64_NOTHING)
        return;
    it->zones = may == HVC_ARM64_READS ? it->all : it->any;
    it->begin = rva;
    it->size = end - begin;
    if (!prepare_region(it)) {
        it->stopped = true;
        return;
    }
    if (fragment) {
        memset(it->value_count, REGION_VALUES + 1, sizeof(it->value_count));
        it->with_values = it->given = ALL_REGISTERS;
    }
    unsigned sweeps = 0;
    it->refs.count = 0;
    it->escaped_count = it->spilled_count = 0;
    it->unseen = false;
    it->again = rva;
    it->table.reached = false;
    it->handles = hvc_place_in(it->handled, begin);
    do {
        it->spills_more = false;
        sweep(it, it->again, fragment);
        if (it->spills_more)
            it->again = rva; /* what was loaded before may be that, on ways back */
        if (++sweeps == MAX_SWEEPS)
            reach_all(it, true);
        else if (it->again == NOT_AGAIN)
            reach_all(it, false);
    } while (it->again != NOT_AGAIN && sweeps <= MAX_SWEEPS && !it->stopped);
    hand_out(it);
}

/* Where an instruction with this top byte may name registers that matter. */
static unsigned places_named(unsigned top)
{
    if ((top & 0x3b) == 0x39 || (top & 0x1f) == 0x11 || (top & 0x1f) == 0x12)
        return 0; /* an offset without a sign; a number added; a logical one */
    if ((top & 0x3a) == 0x28)
        return NAMES_A; /* pairs */
    if ((top & 0x3b) == 0x38 || (top & 0x1e) == 0x0a || (top & 0x1f) == 0x1a ||
        (top & 0x1f) == 0x13)
        return NAMES_M; /* other offsets; arithmetic of two; bit fields */
    return NAMES_M | NAMES_A;
}

/* Which instructions need not be followed unless they name a register that holds something. */
static void fill_marks(tracker *it)
{
    enum { WANTED = HVC_ARM64_ADR | HVC_ARM64_LITERAL | HVC_ARM64_LEAVE | HVC_ARM64_BRANCH };
    hvc_arm64_fill_marks(it->marks);
    for (unsigned i = 0; i < 256; i++)
        it->named[i] = (uint8_t)((it->marks[i] & WANTED) != 0 ? ALWAYS : places_named(i));
}

/* Functions begin where the exception data says so. */
static bool find_regions(tracker *it)
{
    it->begins = hvc_places_new(it->scratch, it->exec);
    it->fragments = hvc_places_new(it->scratch, it->exec);
    it->handled = hvc_places_new(it->scratch, it->exec);
    if (it->begins == NULL || it->fragments == NULL || it->handled == NULL)
        return false;
    hvc_function_iterator iterator = hvc_function_begin(it->image);
    hvc_function function;
    while (hvc_function_next(&iterator, &function)) {
        const hvc_exec_range *range = hvc_exec_at(it->exec, function.begin);
        if (range == NULL || (function.begin - range->rva) % 4 != 0)
            continue;
        uint32_t slot = range->slot + (function.begin - range->rva);
        hvc_place_add(it->begins, slot);
        if (function.chained)
            hvc_place_add(it->fragments, slot);
        uint32_t header; /* of the unwind data */
        if (function.unwind != 0 && hvc_image_u32(it->image, function.unwind, &header) &&
            (header >> 20 & 1) != 0)
            hvc_place_add(it->handled, slot);
    }
    return true;
}

bool hvc_arm64_refs_each(const hvc_image *image, const hvc_exec *exec, const hvc_zones *zones,
                         const hvc_zones *all, const hvc_arm64_sieve *sieve, hvc_arena *scratch,
                         hvc_arm64_sink sink, void *context, bool *ret_cut)
{
    tracker it = {.image = image,
                  .exec = exec,
                  .scratch = scratch,
                  .any = zones,
                  .all = all,
                  .sieve = sieve,
                  .sink = sink,
                  .context = context,
                  .budget = image->file.size + 65536};
    if (zones->items.count == 0)
        return true;
    if (!find_regions(&it))
        return false;
    fill_marks(&it);
    for (size_t i = 0; i < exec->count; i++) {
        it.range = &exec->items[i];
        uint32_t begin = it.range->slot, end = begin + it.range->size / 4 * 4;
        while (begin < end && !it.stopped) {
            uint32_t next = hvc_places_next(it.begins, begin + 1, end, true);
            scan_region(&it, begin, next);
            begin = next;
        }
    }
    *ret_cut = it.cut;
    return !it.stopped;
}
