/* Reads the input as one chunk of an event log, behind a file header that is made here (mutations
 * of the header's 4 KiB would be wasted), with what the reader promises: texts end, records are
 * counted once, a chunk costs no more than its budget. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/evtx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PROMISE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

enum { HEADER = 4096 };

static hvc_status take(void *context, const hvc_evtx_event *event)
{
    uint64_t *events = context;
    (*events)++;
    PROMISE(event->provider != NULL && strlen(event->provider) <= 3 * 65536);
    for (size_t i = 0; i < event->field_count; i++) {
        const hvc_evtx_field *field = &event->fields[i];
        PROMISE(field->name != NULL && strlen(field->name) <= 3 * 65536);
        PROMISE(field->text == NULL || !field->is_number);
        PROMISE(field->is_number || field->number == 0);
        if (field->text != NULL)
            PROMISE(strlen(field->text) <= 3 * 65536);
        PROMISE(hvc_evtx_field_of(event, field->name) != NULL);
    }
    return HVC_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *file = calloc(1, HEADER + size);
    if (file == NULL)
        return 0;
    memcpy(file, "ElfFile", 8);
    file[42] = 1;
    if (size > 0)
        memcpy(file + HEADER, data, size);
    uint64_t events = 0;
    hvc_evtx_summary summary = {0, 0};
    hvc_error error = {0};
    hvc_status status =
        hvc_evtx_read((hvc_span){file, HEADER + size}, take, &events, &summary, &error);
    PROMISE(status == HVC_OK);
    PROMISE(summary.events == events && events + summary.damaged <= size / 28 + 1);
    free(file);
    return 0;
}
