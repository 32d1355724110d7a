/* Looking things up in the facts of a machine. */
#include <string.h>

#include "base/span.h"
#include "machine/facts.h"

enum { REG_TYPE_DWORD = 4 };

const hvc_fact *hvc_fact_of(const hvc_facts *facts, hvc_fact_id id)
{
    return &facts->items[id];
}

const hvc_registry_value *hvc_facts_value(const hvc_facts *facts, const char *key, const char *name)
{
    for (size_t i = 0; i < facts->value_count; i++)
        if (hvc_registry_compare(facts->values[i].key, key) == 0 &&
            hvc_registry_compare(facts->values[i].name, name) == 0)
            return &facts->values[i];
    return NULL;
}

const hvc_registry_key *hvc_facts_key(const hvc_facts *facts, const char *key)
{
    for (size_t i = 0; i < facts->key_count; i++)
        if (hvc_registry_compare(facts->keys[i].key, key) == 0)
            return &facts->keys[i];
    return NULL;
}

/* Whether inner lies below outer. */
static bool below(const char *inner, const char *outer)
{
    size_t length = strlen(outer);
    if (strlen(inner) <= length || inner[length] != '\\')
        return false;
    for (size_t i = 0; i < length; i++)
        if (hvc_registry_compare((char[]){inner[i], '\0'}, (char[]){outer[i], '\0'}) != 0)
            return false;
    return true;
}

static bool has_absent_parent(const hvc_facts *facts, const char *key)
{
    for (size_t i = 0; i < facts->key_count; i++)
        if (facts->keys[i].state == HVC_KEY_ABSENT && below(key, facts->keys[i].key))
            return true;
    return false;
}

static hvc_fact unavailable(const char *why)
{
    return (hvc_fact){.state = HVC_FACT_UNAVAILABLE, .why = why};
}

hvc_fact hvc_facts_dword(const hvc_facts *facts, const char *key, const char *name)
{
    const hvc_fact absent = {.state = HVC_FACT_UNASKED};
    const hvc_registry_value *value = hvc_facts_value(facts, key, name);
    if (value != NULL) {
        if (value->type != REG_TYPE_DWORD || value->size != 4)
            return unavailable("the value is no DWORD");
        return (hvc_fact){
            .state = HVC_FACT_KNOWN, .number = hvc_le32(value->data), .source = value->key};
    }
    const hvc_registry_key *known = hvc_facts_key(facts, key);
    if (known == NULL)
        return has_absent_parent(facts, key) ? absent : unavailable("the key was not looked at");
    if (known->state == HVC_KEY_UNREADABLE)
        return unavailable(known->why != NULL ? known->why : "the key could not be read");
    return absent;
}
