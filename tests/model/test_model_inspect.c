/* SPDX-License-Identifier: BSD-3-Clause */
/* Looking at a model: values, nodes and parameters by place and by name. */

#include "model/model.h"
#include "support/alloc_fail.h"
#include "support/models.h"
#include "support/suite.h"
#include "support/tensor_assert.h"

static effnn_model *model;

static void setup(void)
{
    model = test_model_cnn(NULL);
}

static void teardown(void)
{
    effnn_model_destroy(model);
}

START_TEST(inputs_and_outputs_are_described)
{
    effnn_value_spec spec = { .version = 1 };

    ck_assert_uint_eq(effnn_model_input_count(model), 1);
    ck_assert_ok(effnn_model_input_at(&spec, model, 0));
    ck_assert_str_eq(spec.name, "x");
    ck_assert_int_eq(spec.dtype, EFFNN_F32);
    ck_assert_uint_eq(spec.rank, 4);
    ck_assert_int_eq(spec.dims[0], -1);
    ck_assert_str_eq(spec.symbols[0], "N");
    ck_assert_int_eq(spec.dims[3], 8);
    ck_assert_ptr_null(spec.symbols[3]);
    ck_assert_ok(effnn_model_output_at(&spec, model, 0));
    ck_assert_str_eq(spec.name, "logits");
    ck_assert_int_eq(spec.dims[1], 5);
    ck_assert_fails_saying(EFFNN_E_ARG, "input 1: there are 1",
                           effnn_model_input_at(&spec, model, 1));
    ck_assert_fails_saying(EFFNN_E_ARG, "output 1: there are 1",
                           effnn_model_output_at(&spec, model, 1));
    spec.version = 2;
    ck_assert_fails(EFFNN_E_ARG, effnn_model_input_at(&spec, model, 0));
}
END_TEST

/* Build a second model from what the first says of its nodes. */
START_TEST(nodes_say_all_that_is_needed_to_build_them_again)
{
    effnn_model *copy = NULL;
    const int64_t dims[] = { -1, 3, 8, 8 };

    ck_assert_ok(effnn_model_create(&copy, NULL));
    test_add_input(copy, "x", 4, dims);
    for (size_t i = 0; i < effnn_model_parameter_count(model); i++) {
        const char *name = effnn_model_parameter_name_at(model, i);
        effnn_tensor *tensor = NULL;

        ck_assert_ok(effnn_model_get_parameter(&tensor, model, name));
        test_add_parameter(copy, name, tensor);
    }
    for (size_t i = 0; i < effnn_model_node_count(model); i++) {
        effnn_node node = EFFNN_NODE_INIT;

        ck_assert_ok(effnn_model_node_at(&node, model, i));
        ck_assert_ok(effnn_model_add_node(copy, &node));
    }
    ck_assert_ok(effnn_model_add_output(copy, "logits"));
    ck_assert_models_equal(copy, model);
    effnn_model_destroy(copy);
}
END_TEST

START_TEST(a_node_past_the_last_is_refused)
{
    effnn_node node = EFFNN_NODE_INIT;

    ck_assert_fails_saying(EFFNN_E_ARG, "node 10: there are 10",
                           effnn_model_node_at(&node, model, 10));
}
END_TEST

START_TEST(parameters_are_floats_of_more_than_one_element)
{
    const size_t n = effnn_model_parameter_count(model);
    effnn_tensor *tensor = NULL;

    ck_assert_uint_eq(n, 8);
    ck_assert_str_eq(effnn_model_parameter_name_at(model, 0), "stem.weight");
    ck_assert_ptr_null(effnn_model_parameter_name_at(model, n));
    test_add_parameter(model, "shape",
                       test_tensor_i64(1, (const int64_t[]){ 2 }, (const int64_t[]){ 1, 2 }));
    test_add_parameter(model, "scale", test_tensor_f32(0, NULL, (const float[]){ 3 }));
    ck_assert_uint_eq(effnn_model_parameter_count(model), n);
    ck_assert_ok(effnn_model_get_parameter(&tensor, model, "scale")); /* a constant all the same */
    effnn_tensor_release(tensor);
}
END_TEST

START_TEST(parameters_that_are_not_there_or_do_not_fit_are_refused)
{
    effnn_tensor *tensor = NULL, *wide = NULL;

    ck_assert_fails_saying(EFFNN_E_NOTFOUND, "no parameter 'none'",
                           effnn_model_get_parameter(&tensor, model, "none"));
    ck_assert_fails_saying(EFFNN_E_NOTFOUND, "'x' is not a parameter",
                           effnn_model_get_parameter(&tensor, model, "x"));
    ck_assert_ptr_null(tensor);
    tensor = test_tensor_iota(9);
    ck_assert_fails_saying(EFFNN_E_SHAPE, "'stem.bias' is f32 [8], not f32 [9]",
                           effnn_model_set_parameter(model, "stem.bias", tensor));
    effnn_tensor_release(tensor);
    tensor = test_tensor_iota(8);
    ck_assert_ok(effnn_tensor_cast(&wide, tensor, EFFNN_F64));
    ck_assert_fails_saying(EFFNN_E_SHAPE, "is f32 [8], not f64 [8]",
                           effnn_model_set_parameter(model, "stem.bias", wide));
    ck_assert_ok(effnn_model_set_parameter(model, "stem.bias", tensor));
    effnn_tensor_release(tensor);
    effnn_tensor_release(wide);
    ck_assert_ok(effnn_model_get_parameter(&tensor, model, "stem.bias"));
    ck_assert_tensor_at(tensor, 7.0, 7);
    effnn_tensor_release(tensor);
}
END_TEST

START_TEST(operators_are_listed_with_a_line_each)
{
    size_t found = 0;

    for (size_t i = 0; i < effnn_op_count(); i++) {
        found += strcmp(effnn_op_name_at(i), "conv") == 0;
        ck_assert_uint_gt(strlen(effnn_op_summary_at(i)), 0);
    }
    ck_assert_uint_eq(found, 1);
    ck_assert_ptr_null(effnn_op_name_at(effnn_op_count()));
    ck_assert_ptr_null(effnn_op_summary_at(effnn_op_count()));
}
END_TEST

START_TEST(no_memory_at_any_point_is_an_error_without_a_leak)
{
    effnn_node node = EFFNN_NODE_INIT;
    effnn_tensor *tensor = NULL;

    ALLOC_FAIL_LOOP(effnn_model_node_at(&node, model, 2), ck_assert_ptr_null(node.name));
    ALLOC_FAIL_LOOP(effnn_model_get_parameter(&tensor, model, "stem.bias"),
                    ck_assert_ptr_null(tensor));
    ALLOC_FAIL_LOOP(effnn_model_set_parameter(model, "stem.bias", tensor), );
    effnn_tensor_release(tensor);
}
END_TEST

SUITE("model_inspect", setup, teardown, inputs_and_outputs_are_described,
      nodes_say_all_that_is_needed_to_build_them_again, a_node_past_the_last_is_refused,
      parameters_are_floats_of_more_than_one_element,
      parameters_that_are_not_there_or_do_not_fit_are_refused,
      operators_are_listed_with_a_line_each, no_memory_at_any_point_is_an_error_without_a_leak)
