/* SPDX-License-Identifier: BSD-3-Clause */
/* Clones: the same graph, its own objects, shared storage that a write does not cross. */

#include "support/alloc_fail.h"
#include "support/graphs.h"

static effnn__graph *graph;

static void setup(void)
{
    effnn__value *x;
    effnn__node *split = NULL;
    effnn__value *ends[2];
    const char *const names[] = { "", "second" };

    graph = test_graph();
    x = test_input(graph, "x", "f32[4,N]");
    ends[0] = test_op(graph, "gelu", "approximate=tanh", x);
    ends[1] = test_ints(graph, 1, 3);
    ck_assert_ok(effnn__graph_add_node(&split, graph,
                                       &(effnn__node_spec){ .def = effnn__op_find("split"),
                                                            .inputs = ends,
                                                            .n_inputs = 2,
                                                            .outputs = names,
                                                            .n_outputs = 2 }));
    x = test_op(graph, "add", NULL, split->outputs[1], split->outputs[1]);
    x = test_op(graph, "mul", NULL, x, test_random(graph, "w", 3, 3, 1));
    test_output(graph, x, "y");
    test_output(graph, ends[0], "z");
    test_output(graph, x, NULL);
}

static void teardown(void)
{
    effnn__graph_destroy(graph);
}

START_TEST(a_clone_reads_the_same)
{
    effnn__graph *clone = NULL;
    char *a = test_text(graph), *b;

    ck_assert_ok(effnn__graph_clone(&clone, graph));
    ck_assert_ok(effnn__graph_check(clone));
    b = test_text(clone);
    ck_assert_str_eq(a, b);
    effnn__free(a);
    effnn__free(b);
    effnn__graph_destroy(clone);
}
END_TEST

START_TEST(a_clone_infers_the_same_with_symbols_of_its_own)
{
    effnn__graph *clone = NULL;
    effnn__sym m;
    char *a = test_text(graph), *b;

    ck_assert_ok(effnn__graph_clone(&clone, graph));
    ck_assert_ok(effnn__symbols_named(&m, clone->symbols, "M"));
    ck_assert_ok(effnn__graph_infer(clone));
    b = test_text(clone);
    ck_assert_str_eq(a, b);
    effnn__free(a);
    effnn__free(b);
    effnn__graph_destroy(clone);
}
END_TEST

START_TEST(changing_a_clone_leaves_the_original_alone)
{
    effnn__graph *clone = NULL;
    char *a = test_text(graph), *b;

    ck_assert_ok(effnn__graph_clone(&clone, graph));
    ck_assert_ok(effnn__graph_rename_value(clone, effnn__graph_find_value(clone, "x"), "image"));
    test_output(clone, test_op(clone, "relu", NULL, effnn__graph_find_value(clone, "y")), NULL);
    b = test_text(graph);
    ck_assert_str_eq(a, b);
    ck_assert_ok(effnn__graph_check(graph));
    ck_assert_ok(effnn__graph_check(clone));
    effnn__free(a);
    effnn__free(b);
    effnn__graph_destroy(clone);
}
END_TEST

START_TEST(writing_a_clones_constant_copies_its_storage)
{
    effnn__value *original = effnn__graph_find_value(graph, "w"), *copied;
    effnn__graph *clone = NULL, *second = NULL;
    effnn_tensor *before = NULL;

    ck_assert_ok(effnn_tensor_copy(&before, original->constant));
    ck_assert_ok(effnn__graph_clone(&clone, graph));
    ck_assert_ok(effnn__graph_clone(&second, graph));
    copied = effnn__graph_find_value(clone, "w");
    ck_assert(effnn__tensor_shares_storage(original->constant, copied->constant));
    ck_assert_ok(effnn_tensor_set_f64(copied->constant, (const int64_t[]){ 0, 0 }, 42.0));
    ck_assert_tensor_at(copied->constant, 42.0, 0, 0);
    ck_assert_tensor_equal(original->constant, before);
    ck_assert_tensor_equal(effnn__graph_find_value(second, "w")->constant, before);
    effnn__graph_destroy(clone);
    ck_assert_tensor_equal(original->constant, before);
    effnn__graph_destroy(second);
    effnn_tensor_release(before);
}
END_TEST

START_TEST(cloning_survives_failing_allocations)
{
    effnn__graph *clone = NULL;

    ALLOC_FAIL_LOOP(effnn__graph_clone(&clone, graph), ck_assert_ptr_null(clone));
    ck_assert_ok(effnn__graph_check(clone));
    ck_assert_ok(effnn__graph_check(graph));
    effnn__graph_destroy(clone);
}
END_TEST

SUITE("graph_clone", setup, teardown, a_clone_reads_the_same,
      a_clone_infers_the_same_with_symbols_of_its_own, changing_a_clone_leaves_the_original_alone,
      writing_a_clones_constant_copies_its_storage, cloning_survives_failing_allocations)
