/* The impacted DDIs that an image imports, and the imports behind which others may hide. */
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "code/methods.h"
#include "engine/engine.h"

/* Imports that lead to functions which the import table does not name. */
typedef enum gate_kind {
    GATE_TABLE,  /* to the DDIs reached by one way */
    GATE_LOOKUP, /* to any function, by a name that is known at run time only */
} gate_kind;

static const struct gate {
    const char *import;
    gate_kind kind;
    hvc_ddi_via via;
    bool followed; /* by the analysis of the code, where there is one */
} gates[] = {
    {"FltGetRoutineAddress", GATE_LOOKUP, HVC_VIA_COUNT, true},
    {"MmGetSystemRoutineAddress", GATE_LOOKUP, HVC_VIA_COUNT, true},
    {"NdisGetRoutineAddress", GATE_LOOKUP, HVC_VIA_COUNT, true},
    {"PcNewPort", GATE_TABLE, HVC_VIA_METHOD, false},
    {"StorPortExtendedFunction", GATE_TABLE, HVC_VIA_EXTENDED, true},
    {"WdfVersionBind", GATE_TABLE, HVC_VIA_WDF, true},
};

static bool text_is(hvc_text text, const char *name)
{
    return text.size == strlen(name) && memcmp(text.data, name, text.size) == 0;
}

static bool same_name(hvc_text text, const char *name)
{
    if (text.size != strlen(name))
        return false;
    for (size_t i = 0; i < text.size; i++) {
        char a = text.data[i], b = name[i];
        a = (char)(a >= 'A' && a <= 'Z' ? a + 32 : a);
        b = (char)(b >= 'A' && b <= 'Z' ? b + 32 : b);
        if (a != b)
            return false;
    }
    return true;
}

/* The call counters, as bits, that DDIs reached by via feed (HVC_VIA_COUNT: by any way). */
static unsigned counters_by_way(hvc_ddi_via via)
{
    size_t count = 0;
    unsigned bits = 0;
    const hvc_ddi *ddis = hvc_ddis(&count);
    for (size_t i = 0; i < count; i++)
        if ((via == HVC_VIA_COUNT || ddis[i].via == via) &&
            ddis[i].counter < HVC_CALL_COUNTER_COUNT && ddis[i].argument >= 0)
            bits |= 1u << ddis[i].counter;
    return bits;
}

/* The call counters that functions of a module feed. */
static unsigned counters_of_module(hvc_text module)
{
    size_t count = 0;
    unsigned bits = 0;
    const hvc_ddi *ddis = hvc_ddis(&count);
    for (size_t i = 0; i < count; i++)
        if (ddis[i].via == HVC_VIA_IMPORT && ddis[i].counter < HVC_CALL_COUNTER_COUNT &&
            ddis[i].argument >= 0 && same_name(module, ddis[i].module))
            bits |= 1u << ddis[i].counter;
    return bits;
}

static const struct gate *gate_of(hvc_text name)
{
    for (size_t i = 0; i < sizeof(gates) / sizeof(*gates); i++)
        if (text_is(name, gates[i].import))
            return &gates[i];
    return NULL;
}

/* What was found behind which no judgement reaches, while the imports are gone through. */
typedef struct hidden_state {
    uint64_t counters[HVC_CALL_COUNTER_COUNT], unfollowed[HVC_CALL_COUNTER_COUNT];
    unsigned gates; /* bit per gate that is imported */
    uint64_t ordinals;
    uint32_t ordinal_module; /* of the module looked at last */
    unsigned ordinal_bits;
    bool ordinal_known;
} hidden_state;

static void add_bits(hidden_state *state, unsigned bits, bool followed)
{
    for (unsigned i = 0; i < HVC_CALL_COUNTER_COUNT; i++) {
        state->counters[i] += bits >> i & 1;
        state->unfollowed[i] += followed ? 0 : bits >> i & 1;
    }
}

static void note_gate(hidden_state *state, const struct gate *gate)
{
    unsigned bits = counters_by_way(gate->via);
    if (bits == 0)
        return;
    state->gates |= 1u << (gate - gates);
    add_bits(state, bits, gate->followed);
}

static void note_ordinal(hidden_state *state, const hvc_image *image, uint32_t module)
{
    if (!state->ordinal_known || state->ordinal_module != module) {
        state->ordinal_known = true;
        state->ordinal_module = module;
        state->ordinal_bits = module < image->modules.count
                                  ? counters_of_module(image->modules.items[module].name)
                                  : 0;
    }
    if (state->ordinal_bits == 0)
        return;
    state->ordinals++;
    add_bits(state, state->ordinal_bits, false);
}

/* What is hidden in one line, into *ret_why; NULL when nothing is. */
static bool tell(const hidden_state *state, bool unfollowed_only, hvc_arena *arena,
                 const char **ret_why)
{
    hvc_buffer why = HVC_BUFFER_INIT;
    for (unsigned i = 0; i < sizeof(gates) / sizeof(*gates); i++) {
        if ((state->gates >> i & 1) == 0 || (unfollowed_only && gates[i].followed))
            continue;
        hvc_buffer_printf(&why, "%s%s", why.size > 0 ? ", " : "calls through ", gates[i].import);
    }
    if (why.size > 0)
        hvc_buffer_puts(&why, " are not followed");
    if (state->ordinals > 0)
        hvc_buffer_printf(&why, "%s%llu imports by ordinal have no name", why.size > 0 ? "; " : "",
                          (unsigned long long)state->ordinals);
    *ret_why = NULL;
    bool done = !why.failed;
    if (done && why.size > 0) {
        *ret_why = hvc_arena_text(arena, (hvc_text){why.data, why.size});
        done = *ret_why != NULL;
    }
    hvc_buffer_free(&why);
    return done;
}

static bool tell_hidden(const hidden_state *state, hvc_arena *arena, hvc_hidden_calls *ret_hidden)
{
    memcpy(ret_hidden->counters, state->counters, sizeof(ret_hidden->counters));
    memcpy(ret_hidden->unfollowed_counters, state->unfollowed, sizeof(state->unfollowed));
    return tell(state, false, arena, &ret_hidden->why) &&
           tell(state, true, arena, &ret_hidden->unfollowed);
}

hvc_status hvc_evaluation_imports(hvc_evaluation *evaluation, const hvc_image *image,
                                  hvc_hidden_calls *ret_hidden, hvc_error *error)
{
    hvc_arena *arena = &evaluation->arena;
    HVC_VECTOR(hvc_imported_ddi) list = {NULL, 0, 0};
    hidden_state hidden = {.gates = 0};
    uint32_t named_module =
        UINT32_MAX; /* imports of a module follow each other: its name is copied once */
    const char *module_name = NULL;
    for (size_t i = 0; i < image->imports.count; i++) {
        const hvc_import *import = &image->imports.items[i];
        if (import->name.data == NULL) {
            note_ordinal(&hidden, image, import->module);
            continue;
        }
        const struct gate *gate = gate_of(import->name);
        if (gate != NULL && (gate->via != HVC_VIA_METHOD || hvc_may_have_methods(image)))
            note_gate(&hidden, gate);
        const hvc_ddi *ddi = hvc_ddi_of_import(import->name);
        if (ddi == NULL || import->module >= image->modules.count)
            continue;
        const hvc_import_module *module = &image->modules.items[import->module];
        if (module_name == NULL || named_module != import->module) {
            module_name = hvc_arena_text(arena, module->name);
            named_module = import->module;
        }
        hvc_imported_ddi *item = hvc_vector_add(arena, &list);
        if (item == NULL || module_name == NULL)
            return hvc_fail_memory(error);
        *item = (hvc_imported_ddi){
            .ddi = ddi,
            .module = module_name,
            .slot = import->slot,
            .delay = module->kind == HVC_IMPORT_DELAY,
        };
    }
    if (!tell_hidden(&hidden, arena, ret_hidden))
        return hvc_fail_memory(error);
    evaluation->driver.ddis = list.items;
    evaluation->driver.ddi_count = list.count;
    return HVC_OK;
}
