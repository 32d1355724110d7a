/* Which of the readers a saved file is for, from its beginning (msinfo32) or its keys (PowerShell).
 */
#include "base/limits.h"
#include "machine/probe.h"
#include "machine/text.h"

enum { BEGINNING = 4096 };

static bool contains(hvc_text text, const char *words)
{
    return strstr(text.data, words) != NULL; /* as far as a NUL, which neither format has */
}

static bool starts_with(hvc_text text, const char *first)
{
    size_t at = 0;
    while (at < text.size && memchr(" \t\r\n", text.data[at], 4) != NULL)
        at++;
    return at < text.size && strchr(first, text.data[at]) != NULL;
}

/* The first bytes of text, cut where UTF-16 and most of UTF-8 can be cut. */
static bool decode(hvc_arena *arena, hvc_span bytes, size_t size, hvc_text *ret_text)
{
    for (unsigned less = 0; less < 4; less++) {
        hvc_span part = hvc_span_clip(bytes, 0, size);
        part.size -= less < part.size ? less : part.size;
        if (hvc_decode_text(arena, part, ret_text, NULL) == HVC_OK)
            return true;
    }
    return false;
}

bool hvc_is_nfo(hvc_span bytes)
{
    hvc_arena arena = HVC_ARENA_INIT;
    hvc_text text = {NULL, 0};
    bool is = decode(&arena, bytes, BEGINNING, &text) && starts_with(text, "<") &&
              contains(text, "<MsInfo");
    hvc_arena_free(&arena);
    return is;
}

bool hvc_is_device_guard_json(hvc_span bytes)
{
    static const char *const keys[] = {"\"VirtualizationBasedSecurityStatus\"",
                                       "\"AvailableSecurityProperties\"",
                                       "\"SecurityServicesRunning\""};
    hvc_arena arena = HVC_ARENA_INIT;
    hvc_text text = {NULL, 0};
    bool is = false;
    if (bytes.size <= HVC_MAX_FACTS_BYTES && decode(&arena, bytes, bytes.size, &text) &&
        starts_with(text, "{[")) {
        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
            is |= contains(text, keys[i]);
    }
    hvc_arena_free(&arena);
    return is;
}
