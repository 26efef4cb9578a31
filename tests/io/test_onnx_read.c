/* SPDX-License-Identifier: BSD-3-Clause */
/* Graphs as files have them: names, open sizes, initialisers among the inputs; what is malformed or
 * not supported is refused by name (files of golden/make/make_onnx.py). */

#include "support/model_files.h"
#include "support/tensor_assert.h"

#include <stdio.h>

START_TEST(open_sizes_keep_their_names_and_the_others_differ_from_each_other)
{
    effnn_model *model = test_load_golden("onnx/metadata.onnx", true);
    effnn_value_spec x = { .version = 1 };
    const effnn__value *value = model->graph->inputs.items[0];

    ck_assert_ok(effnn_model_input_at(&x, model, 0));
    ck_assert_str_eq(x.name, "x");
    ck_assert_int_eq(x.dtype, EFFNN_F32);
    ck_assert_uint_eq(x.rank, 4);
    for (size_t i = 0; i < 3; i++) ck_assert_int_eq(x.dims[i], -1);
    ck_assert_int_eq(x.dims[3], 4);
    ck_assert_str_eq(x.symbols[0], "batch");
    ck_assert(!effnn__sym_equal(value->info.dims[1], value->info.dims[2]));
    effnn_model_destroy(model);
}
END_TEST

START_TEST(sizes_without_a_name_need_not_be_equal)
{
    effnn_model *model = test_load_golden("onnx/open_shapes.onnx", false);
    const effnn__value *x = model->graph->inputs.items[0];
    effnn_value_spec spec = { .version = 1 };

    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < i; j++)
            ck_assert(!effnn__sym_equal(x->info.dims[i], x->info.dims[j]));
    ck_assert_ok(effnn_model_input_at(&spec, model, 0));
    ck_assert_str_eq(spec.symbols[3], "N");
    effnn_model_destroy(model);
}
END_TEST

START_TEST(outputs_whose_shape_depends_on_data_keep_their_rank)
{
    const char *path = test_scratch_path("open.onnx");
    effnn_model *model = test_load_golden("onnx/open_shapes.onnx", false), *again;
    effnn_value_spec y = { .version = 1 }, w = { .version = 1 };
    effnn_tensor *inputs[2], *outputs[3] = { NULL };
    void *flags = NULL;

    ck_assert_ok(effnn_model_save(model, path, NULL));
    again = test_load(path, false);
    ck_assert_ok(effnn_model_output_at(&y, again, 0));
    ck_assert_ok(effnn_model_output_at(&w, again, 2));
    ck_assert(y.has_shape && y.rank == 4 && w.rank == 1);
    inputs[0] = test_tensor_iota(1, 2, 1, 3); /* 0 … 5 */
    inputs[1] = test_tensor_zeros(EFFNN_BOOL, 1, (const int64_t[]){ 4 });
    ck_assert_ok(effnn_tensor_data_mut(&flags, inputs[1]));
    ((bool *)flags)[1] = ((bool *)flags)[3] = true;
    test_model_run(outputs, again, inputs);
    ck_assert_tensor_dims(outputs[1], 4, 5);
    ck_assert_tensor_dims(outputs[2], 2);
    ck_assert_tensor_at(outputs[2], 3.0, 1);
    for (size_t i = 0; i < 3; i++) effnn_tensor_release(outputs[i]);
    for (size_t i = 0; i < 2; i++) effnn_tensor_release(inputs[i]);
    effnn_model_destroy(model);
    effnn_model_destroy(again);
    remove(path);
}
END_TEST

START_TEST(outputs_keep_the_order_of_the_file)
{
    effnn_model *model = test_load_golden("onnx/metadata.onnx", false);
    effnn_value_spec out = { .version = 1 };

    ck_assert_uint_eq(effnn_model_output_count(model), 2);
    ck_assert_ok(effnn_model_output_at(&out, model, 0));
    ck_assert_str_eq(out.name, "z");
    ck_assert_ok(effnn_model_output_at(&out, model, 1));
    ck_assert_str_eq(out.name, "y");
    effnn_model_destroy(model);
}
END_TEST

START_TEST(inputs_that_have_an_initialiser_are_constants)
{
    effnn_model *model = test_load_golden("onnx/inputs_with_values.onnx", false);
    effnn_tensor *x = test_tensor_f32(1, (int64_t[]){ 1 }, (float[]){ 3 }), *y;

    ck_assert_uint_eq(effnn_model_input_count(model), 1);
    test_model_run(&y, model, &x);
    ck_assert_tensor_at(y, 5.0, 0);
    effnn_tensor_release(x);
    effnn_tensor_release(y);
    effnn_model_destroy(model);
}
END_TEST

START_TEST(node_names_are_made_unique_and_missing_ones_made_up)
{
    effnn_model *model = test_load_golden("onnx/metadata.onnx", true);

    ck_assert_uint_eq(effnn_model_node_count(model), 4);
    ck_assert_ptr_nonnull(effnn__graph_find_node(model->graph, "same"));
    ck_assert_ptr_nonnull(effnn__graph_find_node(model->graph, "same_1"));
    ck_assert_ptr_nonnull(effnn__graph_find_node(model->graph, "Neg_3"));
    effnn_model_destroy(model);
}
END_TEST

START_TEST(names_that_are_no_utf_8_are_names_like_others)
{
    effnn_model *model = test_load_golden("onnx/odd_names.onnx", true), *again;
    const char *path = test_scratch_path("odd.onnx");

    ck_assert_ptr_nonnull(effnn__graph_find_value(model->graph, "\xff\xfe"));
    ck_assert_ok(effnn_model_save(model, path, NULL));
    again = test_load(path, true);
    remove(path);
    test_assert_same_graph(model, again);
    effnn_model_destroy(model);
    effnn_model_destroy(again);
}
END_TEST

/* ---- files below golden/onnx/bad ---- */

static const test_refusal refused[] = {
    { "out_of_order", EFFNN_E_FORMAT,
      "'r': input 0, 'h', is computed by this node or a later one" },
    { "cycle", EFFNN_E_FORMAT, "'r': input 1, 'y', is computed by this node or a later one" },
    { "unknown_input", EFFNN_E_FORMAT, "'r': input 0, 'nowhere', is not there" },
    { "made_twice", EFFNN_E_FORMAT, "value 'y' is made twice" },
    { "input_made_again", EFFNN_E_FORMAT, "'x' is made twice" },
    { "initialiser_twice", EFFNN_E_FORMAT, "value 'w' is made twice" },
    { "two_inputs_of_one_name", EFFNN_E_FORMAT, "input 'x' is made twice" },
    { "output_nowhere", EFFNN_E_FORMAT, "'q', is computed nowhere" },
    { "no_outputs", EFFNN_E_FORMAT, "no outputs" },
    { "shapeless_input", EFFNN_E_UNSUPPORTED, "input 'x': no shape" },
    { "rank_9_input", EFFNN_E_UNSUPPORTED, "input 'x': rank 9" },
    { "string_input", EFFNN_E_UNSUPPORTED, "input 'x': element type 8 (STRING)" },
    { "sequence_input", EFFNN_E_UNSUPPORTED, "input 'x': its type is not a tensor" },
    { "type_99_input", EFFNN_E_UNSUPPORTED, "input 'x': element type 99 (of unknown number)" },
    { "impossible_input", EFFNN_E_FORMAT, "input 'x': no tensor can have sizes [1099511627776, " },
    { "too_many_axes", EFFNN_E_SHAPE, "'r': 100 axes for an input of rank 1" },
    { "axes_of_a_scalar", EFFNN_E_SHAPE, "'r': axes of a scalar that are no constant" },
    { "slice_of_a_scalar", EFFNN_E_SHAPE, "slice 'r': the input has no axes to slice" },
    { "sparse_initialiser", EFFNN_E_FORMAT, "a sparse initialiser has no values" },
};

START_TEST(graphs_that_are_malformed_or_not_supported_are_refused_by_name)
{
    test_refuse_golden("onnx/bad/%s.onnx", refused, sizeof refused / sizeof refused[0]);
}
END_TEST

SUITE("onnx_read", NULL, NULL, open_sizes_keep_their_names_and_the_others_differ_from_each_other,
      sizes_without_a_name_need_not_be_equal, outputs_whose_shape_depends_on_data_keep_their_rank,
      outputs_keep_the_order_of_the_file, inputs_that_have_an_initialiser_are_constants,
      node_names_are_made_unique_and_missing_ones_made_up,
      names_that_are_no_utf_8_are_names_like_others,
      graphs_that_are_malformed_or_not_supported_are_refused_by_name)
