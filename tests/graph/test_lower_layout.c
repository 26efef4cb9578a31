/* SPDX-License-Identifier: BSD-3-Clause */
/* Attention on the form of projections: the chains that exporters write around the heads are gone,
 * the results stay; what is no range of a projection keeps its chain. */

#include "base/alloc.h"
#include "base/option.h"
#include "graph/lower.h"
#include "support/graphs.h"

static effnn__graph *graph;

static void setup(void)
{
    graph = test_graph();
}

static void teardown(void)
{
    effnn__graph_destroy(graph);
}

static effnn__value *reshape(effnn__value *x, effnn__value *sizes)
{
    return test_op(graph, "reshape", NULL, x, sizes);
}

static effnn__value *transpose(effnn__value *x, const char *perm)
{
    return test_op(graph, "transpose", perm, x);
}

/* softmax(q · kᵀ) · v by its parts; kt is transposed already. */
static effnn__value *attend(effnn__value *q, effnn__value *kt, effnn__value *v)
{
    effnn__value *scores =
        test_op(graph, "mul", NULL, test_op(graph, "matmul", NULL, q, kt), test_scalar(graph, 0.4));

    return test_op(graph, "matmul", NULL, test_op(graph, "softmax", "axis=-1", scores), v);
}

/* Back to [N, length, heads · size] and out. */
static void finish(effnn__value *y, effnn__value *sizes, size_t n_transposes, size_t n_slices)
{
    test_output(graph, reshape(transpose(y, "perm=0:2:1:3"), sizes), "y");
    test_lower(graph, 1e-5);
    ck_assert_uint_eq(test_count_ops(graph, "attention"), 1);
    ck_assert_uint_eq(test_count_ops(graph, "transpose"), n_transposes);
    ck_assert_uint_eq(test_count_ops(graph, "slice"), n_slices);
}

/* Part i of [3, …]. */
static effnn__value *part(effnn__value *x, int64_t i)
{
    effnn__value *slice = test_op(graph, "slice", NULL, x, test_ints(graph, i),
                                  test_ints(graph, i + 1), test_ints(graph, 0));

    return test_op(graph, "squeeze", NULL, slice, test_ints(graph, 0));
}

START_TEST(three_projections_of_their_own_need_no_transpose)
{
    effnn__value *q = test_input(graph, "q", "f32[N,5,24]");
    effnn__value *k = test_input(graph, "k", "f32[N,7,24]");
    effnn__value *v = test_input(graph, "v", "f32[N,7,24]");
    effnn__value *q_sizes = test_ints(graph, 0, 5, 3, 8), *sizes = test_ints(graph, 0, 7, 3, 8);

    finish(attend(transpose(reshape(q, q_sizes), "perm=0:2:1:3"),
                  transpose(reshape(k, sizes), "perm=0:2:3:1"),
                  transpose(reshape(v, sizes), "perm=0:2:1:3")),
           test_ints(graph, 0, 5, 24), 0, 0);
    ck_assert_uint_eq(test_count_ops(graph, "reshape"), 0);
}
END_TEST

START_TEST(one_projection_taken_apart_by_slices_becomes_ranges_of_it)
{
    effnn__value *x = test_input(graph, "x", "f32[N,5,72]");
    effnn__value *heads = transpose(reshape(x, test_ints(graph, 0, 5, 3, 3, 8)), "perm=2:0:3:1:4");

    finish(attend(part(heads, 0), transpose(part(heads, 1), "perm=0:1:3:2"), part(heads, 2)),
           test_ints(graph, 0, 5, 24), 0, 3);
    ck_assert_uint_eq(graph->nodes.n, 4);
}
END_TEST

START_TEST(heads_merged_into_the_batch_and_taken_apart_again_are_seen_through)
{
    effnn__value *x = test_input(graph, "x", "f32[N,5,72]");
    effnn__value *heads = transpose(reshape(x, test_ints(graph, 0, 5, 3, 3, 8)), "perm=2:0:3:1:4");
    effnn__value *k = reshape(part(heads, 1), test_ints(graph, -1, 5, 8));
    effnn__value *kt = reshape(transpose(k, "perm=0:2:1"), test_ints(graph, -1, 3, 8, 5));

    finish(attend(part(heads, 0), kt, part(heads, 2)), test_ints(graph, 0, 5, 24), 0, 3);
}
END_TEST

START_TEST(an_open_length_stays_open)
{
    effnn__value *x = test_input(graph, "x", "f32[N,S,24]");
    effnn__value *heads = reshape(x, test_ints(graph, 0, 0, 3, 8));
    effnn__value *q = transpose(heads, "perm=0:2:1:3");

    finish(attend(q, transpose(heads, "perm=0:2:3:1"), q), test_ints(graph, 0, 0, 24), 0, 0);
    ck_assert_uint_eq(graph->nodes.n, 1);
}
END_TEST

START_TEST(a_split_along_the_width_stays_a_range)
{
    effnn__value *x = test_input(graph, "x", "f32[N,5,48]");
    effnn__node *node = NULL;
    effnn__node_spec spec = {
        .def = effnn__op_find("split"), .inputs = &x, .n_inputs = 1, .n_outputs = 2
    };
    effnn__value *sizes = test_ints(graph, 0, 5, 3, 8);
    void *attrs = effnn__zalloc(spec.def->attrs_size);

    ck_assert_ok(effnn__options_init(spec.def->attrs, attrs));
    ck_assert_ok(effnn__options_parse(spec.def->attrs, attrs, "axis=2"));
    spec.attrs = attrs;
    ck_assert_ok(effnn__graph_add_node(&node, graph, &spec));
    effnn__options_clear(spec.def->attrs, attrs);
    effnn__free(attrs);
    effnn__value *q = transpose(reshape(node->outputs[0], sizes), "perm=0:2:1:3");
    effnn__value *kt = transpose(reshape(node->outputs[1], sizes), "perm=0:2:3:1");
    effnn__value *v = transpose(reshape(node->outputs[1], sizes), "perm=0:2:1:3");

    /* The nearest values of the right form are the pieces themselves. */
    finish(attend(q, kt, v), test_ints(graph, 0, 5, 24), 0, 0);
    ck_assert_uint_eq(test_count_ops(graph, "split"), 1);
}
END_TEST

START_TEST(heads_that_interleave_are_no_range)
{
    effnn__value *x = test_input(graph, "x", "f32[N,5,24]");
    effnn__value *heads = transpose(reshape(x, test_ints(graph, 0, 5, 8, 3)), "perm=0:3:1:2");

    /* Element e of head h lies at 3 e + h. */
    finish(attend(heads, transpose(heads, "perm=0:1:3:2"), heads), test_ints(graph, 0, 5, 24), 2,
           0);
}
END_TEST

START_TEST(a_result_that_is_read_by_heads_keeps_its_form)
{
    effnn__value *x = test_input(graph, "x", "f32[N,5,24]");
    effnn__value *heads = reshape(x, test_ints(graph, 0, 5, 3, 8));
    effnn__value *q = transpose(heads, "perm=0:2:1:3");
    effnn__value *y = attend(q, transpose(heads, "perm=0:2:3:1"), q);

    test_output(graph, test_op(graph, "neg", NULL, y), "other");
    finish(y, test_ints(graph, 0, 5, 24), 3, 0);
}
END_TEST

SUITE("lower_layout", setup, teardown, three_projections_of_their_own_need_no_transpose,
      one_projection_taken_apart_by_slices_becomes_ranges_of_it,
      heads_merged_into_the_batch_and_taken_apart_again_are_seen_through, an_open_length_stays_open,
      a_split_along_the_width_stays_a_range, heads_that_interleave_are_no_range,
      a_result_that_is_read_by_heads_keeps_its_form)
