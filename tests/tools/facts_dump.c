/* Prints the facts of a Windows tree as JSON: facts_dump ROOT. */
#include <stdio.h>

#include "machine/probe.h"

int main(int argc, char **argv)
{
    hvc_probe_options options = {.root = argc > 1 ? argv[1] : "."};
    hvc_facts_builder builder;
    hvc_error error = {0};
    hvc_buffer out = HVC_BUFFER_INIT;
    hvc_facts_init(&builder, "offline", options.root);
    hvc_status status = hvc_probe_offline(&builder, &options, &error);
    if (status == HVC_OK)
        status = hvc_facts_finish(&builder);
    if (status == HVC_OK) {
        hvc_facts_write(&builder.facts, &out);
        fwrite(out.data, 1, out.size, stdout);
    } else {
        fprintf(stderr, "%s\n", error.message[0] != 0 ? error.message : hvc_status_text(status));
    }
    hvc_buffer_free(&out);
    hvc_facts_free(&builder);
    return status == HVC_OK ? 0 : 3;
}
