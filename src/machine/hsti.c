#include "machine/hsti.h"

#include "base/buffer.h"

enum {
    HEADER = 524,   /* version, role, 256 characters, size of a set of bits */
    MAX_BITS = 256, /* bytes of a set */
    MAX_ROLE = 4,
    MAX_ENTRIES = 64,
    MAX_SHOWN = 65536, /* bytes of the blob that go into the facts */
};

/* One structure at *at; false when there is none. */
static bool read_entry(hvc_span blob, uint64_t *at, bool *ret_passed)
{
    uint32_t version = 0, role = 0, size = 0;
    if (!hvc_span_u32(blob, *at, &version) || !hvc_span_u32(blob, *at + 4, &role) ||
        !hvc_span_u32(blob, *at + HEADER - 4, &size) || version != 1 || role < 1 ||
        role > MAX_ROLE || size == 0 || size > MAX_BITS ||
        !hvc_span_has(blob, *at + HEADER, 3ull * size))
        return false;
    const uint8_t *required = blob.data + *at + HEADER;
    for (uint32_t i = 0; i < size; i++)
        if ((required[i] & ~required[2 * size + i]) != 0)
            *ret_passed = false;
    uint64_t end = *at + HEADER + 3ull * size;
    uint16_t unit = 1;
    for (; unit != 0; end += 2)
        if (!hvc_span_u16(blob, end, &unit))
            return false;
    *at = end;
    return true;
}

static void set_blob(hvc_facts_builder *builder, hvc_span blob, const char *source)
{
    hvc_buffer text = HVC_BUFFER_INIT;
    for (size_t i = 0; i < blob.size && i < MAX_SHOWN; i++)
        hvc_buffer_printf(&text, "%02X,", blob.data[i]);
    hvc_buffer_put(&text, "", 1);
    if (text.failed)
        builder->arena.failed = true;
    else
        hvc_fact_set_text(builder, HVC_FACT_FIRMWARE_HSTI_BLOB, text.data, source);
    hvc_buffer_free(&text);
}

void hvc_facts_set_hsti(hvc_facts_builder *builder, hvc_span blob, const char *source)
{
    bool passed = true;
    uint64_t at = 0, count = 0;
    while (at < blob.size && count < MAX_ENTRIES && read_entry(blob, &at, &passed))
        count++;
    hvc_fact_set_number(builder, HVC_FACT_FIRMWARE_HSTI_SIZE, blob.size, source);
    if (blob.size > 0)
        set_blob(builder, blob, source);
    else
        hvc_fact_set_unavailable(builder, HVC_FACT_FIRMWARE_HSTI_BLOB, "it is empty");
    if (at == blob.size) {
        hvc_fact_set_number(builder, HVC_FACT_FIRMWARE_HSTI_COUNT, count, source);
        hvc_fact_set_bool(builder, HVC_FACT_FIRMWARE_HSTI_PASSED, count > 0 && passed, source);
        return;
    }
    static const char why[] = "the results are in a form that is not known";
    hvc_fact_set_unavailable(builder, HVC_FACT_FIRMWARE_HSTI_COUNT, why);
    hvc_fact_set_unavailable(builder, HVC_FACT_FIRMWARE_HSTI_PASSED, why);
}
