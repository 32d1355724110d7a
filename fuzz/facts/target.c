/* Reads the input as a facts file. What was read must survive being written and read again: the
 * second writing is the first, letter by letter. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PROMISE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static void read_facts(hvc_facts_builder *builder, const void *data, size_t size, hvc_buffer *out)
{
    hvc_facts_init(builder, "imported", "input");
    hvc_error error = {0};
    hvc_status status = hvc_import_facts(builder, (hvc_span){data, size}, &error);
    if (status != HVC_OK) {
        PROMISE(error.status == status && error.message[0] != '\0');
        return;
    }
    PROMISE(hvc_facts_finish(builder) == HVC_OK);
    hvc_facts_write(&builder->facts, out);
    PROMISE(!out->failed && out->size > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hvc_facts_builder first, second;
    hvc_buffer once = HVC_BUFFER_INIT, twice = HVC_BUFFER_INIT;
    read_facts(&first, data, size, &once);
    if (once.size > 0) {
        read_facts(&second, once.data, once.size, &twice);
        PROMISE(once.size == twice.size && memcmp(once.data, twice.data, once.size) == 0);
        hvc_facts_free(&second);
    }
    hvc_facts_free(&first);
    hvc_buffer_free(&once);
    hvc_buffer_free(&twice);
    return 0;
}
