/* Buffers, JSON, error texts: what writes text. */
#include "base_test.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/json.h"
#include "base/span.h"

static void expect(hvc_buffer *buffer, const char *text)
{
    assert_false(buffer->failed);
    hvc_buffer_put(buffer, "", 1);
    assert_string_equal(buffer->data, text);
    hvc_buffer_clear(buffer);
}

static void escaped(hvc_buffer *buffer, const char *bytes, size_t size)
{
    hvc_buffer_escaped(buffer, (hvc_text){bytes, size});
}

static void test_escape(void **state)
{
    (void)state;
    hvc_buffer buffer = HVC_BUFFER_INIT;
    escaped(&buffer, "plain \xC3\xA4 text", 13);
    expect(&buffer, "plain \xC3\xA4 text");
    escaped(&buffer, "\x1B[31m\n\t\\", 8);
    expect(&buffer, "\\x1B[31m\\x0A\\x09\\\\");
    escaped(&buffer, "a\0b\x7F", 4);
    expect(&buffer, "a\\x00b\\x7F");
    escaped(&buffer, "\xC2\x9B", 2); /* C1 control */
    expect(&buffer, "\\u{9B}");
    escaped(&buffer, "\xE2\x80\xAE", 3); /* right-to-left override */
    expect(&buffer, "\\u{202E}");
    escaped(&buffer, "\xC0\x80\xED\xA0\x80\xF8", 6); /* overlong, surrogate, no lead byte */
    expect(&buffer, "\\xC0\\x80\\xED\\xA0\\x80\\xF8");
    escaped(&buffer, "\xE2\x80", 2); /* cut */
    expect(&buffer, "\\xE2\\x80");
    hvc_buffer_free(&buffer);
}

static void test_json(void **state)
{
    (void)state;
    hvc_buffer buffer = HVC_BUFFER_INIT;
    hvc_json json;
    hvc_json_init(&json, &buffer, 0);
    hvc_json_open_object(&json, NULL);
    hvc_json_string(&json, "a", "x\"\\\n\x01");
    hvc_json_uint(&json, "n", UINT64_MAX);
    hvc_json_uint(&json, "z", 0);
    hvc_json_bool(&json, "t", true);
    hvc_json_null(&json, "none");
    hvc_json_string(&json, "null", NULL);
    hvc_json_open_array(&json, "list");
    hvc_json_close_array(&json);
    hvc_json_open_array(&json, "more");
    hvc_json_uint(&json, NULL, 1);
    hvc_json_open_object(&json, NULL);
    hvc_json_close_object(&json);
    hvc_json_close_array(&json);
    hvc_json_text(&json, "bad", (hvc_text){"\xFFok\xE2\x80", 5});
    hvc_json_close_object(&json);
    expect(&buffer,
           "{\"a\":\"x\\\"\\\\\\u000a\\u0001\",\"n\":18446744073709551615,\"z\":0,\"t\":true,"
           "\"none\":null,\"null\":null,\"list\":[],\"more\":[1,{}],"
           "\"bad\":\"\xEF\xBF\xBDok\xEF\xBF\xBD\xEF\xBF\xBD\"}");
    hvc_json_init(&json, &buffer, 2);
    hvc_json_open_object(&json, NULL);
    hvc_json_uint(&json, "a", 1);
    hvc_json_close_object(&json);
    expect(&buffer, "{\n  \"a\": 1\n}");
    hvc_buffer_free(&buffer);
}

static void test_error_texts(void **state)
{
    (void)state;
    hvc_error error = {0};
    assert_int_equal(hvc_fail_at(&error, HVC_E_TRUNCATED, 77, "cut at %d", 5), HVC_E_TRUNCATED);
    assert_true(error.has_offset);
    assert_int_equal(error.offset, 77);
    assert_string_equal(error.message, "cut at 5");
    assert_int_equal(hvc_fail(NULL, HVC_E_IO, "nobody listens"), HVC_E_IO);
    /* A message is cut at a character's boundary. */
    char text[HVC_ERROR_TEXT + 8];
    memset(text, 'x', sizeof(text));
    memcpy(text + HVC_ERROR_TEXT - 2, "\xE2\x82\xAC", 3);
    text[sizeof(text) - 1] = 0;
    hvc_fail(&error, HVC_E_IO, "%s", text);
    assert_int_equal(strlen(error.message), HVC_ERROR_TEXT - 2);
    for (int status = 0; status <= HVC_STATUS_COUNT; status++) {
        assert_non_null(hvc_status_text((hvc_status)status));
        assert_non_null(hvc_status_id((hvc_status)status));
    }
    assert_string_equal(hvc_status_id(HVC_E_NOT_PE), "not_pe");
}

static void test_span(void **state)
{
    (void)state;
    const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 'a', 0};
    hvc_span span = {bytes, sizeof(bytes)}, part;
    uint32_t word = 9;
    uint64_t wide = 9;
    hvc_text text;
    assert_true(hvc_span_u32(span, 1, &word));
    assert_int_equal(word, 0x05040302);
    assert_true(hvc_span_u64(span, 0, &wide));
    assert_true(wide == UINT64_C(0x0807060504030201));
    assert_false(hvc_span_u32(span, 7, &word));
    assert_false(hvc_span_u32(span, UINT64_MAX - 1, &word));
    assert_int_equal(word, 0x05040302);
    assert_false(hvc_span_sub(span, 4, UINT64_MAX, &part));
    assert_true(hvc_span_sub(span, 10, 0, &part));
    assert_int_equal(hvc_span_clip(span, 8, 100).size, 2);
    assert_int_equal(hvc_span_clip(span, 100, 1).size, 0);
    assert_true(hvc_span_cstr(span, 8, 10, &text));
    assert_int_equal(text.size, 1);
    assert_false(hvc_span_cstr(span, 0, 5, &text));
    assert_false(hvc_span_cstr((hvc_span){bytes, 9}, 8, 10, &text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_escape),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_error_texts),
        cmocka_unit_test(test_span),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
