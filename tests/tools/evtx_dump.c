/* Prints the events of a log for comparison with other readers: evtx_dump FILE. Per event "event
 * RECORD TIME ID PROVIDER", per field "field NAME s TEXT", "field NAME n NUMBER" or "field NAME -";
 * names and texts in hexadecimal (UTF-8). At the end "summary EVENTS DAMAGED". */
#include <inttypes.h>
#include <stdio.h>

#include "base/file.h"
#include "machine/evtx.h"

static void print_hex(const char *text)
{
    for (; *text != 0; text++)
        printf("%02x", (unsigned char)*text);
}

static hvc_status print_event(void *context, const hvc_evtx_event *event)
{
    (void)context;
    printf("event %" PRIu64 " %" PRIu64 " %" PRIu32 " ", event->record, event->time, event->id);
    print_hex(event->provider);
    printf("\n");
    for (size_t i = 0; i < event->field_count; i++) {
        const hvc_evtx_field *field = &event->fields[i];
        printf("field ");
        print_hex(field->name);
        printf(field->text != NULL ? " s " : field->is_number ? " n " : " -");
        if (field->text != NULL)
            print_hex(field->text);
        else if (field->is_number)
            printf("%" PRIu64, field->number);
        printf("\n");
    }
    return HVC_OK;
}

int main(int argc, char **argv)
{
    hvc_bytes bytes = HVC_BYTES_INIT;
    hvc_error error = {0};
    hvc_evtx_summary summary = {0, 0};
    hvc_status status = hvc_file_read(argc > 1 ? argv[1] : "", &bytes, &error);
    if (status == HVC_OK)
        status = hvc_evtx_read(hvc_bytes_span(&bytes), print_event, NULL, &summary, &error);
    if (status == HVC_OK)
        printf("summary %" PRIu64 " %" PRIu64 "\n", summary.events, summary.damaged);
    else
        printf("error %s\n", error.message);
    hvc_bytes_free(&bytes);
    return status == HVC_OK ? 0 : 1;
}
