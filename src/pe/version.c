/* The version resource: nodes of length, value length, type, a UTF-16 key, padding, value, padding,
 * children. Every node ends where its parent does at the latest, and a node without length ends the
 * list it stands in. */
#include "pe/version.h"

#include "base/buffer.h"
#include "base/error.h"
#include "base/limits.h"

enum {
    NODE_HEADER = 6,
    FIXED_SIZE = 52,
};
#define FIXED_SIGNATURE UINT32_C(0xfeef04bd)

typedef struct node {
    hvc_span bytes; /* the whole node */
    hvc_span key;   /* UTF-16 without its NUL */
    size_t value;   /* offset of the value in bytes */
    uint16_t value_length, type;
    size_t next; /* offset behind it in the list it stands in, aligned */
} node;

static uint32_t file_offset(const hvc_image *image, hvc_span bytes)
{
    return (uint32_t)(bytes.data - image->file.data);
}

static void note(hvc_image *image, hvc_span bytes, const char *what)
{
    hvc_image_note(image, "version-info", HVC_ANOMALY_NOTE, file_offset(image, bytes),
                   "version information: %s", what);
}

static size_t aligned(size_t offset)
{
    return (offset + 3) & ~(size_t)3;
}

/* Length in bytes of the UTF-16 text at the beginning of bytes, up to its NUL or their end. */
static size_t utf16_length(hvc_span bytes)
{
    size_t at = 0;
    while (at + 2 <= bytes.size && hvc_le16(bytes.data + at) != 0)
        at += 2;
    return at;
}

/* The node at offset of a list; false at its end and where it is damaged. */
static bool read_node(hvc_span list, size_t offset, node *ret)
{
    hvc_span rest = hvc_span_clip(list, offset, UINT64_MAX);
    uint16_t length;
    if (!hvc_span_u16(rest, 0, &length) || length <= NODE_HEADER || rest.size <= NODE_HEADER)
        return false;
    ret->bytes = hvc_span_clip(rest, 0, length);
    ret->value_length = hvc_le16(rest.data + 2);
    ret->type = hvc_le16(rest.data + 4);
    hvc_span key = hvc_span_clip(ret->bytes, NODE_HEADER, UINT64_MAX);
    ret->key = hvc_span_clip(key, 0, utf16_length(key));
    ret->value = aligned(NODE_HEADER + ret->key.size + 2);
    ret->next = offset + aligned(length);
    return true;
}

static bool key_is(const node *it, const char *text)
{
    size_t size = strlen(text);
    if (it->key.size != size * 2)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (hvc_le16(it->key.data + i * 2) != (unsigned char)text[i])
            return false;
    }
    return true;
}

static hvc_span children(const node *it, size_t value_bytes)
{
    return hvc_span_clip(it->bytes, aligned(it->value + value_bytes), UINT64_MAX);
}

/* UTF-16 to UTF-8; a surrogate without its other half becomes U+FFFD. */
static const char *utf8(hvc_image *image, hvc_span text)
{
    size_t units = text.size / 2, used = 0;
    char *out = hvc_arena_alloc(&image->arena, units * 3 + 1);
    if (out == NULL)
        return NULL;
    for (size_t i = 0; i < units; i++) {
        uint32_t c = hvc_le16(text.data + i * 2);
        if (c >= 0xd800 && c < 0xdc00 && i + 1 < units) {
            uint32_t low = hvc_le16(text.data + i * 2 + 2);
            if (low >= 0xdc00 && low < 0xe000) {
                c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
                i++;
            }
        }
        if (c >= 0xd800 && c < 0xe000)
            c = 0xfffd;
        used += hvc_utf8_encode(out + used, c);
    }
    return out;
}

static hvc_status read_strings(hvc_image *image, const node *string_table, hvc_error *error)
{
    HVC_VECTOR(hvc_version_string) strings = {NULL, 0, 0};
    hvc_span list = children(string_table, 0);
    node string;
    for (size_t at = 0; read_node(list, at, &string); at = string.next) {
        if (strings.count >= HVC_MAX_VERSION_STRINGS) {
            note(image, string.bytes, "only 256 strings are read");
            break;
        }
        hvc_version_string *item = hvc_vector_add(&image->arena, &strings);
        if (item == NULL)
            return hvc_fail_memory(error);
        /* wValueLength counts words or bytes, depending on the resource compiler: the NUL decides,
         * and the node's end. */
        hvc_span value = {string.bytes.data, 0};
        if (string.value_length != 0)
            value = hvc_span_clip(string.bytes, string.value, UINT64_MAX);
        item->key = utf8(image, string.key);
        item->value = utf8(image, hvc_span_clip(value, 0, utf16_length(value)));
        if (item->key == NULL || item->value == NULL)
            return hvc_fail_memory(error);
    }
    image->version.strings = strings.items;
    image->version.string_count = strings.count;
    return HVC_OK;
}

static void read_fixed(hvc_image *image, const node *root)
{
    hvc_span fixed = hvc_span_clip(root->bytes, root->value, FIXED_SIZE);
    if (fixed.size < FIXED_SIZE || hvc_le32(fixed.data) != FIXED_SIGNATURE) {
        note(image, root->bytes, "VS_FIXEDFILEINFO is cut or has no signature");
        return;
    }
    for (unsigned i = 0; i < 4; i++) {
        /* Two words a version, the more significant double word first. */
        size_t word = (i ^ 1u) * 2;
        image->version.file_version[i] = hvc_le16(fixed.data + 8 + word);
        image->version.product_version[i] = hvc_le16(fixed.data + 16 + word);
    }
}

hvc_status hvc_read_version(hvc_image *image, hvc_span bytes, hvc_error *error)
{
    node root, info, string_table;
    if (!read_node(bytes, 0, &root) || !key_is(&root, "VS_VERSION_INFO")) {
        note(image, bytes, "no VS_VERSION_INFO node");
        return HVC_OK;
    }
    image->version.present = true;
    if (root.value_length != 0)
        read_fixed(image, &root);
    hvc_span list = children(&root, root.value_length);
    for (size_t at = 0; read_node(list, at, &info); at = info.next) {
        if (!key_is(&info, "StringFileInfo"))
            continue;
        if (read_node(children(&info, 0), 0, &string_table))
            return read_strings(image, &string_table, error);
        note(image, info.bytes, "StringFileInfo has no string table");
    }
    return HVC_OK;
}
