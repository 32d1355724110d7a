/* Binary XML is walked once per record, token by token; of the document that it makes only what is
 * asked for is kept. Every offset is relative to the chunk, 64 KiB that know nothing of the others.
 */
#include "machine/evtx.h"

#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "machine/hive.h"

enum {
    FILE_HEADER = 4096,
    CHUNK = 65536,
    CHUNK_HEADER = 512,
    RECORD_HEADER = 24,
    TEMPLATE_HEADER = 24,
    MAX_DEPTH = 32,  /* elements inside one another */
    MAX_NESTED = 8,  /* documents inside values */
    MAX_VALUES = 512 /* of one template */
};

enum {
    TYPE_NULL = 0x00,
    TYPE_STRING = 0x01,
    TYPE_INT8 = 0x03,
    TYPE_UINT64 = 0x0A,
    TYPE_HEX32 = 0x14,
    TYPE_HEX64 = 0x15,
    TYPE_XML = 0x21,
};

enum {
    TOKEN_END = 0x00,
    TOKEN_OPEN = 0x01,
    TOKEN_CLOSE_START = 0x02,
    TOKEN_CLOSE_EMPTY = 0x03,
    TOKEN_CLOSE = 0x04,
    TOKEN_VALUE = 0x05,
    TOKEN_ATTRIBUTE = 0x06,
    TOKEN_CDATA = 0x07,
    TOKEN_CHARACTER = 0x08,
    TOKEN_ENTITY = 0x09,
    TOKEN_PI_TARGET = 0x0A,
    TOKEN_PI_DATA = 0x0B,
    TOKEN_TEMPLATE = 0x0C,
    TOKEN_NORMAL = 0x0D,
    TOKEN_OPTIONAL = 0x0E,
    TOKEN_FRAGMENT = 0x0F,
    MORE = 0x40,
};

/* Elements whose contents matter. */
typedef enum element {
    OTHER,
    EVENT,
    SYSTEM,
    PROVIDER,
    EVENT_ID,
    EVENT_DATA,
    DATA,
} element;

typedef struct typed_value {
    hvc_span data;
    uint8_t type;
} typed_value;

typedef struct value_list {
    const typed_value *items;
    size_t count;
} value_list;

/* What is gathered of one record. */
typedef struct gather {
    hvc_span chunk;
    hvc_arena *arena;
    size_t budget, used; /* what the chunk may still cost; of the arena, what was paid for */
    element stack[MAX_DEPTH];
    size_t depth;
    bool in_attribute, attribute_is_name;
    typed_value data_name, data, provider, id;
    HVC_VECTOR(hvc_evtx_field) fields;
} gather;

/* A name of the chunk: four bytes, a hash, its length, UTF-16LE with a NUL. */
static bool name_at(const gather *g, uint32_t offset, hvc_span *ret_name)
{
    uint16_t length;
    return hvc_span_u16(g->chunk, (uint64_t)offset + 6, &length) &&
           hvc_span_sub(g->chunk, (uint64_t)offset + 8, (uint64_t)length * 2, ret_name);
}

/* Reads the offset of a name at *at, and passes over the name where it follows right there. */
static bool read_name(const gather *g, uint32_t *at, hvc_span *ret_name)
{
    uint32_t offset;
    if (!hvc_span_u32(g->chunk, *at, &offset) || !name_at(g, offset, ret_name))
        return false;
    *at += 4;
    if (offset == *at)
        *at += (uint32_t)(10 + ret_name->size);
    return true;
}

static bool name_is(hvc_span name, const char *text)
{
    size_t length = strlen(text);
    if (name.size != 2 * length)
        return false;
    for (size_t i = 0; i < length; i++)
        if (hvc_le16(name.data + 2 * i) != (unsigned char)text[i])
            return false;
    return true;
}

static element element_of(const gather *g, hvc_span name)
{
    static const struct {
        element parent, own;
        const char *name;
    } known[] = {
        {EVENT, SYSTEM, "System"},      {EVENT, EVENT_DATA, "EventData"},
        {SYSTEM, PROVIDER, "Provider"}, {SYSTEM, EVENT_ID, "EventID"},
        {EVENT_DATA, DATA, "Data"},
    };
    if (g->depth == 0)
        return name_is(name, "Event") ? EVENT : OTHER;
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        if (g->stack[g->depth - 1] == known[i].parent && name_is(name, known[i].name))
            return known[i].own;
    return OTHER;
}

/* A value where it stands: in an attribute or as the contents of the innermost element. */
static void put_value(gather *g, typed_value value)
{
    element top = g->depth == 0 ? OTHER : g->stack[g->depth - 1];
    if (g->in_attribute) {
        if (g->attribute_is_name && top == DATA)
            g->data_name = value;
        else if (g->attribute_is_name && top == PROVIDER)
            g->provider = value;
    } else if (top == DATA) {
        g->data = value;
    } else if (top == EVENT_ID) {
        g->id = value;
    }
}

static bool is_integer(uint8_t type)
{
    return (type >= TYPE_INT8 && type <= TYPE_UINT64) || type == TYPE_HEX32 || type == TYPE_HEX64;
}

static uint64_t integer_of(const typed_value *value)
{
    uint64_t number = 0;
    for (size_t i = value->data.size < 8 ? value->data.size : 8; i-- > 0;)
        number = number << 8 | value->data.data[i];
    return number;
}

static bool end_data(gather *g)
{
    if (g->data_name.type != TYPE_STRING)
        return true;
    hvc_evtx_field *field = hvc_vector_add(g->arena, &g->fields);
    if (field == NULL)
        return false;
    field->name = hvc_utf16_text(g->arena, g->data_name.data);
    if (g->data.type == TYPE_STRING)
        field->text = hvc_utf16_text(g->arena, g->data.data);
    field->is_number = is_integer(g->data.type);
    if (field->is_number)
        field->number = integer_of(&g->data);
    return !g->arena->failed;
}

static bool open_element(gather *g, uint32_t *at, bool has_attributes, bool in_value)
{
    hvc_span name;
    /* A dependency identifier, which elements that stand in a value do without; then a size. */
    *at += in_value ? 4 : 6;
    if (g->depth == MAX_DEPTH || !read_name(g, at, &name))
        return false;
    *at += has_attributes ? 4 : 0;
    element own = element_of(g, name);
    g->stack[g->depth++] = own;
    g->in_attribute = false;
    if (own == DATA)
        g->data_name = g->data = (typed_value){{NULL, 0}, TYPE_NULL};
    return true;
}

static bool close_element(gather *g)
{
    if (g->depth == 0)
        return false;
    g->in_attribute = false;
    element own = g->stack[--g->depth];
    return own != DATA || end_data(g);
}

/* Text with its length in characters before it. */
static bool counted_text(const gather *g, uint32_t *at, hvc_span *ret_text)
{
    uint16_t length;
    if (!hvc_span_u16(g->chunk, *at, &length) ||
        !hvc_span_sub(g->chunk, (uint64_t)*at + 2, (uint64_t)length * 2, ret_text))
        return false;
    *at += 2 + (uint32_t)length * 2;
    return true;
}

static bool walk(gather *g, uint32_t at, uint32_t end, value_list values, bool in_value,
                 unsigned nested);

/* A value of the template, where the template asks for it. */
static bool substitute(gather *g, uint32_t *at, value_list values, unsigned nested)
{
    uint16_t index;
    if (!hvc_span_u16(g->chunk, *at, &index) || !hvc_span_has(g->chunk, *at, 3))
        return false;
    *at += 3;
    if (index >= values.count)
        return false;
    const typed_value *value = &values.items[index];
    if (value->type != TYPE_XML) {
        put_value(g, *value);
        return true;
    }
    uint32_t start = (uint32_t)(value->data.data - g->chunk.data);
    return nested > 0 && walk(g, start, start + (uint32_t)value->data.size, (value_list){NULL, 0},
                              true, nested - 1);
}

/* The values of a template instance at *at. */
static bool read_values(gather *g, uint32_t *at, value_list *ret_values)
{
    uint32_t count;
    if (!hvc_span_u32(g->chunk, *at, &count) || count > MAX_VALUES ||
        !hvc_span_has(g->chunk, (uint64_t)*at + 4, (uint64_t)count * 4))
        return false;
    const uint8_t *descriptors = g->chunk.data + *at + 4;
    typed_value *items = hvc_arena_array(g->arena, count + 1, sizeof(*items));
    if (items == NULL)
        return false;
    *at += 4 + count * 4;
    for (uint32_t i = 0; i < count; i++) {
        uint16_t size = hvc_le16(descriptors + (size_t)i * 4);
        items[i].type = descriptors[(size_t)i * 4 + 2];
        if (!hvc_span_sub(g->chunk, *at, size, &items[i].data))
            return false;
        *at += size;
    }
    *ret_values = (value_list){items, count};
    return true;
}

/* A template with values: its definition stands here, or where an earlier record needed it first.
 */
static bool template_instance(gather *g, uint32_t *at, unsigned nested)
{
    uint32_t definition, size;
    if (!hvc_span_u32(g->chunk, (uint64_t)*at + 5, &definition) ||
        !hvc_span_u32(g->chunk, (uint64_t)definition + 20, &size) ||
        !hvc_span_has(g->chunk, (uint64_t)definition + TEMPLATE_HEADER, size))
        return false;
    *at += 9;
    if (definition == *at)
        *at += TEMPLATE_HEADER + size;
    value_list values;
    if (nested == 0 || !read_values(g, at, &values))
        return false;
    uint32_t start = definition + TEMPLATE_HEADER;
    return walk(g, start, start + size, values, false, nested - 1);
}

/* One token that stands before its contents; *at is behind it. */
static bool take(gather *g, uint8_t token, uint32_t *at, value_list values, bool in_value,
                 unsigned nested)
{
    hvc_span text;
    switch (token & ~MORE) {
    case TOKEN_FRAGMENT:
        *at += 3;
        return true;
    case TOKEN_OPEN:
        return open_element(g, at, (token & MORE) != 0, in_value);
    case TOKEN_CLOSE_START:
        g->in_attribute = false;
        return true;
    case TOKEN_CLOSE_EMPTY:
    case TOKEN_CLOSE:
        return close_element(g);
    case TOKEN_ATTRIBUTE:
        g->in_attribute = read_name(g, at, &text);
        g->attribute_is_name = g->in_attribute && name_is(text, "Name");
        return g->in_attribute;
    case TOKEN_VALUE: {
        uint8_t type;
        if (!hvc_span_u8(g->chunk, (*at)++, &type) || type != TYPE_STRING ||
            !counted_text(g, at, &text))
            return false;
        put_value(g, (typed_value){text, TYPE_STRING});
        return true;
    }
    case TOKEN_CDATA:
    case TOKEN_PI_DATA:
        return counted_text(g, at, &text);
    case TOKEN_CHARACTER:
        *at += 2;
        return true;
    case TOKEN_ENTITY:
    case TOKEN_PI_TARGET:
        return read_name(g, at, &text);
    case TOKEN_TEMPLATE:
        return template_instance(g, at, nested);
    case TOKEN_NORMAL:
    case TOKEN_OPTIONAL:
        return substitute(g, at, values, nested);
    default:
        return false;
    }
}

/* Walks a fragment. False when it is damaged, or memory or the chunk's budget is exhausted. */
static bool walk(gather *g, uint32_t at, uint32_t end, value_list values, bool in_value,
                 unsigned nested)
{
    while (at < end) {
        uint8_t token;
        size_t cost = 1 + (g->arena->used - g->used) / 16;
        if (g->budget < cost || !hvc_span_u8(g->chunk, at, &token))
            return false;
        g->budget -= cost;
        g->used = g->arena->used;
        if (token == TOKEN_END)
            return true;
        at++;
        if (!take(g, token, &at, values, in_value, nested))
            return false;
    }
    return at == end;
}

/* The event's number: an integer, or digits. */
static bool event_id(const gather *g, uint32_t *ret_id)
{
    if (is_integer(g->id.type)) {
        *ret_id = (uint32_t)integer_of(&g->id);
        return true;
    }
    uint32_t id = 0;
    size_t size = g->id.type == TYPE_STRING ? g->id.data.size / 2 : 0;
    for (size_t i = 0; i < size && i < 6; i++) {
        unsigned digit = hvc_le16(g->id.data.data + 2 * i);
        if (digit < '0' || digit > '9')
            return false;
        id = id * 10 + (digit - '0');
    }
    *ret_id = id;
    return size > 0 && size < 6;
}

/* Reads one record and hands it on. *ret_damaged when it could not be read. */
static hvc_status read_record(gather *g, uint32_t at, uint32_t size, hvc_evtx_sink sink,
                              void *context, bool *ret_damaged, hvc_error *error)
{
    const uint8_t *p = g->chunk.data + at;
    hvc_evtx_event event = {.record = hvc_le64(p + 8), .time = hvc_le64(p + 16), .provider = ""};
    const value_list none = {NULL, 0};
    bool fine = walk(g, at + RECORD_HEADER, at + size - 4, none, false, MAX_NESTED) &&
                g->depth == 0 && event_id(g, &event.id);
    if (fine && g->provider.type == TYPE_STRING)
        event.provider = hvc_utf16_text(g->arena, g->provider.data);
    if (g->arena->failed)
        return hvc_fail_memory(error);
    *ret_damaged = !fine;
    if (!fine)
        return HVC_OK;
    event.fields = g->fields.items;
    event.field_count = g->fields.count;
    hvc_status status = sink(context, &event);
    return status == HVC_OK ? HVC_OK : hvc_fail(error, status, "%s", hvc_status_text(status));
}

static hvc_status read_chunk(hvc_span chunk, hvc_arena *arena, hvc_evtx_sink sink, void *context,
                             hvc_evtx_summary *summary, hvc_error *error)
{
    /* Behind the free space's start lie remnants of what the chunk held before. */
    uint32_t free_space = hvc_le32(chunk.data + 48);
    if (free_space < CHUNK_HEADER || free_space > chunk.size) {
        summary->damaged++;
        return HVC_OK;
    }
    size_t budget = HVC_MAX_CHUNK_WORK;
    for (uint32_t at = CHUNK_HEADER;
         hvc_span_has(chunk, at, RECORD_HEADER + 4) && at < free_space;) {
        uint32_t size = hvc_le32(chunk.data + at + 4), copy;
        if (memcmp(chunk.data + at, "**\0\0", 4) != 0)
            break; /* a chunk may say that it is full when only zeros follow */
        if (size < RECORD_HEADER + 4 || size > free_space - at ||
            !hvc_span_u32(chunk, (uint64_t)at + size - 4, &copy) || copy != size) {
            summary->damaged++;
            break;
        }
        gather g = {.chunk = chunk, .arena = arena, .budget = budget, .used = arena->used};
        bool damaged = false;
        hvc_status status = read_record(&g, at, size, sink, context, &damaged, error);
        hvc_arena_reset(arena);
        if (status != HVC_OK)
            return status;
        budget = g.budget;
        summary->damaged += damaged;
        summary->events += !damaged;
        at += size;
    }
    return HVC_OK;
}

hvc_status hvc_evtx_read(hvc_span file, hvc_evtx_sink sink, void *context,
                         hvc_evtx_summary *ret_summary, hvc_error *error)
{
    hvc_evtx_summary summary = {0, 0};
    hvc_arena arena = HVC_ARENA_INIT;
    hvc_status status = HVC_OK;
    if (file.size < FILE_HEADER || memcmp(file.data, "ElfFile\0", 8) != 0)
        return hvc_fail_at(error, HVC_E_MALFORMED, 0, "not a Windows event log");
    size_t count = hvc_le16(file.data + 42);
    for (size_t at = FILE_HEADER; at < file.size && status == HVC_OK; at += CHUNK) {
        hvc_span chunk = hvc_span_clip(file, at, CHUNK);
        /* Behind the chunks in use the file holds anything; but a log that was not closed may have
         * more chunks than it says. */
        if (chunk.size >= CHUNK_HEADER && memcmp(chunk.data, "ElfChnk\0", 8) == 0)
            status = read_chunk(chunk, &arena, sink, context, &summary, error);
        else if ((at - FILE_HEADER) / CHUNK < count)
            summary.damaged++;
    }
    hvc_arena_free(&arena);
    if (status == HVC_OK)
        *ret_summary = summary;
    return status;
}

const hvc_evtx_field *hvc_evtx_field_of(const hvc_evtx_event *event, const char *name)
{
    for (size_t i = 0; i < event->field_count; i++)
        if (strcmp(event->fields[i].name, name) == 0)
            return &event->fields[i];
    return NULL;
}
