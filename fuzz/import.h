/* What the targets share that import facts: whatever the bytes, facts keep their promises. */
#ifndef FUZZ_IMPORT_H
#define FUZZ_IMPORT_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "machine/probe.h"

#define PROMISE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static inline void promise_text(const char *text)
{
    PROMISE(text != NULL);
    for (size_t size = strlen(text); size > 0;) {
        unsigned code_point;
        size_t used = hvc_utf8_decode(text, size, &code_point);
        PROMISE(used > 0);
        text += used;
        size -= used;
    }
}

static inline void promise_facts(const hvc_facts *facts)
{
    for (unsigned id = 0; id < HVC_FACT_COUNT; id++) {
        const hvc_fact *fact = &facts->items[id];
        hvc_fact_type type = hvc_fact_info_of((hvc_fact_id)id)->type;
        if (fact->state == HVC_FACT_UNAVAILABLE)
            promise_text(fact->why);
        if (fact->state != HVC_FACT_KNOWN)
            continue;
        promise_text(fact->source);
        if (type == HVC_FACT_TYPE_TEXT)
            promise_text(fact->text);
        for (size_t i = 0; type == HVC_FACT_TYPE_NUMBERS && i + 1 < fact->number_count; i++)
            PROMISE(fact->numbers[i] <= fact->numbers[i + 1]);
    }
    for (size_t i = 0; i < facts->service_count; i++)
        promise_text(facts->services[i].name);
}

typedef hvc_status import_function(hvc_facts_builder *builder, hvc_span bytes, hvc_error *error);

/* Returns whether the bytes were taken. */
static inline bool import_input(import_function *import, const uint8_t *data, size_t size)
{
    hvc_facts_builder builder;
    hvc_error error = {0};
    hvc_facts_init(&builder, "imported", "input");
    hvc_status status = import(&builder, (hvc_span){data, size}, &error);
    if (status == HVC_OK) {
        PROMISE(!builder.misused && hvc_facts_finish(&builder) == HVC_OK);
        promise_facts(&builder.facts);
        for (unsigned id = 0; id < HVC_FACT_COUNT; id++)
            PROMISE(builder.facts.items[id].state != HVC_FACT_UNASKED);
    } else {
        PROMISE(error.status == status && error.message[0] != 0);
        PROMISE(!error.has_offset || error.offset <= size);
        for (unsigned id = 0; id < HVC_FACT_COUNT; id++)
            PROMISE(builder.facts.items[id].state == HVC_FACT_UNASKED);
    }
    hvc_facts_free(&builder);
    return status == HVC_OK;
}

#endif
