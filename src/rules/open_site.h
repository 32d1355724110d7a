/* What is open of a call site. Internal. */
#ifndef RULES_OPEN_SITE_H
#define RULES_OPEN_SITE_H

#include <hvcheck/driver.h>

typedef enum hvc_open_kind {
    HVC_OPEN_NOTHING,
    HVC_OPEN_ARGUMENT, /* what the deciding argument is */
    HVC_OPEN_CALLS,    /* where the function is called: its pointer or import is not followed */
    HVC_OPEN_LOOKUP,   /* which function is looked up by name */
    HVC_OPEN_METHOD,   /* whether it is this method that is called */
    HVC_OPEN_KIND_COUNT
} hvc_open_kind;

/* Whether the judgement leaves the verdict open. */
bool hvc_is_open(const hvc_call_site *site);

hvc_open_kind hvc_open_kind_of(const hvc_call_site *site);

#endif
