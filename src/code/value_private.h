/* Shared by the files that make values: terms and joins (value.c), arithmetic (value_alu.c). */
#ifndef CODE_VALUE_PRIVATE_H
#define CODE_VALUE_PRIVATE_H

#include "code/value.h"

/* The id of a term, which is added when the table has none like it. members: of a SET, sorted. */
hvc_value_id value_intern(hvc_values *values, const hvc_term *term, const hvc_value_id *members);
/* A value of the distinct ids in list, which gets sorted. */
hvc_value_id value_make_set(hvc_values *values, hvc_value_id *list, size_t count);
/* Adds id to list unless it is there; false when it has no room. */
bool value_add_distinct(hvc_value_id *list, size_t *count, size_t room, hvc_value_id id);

/* hvc_value_why of a term. */
static inline hvc_unknown value_why_of(const hvc_term *term)
{
    return term->kind == HVC_TERM_UNKNOWN ? (hvc_unknown)term->number
           : term->kind == HVC_TERM_RANGE ? (hvc_unknown)term->alu
                                          : HVC_UNKNOWN_NONE;
}

/* The widest number that a term can be, where it tells that itself. */
static inline bool value_upper_bound(const hvc_term *term, uint64_t *ret_last)
{
    if (term->kind != HVC_TERM_CONST && term->kind != HVC_TERM_RANGE &&
        term->kind != HVC_TERM_BOUND)
        return false;
    *ret_last = term->number;
    return true;
}

#endif
