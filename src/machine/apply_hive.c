#include "machine/apply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "machine/hive_edit.h"
#include "machine/offline_target.h"
#include "machine/plan.h"

typedef struct hive_work {
    const hvc_plan *plan;
    const hvc_apply_options *options;
    hvc_offline_target target;
    const hvc_change *policy; /* what happens to the policy file; NULL: nothing */
    hvc_bytes new_policy;
    uint8_t *hive; /* the new one; NULL: it stays */
    size_t hive_size;
    hvc_error *error;
} hive_work;

/* Reads the target anew: what the plan was made from may have changed meanwhile. */
static hvc_status open_target(hive_work *work)
{
    hvc_status status = hvc_offline_target_open(work->options->root, &work->target, work->error);
    if (status != HVC_OK)
        return status;
    bool stale = false, unclear = false;
    for (size_t i = 0; i < work->plan->refusal_count; i++) {
        stale = stale || strcmp(work->plan->refusals[i].name, "stale-hive") == 0;
        unclear = unclear || strcmp(work->plan->refusals[i].name, "control-set") == 0;
    }
    if ((work->target.stale != NULL && !stale) || (work->target.unclear != NULL && !unclear))
        return hvc_fail(work->error, HVC_E_CHANGED, "the hive is not the one that was planned for");
    return HVC_OK;
}

/* Which policy change is due, with the new file's bytes. */
static hvc_status find_policy_change(hive_work *work)
{
    for (size_t i = 0; i < work->plan->change_count; i++) {
        const hvc_change *change = &work->plan->changes[i];
        if (change->kind == HVC_CHANGE_DELETE_FILE && work->target.policy_path != NULL)
            work->policy = change;
        if (change->kind != HVC_CHANGE_COPY_FILE)
            continue;
        hvc_status status = hvc_file_read(change->file, &work->new_policy, work->error);
        if (status != HVC_OK)
            return status;
        if (work->target.policy_folder == NULL)
            return hvc_fail(work->error, HVC_E_IO, "there is no folder for the policy file");
        const hvc_bytes *old = &work->target.policy;
        if (work->target.policy_path == NULL || old->size != work->new_policy.size ||
            memcmp(old->data, work->new_policy.data, old->size) != 0)
            work->policy = change;
    }
    return HVC_OK;
}

static hvc_status open_clean(hvc_span image, hvc_span log1, hvc_span log2, hvc_hive **ret_hive,
                             hvc_error *error)
{
    hvc_hive *hive = NULL;
    hvc_status status = hvc_hive_open(image, log1, log2, &hive, error);
    if (status == HVC_OK && hvc_hive_state_of(hive) != HVC_HIVE_CLEAN)
        status = hvc_fail(error, HVC_E_INTERNAL, "the new hive is not clean");
    if (status == HVC_OK)
        *ret_hive = hive;
    else
        hvc_hive_free(hive);
    return status;
}

/* Makes the new hive in memory and checks it, with the logs beside it that it will find there. */
static hvc_status make_hive(hive_work *work)
{
    bool changed = false;
    hvc_status status = hvc_hive_edit(hvc_hive_image(work->target.hive), work->plan,
                                      work->target.control_set, work->options->filetime, &changed,
                                      &work->hive, &work->hive_size, work->error);
    if (status != HVC_OK || !changed)
        return status;
    hvc_hive *after = NULL;
    status =
        open_clean((hvc_span){work->hive, work->hive_size}, hvc_bytes_span(&work->target.files[1]),
                   hvc_bytes_span(&work->target.files[2]), &after, work->error);
    if (status == HVC_OK)
        status = hvc_hive_compare(work->target.hive, after, work->plan, work->target.control_set,
                                  work->error);
    hvc_hive_free(after);
    return status;
}

static hvc_status save(hive_work *work, const char *name, hvc_span bytes, hvc_buffer *sums)
{
    char digest[65];
    hvc_status status = hvc_sha256_text(bytes, digest, work->error);
    if (status != HVC_OK)
        return status;
    hvc_buffer_printf(sums, "%s  %s\n", digest, name);
    return hvc_save_file(work->options->backup, name, bytes, work->options->hook, work->error);
}

static hvc_status save_undo(hive_work *work, hvc_buffer *sums)
{
    const char *policy = work->policy == NULL               ? NULL
                         : work->target.policy_path != NULL ? HVC_UNDO_POLICY_KEPT
                                                            : HVC_UNDO_POLICY_ABSENT;
    hvc_buffer undo = HVC_BUFFER_INIT;
    hvc_registry registry = hvc_offline_registry(&work->target);
    hvc_status status = hvc_undo_write(work->plan, &registry, policy, &undo, work->error);
    if (status == HVC_OK)
        status =
            save(work, HVC_BACKUP_UNDO, (hvc_span){(const uint8_t *)undo.data, undo.size}, sums);
    hvc_buffer_free(&undo);
    return status;
}

/* Everything that will be changed, as it is, and the undo file; on the disk before anything else.
 */
static hvc_status back_up(hive_work *work)
{
    const hvc_file_hook *hook = work->options->hook;
    hvc_buffer sums = HVC_BUFFER_INIT;
    hvc_status status = hvc_make_folder(work->options->backup, hook, work->error);
    for (int i = 0; i < HVC_HIVE_FILES && status == HVC_OK; i++)
        if (work->target.paths[i] != NULL)
            status =
                save(work, hvc_hive_file_name(i), hvc_bytes_span(&work->target.files[i]), &sums);
    if (status == HVC_OK && work->policy != NULL && work->target.policy_path != NULL)
        status = save(work, HVC_BACKUP_POLICY, hvc_bytes_span(&work->target.policy), &sums);
    if (status == HVC_OK)
        status = save_undo(work, &sums);
    if (status == HVC_OK && sums.failed)
        status = hvc_fail_memory(work->error);
    if (status == HVC_OK)
        status =
            hvc_save_file(work->options->backup, HVC_BACKUP_SUMS,
                          (hvc_span){(const uint8_t *)sums.data, sums.size}, hook, work->error);
    if (status == HVC_OK)
        status = hvc_sync_folder(work->options->backup, hook, work->error);
    hvc_buffer_free(&sums);
    return status;
}

/* Whether a file still holds what was read from it. */
static hvc_status unchanged(const char *path, hvc_span bytes, hvc_error *error)
{
    hvc_bytes now = HVC_BYTES_INIT;
    hvc_status status = hvc_file_read(path, &now, error);
    if (status == HVC_OK &&
        (now.size != bytes.size || (now.size > 0 && memcmp(now.data, bytes.data, now.size) != 0)))
        status =
            hvc_fail(error, HVC_E_CHANGED, "%s changed meanwhile: is this Windows running?", path);
    hvc_bytes_free(&now);
    return status;
}

static hvc_status write_hive(hive_work *work)
{
    hvc_status status = HVC_OK;
    for (int i = 0; i < HVC_HIVE_FILES && status == HVC_OK; i++)
        if (work->target.paths[i] != NULL)
            status = unchanged(work->target.paths[i], hvc_bytes_span(&work->target.files[i]),
                               work->error);
    hvc_span image = {work->hive, work->hive_size};
    if (status == HVC_OK)
        status = hvc_replace_file(work->target.paths[0], image, work->options->hook, work->error);
    /* What is on the disk now is what was checked. */
    return status == HVC_OK ? unchanged(work->target.paths[0], image, work->error) : status;
}

static hvc_status write_policy(hive_work *work)
{
    const hvc_file_hook *hook = work->options->hook;
    if (work->policy->kind == HVC_CHANGE_DELETE_FILE)
        return hvc_remove_file(work->target.policy_path, hook, work->error);
    hvc_buffer path = HVC_BUFFER_INIT;
    if (work->target.policy_path != NULL)
        hvc_buffer_puts(&path, work->target.policy_path);
    else
        hvc_buffer_printf(&path, "%s/SIPolicy.p7b", work->target.policy_folder);
    hvc_buffer_put(&path, "", 1);
    hvc_status status = path.failed ? hvc_fail_memory(work->error)
                                    : hvc_replace_file(path.data, hvc_bytes_span(&work->new_policy),
                                                       hook, work->error);
    hvc_buffer_free(&path);
    return status;
}

static hvc_status apply(hive_work *work, bool *ret_changed)
{
    hvc_status status = open_target(work);
    if (status == HVC_OK)
        status = find_policy_change(work);
    if (status == HVC_OK)
        status = make_hive(work);
    if (status != HVC_OK)
        return status;
    *ret_changed = work->hive != NULL || work->policy != NULL;
    if (!*ret_changed)
        return HVC_OK;
    status = back_up(work);
    if (status == HVC_OK && work->hive != NULL)
        status = write_hive(work);
    if (status == HVC_OK && work->policy != NULL)
        status = write_policy(work);
    return status;
}

hvc_status hvc_apply_hive(const hvc_plan *plan, const hvc_apply_options *options,
                          hvc_apply_result *ret_result, hvc_error *error)
{
    if (plan->refused)
        return hvc_fail(error, HVC_E_ARGUMENT, "the plan is refused");
    hive_work work = {.plan = plan, .options = options, .error = error};
    hvc_apply_result result = {.changed = false};
    hvc_status status = apply(&work, &result.changed);
    hvc_offline_target_close(&work.target);
    hvc_bytes_free(&work.new_policy);
    free(work.hive);
    if (status == HVC_OK)
        *ret_result = result;
    return status;
}
