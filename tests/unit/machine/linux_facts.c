/* Prints the facts of a Linux, of the tree below the folder that is given, or of this one. */
#include <stdio.h>

#include "machine/probe.h"

int main(int argc, char **argv)
{
    hvc_facts_builder builder;
    hvc_error error = {0};
    hvc_buffer out = HVC_BUFFER_INIT;
    hvc_probe_options options = {.sysroot = argc > 1 ? argv[1] : NULL};
    hvc_facts_init(&builder, "linux", argc > 1 ? argv[1] : "this machine");
    hvc_status status = hvc_probe_linux(&builder, &options, &error);
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
    return status == HVC_OK ? 0 : 1;
}
