/* Reading a Windows event log (an .evtx file): of each record the event's number, provider, time,
 * and the named data. Whatever is damaged is passed over and counted; the rest is still read. */
#ifndef MACHINE_EVTX_H
#define MACHINE_EVTX_H

#include <hvcheck/status.h>

#include "base/arena.h"
#include "base/span.h"

/* A <Data Name="...">. */
typedef struct hvc_evtx_field {
    const char *name;
    const char *text; /* of a string, else NULL */
    uint64_t number;  /* of an integer, else 0 */
    bool is_number;
} hvc_evtx_field;

typedef struct hvc_evtx_event {
    uint64_t record; /* its number in the log */
    uint64_t time;   /* FILETIME */
    uint32_t id;
    const char *provider; /* "" when it has none */
    const hvc_evtx_field *fields;
    size_t field_count;
} hvc_evtx_event;

typedef struct hvc_evtx_summary {
    uint64_t events;  /* given to the sink */
    uint64_t damaged; /* records and chunks that could not be read */
} hvc_evtx_summary;

/* The event and its texts are valid during the call. Anything but HVC_OK ends the reading. */
typedef hvc_status (*hvc_evtx_sink)(void *context, const hvc_evtx_event *event);

/* Records come in the order of the file, which in a log that went around is not that of time.
 * HVC_E_MALFORMED when the file is no event log. */
hvc_status hvc_evtx_read(hvc_span file, hvc_evtx_sink sink, void *context,
                         hvc_evtx_summary *ret_summary, hvc_error *error);

/* The field of this name, or NULL. */
const hvc_evtx_field *hvc_evtx_field_of(const hvc_evtx_event *event, const char *name);

#endif
