/* Two passes over each function: the first notes where branches lead and which pages (adrp) and
 * addresses (add behind it) each register is pointed to; the second follows the registers along
 * straight lines. Where control arrives from elsewhere alone, a register may hold whatever the
 * function gives it anywhere: that covers an adrp that a compiler moved out of a loop or across
 * blocks. Where control arrives from right before too, what holds there is enough: an address that
 * code uses is there on every way. */
#include "code/arm64_refs.h"

#include "base/limits.h"
#include "code/arm64_words.h"

enum {
    REGISTERS = 31,
    REGION_VALUES = 64, /* of one register in one function; more: those of the whole image */
};

#define ALL_REGISTERS UINT32_C(0x7fffffff)
/* x0 to x17 and the link register: what a call may change. */
#define CALL_CHANGES UINT32_C(0x4003ffff)

typedef struct page_list {
    uint32_t *items;
    size_t count, capacity;
} page_list;

typedef struct tracker {
    const hvc_image *image;
    const hvc_exec *exec;
    hvc_arena *scratch;
    const hvc_zones *zones;
    hvc_arm64_sink sink;
    void *context;
    bool branches; /* tell of them as well */
    bool stopped, cut;
    uint64_t budget; /* references that may still be told */

    uint8_t marks[256]; /* hvc_arm64_mark by the top byte */
    bool calm[256];     /* by it too: of interest only for the registers that are named */
    hvc_places begins, fragments, targets;
    page_list everywhere[REGISTERS]; /* pages of a register in the whole image */
    bool has_everywhere;

    /* of the region in work */
    const hvc_exec_range *range;
    uint32_t values[REGISTERS][REGION_VALUES];
    uint8_t value_count[REGISTERS]; /* REGION_VALUES + 1: too many */
    /* of the instruction in work */
    uint32_t rva, word;
    uint32_t value[REGISTERS];
    uint32_t known, anything; /* bits: value holds; may be any of values */
    uint32_t with_values;     /* bits: values has some */
} tracker;

static void tell(tracker *it, uint32_t to, uint8_t kind)
{
    if (!hvc_zones_hold(it->zones, to) || it->stopped)
        return;
    if (it->budget == 0) {
        it->cut = true;
        return;
    }
    it->budget--;
    hvc_arm64_ref ref = {it->rva, to, it->word, kind};
    it->stopped = !it->sink(it->context, &ref);
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
            if (!is_near(it, page) || (low < list->count && list->items[low] == page))
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
            tell(it, it->values[n][i] + (uint32_t)offset, HVC_XREF_ADDRESS);
        return;
    }
    if (!it->has_everywhere && !list_everywhere(it)) {
        it->stopped = true;
        return;
    }
    for (size_t i = 0; i < it->everywhere[n].count && it->budget > 0 && !it->stopped; i++)
        tell(it, it->everywhere[n].items[i] + (uint32_t)offset, HVC_XREF_ADDRESS);
}

/* Register n plus offset is accessed, or goes to a register. */
static inline void use(tracker *it, unsigned n, int32_t offset)
{
    uint32_t bit = UINT32_C(1) << n;
    if (it->known & bit)
        tell(it, it->value[n] + (uint32_t)offset, HVC_XREF_ADDRESS);
    if (it->anything & it->with_values & bit)
        use_anything(it, n, offset);
}

static void change(tracker *it, unsigned reg)
{
    if (reg == 31)
        return;
    it->known &= ~(UINT32_C(1) << reg);
    it->anything &= ~(UINT32_C(1) << reg);
}

static void set(tracker *it, unsigned reg, uint32_t value)
{
    if (reg == 31)
        return;
    if (!is_near(it, value)) {
        change(it, reg);
        return;
    }
    it->known |= UINT32_C(1) << reg;
    it->anything &= ~(UINT32_C(1) << reg);
    it->value[reg] = value;
}

/* Register d becomes register n plus offset. */
static void advance(tracker *it, unsigned d, unsigned n, int32_t offset)
{
    bool known = n != 31 && (it->known >> n & 1);
    if (known)
        set(it, d, it->value[n] + (uint32_t)offset);
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
        tell(it, address, HVC_XREF_ADDRESS);
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
        change(it, d);
    }
}

static void register_class(tracker *it, uint32_t word)
{
    unsigned d = word & 31;
    if ((word & 0xffe0ffe0) == 0xaa0003e0) { /* mov */
        unsigned m = word >> 16 & 31;
        bool any = m != 31 && (it->anything >> m & 1) != 0;
        advance(it, d, m, 0);
        /* What m may hold d may hold now. */
        if (any && d != 31) {
            for (unsigned i = 0; i < it->value_count[m] && i < REGION_VALUES; i++)
                add_value(it, d, it->values[m][i]);
            if (it->value_count[m] > REGION_VALUES)
                it->value_count[d] = REGION_VALUES + 1;
            it->with_values |= UINT32_C(1) << d;
            it->anything |= UINT32_C(1) << d;
        }
        return;
    }
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
    use(it, n, used);
    use(it, n, used + (1 << scale));
    if (mode & 1)
        advance(it, n, n, offset);
    if (!vector && (word >> 22 & 1)) {
        change(it, t);
        change(it, word >> 10 & 31);
    }
}

static void one_register(tracker *it, uint32_t word)
{
    unsigned t = word & 31, n = word >> 5 & 31, size = word >> 30, operation = word >> 22 & 3;
    bool vector = word >> 26 & 1;
    bool prefetch = !vector && size == 3 && operation == 2;
    bool load = !vector && operation != 0 && !prefetch;
    if (word >> 24 & 1) {
        unsigned scale = vector && (operation & 2) ? 4 : size;
        use(it, n, (int32_t)(word >> 10 & 0xfff) << scale);
    } else if (word >> 21 & 1) { /* a register added, or an atomic operation on memory */
        use(it, n, 0);
        load = load || (word >> 10 & 3) == 0;
        prefetch = prefetch && (word >> 10 & 3) != 0;
    } else {
        int32_t offset = hvc_arm64_sign_extend(word >> 12 & 0x1ff, 9);
        unsigned mode = word >> 10 & 3;
        use(it, n, mode == 1 ? 0 : offset);
        if (mode & 1)
            advance(it, n, n, offset);
    }
    if (load && !prefetch)
        change(it, t);
}

/* Exclusive, ordered, compare and swap, vector structures: the base as it is. */
static void other_memory(tracker *it, uint32_t word)
{
    unsigned t = word & 31, n = word >> 5 & 31, operation = word >> 22 & 3;
    bool unscaled = (word & 0x3f200c00) == 0x19000000;
    use(it, n, unscaled ? hvc_arm64_sign_extend(word >> 12 & 0x1ff, 9) : 0);
    if ((word & 0x3f600000) == 0x08400000 || (unscaled && operation != 0))
        change(it, t);
    if ((word & 0x3e800000) == 0x0c800000) /* vector structures, base changes behind */
        change(it, n);
}

/* Loads and stores. Registers that a store or a vector load names are not written. */
static void memory_class(tracker *it, uint32_t word)
{
    if ((word & 0x3b000000) == 0x18000000) { /* ldr literal, prfm literal */
        tell(it, hvc_arm64_literal(word, it->rva), HVC_XREF_ADDRESS);
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

static uint32_t slot_of(const tracker *it, uint32_t rva)
{
    return it->range->slot + (rva - it->range->rva);
}

/* Branches and system instructions. Returns whether control goes on behind. */
static bool branch_class(tracker *it, uint32_t word)
{
    uint32_t target;
    bool direct = hvc_arm64_branch_target(word, it->rva, &target);
    if (direct && it->branches)
        tell(it, target, hvc_arm64_is_call(word) ? HVC_XREF_CALL : HVC_XREF_JUMP);
    if (hvc_arm64_is_call(word)) {
        it->known &= ~CALL_CHANGES;
        it->anything &= ~CALL_CHANGES;
        /* It may not return. */
        if (hvc_place_in(it->targets, slot_of(it, it->rva + 4)))
            it->anything = ALL_REGISTERS;
        return true;
    }
    if (direct)
        return (word & 0xfc000000) != 0x14000000; /* b */
    return (word & 0xfe000000) != 0xd6000000 &&
           (word & 0xffe0001f) != 0xd4200000; /* br, ret; brk */
}

/* Whether the region can refer to a zone at all; most cannot. */
static bool touches(const tracker *it, uint32_t begin, uint32_t end)
{
    const uint8_t *bytes = it->range->bytes + (begin - it->range->slot);
    uint32_t rva = it->range->rva + (begin - it->range->slot);
    for (uint32_t at = 0; at < end - begin; at += 4) {
        uint8_t mark = it->marks[bytes[at + 3]];
        if ((mark & (HVC_ARM64_ADR | HVC_ARM64_LITERAL)) == 0)
            continue;
        uint32_t word = hvc_le32(bytes + at);
        if (mark == HVC_ARM64_LITERAL) {
            if (hvc_zones_hold(it->zones, hvc_arm64_literal(word, rva + at)))
                return true;
        } else if (is_near(it, hvc_arm64_is_adrp(word)
                                   ? hvc_arm64_adrp_page(word, rva + at)
                                   : rva + at + (uint32_t)hvc_arm64_adr_offset(word))) {
            return true;
        }
    }
    return false;
}

/* The first pass. An address that add forms is reckoned from the last adrp before it in the bytes.
 */
static void prepare_region(tracker *it, uint32_t begin, uint32_t end)
{
    enum { WANTED = HVC_ARM64_BRANCH | HVC_ARM64_ADR | HVC_ARM64_ADD };
    const hvc_exec_range *range = it->range;
    const uint8_t *bytes = range->bytes + (begin - range->slot);
    uint32_t rva = range->rva + (begin - range->slot), size = end - begin;
    uint32_t last[REGISTERS + 1] = {0};
    memset(it->value_count, 0, sizeof(it->value_count));
    it->with_values = 0;
    for (uint32_t at = 0; at < size; at += 4) {
        uint8_t mark = it->marks[bytes[at + 3]];
        if ((mark & WANTED) == 0)
            continue;
        uint32_t word = hvc_le32(bytes + at), value;
        unsigned d = word & 31;
        if (mark == HVC_ARM64_BRANCH) {
            if (hvc_arm64_branch_target(word, rva + at, &value) && value - range->rva < range->size)
                hvc_place_add(it->targets, slot_of(it, value));
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
}

/* Whether one of the places where instructions name registers names one of these. */
static bool names(uint32_t word, uint32_t registers)
{
    return registers != 0 &&
           ((registers >> (word & 31) & 1) || (registers >> (word >> 5 & 31) & 1) ||
            (registers >> (word >> 16 & 31) & 1) || (registers >> (word >> 10 & 31) & 1));
}

/* The registers that may hold something of interest. One that may hold anything counts even where
 * nothing points it near a zone: it may be copied to one that something does. */
static uint32_t live_registers(const tracker *it)
{
    return it->known | it->anything;
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
        if (!branch_class(it, word)) {
            it->known = 0;
            it->anything = ALL_REGISTERS;
        }
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
        break;
    }
}

static void scan_region(tracker *it, uint32_t begin, uint32_t end)
{
    const hvc_exec_range *range = it->range;
    const uint8_t *bytes = range->bytes + (begin - range->slot);
    uint32_t rva = range->rva + (begin - range->slot), size = end - begin;
    bool fragment = hvc_place_in(it->fragments, begin);
    if (!it->branches && !fragment && !touches(it, begin, end))
        return;
    prepare_region(it, begin, end);
    it->known = 0;
    it->anything = 0;
    if (fragment) {
        memset(it->value_count, REGION_VALUES + 1, sizeof(it->value_count));
        it->with_values = ALL_REGISTERS;
        it->anything = ALL_REGISTERS;
    }
    uint32_t live = live_registers(it);
    for (uint32_t at = 0; at < size; at += 4) {
        uint32_t word = hvc_le32(bytes + at);
        if (it->calm[word >> 24] && !names(word, live))
            continue;
        it->rva = rva + at;
        it->word = word;
        follow(it, word);
        if (it->stopped)
            return;
        live = live_registers(it);
    }
}

/* Which instructions need not be followed unless they name a register that holds something. */
static void fill_marks(tracker *it)
{
    hvc_arm64_fill_marks(it->marks);
    for (unsigned i = 0; i < 256; i++) {
        bool unconditional = (i & 0x7c) == 0x14;
        it->calm[i] = (it->marks[i] & (HVC_ARM64_ADR | HVC_ARM64_LITERAL | HVC_ARM64_LEAVE)) == 0 &&
                      (it->marks[i] != HVC_ARM64_BRANCH || (!it->branches && !unconditional));
    }
}

/* Functions begin where the exception data says so. */
static bool find_regions(tracker *it)
{
    it->begins = hvc_places_new(it->scratch, it->exec);
    it->fragments = hvc_places_new(it->scratch, it->exec);
    it->targets = hvc_places_new(it->scratch, it->exec);
    if (it->begins == NULL || it->fragments == NULL || it->targets == NULL)
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
    }
    return true;
}

bool hvc_arm64_refs_each(const hvc_image *image, const hvc_exec *exec, const hvc_zones *zones,
                         bool branches, hvc_arena *scratch, hvc_arm64_sink sink, void *context,
                         bool *ret_cut)
{
    tracker it = {.image = image,
                  .exec = exec,
                  .scratch = scratch,
                  .zones = zones,
                  .branches = branches,
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
