#include "machine/nfo.h"

#include <expat.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/limits.h"

enum {
    MAX_CELLS = 16, /* columns of one row; what follows is not looked at */
    PIECE = 1 << 20,
};

typedef struct cell {
    const char *name, *text;
} cell;

typedef struct reader {
    hvc_arena *arena;
    XML_Parser parser;
    hvc_status status;
    hvc_error *error;
    unsigned depth;
    const char *categories[HVC_MAX_NFO_DEPTH]; /* from the outermost to the current one */
    unsigned category_depth, category_count;   /* open now; children of the root so far */
    unsigned row_depth;                        /* of the open Data element, 0 when there is none */
    hvc_arena row_arena;                       /* the cells of the open row */
    cell cells[MAX_CELLS];
    unsigned cell_count;
    hvc_buffer text; /* of the open cell */
    bool too_long;   /* it has none: it was longer than HVC_MAX_NFO_CELL */
    size_t rows;     /* of the whole report */
    const char *category;
    HVC_VECTOR(hvc_nfo_row) summary;
    HVC_VECTOR(hvc_nfo_row) disks;
    HVC_VECTOR(hvc_nfo_driver) drivers;
    const char *processor_identifier, *processor_architecture;
} reader;

static void stop(reader *it, hvc_status status, const char *why)
{
    if (it->status != HVC_OK)
        return;
    long long at = XML_GetCurrentByteIndex(it->parser);
    it->status = hvc_fail_at(it->error, status, at > 0 ? (uint64_t)at : 0, "%s", why);
    XML_StopParser(it->parser, XML_FALSE);
}

static void stop_memory(reader *it)
{
    if (it->status == HVC_OK)
        it->status = hvc_fail_memory(it->error);
    XML_StopParser(it->parser, XML_FALSE);
}

static bool is(const char *a, const char *b)
{
    return a != NULL && strcmp(a, b) == 0;
}

static void open_category(reader *it, const XML_Char **attributes)
{
    const char *name = "";
    for (; attributes[0] != NULL; attributes += 2) {
        if (is(attributes[0], "name"))
            name = attributes[1];
    }
    if (it->category_depth >= HVC_MAX_NFO_DEPTH) {
        stop(it, HVC_E_LIMIT, "categories are nested too deeply");
        return;
    }
    const char *copy = hvc_arena_strdup(it->arena, name);
    if (copy == NULL) {
        stop_memory(it);
        return;
    }
    it->categories[it->category_depth++] = copy;
    if (it->category_depth == 1 && it->category_count++ == 0)
        it->category = copy;
}

static void XMLCALL on_start(void *data, const XML_Char *name, const XML_Char **attributes)
{
    reader *it = data;
    if (it->status != HVC_OK)
        return;
    it->depth++;
    if (it->depth == 1 && !is(name, "MsInfo"))
        stop(it, HVC_E_MALFORMED, "no report of msinfo32: the root element is not MsInfo");
    else if (it->depth > HVC_MAX_NFO_DEPTH)
        stop(it, HVC_E_LIMIT, "elements are nested too deeply");
    else if (it->row_depth == 0 && is(name, "Category"))
        open_category(it, attributes);
    else if (it->row_depth == 0 && is(name, "Data"))
        it->row_depth = it->depth;
    else if (it->row_depth != 0 && it->depth == it->row_depth + 1 && it->cell_count < MAX_CELLS) {
        hvc_buffer_clear(&it->text);
        it->too_long = false;
        it->cells[it->cell_count].name = hvc_arena_strdup(&it->row_arena, name);
    }
}

static void XMLCALL on_text(void *data, const XML_Char *text, int size)
{
    reader *it = data;
    if (it->status != HVC_OK || it->row_depth == 0 || it->depth != it->row_depth + 1)
        return;
    if (it->text.size + (size_t)size > HVC_MAX_NFO_CELL)
        it->too_long = true;
    else
        hvc_buffer_put(&it->text, text, (size_t)size);
}

static const char *keep(reader *it, const char *text)
{
    return hvc_arena_strdup(it->arena, text != NULL ? text : "");
}

static const char *cell_named(const reader *it, const char *name)
{
    for (unsigned i = 0; i < it->cell_count; i++) {
        if (is(it->cells[i].name, name))
            return it->cells[i].text;
    }
    return NULL;
}

static void add_row(reader *it, hvc_nfo_row *row)
{
    if (row == NULL)
        return;
    row->item = keep(it, it->cells[0].text);
    row->value = keep(it, it->cells[1].text);
}

static void add_driver(reader *it)
{
    hvc_nfo_driver *driver = hvc_vector_add(it->arena, &it->drivers);
    if (driver == NULL)
        return;
    driver->name = keep(it, cell_named(it, "Name"));
    driver->file = keep(it, cell_named(it, "File"));
    driver->type = keep(it, cell_named(it, "Type"));
    driver->start_mode = keep(it, cell_named(it, "Start_Mode"));
}

/* A variable, its value and, in a third cell, whose it is: "<SYSTEM>" or a user's name. */
static void look_at_variable(reader *it)
{
    const char *value = it->cells[1].text;
    const char *user = it->cell_count > 2 ? it->cells[2].text : "<";
    if (value == NULL || user == NULL || user[0] != '<')
        return;
    if (it->processor_identifier == NULL && is(it->cells[0].text, "PROCESSOR_IDENTIFIER"))
        it->processor_identifier = keep(it, value);
    if (it->processor_architecture == NULL && is(it->cells[0].text, "PROCESSOR_ARCHITECTURE"))
        it->processor_architecture = keep(it, value);
}

static void end_row(reader *it)
{
    const char *inner = it->category_depth > 0 ? it->categories[it->category_depth - 1] : NULL;
    if (it->rows++ >= HVC_MAX_NFO_ROWS) {
        stop(it, HVC_E_LIMIT, "the report has too many rows");
        return;
    }
    if (it->cell_count >= 2) {
        if (it->category_depth == 1 && it->category_count == 1)
            add_row(it, hvc_vector_add(it->arena, &it->summary));
        else if (is(inner, "Disks"))
            add_row(it, hvc_vector_add(it->arena, &it->disks));
        else if (is(inner, "System Drivers"))
            add_driver(it);
        else
            look_at_variable(it);
    }
    if (it->arena->failed || it->row_arena.failed)
        stop_memory(it);
    it->cell_count = 0;
    it->row_depth = 0;
    hvc_arena_reset(&it->row_arena);
}

static void XMLCALL on_end(void *data, const XML_Char *name)
{
    reader *it = data;
    if (it->status != HVC_OK)
        return;
    if (it->row_depth != 0 && it->depth == it->row_depth + 1 && it->cell_count < MAX_CELLS) {
        cell *done = &it->cells[it->cell_count++];
        done->text = NULL;
        if (!it->too_long)
            done->text = hvc_arena_text(&it->row_arena, (hvc_text){it->text.data, it->text.size});
        hvc_buffer_clear(&it->text);
    } else if (it->row_depth != 0 && it->depth == it->row_depth) {
        end_row(it);
    } else if (it->row_depth == 0 && is(name, "Category")) {
        it->category_depth--;
    }
    it->depth--;
}

/* No report has one, and without one there are no entities to expand. */
static void XMLCALL on_doctype(void *data, const XML_Char *name, const XML_Char *system,
                               const XML_Char *public, int internal)
{
    (void)name, (void)system, (void)public, (void)internal;
    stop(data, HVC_E_MALFORMED, "a report of msinfo32 has no document type declaration");
}

static hvc_status parse(reader *it, hvc_span bytes)
{
    XML_SetUserData(it->parser, it);
    XML_SetElementHandler(it->parser, on_start, on_end);
    XML_SetCharacterDataHandler(it->parser, on_text);
    XML_SetStartDoctypeDeclHandler(it->parser, on_doctype);
    for (size_t at = 0;;) {
        size_t size = bytes.size - at < PIECE ? bytes.size - at : PIECE;
        bool last = at + size == bytes.size;
        enum XML_Status done =
            XML_Parse(it->parser, size > 0 ? (const char *)bytes.data + at : "", (int)size, last);
        if (it->status != HVC_OK)
            return it->status;
        if (done != XML_STATUS_OK) {
            enum XML_Error code = XML_GetErrorCode(it->parser);
            if (code == XML_ERROR_NO_MEMORY)
                return hvc_fail_memory(it->error);
            long long offset = XML_GetCurrentByteIndex(it->parser);
            return hvc_fail_at(it->error, HVC_E_MALFORMED, offset > 0 ? (uint64_t)offset : 0,
                               "no well-formed XML: %s", XML_ErrorString(code));
        }
        if (last)
            return HVC_OK;
        at += size;
    }
}

hvc_status hvc_nfo_read(hvc_arena *arena, hvc_span bytes, hvc_nfo *ret_nfo, hvc_error *error)
{
    if (bytes.size > HVC_MAX_FACTS_BYTES)
        return hvc_fail(error, HVC_E_LIMIT, "%zu bytes are more than the limit of %llu", bytes.size,
                        (unsigned long long)HVC_MAX_FACTS_BYTES);
    reader it = {.arena = arena, .error = error, .text = HVC_BUFFER_INIT};
    it.parser = XML_ParserCreate(NULL);
    if (it.parser == NULL)
        return hvc_fail_memory(error);
    hvc_status status = parse(&it, bytes);
    if (status == HVC_OK && it.category == NULL)
        status = hvc_fail(error, HVC_E_MALFORMED, "the report of msinfo32 has no category");
    if (status == HVC_OK && (arena->failed || it.text.failed))
        status = hvc_fail_memory(error);
    if (status == HVC_OK)
        *ret_nfo = (hvc_nfo){
            .category = it.category,
            .rows = it.summary.items,
            .row_count = it.summary.count,
            .disks = it.disks.items,
            .disk_count = it.disks.count,
            .drivers = it.drivers.items,
            .driver_count = it.drivers.count,
            .processor_identifier = it.processor_identifier,
            .processor_architecture = it.processor_architecture,
        };
    XML_ParserFree(it.parser);
    hvc_buffer_free(&it.text);
    hvc_arena_free(&it.row_arena);
    return status;
}
