/* SPDX-License-Identifier: BSD-3-Clause */
/* Inference over whole graphs, open and for concrete shapes; time linear in the graph. */

#include "base/clock.h"
#include "support/alloc_fail.h"
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

START_TEST(a_new_shape_of_a_constant_reaches_what_depends_on_it)
{
    effnn__value *w = test_random(graph, "w", 1, 1, 3), *x = test_input(graph, "x", "f32[1,3]");
    effnn__value *y = test_op(graph, "relu", NULL, test_op(graph, "add", NULL, x, w));
    effnn_tensor *larger = test_tensor_iota(5, 3);

    ck_assert_ok(effnn__graph_set_constant(graph, w, larger));
    ck_assert_int_eq(y->info.dims[0].offset, 1);
    ck_assert_ok(effnn__graph_infer(graph));
    ck_assert_int_eq(y->info.dims[0].offset, 5);
    effnn_tensor_release(larger);
}
END_TEST

START_TEST(failing_inference_leaves_the_infos_alone)
{
    effnn__value *w = test_random(graph, "w", 1, 3), *x = test_input(graph, "x", "f32[3]");
    effnn__value *y = test_op(graph, "relu", NULL, w), *z = test_op(graph, "add", NULL, x, y);
    effnn_tensor *wrong = test_tensor_iota(5);

    ck_assert_ok(effnn__graph_set_constant(graph, w, wrong));
    ck_assert_fails_saying(EFFNN_E_SHAPE, "'add'", effnn__graph_infer(graph));
    ck_assert_int_eq(y->info.dims[0].offset, 3);
    ck_assert_int_eq(z->info.dims[0].offset, 3);
    effnn_tensor_release(wrong);
}
END_TEST

START_TEST(bound_inference_leaves_the_graph_open)
{
    effnn__value *x = test_input(graph, "x", "f32[N,4]"), *y = test_op(graph, "relu", NULL, x);
    const effnn__shape shape = { 2, { 7, 4 } };
    effnn__value_info *infos = NULL;

    ck_assert_ok(effnn__graph_infer_bound(&infos, graph, &shape));
    ck_assert(effnn__sym_equal(infos[y->index].dims[0], effnn__sym_constant(7)));
    ck_assert_int_eq(infos[y->index].dims[1].offset, 4);
    ck_assert(!effnn__sym_is_constant(y->info.dims[0]));
    effnn__free(infos);
}
END_TEST

START_TEST(shapes_that_contradict_the_inputs_are_refused)
{
    const effnn__shape rank[] = { { 1, { 4 } }, { 2, { 2, 2 } } };
    const effnn__shape fixed[] = { { 2, { 2, 5 } }, { 2, { 2, 2 } } };
    const effnn__shape open[] = { { 2, { 2, 4 } }, { 2, { 2, 3 } } };
    const effnn__shape good[] = { { 2, { 3, 4 } }, { 2, { 3, 3 } } };
    effnn__value_info *infos = NULL;

    test_input(graph, "x", "f32[N,4]");
    test_input(graph, "y", "f32[N,N]");
    ck_assert_fails_saying(EFFNN_E_SHAPE, "'x'", effnn__graph_infer_bound(&infos, graph, rank));
    ck_assert_fails_saying(EFFNN_E_SHAPE, "should be 4",
                           effnn__graph_infer_bound(&infos, graph, fixed));
    ck_assert_fails_saying(EFFNN_E_SHAPE, "should be N",
                           effnn__graph_infer_bound(&infos, graph, open));
    ck_assert_ptr_null(infos);
    ck_assert_ok(effnn__graph_infer_bound(&infos, graph, good));
    effnn__free(infos);
}
END_TEST

START_TEST(bound_inference_survives_failing_allocations)
{
    effnn__value *x = test_input(graph, "x", "f32[N,M]");
    const effnn__shape shape = { 2, { 7, 4 } };
    effnn__value_info *infos = NULL;

    test_op(graph, "relu", NULL, x);
    ALLOC_FAIL_LOOP(effnn__graph_infer_bound(&infos, graph, &shape), ck_assert_ptr_null(infos));
    effnn__free(infos);
    ALLOC_FAIL_LOOP(effnn__graph_infer(graph), ck_assert_ok(effnn__graph_check(graph)));
}
END_TEST

/* A chain of n nodes, all reading one constant; append, clone, infer and sweep it. Seconds. */
static double time_chain(size_t n)
{
    effnn__graph *chain = test_graph(), *clone = NULL;
    effnn__value *x = test_input(chain, "x", "f32[N]"), *one = test_scalar(chain, 1.0);
    const double start = effnn__seconds();

    for (size_t i = 0; i < n; i++) x = test_op(chain, "add", NULL, x, one);
    ck_assert_ok(effnn__graph_clone(&clone, chain));
    ck_assert_ok(effnn__graph_infer(clone));
    ck_assert_uint_eq(effnn__graph_sweep(clone), n);
    effnn__graph_destroy(clone);
    ck_assert_ok(effnn__graph_check(chain));
    effnn__graph_destroy(chain);
    return effnn__seconds() - start;
}

START_TEST(building_cloning_and_sweeping_take_linear_time)
{
    /* Ten times the nodes may take 40 times as long (caches, noise), not 100 times. */
    const double small = time_chain(5000), large = time_chain(50000);

    ck_assert_msg(large < 40.0 * small, "5000 nodes take %g s, 50000 take %g s", small, large);
}
END_TEST

SUITE("graph_infer", setup, teardown, a_new_shape_of_a_constant_reaches_what_depends_on_it,
      failing_inference_leaves_the_infos_alone, bound_inference_leaves_the_graph_open,
      shapes_that_contradict_the_inputs_are_refused, bound_inference_survives_failing_allocations,
      building_cloning_and_sweeping_take_linear_time)
