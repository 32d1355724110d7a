/* Relocation entries that could not be applied one page at a time. */
#include <inttypes.h>
#include <string.h>

#include "base/limits.h"
#include "rules/checks.h"

/* The last offset in a page at which an 8-byte value still lies in it. */
enum { LAST_WHOLE = 0xff8 };

static bool is_unsupported(const hvc_reloc *reloc)
{
    if (reloc->type == HVC_REL_ABSOLUTE)
        return false;
    return reloc->type != HVC_REL_DIR64 || reloc->page_offset > LAST_WHOLE;
}

/* All are counted, the first HVC_MAX_LISTED_LOCATIONS are listed. *ret_first is set unless there
 * are none. */
static uint64_t collect(const hvc_image *image, hvc_place *places, hvc_reloc *ret_first)
{
    hvc_reloc_iterator iterator = hvc_reloc_begin(image);
    hvc_reloc reloc;
    uint64_t total = 0;

    while (hvc_reloc_next(&iterator, &reloc)) {
        if (!is_unsupported(&reloc))
            continue;
        if (total == 0)
            *ret_first = reloc;
        if (total < HVC_MAX_LISTED_LOCATIONS)
            places[total] = (hvc_place){reloc.rva, reloc.file_offset, reloc.type};
        total++;
    }
    return total;
}

void hvc_rule_unsupported_relocs(const hvc_evidence *evidence, const hvc_rule *rule,
                                 hvc_findings *findings)
{
    hvc_place places[HVC_MAX_LISTED_LOCATIONS];
    hvc_reloc first = {0};

    if (!evidence->image->headers.pe32_plus)
        return;
    uint64_t total = collect(evidence->image, places, &first);
    if (total == 0)
        return;
    hvc_finding *finding =
        hvc_find(findings, rule, total,
                 "%" PRIu64 " relocation %s cannot be applied page by page: first at RVA 0x%X "
                 "(type %u, page offset 0x%03X)",
                 total, total == 1 ? "entry" : "entries", first.rva, first.type, first.page_offset);
    if (finding == NULL)
        return;
    finding->location = hvc_locate(findings, first.rva);
    finding->place_total = total;
    size_t listed = total < HVC_MAX_LISTED_LOCATIONS ? (size_t)total : HVC_MAX_LISTED_LOCATIONS;
    hvc_place *copy = hvc_arena_array(findings->arena, listed, sizeof(*copy));
    if (copy == NULL)
        return;
    memcpy(copy, places, listed * sizeof(*copy));
    finding->places = copy;
    finding->place_count = listed;
}
