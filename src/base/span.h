/* Bytes of a file, and reading them without ever leaving them. Every parser reads through these. */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <hvcheck/text.h>

typedef struct hvc_span {
    const uint8_t *data;
    size_t size;
} hvc_span;

static inline bool hvc_span_has(hvc_span span, uint64_t offset, uint64_t size)
{
    return offset <= span.size && size <= span.size - offset;
}

/* The part of span at offset, or false when it does not lie inside. */
static inline bool hvc_span_sub(hvc_span span, uint64_t offset, uint64_t size, hvc_span *ret)
{
    if (!hvc_span_has(span, offset, size))
        return false;
    *ret = (hvc_span){span.data + offset, (size_t)size};
    return true;
}

/* As much of [offset, offset + size) as the span holds; empty when offset lies outside. */
static inline hvc_span hvc_span_clip(hvc_span span, uint64_t offset, uint64_t size)
{
    if (offset >= span.size)
        return (hvc_span){span.data, 0};
    uint64_t rest = span.size - offset;
    return (hvc_span){span.data + offset, (size_t)(size < rest ? size : rest)};
}

/* Little-endian reads from bytes that the caller has checked. */
static inline uint16_t hvc_le16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t hvc_le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t hvc_le64(const uint8_t *p)
{
    return (uint64_t)hvc_le32(p) | (uint64_t)hvc_le32(p + 4) << 32;
}

/* Checked little-endian reads; *ret is untouched on failure. */
static inline bool hvc_span_u8(hvc_span span, uint64_t offset, uint8_t *ret)
{
    if (!hvc_span_has(span, offset, 1))
        return false;
    *ret = span.data[offset];
    return true;
}

static inline bool hvc_span_u16(hvc_span span, uint64_t offset, uint16_t *ret)
{
    if (!hvc_span_has(span, offset, 2))
        return false;
    *ret = hvc_le16(span.data + offset);
    return true;
}

static inline bool hvc_span_u32(hvc_span span, uint64_t offset, uint32_t *ret)
{
    if (!hvc_span_has(span, offset, 4))
        return false;
    *ret = hvc_le32(span.data + offset);
    return true;
}

static inline bool hvc_span_u64(hvc_span span, uint64_t offset, uint64_t *ret)
{
    if (!hvc_span_has(span, offset, 8))
        return false;
    *ret = hvc_le64(span.data + offset);
    return true;
}

/* The NUL-terminated text at offset, without its NUL; false when no NUL follows within max bytes
 * inside the span. */
static inline bool hvc_span_cstr(hvc_span span, uint64_t offset, size_t max, hvc_text *ret)
{
    if (offset >= span.size)
        return false;
    size_t rest = span.size - (size_t)offset;
    const uint8_t *start = span.data + offset;
    const uint8_t *end = memchr(start, 0, rest < max ? rest : max);
    if (end == NULL)
        return false;
    *ret = (hvc_text){(const char *)start, (size_t)(end - start)};
    return true;
}

/* Arithmetic on values that a file chose. */
static inline uint64_t hvc_align_up(uint64_t value, uint64_t power_of_two)
{
    return (value + power_of_two - 1) & ~(power_of_two - 1);
}

#endif
