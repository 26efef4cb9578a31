/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/branches.h"

#include "graph/subgraph.h"

static effnn__graph *make_branch(const effnn__value *h, bool is_then)
{
    effnn__graph *branch = test_graph();
    effnn__value *input = NULL, *result;

    ck_assert_ok(effnn__subgraph_add_input(&input, branch, h->name, &h->info));
    if (is_then)
        result = test_op(branch, "relu", NULL, input);
    else
        result = test_op(branch, "reduce_sum", "keepdims=0", input, test_ints(branch, 1));
    test_output(branch, result, NULL);
    return branch;
}

test_branches test_make_branches(int condition)
{
    test_branches made = { .graph = test_graph() };
    const bool value = condition == 1;
    effnn_tensor *tensor;

    made.x = test_input(made.graph, "x", "f32[N,3]");
    if (condition < 0) {
        made.c = test_input(made.graph, "c", "bool[1]");
    } else {
        tensor = test_tensor_zeros(EFFNN_BOOL, 0, NULL);
        *(bool *)effnn__tensor_data(tensor) = value;
        made.c = test_constant(made.graph, "c", tensor);
    }
    made.h = test_op(made.graph, "mul", NULL, made.x, test_scalar(made.graph, 2.0));
    effnn__graph *branches[] = { make_branch(made.h, true), make_branch(made.h, false) };
    ck_assert_ok(effnn__graph_add_node(
        &made.node, made.graph,
        &(effnn__node_spec){ .def = effnn__op_find("if"),
                             .name = "choice",
                             .inputs = (effnn__value *const[]){ made.c, made.h },
                             .n_inputs = 2,
                             .subgraphs = branches }));
    test_output(made.graph, made.node->outputs[0], "y");
    return made;
}
