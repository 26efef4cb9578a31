/* SPDX-License-Identifier: BSD-3-Clause */
/* Costs against sums worked out by hand. */

#include "model/model.h"
#include "support/alloc_fail.h"
#include "support/models.h"
#include "support/suite.h"
#include "support/tensor_assert.h"

#include <math.h>

static effnn_cost cost_of(effnn_model *model)
{
    effnn_cost cost = { .version = 1 };

    ck_assert_ok(effnn_model_cost(&cost, model));
    effnn_model_destroy(model);
    return cost;
}

START_TEST(a_perceptron_costs_its_weights)
{
    const effnn_cost cost = cost_of(test_model_mlp(NULL));

    ck_assert_uint_eq(cost.parameters, (24 * 20 + 20) + (20 * 18 + 18) + (18 * 5 + 5));
    ck_assert_uint_eq(cost.parameter_bytes, 4 * cost.parameters);
    ck_assert_double_eq(cost.bits_per_weight, 32);
    ck_assert_double_eq(cost.macs, 24 * 20 + 20 * 18 + 18 * 5);
}
END_TEST

START_TEST(convolutions_cost_their_patches_at_every_pixel)
{
    const effnn_cost cost = cost_of(test_model_cnn(NULL));
    const int64_t stem = 8 * 27 * 64, wide = 16 * 72 * (4 * 4), point = 12 * 16 * 16;
    const int64_t grouped = 12 * (3 * 9) * 16, head = 12 * 5;

    ck_assert_double_eq(cost.macs, (double)(stem + wide + point + grouped + head));
}
END_TEST

START_TEST(a_weight_used_twice_is_stored_once_and_computed_twice)
{
    const effnn_cost cost = cost_of(test_model_tokens(NULL));
    const uint64_t matrices = 16 * 16 + 16 * 48 + 48 * 16 + 16 * 16 + 16 * 5;

    ck_assert_uint_eq(cost.parameters, matrices + 16 + 2 * 16 + 48 + 16);
    ck_assert_double_eq(cost.macs, 6 * (16 * 16 + 16 * 48 + 48 * 16 + 2 * 16 * 16) + 16 * 5);
}
END_TEST

START_TEST(bits_are_the_mean_over_elements)
{
    effnn_model *model = NULL;
    effnn_tensor *three = test_tensor_iota(3), *half = NULL;
    effnn_cost cost;

    ck_assert_ok(effnn_model_create(&model, NULL));
    ck_assert_ok(effnn_tensor_cast(&half, three, EFFNN_F16));
    effnn_tensor_release(three);
    test_add_parameter(model, "half", half);
    test_add_parameter(model, "single", test_tensor_iota(5));
    cost = cost_of(model);
    ck_assert_uint_eq(cost.parameters, 8);
    ck_assert_uint_eq(cost.parameter_bytes, 3 * 2 + 5 * 4);
    ck_assert_double_eq(cost.bits_per_weight, (3 * 16 + 5 * 32) / 8.0);
    ck_assert_double_eq(cost.macs, 0);
}
END_TEST

START_TEST(an_empty_model_costs_nothing)
{
    effnn_model *model = NULL;
    effnn_cost cost;

    ck_assert_ok(effnn_model_create(&model, NULL));
    cost = cost_of(model);
    ck_assert_uint_eq(cost.parameters, 0);
    ck_assert_double_eq(cost.bits_per_weight, 0);
}
END_TEST

START_TEST(macs_are_unknown_where_a_model_does_not_run_at_size_one)
{
    effnn_model *model = NULL;
    effnn_cost cost;

    ck_assert_ok(effnn_model_create(&model, NULL));
    test_add_input(model, "x", 4, (const int64_t[]){ -1, 2, 2, 2 });
    test_add_weight(model, "w", 1, 1.0, 3, 2);
    test_add_parameter(model, "shape",
                       test_tensor_i64(1, (const int64_t[]){ 2 }, (const int64_t[]){ -1, 16 }));
    test_add_node(model, "reshape", NULL, "y", "x", "shape", NULL); /* two samples a row */
    ck_assert_ok(effnn_model_add_output(model, "y"));
    cost = cost_of(model);
    ck_assert_uint_eq(cost.parameters, 6);
    ck_assert(isnan(cost.macs));
}
END_TEST

START_TEST(a_batch_is_fixed_by_the_first_input)
{
    effnn_model *model = NULL;
    effnn__shape shapes[2];

    ck_assert_ok(effnn_model_create(&model, NULL));
    ck_assert_int_eq(effnn__model_fixed_batch(model), 0);
    test_add_input(model, "x", 2, (const int64_t[]){ 7, -1 });
    test_add_input(model, "z", 1, (const int64_t[]){ -1 });
    ck_assert_int_eq(effnn__model_fixed_batch(model), 7);
    ck_assert_ok(effnn__model_input_shapes(shapes, model, 3));
    ck_assert_uint_eq(shapes[0].rank, 2);
    ck_assert_int_eq(shapes[0].dims[0], 7);
    ck_assert_int_eq(shapes[0].dims[1], 3);
    ck_assert_int_eq(shapes[1].dims[0], 3);
    effnn_model_destroy(model);
}
END_TEST

START_TEST(no_memory_at_any_point_is_an_error_without_a_leak)
{
    effnn_model *model = test_model_cnn(NULL);
    effnn_cost cost = { .version = 1 };

    ALLOC_FAIL_LOOP(effnn_model_cost(&cost, model), ck_assert_uint_eq(cost.parameters, 0));
    effnn_model_destroy(model);
}
END_TEST

SUITE("model_cost", NULL, NULL, a_perceptron_costs_its_weights,
      convolutions_cost_their_patches_at_every_pixel,
      a_weight_used_twice_is_stored_once_and_computed_twice, bits_are_the_mean_over_elements,
      an_empty_model_costs_nothing, macs_are_unknown_where_a_model_does_not_run_at_size_one,
      a_batch_is_fixed_by_the_first_input, no_memory_at_any_point_is_an_error_without_a_leak)
