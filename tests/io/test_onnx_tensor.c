/* SPDX-License-Identifier: BSD-3-Clause */
/* Initialisers in every form that the format has: golden/make/make_onnx.py wrote the same values
 * once as raw data and once as lists. */

#include "support/model_files.h"
#include "support/tensor_assert.h"
#include "tensor/dtype.h"
#include "tensor/tensor.h"

#include <stdio.h>

static const char *const names[] = { "f32", "f64", "f16", "bf16", "i8",   "i16", "i32", "i64",
                                     "u8",  "u16", "u32", "u64",  "bool", "i4",  "u4" };
enum { N_NAMES = sizeof names / sizeof names[0] };

static double value_of(const char *name, size_t i)
{
    const double x = (double)i;

    if (strcmp(name, "bool") == 0) return (double)(i % 2);
    if (name[0] == 'f' || strcmp(name, "bf16") == 0) return x / 2 - 1;
    return name[0] == 'i' ? x - 2 : x;
}

static void check_tensor(const effnn_model *model, const char *dtype, const char *suffix,
                         size_t count)
{
    char name[32];
    effnn_tensor *tensor = NULL;

    snprintf(name, sizeof name, "%s%s", dtype, suffix);
    ck_assert_ok(effnn_model_get_parameter(&tensor, model, name));
    ck_assert_str_eq(effnn_dtype_name(effnn_tensor_dtype(tensor)), dtype);
    ck_assert_uint_eq(effnn_tensor_count(tensor), count);
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(effnn__tensor_load_f64(tensor, i) == value_of(dtype, i),
                      "%s: element %zu is %g", name, i, effnn__tensor_load_f64(tensor, i));
    effnn_tensor_release(tensor);
}

static void check_file(const char *file)
{
    effnn_model *model = test_load_golden(file, true);

    for (size_t i = 0; i < N_NAMES; i++) {
        check_tensor(model, names[i], "", 5);
        check_tensor(model, names[i], "_scalar", 1);
        check_tensor(model, names[i], "_empty", 0);
    }
    effnn_model_destroy(model);
}

START_TEST(raw_data_of_every_element_type_is_read)
{
    check_file("onnx/initialisers_raw.onnx");
}
END_TEST

START_TEST(typed_lists_of_every_element_type_are_read)
{
    check_file("onnx/initialisers_typed.onnx");
}
END_TEST

START_TEST(scalars_have_rank_0_and_empty_tensors_their_shape)
{
    effnn_model *model = test_load_golden("onnx/initialisers_raw.onnx", true);
    effnn_tensor *scalar = NULL, *empty = NULL;

    ck_assert_ok(effnn_model_get_parameter(&scalar, model, "i16_scalar"));
    ck_assert_ok(effnn_model_get_parameter(&empty, model, "i16_empty"));
    ck_assert_uint_eq(effnn_tensor_rank(scalar), 0);
    ck_assert_tensor_dims(empty, 3, 0);
    effnn_tensor_release(scalar);
    effnn_tensor_release(empty);
    effnn_model_destroy(model);
}
END_TEST

START_TEST(the_unused_half_of_a_last_byte_of_4_bit_elements_is_cleared)
{
    effnn_model *a = test_load_golden("onnx/initialisers_raw.onnx", true), *b = NULL;
    effnn_tensor *x = NULL, *y = NULL;
    size_t size;
    unsigned char *data = test_read_file(&size, test_golden_path("onnx/initialisers_raw.onnx"));

    /* u4 of 5 elements 0 1 2 3 4 is 0x10 0x32 0x04. */
    for (size_t i = 0; i + 2 < size; i++)
        if (data[i] == 0x10 && data[i + 1] == 0x32 && data[i + 2] == 0x04) data[i + 2] = 0xf4;
    ck_assert_ok(effnn_model_get_parameter(&x, a, "u4"));
    const char *path = test_scratch_path("nibble.onnx");
    test_write_file(path, data, size);
    b = test_load(path, true);
    remove(path);
    ck_assert_ok(effnn_model_get_parameter(&y, b, "u4"));
    ck_assert_int_eq(((const unsigned char *)effnn_tensor_data(y))[2], 0x04);
    ck_assert_tensor_equal(x, y);
    effnn_tensor_release(x);
    effnn_tensor_release(y);
    effnn_model_destroy(a);
    effnn_model_destroy(b);
    free(data);
}
END_TEST

/* ---- files below golden/onnx/bad ---- */

static const test_refusal refused[] = {
    { "string_tensor", EFFNN_E_UNSUPPORTED, "'w': element type 8 (STRING)" },
    { "float8_tensor", EFFNN_E_UNSUPPORTED, "element type 17 (FLOAT8E4M3FN)" },
    { "complex_tensor", EFFNN_E_UNSUPPORTED, "element type 14 (COMPLEX64)" },
    { "type_99_tensor", EFFNN_E_UNSUPPORTED, "element type 99" },
    { "untyped_tensor", EFFNN_E_FORMAT, "'w': no element type" },
    { "short_raw", EFFNN_E_FORMAT,
      "'w': 12 bytes of raw data for shape [4] of f32, which needs 16" },
    { "short_typed", EFFNN_E_FORMAT, "3 entries for shape [4]" },
    { "no_data", EFFNN_E_FORMAT, "0 entries for shape [4]" },
    { "wrong_list", EFFNN_E_FORMAT, "0 entries for shape [1]" },
    { "two_kinds", EFFNN_E_FORMAT, "data of 2 kinds" },
    { "wide_value", EFFNN_E_FORMAT, "element 0 is 256, not of UINT8" },
    { "bool_value", EFFNN_E_FORMAT, "element 0 is 2, not of BOOL" },
    { "negative_dim", EFFNN_E_FORMAT, "shape [-1]" },
    { "overflowing_dims", EFFNN_E_FORMAT, "shape [1099511627776, 1099511627776]" },
    { "huge_dims", EFFNN_E_FORMAT, "8 bytes of raw data for shape [1099511627776]" },
    { "rank_9", EFFNN_E_UNSUPPORTED, "rank 9" },
    { "nameless_tensor", EFFNN_E_FORMAT, "no name" },
    { "segment", EFFNN_E_UNSUPPORTED, "segment" },
};

START_TEST(tensors_that_do_not_add_up_are_refused_with_name_and_numbers)
{
    test_refuse_golden("onnx/bad/%s.onnx", refused, sizeof refused / sizeof refused[0]);
}
END_TEST

SUITE("onnx_tensor", NULL, NULL, raw_data_of_every_element_type_is_read,
      typed_lists_of_every_element_type_are_read, scalars_have_rank_0_and_empty_tensors_their_shape,
      the_unused_half_of_a_last_byte_of_4_bit_elements_is_cleared,
      tensors_that_do_not_add_up_are_refused_with_name_and_numbers)
