#include "cli/console.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "cli/platform.h"

enum { REDRAW_MILLISECONDS = 100, PATH_WIDTH = 56 };

static void write_all(const hvc_buffer *text)
{
    if (!text->failed)
        fwrite(text->data, 1, text->size, stderr);
}

void cli_console_progress(cli_console *console, const char *path, uint64_t files_done)
{
    if (!console->progress)
        return;
    uint64_t now = cli_milliseconds();
    if (now - console->drawn_at < REDRAW_MILLISECONDS)
        return;
    console->drawn_at = now;
    /* The end of a path tells more than its beginning; cut in a character, that is shown escaped.
     */
    size_t size = strlen(path);
    const char *tail = size > PATH_WIDTH ? path + size - PATH_WIDTH : path;
    hvc_buffer line = HVC_BUFFER_INIT;
    hvc_buffer_printf(&line, "\r\033[K%llu files  ", (unsigned long long)files_done);
    hvc_buffer_escaped(&line, (hvc_text){tail, strlen(tail)});
    write_all(&line);
    hvc_buffer_free(&line);
    fflush(stderr);
    console->shown = true;
}

void cli_console_clear(cli_console *console)
{
    if (!console->shown)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    console->shown = false;
}

void cli_console_error(cli_console *console, const hvc_input_error *error)
{
    cli_console_clear(console);
    const char *message = error->error.message;
    hvc_buffer line = HVC_BUFFER_INIT;
    hvc_buffer_puts(&line, "hvcheck: ");
    hvc_buffer_escaped(&line, (hvc_text){error->path, strlen(error->path)});
    hvc_buffer_puts(&line, ": ");
    hvc_buffer_escaped(&line, (hvc_text){message, strlen(message)});
    if (error->error.has_offset)
        hvc_buffer_printf(&line, " (at offset 0x%llX)", (unsigned long long)error->error.offset);
    hvc_buffer_puts(&line, "\n");
    write_all(&line);
    hvc_buffer_free(&line);
}
