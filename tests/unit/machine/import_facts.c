/* Prints the facts of a saved file: a report of msinfo32 or Win32_DeviceGuard in JSON. */
#include <stdio.h>

#include "base/file.h"
#include "machine/probe.h"

static hvc_status import(hvc_facts_builder *builder, hvc_span bytes, hvc_error *error)
{
    if (hvc_is_nfo(bytes))
        return hvc_import_nfo(builder, bytes, error);
    return hvc_import_device_guard_json(builder, bytes, error);
}

int main(int argc, char **argv)
{
    hvc_bytes bytes = HVC_BYTES_INIT;
    hvc_error error = {0};
    if (argc != 2 || hvc_file_read(argv[1], &bytes, &error) != HVC_OK)
        return 2;
    hvc_facts_builder builder;
    hvc_buffer out = HVC_BUFFER_INIT;
    hvc_facts_init(&builder, "imported", argv[1]);
    hvc_status status = import(&builder, hvc_bytes_span(&bytes), &error);
    if (status == HVC_OK)
        status = hvc_facts_finish(&builder);
    if (status == HVC_OK) {
        hvc_facts_write(&builder.facts, &out);
        fwrite(out.data, 1, out.size, stdout);
    } else {
        printf("%s\n", error.message);
    }
    hvc_buffer_free(&out);
    hvc_facts_free(&builder);
    hvc_bytes_free(&bytes);
    return status == HVC_OK ? 0 : 1;
}
