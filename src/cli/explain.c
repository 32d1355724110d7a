/* hvcheck explain: what a rule, a counter or a function is about, and how to fix it. */
#include <string.h>

#include <hvcheck/ddi.h>
#include <hvcheck/rule.h>

#include "cli/cli.h"
#include "cli/options.h"

static bool same(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++) {
        char x = (char)(*a >= 'A' && *a <= 'Z' ? *a + 32 : *a);
        char y = (char)(*b >= 'A' && *b <= 'Z' ? *b + 32 : *b);
        if (x != y)
            return false;
    }
    return *a == *b;
}

static const char *judge_name(hvc_judge judge)
{
    switch (judge) {
    case HVC_JUDGE_VERIFIER:
        return "Driver Verifier counts it";
    case HVC_JUDGE_LOADER:
        return "Windows refuses to load the driver";
    case HVC_JUDGE_PRACTICE:
        return "nobody refuses it: good practice";
    }
    return "";
}

static void put_rule(hvc_buffer *out, const hvc_rule *rule)
{
    hvc_buffer_printf(out, "%s %s: %s\n\n", rule->id, rule->name, rule->title);
    hvc_buffer_printf(out, "  %-14s%s (%s)\n", "judged by", judge_name(rule->judge),
                      hvc_level_name(rule->level));
    if (rule->counter != HVC_COUNTER_NONE)
        hvc_buffer_printf(out, "  %-14s%s (%s)\n", "counter", hvc_counter_label(rule->counter),
                          hvc_counter_id(rule->counter));
    if (rule->verifier_code != 0)
        hvc_buffer_printf(out, "  %-14s0xC4, parameter 1 0x%X\n", "bug check", rule->verifier_code);
    hvc_buffer_printf(out, "  %-14ssince version %s", "Windows", rule->since);
    if (rule->until != NULL)
        hvc_buffer_printf(out, " until version %s", rule->until);
    hvc_buffer_printf(out, "\n  %-14s%s\n", "fix", rule->fix);
    size_t length = strlen(rule->text);
    hvc_buffer_printf(out, "\n%s%s", rule->text,
                      length > 0 && rule->text[length - 1] == '\n' ? "" : "\n");
}

static void put_counter(hvc_buffer *out, hvc_counter counter)
{
    hvc_buffer_printf(out, "%s (%s): one of Driver Verifier's seven code integrity counters\n",
                      hvc_counter_label(counter), hvc_counter_id(counter));
    size_t count = 0;
    const hvc_rule *rules = hvc_rules(&count);
    for (size_t i = 0; i < count; i++)
        if (rules[i].counter == counter)
            hvc_buffer_printf(out, "  rule %s: %s\n    fix: %s\n", rules[i].id, rules[i].title,
                              rules[i].fix);
    const hvc_ddi *ddis = hvc_ddis(&count);
    for (size_t i = 0; i < count; i++)
        if (ddis[i].counter == counter)
            hvc_buffer_printf(out, "  %s: %s\n", ddis[i].name, ddis[i].demands);
}

static void put_rules(hvc_buffer *out)
{
    size_t count = 0;
    const hvc_rule *rules = hvc_rules(&count);
    for (size_t i = 0; i < count; i++)
        hvc_buffer_printf(out, "%-8s %-8s %-30s %s\n", rules[i].id, hvc_level_name(rules[i].level),
                          rules[i].name, rules[i].title);
}

static void fail_name(const char *name)
{
    cli_suggestions near = {.wanted = name};
    size_t count = 0;
    const hvc_rule *rules = hvc_rules(&count);
    for (size_t i = 0; i < count; i++) {
        cli_suggest_add(&near, rules[i].id);
        cli_suggest_add(&near, rules[i].name);
    }
    const hvc_ddi *ddis = hvc_ddis(&count);
    for (size_t i = 0; i < count; i++)
        cli_suggest_add(&near, ddis[i].name);
    for (unsigned i = 0; i < HVC_COUNTER_COUNT; i++)
        cli_suggest_add(&near, hvc_counter_id((hvc_counter)i));
    hvc_buffer hint = HVC_BUFFER_INIT;
    cli_complain("there is no rule, counter or function \"%s\"%s", name,
                 cli_suggest_text(&near, &hint));
    hvc_buffer_free(&hint);
}

/* Rules come before counters and functions: where a rule is named as its counter is, it says the
 * same and more, and names the counter. */
static bool put_name(hvc_buffer *out, const char *name)
{
    const hvc_rule *rule = hvc_rule_find(name);
    if (rule != NULL) {
        put_rule(out, rule);
        return true;
    }
    for (unsigned i = 0; i < HVC_COUNTER_COUNT; i++) {
        if (same(name, hvc_counter_id((hvc_counter)i)) ||
            same(name, hvc_counter_label((hvc_counter)i))) {
            put_counter(out, (hvc_counter)i);
            return true;
        }
    }
    const hvc_ddi *ddi = hvc_ddi_find(name);
    if (ddi == NULL)
        return false;
    cli_describe_ddi(out, ddi);
    return true;
}

int cli_explain(int argc, char **argv)
{
    cli_parser parser = {.verb = CLI_VERB_EXPLAIN, .argc = argc, .argv = argv};
    hvc_buffer out = HVC_BUFFER_INIT;
    int code = 0;
    bool any = false, done = false;
    while (!done) {
        cli_option_id id = cli_parse_next(&parser);
        if (id == CLI_PARSE_END)
            break;
        if (cli_common_option((int)id, "explain", &code)) {
            hvc_buffer_free(&out);
            return code;
        }
        hvc_buffer_puts(&out, any ? "\n" : "");
        any = true;
        if (!put_name(&out, parser.value)) {
            fail_name(parser.value);
            code = CLI_EXIT_USAGE;
            done = true;
        }
    }
    if (!any && code == 0)
        put_rules(&out);
    if (code == 0)
        code = cli_print(&out);
    hvc_buffer_free(&out);
    return code;
}
