/* What the code does that Microsoft's rules for compatible code forbid, as far as single functions
 * prove it: running memory that it allocated, changing code, loading data as code. Precise or
 * silent. */
#include <string.h>

#include "code/sites.h"

enum {
    CR0_WRITE_PROTECT = 1 << 16,
    SEC_IMAGE = 0x01000000,
    SEC_IMAGE_NO_EXECUTE = 0x11000000,
    ATTRIBUTES_ARGUMENT = 5, /* of ZwCreateSection: AllocationAttributes */
    LOAD_GDI_DRIVER = 26,    /* SYSTEM_INFORMATION_CLASS */
    EXTEND_SERVICE_TABLE = 38,
};

static bool is_executable(const hvc_image *image, uint32_t rva)
{
    const hvc_section *section = hvc_image_section_at(image, rva);
    return section != NULL && (section->characteristics & HVC_SCN_MEM_EXECUTE) != 0;
}

static bool const_rva(const hvc_analysis *analysis, hvc_value_id value, uint32_t *ret_rva)
{
    uint64_t address;
    return hvc_value_is_const(&analysis->values, value, &address) &&
           hvc_image_rva_of(analysis->image, address, ret_rva);
}

static bool add_note(sites_job *job, const hvc_flow *flow, uint32_t rva, hvc_practice kind,
                     bool possible, const char *message)
{
    hvc_code_note *note = hvc_vector_add(job->results, &job->notes);
    if (note == NULL)
        return false;
    *note = (hvc_code_note){.kind = kind,
                            .possible = possible,
                            .rva = rva,
                            .message = message,
                            .function = sites_function_name(job, flow->begin)};
    return note->function != NULL && message != NULL;
}

/* -- dynamic code -- */

static bool starts_with(const char *text, const char *beginning)
{
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

bool sites_returns_memory(const hvc_ddi *ddi)
{
    static const char *const families[] = {
        "ExAllocatePool",  "MmAllocateContiguous", "MmMapIoSpace",     "MmMapLockedPages",
        "FltAllocatePool", "FsRtlAllocatePool",    "VideoPortAllocate"};
    for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++)
        if (starts_with(ddi->name, families[i]))
            return true;
    return false;
}

const hvc_ddi *sites_allocator(const sites_job *job, const hvc_flow_call *call)
{
    uint32_t import;
    if (!sites_import_of_call(job, call, &import))
        return NULL;
    const hvc_ddi *ddi = job->interests[import].ddi;
    return ddi != NULL && sites_returns_memory(ddi) ? ddi : NULL;
}

/* The function whose memory a value points into; NULL when it is none. */
static const hvc_ddi *allocator_of(const sites_job *job, const hvc_flow *flow, hvc_value_id value)
{
    const hvc_values *values = &job->analysis->values;
    const hvc_term *term = hvc_term_of(values, value);
    uint64_t number;
    if (term->kind == HVC_TERM_OP && term->alu == HVC_ALU_ADD &&
        hvc_value_is_const(values, term->b, &number))
        term = hvc_term_of(values, term->a);
    if (term->kind != HVC_TERM_RESULT)
        return NULL;
    const hvc_flow_call *call = hvc_flow_call_at(flow, (uint32_t)term->number);
    return call != NULL ? sites_allocator(job, call) : NULL;
}

static bool look_for_dynamic_code(sites_job *job, const hvc_flow *flow)
{
    for (size_t i = 0; i < flow->calls.count; i++) {
        const hvc_flow_call *call = &flow->calls.items[i];
        size_t count;
        const hvc_value_id *members =
            hvc_value_members(&job->analysis->values, &call->target, &count);
        for (size_t k = 0; k < count; k++) {
            const hvc_ddi *ddi = allocator_of(job, flow, members[k]);
            if (ddi == NULL)
                continue;
            if (!add_note(job, flow, call->rva, HVC_PRACTICE_DYNAMIC_CODE, count > 1,
                          hvc_arena_printf(job->results, "memory that %s returned is %s as code",
                                           ddi->name, call->tail ? "jumped to" : "called")))
                return false;
            break;
        }
    }
    return true;
}

/* -- modification of code -- */

bool sites_writes_code(const sites_job *job, const hvc_flow_store *store, uint32_t *ret_rva)
{
    /* A store of no size is one to a place that an index tells, or of many bytes. */
    if (store->size == 0 || !const_rva(job->analysis, store->address, ret_rva))
        return false;
    *ret_rva += (uint32_t)store->offset;
    return is_executable(job->analysis->image, *ret_rva);
}

static bool look_at_stores(sites_job *job, const hvc_flow *flow)
{
    for (size_t i = 0; i < flow->stores.count; i++) {
        const hvc_flow_store *store = &flow->stores.items[i];
        uint32_t rva;
        if (sites_writes_code(job, store, &rva) &&
            !add_note(job, flow, store->rva, HVC_PRACTICE_CODE_MODIFICATION, false,
                      hvc_arena_printf(job->results,
                                       "writes to RVA 0x%X, which lies in an executable section",
                                       (unsigned)rva)))
            return false;
    }
    return true;
}

static bool look_at_controls(sites_job *job, const hvc_flow *flow)
{
    for (size_t i = 0; i < flow->controls.count; i++) {
        const hvc_flow_control *control = &flow->controls.items[i];
        hvc_frame frame = {.flow = flow};
        hvc_numbers numbers;
        if (control->number != 0)
            continue;
        hvc_resolve(job->analysis, &frame, control->value, job->analysis->isa->pointer_size,
                    &numbers);
        bool clear = numbers.why == HVC_UNKNOWN_NONE || (numbers.zeros & CR0_WRITE_PROTECT) != 0;
        for (unsigned k = 0; k < numbers.count; k++)
            clear &= (numbers.list[k] & CR0_WRITE_PROTECT) == 0;
        if (clear && !add_note(job, flow, control->rva, HVC_PRACTICE_CODE_MODIFICATION, false,
                               "CR0.WP is cleared: write protection is switched off"))
            return false;
    }
    return true;
}

static bool is_name(hvc_text text, const char *name)
{
    return text.size == strlen(name) && memcmp(text.data, name, text.size) == 0;
}

static bool calls_import(const sites_job *job, const hvc_flow_call *call, const char *name)
{
    uint32_t import;
    return sites_import_of_call(job, call, &import) &&
           is_name(job->analysis->image->imports.items[import].name, name);
}

/* Whether the MDL that a call made is mapped in the same function. */
static bool is_mapped(const sites_job *job, const hvc_flow *flow, uint32_t call_rva)
{
    for (size_t i = 0; i < flow->calls.count; i++) {
        const hvc_flow_call *call = &flow->calls.items[i];
        const hvc_term *mdl = hvc_term_of(&job->analysis->values, call->arguments[0]);
        if (mdl->kind == HVC_TERM_RESULT && mdl->number == call_rva &&
            (calls_import(job, call, "MmMapLockedPagesSpecifyCache") ||
             calls_import(job, call, "MmMapLockedPages")))
            return true;
    }
    return false;
}

static bool look_at_mdl(sites_job *job, const hvc_flow *flow, const hvc_flow_call *call)
{
    uint32_t rva;
    if (!calls_import(job, call, "IoAllocateMdl") ||
        !const_rva(job->analysis, call->arguments[0], &rva) ||
        !is_executable(job->analysis->image, rva))
        return true;
    bool mapped = is_mapped(job, flow, call->rva);
    return add_note(job, flow, call->rva, HVC_PRACTICE_CODE_MODIFICATION, !mapped,
                    hvc_arena_printf(job->results, "an MDL describes code (RVA 0x%X)%s",
                                     (unsigned)rva, mapped ? " and is mapped once more" : ""));
}

bool sites_describes_no_code(const sites_job *job, const hvc_flow_call *call, uint32_t import)
{
    const hvc_analysis *analysis = job->analysis;
    uint32_t rva;
    if (!is_name(analysis->image->imports.items[import].name, "IoAllocateMdl") ||
        hvc_value_is_lost(&analysis->values, call->arguments[0]))
        return false;
    return !const_rva(analysis, call->arguments[0], &rva) || !is_executable(analysis->image, rva);
}

/* -- data loaded as code -- */

/* Whether all numbers of an argument satisfy wanted (*ret_some: at least one does). */
static bool all_are(sites_job *job, const hvc_flow *flow, const hvc_flow_call *call,
                    unsigned argument, bool (*wanted)(uint64_t number), bool *ret_some)
{
    hvc_frame frame = {.flow = flow};
    hvc_numbers numbers;
    hvc_resolve(job->analysis, &frame, call->arguments[argument], 4, &numbers);
    bool all = numbers.why == HVC_UNKNOWN_NONE;
    *ret_some = false;
    for (unsigned i = 0; i < numbers.count; i++) {
        bool one = wanted(numbers.list[i]);
        all &= one;
        *ret_some |= one;
    }
    return all && *ret_some;
}

static bool is_image_section(uint64_t attributes)
{
    return (attributes & SEC_IMAGE_NO_EXECUTE) == SEC_IMAGE;
}

static bool is_loading_class(uint64_t information_class)
{
    return information_class == LOAD_GDI_DRIVER || information_class == EXTEND_SERVICE_TABLE;
}

static const char *const section_makers[] = {"ZwCreateSection", "NtCreateSection",
                                             "MmCreateSection"};

bool sites_may_be_plain(hvc_text import)
{
    return !sites_has_practice(import) || is_name(import, "IoAllocateMdl");
}

bool sites_has_practice(hvc_text import)
{
    for (size_t i = 0; i < sizeof(section_makers) / sizeof(*section_makers); i++)
        if (is_name(import, section_makers[i]))
            return true;
    return is_name(import, "IoAllocateMdl") || is_name(import, "ZwSetSystemInformation");
}

static bool makes_section(const sites_job *job, const hvc_flow_call *call)
{
    for (size_t i = 0; i < sizeof(section_makers) / sizeof(*section_makers); i++)
        if (calls_import(job, call, section_makers[i]))
            return true;
    return false;
}

static bool look_for_loads(sites_job *job, const hvc_flow *flow, const hvc_flow_call *call)
{
    bool some = false, all = false;
    const char *message;
    if (makes_section(job, call)) {
        all = all_are(job, flow, call, ATTRIBUTES_ARGUMENT, is_image_section, &some);
        message = "a section is created with SEC_IMAGE: a file is mapped as code";
    } else if (calls_import(job, call, "ZwSetSystemInformation")) {
        all = all_are(job, flow, call, 0, is_loading_class, &some);
        message = "ZwSetSystemInformation is asked to load an image";
    }
    return !some || add_note(job, flow, call->rva, HVC_PRACTICE_DATA_AS_CODE, !all, message);
}

bool sites_look_at_practice(sites_job *job, const hvc_flow *flow)
{
    if (!look_for_dynamic_code(job, flow) || !look_at_stores(job, flow) ||
        !look_at_controls(job, flow))
        return false;
    for (size_t i = 0; i < flow->calls.count; i++)
        if (!look_at_mdl(job, flow, &flow->calls.items[i]) ||
            !look_for_loads(job, flow, &flow->calls.items[i]))
            return false;
    return true;
}

/* -- where to look, besides the functions that call what matters -- */

/* mov cr0, reg */
static bool seed_control_writes(sites_job *job)
{
    const hvc_image *image = job->analysis->image;
    for (size_t i = 0; i < image->sections.count; i++) {
        const hvc_section *section = &image->sections.items[i];
        if ((section->characteristics & HVC_SCN_MEM_EXECUTE) == 0)
            continue;
        hvc_span bytes = hvc_image_span(image, section->rva, section->data_size);
        const uint8_t *at = bytes.data;
        for (size_t left = bytes.size; left >= 3;) {
            const uint8_t *found = memchr(at, 0x22, left);
            if (found == NULL)
                break;
            if (found > bytes.data && found[-1] == 0x0F && found + 1 < bytes.data + bytes.size &&
                (found[1] & 0xF8) == 0xC0 &&
                !sites_enqueue(job, section->rva + (uint32_t)(found - 1 - bytes.data)))
                return false;
            left -= (size_t)(found + 1 - at);
            at = found + 1;
        }
    }
    return true;
}

bool sites_wish_practice(sites_job *job)
{
    const hvc_image *image = job->analysis->image;
    for (size_t i = 0; i < image->sections.count; i++) {
        const hvc_section *section = &image->sections.items[i];
        if ((section->characteristics & HVC_SCN_MEM_EXECUTE) != 0 &&
            !sites_wish_stores(job, section->rva, section->rva + section->mapped_size))
            return false;
    }
    return true;
}

/* On ARM64 only where the base holds the address for certain. */
static bool may_store(const sites_job *job, const hvc_xref *reference)
{
    const hvc_isa *isa = job->analysis->isa;
    return hvc_xref_may_store(job->analysis->image, isa, reference->from) &&
           (isa != &hvc_isa_arm64 || reference->certain);
}

/* Instructions that write to an address in an executable section. */
static bool seed_stores(sites_job *job)
{
    hvc_analysis *analysis = job->analysis;
    const hvc_image *image = analysis->image;
    for (size_t i = 0; i < image->sections.count; i++) {
        const hvc_section *section = &image->sections.items[i];
        if ((section->characteristics & HVC_SCN_MEM_EXECUTE) == 0)
            continue;
        size_t count;
        const hvc_xref *references = hvc_xrefs_find(&job->references, section->rva,
                                                    section->rva + section->mapped_size, &count);
        for (size_t k = 0; k < count; k++)
            if (may_store(job, &references[k]) &&
                !sites_enqueue_point(job, SITES_POINT_STORE, &references[k]))
                return false;
    }
    return true;
}

bool sites_seed_practice(sites_job *job)
{
    bool x86 = job->analysis->isa->min_length == 1;
    return (!x86 || seed_control_writes(job)) && seed_stores(job);
}
