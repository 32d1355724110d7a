#include "cli/output.h"

#include <string.h>

#include "base/error.h"

enum {
    PIECE = 65536,
    HOLD_MILLISECONDS = 100, /* how long a reader waits for what is not a full piece yet */
};

hvc_status cli_output_open(cli_output *output, const char *path)
{
    *output = (cli_output){.status = HVC_OK};
    if (path == NULL || strcmp(path, "-") == 0) {
        output->file.number = CLI_STDOUT;
        output->terminal = cli_is_terminal(CLI_STDOUT);
        output->open = true;
        return HVC_OK;
    }
    output->path = path;
    output->status = cli_file_create(path, &output->file, &output->error);
    output->open = output->status == HVC_OK;
    return output->status;
}

static void write_bytes(cli_output *output, const char *bytes, size_t size)
{
    if (output->status == HVC_OK && size > 0)
        output->status =
            cli_write(output->file.number, bytes, size, &output->closed, &output->error);
}

static void write_pending(cli_output *output)
{
    if (output->status == HVC_OK && output->pending.failed)
        output->status = hvc_fail_memory(&output->error);
    write_bytes(output, output->pending.data, output->pending.size);
    hvc_buffer_clear(&output->pending);
}

hvc_status cli_output_put(cli_output *output, const char *bytes, size_t size)
{
    if (output->status != HVC_OK)
        return output->status;
    bool piece = size >= PIECE; /* it need not be copied */
    if (!piece)
        hvc_buffer_put(&output->pending, bytes, size);
    uint64_t now = cli_milliseconds();
    if (output->terminal || output->pending.failed || output->pending.size >= PIECE || piece ||
        output->written_at == 0 || now - output->written_at >= HOLD_MILLISECONDS) {
        write_pending(output);
        if (piece)
            write_bytes(output, bytes, size);
        output->written_at = now;
    }
    return output->status;
}

hvc_status cli_output_finish(cli_output *output)
{
    write_pending(output);
    if (output->path != NULL && output->open && output->status == HVC_OK) {
        output->status = cli_file_commit(&output->file, &output->error);
        output->open = false;
    }
    return output->status;
}

void cli_output_free(cli_output *output)
{
    if (output->path != NULL && output->open)
        cli_file_discard(&output->file);
    output->open = false;
    hvc_buffer_free(&output->pending);
}

const char *cli_output_name(const cli_output *output)
{
    return output->path != NULL ? output->path : "standard output";
}
