#include "rules_test.h"

static const uint8_t file_bytes[FILE_SIZE];

hvc_section *bench_add_section(test_bench *bench, const char *name, uint32_t rva, uint32_t size,
                               uint32_t characteristics)
{
    size_t index = bench->image.sections.count++;
    hvc_section *section = &bench->sections[index];
    size_t length = strlen(name);

    assert_true(index < MAX_SECTIONS && length <= sizeof(section->raw_name));
    *section = (hvc_section){
        .name = {name, length},
        .rva = rva,
        .virtual_size = size,
        .file_offset = 0x400 + 0x1000 * (uint32_t)index,
        .raw_size = size,
        .characteristics = characteristics,
        .header_offset = 0x188 + 40 * (uint32_t)index,
        .data_offset = 0x400 + 0x1000 * (uint32_t)index,
        .data_size = size,
        .mapped_size = (size + 0xfff) & ~UINT32_C(0xfff),
    };
    memcpy(section->raw_name, name, length);
    return section;
}

void bench_init(test_bench *bench)
{
    *bench = (test_bench){.arena = HVC_ARENA_INIT};
    bench->image = (hvc_image){
        .file = {file_bytes, FILE_SIZE},
        .arch = HVC_ARCH_X64,
        .headers =
            {
                .nt_offset = 0x80,
                .machine = HVC_MACHINE_AMD64,
                .pe32_plus = true,
                .section_alignment = 0x1000,
                .file_alignment = 0x200,
                .checksum = 0x12345,
                .checksum_offset = 0xd8,
                .characteristics = 0x22,
                .dll_characteristics = HVC_DLL_DYNAMIC_BASE | HVC_DLL_FORCE_INTEGRITY |
                                       HVC_DLL_NX_COMPAT | HVC_DLL_GUARD_CF,
                .directory_count = 16,
            },
    };
    bench->image.sections.items = bench->sections;
    bench_add_section(bench, ".text", 0x1000, 0x800, CODE);
    bench_add_section(bench, ".data", 0x2000, 0x800, DATA);
    bench->image.headers.directories[HVC_DIR_IAT] = (hvc_directory){0x2000, 0x100};
    bench->image.headers.directories[HVC_DIR_BASERELOC] = (hvc_directory){0x2400, 0x40};
    bench->image.headers.directories[HVC_DIR_CERTIFICATE] = (hvc_directory){0x8000, 0x400};
    bench->evidence = (hvc_evidence){.image = &bench->image, .checksum = 0x12345};
}

void bench_free(test_bench *bench)
{
    hvc_arena_free(&bench->arena);
}

size_t bench_run(test_bench *bench, const char *id)
{
    static const hvc_rule_check checks[] = {
#define HVC_RULE(id, name) hvc_rule_##name,
#include "rules/rules.list"
#undef HVC_RULE
    };
    const hvc_rule *rule = hvc_rule_find(id);
    size_t count;

    assert_non_null(rule);
    hvc_arena_free(&bench->arena);
    bench->arena = (hvc_arena)HVC_ARENA_INIT;
    bench->findings = (hvc_findings){.arena = &bench->arena, .image = &bench->image};
    checks[rule - hvc_rules(&count)](&bench->evidence, rule, &bench->findings);
    assert_int_equal(bench->findings.total, bench->findings.list.count);
    uint64_t sum = 0;
    for (size_t i = 0; i < bench->findings.list.count; i++) {
        const hvc_finding *finding = &bench->findings.list.items[i];

        assert_ptr_equal(finding->rule, rule);
        assert_non_null(finding->message);
        assert_null(strchr(finding->message, '\n'));
        assert_non_null(finding->fix);
        sum += finding->count;
    }
    /* What findings count is what their counter shows, and no other counter moves. */
    for (unsigned i = 0; i < HVC_COUNTER_COUNT; i++)
        assert_int_equal(bench->findings.counters[i], i == rule->counter ? sum : 0);
    return bench->findings.list.count;
}

const hvc_finding *bench_finding(const test_bench *bench, size_t n)
{
    assert_true(n < bench->findings.list.count);
    return &bench->findings.list.items[n];
}

uint64_t bench_counter(const test_bench *bench, hvc_counter counter)
{
    return bench->findings.counters[counter];
}
