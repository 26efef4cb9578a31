/* SPDX-License-Identifier: BSD-3-Clause */
/* Sparse initialisers and constants: golden/make/make_onnx.py has the places and values. */

#include "support/model_files.h"
#include "support/tensor_assert.h"
#include "tensor/tensor.h"

static void check(const effnn_model *model, const char *name, size_t n, const double *expected)
{
    effnn_tensor *tensor = NULL;

    ck_assert_ok(effnn_model_get_parameter(&tensor, model, name));
    ck_assert_uint_eq(effnn_tensor_count(tensor), n);
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(effnn__tensor_load_f64(tensor, i) == expected[i], "%s: element %zu is %g",
                      name, i, effnn__tensor_load_f64(tensor, i));
    effnn_tensor_release(tensor);
}

START_TEST(values_come_to_their_places_and_all_else_is_zero)
{
    static const double matrix[12] = { [1] = 1.5, [6] = -2, [11] = 4 };
    static const double bytes[4] = { -1, 0, 0, 7 }, nothing[6] = { 0 };
    static const double constant[5] = { 8, 0, 0, 0, 9 };
    effnn_model *model = test_load_golden("onnx/sparse.onnx", true);
    effnn_tensor *tensor = NULL;

    check(model, "flat", 12, matrix);
    check(model, "rows", 12, matrix);
    check(model, "bytes", 4, bytes);
    check(model, "nothing", 6, nothing);
    check(model, "constant", 5, constant);
    ck_assert_ok(effnn_model_get_parameter(&tensor, model, "flat"));
    ck_assert_tensor_dims(tensor, 3, 4);
    effnn_tensor_release(tensor);
    effnn_model_destroy(model);
}
END_TEST

static const test_refusal refused[] = {
    { "outside", EFFNN_E_FORMAT, "'w': the index of value 0 is outside" },
    { "negative", EFFNN_E_FORMAT, "'w': the index of value 0 is outside" },
    { "row_outside", EFFNN_E_FORMAT, "'w': the index of value 0 is outside" },
    { "twice", EFFNN_E_FORMAT, "the index of value 1, 5, comes after 5" },
    { "out_of_order", EFFNN_E_FORMAT, "the index of value 1, 3, comes after 4" },
    { "too_few_indices", EFFNN_E_FORMAT, "indices do not fit 2 values" },
    { "wrong_rank", EFFNN_E_FORMAT, "indices do not fit 1 values of rank 2" },
    { "huge", EFFNN_E_UNSUPPORTED, "it would take 1073741824 bytes" },
    { "impossible", EFFNN_E_FORMAT, "no tensor can have shape" },
    { "rank_9", EFFNN_E_UNSUPPORTED, "more than 8 dimensions" },
};

START_TEST(places_that_are_none_and_tensors_too_large_are_refused)
{
    test_refuse_golden("onnx/bad/sparse_%s.onnx", refused, sizeof refused / sizeof refused[0]);
}
END_TEST

SUITE("onnx_sparse", NULL, NULL, values_come_to_their_places_and_all_else_is_zero,
      places_that_are_none_and_tensors_too_large_are_refused)
