/* SPDX-License-Identifier: BSD-3-Clause */
/* Building, running and comparing small graphs. */

#include "support/graphs.h"

#include "base/alloc.h"
#include "graph/canon.h"
#include "graph/lower.h"
#include "graph/run.h"
#include "tensor/dtype.h"

#include <stdio.h>

#define MAX_ENDS 8

effnn__graph *test_graph(void)
{
    effnn__graph *graph = NULL;

    ck_assert_ok(effnn__graph_create(&graph, NULL));
    return graph;
}

effnn__value *test_input(effnn__graph *graph, const char *name, const char *type)
{
    effnn__value_info info = { .has_dtype = true, .has_shape = true };
    effnn__value *value = NULL;
    char dtype[8], size[32];
    int n = 0, used = 0;

    ck_assert_msg(sscanf(type, "%7[^[][%n", dtype, &n) == 1 && n > 0, "bad type '%s'", type);
    info.dtype = (effnn_dtype)effnn__dtype_find(dtype);
    for (const char *at = type + n; *at && *at != ']'; at += used + (at[used] == ',')) {
        ck_assert_int_eq(sscanf(at, "%31[^],]%n", size, &used), 1);
        if (size[0] >= '0' && size[0] <= '9')
            info.dims[info.rank++] = effnn__sym_constant(atoll(size));
        else
            ck_assert_ok(effnn__symbols_named(&info.dims[info.rank++], graph->symbols, size));
    }
    ck_assert_ok(effnn__graph_add_input(&value, graph, name, &info));
    return value;
}

effnn__value *test_constant(effnn__graph *graph, const char *name, effnn_tensor *tensor)
{
    effnn__value *value = NULL;

    ck_assert_ok(effnn__graph_add_constant(&value, graph, name, false, tensor));
    effnn_tensor_release(tensor);
    return value;
}

effnn__value *test_scalar(effnn__graph *graph, double value)
{
    const float number = (float)value;

    return test_constant(graph, "scalar", test_tensor_f32(0, NULL, &number));
}

effnn__value *test_op_of(effnn__graph *graph, const char *op, const char *attrs,
                         effnn__value *const *inputs, size_t n_inputs)
{
    effnn__value *value = NULL;

    ck_assert_ok(effnn__graph_add_op(&value, graph, op, NULL, attrs, inputs, n_inputs, NULL));
    return value;
}

void test_output(effnn__graph *graph, effnn__value *value, const char *name)
{
    if (name) ck_assert_ok(effnn__graph_rename_value(graph, value, name));
    ck_assert_ok(effnn__graph_add_output(graph, value));
}

size_t test_count_ops(const effnn__graph *graph, const char *op)
{
    size_t n = 0;

    for (size_t i = 0; i < graph->nodes.n; i++)
        n += strcmp(effnn__graph_node(graph, i)->def->name, op) == 0;
    return n;
}

void test_run_random(effnn_tensor **out, const effnn__graph *graph, int64_t open, uint64_t seed)
{
    effnn__shape shapes[MAX_ENDS] = { 0 };
    effnn_tensor *inputs[MAX_ENDS];
    effnn__graph *clone = NULL;
    effnn__plan *plan = NULL;

    ck_assert_uint_le(graph->inputs.n, MAX_ENDS);
    ck_assert_ok(effnn__graph_clone(&clone, graph));
    for (size_t i = 0; i < graph->inputs.n; i++) {
        const effnn__value *input = graph->inputs.items[i];
        shapes[i].rank = input->info.rank;
        for (size_t d = 0; d < input->info.rank; d++)
            shapes[i].dims[d] =
                effnn__sym_is_constant(input->info.dims[d]) ? input->info.dims[d].offset : open;
        inputs[i] =
            test_tensor_random(NULL, input->info.dtype, shapes[i].rank, shapes[i].dims, seed + i);
    }
    ck_assert_ok(effnn__plan_create(&plan, clone, shapes, NULL));
    for (size_t i = 0; i < graph->outputs.n; i++) {
        const effnn__shape *shape = effnn__plan_output_shape(plan, i);
        out[i] = test_tensor_zeros(effnn__plan_output_dtype(plan, i), shape->rank, shape->dims);
    }
    ck_assert_ok(effnn__plan_run(plan, (const effnn_tensor *const *)inputs, out, NULL));
    effnn__plan_destroy(plan);
    effnn__graph_destroy(clone);
    for (size_t i = 0; i < graph->inputs.n; i++) effnn_tensor_release(inputs[i]);
}

char *test_text(const effnn__graph *graph)
{
    char *text = NULL;

    ck_assert_ok(effnn__graph_print(&text, graph));
    return text;
}

/* Rewrite the graph and compare its results with those before. */
static void rewrite_and_compare(effnn__graph *graph, effnn_status (*rewrite)(effnn__graph *),
                                double tolerance)
{
    enum { N_SIZES = 3 };
    effnn_tensor *before[N_SIZES][MAX_ENDS], *after[MAX_ENDS];
    char names[MAX_ENDS][64];

    ck_assert_uint_le(graph->outputs.n, MAX_ENDS);
    ck_assert_ok(effnn__graph_check(graph));
    for (size_t i = 0; i < graph->outputs.n; i++)
        snprintf(names[i], sizeof names[i], "%s", ((effnn__value *)graph->outputs.items[i])->name);
    for (int i = 0; i < N_SIZES; i++) test_run_random(before[i], graph, i + 1, 7);
    ck_assert_ok(rewrite(graph));
    ck_assert_ok(effnn__graph_check(graph));
    for (size_t i = 0; i < graph->outputs.n; i++)
        ck_assert_str_eq(((effnn__value *)graph->outputs.items[i])->name, names[i]);
    for (int i = 0; i < N_SIZES; i++) {
        test_run_random(after, graph, i + 1, 7);
        for (size_t j = 0; j < graph->outputs.n; j++) {
            ck_assert_tensor_near(after[j], before[i][j], tolerance, tolerance);
            ck_assert_int_eq(effnn_tensor_dtype(after[j]), effnn_tensor_dtype(before[i][j]));
            effnn_tensor_release(after[j]);
            effnn_tensor_release(before[i][j]);
        }
    }
}

void test_canonicalise(effnn__graph *graph, double tolerance)
{
    rewrite_and_compare(graph, effnn__canonicalise, tolerance);
}

void test_lower(effnn__graph *graph, double tolerance)
{
    rewrite_and_compare(graph, effnn__lower, tolerance);
}
