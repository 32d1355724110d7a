/* hvcheck ddi: the table of impacted functions. */
#include <string.h>

#include <hvcheck/ddi.h>

#include "base/json.h"
#include "cli/cli.h"
#include "cli/options.h"

static void put_field(hvc_buffer *out, const char *label, const char *text)
{
    if (text != NULL && *text != '\0')
        hvc_buffer_printf(out, "  %-14s%s\n", label, text);
}

static void put_way(hvc_buffer *out, const hvc_ddi *ddi)
{
    hvc_buffer_printf(out, "  %-14s%s", "reached by", hvc_ddi_via_name(ddi->via));
    if (ddi->target != NULL)
        hvc_buffer_printf(out, " of %s", ddi->target);
    switch (ddi->via) {
    case HVC_VIA_WDF:
        hvc_buffer_printf(out, " table, index %u, since KMDF 1.%u", ddi->slot, ddi->since_wdf);
        break;
    case HVC_VIA_EXTENDED:
        hvc_buffer_printf(out, ", function code %u", ddi->slot);
        break;
    case HVC_VIA_METHOD:
    case HVC_VIA_INBOUND:
        hvc_buffer_printf(out, ", virtual table slot %u", ddi->slot);
        break;
    case HVC_VIA_INTERFACE:
        hvc_buffer_printf(out, ", offset 0x%X (x86: 0x%X)", ddi->slot, ddi->slot_x86);
        break;
    default:
        break;
    }
    hvc_buffer_puts(out, "\n");
}

void cli_describe_ddi(hvc_buffer *out, const hvc_ddi *ddi)
{
    hvc_buffer_printf(out, "%s (%s)\n", ddi->name, ddi->module);
    put_way(out, ddi);
    if (ddi->counter != HVC_COUNTER_NONE)
        hvc_buffer_printf(out, "  %-14s%s%s\n", "counter", hvc_counter_label(ddi->counter),
                          ddi->confirmed ? "" : " (that Verifier counts it is not confirmed)");
    else
        hvc_buffer_printf(out, "  %-14s%s\n", "counter", "none: advice at most");
    if (ddi->argument >= 0)
        hvc_buffer_printf(out, "  %-14snumber %d (from 0), %s\n", "argument", ddi->argument,
                          hvc_value_kind_name(ddi->kind));
    const char *predicate = hvc_predicate_text(ddi->predicate);
    if (predicate != NULL)
        hvc_buffer_printf(out, "  %-14s%s\n", "guilty when", predicate);
    put_field(out, "demands", ddi->demands);
    put_field(out, "NX opt-in", ddi->nx_opt_in);
    put_field(out, "behaviour", ddi->behaviour);
    put_field(out, "instead", ddi->remediation);
    put_field(out, "source", ddi->source);
}

static void put_table(hvc_buffer *out)
{
    size_t count = 0;
    const hvc_ddi *ddis = hvc_ddis(&count);
    int width = 0;
    for (size_t i = 0; i < count; i++)
        if ((int)strlen(ddis[i].name) > width)
            width = (int)strlen(ddis[i].name);
    hvc_buffer_printf(out, "%-*s  %-18s %-10s %-24s %s\n", width, "NAME", "MODULE", "REACHED BY",
                      "COUNTER", "GUILTY WHEN");
    for (size_t i = 0; i < count; i++) {
        const char *counter = hvc_counter_id(ddis[i].counter);
        const char *predicate = hvc_predicate_text(ddis[i].predicate);
        hvc_buffer_printf(out, "%-*s  %-18s %-10s %-24s %s\n", width, ddis[i].name, ddis[i].module,
                          hvc_ddi_via_name(ddis[i].via), counter != NULL ? counter : "-",
                          predicate != NULL ? predicate : "-");
    }
}

static void put_json(hvc_json *json, const hvc_ddi *ddi)
{
    hvc_json_open_object(json, NULL);
    hvc_json_string(json, "name", ddi->name);
    hvc_json_string(json, "module", ddi->module);
    hvc_json_string(json, "via", hvc_ddi_via_name(ddi->via));
    hvc_json_string(json, "target", ddi->target);
    hvc_json_uint(json, "slot", ddi->slot);
    hvc_json_uint(json, "slot_x86", ddi->slot_x86);
    hvc_json_string(json, "counter", hvc_counter_id(ddi->counter));
    hvc_json_bool(json, "confirmed", ddi->confirmed);
    if (ddi->argument >= 0)
        hvc_json_uint(json, "argument", (uint64_t)ddi->argument);
    else
        hvc_json_null(json, "argument");
    hvc_json_string(json, "kind",
                    ddi->kind == HVC_VALUE_NONE ? NULL : hvc_value_kind_name(ddi->kind));
    hvc_json_string(json, "predicate", hvc_predicate_text(ddi->predicate));
    hvc_json_bool(json, "on_page", ddi->on_page);
    hvc_json_string(json, "demands", ddi->demands);
    hvc_json_string(json, "nx_opt_in", ddi->nx_opt_in);
    hvc_json_string(json, "behaviour", ddi->behaviour);
    hvc_json_string(json, "remediation", ddi->remediation);
    hvc_json_string(json, "source", ddi->source);
    hvc_json_close_object(json);
}

static const hvc_ddi *find(const char *name)
{
    const hvc_ddi *ddi = hvc_ddi_find(name);
    if (ddi != NULL)
        return ddi;
    cli_suggestions near = {.wanted = name};
    size_t count = 0;
    const hvc_ddi *ddis = hvc_ddis(&count);
    for (size_t i = 0; i < count; i++)
        cli_suggest_add(&near, ddis[i].name);
    hvc_buffer hint = HVC_BUFFER_INIT;
    cli_complain("\"%s\" is not in the table%s", name, cli_suggest_text(&near, &hint));
    hvc_buffer_free(&hint);
    return NULL;
}

/* The named rows, or the whole table. */
static bool put_rows(hvc_buffer *out, const char *const *names, int name_count, bool as_json)
{
    hvc_json json;
    hvc_json_init(&json, out, 2);
    if (as_json)
        hvc_json_open_array(&json, NULL);
    size_t count = 0;
    const hvc_ddi *ddis = hvc_ddis(&count);
    if (name_count == 0 && !as_json)
        put_table(out);
    for (size_t i = 0; i < count && name_count == 0 && as_json; i++)
        put_json(&json, &ddis[i]);
    for (int i = 0; i < name_count; i++) {
        const hvc_ddi *ddi = find(names[i]);
        if (ddi == NULL)
            return false;
        if (as_json) {
            put_json(&json, ddi);
            continue;
        }
        hvc_buffer_puts(out, i > 0 ? "\n" : "");
        cli_describe_ddi(out, ddi);
    }
    if (as_json) {
        hvc_json_close_array(&json);
        hvc_buffer_puts(out, "\n");
    }
    return true;
}

int cli_ddi(int argc, char **argv)
{
    cli_parser parser = {.verb = CLI_VERB_DDI, .argc = argc, .argv = argv};
    bool as_json = false;
    int name_count = 0;
    for (;;) {
        cli_option_id id = cli_parse_next(&parser);
        if (id == CLI_PARSE_END)
            break;
        int common = 0;
        if (cli_common_option((int)id, "ddi", &common))
            return common;
        if (id == CLI_PARSE_ARGUMENT) {
            /* Arguments are gathered at the front of argv, over what was parsed already. */
            argv[name_count++] = argv[parser.next - 1];
        } else if (id == CLI_OPTION_DDI_FORMAT) {
            as_json = strcmp(parser.value, "json") == 0;
            if (!as_json && strcmp(parser.value, "text") != 0) {
                cli_complain("--format must be text or json here, not \"%s\"", parser.value);
                return CLI_EXIT_USAGE;
            }
        }
    }
    hvc_buffer out = HVC_BUFFER_INIT;
    int code = CLI_EXIT_USAGE;
    if (put_rows(&out, (const char *const *)argv, name_count, as_json))
        code = cli_print(&out);
    hvc_buffer_free(&out);
    return code;
}
