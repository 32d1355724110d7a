/* Reads the input as an undo file. What is read may touch hvcheck's own settings alone; written as
 * a .reg file and read again, it is the same plan. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PROMISE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static hvc_plan *read_undo(const hvc_facts *facts, const void *data, size_t size)
{
    const hvc_plan_request request = {.action = HVC_PLAN_UNDO, .policy = "policy"};
    hvc_error error = {.status = HVC_OK, .message = ""};
    hvc_plan *plan = NULL;
    hvc_status status = hvc_plan_undo(facts, &request, data, size, &plan, &error);
    PROMISE((status == HVC_OK) == (plan != NULL));
    PROMISE(status == HVC_OK || (error.status == status && error.message[0] != '\0'));
    PROMISE(status == HVC_OK || !error.has_offset || error.offset <= size + 2);
    return plan;
}

static void check(const hvc_plan *plan)
{
    for (size_t i = 0; i < plan->change_count; i++) {
        const hvc_change *change = &plan->changes[i];
        if (!hvc_change_is_registry(change))
            continue;
        PROMISE(strncmp(change->key, "SYSTEM\\", 7) == 0 ||
                hvc_registry_compare((char[]){change->key[0], '\0'}, "s") == 0);
        if (change->kind == HVC_CHANGE_SET_VALUE || change->kind == HVC_CHANGE_DELETE_VALUE)
            PROMISE(change->name != NULL);
        PROMISE(change->kind != HVC_CHANGE_DELETE_KEY || strlen(change->key) > 40);
    }
}

static void same(const hvc_plan *a, const hvc_plan *b)
{
    size_t j = 0;
    for (size_t i = 0; i < a->change_count; i++) {
        const hvc_change *one = &a->changes[i];
        if (one->kind != HVC_CHANGE_SET_VALUE)
            continue;
        while (j < b->change_count && b->changes[j].kind != HVC_CHANGE_SET_VALUE)
            j++;
        PROMISE(j < b->change_count);
        const hvc_change *other = &b->changes[j++];
        PROMISE(strcmp(one->name, other->name) == 0);
        PROMISE(one->new_value.type == other->new_value.type);
        PROMISE(one->new_value.size == other->new_value.size);
        PROMISE(one->new_value.size == 0 ||
                memcmp(one->new_value.data, other->new_value.data, one->new_value.size) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hvc_facts_builder builder;
    hvc_facts_init(&builder, "offline", "fuzz");
    PROMISE(hvc_facts_finish(&builder) == HVC_OK);
    hvc_plan *plan = read_undo(&builder.facts, data, size);
    if (plan != NULL) {
        check(plan);
        hvc_buffer text = HVC_BUFFER_INIT, json = HVC_BUFFER_INIT, reg = HVC_BUFFER_INIT;
        hvc_plan_write_text(plan, NULL, &text);
        hvc_plan_write_json(plan, &json);
        hvc_plan_write_reg(plan, &reg);
        PROMISE(!text.failed && !json.failed && !reg.failed);
        hvc_plan *again = read_undo(&builder.facts, reg.data, reg.size);
        PROMISE(again != NULL);
        same(plan, again);
        hvc_plan_free(again);
        hvc_buffer_free(&text);
        hvc_buffer_free(&json);
        hvc_buffer_free(&reg);
    }
    hvc_plan_free(plan);
    hvc_facts_free(&builder);
    return 0;
}
