/* Functions looked up at run time: which names a call of MmGetSystemRoutineAddress may ask for. */
#include <string.h>

#include "code/analysis.h"

enum { MAX_LOOKED_UP_NAME = 128 };

/* The text at rva in units of size bytes as ASCII; NULL when it is none. */
static const char *read_units(hvc_analysis *analysis, uint32_t rva, uint32_t size)
{
    char name[MAX_LOOKED_UP_NAME];
    for (uint32_t i = 0; i < sizeof(name); i++) {
        uint8_t unit[2] = {0, 0};
        if (!hvc_image_read(analysis->image, rva + i * size, unit, size) || unit[1] != 0 ||
            unit[0] > 0x7E || (unit[0] < 0x20 && unit[0] != 0))
            return NULL;
        name[i] = (char)unit[0];
        if (unit[0] == 0)
            return i == 0 ? NULL : hvc_arena_strdup(&analysis->arena, name);
    }
    return NULL;
}

/* UTF-16 text has a zero in every other byte, and a function's name has more than one character. */
static const char *read_name(hvc_analysis *analysis, uint32_t rva)
{
    const char *name = read_units(analysis, rva, 2);
    return name != NULL ? name : read_units(analysis, rva, 1);
}

static void add_name(hvc_analysis *analysis, uint64_t address, hvc_looked_up *names)
{
    uint32_t rva;
    const char *name = NULL;
    if (hvc_image_rva_of(analysis->image, address, &rva))
        name = read_name(analysis, rva);
    if (name == NULL || names->count == HVC_LOOKED_UP)
        names->complete = false;
    else
        names->list[names->count++] = name;
}

/* The texts that a pointer can point to. 0 is what a variable holds before it is set. */
static void add_pointers(hvc_analysis *analysis, const hvc_numbers *pointers, hvc_looked_up *names)
{
    if (pointers->why != HVC_UNKNOWN_NONE)
        names->complete = false;
    for (unsigned i = 0; i < pointers->count; i++)
        if (pointers->list[i] != 0)
            add_name(analysis, pointers->list[i], names);
}

/* The UNICODE_STRING at each address that argument 0 can be: its Buffer. */
static void add_strings(hvc_analysis *analysis, const hvc_numbers *strings, hvc_looked_up *names)
{
    uint8_t pointer = analysis->isa->pointer_size;
    if (strings->why != HVC_UNKNOWN_NONE)
        names->complete = false;
    for (unsigned i = 0; i < strings->count; i++) {
        uint32_t rva;
        hvc_numbers buffers = {.count = 0};
        if (!hvc_image_rva_of(analysis->image, strings->list[i], &rva)) {
            names->complete = false;
            continue;
        }
        hvc_resolve_global(analysis, rva + pointer, pointer, 0, &buffers);
        add_pointers(analysis, &buffers, names);
    }
}

void hvc_resolve_names(hvc_analysis *analysis, const hvc_flow *flow, const hvc_flow_call *call,
                       bool ansi, hvc_looked_up *ret_names)
{
    uint8_t pointer = analysis->isa->pointer_size;
    hvc_frame frame = {.flow = flow};
    hvc_numbers numbers;
    memset(ret_names, 0, sizeof(*ret_names));
    ret_names->complete = true;
    bool on_stack = hvc_term_of(&analysis->values, call->arguments[0])->kind == HVC_TERM_STACK;
    hvc_resolve(analysis, &frame, on_stack ? call->name : call->arguments[0], pointer, &numbers);
    if (on_stack || ansi)
        add_pointers(analysis, &numbers, ret_names);
    else
        add_strings(analysis, &numbers, ret_names);
    if (ret_names->count == 0)
        ret_names->complete = false;
}
