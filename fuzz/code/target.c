/* Opens the input as an image and examines its code: whatever that is, the report of it keeps its
 * promises. Under libFuzzer the mutations go where code is; the headers have a target of their own.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hvcheck/image.h>

#include "base/arena.h"
#include "code/code.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

#define PROMISE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

enum { MAX_NUMBERS = 16, MAX_EVIDENCE = 6 };

static bool is_code(const hvc_image *image, uint32_t rva)
{
    const hvc_section *section = hvc_image_section_at(image, rva);
    return section != NULL && (section->characteristics & HVC_SCN_MEM_EXECUTE) != 0;
}

static bool is_slot(const hvc_image *image, uint32_t rva)
{
    size_t count;
    const hvc_import *imports = hvc_image_imports(image, &count);
    for (size_t i = 0; i < count; i++)
        if (imports[i].slot == rva)
            return true;
    return false;
}

/* In code, or, for what no code refers to, at the slot of the import. What is said of KMDF as a
 * whole stands at the entry point, wherever that points. */
static void check_place(const hvc_image *image, const hvc_call_site *site)
{
    bool is_wdf = strcmp(site->form, "wdf") == 0;
    if (site->function != NULL)
        PROMISE(is_code(image, site->rva) && is_code(image, site->function_rva));
    else
        PROMISE(is_slot(image, site->rva) ||
                (is_wdf && site->rva == hvc_image_headers(image)->entry_point));
    uint32_t offset;
    if (hvc_image_file_offset(image, site->rva, &offset))
        PROMISE(site->file_offset == offset);
}

/* How many values are guilty. */
static size_t check_values(const hvc_call_site *site)
{
    size_t guilty = 0;
    PROMISE(site->value_count <= MAX_NUMBERS);
    for (size_t i = 0; i < site->value_count; i++) {
        const hvc_value *value = &site->values[i];
        PROMISE(value->name != NULL && value->name[0] != '\0');
        PROMISE(i == 0 || site->values[i - 1].number < value->number);
        guilty += hvc_ddi_violates(site->ddi, value->number);
    }
    return guilty;
}

static void check_judgement(const hvc_call_site *site)
{
    size_t guilty = check_values(site), innocent = site->value_count - guilty;
    bool open = site->open != NULL, counted = site->ddi->counter < HVC_CALL_COUNTER_COUNT;
    PROMISE(!open || site->open[0] != '\0');
    PROMISE(!site->harmless || guilty > 0 || open);
    switch (site->judgement) {
    case HVC_JUDGEMENT_OK:
        PROMISE(guilty == 0);
        PROMISE(site->ddi->argument < 0 || open || innocent > 0);
        break;
    case HVC_JUDGEMENT_VIOLATION:
        PROMISE(counted && innocent == 0 && (guilty > 0 || open));
        break;
    case HVC_JUDGEMENT_POSSIBLE:
        PROMISE(counted && (guilty > 0 || open) &&
                (innocent > 0 || open || site->ddi->via == HVC_VIA_METHOD));
        break;
    case HVC_JUDGEMENT_UNDETERMINED:
        PROMISE(open && guilty == 0);
        break;
    case HVC_JUDGEMENT_ADVICE:
        PROMISE(!counted && (guilty > 0 || open || site->ddi->argument < 0));
        break;
    default:
        PROMISE(!"a judgement");
    }
}

static void check_report(const hvc_image *image, const hvc_code_report *report)
{
    PROMISE(report->examined || (report->call_site_count == 0 && report->note_count == 0));
    PROMISE(!report->examined || report->nx_opt_in != NULL);
    for (size_t i = 0; i < report->call_site_count; i++) {
        const hvc_call_site *site = &report->call_sites[i], *last = site - 1;
        PROMISE(site->ddi != NULL && site->form != NULL && site->form[0] != '\0');
        PROMISE(i == 0 || last->rva < site->rva ||
                (last->rva == site->rva && last->ddi < site->ddi));
        check_place(image, site);
        check_judgement(site);
        PROMISE(site->evidence_count <= MAX_EVIDENCE);
        for (size_t k = 0; k < site->evidence_count; k++)
            PROMISE(site->evidence[k] != NULL && site->evidence[k][0] != '\0');
    }
    for (size_t i = 0; i < report->note_count; i++) {
        const hvc_code_note *note = &report->notes[i];
        PROMISE(i == 0 || note[-1].rva <= note->rva);
        PROMISE(note->message != NULL && note->message[0] != '\0');
        PROMISE(strchr(note->message, '\n') == NULL);
        PROMISE(is_code(image, note->rva) || is_slot(image, note->rva));
    }
}

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void check_same(const hvc_code_report *a, const hvc_code_report *b)
{
    PROMISE(a->examined == b->examined && same_text(a->nx_opt_in, b->nx_opt_in));
    PROMISE(same_text(a->undetermined_why, b->undetermined_why));
    PROMISE(a->call_site_count == b->call_site_count && a->note_count == b->note_count);
    for (size_t i = 0; i < a->call_site_count; i++) {
        const hvc_call_site *x = &a->call_sites[i], *y = &b->call_sites[i];
        PROMISE(x->rva == y->rva && x->ddi == y->ddi && x->judgement == y->judgement);
        PROMISE(x->function_rva == y->function_rva && x->harmless == y->harmless);
        PROMISE(same_text(x->form, y->form) && same_text(x->written, y->written));
        PROMISE(same_text(x->origin, y->origin) && same_text(x->open, y->open));
        PROMISE(x->value_count == y->value_count);
        for (size_t k = 0; k < x->value_count; k++)
            PROMISE(x->values[k].number == y->values[k].number);
    }
    for (size_t i = 0; i < a->note_count; i++)
        PROMISE(a->notes[i].rva == b->notes[i].rva && a->notes[i].kind == b->notes[i].kind &&
                same_text(a->notes[i].message, b->notes[i].message));
}

static void examine(const hvc_image *image)
{
    hvc_code_report report[2] = {0};
    hvc_arena results[2];
    hvc_error error = {0};
    for (int i = 0; i < 2; i++) {
        results[i] = (hvc_arena){0};
        /* Evidence is more text, and changes nothing else. */
        PROMISE(hvc_code_examine(image, i == 0, &results[i], &report[i], &error) == HVC_OK);
        PROMISE(!results[i].failed);
        check_report(image, &report[i]);
    }
    check_same(&report[0], &report[1]);
    hvc_arena_free(&results[0]);
    hvc_arena_free(&results[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hvc_image *image = NULL;
    hvc_error error = {0};
    if (hvc_image_open(data, size, &image, &error) != HVC_OK)
        return 0;
    examine(image);
    hvc_image_free(image);
    return 0;
}

static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

typedef struct place { /* of file bytes that are changed */
    size_t offset, size;
} place;

/* The file bytes of a section, mostly of an executable one. */
static place choose_place(const hvc_image *image, size_t size, uint32_t *random)
{
    size_t count;
    const hvc_section *sections = hvc_image_sections(image, &count);
    bool any = next_random(random) % 8 == 0;
    uint32_t first = next_random(random);
    for (size_t i = 0; i < count; i++) {
        const hvc_section *section = &sections[(first + i) % count];
        if (section->data_size >= 16 &&
            (any || (section->characteristics & HVC_SCN_MEM_EXECUTE) != 0))
            return (place){section->data_offset, section->data_size};
    }
    return (place){0, size};
}

/* One change of the bytes in [0, size): as small as one bit, as large as some instructions. */
static void change(uint8_t *bytes, size_t size, uint32_t *random)
{
    static const uint8_t starts[] = {0xe8, 0xe9, 0xeb, 0xff, 0x8b, 0x89, 0x8d, 0x48,
                                     0x0f, 0xb9, 0xba, 0x31, 0xc3, 0xf3, 0x74, 0x83};
    size_t at = next_random(random) % size, run = next_random(random) % 24 + 1;
    size_t from = next_random(random) % size;
    uint32_t number = next_random(random);
    switch (next_random(random) % 6) {
    case 0:
        bytes[at] ^= (uint8_t)(1u << number % 8);
        break;
    case 1:
        bytes[at] = (uint8_t)number;
        break;
    case 2:
        bytes[at] = starts[number % sizeof(starts)];
        break;
    case 3: /* an instruction of ARM64, or an immediate */
        at &= ~(size_t)3;
        for (size_t i = 0; i < 4 && at + i < size; i++)
            bytes[at + i] ^= (uint8_t)((number & number >> 16 << 8) >> 8 * i);
        break;
    case 4: /* instructions from elsewhere */
        if (number % 2 == 0) {
            at &= ~(size_t)3;
            from &= ~(size_t)3;
            run = (run + 3) & ~(size_t)3;
        }
        run = run < size - at ? run : size - at;
        run = run < size - from ? run : size - from;
        memmove(bytes + at, bytes + from, run);
        break;
    default: /* a distance: a call or a jump that goes elsewhere */
        if (size - at >= 4) {
            uint32_t distance = (uint32_t)from - (uint32_t)at - 4;
            for (size_t i = 0; i < 4; i++)
                bytes[at + i] = (uint8_t)(distance >> 8 * i);
        }
        break;
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    uint32_t random = seed * 2654435761u | 1;
    hvc_image *image = NULL;
    hvc_error error = {0};
    (void)max_size;
    if (size == 0 || hvc_image_open(data, size, &image, &error) != HVC_OK)
        return size;
    for (uint32_t i = next_random(&random) % 8 + 1; i > 0; i--) {
        place where = choose_place(image, size, &random);
        change(data + where.offset, where.size, &random);
    }
    hvc_image_free(image);
    return size;
}
