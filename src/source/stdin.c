/* Standard input: the path "-", when the user gave it. */
#include <string.h>

#include "source/kind.h"

static bool stdin_claims(const hvc_entry *entry)
{
    return entry->named && strcmp(entry->path, "-") == 0;
}

static hvc_status stdin_load(const hvc_item *item, hvc_bytes *bytes, bool *ret_pe, hvc_error *error)
{
    (void)item;
    hvc_status status = hvc_file_read_stdin(bytes, error);
    if (status == HVC_OK)
        *ret_pe = bytes->size >= 2 && bytes->data[0] == 'M' && bytes->data[1] == 'Z';
    return status;
}

const hvc_source hvc_source_stdin = {
    .name = "stdin",
    .claims = stdin_claims,
    .load = stdin_load,
};
