/* Facts, and machines' judgements, as JSON (data/schema/facts-1.json, readiness-1.json). */
#include <hvcheck/machine.h>

#include "base/json.h"
#include "machine/facts.h"
#include "machine/steps.h"
#include "report/writer.h"

enum { INDENT = 2, READINESS_SCHEMA = 1 };

/* A piece of the document: a writer that stands at a place in it. */
static void begin_piece(hvc_json *json, hvc_buffer *out, unsigned depth, bool started)
{
    hvc_json_init(json, out, INDENT);
    json->depth = depth;
    json->started = started;
}

static hvc_status hand_on(hvc_buffer *out, hvc_report_sink sink, void *context)
{
    hvc_status status = out->failed ? HVC_E_MEMORY : sink(context, out->data, out->size);
    hvc_buffer_free(out);
    return status;
}

hvc_status hvc_report_facts(const hvc_facts *facts, hvc_report_sink sink, void *context)
{
    hvc_buffer out = HVC_BUFFER_INIT;
    hvc_facts_write(facts, &out);
    return hand_on(&out, sink, context);
}

hvc_status hvc_report_machines_begin(const char *verb, hvc_report_sink sink, void *context)
{
    hvc_buffer out = HVC_BUFFER_INIT;
    hvc_json json;
    begin_piece(&json, &out, 0, false);
    hvc_json_open_object(&json, NULL);
    hvc_json_string(&json, "document", "readiness");
    hvc_json_uint(&json, "schema", READINESS_SCHEMA);
    hvc_json_tool(&json);
    hvc_json_string(&json, "verb", verb);
    hvc_json_open_array(&json, "machines");
    return hand_on(&out, sink, context);
}

static void put_capabilities(hvc_json *json, const hvc_capability *list, size_t count)
{
    hvc_json_open_array(json, "capabilities");
    for (size_t i = 0; i < count; i++) {
        hvc_json_open_object(json, NULL);
        hvc_json_string(json, "name", list[i].name);
        hvc_json_uint(json, "value", list[i].value);
        hvc_json_close_object(json);
    }
    hvc_json_close_array(json);
}

static void put_steps(hvc_json *json, const hvc_readiness *readiness)
{
    hvc_json_open_array(json, "steps");
    for (size_t i = 0; i < readiness->step_count; i++) {
        const hvc_step *step = &readiness->steps[i];
        hvc_json_open_object(json, NULL);
        hvc_json_string(json, "id", step->id);
        hvc_json_string(json, "name", step->name);
        hvc_json_string(json, "origin", step->own ? "hvcheck" : "readiness-tool");
        hvc_json_bool(json, "decides", step->decides);
        hvc_json_string(json, "result", hvc_step_result_name(step->result));
        hvc_json_string(json, "reason", step->reason);
        hvc_json_close_object(json);
    }
    hvc_json_close_array(json);
}

static void put_counters(hvc_json *json, const char *key, const uint64_t *counters)
{
    hvc_json_open_object(json, key);
    for (int i = 0; i < HVC_COUNTER_COUNT; i++)
        hvc_json_uint(json, hvc_counter_id((hvc_counter)i), counters[i]);
    hvc_json_close_object(json);
}

/* Those that are compatible, or Windows' own, are only counted. */
static void put_drivers(hvc_json *json, const hvc_readiness *readiness, const hvc_facts *facts)
{
    if (!facts->has_drivers) {
        hvc_json_null(json, "drivers");
        return;
    }
    hvc_json_open_object(json, "drivers");
    hvc_json_uint(json, "total", readiness->drivers);
    hvc_json_uint(json, "compatible", readiness->compatible);
    hvc_json_uint(json, "incompatible", readiness->incompatible);
    hvc_json_uint(json, "undetermined", readiness->undetermined);
    hvc_json_uint(json, "windows_signed", readiness->windows_signed);
    hvc_json_open_array(json, "listed");
    for (size_t i = 0; i < facts->driver_count; i++) {
        const hvc_machine_driver *driver = &facts->drivers[i];
        hvc_driver_class class = hvc_machine_driver_class(driver);
        if (class != HVC_CLASS_INCOMPATIBLE && class != HVC_CLASS_UNDETERMINED)
            continue;
        hvc_json_open_object(json, NULL);
        hvc_json_string(json, "module", driver->module);
        hvc_json_string(json, "path", driver->path);
        hvc_json_string(json, "sha256", driver->sha256);
        hvc_json_string(json, "signer", driver->signer);
        hvc_json_bool(json, "boot_start", driver->boot_start);
        hvc_json_string(json, "judgement",
                        class == HVC_CLASS_INCOMPATIBLE ? "incompatible" : "undetermined");
        hvc_json_string(json, "verifier", hvc_verdict_name(driver->verifier));
        hvc_json_string(json, "load", hvc_verdict_name(driver->load));
        put_counters(json, "counters", driver->counters);
        if (driver->has_verifier_counters)
            put_counters(json, "verifier_counters", driver->verifier_counters);
        else
            hvc_json_null(json, "verifier_counters");
        hvc_json_string(json, "reason", driver->examined ? driver->reason : driver->error);
        hvc_json_close_object(json);
    }
    hvc_json_close_array(json);
    hvc_json_close_object(json);
}

static void put_head(hvc_json *json, const char *label, const char *host, hvc_scope scope, bool hlk,
                     bool on_virtual_machine)
{
    hvc_json_open_object(json, NULL);
    hvc_json_string(json, "label", label);
    hvc_json_string(json, "host", host);
    hvc_json_string(json, "scope", hvc_scope_name(scope));
    hvc_json_bool(json, "hlk", hlk);
    hvc_json_bool(json, "virtual_machine", on_virtual_machine);
}

hvc_status hvc_report_capable_json(const hvc_readiness *readiness, const hvc_facts *facts,
                                   bool started, hvc_report_sink sink, void *context)
{
    hvc_buffer out = HVC_BUFFER_INIT;
    hvc_json json;
    begin_piece(&json, &out, 2, started);
    put_head(&json, readiness->label, readiness->host, readiness->options.scope,
             readiness->options.hlk, readiness->on_virtual_machine);
    hvc_json_string(&json, "result", hvc_step_result_name(readiness->result));
    hvc_json_uint(&json, "exit_code", (uint64_t)readiness->exit_code);
    put_steps(&json, readiness);
    hvc_json_null(&json, "running");
    put_capabilities(&json, readiness->capabilities, readiness->capability_count);
    put_drivers(&json, readiness, facts);
    hvc_json_close_object(&json);
    return hand_on(&out, sink, context);
}

hvc_status hvc_report_ready_json(const hvc_running *running, bool started, hvc_report_sink sink,
                                 void *context)
{
    static const char *const results[] = {"fail", "pass", "undetermined"};
    hvc_buffer out = HVC_BUFFER_INIT;
    hvc_json json;
    begin_piece(&json, &out, 2, started);
    put_head(&json, running->label, running->host, running->scope, false,
             running->on_virtual_machine);
    hvc_json_string(&json, "result", results[running->all]);
    hvc_json_uint(&json, "exit_code", (uint64_t)running->exit_code);
    hvc_json_null(&json, "steps");
    hvc_json_open_object(&json, "running");
    hvc_json_string(&json, "credential_guard", hvc_running_state_name(running->credential_guard));
    hvc_json_string(&json, "hvci", hvc_running_state_name(running->hvci));
    hvc_json_string(&json, "config_ci", hvc_running_state_name(running->config_ci));
    hvc_json_string(&json, "config_ci_mode",
                    running->config_ci != HVC_RUNNING_YES ? NULL
                    : running->config_ci_enforced         ? "enforced"
                                                          : "audit");
    hvc_json_string(&json, "all", hvc_running_state_name(running->all));
    hvc_json_string(&json, "why", running->why);
    hvc_json_close_object(&json);
    put_capabilities(&json, &running->capability, running->capability.name != NULL);
    hvc_json_null(&json, "drivers");
    hvc_json_close_object(&json);
    return hand_on(&out, sink, context);
}

hvc_status hvc_report_machines_end(const hvc_input_error *errors, size_t error_count, bool started,
                                   hvc_report_sink sink, void *context)
{
    hvc_buffer out = HVC_BUFFER_INIT;
    hvc_json json;
    begin_piece(&json, &out, 2, started);
    hvc_json_close_array(&json);
    hvc_json_open_array(&json, "errors");
    for (size_t i = 0; i < error_count; i++)
        hvc_json_input_error(&json, NULL, &errors[i]);
    hvc_json_close_array(&json);
    hvc_json_close_object(&json);
    hvc_buffer_puts(&out, "\n");
    return hand_on(&out, sink, context);
}
