/* SPDX-License-Identifier: BSD-3-Clause */
/* Running one operator by itself, and the infos that inference starts from. */

#include "ops/op_run.h"

#include "base/alloc.h"
#include "support/suite.h"
#include "tensor/tensor.h"

static effnn_tensor *tensor_of(size_t rank, const int64_t *dims, const float *values)
{
    effnn_tensor *tensor = NULL;
    void *data;

    ck_assert_ok(effnn_tensor_create(&tensor, NULL, EFFNN_F32, rank, dims));
    ck_assert_ok(effnn_tensor_data_mut(&data, tensor));
    memcpy(data, values, effnn_tensor_bytes(tensor));
    return tensor;
}

static const int64_t dims_2x3[] = { 2, 3 };
static const float values[] = { 1, -2, 3, -4, 5, -6 };

START_TEST(an_operator_runs_on_a_strided_view)
{
    effnn_tensor *x = tensor_of(2, dims_2x3, values), *view = NULL, *y = NULL;
    const float expected[] = { 1, 0, 0, 5, 3, 0 };

    ck_assert_ok(effnn_tensor_view_permute(&view, x, (size_t[]){ 1, 0 }));
    ck_assert_ok(effnn__op_run(NULL, effnn__op_find("relu"), NULL, "n",
                               (const effnn_tensor *const[]){ view }, 1, &y, 1));
    ck_assert_int_eq(effnn_tensor_dims(y)[0], 3);
    ck_assert_mem_eq(effnn_tensor_data(y), expected, sizeof expected);
    effnn_tensor_release(x);
    effnn_tensor_release(view);
    effnn_tensor_release(y);
}
END_TEST

START_TEST(wrong_numbers_of_inputs_and_outputs_are_refused)
{
    effnn_tensor *x = tensor_of(2, dims_2x3, values), *y[2] = { NULL, NULL };
    const effnn_tensor *const inputs[] = { x, x, x };
    const effnn_tensor *const absent[] = { x, NULL };
    const effnn_op_def *add = effnn__op_find("add");

    ck_assert_fails_saying(EFFNN_E_ARG, "add 'n': 3 inputs",
                           effnn__op_run(NULL, add, NULL, "n", inputs, 3, y, 1));
    ck_assert_fails_saying(EFFNN_E_ARG, "add 'n': 1 inputs",
                           effnn__op_run(NULL, add, NULL, "n", inputs, 1, y, 1));
    ck_assert_fails_saying(EFFNN_E_ARG, "input 1 is absent",
                           effnn__op_run(NULL, add, NULL, "n", absent, 2, y, 1));
    ck_assert_fails_saying(EFFNN_E_UNSUPPORTED, "2 outputs",
                           effnn__op_run(NULL, add, NULL, "n", inputs, 2, y, 2));
    ck_assert_ptr_null(y[0]);
    effnn_tensor_release(x);
}
END_TEST

/* What no shape tells: failures of forward. */
START_TEST(contents_that_do_not_fit_are_refused_when_run)
{
    effnn_tensor *x = tensor_of(2, dims_2x3, values), *index = NULL, *empty = NULL, *pads = NULL;
    effnn_tensor *y = NULL;
    const int64_t axis = 1;
    const int reflect = 1;

    ck_assert_ok(effnn__tensor_from_i64(&index, NULL, 2, (int64_t[]){ 2, 3 }));
    ck_assert_fails_saying(EFFNN_E_ARG, "gather 'g': index 3 is outside [-3, 2]",
                           effnn__op_run(NULL, effnn__op_find("gather"),
                                         &(struct { int64_t axis; }){ axis }, "g",
                                         (const effnn_tensor *const[]){ x, index }, 2, &y, 1));
    ck_assert_ok(effnn_tensor_create(&empty, NULL, EFFNN_F32, 1, (int64_t[]){ 0 }));
    ck_assert_ok(effnn__tensor_from_i64(&pads, NULL, 2, (int64_t[]){ 1, 1 }));
    ck_assert_fails_saying(EFFNN_E_SHAPE, "pad 'p': axis 0 is empty",
                           effnn__op_run(NULL, effnn__op_find("pad"), &reflect, "p",
                                         (const effnn_tensor *const[]){ empty, pads }, 2, &y, 1));
    ck_assert_fails_saying(EFFNN_E_SHAPE, "the value has 6 elements",
                           effnn__op_run(NULL, effnn__op_find("constant_of_shape"), NULL, "c",
                                         (const effnn_tensor *const[]){ pads, x }, 2, &y, 1));
    ck_assert_ptr_null(y);
    effnn_tensor_release(x);
    effnn_tensor_release(index);
    effnn_tensor_release(empty);
    effnn_tensor_release(pads);
}
END_TEST

START_TEST(an_info_of_a_small_integer_tensor_has_its_content)
{
    effnn_tensor *small = NULL, *large = NULL;
    effnn__value_info info;

    ck_assert_ok(effnn__tensor_from_i64(&small, NULL, 2, (int64_t[]){ 7, -1 }));
    ck_assert_ok(
        effnn_tensor_create(&large, NULL, EFFNN_I64, 1, (int64_t[]){ EFFNN__MAX_CONTENT + 1 }));
    effnn__value_info_of(&info, small);
    ck_assert(info.has_content && info.n_content == 2 && info.content[0].offset == 7 &&
              info.content[1].offset == -1);
    effnn__value_info_of(&info, large);
    ck_assert(info.has_shape && !info.has_content);
    effnn_tensor_release(small);
    effnn_tensor_release(large);
}
END_TEST

START_TEST(an_open_shape_has_no_concrete_one)
{
    effnn__value_info info = { .has_shape = true,
                               .rank = 1,
                               .dims = { { .symbol = 1, .scale = 1 } } };
    effnn__shape shape;

    ck_assert_fails_saying(EFFNN_E_SHAPE, "value 'v': dimension 0",
                           effnn__value_info_shape(&shape, &info, "value 'v'"));
    info.has_shape = false;
    ck_assert_fails(EFFNN_E_SHAPE, effnn__value_info_shape(&shape, &info, "value 'v'"));
    info = (effnn__value_info){ .has_shape = true, .rank = 1, .dims = { { .offset = 4 } } };
    ck_assert_ok(effnn__value_info_shape(&shape, &info, "value 'v'"));
    ck_assert_int_eq(shape.dims[0], 4);
}
END_TEST

START_TEST(a_shape_with_more_elements_than_memory_has_addresses_is_refused)
{
    const effnn__value_info info = {
        .has_shape = true,
        .rank = 3,
        .dims = { { .offset = 0 }, { .offset = INT64_MAX / 2 }, { .offset = 3 } }
    };
    effnn__shape shape;

    ck_assert_fails_saying(EFFNN_E_SHAPE, "value 'v': no tensor can have shape [0, ",
                           effnn__value_info_shape(&shape, &info, "value 'v'"));
}
END_TEST

START_TEST(cost_counts_bytes_and_what_the_row_says)
{
    effnn_tensor *x = tensor_of(2, dims_2x3, values);
    const effnn_tensor *const inputs[] = { x, x };
    effnn_tensor *const outputs[] = { x };
    const effnn_op_call call = { .def = effnn__op_find("add"),
                                 .inputs = inputs,
                                 .n_inputs = 2,
                                 .outputs = outputs,
                                 .n_outputs = 1 };
    effnn_op_cost cost;

    effnn__op_cost(&call, &cost);
    ck_assert_double_eq(cost.read, 48.0);
    ck_assert_double_eq(cost.written, 24.0);
    ck_assert_double_eq(cost.flops, 6.0);
    ck_assert_double_eq(cost.macs, 0.0);
    effnn_tensor_release(x);
}
END_TEST

SUITE("op_run", NULL, NULL, an_operator_runs_on_a_strided_view,
      wrong_numbers_of_inputs_and_outputs_are_refused,
      contents_that_do_not_fit_are_refused_when_run,
      an_info_of_a_small_integer_tensor_has_its_content, an_open_shape_has_no_concrete_one,
      a_shape_with_more_elements_than_memory_has_addresses_is_refused,
      cost_counts_bytes_and_what_the_row_says)
