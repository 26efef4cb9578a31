/* SPDX-License-Identifier: BSD-3-Clause */
/* Nodes: one network in the spelling of five opsets, held against what ONNX Runtime computed from
 * it; Constant nodes; refusals by the node's name (files of golden/make/make_onnx.py). */

#include "support/model_files.h"
#include "support/tensor_assert.h"

#include <stdio.h>

static void check_forms(const effnn_model *model)
{
    effnn_tensor *x = test_tensor_golden("onnx/forms_x.npy");
    effnn_tensor *expected = test_tensor_golden("onnx/forms_y.npy"), *y;

    test_model_run(&y, model, &x);
    ck_assert_tensor_near(y, expected, 1e-5, 1e-6);
    effnn_tensor_release(x);
    effnn_tensor_release(y);
    effnn_tensor_release(expected);
}

START_TEST(the_spellings_of_all_opsets_mean_the_same)
{
    static const char *const names[] = { "onnx/forms_9.onnx", "onnx/forms_11.onnx",
                                         "onnx/forms_13.onnx", "onnx/forms_18.onnx",
                                         "onnx/forms_21.onnx" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        for (int keep_written = 0; keep_written < 2; keep_written++) {
            effnn_model *model = test_load_golden(names[i], keep_written);
            check_forms(model);
            effnn_model_destroy(model);
        }
    }
}
END_TEST

START_TEST(operators_in_their_first_forms_compute_what_they_did)
{
    static const int opsets[] = { 7, 9, 10 };

    for (size_t i = 0; i < sizeof opsets / sizeof opsets[0]; i++) {
        char name[64];
        effnn_tensor *x = test_tensor_golden("onnx/forms_x.npy"), *y;

        snprintf(name, sizeof name, "onnx/first_%d.npy", opsets[i]);
        effnn_tensor *expected = test_tensor_golden(name);
        for (int keep_written = 0; keep_written < 2; keep_written++) {
            snprintf(name, sizeof name, "onnx/first_%d.onnx", opsets[i]);
            effnn_model *model = test_load_golden(name, keep_written);
            test_model_run(&y, model, &x);
            ck_assert_tensor_near(y, expected, 1e-5, 1e-6);
            effnn_tensor_release(y);
            effnn_model_destroy(model);
        }
        effnn_tensor_release(x);
        effnn_tensor_release(expected);
    }
}
END_TEST

START_TEST(names_for_added_constants_leave_the_names_of_the_file_alone)
{
    effnn_model *model = test_load_golden("onnx/forms_9.onnx", true);

    /* Squeeze_node has its axes as an attribute there: they became an input. */
    ck_assert_ptr_nonnull(effnn__graph_find_value(model->graph, "Squeeze_node_constant"));
    ck_assert_ptr_null(effnn__graph_find_value(model->graph, "squeezed_axes"));
    effnn_model_destroy(model);
}
END_TEST

START_TEST(constant_nodes_of_every_form_become_constants)
{
    effnn_model *model = test_load_golden("onnx/constants.onnx", true);
    effnn_tensor *t = NULL;

    ck_assert_uint_eq(effnn_model_node_count(model), 1);
    ck_assert_ok(effnn_model_get_parameter(&t, model, "tensor"));
    ck_assert_int_eq(effnn_tensor_dtype(t), EFFNN_I32);
    ck_assert_tensor_at(t, -7.0, 1);
    effnn_tensor_release(t);
    ck_assert_ok(effnn_model_get_parameter(&t, model, "float"));
    ck_assert_uint_eq(effnn_tensor_rank(t), 0);
    ck_assert_int_eq(effnn_tensor_dtype(t), EFFNN_F32);
    ck_assert_float_eq(*(const float *)effnn_tensor_data(t), 0.5f);
    effnn_tensor_release(t);
    ck_assert_ok(effnn_model_get_parameter(&t, model, "floats"));
    ck_assert_tensor_dims(t, 2);
    ck_assert_tensor_at(t, -1.5, 1);
    effnn_tensor_release(t);
    ck_assert_ok(effnn_model_get_parameter(&t, model, "int"));
    ck_assert_uint_eq(effnn_tensor_rank(t), 0);
    ck_assert_int_eq(effnn_tensor_dtype(t), EFFNN_I64);
    ck_assert_int_eq(*(const int64_t *)effnn_tensor_data(t), -3);
    effnn_tensor_release(t);
    ck_assert_ok(effnn_model_get_parameter(&t, model, "ints"));
    ck_assert_tensor_dims(t, 3);
    ck_assert_tensor_at(t, 6.0, 2);
    effnn_tensor_release(t);
    effnn_model_destroy(model);
}
END_TEST

/* ---- files below golden/onnx/bad ---- */

static const test_refusal refused[] = {
    { "unknown_operator", EFFNN_E_UNSUPPORTED,
      "node 'foo': operator 'Foo' of domain '', version 13, is not known" },
    { "unknown_domain", EFFNN_E_UNSUPPORTED, "node 'foo': operator 'Relu' of domain 'my.own'" },
    { "float_for_int", EFFNN_E_FORMAT, "Flatten 'r' at opset 13: option 'axis': 1.5" },
    { "ints_for_int", EFFNN_E_FORMAT, "Flatten 'r' at opset 13: option 'axis': takes no list" },
    { "int_for_ints", EFFNN_E_FORMAT, "Transpose 'r' at opset 13: option 'perm'" },
    { "text_for_float", EFFNN_E_FORMAT, "LeakyRelu 'r' at opset 13: option 'alpha'" },
    { "nan_attribute", EFFNN_E_FORMAT, "LeakyRelu 'r' at opset 13: option 'alpha': NaN" },
    { "many_attributes", EFFNN_E_FORMAT, "node 'r': 1001 attributes, at most 1000" },
    { "subgraph", EFFNN_E_UNSUPPORTED, "node 'r': attribute 'branch' is a graph" },
    { "too_many_inputs", EFFNN_E_FORMAT, "node 'r': Relu has 2 inputs, 1 to 1 are allowed" },
    { "too_few_inputs", EFFNN_E_FORMAT, "node 'r': Add has 1 inputs, 2 to 2 are allowed" },
    { "too_many_outputs", EFFNN_E_FORMAT, "node 'r': Relu has 2 outputs" },
    { "unknown_attribute", EFFNN_E_UNSUPPORTED, "'r': attribute 'shape' is not supported" },
    { "attribute_twice", EFFNN_E_FORMAT, "node 'r': attribute 'axis' is given twice" },
    { "bad_axis", EFFNN_E_FORMAT, "flatten 'r': axis 5" },
    { "constant_string", EFFNN_E_UNSUPPORTED, "node 'c': a Constant by 'value_string'" },
    { "constant_empty", EFFNN_E_FORMAT, "node 'c': a Constant with 1 outputs and 0 attributes" },
};

START_TEST(nodes_that_are_malformed_or_not_supported_are_refused_by_name)
{
    test_refuse_golden("onnx/bad/%s.onnx", refused, sizeof refused / sizeof refused[0]);
}
END_TEST

SUITE("onnx_read_node", NULL, NULL, the_spellings_of_all_opsets_mean_the_same,
      operators_in_their_first_forms_compute_what_they_did,
      names_for_added_constants_leave_the_names_of_the_file_alone,
      constant_nodes_of_every_form_become_constants,
      nodes_that_are_malformed_or_not_supported_are_refused_by_name)
