/* SPDX-License-Identifier: BSD-3-Clause */
/* Nodes that are written as several: names, and what cannot be written. */

#include "io/onnx/onnx_model.h"
#include "support/model_files.h"
#include "support/models.h"

#include <stdio.h>

static effnn_model *model, *again;
static const char *path;

static void setup(void)
{
    path = test_scratch_path("node.onnx");
    model = again = NULL;
    ck_assert_ok(effnn_model_create(&model, NULL));
    test_add_input(model, "x", 2, (int64_t[]){ -1, 4 });
}

static void teardown(void)
{
    effnn_model_destroy(model);
    effnn_model_destroy(again);
    remove(path);
}

/* Save at this opset and load the nodes as they were written. */
static void save_and_load(uint32_t opset)
{
    ck_assert_ok(effnn__onnx_save(model, path, opset));
    again = test_load(path, true);
}

START_TEST(the_node_that_computes_the_result_keeps_the_name)
{
    const effnn__node *node;

    test_add_node(model, "gelu", NULL, "act", "x", NULL, NULL);
    ck_assert_ok(effnn_model_add_output(model, "act"));
    save_and_load(13); /* before opset 20 there is no Gelu: it is written by Erf */
    ck_assert_uint_gt(effnn_model_node_count(again), 3);
    node = effnn__graph_find_node(again->graph, "act");
    ck_assert_ptr_nonnull(node);
    ck_assert_str_eq(node->outputs[0]->name, "act");
}
END_TEST

START_TEST(names_made_for_the_others_are_free)
{
    size_t n_named = 0;

    /* The names that the parts of "act" would have are the names of other values. */
    test_add_node(model, "relu", NULL, "act_Mul", "x", NULL, NULL);
    test_add_node(model, "relu", NULL, "act_Erf", "act_Mul", NULL, NULL);
    test_add_node(model, "gelu", NULL, "act", "act_Erf", NULL, NULL);
    ck_assert_ok(effnn_model_add_output(model, "act"));
    save_and_load(13);
    for (size_t i = 0; i < again->graph->nodes.n; i++)
        n_named += strncmp(effnn__graph_node(again->graph, i)->name, "act", 3) == 0;
    ck_assert_uint_eq(n_named, again->graph->nodes.n);
    ck_assert_ok(effnn_model_canonicalise(again));
    test_assert_same_results(model, again);
}
END_TEST

START_TEST(a_constant_that_becomes_an_attribute_is_not_written_twice)
{
    effnn_tensor *axes = test_tensor_i64(1, (int64_t[]){ 1 }, (int64_t[]){ 1 });

    test_add_parameter(model, "axes", axes);
    test_add_node(model, "reduce_mean", NULL, "y", "x", "axes", NULL);
    ck_assert_ok(effnn_model_add_output(model, "y"));
    save_and_load(13); /* axes are an attribute before opset 18 */
    ck_assert_uint_eq(again->graph->values.n, model->graph->values.n);
    ck_assert_ptr_null(effnn__graph_find_value(again->graph, "axes"));
    test_assert_same_results(model, again);
}
END_TEST

START_TEST(what_an_opset_cannot_say_is_refused_by_the_nodes_name)
{
    FILE *file;

    /* Sizes that are computed may be 0. */
    ck_assert_ok(effnn_model_add_input(model, "sizes", EFFNN_I64, 1, (int64_t[]){ 2 }, NULL));
    test_add_node(model, "reshape", "allowzero=1", "y", "x", "sizes", NULL);
    ck_assert_ok(effnn_model_add_output(model, "y"));
    ck_assert_fails_saying(EFFNN_E_UNSUPPORTED, "reshape 'y' at opset 13",
                           effnn__onnx_save(model, path, 13));
    file = fopen(path, "rb");
    ck_assert_ptr_null(file);
    ck_assert_ok(effnn__onnx_save(model, path, 14));
}
END_TEST

START_TEST(shared_heads_whose_size_is_open_are_refused_below_opset_23)
{
    const char *const attrs = "is_causal=1,q_num_heads=6,kv_num_heads=3";

    test_add_input(model, "q", 3, (int64_t[]){ 2, 4, 24 });
    test_add_input(model, "k", 3, (int64_t[]){ 2, 6, -1 });
    test_add_input(model, "v", 3, (int64_t[]){ 2, 6, 30 });
    test_add_node(model, "attention", attrs, "y", "q", "k", "v");
    ck_assert_ok(effnn_model_add_output(model, "y"));
    ck_assert_fails_saying(EFFNN_E_UNSUPPORTED, "size 0 or not known",
                           effnn__onnx_save(model, path, 21));
}
END_TEST

SUITE("onnx_write_node", setup, teardown, the_node_that_computes_the_result_keeps_the_name,
      names_made_for_the_others_are_free, a_constant_that_becomes_an_attribute_is_not_written_twice,
      what_an_opset_cannot_say_is_refused_by_the_nodes_name,
      shared_heads_whose_size_is_open_are_refused_below_opset_23)
