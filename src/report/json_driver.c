/* The objects that the JSON formats share. Their members are those of data/schema/report-1.json. */
#include <string.h>

#include <hvcheck/version.h>

#include "base/limits.h"
#include "report/writer.h"

/* A driver's object is bounded: each list ends when the object has reached the list's share of
 * HVC_MAX_REPORT_BYTES, and "truncated" then names it. */
typedef struct budget {
    const hvc_buffer *out;
    size_t start;
    const char *cut[5];
    size_t cut_count;
} budget;

static bool affords(budget *b, unsigned sixteenths, const char *list)
{
    if (b->out->size - b->start < HVC_MAX_REPORT_BYTES / 16 * sixteenths)
        return true;
    b->cut[b->cut_count++] = list;
    return false;
}

static void put_optional_uint(hvc_json *json, const char *key, bool known, uint64_t value)
{
    if (known)
        hvc_json_uint(json, key, value);
    else
        hvc_json_null(json, key);
}

static const char *kind_name(hvc_image_kind kind)
{
    switch (kind) {
    case HVC_IMAGE_DRIVER:
        return "driver";
    case HVC_IMAGE_USER:
        return "user";
    case HVC_IMAGE_BOOT:
        return "boot";
    }
    return "driver";
}

static void put_identity(hvc_json *json, const hvc_identity *identity)
{
    hvc_json_open_object(json, "identity");
    hvc_json_string(json, "original_name", identity->original_name);
    hvc_json_string(json, "version", identity->version);
    hvc_json_string(json, "company", identity->company);
    hvc_json_string(json, "product", identity->product);
    hvc_json_string(json, "description", identity->description);
    hvc_json_string(json, "pdb", identity->pdb);
    hvc_json_string(json, "pdb_guid", identity->pdb_guid);
    put_optional_uint(json, "pdb_age", identity->pdb_guid != NULL, identity->pdb_age);
    hvc_json_uint(json, "timestamp", identity->timestamp);
    hvc_json_bool(json, "reproducible", identity->reproducible);
    hvc_json_close_object(json);
}

static void put_numbers(hvc_json *json, const hvc_driver *driver)
{
    hvc_json_open_object(json, "counters");
    for (unsigned i = 0; i < HVC_COUNTER_COUNT; i++)
        hvc_json_uint(json, hvc_counter_id((hvc_counter)i), driver->counters[i]);
    hvc_json_close_object(json);
    hvc_json_open_object(json, "undetermined");
    for (unsigned i = 0; i < HVC_CALL_COUNTER_COUNT; i++)
        hvc_json_uint(json, hvc_counter_id((hvc_counter)i), driver->undetermined[i]);
    hvc_json_close_object(json);
}

static void put_verdict(hvc_json *json, const hvc_driver *driver)
{
    hvc_json_open_object(json, "verdict");
    hvc_json_string(json, "verifier", hvc_verdict_name(driver->verifier));
    hvc_json_string(json, "load", hvc_verdict_name(driver->load));
    hvc_json_string(json, "load_since", driver->load_since);
    hvc_json_string(json, "undetermined_why", driver->undetermined_why);
    hvc_json_bool(json, "compatible", hvc_driver_compatible(driver));
    hvc_json_close_object(json);
}

static void put_sections(hvc_json *json, const hvc_driver *driver, budget *b)
{
    hvc_json_open_array(json, "sections");
    for (size_t i = 0; i < driver->section_count && affords(b, 2, "sections"); i++) {
        const hvc_section *section = &driver->sections[i];
        hvc_json_open_object(json, NULL);
        hvc_json_string(json, "name", driver->section_names[i]);
        hvc_json_uint(json, "rva", section->rva);
        hvc_json_uint(json, "virtual_size", section->virtual_size);
        hvc_json_uint(json, "file_offset", section->file_offset);
        hvc_json_uint(json, "raw_size", section->raw_size);
        hvc_json_uint(json, "characteristics", section->characteristics);
        hvc_json_close_object(json);
    }
    hvc_json_close_array(json);
}

static void put_evidence(hvc_json *json, const char *const *lines, size_t count,
                         const hvc_report_options *options)
{
    hvc_json_open_array(json, "evidence");
    for (size_t i = 0; i < count && options->evidence; i++)
        hvc_json_string(json, NULL, lines[i]);
    hvc_json_close_array(json);
}

static void put_location(hvc_json *json, const hvc_location *location)
{
    hvc_json_open_object(json, "location");
    put_optional_uint(json, "rva", location->has_rva, location->rva);
    put_optional_uint(json, "file_offset", location->has_file_offset, location->file_offset);
    hvc_json_string(json, "section", location->section);
    hvc_json_string(json, "function", location->function);
    hvc_json_string(json, "source", location->source);
    hvc_json_close_object(json);
}

static void put_findings(hvc_json *json, const hvc_driver *driver,
                         const hvc_report_options *options, budget *b)
{
    hvc_json_open_array(json, "findings");
    for (size_t i = 0; i < driver->finding_count && affords(b, 8, "findings"); i++) {
        const hvc_finding *finding = &driver->findings[i];
        hvc_json_open_object(json, NULL);
        hvc_json_string(json, "rule", finding->rule->id);
        hvc_json_string(json, "level", hvc_level_name(finding->level));
        hvc_json_string(json, "message", finding->message);
        put_location(json, &finding->location);
        hvc_json_string(json, "fix", finding->fix);
        hvc_json_uint(json, "count", finding->count);
        hvc_json_open_array(json, "places");
        for (size_t j = 0; j < finding->place_count; j++) {
            const hvc_place *place = &finding->places[j];
            hvc_json_open_object(json, NULL);
            hvc_json_uint(json, "rva", place->rva);
            hvc_json_uint(json, "file_offset", place->file_offset);
            hvc_json_uint(json, "value", place->value);
            hvc_json_close_object(json);
        }
        hvc_json_close_array(json);
        hvc_json_uint(json, "place_total", finding->place_total);
        put_evidence(json, finding->evidence, finding->evidence_count, options);
        hvc_json_close_object(json);
    }
    hvc_json_close_array(json);
    hvc_json_uint(json, "finding_total", driver->finding_total);
}

/* The index of the argument that decides, or null. */
static void put_argument_index(hvc_json *json, const char *key, const hvc_ddi *ddi)
{
    put_optional_uint(json, key, ddi->argument >= 0,
                      ddi->argument >= 0 ? (uint64_t)ddi->argument : 0);
}

static void put_ddis(hvc_json *json, const hvc_driver *driver, budget *b)
{
    hvc_json_open_array(json, "ddis");
    for (size_t i = 0; i < driver->ddi_count && affords(b, 10, "ddis"); i++) {
        const hvc_imported_ddi *item = &driver->ddis[i];
        hvc_json_open_object(json, NULL);
        hvc_json_string(json, "name", item->ddi->name);
        hvc_json_string(json, "module", item->module);
        hvc_json_uint(json, "slot", item->slot);
        hvc_json_bool(json, "delay", item->delay);
        hvc_json_string(json, "counter", hvc_counter_id(item->ddi->counter));
        put_argument_index(json, "argument", item->ddi);
        hvc_json_string(json, "demands", item->ddi->demands);
        hvc_json_string(json, "remediation", item->ddi->remediation);
        hvc_json_close_object(json);
    }
    hvc_json_close_array(json);
}

static void put_argument(hvc_json *json, const hvc_call_site *site)
{
    hvc_json_open_object(json, "argument");
    put_argument_index(json, "index", site->ddi);
    hvc_json_string(json, "kind",
                    site->ddi->kind == HVC_VALUE_NONE ? NULL
                                                      : hvc_value_kind_name(site->ddi->kind));
    hvc_json_open_array(json, "values");
    for (size_t i = 0; i < site->value_count; i++) {
        hvc_json_open_object(json, NULL);
        hvc_json_uint(json, "value", site->values[i].number);
        hvc_json_string(json, "name", site->values[i].name);
        hvc_json_close_object(json);
    }
    hvc_json_close_array(json);
    hvc_json_string(json, "origin", site->origin);
    hvc_json_string(json, "open", site->open);
    hvc_json_close_object(json);
}

static void put_call_sites(hvc_json *json, const hvc_driver *driver,
                           const hvc_report_options *options, budget *b)
{
    hvc_json_open_array(json, "call_sites");
    for (size_t i = 0; i < driver->call_site_count && affords(b, 14, "call_sites"); i++) {
        const hvc_call_site *site = &driver->call_sites[i];
        hvc_json_open_object(json, NULL);
        hvc_json_uint(json, "rva", site->rva);
        hvc_json_uint(json, "file_offset", site->file_offset);
        hvc_json_string(json, "ddi", site->ddi->name);
        hvc_json_string(json, "form", site->form);
        hvc_json_string(json, "written", site->written);
        hvc_json_string(json, "section", site->section);
        hvc_json_string(json, "function", site->function);
        put_optional_uint(json, "function_rva", site->function != NULL, site->function_rva);
        put_argument(json, site);
        hvc_json_string(json, "judgement", hvc_judgement_name(site->judgement));
        hvc_json_bool(json, "harmless", site->harmless);
        put_evidence(json, site->evidence, site->evidence_count, options);
        hvc_json_close_object(json);
    }
    hvc_json_close_array(json);
}

static void put_anomalies(hvc_json *json, const hvc_driver *driver, budget *b)
{
    hvc_json_open_array(json, "anomalies");
    for (size_t i = 0; i < driver->anomaly_count && affords(b, 15, "anomalies"); i++) {
        const hvc_anomaly *anomaly = &driver->anomalies[i];
        hvc_json_open_object(json, NULL);
        hvc_json_string(json, "id", anomaly->id);
        hvc_json_string(json, "effect", anomaly->effect == HVC_ANOMALY_DOUBT ? "doubt" : "note");
        hvc_json_uint(json, "file_offset", anomaly->file_offset);
        hvc_json_string(json, "message", anomaly->message);
        hvc_json_close_object(json);
    }
    hvc_json_close_array(json);
    hvc_json_uint(json, "anomaly_total", driver->anomaly_total);
}

static void put_sha256(hvc_json *json, const uint8_t digest[32])
{
    static const char digits[] = "0123456789abcdef";
    char text[65];
    for (size_t i = 0; i < 32; i++) {
        text[2 * i] = digits[digest[i] >> 4];
        text[2 * i + 1] = digits[digest[i] & 15];
    }
    text[64] = '\0';
    hvc_json_string(json, "sha256", text);
}

void hvc_json_driver(hvc_json *json, const char *key, const hvc_driver *driver,
                     const hvc_report_options *options)
{
    budget b = {.out = json->out, .start = json->out->size};
    hvc_json_open_object(json, key);
    hvc_json_string(json, "path", driver->path);
    put_sha256(json, driver->sha256);
    hvc_json_uint(json, "size", driver->size);
    hvc_json_string(json, "arch", hvc_arch_name(driver->arch));
    hvc_json_string(json, "kind", kind_name(driver->kind));
    put_identity(json, &driver->identity);
    put_numbers(json, driver);
    put_verdict(json, driver);
    hvc_json_string(json, "nx_opt_in", driver->nx_opt_in);
    hvc_json_bool(json, "calls_examined", driver->has_code_analysis);
    put_sections(json, driver, &b);
    put_findings(json, driver, options, &b);
    put_ddis(json, driver, &b);
    put_call_sites(json, driver, options, &b);
    put_anomalies(json, driver, &b);
    hvc_json_open_array(json, "truncated");
    for (size_t i = 0; i < b.cut_count; i++)
        hvc_json_string(json, NULL, b.cut[i]);
    hvc_json_close_array(json);
    hvc_json_close_object(json);
}

void hvc_json_input_error(hvc_json *json, const char *key, const hvc_input_error *error)
{
    hvc_json_open_object(json, key);
    hvc_json_string(json, "path", error->path);
    hvc_json_string(json, "status", hvc_status_id(error->error.status));
    put_optional_uint(json, "offset", error->error.has_offset, error->error.offset);
    hvc_json_string(json, "message", error->error.message);
    hvc_json_close_object(json);
}

void hvc_json_summary(hvc_json *json, const char *key, const hvc_summary *summary)
{
    hvc_json_open_object(json, key);
    hvc_json_uint(json, "drivers", summary->drivers);
    hvc_json_uint(json, "compatible", summary->compatible);
    hvc_json_uint(json, "incompatible", summary->incompatible);
    hvc_json_uint(json, "undetermined", summary->undetermined);
    hvc_json_uint(json, "not_applicable", summary->not_applicable);
    hvc_json_uint(json, "errors", summary->errors);
    hvc_json_uint(json, "skipped", summary->skipped);
    hvc_json_uint(json, "bytes", summary->bytes);
    hvc_json_close_object(json);
}

void hvc_json_tool(hvc_json *json)
{
    hvc_json_open_object(json, "tool");
    hvc_json_string(json, "name", "hvcheck");
    hvc_json_string(json, "version", hvc_version());
    hvc_json_close_object(json);
}
