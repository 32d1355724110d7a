/* The references that tell which functions to look at, found in one pass over the code: to the
 * import slots that matter, to KMDF's function table, and to code that may be written to. */
#include "code/sites.h"

static bool wish(sites_job *job, hvc_xref_range range)
{
    hvc_xref_range *added = hvc_vector_add(&job->analysis->arena, &job->wishes);
    if (added != NULL)
        *added = range;
    return added != NULL;
}

bool sites_wish(sites_job *job, uint32_t low, uint32_t high)
{
    return wish(job, (hvc_xref_range){.low = low, .high = high});
}

bool sites_wish_stores(sites_job *job, uint32_t low, uint32_t high)
{
    return wish(job, (hvc_xref_range){.low = low, .high = high, .stores = true});
}

bool sites_wish_filtered(sites_job *job, uint32_t low, uint32_t high)
{
    return wish(job, (hvc_xref_range){.low = low, .high = high, .filtered = true});
}

static bool wish_slots(sites_job *job)
{
    const hvc_image *image = job->analysis->image;
    uint32_t pointer = job->analysis->isa->pointer_size;
    for (size_t i = 0; i < image->imports.count; i++) {
        uint32_t slot = image->imports.items[i].slot;
        if (job->interests[i].kind != SITES_NONE && !sites_wish(job, slot, slot + pointer))
            return false;
    }
    return true;
}

/* The references to the slots that matter, into analysis->near. */
static bool keep_near(sites_job *job)
{
    hvc_analysis *analysis = job->analysis;
    const hvc_xrefs *all = &job->references;
    for (size_t i = 0; i < all->items.count; i++) {
        uint32_t import;
        if (!hvc_analysis_import_at(analysis, all->items.items[i].to, &import) ||
            job->interests[import].kind == SITES_NONE)
            continue;
        hvc_xref *kept = hvc_vector_add(&analysis->arena, &analysis->near.items);
        if (kept == NULL)
            return false;
        *kept = all->items.items[i];
    }
    analysis->near.cut = all->cut;
    return true;
}

bool sites_find_references(sites_job *job)
{
    hvc_analysis *analysis = job->analysis;
    const hvc_xref_filter filter = {sites_may_call_wdf, job};
    return wish_slots(job) && sites_wish_wdf(job) && sites_wish_practice(job) &&
           hvc_xrefs_to_ranges(analysis->image, analysis->isa, job->wishes.items, job->wishes.count,
                               &filter, &analysis->arena, &job->references, NULL) == HVC_OK &&
           keep_near(job);
}
