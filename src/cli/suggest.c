/* Names near a wrong one. */
#include <string.h>

#include "cli/cli.h"

enum { MAX_NAME = 64 }; /* longer names are not compared */

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static unsigned least(unsigned a, unsigned b, unsigned c)
{
    unsigned ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* How many letters must be added, removed or changed; case does not count. */
static unsigned edit_distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
    unsigned row[MAX_NAME + 1];
    for (size_t j = 0; j <= b_size; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= a_size; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_size; j++) {
            unsigned changed = diagonal + (lower(a[i - 1]) != lower(b[j - 1]));
            diagonal = row[j];
            row[j] = least(row[j] + 1, row[j - 1] + 1, changed);
        }
    }
    return row[b_size];
}

static bool contains(const char *text, const char *part, size_t part_size)
{
    for (; strlen(text) >= part_size; text++) {
        size_t same = 0;
        while (same < part_size && lower(text[same]) == lower(part[same]))
            same++;
        if (same == part_size)
            return true;
    }
    return false;
}

void cli_suggest_add(cli_suggestions *suggestions, const char *name)
{
    size_t wanted = strlen(suggestions->wanted), size = strlen(name);
    if (wanted == 0 || wanted > MAX_NAME || size > MAX_NAME)
        return;
    unsigned distance = edit_distance(suggestions->wanted, wanted, name, size);
    unsigned bound = (unsigned)(wanted / 3 + 1);
    if (distance > bound) {
        /* A part of a name is worth less than a name with a slip in it, a long part more than a
         * short. */
        if (wanted < 3 || !contains(name, suggestions->wanted, wanted))
            return;
        distance += MAX_NAME;
    }
    unsigned place = suggestions->count;
    while (place > 0 && suggestions->distances[place - 1] > distance)
        place--;
    if (place == CLI_MAX_SUGGESTIONS)
        return;
    unsigned last =
        suggestions->count < CLI_MAX_SUGGESTIONS ? suggestions->count++ : CLI_MAX_SUGGESTIONS - 1;
    for (unsigned i = last; i > place; i--) {
        suggestions->names[i] = suggestions->names[i - 1];
        suggestions->distances[i] = suggestions->distances[i - 1];
    }
    suggestions->names[place] = name;
    suggestions->distances[place] = distance;
}

const char *cli_suggest_text(const cli_suggestions *suggestions, hvc_buffer *buffer)
{
    if (suggestions->count == 0)
        return "";
    for (unsigned i = 0; i < suggestions->count; i++)
        hvc_buffer_printf(buffer, "%s%s",
                          i == 0                        ? " (did you mean "
                          : i + 1 == suggestions->count ? " or "
                                                        : ", ",
                          suggestions->names[i]);
    hvc_buffer_put(buffer, "?)", 3); /* with its NUL */
    return buffer->failed ? "" : buffer->data;
}
