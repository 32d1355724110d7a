/* Calls of the methods of objects, by their place in the object's table. Where it is known what was
 * asked for when the object was given, the call is proven; of others only guilty arguments are
 * told, and only as possible. */
#include "code/judge.h"
#include "code/methods.h"
#include "code/sites.h"

/* Whether an instruction in [low, high) may load the entry at distance of a table: a disp8 behind
 * the ModRM byte of a load, call or jump, or behind its SIB byte; the scaled offset of ldr xt. */
static bool may_load(const hvc_analysis *analysis, uint32_t low, uint32_t high, uint32_t distance)
{
    hvc_span bytes = hvc_image_span(analysis->image, low, high - low);
    if (analysis->isa->min_length == 4) {
        for (size_t i = 0; i + 4 <= bytes.size; i += 4) {
            uint32_t word = hvc_le32(bytes.data + i);
            if ((word & 0xFFC00000) == 0xF9400000 && (word >> 10 & 0xFFF) == distance / 8)
                return true;
        }
        return false;
    }
    for (size_t i = 0; i + 3 < bytes.size; i++) {
        const uint8_t *at = bytes.data + i;
        bool has_sib = (at[1] & 7) == 4;
        if ((at[0] == 0x8B || at[0] == 0xFF) && at[1] >> 6 == 1 && at[has_sib ? 3 : 2] == distance)
            return true;
    }
    return false;
}

static bool seed(sites_job *job, const hvc_ddi *ddi)
{
    hvc_analysis *analysis = job->analysis;
    uint32_t distance = ddi->slot * analysis->isa->pointer_size;
    for (size_t i = 0; i < analysis->map.functions.count; i++) {
        const hvc_code_function *part = &analysis->map.functions.items[i];
        if (may_load(analysis, part->begin, part->end, distance) &&
            !sites_enqueue(job, part->group))
            return false;
    }
    return true;
}

bool sites_seed_methods(sites_job *job)
{
    size_t count;
    const hvc_ddi *ddis = hvc_ddis(&count);
    for (size_t i = 0; i < count; i++) {
        if (!hvc_may_have_method(job->analysis->image, &ddis[i]))
            continue;
        if (job->method_count == SITES_MAX_METHODS) {
            job->cut = true;
            break;
        }
        job->methods[job->method_count++] = &ddis[i];
        if (!seed(job, &ddis[i]))
            return false;
    }
    return true;
}

/* Adds what may be stored in a variable to what is known of its object; false when that is no
 * object or another one. NULL is none that could be called. */
static bool add_stored(const hvc_values *values, hvc_value_id stored, hvc_object *object)
{
    size_t count;
    const hvc_value_id *members = hvc_value_members(values, &stored, &count);
    for (size_t i = 0; i < count; i++) {
        const hvc_term *term = hvc_term_of(values, members[i]);
        if (term->kind == HVC_TERM_CONST && term->number == 0)
            continue;
        if (term->kind != HVC_TERM_OBJECT ||
            (*object != HVC_OBJECT_UNKNOWN && *object != term->number))
            return false;
        *object = (hvc_object)term->number;
    }
    return true;
}

/* What a variable of the driver holds, when it holds anything. */
static hvc_object object_in(hvc_analysis *analysis, uint32_t rva)
{
    uint8_t size = (uint8_t)analysis->isa->pointer_size, bytes[8] = {0};
    const hvc_section *section = hvc_image_section_at(analysis->image, rva);
    if (section == NULL || (section->characteristics & HVC_SCN_MEM_WRITE) == 0 ||
        !hvc_image_read(analysis->image, rva, bytes, size) || hvc_le64(bytes) != 0)
        return HVC_OBJECT_UNKNOWN;
    hvc_global global;
    hvc_object object = HVC_OBJECT_UNKNOWN;
    hvc_global_look(analysis, rva, size, &global);
    for (unsigned i = 0; i < global.count; i++)
        if (!add_stored(&analysis->values, global.writers[i].store->value, &object))
            return HVC_OBJECT_UNKNOWN;
    return global.why == HVC_UNKNOWN_NONE ? object : HVC_OBJECT_UNKNOWN;
}

/* What is known of an object; BASE tells nothing of its further methods. */
static hvc_object object_of(hvc_analysis *analysis, hvc_value_id value)
{
    const hvc_term *term = hvc_term_of(&analysis->values, value);
    hvc_object object = HVC_OBJECT_UNKNOWN;
    uint64_t address;
    uint32_t rva;
    if (term->kind == HVC_TERM_OBJECT)
        object = (hvc_object)term->number;
    else if (term->kind == HVC_TERM_LOAD && term->size == analysis->isa->pointer_size &&
             hvc_value_is_const(&analysis->values, term->a, &address) &&
             hvc_image_rva_of(analysis->image, address, &rva))
        object = object_in(analysis, rva);
    return object == HVC_OBJECT_BASE ? HVC_OBJECT_UNKNOWN : object;
}

/* Takes the target of a method call apart; false when it is none. */
static bool take_apart(hvc_analysis *analysis, hvc_value_id target, hvc_object *ret_object,
                       int32_t *ret_distance)
{
    uint32_t pointer = analysis->isa->pointer_size;
    const hvc_term *method = hvc_term_of(&analysis->values, target);
    if (method->kind != HVC_TERM_LOAD || method->size != pointer)
        return false;
    const hvc_term *table = hvc_term_of(&analysis->values, method->a);
    if (table->kind != HVC_TERM_LOAD || table->size != pointer || table->offset != 0)
        return false;
    *ret_distance = method->offset;
    *ret_object = object_of(analysis, table->a);
    return true;
}

const hvc_ddi *sites_method_ddi(const sites_job *job, hvc_value_id target)
{
    hvc_object object;
    int32_t distance;
    if (job->method_count == 0 || !take_apart(job->analysis, target, &object, &distance))
        return NULL;
    for (unsigned i = 0; i < job->method_count; i++) {
        const hvc_ddi *ddi = job->methods[i];
        if ((int64_t)ddi->slot * job->analysis->isa->pointer_size == distance &&
            (object == HVC_OBJECT_UNKNOWN || hvc_object_has(object, ddi)))
            return ddi;
    }
    return NULL;
}

/* The first argument behind the object is where the result goes, or the pool type: where another
 * interface has a method in the same place, it mostly is a GUID or a text. */
static bool is_other_method(const hvc_analysis *analysis, const hvc_flow_call *call)
{
    uint64_t address;
    uint32_t rva;
    if (!hvc_value_is_const(&analysis->values, call->arguments[1], &address) ||
        !hvc_image_rva_of(analysis->image, address, &rva))
        return false;
    const hvc_section *section = hvc_image_section_at(analysis->image, rva);
    return section != NULL && (section->characteristics & HVC_SCN_MEM_WRITE) == 0;
}

bool sites_add_method(sites_job *job, const hvc_flow *flow, const hvc_flow_call *call,
                      const hvc_ddi *ddi)
{
    /* Of several values that the target can be, one alone proves nothing of the call. */
    hvc_object object;
    int32_t distance;
    bool proven =
        take_apart(job->analysis, call->target, &object, &distance) && object != HVC_OBJECT_UNKNOWN;
    if (!proven && is_other_method(job->analysis, call))
        return true;
    if (!sites_add(job, flow, call, ddi, "method"))
        return false;
    if (proven)
        return true;
    hvc_call_site *site = &job->sites.items[job->sites.count - 1];
    if (site->judgement == HVC_JUDGEMENT_VIOLATION)
        site->judgement = HVC_JUDGEMENT_POSSIBLE;
    else if (site->judgement != HVC_JUDGEMENT_POSSIBLE)
        job->sites.count--;
    return true;
}

bool sites_guess_method(sites_job *job, const hvc_flow *flow, const hvc_flow_call *call,
                        const hvc_ddi *ddi)
{
    hvc_object object;
    int32_t distance;
    if (take_apart(job->analysis, call->target, &object, &distance) && object != HVC_OBJECT_UNKNOWN)
        return sites_add_open(job, flow, call->rva, ddi, "method",
                              hvc_unknown_text(HVC_UNKNOWN_FLOW));
    return sites_add_method(job, flow, call, ddi);
}
