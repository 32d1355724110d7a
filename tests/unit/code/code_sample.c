#include "code_sample.h"

enum { SECTION_TEXT, SECTION_RDATA, SECTION_DATA, SECTION_PDATA, SECTION_RELOC };

void code_init(code_sample *it, uint16_t machine)
{
    memset(it, 0, sizeof(*it));
    it->machine = machine;
    builder_init(&it->builder, machine);
    builder_add_section(&it->builder, ".text", BUILDER_TEXT, TEXT_SIZE);
    builder_add_section(&it->builder, ".rdata", BUILDER_RDATA, 0x2000);
    builder_add_section(&it->builder, ".data", BUILDER_DATA, 0x1000);
    builder_add_section(&it->builder, ".pdata", BUILDER_RDATA, 0x1000);
    builder_add_section(&it->builder, ".reloc", BUILDER_RDATA, 0x1000);
    uint32_t text = builder_reserve(&it->builder, SECTION_TEXT, TEXT_SIZE, 1);
    builder_reserve(&it->builder, SECTION_RDATA, 0x2000, 1);
    builder_reserve(&it->builder, SECTION_DATA, 0x1000, 1);
    memset(builder_at(&it->builder, text, TEXT_SIZE), machine == HVC_MACHINE_ARM64 ? 0 : 0xcc,
           TEXT_SIZE);
}

void code_free(code_sample *it)
{
    hvc_arena_free(&it->arena);
    hvc_image_free(it->image);
    free(it->bytes);
    builder_free(&it->builder);
}

static unsigned digit(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

uint32_t code_put(code_sample *it, uint32_t rva, const char *hex)
{
    while (*hex != '\0') {
        if (*hex == ' ') {
            hex++;
            continue;
        }
        uint8_t byte = (uint8_t)(digit(hex[0]) << 4 | digit(hex[1]));
        builder_put(&it->builder, rva++, &byte, 1);
        hex += 2;
    }
    return rva;
}

uint32_t code_put_rel(code_sample *it, uint32_t rva, const char *hex, uint32_t target)
{
    rva = code_put(it, rva, hex);
    builder_put32(&it->builder, rva, target - (rva + 4));
    return rva + 4;
}

uint32_t code_put_address(code_sample *it, uint32_t rva, const char *hex, uint32_t target)
{
    rva = code_put(it, rva, hex);
    code_pointer(it, rva, target);
    return rva + (it->builder.headers.pe32_plus ? 8 : 4);
}

void code_pointer(code_sample *it, uint32_t rva, uint32_t target)
{
    unsigned type = it->builder.headers.pe32_plus ? HVC_REL_DIR64 : HVC_REL_HIGHLOW;
    builder_put_pointer(&it->builder, rva, it->builder.headers.image_base + target);
    assert_true(it->reloc_count < MAX_RELOCS);
    it->relocs[it->reloc_count][0] = (uint16_t)(rva >> 12);
    it->relocs[it->reloc_count++][1] = (uint16_t)(type << 12 | (rva & 0xfff));
}

void code_told_x64(code_sample *it, uint32_t begin, uint32_t end, uint32_t unwind)
{
    uint32_t at = builder_reserve(&it->builder, SECTION_PDATA, 12, 4);
    builder_put32(&it->builder, at, begin);
    builder_put32(&it->builder, at + 4, end);
    builder_put32(&it->builder, at + 8, unwind);
    it->told += 12;
}

void code_told_arm64(code_sample *it, uint32_t begin, uint32_t unwind)
{
    uint32_t at = builder_reserve(&it->builder, SECTION_PDATA, 8, 4);
    builder_put32(&it->builder, at, begin);
    builder_put32(&it->builder, at + 4, unwind);
    it->told += 8;
}

uint32_t arm64_word(code_sample *it, uint32_t rva, uint32_t word)
{
    builder_put32(&it->builder, rva, word);
    return rva + 4;
}

uint32_t arm64_adrp(code_sample *it, uint32_t rva, unsigned d, uint32_t target)
{
    uint32_t pages = (target >> 12) - (rva >> 12);
    return arm64_word(it, rva, 0x90000000 | (pages & 3) << 29 | (pages >> 2 & 0x7ffff) << 5 | d);
}

uint32_t arm64_add(code_sample *it, uint32_t rva, unsigned d, unsigned n, uint32_t target)
{
    return arm64_word(it, rva, 0x91000000 | (target & 0xfff) << 10 | n << 5 | d);
}

uint32_t arm64_access(code_sample *it, uint32_t rva, uint32_t word, unsigned n, unsigned scale,
                      uint32_t target)
{
    return arm64_word(it, rva, word | (target & 0xfff) >> scale << 10 | n << 5);
}

uint32_t arm64_branch(code_sample *it, uint32_t rva, uint32_t word, uint32_t target)
{
    return arm64_word(it, rva, word | ((target - rva) / 4 & 0x3ffffff));
}

uint32_t arm64_branch19(code_sample *it, uint32_t rva, uint32_t word, uint32_t target)
{
    return arm64_word(it, rva, word | ((target - rva) / 4 & 0x7ffff) << 5);
}

static void put_relocs(code_sample *it)
{
    uint16_t entries[16][MAX_RELOCS];
    builder_block blocks[16];
    unsigned count = 0;
    for (unsigned page = 0; page < 16; page++) {
        unsigned n = 0;
        for (unsigned i = 0; i < it->reloc_count; i++) {
            if (it->relocs[i][0] == page)
                entries[count][n++] = it->relocs[i][1];
        }
        if (n > 0) {
            blocks[count] = (builder_block){(uint32_t)page << 12, entries[count], n};
            count++;
        }
    }
    if (count > 0)
        builder_relocs(&it->builder, SECTION_RELOC, blocks, count);
}

void code_load(code_sample *it)
{
    hvc_error error = {0};
    put_relocs(it);
    if (it->told > 0)
        builder_directory(&it->builder, HVC_DIR_EXCEPTION, it->builder.sections[SECTION_PDATA].rva,
                          it->told);
    it->bytes = builder_finish(&it->builder, &it->size);
    assert_int_equal(hvc_image_open(it->bytes, it->size, &it->image, &error), HVC_OK);
    it->isa = hvc_isa_of(hvc_image_arch(it->image));
    assert_non_null(it->isa);
}

void code_map(code_sample *it)
{
    hvc_error error = {0};
    code_load(it);
    assert_int_equal(hvc_function_map_build(it->image, it->isa, &it->arena, &it->map, &error),
                     HVC_OK);
    expect_sound_map(it);
}

static bool has(const hvc_xrefs *xrefs, const hvc_xref *wanted)
{
    size_t count;
    const hvc_xref *found = hvc_xrefs_find(xrefs, wanted->to, wanted->to + 1, &count);
    for (size_t i = 0; i < count; i++)
        if (found[i].from == wanted->from && found[i].kind == wanted->kind)
            return true;
    return false;
}

/* Those to functions are the ones among all that lead there, whatever else is looked for. */
static void expect_those_to_functions(code_sample *it)
{
    hvc_xrefs some;
    hvc_error error = {0};
    assert_int_equal(
        hvc_xrefs_to_functions(it->image, it->isa, &it->map, &it->arena, &some, &error), HVC_OK);
    for (size_t i = 0; i < some.items.count; i++)
        assert_true(has(&it->xrefs, &some.items.items[i]));
    for (size_t i = 0; i < it->xrefs.items.count; i++)
        if (hvc_function_at(&it->map, it->xrefs.items.items[i].to) != NULL)
            assert_true(has(&some, &it->xrefs.items.items[i]));
}

void code_xrefs(code_sample *it)
{
    hvc_error error = {0};
    code_map(it);
    assert_int_equal(hvc_xrefs_build(it->image, it->isa, &it->map, &it->arena, &it->xrefs, &error),
                     HVC_OK);
    assert_false(it->xrefs.cut);
    expect_those_to_functions(it);
}

void expect_function(const code_sample *it, uint32_t begin, uint32_t end, unsigned sources)
{
    const hvc_code_function *function = hvc_function_at(&it->map, begin);
    assert_non_null(function);
    assert_int_equal(function->begin, begin);
    assert_int_equal(function->end, end);
    assert_int_equal(function->sources, sources);
}

void expect_group(const code_sample *it, uint32_t begin, uint32_t group)
{
    const hvc_code_function *function = hvc_function_at(&it->map, begin);
    assert_non_null(function);
    assert_int_equal(function->begin, begin);
    assert_int_equal(function->group, group);
}

void expect_no_function(const code_sample *it, uint32_t rva)
{
    assert_null(hvc_function_at(&it->map, rva));
}

bool has_label(const code_sample *it, uint32_t rva)
{
    for (size_t i = 0; i < it->map.labels.count; i++) {
        if (it->map.labels.items[i] == rva)
            return true;
    }
    return false;
}

void expect_sound_map(const code_sample *it)
{
    uint32_t previous = 0;
    for (size_t i = 0; i < it->map.functions.count; i++) {
        const hvc_code_function *function = &it->map.functions.items[i];
        assert_true(function->begin >= previous && function->begin < function->end);
        previous = function->end;
        const hvc_code_function *group = hvc_function_at(&it->map, function->group);
        assert_non_null(group);
        assert_int_equal(group->begin, function->group);
        assert_int_equal(group->group, group->begin);
        assert_ptr_equal(hvc_function_at(&it->map, function->begin), function);
        assert_ptr_equal(hvc_function_at(&it->map, function->end - 1), function);
        const hvc_section *section = hvc_image_section_at(it->image, function->begin);
        assert_non_null(section);
        assert_true(section->characteristics & HVC_SCN_MEM_EXECUTE);
    }
    for (size_t i = 0; i < it->map.labels.count; i++)
        assert_true(i == 0 || it->map.labels.items[i - 1] < it->map.labels.items[i]);
}

bool has_xref(const hvc_xrefs *xrefs, hvc_xref_kind kind, uint32_t from, uint32_t to)
{
    size_t count;
    const hvc_xref *found = hvc_xrefs_find(xrefs, to, to + 1, &count);
    for (size_t i = 0; i < count; i++) {
        if (found[i].kind == kind && found[i].from == from)
            return true;
    }
    return false;
}

size_t count_xrefs(const hvc_xrefs *xrefs, hvc_xref_kind kind)
{
    size_t count = 0;
    for (size_t i = 0; i < xrefs->items.count; i++)
        count += xrefs->items.items[i].kind == kind;
    return count;
}
