/* What a plan will take away, written down before it does. */
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "machine/plan.h"
#include "machine/reg_file.h"
#include "machine/registry.h"

typedef struct undo_writer {
    const hvc_registry *registry;
    hvc_arena arena;
    hvc_buffer *out;
    const char *last_key;             /* the section that out is in; NULL: none */
    HVC_VECTOR(const char *) created; /* keys that were noted as new */
    unsigned keys;
    hvc_error *error;
} undo_writer;

static void section(undo_writer *writer, const char *key)
{
    if (writer->last_key == NULL || hvc_registry_compare(writer->last_key, key) != 0)
        hvc_reg_key(writer->out, key, false);
    writer->last_key = key;
}

static const hvc_registry_value *find(const hvc_registry_listing *listing, const char *name)
{
    for (size_t i = 0; i < listing->value_count; i++)
        if (hvc_registry_compare(listing->values[i].name, name) == 0)
            return &listing->values[i];
    return NULL;
}

/* The topmost key on the way to key that is not there. */
static hvc_status first_absent(undo_writer *writer, const char *key, const char **ret_key)
{
    for (const char *end = strchr(key, '\\'); end != NULL; end = strchr(end + 1, '\\')) {
        hvc_text part = {key, (size_t)(end - key)};
        const char *path = hvc_arena_text(&writer->arena, part);
        if (path == NULL)
            return hvc_fail_memory(writer->error);
        if (strchr(path, '\\') == NULL)
            continue; /* SYSTEM itself */
        hvc_registry_listing listing;
        hvc_status status = writer->registry->list(writer->registry->context, path, &writer->arena,
                                                   &listing, writer->error);
        if (status != HVC_OK)
            return status;
        if (!listing.found) {
            *ret_key = path;
            return HVC_OK;
        }
    }
    *ret_key = key;
    return HVC_OK;
}

static hvc_status undo_value(undo_writer *writer, const hvc_change *change)
{
    hvc_registry_listing listing;
    hvc_status status = writer->registry->list(writer->registry->context, change->key,
                                               &writer->arena, &listing, writer->error);
    if (status != HVC_OK)
        return status;
    const hvc_registry_value *old = find(&listing, change->name != NULL ? change->name : "");
    if (change->kind == HVC_CHANGE_DELETE_VALUE && old == NULL)
        return HVC_OK;
    if (listing.found && change->kind != HVC_CHANGE_CREATE_KEY) {
        section(writer, change->key);
        if (old != NULL)
            hvc_reg_value(writer->out, old);
        else
            hvc_reg_value_deleted(writer->out, change->name);
        return HVC_OK;
    }
    if (listing.found)
        return HVC_OK;
    const char *created = NULL;
    status = first_absent(writer, change->key, &created);
    if (status != HVC_OK)
        return status;
    for (size_t i = 0; i < writer->created.count; i++)
        if (hvc_registry_compare(writer->created.items[i], created) == 0)
            return HVC_OK;
    const char **own = hvc_vector_add(&writer->arena, &writer->created);
    if (own != NULL)
        *own = created;
    hvc_reg_key(writer->out, created, true);
    writer->last_key = NULL;
    return HVC_OK;
}

/* Everything at and below a key that will be deleted. */
static hvc_status undo_key(undo_writer *writer, const char *key, unsigned depth)
{
    if (depth > HVC_MAX_KEY_DEPTH || ++writer->keys > HVC_MAX_UNDO_LINES / 2)
        return hvc_fail(writer->error, HVC_E_LIMIT, "too many keys below %s", key);
    hvc_registry_listing listing;
    hvc_status status = writer->registry->list(writer->registry->context, key, &writer->arena,
                                               &listing, writer->error);
    if (status != HVC_OK || !listing.found)
        return status;
    section(writer, key);
    for (size_t i = 0; i < listing.value_count; i++)
        hvc_reg_value(writer->out, &listing.values[i]);
    for (size_t i = 0; i < listing.subkey_count; i++) {
        const char *path = hvc_arena_printf(&writer->arena, "%s\\%s", key, listing.subkeys[i]);
        if (path == NULL)
            return hvc_fail_memory(writer->error);
        status = undo_key(writer, path, depth + 1);
        if (status != HVC_OK)
            return status;
    }
    return HVC_OK;
}

hvc_status hvc_undo_write(const hvc_plan *plan, const hvc_registry *registry, const char *policy,
                          hvc_buffer *out, hvc_error *error)
{
    undo_writer writer = {.registry = registry, .out = out, .error = error};
    hvc_reg_begin(out);
    if (policy != NULL)
        hvc_reg_comment(out, policy);
    hvc_status status = HVC_OK;
    for (size_t i = 0; i < plan->change_count && status == HVC_OK; i++) {
        const hvc_change *change = &plan->changes[i];
        if (change->kind == HVC_CHANGE_DELETE_KEY)
            status = undo_key(&writer, change->key, 0);
        else if (hvc_change_is_registry(change))
            status = undo_value(&writer, change);
    }
    if (status == HVC_OK && (writer.arena.failed || out->failed))
        status = hvc_fail_memory(error);
    hvc_arena_free(&writer.arena);
    return status;
}
