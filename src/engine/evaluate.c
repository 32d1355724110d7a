/* One driver: bytes -> image -> evidence -> findings -> verdicts. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "code/code.h"
#include "engine/engine.h"
#include "rules/rule.h"

/* Everything that rules judge, gathered in the order in which one thing needs the other. */
static hvc_status gather(hvc_evaluation *evaluation, const hvc_image *image,
                         const hvc_options *options, hvc_evidence *ret_evidence, hvc_doubts *doubts,
                         hvc_error *error)
{
    hvc_driver *driver = &evaluation->driver;
    hvc_code_report code;
    hvc_status status = hvc_evaluation_imports(evaluation, image, &doubts->hidden, error);
    if (status == HVC_OK)
        status = hvc_code_examine(image, options != NULL && options->evidence, &evaluation->arena,
                                  &code, error);
    if (status != HVC_OK)
        return status;
    driver->has_code_analysis = code.examined;
    driver->call_sites = code.call_sites;
    driver->call_site_count = code.call_site_count;
    driver->nx_opt_in = code.nx_opt_in;
    doubts->code = code.undetermined_why;
    *ret_evidence = (hvc_evidence){
        .image = image,
        .checksum = hvc_image_checksum(image),
        .ddis = driver->ddis,
        .ddi_count = driver->ddi_count,
        .call_sites = driver->call_sites,
        .call_site_count = driver->call_site_count,
        .has_code_analysis = driver->has_code_analysis,
        .nx_opt_in = driver->nx_opt_in,
        .notes = code.notes,
        .note_count = code.note_count,
    };
    return HVC_OK;
}

static void run_rules(hvc_evaluation *evaluation, const hvc_image *image,
                      const hvc_evidence *evidence)
{
    hvc_driver *driver = &evaluation->driver;
    hvc_findings findings = {.arena = &evaluation->arena, .image = image};
    hvc_rules_run(evidence, &findings);
    driver->findings = findings.list.items;
    driver->finding_count = findings.list.count;
    driver->finding_total = findings.total;
    memcpy(driver->counters, findings.counters, sizeof(driver->counters));
}

static hvc_doubts doubts_of(const hvc_driver *driver, const hvc_image *image)
{
    hvc_doubts doubts = {.damaged = image->doubt};
    for (size_t i = 0; i < driver->anomaly_count && doubts.damage == NULL; i++)
        if (driver->anomalies[i].effect == HVC_ANOMALY_DOUBT)
            doubts.damage = driver->anomalies[i].message;
    return doubts;
}

static hvc_status evaluate_image(hvc_evaluation *evaluation, const hvc_image *image,
                                 const hvc_options *options, hvc_error *error)
{
    hvc_driver *driver = &evaluation->driver;
    hvc_status status = hvc_evaluation_describe(evaluation, image, error);
    if (status != HVC_OK)
        return status;
    hvc_doubts doubts = doubts_of(driver, image);
    if (image->kind == HVC_IMAGE_DRIVER) {
        hvc_evidence evidence;
        status = gather(evaluation, image, options, &evidence, &doubts, error);
        if (status != HVC_OK)
            return status;
        run_rules(evaluation, image, &evidence);
    }
    if (!hvc_driver_judge(driver, &doubts, &evaluation->arena) || evaluation->arena.failed)
        return hvc_fail_memory(error);
    return HVC_OK;
}

hvc_status hvc_evaluation_run(hvc_evaluation *evaluation, hvc_hasher *hasher, hvc_span bytes,
                              const char *path, const hvc_options *options, bool drivers_only,
                              bool *ret_passed_over, hvc_error *error)
{
    hvc_driver *driver = &evaluation->driver;
    hvc_arena_reset(&evaluation->arena);
    *driver = (hvc_driver){.size = bytes.size};
    driver->path = hvc_arena_strdup(&evaluation->arena, path);
    if (driver->path == NULL)
        return hvc_fail_memory(error);
    hvc_image *image = NULL;
    hvc_status status = hvc_image_open(bytes.data, bytes.size, &image, error);
    if (status != HVC_OK)
        return status;
    *ret_passed_over = drivers_only && image->kind != HVC_IMAGE_DRIVER;
    if (!*ret_passed_over) {
        status = hvc_sha256(hasher, bytes.data, bytes.size, driver->sha256, error);
        if (status == HVC_OK)
            status = evaluate_image(evaluation, image, options, error);
    }
    hvc_image_free(image);
    return status;
}

void hvc_evaluation_free(hvc_evaluation *evaluation)
{
    hvc_arena_free(&evaluation->arena);
    evaluation->driver = (hvc_driver){0};
}

hvc_status hvc_evaluate(const void *bytes, size_t size, const char *path,
                        const hvc_options *options, hvc_driver **ret_driver, hvc_error *error)
{
    hvc_evaluation *evaluation = calloc(1, sizeof(*evaluation));
    if (evaluation == NULL)
        return hvc_fail_memory(error);
    hvc_hasher *hasher = NULL;
    hvc_status status = hvc_hasher_new(&hasher, error);
    bool passed_over = false;
    if (status == HVC_OK)
        status = hvc_evaluation_run(evaluation, hasher, (hvc_span){bytes, size}, path, options,
                                    false, &passed_over, error);
    hvc_hasher_free(hasher);
    if (status != HVC_OK) {
        hvc_driver_free(&evaluation->driver);
        return status;
    }
    *ret_driver = &evaluation->driver;
    return HVC_OK;
}

hvc_status hvc_evaluate_file(const char *path, const hvc_options *options, hvc_driver **ret_driver,
                             hvc_error *error)
{
    hvc_bytes bytes = HVC_BYTES_INIT;
    hvc_status status = hvc_file_read(path, &bytes, error);
    if (status == HVC_OK)
        status = hvc_evaluate(bytes.data, bytes.size, path, options, ret_driver, error);
    hvc_bytes_free(&bytes);
    return status;
}

void hvc_driver_free(hvc_driver *driver)
{
    if (driver == NULL)
        return;
    /* A driver that callers own is the first member of its evaluation. */
    hvc_evaluation *evaluation = (hvc_evaluation *)driver;
    hvc_evaluation_free(evaluation);
    free(evaluation);
}
