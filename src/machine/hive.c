/* The hive itself: bins, cells, keys, values. Every offset in a hive is relative to the hive bins
 * data, and reaches it through cell_at alone. */
#include "machine/hive.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "machine/hive_log.h"

enum {
    BIN_HEADER = 32,
    KEY_HEADER = 76,
    VALUE_HEADER = 20,
    BIG_DATA = 16344, /* larger data lies in segments of this size */
    KEY_SYM_LINK = 0x10,
    KEY_COMP_NAME = 0x20,
    VALUE_COMP_NAME = 0x1,
};

#define NO_CELL  UINT32_C(0xFFFFFFFF)
#define RESIDENT UINT32_C(0x80000000)

struct hvc_hive {
    hvc_span image;
    hvc_span bins;
    hvc_hive_base base;
    uint8_t *owned;     /* the image, when a replay made it */
    uint32_t *bin_ends; /* of each page of the bins: where its bin ends */
    hvc_hive_state state;
    char *why;
};

/* A name in the hive. */
typedef struct raw_name {
    hvc_span bytes;
    bool wide; /* UTF-16LE, otherwise one byte a character */
} raw_name;

static hvc_status damaged(hvc_error *error, uint32_t cell, const char *what)
{
    return hvc_fail_at(error, HVC_E_MALFORMED, (uint64_t)HVC_HIVE_BASE + cell, "%s", what);
}

/* The bins must cover the hive without gaps. */
static hvc_status index_bins(hvc_hive *hive, hvc_error *error)
{
    size_t pages = hive->bins.size / HVC_HIVE_PAGE;
    hive->bin_ends = calloc(pages, sizeof(*hive->bin_ends));
    if (hive->bin_ends == NULL)
        return hvc_fail_memory(error);
    for (size_t page = 0; page < pages;) {
        const uint8_t *bin = hive->bins.data + page * HVC_HIVE_PAGE;
        uint32_t at = (uint32_t)(page * HVC_HIVE_PAGE), size = hvc_le32(bin + 8);
        if (memcmp(bin, "hbin", 4) != 0 || hvc_le32(bin + 4) != at)
            return damaged(error, at, "no hive bin where one has to be");
        if (size == 0 || size % HVC_HIVE_PAGE != 0 || size > hive->bins.size - at)
            return damaged(error, at, "a hive bin with a wrong size");
        for (size_t end = page + size / HVC_HIVE_PAGE; page < end; page++)
            hive->bin_ends[page] = at + size;
    }
    return HVC_OK;
}

static hvc_status open_image(hvc_hive *hive, hvc_error *error)
{
    const hvc_hive_base *base = &hive->base;
    if (base->major != 1 || base->minor < 3 || base->minor > 6)
        return hvc_fail_at(error, HVC_E_UNSUPPORTED, 20,
                           "a hive of version %" PRIu32 ".%" PRIu32 ", not 1.3 to 1.6", base->major,
                           base->minor);
    if (base->type != 0)
        return hvc_fail_at(error, HVC_E_UNSUPPORTED, 28, "a log or a copy, not a hive");
    if (base->bins_size == 0 || base->bins_size % HVC_HIVE_PAGE != 0)
        return hvc_fail_at(error, HVC_E_MALFORMED, 40, "a hive with a wrong size of its bins");
    if (!hvc_span_sub(hive->image, HVC_HIVE_BASE, base->bins_size, &hive->bins))
        return hvc_fail_at(error, HVC_E_TRUNCATED, hive->image.size,
                           "the hive ends before its bins do");
    return index_bins(hive, error);
}

/* Replays the logs of a dirty hive. */
static hvc_status make_clean(hvc_hive *hive, hvc_span log1, hvc_span log2, hvc_error *error)
{
    hvc_hive_replay replay;
    hvc_status status = hvc_hive_replay_logs(hive->image, log1, log2, &replay, error);
    if (status != HVC_OK)
        return status;
    hive->state = replay.applied ? HVC_HIVE_REPLAYED : HVC_HIVE_STALE;
    hive->why = replay.why.data;
    if (replay.applied) {
        hive->owned = replay.image;
        hive->image = (hvc_span){replay.image, replay.size};
        hvc_hive_base_read(hive->image, &hive->base);
    }
    return HVC_OK;
}

hvc_status hvc_hive_open(hvc_span primary, hvc_span log1, hvc_span log2, hvc_hive **ret_hive,
                         hvc_error *error)
{
    hvc_hive_base base = {.checksum_ok = false};
    bool has_base = hvc_hive_base_read(primary, &base);
    if (primary.size < HVC_HIVE_SECTOR)
        return hvc_fail_at(error, HVC_E_TRUNCATED, primary.size, "too short for a registry hive");
    if (!has_base && log1.size == 0 && log2.size == 0)
        return hvc_fail_at(error, HVC_E_MALFORMED, 0, "not a registry hive");
    hvc_hive *hive = calloc(1, sizeof(*hive));
    if (hive == NULL)
        return hvc_fail_memory(error);
    hive->image = primary;
    hive->base = base;
    hvc_status status = HVC_OK;
    if (!has_base || hvc_hive_base_dirty(&base))
        status = make_clean(hive, log1, log2, error);
    if (status == HVC_OK && !has_base && hive->state != HVC_HIVE_REPLAYED)
        status = hvc_fail_at(error, HVC_E_MALFORMED, 0, "not a registry hive");
    if (status == HVC_OK)
        status = open_image(hive, error);
    /* A dirty hive in the midst of being written may well be unreadable without its logs. */
    if (status != HVC_OK && error != NULL && hive->state == HVC_HIVE_STALE) {
        hvc_error cause = *error;
        hvc_fail(error, status, "%s; it is dirty, and of its logs: %s", cause.message, hive->why);
        error->has_offset = cause.has_offset;
        error->offset = cause.offset;
    }
    if (status != HVC_OK) {
        hvc_hive_free(hive);
        return status;
    }
    *ret_hive = hive;
    return HVC_OK;
}

void hvc_hive_free(hvc_hive *hive)
{
    if (hive == NULL)
        return;
    free(hive->owned);
    free(hive->bin_ends);
    free(hive->why);
    free(hive);
}

hvc_hive_state hvc_hive_state_of(const hvc_hive *hive)
{
    return hive->state;
}

const char *hvc_hive_state_why(const hvc_hive *hive)
{
    return hive->why;
}

hvc_span hvc_hive_image(const hvc_hive *hive)
{
    return hive->image;
}

/* The data of an allocated cell, which lies inside one bin, and holds at least least bytes. */
static hvc_status cell_at(const hvc_hive *hive, uint32_t cell, size_t least, hvc_span *ret_data,
                          hvc_error *error)
{
    if (!hvc_span_has(hive->bins, cell, 8))
        return damaged(error, (uint32_t)hive->bins.size, "an offset outside the hive");
    if (cell % 8 != 0)
        return damaged(error, cell, "an offset that is no cell's");
    uint32_t end = hive->bin_ends[cell / HVC_HIVE_PAGE];
    /* Allocated cells have a negative size. */
    uint32_t size = 0 - hvc_le32(hive->bins.data + cell);
    if (size < 8 || size % 8 != 0 || size > end - cell || size > INT32_MAX)
        return damaged(error, cell, "a cell that is free or leaves its bin");
    if (size - 4 < least)
        return damaged(error, cell, "a cell that is too small for its contents");
    *ret_data = (hvc_span){hive->bins.data + cell + 4, size - 4};
    return HVC_OK;
}

static hvc_status key_at(const hvc_hive *hive, uint32_t cell, hvc_hive_key *ret_key,
                         uint32_t *ret_parent, hvc_error *error)
{
    hvc_span data;
    hvc_status status = cell_at(hive, cell, KEY_HEADER, &data, error);
    if (status != HVC_OK)
        return status;
    const uint8_t *p = data.data;
    if (memcmp(p, "nk", 2) != 0)
        return damaged(error, cell, "no key where one has to be");
    if (hvc_le16(p + 72) > data.size - KEY_HEADER)
        return damaged(error, cell, "a key whose name leaves its cell");
    *ret_parent = hvc_le32(p + 16);
    *ret_key = (hvc_hive_key){
        .cell = cell,
        .written = hvc_le64(p + 4),
        .subkey_count = hvc_le32(p + 20),
        .value_count = hvc_le32(p + 36),
        .subkeys = hvc_le32(p + 28),
        .values = hvc_le32(p + 40),
        .symlink = (hvc_le16(p + 2) & KEY_SYM_LINK) != 0,
    };
    return HVC_OK;
}

hvc_status hvc_hive_root(const hvc_hive *hive, hvc_hive_key *ret_key, hvc_error *error)
{
    uint32_t parent;
    return key_at(hive, hive->base.root, ret_key, &parent, error);
}

/* --- Subkeys -----------------------------------------------------------------------------------
 */

/* A list of keys (li, lf, lh), or of lists (ri). */
static hvc_status list_at(const hvc_hive *hive, uint32_t cell, bool allow_root, uint32_t *ret_count,
                          uint32_t *ret_step, hvc_error *error)
{
    hvc_span data;
    hvc_status status = cell_at(hive, cell, 4, &data, error);
    if (status != HVC_OK)
        return status;
    const uint8_t *p = data.data;
    bool leaf = p[0] == 'l' && (p[1] == 'i' || p[1] == 'f' || p[1] == 'h');
    bool root = p[0] == 'r' && p[1] == 'i';
    if (root && !allow_root)
        return damaged(error, cell, "a list of lists inside a list of lists");
    if (!leaf && !root)
        return damaged(error, cell, "no list of subkeys where one has to be");
    uint32_t count = hvc_le16(p + 2), step = leaf && p[1] != 'i' ? 8 : 4;
    if (count > (data.size - 4) / step)
        return damaged(error, cell, "a list of subkeys that leaves its cell");
    *ret_count = count;
    *ret_step = root ? 0 : step;
    return HVC_OK;
}

static uint32_t list_item(const hvc_hive *hive, uint32_t list, uint32_t index, uint32_t step)
{
    /* list_at checked that the item lies inside. */
    return hvc_le32(hive->bins.data + list + 8 + (size_t)index * step);
}

hvc_status hvc_hive_subkeys_begin(const hvc_hive *hive, const hvc_hive_key *key,
                                  hvc_hive_subkeys *ret_iterator, hvc_error *error)
{
    hvc_hive_subkeys iterator = {
        .hive = hive, .parent = key->cell, .count = key->subkey_count, .root = NO_CELL};
    /* Each subkey is a cell of its own: this keeps all loops linear in the size of the hive. */
    if (key->subkey_count > hive->bins.size / KEY_HEADER)
        return damaged(error, key->cell, "a key with more subkeys than the hive can hold");
    if (key->subkey_count > 0) {
        uint32_t count, step;
        hvc_status status = list_at(hive, key->subkeys, true, &count, &step, error);
        if (status != HVC_OK)
            return status;
        if (step == 0) {
            iterator.root = key->subkeys;
            iterator.root_count = count;
        } else {
            iterator.leaf = key->subkeys;
            iterator.leaf_count = count;
            iterator.leaf_step = step;
        }
    }
    *ret_iterator = iterator;
    return HVC_OK;
}

/* Moves on to the next leaf that has items; false in *ret_more when there is none. */
static hvc_status next_leaf(hvc_hive_subkeys *it, bool *ret_more, hvc_error *error)
{
    while (it->leaf_index == it->leaf_count) {
        if (it->root == NO_CELL || it->root_index == it->root_count) {
            *ret_more = false;
            return HVC_OK;
        }
        uint32_t list = list_item(it->hive, it->root, it->root_index++, 4);
        hvc_status status = list_at(it->hive, list, false, &it->leaf_count, &it->leaf_step, error);
        if (status != HVC_OK)
            return status;
        it->leaf = list;
        it->leaf_index = 0;
    }
    *ret_more = true;
    return HVC_OK;
}

hvc_status hvc_hive_subkeys_next(hvc_hive_subkeys *iterator, bool *ret_more, hvc_hive_key *ret_key,
                                 hvc_error *error)
{
    bool more = false;
    hvc_status status = HVC_OK;
    if (iterator->count > 0)
        status = next_leaf(iterator, &more, error);
    if (status != HVC_OK)
        return status;
    if (more != (iterator->done < iterator->count))
        return damaged(error, iterator->parent, "a key whose list has another count of subkeys");
    if (!more) {
        *ret_more = false;
        return HVC_OK;
    }
    uint32_t cell =
        list_item(iterator->hive, iterator->leaf, iterator->leaf_index, iterator->leaf_step);
    uint32_t parent;
    hvc_hive_key key;
    status = key_at(iterator->hive, cell, &key, &parent, error);
    if (status != HVC_OK)
        return status;
    /* A tree: each key has one parent, and the root has none. This ends every walk. */
    if (parent != iterator->parent || cell == iterator->hive->base.root)
        return damaged(error, cell, "a key that names another parent");
    iterator->leaf_index++;
    iterator->done++;
    *ret_more = true;
    *ret_key = key;
    return HVC_OK;
}

/* --- Names -------------------------------------------------------------------------------------
 */

static raw_name key_name(const hvc_hive *hive, uint32_t cell)
{
    const uint8_t *p = hive->bins.data + cell + 4; /* key_at checked it */
    return (raw_name){{p + KEY_HEADER, hvc_le16(p + 72)}, (hvc_le16(p + 2) & KEY_COMP_NAME) == 0};
}

static raw_name value_name(const hvc_hive *hive, uint32_t cell)
{
    const uint8_t *p = hive->bins.data + cell + 4; /* value_at checked it */
    return (raw_name){{p + VALUE_HEADER, hvc_le16(p + 2)},
                      (hvc_le16(p + 16) & VALUE_COMP_NAME) == 0};
}

static size_t name_length(const raw_name *name)
{
    return name->wide ? name->bytes.size / 2 : name->bytes.size;
}

static uint16_t name_unit(const raw_name *name, size_t index)
{
    return name->wide ? hvc_le16(name->bytes.data + 2 * index) : name->bytes.data[index];
}

static unsigned upper(unsigned c)
{
    if ((c >= 'a' && c <= 'z') || (c >= 0xE0 && c <= 0xFE && c != 0xF7))
        return c - 0x20;
    return c == 0xFF ? 0x178 : c;
}

/* Whether a name is text, which is UTF-8 of size bytes. */
static bool name_is(const raw_name *name, const char *text, size_t size)
{
    size_t length = name_length(name), unit = 0;
    while (size > 0) {
        unsigned c;
        size_t used = hvc_utf8_decode(text, size, &c);
        if (used == 0 || unit == length)
            return false;
        if (c > 0xFFFF) {
            if (name_unit(name, unit++) != 0xD800 + ((c - 0x10000) >> 10) || unit == length)
                return false;
            c = 0xDC00 + ((c - 0x10000) & 0x3FF);
        }
        if (upper(name_unit(name, unit++)) != upper(c))
            return false;
        text += used;
        size -= used;
    }
    return unit == length;
}

/* How Windows orders two names: below, equal to, or above zero. *ret_sure is false where letters
 * beyond Latin-1 decide, whose upper case is not known here. */
static int compare_names(const raw_name *a, const raw_name *b, bool *ret_sure)
{
    size_t i = 0, a_size = name_length(a), b_size = name_length(b);
    for (; i < a_size && i < b_size; i++) {
        unsigned x = upper(name_unit(a, i)), y = upper(name_unit(b, i));
        if (x == y)
            continue;
        *ret_sure = x < 0x100 && y < 0x100;
        return x < y ? -1 : 1;
    }
    *ret_sure = true;
    return a_size < b_size ? -1 : a_size > b_size;
}

static void put_utf8(hvc_buffer *out, unsigned c)
{
    char bytes[4];
    size_t size = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = size; i-- > 1; c >>= 6)
        bytes[i] = (char)(0x80 | (c & 0x3F));
    bytes[0] = (char)(lead[size] | c);
    hvc_buffer_put(out, bytes, size);
}

static char *name_text(hvc_arena *arena, const raw_name *name)
{
    hvc_buffer out = HVC_BUFFER_INIT;
    size_t length = name_length(name);
    for (size_t i = 0; i < length; i++) {
        unsigned c = name_unit(name, i);
        if (c == 0) {
            c = 0xFFFD; /* allowed in a name, but no text of ours can hold it */
        } else if (c >= 0xD800 && c <= 0xDFFF) {
            unsigned next = c <= 0xDBFF && i + 1 < length ? name_unit(name, i + 1) : 0;
            if (next >= 0xDC00 && next <= 0xDFFF) {
                c = 0x10000 + ((c - 0xD800) << 10) + (next - 0xDC00);
                i++;
            } else {
                c = 0xFFFD;
            }
        }
        put_utf8(&out, c);
    }
    char *text = out.failed ? NULL : hvc_arena_text(arena, (hvc_text){out.data, out.size});
    if (out.failed)
        arena->failed = true;
    hvc_buffer_free(&out);
    return text;
}

char *hvc_utf16_text(hvc_arena *arena, hvc_span data)
{
    size_t size = 0;
    while (size + 1 < data.size && (data.data[size] | data.data[size + 1]) != 0)
        size += 2;
    return name_text(arena, &(raw_name){{data.data, size}, true});
}

hvc_status hvc_hive_key_name(const hvc_hive *hive, const hvc_hive_key *key, hvc_arena *arena,
                             const char **ret_name, hvc_error *error)
{
    raw_name name = key_name(hive, key->cell);
    char *text = name_text(arena, &name);
    if (text == NULL)
        return hvc_fail_memory(error);
    *ret_name = text;
    return HVC_OK;
}

hvc_status hvc_hive_value_name(const hvc_hive *hive, const hvc_hive_value *value, hvc_arena *arena,
                               const char **ret_name, hvc_error *error)
{
    raw_name name = value_name(hive, value->cell);
    char *text = name_text(arena, &name);
    if (text == NULL)
        return hvc_fail_memory(error);
    *ret_name = text;
    return HVC_OK;
}

/* --- Finding -----------------------------------------------------------------------------------
 */

/* One step of a path. Windows searches the sorted lists by halving: where they are not sorted, what
 * it finds is another thing than what is there, so that is damage. */
static hvc_status find_subkey(const hvc_hive *hive, const hvc_hive_key *parent, const char *name,
                              size_t size, bool *ret_found, hvc_hive_key *ret_key, hvc_error *error)
{
    hvc_hive_subkeys iterator;
    hvc_status status = hvc_hive_subkeys_begin(hive, parent, &iterator, error);
    if (status != HVC_OK)
        return status;
    raw_name previous = {{NULL, 0}, false};
    bool found = false;
    for (bool first = true;; first = false) {
        hvc_hive_key key;
        bool more, sure;
        status = hvc_hive_subkeys_next(&iterator, &more, &key, error);
        if (status != HVC_OK)
            return status;
        if (!more)
            break;
        raw_name own = key_name(hive, key.cell);
        if (!first && compare_names(&previous, &own, &sure) >= 0 && sure)
            return damaged(error, key.cell, "a key that is out of order among its like");
        previous = own;
        if (!found && name_is(&own, name, size)) {
            found = true;
            *ret_key = key;
        }
    }
    *ret_found = found;
    return HVC_OK;
}

hvc_status hvc_hive_find_key(const hvc_hive *hive, const char *path, bool *ret_found,
                             hvc_hive_key *ret_key, hvc_error *error)
{
    hvc_hive_key key;
    hvc_status status = hvc_hive_root(hive, &key, error);
    if (status != HVC_OK)
        return status;
    while (*path != 0) {
        size_t size = strcspn(path, "\\");
        bool found = false;
        if (key.symlink)
            return hvc_fail_at(error, HVC_E_UNSUPPORTED, (uint64_t)HVC_HIVE_BASE + key.cell,
                               "a registry link is on the way");
        status = find_subkey(hive, &key, path, size, &found, &key, error);
        if (status != HVC_OK)
            return status;
        if (!found) {
            *ret_found = false;
            return HVC_OK;
        }
        path += size;
        path += *path == '\\';
    }
    *ret_found = true;
    *ret_key = key;
    return HVC_OK;
}

/* --- Values ------------------------------------------------------------------------------------
 */

hvc_status hvc_hive_value_at(const hvc_hive *hive, const hvc_hive_key *key, uint32_t index,
                             hvc_hive_value *ret_value, hvc_error *error)
{
    hvc_span list, data;
    if (key->value_count > hive->bins.size / 4 || index >= key->value_count)
        return damaged(error, key->cell, "a key with more values than the hive can hold");
    hvc_status status = cell_at(hive, key->values, (size_t)key->value_count * 4, &list, error);
    if (status != HVC_OK)
        return status;
    uint32_t cell = hvc_le32(list.data + (size_t)index * 4);
    status = cell_at(hive, cell, VALUE_HEADER, &data, error);
    if (status != HVC_OK)
        return status;
    if (memcmp(data.data, "vk", 2) != 0)
        return damaged(error, cell, "no value where one has to be");
    if (hvc_le16(data.data + 2) > data.size - VALUE_HEADER)
        return damaged(error, cell, "a value whose name leaves its cell");
    *ret_value = (hvc_hive_value){
        .cell = cell,
        .type = hvc_le32(data.data + 12),
        .size = hvc_le32(data.data + 4) & ~RESIDENT,
    };
    return HVC_OK;
}

hvc_status hvc_hive_find_value(const hvc_hive *hive, const hvc_hive_key *key, const char *name,
                               bool *ret_found, hvc_hive_value *ret_value, hvc_error *error)
{
    size_t size = strlen(name);
    for (uint32_t i = 0; i < key->value_count; i++) {
        hvc_hive_value value;
        hvc_status status = hvc_hive_value_at(hive, key, i, &value, error);
        if (status != HVC_OK)
            return status;
        raw_name own = value_name(hive, value.cell);
        if (name_is(&own, name, size)) {
            *ret_found = true;
            *ret_value = value;
            return HVC_OK;
        }
    }
    *ret_found = false;
    return HVC_OK;
}

/* Data of more than 16344 bytes: segments of that size, the last one of the rest. */
static hvc_status big_data(const hvc_hive *hive, uint32_t cell, uint32_t size, hvc_arena *arena,
                           hvc_span *ret_data, hvc_error *error)
{
    hvc_span header, list, segment;
    hvc_status status = cell_at(hive, cell, 8, &header, error);
    if (status != HVC_OK)
        return status;
    size_t count = hvc_le16(header.data + 2);
    if (memcmp(header.data, "db", 2) != 0 || count != (size + BIG_DATA - 1) / BIG_DATA)
        return damaged(error, cell, "large data without its segments");
    status = cell_at(hive, hvc_le32(header.data + 4), count * 4, &list, error);
    if (status != HVC_OK)
        return status;
    uint8_t *bytes = hvc_arena_alloc(arena, size);
    if (bytes == NULL)
        return hvc_fail_memory(error);
    for (size_t i = 0, done = 0; i < count; i++) {
        size_t part = size - done < BIG_DATA ? size - done : BIG_DATA;
        status = cell_at(hive, hvc_le32(list.data + i * 4), part, &segment, error);
        if (status != HVC_OK)
            return status;
        memcpy(bytes + done, segment.data, part);
        done += part;
    }
    *ret_data = (hvc_span){bytes, size};
    return HVC_OK;
}

hvc_status hvc_hive_value_data(const hvc_hive *hive, const hvc_hive_value *value, hvc_arena *arena,
                               hvc_span *ret_data, hvc_error *error)
{
    const uint8_t *p = hive->bins.data + value->cell + 4; /* value_at checked it */
    uint32_t size = value->size, offset = hvc_le32(p + 8);
    if ((hvc_le32(p + 4) & RESIDENT) != 0) {
        if (size > 4)
            return damaged(error, value->cell, "a value with more data than its own cell can hold");
        *ret_data = (hvc_span){p + 8, size};
        return HVC_OK;
    }
    if (size == 0) {
        *ret_data = (hvc_span){p, 0};
        return HVC_OK;
    }
    if (size > hive->bins.size || size > HVC_MAX_HIVE_VALUE)
        return damaged(error, value->cell, "a value with more data than the hive can hold");
    if (size > BIG_DATA && hive->base.minor > 3)
        return big_data(hive, offset, size, arena, ret_data, error);
    hvc_span data;
    hvc_status status = cell_at(hive, offset, size, &data, error);
    if (status != HVC_OK)
        return status;
    *ret_data = (hvc_span){data.data, size};
    return HVC_OK;
}
