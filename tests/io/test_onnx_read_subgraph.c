/* SPDX-License-Identifier: BSD-3-Clause */
/* Graphs in nodes' attributes: what they read from around them, held against ONNX Runtime's results
 * (golden/make/make_onnx.py). */

#include "support/branch_files.h"

START_TEST(branches_compute_what_onnx_runtime_does)
{
    for (int keep_written = 0; keep_written < 2; keep_written++) {
        effnn_model *model = test_load_golden("onnx/branches.onnx", keep_written);

        test_assert_branches(model);
        effnn_model_destroy(model);
    }
}
END_TEST

START_TEST(what_a_branch_reads_is_an_input_of_its_node)
{
    effnn_model *model = test_load_golden("onnx/branches.onnx", true);
    const effnn__node *outer = effnn__graph_find_node(model->graph, "outer");

    /* The condition, h, and, for the If inside, d and x; the weight is a constant in there. */
    ck_assert_uint_eq(outer->n_inputs, 4);
    ck_assert_str_eq(outer->inputs[1]->name, "h");
    ck_assert_uint_eq(outer->subgraphs[0]->inputs.n, 3);
    ck_assert_uint_eq(outer->subgraphs[1]->inputs.n, 3);
    effnn_model_destroy(model);
}
END_TEST

static const test_refusal refused[] = {
    { "if_without_else", EFFNN_E_FORMAT, "node 'r': no attribute 'else_branch'" },
    { "if_of_two_inputs", EFFNN_E_FORMAT, "node 'r': If has 2 inputs, not 1" },
    { "if_branch_with_input", EFFNN_E_UNSUPPORTED, "input 'z' of a graph inside a node" },
    { "if_branch_out_of_order", EFFNN_E_FORMAT, "computed by this node or a later one" },
    { "if_too_deep", EFFNN_E_UNSUPPORTED, "graphs nest more than 16 deep" },
    { "if_1000_deep", EFFNN_E_FORMAT, "messages nest too deep" },
    { "if_types_differ", EFFNN_E_FORMAT, "output 0 is f32 in one branch, i64 in the other" },
};

START_TEST(branches_that_are_malformed_are_refused_by_name)
{
    test_refuse_golden("onnx/bad/%s.onnx", refused, sizeof refused / sizeof refused[0]);
}
END_TEST

SUITE("onnx_read_subgraph", NULL, NULL, branches_compute_what_onnx_runtime_does,
      what_a_branch_reads_is_an_input_of_its_node, branches_that_are_malformed_are_refused_by_name)
