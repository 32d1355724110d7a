/* Reads the input as a facts file. What was read must survive being written and read again: the
 * second writing is the first, letter by letter. And it can be judged. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hvcheck/machine.h>

#include "machine/facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PROMISE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static hvc_status swallow(void *context, const char *bytes, size_t size)
{
    hvc_buffer_put(context, bytes, size);
    return HVC_OK;
}

/* Whatever the facts are, they can be judged, and the outcome holds together. */
static void judge(const hvc_facts *facts, hvc_scope scope, bool hlk)
{
    const hvc_readiness_options options = {.scope = scope, .hlk = hlk, .log = "log"};
    const hvc_machine_report_options report = {.log = true};
    hvc_readiness *readiness = NULL;
    hvc_buffer text = HVC_BUFFER_INIT;
    PROMISE(hvc_readiness_new(facts, &options, &readiness, NULL) == HVC_OK);
    bool fails = false, open = false;
    for (size_t i = 0; i < readiness->step_count; i++) {
        const hvc_step *step = &readiness->steps[i];
        PROMISE(step->result < HVC_STEP_RESULT_COUNT);
        PROMISE(step->result != HVC_STEP_UNDETERMINED || step->reason != NULL);
        PROMISE(step->result != HVC_STEP_UNDETERMINED || !step->has_value);
        fails |= step->result == HVC_STEP_FAIL;
        open |= step->result == HVC_STEP_UNDETERMINED && step->decides;
    }
    PROMISE(readiness->exit_code == (fails ? 1 : open ? 5 : 0));
    PROMISE(hvc_report_capable_text(readiness, &report, swallow, &text) == HVC_OK);
    for (size_t i = 0; i < text.size; i++) /* nothing that a terminal would obey */
        PROMISE((unsigned char)text.data[i] >= 0x20 || strchr("\r\n\t", text.data[i]) != NULL);
    hvc_buffer_clear(&text);
    PROMISE(hvc_report_capable_json(readiness, facts, false, swallow, &text) == HVC_OK);
    hvc_running running;
    hvc_running_judge(facts, scope, &running);
    PROMISE(running.all != HVC_RUNNING_UNKNOWN || running.why != NULL);
    PROMISE(hvc_report_ready_text(&running, NULL, swallow, &text) == HVC_OK);
    hvc_readiness_free(readiness);
    hvc_buffer_free(&text);
}

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
        for (int scope = HVC_SCOPE_ALL; scope <= HVC_SCOPE_CG; scope++)
            judge(&second.facts, (hvc_scope)scope, size % 2 == 0);
        hvc_facts_free(&second);
    }
    hvc_facts_free(&first);
    hvc_buffer_free(&once);
    hvc_buffer_free(&twice);
    return 0;
}
