/* Facts from JSON: what facts_write.c wrote, or somebody in its form. Everything that is not of the
 * form is an error that names the place: a fact that was misspelt must not count as not known. */
#include <jansson.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "machine/facts_json.h"
#include "machine/text.h"

/* The first failure ends the reading; everything is a no-op behind it. */
typedef struct reader {
    hvc_facts_builder *builder;
    hvc_status status;
    hvc_error *error;
    const char *where; /* the list or fact in work, for messages */
    size_t index;
} reader;

static void fail(reader *self, hvc_status status, const char *name, const char *what)
{
    if (self->status != HVC_OK)
        return;
    if (self->where[0] != '\0' && self->index > 0)
        self->status = hvc_fail(self->error, status, "facts: entry %zu of %s: %s %s", self->index,
                                self->where, name, what);
    else
        self->status = hvc_fail(self->error, status, "facts: %s%s%s %s", self->where,
                                self->where[0] != '\0' ? ": " : "", name, what);
}

/* object is one, and has the members (separated by blanks), no others and none twice. */
static bool has_members(reader *self, json_t *object, const char *members)
{
    if (!json_is_object(object)) {
        fail(self, HVC_E_MALFORMED, "this", "is no object");
        return false;
    }
    size_t count = 0;
    for (const char *p = members; *p != '\0'; count++) {
        char name[32];
        size_t length = strcspn(p, " ");
        memcpy(name, p, length);
        name[length] = '\0';
        if (json_object_get(object, name) == NULL) {
            fail(self, HVC_E_MALFORMED, name, "is missing");
            return false;
        }
        p += length + (p[length] == ' ');
    }
    if (json_object_size(object) != count)
        fail(self, HVC_E_MALFORMED, "this", "has a member too many");
    return self->status == HVC_OK;
}

static const char *text_of(reader *self, json_t *object, const char *name, bool nullable)
{
    json_t *value = json_object_get(object, name);
    if (nullable && json_is_null(value))
        return NULL;
    if (!json_is_string(value))
        fail(self, HVC_E_MALFORMED, name, "is no text");
    else if (json_string_length(value) > HVC_MAX_FACT_TEXT)
        fail(self, HVC_E_LIMIT, name, "is too long");
    else
        return json_string_value(value);
    return "";
}

static uint64_t number_of(reader *self, json_t *value, const char *name, uint64_t largest)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        (uint64_t)json_integer_value(value) > largest) {
        fail(self, HVC_E_MALFORMED, name, "is no number in range");
        return 0;
    }
    return (uint64_t)json_integer_value(value);
}

static uint32_t member_u32(reader *self, json_t *object, const char *name)
{
    return (uint32_t)number_of(self, json_object_get(object, name), name, UINT32_MAX);
}

static bool flag_of(reader *self, json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);
    if (!json_is_boolean(value))
        fail(self, HVC_E_MALFORMED, name, "is neither true nor false");
    return json_is_true(value);
}

/* Calls add for each entry of a list. False when the list is null. */
static bool each(reader *self, json_t *object, const char *name, bool nullable,
                 void (*add)(reader *, json_t *))
{
    json_t *list = json_object_get(object, name);
    self->where = "";
    self->index = 0;
    if (nullable && json_is_null(list))
        return false;
    if (!json_is_array(list))
        fail(self, HVC_E_MALFORMED, name, "is no list");
    else if (json_array_size(list) > HVC_MAX_FACT_ENTRIES)
        fail(self, HVC_E_LIMIT, name, "has too many entries");
    self->where = name;
    for (size_t i = 0; self->status == HVC_OK && i < json_array_size(list); i++) {
        self->index = i + 1;
        add(self, json_array_get(list, i));
    }
    self->where = "";
    self->index = 0;
    return true;
}

static void read_numbers(reader *self, hvc_fact_id id, json_t *value, const char *source)
{
    uint64_t numbers[HVC_MAX_FACT_NUMBERS];
    size_t count = json_array_size(value);
    if (!json_is_array(value) || count > HVC_MAX_FACT_NUMBERS) {
        fail(self, HVC_E_MALFORMED, "value", "is no list of few numbers");
        return;
    }
    for (size_t i = 0; i < count; i++)
        numbers[i] = number_of(self, json_array_get(value, i), "value", INT64_MAX);
    if (self->status == HVC_OK)
        hvc_fact_set_numbers(self->builder, id, numbers, count, source);
}

static void read_fact(reader *self, hvc_fact_id id, json_t *fact)
{
    if (json_object_get(fact, "unavailable") != NULL) {
        if (has_members(self, fact, "unavailable"))
            hvc_fact_set_unavailable(self->builder, id, text_of(self, fact, "unavailable", false));
        return;
    }
    if (!has_members(self, fact, "value source"))
        return;
    const char *source = text_of(self, fact, "source", false);
    json_t *value = json_object_get(fact, "value");
    switch (hvc_fact_info_of(id)->type) {
    case HVC_FACT_TYPE_BOOL:
        hvc_fact_set_bool(self->builder, id, flag_of(self, fact, "value"), source);
        break;
    case HVC_FACT_TYPE_NUMBER:
        hvc_fact_set_number(self->builder, id, number_of(self, value, "value", INT64_MAX), source);
        break;
    case HVC_FACT_TYPE_TEXT:
        hvc_fact_set_text(self->builder, id, text_of(self, fact, "value", false), source);
        break;
    case HVC_FACT_TYPE_NUMBERS:
        read_numbers(self, id, value, source);
        break;
    }
}

static void read_items(reader *self, json_t *facts)
{
    const char *name;
    json_t *fact;
    if (!json_is_object(facts)) {
        fail(self, HVC_E_MALFORMED, "facts", "is no object");
        return;
    }
    json_object_foreach(facts, name, fact)
    {
        int id = 0;
        while (id < HVC_FACT_COUNT && strcmp(hvc_fact_info_of((hvc_fact_id)id)->name, name) != 0)
            id++;
        self->where = name;
        if (id == HVC_FACT_COUNT)
            fail(self, HVC_E_MALFORMED, "this", "is no fact that this version knows");
        else
            read_fact(self, (hvc_fact_id)id, fact);
        self->where = "";
        if (self->status != HVC_OK)
            return;
    }
}

static void read_key(reader *self, json_t *key)
{
    if (!has_members(self, key, "key state why"))
        return;
    const char *name = text_of(self, key, "key", false);
    const char *state = text_of(self, key, "state", false);
    const char *why = text_of(self, key, "why", true);
    for (int i = HVC_KEY_ABSENT; i <= HVC_KEY_UNREADABLE; i++) {
        if (strcmp(state, hvc_key_state_name((hvc_key_state)i)) == 0) {
            hvc_facts_add_key(self->builder, name, (hvc_key_state)i, why);
            return;
        }
    }
    fail(self, HVC_E_MALFORMED, "state", "is not known");
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static const uint8_t *hex_data(reader *self, json_t *data, size_t *ret_size)
{
    json_t *value = json_object_get(data, "hex");
    const char *hex = json_string_value(value);
    size_t size = json_string_length(value);
    if (hex == NULL || size % 2 != 0 || size / 2 > HVC_MAX_REGISTRY_DATA) {
        fail(self, HVC_E_MALFORMED, "hex", "is no row of bytes");
        return NULL;
    }
    uint8_t *bytes = hvc_arena_alloc(&self->builder->arena, size / 2);
    for (size_t i = 0; bytes != NULL && i < size; i += 2) {
        if (digit(hex[i]) < 0 || digit(hex[i + 1]) < 0) {
            fail(self, HVC_E_MALFORMED, "hex", "is no row of bytes");
            return NULL;
        }
        bytes[i / 2] = (uint8_t)(digit(hex[i]) << 4 | digit(hex[i + 1]));
    }
    *ret_size = size / 2;
    return bytes;
}

static void read_value(reader *self, json_t *object)
{
    if (!has_members(self, object, "key name type data"))
        return;
    hvc_registry_value value = {.key = text_of(self, object, "key", false),
                                .name = text_of(self, object, "name", false),
                                .type = member_u32(self, object, "type")};
    json_t *data = json_object_get(object, "data");
    uint8_t dword[4];
    if (json_is_string(data) && (value.type == HVC_REG_SZ || value.type == HVC_REG_EXPAND_SZ)) {
        value.data = hvc_registry_data(&self->builder->arena, text_of(self, object, "data", false),
                                       &value.size);
    } else if (json_is_integer(data) && value.type == HVC_REG_DWORD) {
        uint64_t number = number_of(self, data, "data", UINT32_MAX);
        for (unsigned i = 0; i < 4; i++)
            dword[i] = (uint8_t)(number >> (8 * i));
        value.data = dword;
        value.size = sizeof(dword);
    } else if (json_is_object(data) && has_members(self, data, "hex")) {
        value.data = hex_data(self, data, &value.size);
    } else {
        fail(self, HVC_E_MALFORMED, "data", "does not fit the type");
    }
    if (self->status == HVC_OK && value.data != NULL)
        hvc_facts_add_value(self->builder, &value);
}

static void read_service(reader *self, json_t *object)
{
    if (!has_members(self, object, "name image_path file group type start"))
        return;
    const hvc_service service = {.name = text_of(self, object, "name", false),
                                 .image_path = text_of(self, object, "image_path", true),
                                 .file = text_of(self, object, "file", true),
                                 .group = text_of(self, object, "group", true),
                                 .type = member_u32(self, object, "type"),
                                 .start = member_u32(self, object, "start")};
    if (self->status == HVC_OK)
        hvc_facts_add_service(self->builder, &service);
}

static void read_counters(reader *self, json_t *object, uint64_t *ret_counters)
{
    if (!json_is_object(object) || json_object_size(object) != HVC_COUNTER_COUNT)
        fail(self, HVC_E_MALFORMED, "counters", "are not seven numbers");
    for (int i = 0; i < HVC_COUNTER_COUNT; i++) {
        const char *name = hvc_counter_id((hvc_counter)i);
        ret_counters[i] = number_of(self, json_object_get(object, name), name, INT64_MAX);
    }
}

static hvc_verdict verdict_of(reader *self, json_t *object, const char *name)
{
    const char *text = text_of(self, object, name, false);
    for (int i = 0; i < HVC_VERDICT_COUNT; i++)
        if (strcmp(hvc_verdict_name((hvc_verdict)i), text) == 0)
            return (hvc_verdict)i;
    fail(self, HVC_E_MALFORMED, name, "is no verdict");
    return HVC_VERDICT_UNDETERMINED;
}

static void read_driver(reader *self, json_t *object)
{
    if (!has_members(self, object,
                     "module path sha256 signer boot_start windows_signed examined error counters "
                     "verifier_counters verifier load reason"))
        return;
    hvc_machine_driver driver = {.module = text_of(self, object, "module", false),
                                 .path = text_of(self, object, "path", true),
                                 .sha256 = text_of(self, object, "sha256", true),
                                 .signer = text_of(self, object, "signer", true),
                                 .boot_start = flag_of(self, object, "boot_start"),
                                 .windows_signed = flag_of(self, object, "windows_signed"),
                                 .examined = flag_of(self, object, "examined"),
                                 .error = text_of(self, object, "error", true),
                                 .verifier = verdict_of(self, object, "verifier"),
                                 .load = verdict_of(self, object, "load"),
                                 .reason = text_of(self, object, "reason", true)};
    read_counters(self, json_object_get(object, "counters"), driver.counters);
    json_t *live = json_object_get(object, "verifier_counters");
    driver.has_verifier_counters = !json_is_null(live);
    if (driver.has_verifier_counters)
        read_counters(self, live, driver.verifier_counters);
    if (self->status == HVC_OK)
        hvc_facts_add_driver(self->builder, &driver);
}

static void read_event(reader *self, json_t *object)
{
    if (!has_members(self, object, "id time file status"))
        return;
    const hvc_ci_event event = {
        .id = member_u32(self, object, "id"),
        .time = number_of(self, json_object_get(object, "time"), "time", INT64_MAX),
        .file = text_of(self, object, "file", false),
        .status = member_u32(self, object, "status")};
    if (self->status == HVC_OK)
        hvc_facts_add_event(self->builder, &event);
}

static void read_document(reader *self, json_t *root)
{
    static const char members[] =
        "document schema tool host label facts registry services drivers events";
    const char *document = json_string_value(json_object_get(root, "document"));
    if (document == NULL || strcmp(document, "facts") != 0) {
        fail(self, HVC_E_MALFORMED, "this", "is no facts document");
        return;
    }
    json_t *schema = json_object_get(root, "schema");
    if (!json_is_integer(schema) || json_integer_value(schema) != HVC_FACTS_SCHEMA) {
        fail(self, HVC_E_MALFORMED, "schema", "is not 1, the only one that this version knows");
        return;
    }
    if (!has_members(self, root, members))
        return;
    hvc_facts_builder *builder = self->builder;
    const char *host = text_of(self, root, "host", false);
    const char *label = text_of(self, root, "label", false);
    read_items(self, json_object_get(root, "facts"));
    json_t *registry = json_object_get(root, "registry");
    if (self->status != HVC_OK || !has_members(self, registry, "keys values"))
        return;
    each(self, registry, "keys", false, read_key);
    each(self, registry, "values", false, read_value);
    builder->facts.has_services |= each(self, root, "services", true, read_service);
    builder->facts.has_drivers |= each(self, root, "drivers", true, read_driver);
    builder->facts.has_events |= each(self, root, "events", true, read_event);
    if (self->status != HVC_OK)
        return;
    builder->facts.host = hvc_arena_strdup(&builder->arena, host);
    builder->facts.label = hvc_arena_strdup(&builder->arena, label);
}

static hvc_status import(hvc_facts_builder *builder, hvc_span bytes, hvc_error *error)
{
    /* PowerShell likes to write a byte order mark. */
    if (bytes.size >= 3 && memcmp(bytes.data, "\xEF\xBB\xBF", 3) == 0)
        bytes = (hvc_span){bytes.data + 3, bytes.size - 3};
    json_error_t problem;
    json_t *root =
        json_loadb((const char *)bytes.data, bytes.size, JSON_REJECT_DUPLICATES, &problem);
    if (root == NULL)
        return json_error_code(&problem) == json_error_out_of_memory
                   ? hvc_fail_memory(error)
                   : hvc_fail(error, HVC_E_MALFORMED, "facts: line %d, column %d: %s", problem.line,
                              problem.column, problem.text);
    reader self = {builder, HVC_OK, error, "", 0};
    read_document(&self, root);
    json_decref(root);
    if (self.status == HVC_OK && builder->arena.failed)
        return hvc_fail_memory(error);
    return self.status;
}

static bool has_utf16_mark(hvc_span bytes)
{
    return bytes.size >= 2 &&
           (memcmp(bytes.data, "\xFF\xFE", 2) == 0 || memcmp(bytes.data, "\xFE\xFF", 2) == 0);
}

hvc_status hvc_import_facts(hvc_facts_builder *builder, hvc_span bytes, hvc_error *error)
{
    if (bytes.size > HVC_MAX_FACTS_BYTES)
        return hvc_fail(error, HVC_E_LIMIT, "facts: larger than %llu bytes",
                        (unsigned long long)HVC_MAX_FACTS_BYTES);
    if (!has_utf16_mark(bytes))
        return import(builder, bytes, error);
    /* What PowerShell 5 makes of the output that it writes into a file. */
    hvc_arena arena = HVC_ARENA_INIT;
    hvc_text text;
    hvc_status status = hvc_decode_text(&arena, bytes, &text, error);
    if (status == HVC_OK)
        status = import(builder, (hvc_span){(const uint8_t *)text.data, text.size}, error);
    hvc_arena_free(&arena);
    return status;
}
