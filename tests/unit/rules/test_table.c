/* The table of rules, and what counters, verdicts and levels are called. */
#include "rules_test.h"

static const struct {
    const char *id, *name;
    hvc_judge judge;
    hvc_level level;
    hvc_counter counter;
    uint32_t code;
} expected[] = {
    {"HVC2000", "execute-pool-type", HVC_JUDGE_VERIFIER, HVC_LEVEL_ERROR, HVC_COUNTER_POOL_TYPE,
     0x2000},
    {"HVC2001", "execute-page-protection", HVC_JUDGE_VERIFIER, HVC_LEVEL_ERROR,
     HVC_COUNTER_PAGE_PROTECTION, 0x2001},
    {"HVC2002", "execute-page-mapping", HVC_JUDGE_VERIFIER, HVC_LEVEL_ERROR,
     HVC_COUNTER_PAGE_MAPPING, 0x2002},
    {"HVC2003", "execute-write-section", HVC_JUDGE_VERIFIER, HVC_LEVEL_ERROR,
     HVC_COUNTER_EXECUTE_WRITE, 0x2003},
    {"HVC2004", "section-alignment", HVC_JUDGE_VERIFIER, HVC_LEVEL_ERROR, HVC_COUNTER_ALIGNMENT,
     0x2004},
    {"HVC2005", "iat-in-executable-section", HVC_JUDGE_VERIFIER, HVC_LEVEL_ERROR, HVC_COUNTER_IAT,
     0x2005},
    {"HVC2006", "unsupported-relocs", HVC_JUDGE_VERIFIER, HVC_LEVEL_ERROR, HVC_COUNTER_RELOCS, 0},
    {"HVC3001", "low-alignment", HVC_JUDGE_LOADER, HVC_LEVEL_ERROR, HVC_COUNTER_NONE, 0},
    {"HVC3002", "writable-executable-section", HVC_JUDGE_LOADER, HVC_LEVEL_ERROR, HVC_COUNTER_NONE,
     0},
    {"HVC3003", "executable-tail", HVC_JUDGE_LOADER, HVC_LEVEL_ERROR, HVC_COUNTER_NONE, 0},
    {"HVC3004", "iat-in-executable-pages", HVC_JUDGE_LOADER, HVC_LEVEL_ERROR, HVC_COUNTER_NONE, 0},
    {"HVC3005", "unaligned-section", HVC_JUDGE_LOADER, HVC_LEVEL_ERROR, HVC_COUNTER_NONE, 0},
    {"HVC3006", "arm-requirements", HVC_JUDGE_LOADER, HVC_LEVEL_ERROR, HVC_COUNTER_NONE, 0},
    {"HVC3007", "truncated-section", HVC_JUDGE_LOADER, HVC_LEVEL_ERROR, HVC_COUNTER_NONE, 0},
    {"HVC4001", "init-stripped", HVC_JUDGE_PRACTICE, HVC_LEVEL_NOTE, HVC_COUNTER_NONE, 0},
    {"HVC4002", "nx-compat", HVC_JUDGE_PRACTICE, HVC_LEVEL_NOTE, HVC_COUNTER_NONE, 0},
    {"HVC4003", "force-integrity", HVC_JUDGE_PRACTICE, HVC_LEVEL_NOTE, HVC_COUNTER_NONE, 0},
    {"HVC4004", "control-flow-guard", HVC_JUDGE_PRACTICE, HVC_LEVEL_NOTE, HVC_COUNTER_NONE, 0},
    {"HVC4005", "dynamic-base", HVC_JUDGE_PRACTICE, HVC_LEVEL_NOTE, HVC_COUNTER_NONE, 0},
    {"HVC4006", "relocations-stripped", HVC_JUDGE_PRACTICE, HVC_LEVEL_WARNING, HVC_COUNTER_NONE, 0},
    {"HVC4007", "checksum", HVC_JUDGE_PRACTICE, HVC_LEVEL_WARNING, HVC_COUNTER_NONE, 0},
    {"HVC4008", "no-certificate-table", HVC_JUDGE_PRACTICE, HVC_LEVEL_NOTE, HVC_COUNTER_NONE, 0},
    {"HVC4009", "impacted-ddi-advice", HVC_JUDGE_PRACTICE, HVC_LEVEL_NOTE, HVC_COUNTER_NONE, 0},
};

static void rules_are_as_expected(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(expected); i++) {
        const hvc_rule *rule = hvc_rule_find(expected[i].id);

        assert_non_null(rule);
        assert_string_equal(rule->name, expected[i].name);
        assert_int_equal(rule->judge, expected[i].judge);
        assert_int_equal(rule->level, expected[i].level);
        assert_int_equal(rule->counter, expected[i].counter);
        assert_int_equal(rule->verifier_code, expected[i].code);
    }
    assert_string_equal(hvc_rule_find("HVC2006")->until, "1709");
    assert_null(hvc_rule_find("HVC2003")->until);
}

static void rules_are_whole_and_sorted(void **state)
{
    static const char *const sections[] = {
        "## Why\n",
        "\n## Consequence\n",
        "\n## How to fix\n",
        "\n### Microsoft's tools\n",
        "\n### Other toolchains\n",
        "\n## Windows versions\n",
    };
    size_t count;
    const hvc_rule *rules = hvc_rules(&count);

    (void)state;
    assert_true(count >= COUNT(expected));
    for (size_t i = 0; i < count; i++) {
        const char *at = rules[i].text;

        assert_true(i == 0 || strcmp(rules[i - 1].id, rules[i].id) < 0);
        assert_non_null(rules[i].title);
        assert_non_null(rules[i].since);
        assert_true(rules[i].fix != NULL && strchr(rules[i].fix, '\n') == NULL);
        for (size_t s = 0; s < COUNT(sections); s++) {
            at = strstr(at, sections[s]);
            assert_non_null(at);
        }
        /* The judge decides what a rule can do: only Verifier's feed counters. */
        assert_int_equal(rules[i].judge == HVC_JUDGE_VERIFIER,
                         rules[i].counter != HVC_COUNTER_NONE);
    }
}

static void rules_are_found_by_id_and_name(void **state)
{
    size_t count;
    const hvc_rule *rules = hvc_rules(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(hvc_rule_find(rules[i].id), &rules[i]);
        assert_ptr_equal(hvc_rule_find(rules[i].name), &rules[i]);
    }
    assert_string_equal(hvc_rule_find("hvc2003")->id, "HVC2003");
    assert_string_equal(hvc_rule_find("Execute-WRITE-section")->id, "HVC2003");
    assert_null(hvc_rule_find(""));
    assert_null(hvc_rule_find("HVC200"));
    assert_null(hvc_rule_find("HVC20033"));
    assert_null(hvc_rule_find("execute"));
}

static void names(void **state)
{
    static const char *const labels[] = {
        "Execute Pool Type Count",         "Execute Page Protection Count",
        "Execute Page Mapping Count",      "Execute-Write Section Count",
        "Section Alignment Failures",      "Unsupported Relocs Count",
        "IAT in Executable Section Count",
    };
    static const char *const ids[] = {
        "execute_pool_type",         "execute_page_protection", "execute_page_mapping",
        "execute_write_section",     "section_alignment",       "unsupported_relocs",
        "iat_in_executable_section",
    };

    (void)state;
    assert_int_equal(COUNT(labels), HVC_COUNTER_COUNT);
    for (unsigned i = 0; i < HVC_COUNTER_COUNT; i++) {
        assert_string_equal(hvc_counter_label((hvc_counter)i), labels[i]);
        assert_string_equal(hvc_counter_id((hvc_counter)i), ids[i]);
    }
    assert_null(hvc_counter_label(HVC_COUNTER_NONE));
    assert_null(hvc_counter_id(HVC_COUNTER_NONE));
    assert_string_equal(hvc_verdict_name(HVC_VERDICT_PASS), "pass");
    assert_string_equal(hvc_verdict_name(HVC_VERDICT_FAIL), "fail");
    assert_string_equal(hvc_verdict_name(HVC_VERDICT_UNDETERMINED), "undetermined");
    assert_string_equal(hvc_verdict_name(HVC_VERDICT_NOT_APPLICABLE), "not-applicable");
    assert_non_null(hvc_verdict_name(HVC_VERDICT_COUNT));
    assert_string_equal(hvc_level_name(HVC_LEVEL_ERROR), "error");
    assert_string_equal(hvc_level_name(HVC_LEVEL_WARNING), "warning");
    assert_string_equal(hvc_level_name(HVC_LEVEL_NOTE), "note");
    assert_non_null(hvc_level_name(HVC_LEVEL_COUNT));
}

/* All rules run on one image, in the order of their ids. */
static void all_rules_run(void **state)
{
    test_bench bench;
    const char *last = "";

    (void)state;
    bench_init(&bench);
    bench.image.headers.section_alignment = 0x200;
    bench.image.headers.dll_characteristics = 0;
    bench.image.headers.characteristics = HVC_FILE_RELOCS_STRIPPED;
    bench.evidence.checksum = 1;
    bench_add_section(&bench, "rwx", 0x3000, 0x100, WX);
    bench.findings = (hvc_findings){.arena = &bench.arena, .image = &bench.image};
    hvc_rules_run(&bench.evidence, &bench.findings);
    assert_int_equal(bench_counter(&bench, HVC_COUNTER_EXECUTE_WRITE), 1);
    assert_int_equal(bench_counter(&bench, HVC_COUNTER_ALIGNMENT), 3);
    assert_int_equal(bench_counter(&bench, HVC_COUNTER_RELOCS), 0);
    assert_int_equal(bench.findings.list.count, 10);
    for (size_t i = 0; i < bench.findings.list.count; i++) {
        const char *id = bench.findings.list.items[i].rule->id;
        assert_true(strcmp(last, id) <= 0);
        last = id;
    }
    bench_free(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_are_as_expected),
        cmocka_unit_test(rules_are_whole_and_sorted),
        cmocka_unit_test(rules_are_found_by_id_and_name),
        cmocka_unit_test(names),
        cmocka_unit_test(all_rules_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
