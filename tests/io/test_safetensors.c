/* SPDX-License-Identifier: BSD-3-Clause */
/* safetensors files: read over the mapping, written aligned, hostile headers refused
 * (golden/make/make_safetensors.py made the good ones). */

#include "io/safetensors.h"

#include "base/alloc.h"
#include "support/alloc_fail.h"
#include "support/model_files.h"
#include "support/models.h"
#include "tensor/tensor.h"

#include <stdio.h>

static const char *path;
static effnn_model *model, *again;

static void setup(void)
{
    path = test_scratch_path("file.safetensors");
    model = again = NULL;
}

static void teardown(void)
{
    effnn_model_destroy(model);
    effnn_model_destroy(again);
    remove(path);
}

static effnn_model *load(const char *name)
{
    effnn_model *loaded = NULL;

    ck_assert_ok(effnn__safetensors_load(&loaded, NULL, name));
    return loaded;
}

static const char *all(void)
{
    return test_golden_path("safetensors/all.safetensors");
}

/* A file of this header and n bytes of data, each 1. */
static void write_file(const char *header, size_t n)
{
    const size_t length = strlen(header);
    unsigned char bytes[2048] = { (unsigned char)(length & 0xff), (unsigned char)(length >> 8) };

    ck_assert_uint_le(8 + length + n, sizeof bytes);
    memcpy(bytes + 8, header, length);
    memset(bytes + 8 + length, 1, n);
    test_write_file(path, bytes, 8 + length + n);
}

/* ---- reading ---- */

START_TEST(every_element_type_is_read)
{
    static const struct {
        const char *name;
        effnn_dtype dtype;
        double scale, offset;
    } expected[] = {
        { "f64", EFFNN_F64, 0.5, -1 }, { "f32", EFFNN_F32, 0.5, -1 },
        { "f16", EFFNN_F16, 0.5, -1 }, { "bf16", EFFNN_BF16, 0.5, -1 },
        { "i64", EFFNN_I64, 1, -2 },   { "i32", EFFNN_I32, 1, -2 },
        { "i16", EFFNN_I16, 1, -2 },   { "i8", EFFNN_I8, 1, -2 },
        { "u64", EFFNN_U64, 1, 0 },    { "u32", EFFNN_U32, 1, 0 },
        { "u16", EFFNN_U16, 1, 0 },    { "u8", EFFNN_U8, 1, 0 },
    };

    model = load(all());
    ck_assert_str_eq(effnn_model_format(model), "safetensors");
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        effnn_tensor *tensor = NULL;

        ck_assert_ok(effnn_model_get_parameter(&tensor, model, expected[i].name));
        ck_assert_int_eq(effnn_tensor_dtype(tensor), expected[i].dtype);
        ck_assert_tensor_dims(tensor, 2, 3);
        for (int64_t k = 0; k < 6; k++)
            ck_assert_tensor_at(tensor, (double)k * expected[i].scale + expected[i].offset, k / 3,
                                k % 3);
        effnn_tensor_release(tensor);
    }
}
END_TEST

START_TEST(bools_scalars_and_empty_tensors_are_read)
{
    effnn_tensor *tensor = NULL;

    model = load(all());
    ck_assert_ok(effnn_model_get_parameter(&tensor, model, "bool"));
    ck_assert_tensor_at(tensor, 1.0, 0, 1);
    effnn_tensor_release(tensor);
    ck_assert_ok(effnn_model_get_parameter(&tensor, model, "scalar"));
    ck_assert_uint_eq(effnn_tensor_rank(tensor), 0);
    effnn_tensor_release(tensor);
    ck_assert_ok(effnn_model_get_parameter(&tensor, model, "empty"));
    ck_assert_tensor_dims(tensor, 0, 4);
    effnn_tensor_release(tensor);
}
END_TEST

START_TEST(metadata_and_the_order_of_the_header_are_kept)
{
    model = load(all());
    ck_assert_uint_eq(effnn_model_metadata_count(model), 2);
    ck_assert_str_eq(effnn_model_get_metadata(model, "note"), "line\n\"quoted\" ünï");
    ck_assert_str_eq(effnn__graph_value(model->graph, 0)->name, "f64");
    ck_assert_str_eq(effnn__graph_value(model->graph, 13)->name, "scalar");
}
END_TEST

START_TEST(tensors_outlive_the_model_and_the_file_name)
{
    effnn_tensor *tensor = NULL;
    size_t size;
    unsigned char *bytes = test_read_file(&size, all());

    test_write_file(path, bytes, size);
    free(bytes);
    model = load(path);
    ck_assert_ok(effnn_model_get_parameter(&tensor, model, "f32"));
    effnn_model_destroy(model);
    model = NULL;
    remove(path);
    ck_assert_tensor_at(tensor, 1.5, 1, 2);
    effnn_tensor_release(tensor);
}
END_TEST

START_TEST(a_write_to_a_tensor_does_not_reach_the_file)
{
    effnn_tensor *tensor = NULL;
    size_t size;
    unsigned char *bytes = test_read_file(&size, all());

    test_write_file(path, bytes, size);
    model = load(path);
    ck_assert_ok(effnn_model_get_parameter(&tensor, model, "i32"));
    effnn_model_destroy(model);
    model = NULL; /* the tensor is the only owner, of memory that must not be written */
    ck_assert_ok(effnn_tensor_set_f64(tensor, (int64_t[]){ 0, 0 }, 99));
    ck_assert_tensor_at(tensor, 99.0, 0, 0);
    effnn_tensor_release(tensor);
    again = load(path);
    ck_assert_ok(effnn_model_get_parameter(&tensor, again, "i32"));
    ck_assert_tensor_at(tensor, -2.0, 0, 0);
    effnn_tensor_release(tensor);
    free(bytes);
}
END_TEST

START_TEST(data_that_are_not_aligned_are_copied)
{
    effnn_tensor *a = NULL, *b = NULL;

    model = load(test_golden_path("safetensors/odd.safetensors"));
    ck_assert_ok(effnn_model_get_parameter(&a, model, "a"));
    ck_assert_ok(effnn_model_get_parameter(&b, model, "b"));
    ck_assert_uint_eq((uintptr_t)effnn_tensor_data(b) % 8, 0);
    ck_assert_tensor_at(a, -0.5, 1);
    ck_assert_tensor_at(b, 0.0, 2);
    effnn_tensor_release(a);
    effnn_tensor_release(b);
}
END_TEST

/* ---- refusals ---- */

#define TENSOR(name, type, shape, from, to) \
    "\"" name "\":{\"dtype\":\"" type "\",\"shape\":" shape ",\"data_offsets\":[" from "," to "]}"

static const struct {
    const char *header;
    size_t n;
    effnn_status status;
    const char *saying;
} refused[] = {
    { "{", 0, EFFNN_E_FORMAT, "not JSON" },
    { "{} x", 0, EFFNN_E_FORMAT, "goes on behind its JSON, at byte 11" },
    { "[]", 0, EFFNN_E_FORMAT, "not a JSON object" },
    { "{\"a\":3}", 0, EFFNN_E_FORMAT, "'a': not described" },
    { "{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 4, EFFNN_E_FORMAT, "'a': no dtype" },
    { "{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, EFFNN_E_FORMAT, "'a': no shape" },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, EFFNN_E_FORMAT, "'a': no data_offsets" },
    { "{" TENSOR("a", "F8_E4M3", "[4]", "0", "4") "}", 4, EFFNN_E_UNSUPPORTED, "'F8_E4M3'" },
    { "{" TENSOR("a", "F32", "[1,1,1,1,1,1,1,1,1]", "0", "4") "}", 4, EFFNN_E_UNSUPPORTED,
      "more than 8 dimensions" },
    { "{" TENSOR("a", "F32", "[-1]", "0", "4") "}", 4, EFFNN_E_FORMAT, "a size is no number" },
    { "{" TENSOR("a", "F32", "[1.5]", "0", "6") "}", 6, EFFNN_E_FORMAT, "a size is no number" },
    { "{" TENSOR("a", "F32", "[1e300]", "0", "4") "}", 4, EFFNN_E_FORMAT, "a size is no number" },
    { "{" TENSOR("a", "F32", "[4503599627370496,4503599627370496]", "0", "4") "}", 4,
      EFFNN_E_FORMAT, "disagree" },
    { "{" TENSOR("a", "F32", "[2]", "0", "4") "}", 4, EFFNN_E_FORMAT, "disagree" },
    { "{" TENSOR("a", "F32", "[1]", "4", "0") "}", 4, EFFNN_E_FORMAT, "bytes 4 to 0 of 4" },
    { "{" TENSOR("a", "F32", "[1]", "4", "8") "}", 4, EFFNN_E_FORMAT, "bytes 4 to 8 of 4" },
    { "{" TENSOR("a", "F32", "[1]", "-4", "0") "}", 4, EFFNN_E_FORMAT, "no data_offsets" },
    { "{" TENSOR("a", "F32", "[1]", "0", "4") "," TENSOR("a", "F32", "[1]", "4", "8") "}", 8,
      EFFNN_E_FORMAT, "'a': there twice" },
    { "{" TENSOR("a", "F32", "[1]", "0", "4") "," TENSOR("b", "F32", "[1]", "0", "4") "}", 8,
      EFFNN_E_FORMAT, "'b' begins at byte 0, the one before it ends at 4" },
    { "{" TENSOR("a", "F32", "[1]", "0", "4") "," TENSOR("b", "F32", "[1]", "8", "12") "}", 12,
      EFFNN_E_FORMAT, "'b' begins at byte 8, the one before it ends at 4" },
    { "{" TENSOR("a", "F32", "[1]", "0", "4") "}", 8, EFFNN_E_FORMAT, "cover 4 of 8" },
    { "{" TENSOR("", "F32", "[1]", "0", "4") "}", 4, EFFNN_E_FORMAT, "no name" },
    { "{\"__metadata__\":{\"a\":1}}", 0, EFFNN_E_FORMAT, "metadata 'a' is not text" },
    { "{\"__metadata__\":[]}", 0, EFFNN_E_FORMAT, "'__metadata__': not an object" },
};

START_TEST(headers_that_do_not_add_up_are_refused)
{
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        write_file(refused[i].header, refused[i].n);
        ck_assert_fails_saying(refused[i].status, refused[i].saying,
                               effnn__safetensors_load(&model, NULL, path));
        ck_assert_ptr_nonnull(strstr(effnn_last_error(), path));
        ck_assert_ptr_null(model);
    }
}
END_TEST

START_TEST(a_bool_of_two_is_refused)
{
    const char *header = "{" TENSOR("a", "BOOL", "[1]", "0", "1") "}";
    unsigned char bytes[128] = { (unsigned char)strlen(header) };

    memcpy(bytes + 8, header, strlen(header));
    bytes[8 + strlen(header)] = 2;
    test_write_file(path, bytes, 9 + strlen(header));
    ck_assert_fails_saying(EFFNN_E_FORMAT, "'a': a BOOL that is neither 0 nor 1",
                           effnn__safetensors_load(&model, NULL, path));
}
END_TEST

START_TEST(a_header_longer_than_the_file_is_refused)
{
    const unsigned char bytes[16] = { 9, 0, 0, 0, 0, 0, 0, 0, '{', '}' };
    const unsigned char wide[16] = { 255, 255, 255, 255, 255, 255, 255, 255, '{', '}' };

    test_write_file(path, bytes, sizeof bytes);
    ck_assert_fails_saying(EFFNN_E_FORMAT, "a header of 9 bytes in a file of 16",
                           effnn__safetensors_load(&model, NULL, path));
    test_write_file(path, wide, sizeof wide);
    ck_assert_fails(EFFNN_E_FORMAT, effnn__safetensors_load(&model, NULL, path));
}
END_TEST

START_TEST(every_truncation_is_a_malformed_file)
{
    size_t size;
    unsigned char *bytes = test_read_file(&size, all());

    for (size_t n = 0; n < size; n++) {
        test_write_file(path, bytes, n);
        ck_assert_fails(EFFNN_E_FORMAT, effnn__safetensors_load(&model, NULL, path));
        ck_assert_ptr_null(model);
    }
    free(bytes);
}
END_TEST

/* ---- writing ---- */

START_TEST(what_is_written_is_read_back)
{
    model = load(all());
    ck_assert_ok(effnn__safetensors_save(model, path));
    again = load(path);
    test_assert_same_graph(model, again);
    ck_assert_str_eq(effnn__graph_value(again->graph, 0)->name, "f64");
    ck_assert_uint_eq(effnn_model_metadata_count(again), 2);
    ck_assert_str_eq(effnn_model_get_metadata(again, "note"), "line\n\"quoted\" ünï");
}
END_TEST

START_TEST(the_same_model_gives_the_same_bytes)
{
    size_t sizes[2];
    unsigned char *bytes[2];

    model = test_model_cnn(NULL);
    for (int i = 0; i < 2; i++) {
        ck_assert_ok(effnn__safetensors_save(model, path));
        bytes[i] = test_read_file(&sizes[i], path);
    }
    ck_assert_uint_eq(sizes[0], sizes[1]);
    ck_assert_mem_eq(bytes[0], bytes[1], sizes[0]);
    free(bytes[0]);
    free(bytes[1]);
}
END_TEST

START_TEST(written_tensors_need_no_copy_when_read)
{
    static const effnn_dtype dtypes[] = { EFFNN_U8, EFFNN_F64, EFFNN_BOOL, EFFNN_F16, EFFNN_F32 };

    ck_assert_ok(effnn_model_create(&model, NULL));
    for (size_t i = 0; i < sizeof dtypes / sizeof dtypes[0]; i++) {
        effnn_tensor *tensor = test_tensor_zeros(dtypes[i], 1, (int64_t[]){ 3 });
        ck_assert_ok(effnn_model_add_parameter(model, effnn_dtype_name(dtypes[i]), tensor));
        effnn_tensor_release(tensor);
    }
    ck_assert_ok(effnn__safetensors_save(model, path));
    again = load(path);
    const char *first = effnn_tensor_data(effnn__graph_value(again->graph, 1)->constant);
    /* All in one mapping, the widest in front: f64, f32, f16, u8, bool. */
    ck_assert_ptr_eq(effnn_tensor_data(effnn__graph_value(again->graph, 4)->constant), first + 24);
    ck_assert_ptr_eq(effnn_tensor_data(effnn__graph_value(again->graph, 3)->constant), first + 36);
    ck_assert_ptr_eq(effnn_tensor_data(effnn__graph_value(again->graph, 0)->constant), first + 42);
    ck_assert_ptr_eq(effnn_tensor_data(effnn__graph_value(again->graph, 2)->constant), first + 45);
}
END_TEST

START_TEST(a_model_may_be_saved_over_the_file_it_lies_in)
{
    model = load(all());
    ck_assert_ok(effnn__safetensors_save(model, path));
    again = load(path);
    ck_assert_ok(effnn__safetensors_save(again, path));
    test_assert_same_graph(model, again);
    effnn_model_destroy(again);
    again = load(path);
    test_assert_same_graph(model, again);
}
END_TEST

START_TEST(what_the_format_has_no_word_for_is_refused)
{
    effnn_tensor *nibbles = test_tensor_zeros(EFFNN_I4, 1, (int64_t[]){ 3 });
    effnn_tensor *one = test_tensor_iota(1);

    ck_assert_ok(effnn_model_create(&model, NULL));
    ck_assert_ok(effnn_model_add_parameter(model, "w", nibbles));
    ck_assert_fails_saying(EFFNN_E_UNSUPPORTED, "'w' is i4", effnn__safetensors_save(model, path));
    ck_assert_ok(effnn_model_create(&again, NULL));
    ck_assert_ok(effnn_model_add_parameter(again, "__metadata__", one));
    ck_assert_fails_saying(EFFNN_E_UNSUPPORTED, "'__metadata__'",
                           effnn__safetensors_save(again, path));
    effnn_tensor_release(nibbles);
    effnn_tensor_release(one);
}
END_TEST

START_TEST(loading_and_saving_survive_failing_allocations)
{
    FILE *file;

    ALLOC_FAIL_LOOP(effnn__safetensors_load(&model, NULL, all()), ck_assert_ptr_null(model));
    ALLOC_FAIL_LOOP(effnn__safetensors_save(model, path), {
        file = fopen(path, "rb");
        ck_assert_ptr_null(file);
    });
    again = load(path);
    test_assert_same_graph(model, again);
}
END_TEST

SUITE("safetensors", setup, teardown, every_element_type_is_read,
      bools_scalars_and_empty_tensors_are_read, metadata_and_the_order_of_the_header_are_kept,
      tensors_outlive_the_model_and_the_file_name, a_write_to_a_tensor_does_not_reach_the_file,
      data_that_are_not_aligned_are_copied, headers_that_do_not_add_up_are_refused,
      a_bool_of_two_is_refused, a_header_longer_than_the_file_is_refused,
      every_truncation_is_a_malformed_file, what_is_written_is_read_back,
      the_same_model_gives_the_same_bytes, written_tensors_need_no_copy_when_read,
      a_model_may_be_saved_over_the_file_it_lies_in, what_the_format_has_no_word_for_is_refused,
      loading_and_saving_survive_failing_allocations)
