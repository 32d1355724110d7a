/* The whole of the code analysis, for the layers above. */
#include "code/code.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "code/analysis.h"
#include "code/packed.h"
#include "code/sites.h"

static int compare_sites(const void *a, const void *b)
{
    const hvc_call_site *x = a, *y = b;
    if (x->rva != y->rva)
        return x->rva < y->rva ? -1 : 1;
    if (x->ddi != y->ddi)
        return x->ddi < y->ddi ? -1 : 1; /* the table is sorted by name */
    return strcmp(x->form, y->form);
}

static int compare_notes(const void *a, const void *b)
{
    const hvc_code_note *x = a, *y = b;
    if (x->rva != y->rva)
        return x->rva < y->rva ? -1 : 1;
    return (int)x->kind - (int)y->kind;
}

/* By RVA, each call of a function once. */
static void sort_sites(sites_job *job)
{
    if (job->sites.count < 2)
        return;
    qsort(job->sites.items, job->sites.count, sizeof(*job->sites.items), compare_sites);
    size_t kept = 1;
    for (size_t i = 1; i < job->sites.count; i++) {
        const hvc_call_site *last = &job->sites.items[kept - 1], *site = &job->sites.items[i];
        if (site->rva != last->rva || site->ddi != last->ddi)
            job->sites.items[kept++] = *site;
    }
    job->sites.count = kept;
}

/* Why the sites that were found may not be all; NULL if they are. */
static const char *undetermined_why(const sites_job *job)
{
    const hvc_image *image = job->analysis->image;
    if (job->cut || job->analysis->near.cut)
        return "a bound of the code analysis was reached";
    if (image->arch == HVC_ARCH_ARM64EC || image->arch == HVC_ARCH_ARM64X)
        return "of its two instruction sets only the ARM64 code was examined";
    return hvc_packed_why(image);
}

hvc_status hvc_code_examine(const hvc_image *image, bool evidence, hvc_arena *results,
                            hvc_code_report *ret_report, hvc_error *error)
{
    hvc_code_report report = {.examined = false};
    const hvc_isa *isa = hvc_isa_of(image->arch);
    if (isa == NULL) {
        *ret_report = report;
        return HVC_OK;
    }
    hvc_analysis analysis;
    if (hvc_analysis_init(&analysis, image, isa) != HVC_OK)
        return hvc_fail_memory(error);
    sites_job job = {.analysis = &analysis, .results = results, .evidence = evidence};
    bool done = sites_find(&job);
    if (done)
        hvc_find_opt_in(&analysis);
    /* Some answers take what memory was wanting for as not known: then all is not known. */
    done &= !analysis.failed && !analysis.arena.failed && !analysis.values.failed;
    if (done) {
        sort_sites(&job);
        report.examined = true;
        report.call_sites = job.sites.items;
        report.call_site_count = job.sites.count;
        if (job.notes.count > 1)
            qsort(job.notes.items, job.notes.count, sizeof(*job.notes.items), compare_notes);
        report.notes = job.notes.items;
        report.note_count = job.notes.count;
        report.nx_opt_in = analysis.opt_in.form != NULL ? analysis.opt_in.form : "none";
        report.undetermined_why = undetermined_why(&job);
    }
    hvc_analysis_free(&analysis);
    if (!done)
        return hvc_fail_memory(error);
    *ret_report = report;
    return HVC_OK;
}
