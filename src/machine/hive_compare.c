/* Checks a hive that was written: what the plan changes is changed, and nothing else is. */
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "machine/facts.h"
#include "machine/hive_edit.h"
#include "machine/offline_target.h"

/* Offsets in a hive: of the bins, and in cells (behind their size). */
enum {
    BINS_AT = 4096,
    KEY_SECURITY = 4 + 44,
    SECURITY_SIZE = 4 + 16,
    SECURITY_DATA = 4 + 20,
};

/* A change with its key as a path in the hive. */
typedef struct intended_change {
    const hvc_change *change;
    const char *path;
    bool met;
} intended_change;

typedef struct hive_comparison {
    const hvc_hive *before, *after;
    hvc_arena arena;
    intended_change *intents;
    size_t intent_count;
    hvc_error *error;
} hive_comparison;

static hvc_status differ(const hive_comparison *comparison, const char *path, const char *name,
                         const char *what)
{
    return hvc_fail(comparison->error, HVC_E_INTERNAL,
                    "the check of the new hive failed: %s%s%s %s", path,
                    name != NULL ? ", value " : "", name != NULL ? name : "", what);
}

/* Whether outer is path, or lies above it. */
static bool covers(const char *outer, const char *path)
{
    size_t length = strlen(outer);
    if (strlen(path) < length || (path[length] != '\0' && path[length] != '\\'))
        return false;
    for (size_t i = 0; i < length; i++)
        if (hvc_registry_compare((char[]){outer[i], '\0'}, (char[]){path[i], '\0'}) != 0)
            return false;
    return true;
}

static bool may_be_created(const hive_comparison *comparison, const char *path)
{
    for (size_t i = 0; i < comparison->intent_count; i++) {
        hvc_change_kind kind = comparison->intents[i].change->kind;
        if ((kind == HVC_CHANGE_SET_VALUE || kind == HVC_CHANGE_CREATE_KEY) &&
            covers(path, comparison->intents[i].path))
            return true;
    }
    return false;
}

static bool is_deleted(const hive_comparison *comparison, const char *path)
{
    for (size_t i = 0; i < comparison->intent_count; i++)
        if (comparison->intents[i].change->kind == HVC_CHANGE_DELETE_KEY &&
            covers(comparison->intents[i].path, path))
            return true;
    return false;
}

/* The last change of this value; later ones win. */
static intended_change *intent_of(const hive_comparison *comparison, const char *path,
                                  const char *name)
{
    for (size_t i = comparison->intent_count; i > 0; i--) {
        intended_change *intent = &comparison->intents[i - 1];
        bool value = intent->change->kind == HVC_CHANGE_SET_VALUE ||
                     intent->change->kind == HVC_CHANGE_DELETE_VALUE;
        if (value && hvc_registry_compare(intent->path, path) == 0 &&
            hvc_registry_compare(intent->change->name, name) == 0)
            return intent;
    }
    return NULL;
}

static hvc_status same_data(hive_comparison *comparison, const char *path, const char *name,
                            const hvc_hive_value *value, uint32_t type, hvc_span data)
{
    hvc_arena arena = HVC_ARENA_INIT;
    hvc_span own;
    hvc_status status =
        hvc_hive_value_data(comparison->after, value, &arena, &own, comparison->error);
    if (status == HVC_OK && (value->type != type || own.size != data.size ||
                             (data.size > 0 && memcmp(own.data, data.data, data.size) != 0)))
        status = differ(comparison, path, name, "has other data");
    hvc_arena_free(&arena);
    return status;
}

static hvc_status check_new_value(hive_comparison *comparison, const hvc_hive_key *before,
                                  const hvc_hive_value *value, const char *path, const char *name)
{
    intended_change *intent = intent_of(comparison, path, name);
    if (intent != NULL) {
        if (intent->change->kind != HVC_CHANGE_SET_VALUE)
            return differ(comparison, path, name, "should be gone");
        intent->met = true;
        const hvc_registry_value *wanted = &intent->change->new_value;
        return same_data(comparison, path, name, value, wanted->type,
                         (hvc_span){wanted->data, wanted->size});
    }
    hvc_hive_value old;
    bool found = false;
    hvc_status status = HVC_OK;
    if (before != NULL)
        status =
            hvc_hive_find_value(comparison->before, before, name, &found, &old, comparison->error);
    if (status == HVC_OK && !found)
        return differ(comparison, path, name, "was not there");
    hvc_arena arena = HVC_ARENA_INIT;
    hvc_span data = {NULL, 0};
    if (status == HVC_OK)
        status = hvc_hive_value_data(comparison->before, &old, &arena, &data, comparison->error);
    if (status == HVC_OK)
        status = same_data(comparison, path, name, value, old.type, data);
    hvc_arena_free(&arena);
    return status;
}

static hvc_status check_values(hive_comparison *comparison, const hvc_hive_key *before,
                               const hvc_hive_key *after, const char *path)
{
    hvc_arena arena = HVC_ARENA_INIT;
    hvc_status status = HVC_OK;
    for (uint32_t i = 0; i < after->value_count && status == HVC_OK; i++) {
        hvc_hive_value value;
        const char *name = NULL;
        status = hvc_hive_value_at(comparison->after, after, i, &value, comparison->error);
        if (status == HVC_OK)
            status =
                hvc_hive_value_name(comparison->after, &value, &arena, &name, comparison->error);
        if (status == HVC_OK)
            status = check_new_value(comparison, before, &value, path, name);
    }
    for (uint32_t i = 0; before != NULL && i < before->value_count && status == HVC_OK; i++) {
        hvc_hive_value value, kept;
        const char *name = NULL;
        bool found = false;
        status = hvc_hive_value_at(comparison->before, before, i, &value, comparison->error);
        if (status == HVC_OK)
            status =
                hvc_hive_value_name(comparison->before, &value, &arena, &name, comparison->error);
        if (status == HVC_OK)
            status = hvc_hive_find_value(comparison->after, after, name, &found, &kept,
                                         comparison->error);
        if (status == HVC_OK && !found && intent_of(comparison, path, name) == NULL)
            status = differ(comparison, path, name, "is gone");
    }
    hvc_arena_free(&arena);
    return status;
}

/* The security descriptor that a key names; empty when there is none where it should be. */
static hvc_span security_of(const hvc_hive *hive, const hvc_hive_key *key)
{
    hvc_span image = hvc_hive_image(hive), cell;
    uint32_t at = 0, size = 0, length = 0;
    const hvc_span none = {NULL, 0};
    if (!hvc_span_u32(image, (uint64_t)BINS_AT + key->cell + KEY_SECURITY, &at) ||
        !hvc_span_u32(image, (uint64_t)BINS_AT + at, &size) || size < UINT32_C(0x80000000))
        return none; /* not in use: the sizes of cells in use are negative */
    if (!hvc_span_sub(image, (uint64_t)BINS_AT + at, 0 - size, &cell) ||
        cell.size < SECURITY_DATA || memcmp(cell.data + 4, "sk", 2) != 0 ||
        !hvc_span_u32(cell, SECURITY_SIZE, &length) ||
        !hvc_span_sub(cell, SECURITY_DATA, length, &cell))
        return none;
    return cell;
}

/* hivex counts the keys that share a descriptor: where a hive's own counts are wrong, it would free
 * one that is in use. */
static hvc_status check_security(const hive_comparison *comparison, const hvc_hive_key *before,
                                 const hvc_hive_key *after, const char *path)
{
    hvc_span new = security_of(comparison->after, after);
    if (before == NULL)
        return new.size > 0 ? HVC_OK : differ(comparison, path, NULL, "has no security descriptor");
    hvc_span old = security_of(comparison->before, before);
    if (old.size == new.size && (old.size == 0 || memcmp(old.data, new.data, old.size) == 0))
        return HVC_OK;
    return differ(comparison, path, NULL, "has another security descriptor");
}

/* One side of the walk: a key's subkeys, with the next one's name. */
typedef struct compared_side {
    const hvc_hive *hive;
    hvc_hive_subkeys iterator;
    bool more;
    hvc_hive_key key;
    const char *name;
} compared_side;

static hvc_status advance(hive_comparison *comparison, compared_side *side, hvc_arena *arena)
{
    hvc_status status =
        hvc_hive_subkeys_next(&side->iterator, &side->more, &side->key, comparison->error);
    if (status == HVC_OK && side->more)
        status = hvc_hive_key_name(side->hive, &side->key, arena, &side->name, comparison->error);
    return status;
}

static hvc_status begin_side(hive_comparison *comparison, const hvc_hive *hive,
                             const hvc_hive_key *key, compared_side *side, hvc_arena *arena)
{
    side->hive = hive;
    side->more = false;
    if (key == NULL)
        return HVC_OK;
    hvc_status status = hvc_hive_subkeys_begin(hive, key, &side->iterator, comparison->error);
    return status == HVC_OK ? advance(comparison, side, arena) : status;
}

static const char *below(hvc_arena *arena, const char *path, const char *name)
{
    return *path == '\0' ? name : hvc_arena_printf(arena, "%s\\%s", path, name);
}

static hvc_status compare_keys(hive_comparison *comparison, const hvc_hive_key *before,
                               const hvc_hive_key *after, const char *path, unsigned depth);

/* One key of either side, or the same of both. */
static hvc_status step(hive_comparison *comparison, compared_side *old, compared_side *new,
                       hvc_arena *arena, const char *path, unsigned depth)
{
    bool same = old->more && new->more &&strcmp(old->name, new->name) == 0;
    hvc_status status = HVC_OK;
    if (new->more) {
        const char *key = below(arena, path, new->name);
        if (key == NULL)
            return hvc_fail_memory(comparison->error);
        if (same || (may_be_created(comparison, key) &&
                     (!old->more || hvc_registry_compare(new->name, old->name) < 0))) {
            if (is_deleted(comparison, key) && !may_be_created(comparison, key))
                return differ(comparison, key, NULL, "should be gone");
            status = compare_keys(comparison, same ? &old->key : NULL, &new->key, key, depth + 1);
            if (status == HVC_OK && same)
                status = advance(comparison, old, arena);
            return status == HVC_OK ? advance(comparison, new, arena) : status;
        }
    }
    if (!old->more)
        return differ(comparison, path, NULL, "has a key too many");
    const char *key = below(arena, path, old->name);
    if (key == NULL)
        return hvc_fail_memory(comparison->error);
    if (!is_deleted(comparison, key))
        return differ(comparison, key, NULL, "is gone");
    return advance(comparison, old, arena);
}

static hvc_status compare_keys(hive_comparison *comparison, const hvc_hive_key *before,
                               const hvc_hive_key *after, const char *path, unsigned depth)
{
    if (depth > HVC_MAX_KEY_DEPTH)
        return differ(comparison, path, NULL, "is nested too deeply");
    hvc_status status = check_security(comparison, before, after, path);
    if (status == HVC_OK)
        status = check_values(comparison, before, after, path);
    if (status != HVC_OK)
        return status;
    hvc_arena arena = HVC_ARENA_INIT;
    compared_side old, new;
    status = begin_side(comparison, comparison->before, before, &old, &arena);
    if (status == HVC_OK)
        status = begin_side(comparison, comparison->after, after, &new, &arena);
    while (status == HVC_OK && (old.more || new.more))
        status = step(comparison, &old, &new, &arena, path, depth);
    hvc_arena_free(&arena);
    return status;
}

static hvc_status prepare(hive_comparison *comparison, const hvc_plan *plan, uint32_t control_set)
{
    comparison->intents =
        hvc_arena_array(&comparison->arena, plan->change_count, sizeof(*comparison->intents));
    if (comparison->intents == NULL && plan->change_count > 0)
        return hvc_fail_memory(comparison->error);
    for (size_t i = 0; i < plan->change_count; i++) {
        const hvc_change *change = &plan->changes[i];
        if (change->kind > HVC_CHANGE_DELETE_KEY)
            continue;
        const char *path = hvc_hive_path(&comparison->arena, change->key, control_set);
        if (path == NULL)
            return hvc_fail(comparison->error, HVC_E_ARGUMENT, "%s is not in this hive",
                            change->key);
        comparison->intents[comparison->intent_count++] = (intended_change){change, path, false};
    }
    return HVC_OK;
}

hvc_status hvc_hive_compare(const hvc_hive *before, const hvc_hive *after, const hvc_plan *plan,
                            uint32_t control_set, hvc_error *error)
{
    hive_comparison comparison = {.before = before, .after = after, .error = error};
    hvc_hive_key old, new;
    hvc_status status = prepare(&comparison, plan, control_set);
    if (status == HVC_OK)
        status = hvc_hive_root(before, &old, error);
    if (status == HVC_OK)
        status = hvc_hive_root(after, &new, error);
    if (status == HVC_OK)
        status = compare_keys(&comparison, &old, &new, "", 0);
    for (size_t i = 0; status == HVC_OK && i < comparison.intent_count; i++) {
        const intended_change *intent = &comparison.intents[i];
        const char *name = intent->change->name;
        if (intent->change->kind == HVC_CHANGE_SET_VALUE && !intent->met &&
            intent_of(&comparison, intent->path, name) == intent)
            status = differ(&comparison, intent->path, name, "was not set");
    }
    hvc_arena_free(&comparison.arena);
    return status;
}
