/* The parser of options, exit codes and suggestions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/cli.h"
#include "cli/options.h"

/* Parses words (separated by a blank) and writes down what comes out. */
static void parse(unsigned verb, const char *line, hvc_buffer *out)
{
    char words[256];
    char *argv[16];
    int argc = 0;
    size_t size = strlen(line) + 1;
    assert_true(size <= sizeof(words));
    memcpy(words, line, size);
    for (char *word = words; *word != '\0';) {
        argv[argc++] = word;
        word += strcspn(word, " ");
        if (*word == ' ')
            *word++ = '\0';
    }
    cli_parser parser = {.verb = verb, .argc = argc, .argv = argv};
    for (;;) {
        cli_option_id id = cli_parse_next(&parser);
        if (id == CLI_PARSE_END)
            break;
        if (id == CLI_PARSE_ERROR) {
            hvc_buffer_puts(out, "error;");
            break;
        }
        hvc_buffer_printf(out, "%s%s%s;", id == CLI_PARSE_ARGUMENT ? "" : cli_options[id].name,
                          parser.value != NULL ? "=" : "",
                          parser.value != NULL ? parser.value : "");
    }
    hvc_buffer_put(out, "", 1);
}

static void test_parse(void **state)
{
    static const struct {
        const char *line, *result;
    } cases[] = {
        {"", ""},
        {"a b", "=a;=b;"},
        {"-", "=-;"},
        {"a -q b --verbose", "=a;quiet;=b;verbose;"},
        {"-qv", "quiet;verbose;"},
        {"--format json", "format=json;"},
        {"--format=json,text", "format=json,text;"},
        {"--format=", "format=;"},
        {"-o file", "output=file;"},
        {"-ofile", "output=file;"},
        {"-o -q", "output=-q;"},
        {"-qofile a", "quiet;output=file;=a;"},
        {"-qj 4 a", "quiet;jobs=4;=a;"},
        {"-- -q --format", "=-q;=--format;"},
        {"-- -- a", "=--;=a;"},
        {"--format", "error;"},
        {"-o", "error;"},
        {"--quiet=1", "error;"},
        {"--quie", "error;"},
        {"-x", "error;"},
        {"-qx", "quiet;error;"},
        {"--", ""},
        {"--help", "help;"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        hvc_buffer out = HVC_BUFFER_INIT;
        parse(CLI_VERB_SCAN, cases[i].line, &out);
        assert_string_equal(out.data, cases[i].result);
        hvc_buffer_free(&out);
    }
}

/* An option is known to its verbs only. */
static void test_verbs(void **state)
{
    (void)state;
    static const struct {
        unsigned verb;
        const char *line, *result;
    } cases[] = {
        {CLI_VERB_DDI, "--format json", "format=json;"},
        {CLI_VERB_DDI, "-q", "error;"},
        {CLI_VERB_EXPLAIN, "--format json", "error;"},
        {CLI_VERB_NONE, "--version", "version;"},
        {CLI_VERB_NONE, "--jobs", "error;"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        hvc_buffer out = HVC_BUFFER_INIT;
        parse(cases[i].verb, cases[i].line, &out);
        assert_string_equal(out.data, cases[i].result);
        hvc_buffer_free(&out);
    }
}

/* No two options of one verb have the same name or letter, and every one has its help. */
static void test_table(void **state)
{
    (void)state;
    for (int i = 0; i < CLI_OPTION_COUNT; i++) {
        const cli_option *a = &cli_options[i];
        assert_non_null(a->name);
        assert_non_null(a->help);
        for (int j = 0; j < i; j++) {
            const cli_option *b = &cli_options[j];
            if ((a->verbs & b->verbs) == 0)
                continue;
            assert_string_not_equal(a->name, b->name);
            assert_true(a->letter == 0 || a->letter != b->letter);
        }
        for (size_t v = 0; v < cli_verb_count; v++) {
            hvc_buffer help = HVC_BUFFER_INIT;
            cli_options_help(&help, cli_verbs[v].bit);
            hvc_buffer_put(&help, "", 1);
            bool told = strstr(help.data, a->help) != NULL;
            assert_int_equal(told, (a->verbs & cli_verbs[v].bit) != 0);
            hvc_buffer_free(&help);
        }
    }
}

static void test_exit_codes(void **state)
{
    static const struct {
        hvc_summary summary;
        bool broken;
        int code;
    } cases[] = {
        {{.drivers = 2, .compatible = 2}, false, 0},
        {{.drivers = 2, .compatible = 1, .not_applicable = 1}, false, 0},
        {{.drivers = 3, .compatible = 1, .incompatible = 1, .undetermined = 1}, false, 1},
        {{.drivers = 2, .compatible = 1, .undetermined = 1}, false, 5},
        {{.drivers = 2, .compatible = 1, .incompatible = 1, .errors = 1}, false, 3},
        {{.errors = 1}, false, 3},
        {{.drivers = 0, .skipped = 9}, false, 3},
        {{.drivers = 1, .not_applicable = 1}, false, 3},
        {{.drivers = 1, .incompatible = 1, .errors = 1}, true, 4},
        {{.drivers = 1, .compatible = 1}, true, 4},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_int_equal(cli_exit_code(&cases[i].summary, cases[i].broken), cases[i].code);
}

static void expect_suggestion(const char *wanted, const char *text)
{
    static const char *const names[] = {"ExAllocatePool", "ExAllocatePoolWithTag", "MmMapIoSpace",
                                        "MmMapLockedPages", "ZwCreateSection"};
    cli_suggestions near = {.wanted = wanted};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        cli_suggest_add(&near, names[i]);
    hvc_buffer buffer = HVC_BUFFER_INIT;
    assert_string_equal(cli_suggest_text(&near, &buffer), text);
    hvc_buffer_free(&buffer);
}

static void test_suggestions(void **state)
{
    (void)state;
    expect_suggestion("ZwCreateSectoin", " (did you mean ZwCreateSection?)");
    expect_suggestion("zwcreatesection", " (did you mean ZwCreateSection?)");
    expect_suggestion("iospace", " (did you mean MmMapIoSpace?)");
    expect_suggestion("exallocate", " (did you mean ExAllocatePool or ExAllocatePoolWithTag?)");
    expect_suggestion("quite another thing", "");
    expect_suggestion("", "");
    expect_suggestion(
        "a-name-that-is-far-too-long-to-be-compared-with-anything-in-any-of-the-tables", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),       cmocka_unit_test(test_verbs),
        cmocka_unit_test(test_table),       cmocka_unit_test(test_exit_codes),
        cmocka_unit_test(test_suggestions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
