#include "pe_test.h"

#include "pe/image.h"

void sample_full(sample *it, uint16_t machine)
{
    memset(it, 0, sizeof(*it));
    builder_full_driver(&it->builder, machine);
}

void sample_empty(sample *it, uint16_t machine)
{
    memset(it, 0, sizeof(*it));
    builder_init(&it->builder, machine);
    builder_add_section(&it->builder, ".text", BUILDER_TEXT, 0x1000);
    builder_add_section(&it->builder, ".rdata", BUILDER_RDATA, 0x4000);
    builder_add_section(&it->builder, ".data", BUILDER_DATA, 0x2000);
    it->builder.headers.entry_point = builder_reserve(&it->builder, 0, 0x100, 16);
}

void sample_finish(sample *it)
{
    hvc_image_free(it->image);
    it->image = NULL;
    free(it->bytes);
    it->bytes = builder_finish(&it->builder, &it->size);
}

void sample_open(sample *it)
{
    hvc_error error = {0};
    hvc_image_free(it->image);
    it->image = NULL;
    if (hvc_image_open(it->bytes, it->size, &it->image, &error) != HVC_OK)
        fail_msg("hvc_image_open: %s", error.message);
}

void sample_load(sample *it)
{
    sample_finish(it);
    sample_open(it);
}

hvc_error sample_fails(sample *it, hvc_status status)
{
    hvc_error error = {0};
    hvc_image *image = NULL;
    assert_int_equal(hvc_image_open(it->bytes, it->size, &image, &error), status);
    assert_null(image);
    assert_int_equal(error.status, status);
    assert_int_not_equal(error.message[0], 0);
    return error;
}

void sample_free(sample *it)
{
    hvc_image_free(it->image);
    free(it->bytes);
    builder_free(&it->builder);
}

const hvc_anomaly *find_anomaly(const hvc_image *image, const char *id)
{
    size_t count;
    const hvc_anomaly *anomalies = hvc_image_anomalies(image, &count, NULL);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(anomalies[i].id, id) == 0)
            return &anomalies[i];
    }
    return NULL;
}

void expect_anomaly(const sample *it, const char *id, hvc_anomaly_effect effect)
{
    const hvc_anomaly *anomaly = find_anomaly(it->image, id);
    if (anomaly == NULL)
        fail_msg("no anomaly %s", id);
    else if (anomaly->effect != effect)
        fail_msg("anomaly %s has effect %d", id, anomaly->effect);
    else if (anomaly->message[0] == 0 || anomaly->file_offset > it->size)
        fail_msg("anomaly %s: offset %u, '%s'", id, (unsigned)anomaly->file_offset,
                 anomaly->message);
    /* One doubt is enough for the whole image. */
    if (effect == HVC_ANOMALY_DOUBT)
        expect_doubt(it, true);
}

void expect_doubt(const sample *it, bool expected)
{
    assert_int_equal(it->image->doubt, expected);
}

void expect_anomaly_at(const sample *it, const char *id, hvc_anomaly_effect effect, uint64_t offset)
{
    expect_anomaly(it, id, effect);
    assert_int_equal(find_anomaly(it->image, id)->file_offset, offset);
}

void expect_clean(const sample *it)
{
    size_t count, total;
    const hvc_anomaly *anomalies = hvc_image_anomalies(it->image, &count, &total);
    if (count != 0)
        fail_msg("anomaly %s: %s", anomalies[0].id, anomalies[0].message);
    assert_int_equal(total, 0);
    expect_doubt(it, false);
}

void expect_text(hvc_text text, const char *expected)
{
    if (expected == NULL) {
        assert_null(text.data);
        return;
    }
    assert_non_null(text.data);
    assert_int_equal(text.size, strlen(expected));
    assert_memory_equal(text.data, expected, text.size);
}
