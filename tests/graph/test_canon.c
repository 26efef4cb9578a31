/* SPDX-License-Identifier: BSD-3-Clause */
/* All canonical passes together, on a transformer block as exporters write it. */

#include "base/alloc.h"
#include "graph/passes/passes.h"
#include "support/alloc_fail.h"
#include "support/graphs.h"

static effnn__graph *graph;

static effnn__value *binary(const char *op, effnn__value *a, effnn__value *b)
{
    return test_op(graph, op, NULL, a, b);
}

static effnn__value *mean(effnn__value *value)
{
    return test_op(graph, "reduce_mean", NULL, value, test_ints(graph, -1));
}

static effnn__value *layer_norm(effnn__value *x)
{
    effnn__value *d = binary("sub", x, mean(x));
    effnn__value *v = mean(binary("pow", d, test_scalar(graph, 2.0)));
    effnn__value *y =
        binary("div", d, test_op(graph, "sqrt", NULL, binary("add", v, test_scalar(graph, 1e-6))));

    y = binary("mul", y, test_random(graph, "norm.weight", 21, 8));
    return binary("add", y, test_random(graph, "norm.bias", 22, 8));
}

static effnn__value *linear(effnn__value *x, const char *name, int64_t in, int64_t out)
{
    effnn__value *y = test_op(graph, "matmul", NULL, x, test_random(graph, name, 23, in, out));

    return binary("add", test_random(graph, "bias", 24, out), y);
}

/* One dimension of a value, as a vector: Shape, Gather, Unsqueeze. */
static effnn__value *size_of(effnn__value *value, int64_t axis)
{
    effnn__value *at = test_constant(graph, "at", test_tensor_i64(0, NULL, &axis));
    effnn__value *size = test_op(graph, "gather", NULL, test_op(graph, "shape", NULL, value), at);

    return test_op(graph, "unsqueeze", NULL, size, test_ints(graph, 0));
}

/* [N, T, 8] → [N, 2, T, 4] */
static effnn__value *split_heads(effnn__value *x)
{
    effnn__value *target = test_op(graph, "concat", "axis=0", size_of(x, 0), size_of(x, 1),
                                   test_ints(graph, 2), test_ints(graph, 4));

    return test_op(graph, "transpose", "perm=0:2:1:3", test_op(graph, "reshape", NULL, x, target));
}

static effnn__value *attention(effnn__value *x)
{
    effnn__value *q = split_heads(linear(x, "q", 8, 8)), *k = split_heads(linear(x, "k", 8, 8));
    effnn__value *v = split_heads(linear(x, "v", 8, 8));
    effnn__value *d = test_op(graph, "cast", "to=f32", size_of(q, 3));
    effnn__value *scores =
        test_op(graph, "matmul", NULL, q, test_op(graph, "transpose", "perm=0:1:3:2", k));
    effnn__value *y;

    scores = binary("div", scores, test_op(graph, "sqrt", NULL, d));
    y = test_op(graph, "matmul", NULL, test_op(graph, "softmax", "axis=-1", scores), v);
    y = test_op(graph, "transpose", "perm=0:2:1:3", y);
    y = test_op(
        graph, "reshape", NULL, y,
        test_op(graph, "concat", "axis=0", size_of(y, 0), size_of(y, 1), test_ints(graph, 8)));
    return linear(test_op(graph, "dropout", NULL, y), "proj", 8, 8);
}

static effnn__value *gelu(effnn__value *x)
{
    effnn__value *e =
        test_op(graph, "erf", NULL, binary("div", x, test_scalar(graph, 1.4142135623730951)));

    return binary("mul", binary("mul", x, binary("add", e, test_scalar(graph, 1.0))),
                  test_scalar(graph, 0.5));
}

static void setup(void)
{
    effnn__value *x, *y;

    graph = test_graph();
    x = test_input(graph, "x", "f32[N,5,8]");
    y = binary("add", x, attention(layer_norm(test_op(graph, "identity", NULL, x))));
    y = binary("add", y, linear(gelu(linear(layer_norm(y), "fc1", 8, 12)), "fc2", 12, 8));
    test_output(graph, y, "y");
}

static void teardown(void)
{
    effnn__graph_destroy(graph);
}

START_TEST(a_block_as_exporters_write_it_becomes_its_operators)
{
    static const struct {
        const char *op;
        size_t n;
    } expected[] = {
        { "layer_normalization", 2 },
        { "softmax", 1 },
        { "gelu", 1 },
        { "matmul", 8 },
        { "add", 8 },
        { "transpose", 4 },
        { "reshape", 4 },
        { "div", 1 },
    };
    size_t n = 0;

    test_canonicalise(graph, 1e-5);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        ck_assert_msg(test_count_ops(graph, expected[i].op) == expected[i].n, "%zu %s",
                      test_count_ops(graph, expected[i].op), expected[i].op);
        n += expected[i].n;
    }
    ck_assert_uint_eq(graph->nodes.n, n);
}
END_TEST

START_TEST(canonical_graphs_stay_as_they_are)
{
    char *once, *twice;

    ck_assert_ok(effnn__canonicalise(graph));
    once = test_text(graph);
    ck_assert_ok(effnn__canonicalise(graph));
    twice = test_text(graph);
    ck_assert_str_eq(once, twice);
    effnn__free(once);
    effnn__free(twice);
}
END_TEST

START_TEST(parameters_and_nodes_that_stay_keep_their_names)
{
    static const char *const names[] = { "norm.weight", "norm.bias", "q",   "k", "v",
                                         "proj",        "fc1",       "fc2", "x", "y" };

    ck_assert_ok(effnn__canonicalise(graph));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        ck_assert_ptr_nonnull(effnn__graph_find_value(graph, names[i]));
    ck_assert_ptr_nonnull(effnn__graph_find_node(graph, "matmul"));
    ck_assert_ptr_nonnull(effnn__graph_find_node(graph, "softmax"));
}
END_TEST

START_TEST(the_invariants_hold_after_each_pass)
{
    static const effnn__pass *const passes[] = {
#define X(pass) &effnn__pass_##pass,
        EFFNN__CANON_PASSES(X)
#undef X
    };
    size_t changes = 1;

    while (changes) {
        changes = 0;
        for (size_t i = 0; i < sizeof passes / sizeof passes[0]; i++) {
            ck_assert_ok(passes[i]->run(graph, &changes));
            ck_assert_ok(effnn__graph_check(graph));
            effnn__graph_sweep(graph);
            ck_assert_ok(effnn__graph_check(graph));
        }
    }
}
END_TEST

static effnn_status always_changes(effnn__graph *self, size_t *changes)
{
    (void)self;
    ++*changes;
    return EFFNN_OK;
}

START_TEST(passes_that_never_settle_fail)
{
    static const effnn__pass restless = { .name = "restless", .run = always_changes };
    static const effnn__pass *const passes[] = { &restless, NULL };

    ck_assert_fails_saying(EFFNN_E_STATE, "settle", effnn__passes_run(graph, passes));
}
END_TEST

static effnn__graph *clone;

/* Canonicalise a new clone. */
static effnn_status canonicalise_clone(void)
{
    EFFNN_TRY(effnn__graph_clone(&clone, graph));
    return effnn__canonicalise(clone);
}

static void drop_clone(void)
{
    if (clone) ck_assert_ok(effnn__graph_check(clone));
    effnn__graph_destroy(clone);
    clone = NULL;
}

START_TEST(a_failing_allocation_leaves_a_sound_graph)
{
    ALLOC_FAIL_LOOP(canonicalise_clone(), drop_clone());
    drop_clone();
}
END_TEST

SUITE("canon", setup, teardown, a_block_as_exporters_write_it_becomes_its_operators,
      canonical_graphs_stay_as_they_are, parameters_and_nodes_that_stay_keep_their_names,
      the_invariants_hold_after_each_pass, passes_that_never_settle_fail,
      a_failing_allocation_leaves_a_sound_graph)
