/* The inside of the engine: how one driver is evaluated, shared by the single evaluation and the
 * scan. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <hvcheck/driver.h>
#include <hvcheck/evaluate.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/span.h"
#include "pe/image.h"

/* A driver and the memory that all it shows lies in. May be used again and again: each evaluation
 * forgets the one before. An hvc_driver of hvc_evaluate is the first member of one. */
typedef struct hvc_evaluation {
    hvc_driver driver;
    hvc_arena arena;
} hvc_evaluation;

/* Evaluates the image in bytes. With drivers_only an image of another kind is left alone:
 * *ret_passed_over is set and nothing more is done. */
hvc_status hvc_evaluation_run(hvc_evaluation *evaluation, hvc_hasher *hasher, hvc_span bytes,
                              const char *path, const hvc_options *options, bool drivers_only,
                              bool *ret_passed_over, hvc_error *error);
void hvc_evaluation_free(hvc_evaluation *evaluation);

/* What the imports tell beyond the impacted DDIs themselves. */
typedef struct hvc_hidden_calls {
    const char *why; /* one line; NULL when there is no way to hidden calls */
    const char
        *unfollowed; /* the part of it that the analysis of the code does not follow either */
    /* imports through which calls of a counter may hide */
    uint64_t counters[HVC_CALL_COUNTER_COUNT], unfollowed_counters[HVC_CALL_COUNTER_COUNT];
} hvc_hidden_calls;

/* Lists the impacted DDIs that the image imports, and the imports through which others may be
 * called. */
hvc_status hvc_evaluation_imports(hvc_evaluation *evaluation, const hvc_image *image,
                                  hvc_hidden_calls *ret_hidden, hvc_error *error);
/* Copies identity, sections and anomalies out of the image. */
hvc_status hvc_evaluation_describe(hvc_evaluation *evaluation, const hvc_image *image,
                                   hvc_error *error);

/* What a verdict rests on besides the driver's own lists. */
typedef struct hvc_doubts {
    bool damaged;       /* the image has an anomaly with HVC_ANOMALY_DOUBT */
    const char *damage; /* its message, NULL when it is not listed */
    const char *code;   /* why the code as a whole could not be judged, NULL when it could */
    hvc_hidden_calls hidden;
} hvc_doubts;

/* Fills in undetermined, both verdicts, load_since and undetermined_why from findings, counters,
 * ddis and call sites. False when memory is exhausted. */
bool hvc_driver_judge(hvc_driver *driver, const hvc_doubts *doubts, hvc_arena *arena);
/* Orders Windows versions: "1507" < "2004" < "20H2" < "21H1". Negative, zero or positive. */
int hvc_version_compare(const char *a, const char *b);

#endif
