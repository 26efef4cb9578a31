/* SPDX-License-Identifier: BSD-3-Clause */
/* Plans: shapes, which memory a value gets, what is refused. */

#include "graph/plan_priv.h"
#include "graph/run.h"
#include "support/alloc_fail.h"
#include "support/graphs.h"

static effnn__graph *graph;
static effnn__plan *plan;

static void setup(void)
{
    graph = test_graph();
    plan = NULL;
}

static void teardown(void)
{
    effnn__plan_destroy(plan);
    effnn__graph_destroy(graph);
}

static void make_plan(const effnn__plan_options *options)
{
    const effnn__shape shapes[] = { { 2, { 2, 32 } }, { 2, { 2, 32 } } };

    ck_assert_ok(effnn__plan_create(&plan, graph, shapes, options));
}

static const effnn__buffer *buffer_of(const effnn__value *value)
{
    return &plan->buffers[plan->values[value->index].buffer];
}

static bool share_a_buffer(const effnn__value *a, const effnn__value *b)
{
    return plan->values[a->index].buffer == plan->values[b->index].buffer;
}

START_TEST(outputs_have_the_shape_for_these_inputs)
{
    effnn__value *x = test_input(graph, "x", "f32[N,32]");

    test_output(graph, test_op(graph, "concat", "axis=0", x, x), "y");
    test_output(graph, test_op(graph, "shape", NULL, x), "s");
    make_plan(NULL);
    ck_assert_uint_eq(effnn__plan_output_shape(plan, 0)->rank, 2);
    ck_assert_int_eq(effnn__plan_output_shape(plan, 0)->dims[0], 4);
    ck_assert_int_eq(effnn__plan_output_dtype(plan, 0), EFFNN_F32);
    ck_assert_int_eq(effnn__plan_output_dtype(plan, 1), EFFNN_I64);
}
END_TEST

START_TEST(shapes_that_do_not_fit_are_refused)
{
    const effnn__shape shape = { 2, { 2, 31 } };

    test_output(graph, test_op(graph, "relu", NULL, test_input(graph, "x", "f32[N,32]")), "y");
    ck_assert_fails_saying(EFFNN_E_SHAPE, "'x'", effnn__plan_create(&plan, graph, &shape, NULL));
    ck_assert_ptr_null(plan);
}
END_TEST

START_TEST(a_shape_that_depends_on_data_makes_a_plan_without_an_arena)
{
    effnn__value *x = test_input(graph, "x", "f32[2,32]"), *s = test_input(graph, "s", "i64[2]");
    const effnn__shape shapes[] = { { 2, { 2, 32 } }, { 1, { 2 } } };

    test_output(graph, test_op(graph, "reshape", NULL, x, s), "y");
    ck_assert_ok(effnn__plan_create(&plan, graph, shapes, NULL));
    ck_assert(effnn__plan_is_dynamic(plan));
    ck_assert_uint_eq(effnn__plan_memory_of(plan).arena, 0);
}
END_TEST

START_TEST(a_result_with_more_elements_than_can_be_counted_is_refused)
{
    effnn__value *x = test_input(graph, "x", "f32[1,32]");

    /* 2^62 · 2^2 · 2^5 wraps to 0. */
    test_output(graph, test_op(graph, "expand", NULL, x, test_ints(graph, INT64_C(1) << 62, 4, 32)),
                "y");
    ck_assert_fails_saying(EFFNN_E_SHAPE, "[4611686018427387904, 4, 32]",
                           effnn__plan_create(&plan, graph, &(effnn__shape){ 2, { 1, 32 } }, NULL));
    ck_assert_ptr_null(plan);
}
END_TEST

START_TEST(a_dying_operand_is_computed_over)
{
    effnn__value *x = test_input(graph, "x", "f32[N,32]");
    effnn__value *a = test_op(graph, "exp", NULL, x), *b = test_op(graph, "neg", NULL, a);
    effnn__value *c = test_op(graph, "abs", NULL, b);

    test_output(graph, test_op(graph, "relu", NULL, c), "y");
    make_plan(NULL);
    ck_assert(share_a_buffer(a, b));
    ck_assert(share_a_buffer(b, c));
    ck_assert_uint_eq(effnn__plan_memory_of(plan).arena, 2 * 32 * sizeof(float));
}
END_TEST

START_TEST(an_input_is_never_computed_over)
{
    effnn__value *x = test_input(graph, "x", "f32[N,32]");
    effnn__value *view = test_op(graph, "flatten", NULL, x), *a = test_op(graph, "exp", NULL, view);

    test_output(graph, test_op(graph, "neg", NULL, a), "y");
    make_plan(NULL);
    ck_assert_int_eq(buffer_of(x)->kind, EFFNN__BUFFER_INPUT);
    ck_assert(share_a_buffer(x, view));
    ck_assert(!share_a_buffer(a, view));
}
END_TEST

START_TEST(a_constant_is_never_computed_over)
{
    effnn__value *x = test_input(graph, "x", "f32[N,32]");
    effnn__value *w = test_random(graph, "w", 1, 2, 32), *a = test_op(graph, "add", NULL, w, x);
    effnn__value *view = test_op(graph, "flatten", NULL, w), *b = test_op(graph, "exp", NULL, view);

    test_output(graph, test_op(graph, "mul", NULL, a, b), "y");
    make_plan(NULL);
    ck_assert_int_eq(buffer_of(w)->kind, EFFNN__BUFFER_CONSTANT);
    ck_assert(share_a_buffer(w, view));
    ck_assert(!share_a_buffer(a, w));
    ck_assert(!share_a_buffer(b, w));
    ck_assert_ptr_eq(effnn_tensor_data(plan->values[w->index].tensor),
                     effnn_tensor_data(w->constant));
}
END_TEST

START_TEST(an_operand_that_is_read_later_is_not_computed_over)
{
    effnn__value *x = test_input(graph, "x", "f32[N,32]");
    effnn__value *a = test_op(graph, "exp", NULL, x), *b = test_op(graph, "neg", NULL, a);
    effnn__value *view = test_op(graph, "flatten", NULL, a), *c = test_op(graph, "abs", NULL, view);
    effnn__value *again = test_op(graph, "add", NULL, b, view);

    test_output(graph, test_op(graph, "add", NULL, c, again), "y");
    make_plan(NULL);
    ck_assert(!share_a_buffer(a, b));
    ck_assert(share_a_buffer(a, view));
    ck_assert(!share_a_buffer(c, view)); /* the sum behind it reads the view too */
    ck_assert(share_a_buffer(b, again));
}
END_TEST

START_TEST(an_operand_that_the_node_reads_twice_is_not_computed_over)
{
    effnn__value *x = test_input(graph, "x", "f32[N,32]"), *a = test_op(graph, "exp", NULL, x);
    effnn__value *square = test_op(graph, "mul", NULL, a, a);

    test_output(graph, test_op(graph, "relu", NULL, square), "y");
    make_plan(NULL);
    ck_assert(!share_a_buffer(a, square));
}
END_TEST

START_TEST(a_result_of_another_size_is_not_computed_over_its_operand)
{
    effnn__value *x = test_input(graph, "x", "f32[N,32]"), *y = test_input(graph, "y", "f32[N,32]");
    effnn__value *row = test_op(graph, "slice", NULL, x, test_ints(graph, 0), test_ints(graph, 1));
    effnn__value *sum = test_op(graph, "add", NULL, row, y);

    test_output(graph, test_op(graph, "relu", NULL, sum), "z");
    make_plan(NULL);
    ck_assert(!share_a_buffer(row, sum));
}
END_TEST

START_TEST(an_output_is_written_in_the_callers_memory)
{
    effnn__value *x = test_input(graph, "x", "f32[N,32]"), *a = test_op(graph, "exp", NULL, x);
    effnn__value *b = test_op(graph, "relu", NULL, a), *view = test_op(graph, "flatten", NULL, a);

    test_output(graph, a, "y");
    test_output(graph, b, "z");
    test_output(graph, view, "v");
    make_plan(NULL);
    ck_assert_int_eq(buffer_of(a)->kind, EFFNN__BUFFER_OUTPUT);
    ck_assert_int_eq(buffer_of(b)->kind, EFFNN__BUFFER_OUTPUT);
    ck_assert(!share_a_buffer(a, b));
    ck_assert(!share_a_buffer(a, view)); /* each output has memory of its own */
    ck_assert_uint_eq(effnn__plan_memory_of(plan).arena, 0);
    ck_assert_uint_eq(plan->n_copied, 0);
}
END_TEST

START_TEST(a_tapped_node_keeps_its_operand)
{
    effnn__value *x = test_input(graph, "x", "f32[N,32]");
    effnn__value *a = test_op(graph, "exp", NULL, x), *b = test_op(graph, "neg", NULL, a);
    effnn__value *c = test_op(graph, "abs", NULL, b);
    const effnn__node *tapped[] = { b->producer };

    test_output(graph, test_op(graph, "relu", NULL, c), "y");
    make_plan(&(effnn__plan_options){ .tapped = tapped, .n_tapped = 1 });
    ck_assert(!share_a_buffer(a, b));
    ck_assert(share_a_buffer(b, c));
}
END_TEST

START_TEST(keep_all_gives_every_value_memory_of_its_own)
{
    effnn__value *x = test_input(graph, "x", "f32[N,32]");
    effnn__value *a = test_op(graph, "exp", NULL, x), *view = test_op(graph, "flatten", NULL, a);
    effnn__value *b = test_op(graph, "neg", NULL, view);

    test_output(graph, test_op(graph, "relu", NULL, b), "y");
    make_plan(&(effnn__plan_options){ .keep_all = true });
    ck_assert(!share_a_buffer(a, view));
    ck_assert(!share_a_buffer(view, b));
    ck_assert_uint_eq(effnn__plan_memory_of(plan).arena, 3 * 2 * 32 * sizeof(float));
}
END_TEST

START_TEST(scratch_is_that_of_the_neediest_node)
{
    effnn__value *x = test_input(graph, "x", "f32[N,32]");
    effnn__value *y = test_op(graph, "matmul", NULL, x, test_random(graph, "w", 1, 32, 32));
    size_t most = 0;

    test_output(graph, test_op(graph, "matmul", NULL, y, test_random(graph, "v", 2, 32, 8)), "y");
    make_plan(NULL);
    for (size_t i = 0; i < graph->nodes.n; i++) {
        const effnn_op_call *call = effnn__plan_call(plan, i);
        const size_t bytes = call->def->scratch ? call->def->scratch(call, EFFNN_OP_FORWARD) : 0;
        if (bytes > most) most = bytes;
    }
    ck_assert_uint_eq(effnn__plan_memory_of(plan).scratch, most);
    ck_assert_uint_eq(effnn__plan_memory_of(plan).constants, 32 * 40 * sizeof(float));
}
END_TEST

START_TEST(packed_constants_are_let_go_of_unless_somebody_reads_them)
{
    effnn__value *x = test_input(graph, "x", "f32[N,32]"), *y, *z;
    effnn__value *alone = test_random(graph, "alone", 1, 32, 32);
    effnn__value *twice = test_random(graph, "twice", 2, 32, 32);
    effnn__value *seen = test_random(graph, "seen", 3, 2, 32);
    const effnn__plan_options options = { .prepack = true, .let_go = true };

    y = test_op(graph, "matmul", NULL, test_op(graph, "matmul", NULL, x, alone), twice);
    y = test_op(graph, "matmul", NULL, y, twice);
    z = test_op(graph, "gemm", "transB=1", y, seen);
    test_output(graph, test_op(graph, "matmul", NULL, z, seen), "y");
    test_output(graph, test_op(graph, "relu", NULL, seen), "z");
    make_plan(&options);
    ck_assert_ptr_null(effnn_tensor_data(alone->constant));
    ck_assert_ptr_null(effnn_tensor_data(twice->constant));
    ck_assert_ptr_nonnull(effnn_tensor_data(seen->constant));
    ck_assert_uint_eq(effnn__plan_memory_of(plan).constants, 2 * 32 * sizeof(float));
    effnn__plan_destroy(plan);
    plan = NULL;
    make_plan(&options);
    ck_assert_uint_eq(effnn__plan_memory_of(plan).constants, 2 * 32 * sizeof(float));
}
END_TEST

START_TEST(other_plans_find_constants_where_they_were)
{
    effnn__value *x = test_input(graph, "x", "f32[N,32]");
    effnn__value *w = test_random(graph, "w", 1, 32, 32);

    test_output(graph, test_op(graph, "matmul", NULL, x, w), "y");
    make_plan(&(effnn__plan_options){ .prepack = true });
    ck_assert_ptr_nonnull(effnn_tensor_data(w->constant));
}
END_TEST

START_TEST(planning_survives_failing_allocations)
{
    const effnn__shape shape = { 2, { 2, 32 } };
    effnn__value *x = test_input(graph, "x", "f32[N,32]");
    effnn__value *y = test_op(graph, "matmul", NULL, x, test_random(graph, "w", 1, 32, 32));
    const effnn__plan_options options = { .prepack = true };

    y = test_op(graph, "add", NULL, test_op(graph, "relu", NULL, y), x);
    test_output(graph, test_op(graph, "flatten", NULL, y), "y");
    ALLOC_FAIL_LOOP(effnn__plan_create(&plan, graph, &shape, &options), ck_assert_ptr_null(plan));
}
END_TEST

SUITE("plan", setup, teardown, outputs_have_the_shape_for_these_inputs,
      shapes_that_do_not_fit_are_refused,
      a_shape_that_depends_on_data_makes_a_plan_without_an_arena,
      a_result_with_more_elements_than_can_be_counted_is_refused, a_dying_operand_is_computed_over,
      an_input_is_never_computed_over, a_constant_is_never_computed_over,
      an_operand_that_is_read_later_is_not_computed_over,
      an_operand_that_the_node_reads_twice_is_not_computed_over,
      a_result_of_another_size_is_not_computed_over_its_operand,
      an_output_is_written_in_the_callers_memory, a_tapped_node_keeps_its_operand,
      keep_all_gives_every_value_memory_of_its_own, scratch_is_that_of_the_neediest_node,
      packed_constants_are_let_go_of_unless_somebody_reads_them,
      other_plans_find_constants_where_they_were, planning_survives_failing_allocations)
