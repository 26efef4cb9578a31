/* SPDX-License-Identifier: BSD-3-Clause */
/* Properties of plans over random graphs: buffers that live at one time do not overlap, the arena
 * lies between the live bytes and their sum, and the results are, bit for bit, those of running the
 * nodes one by one with fresh memory each. */

#include "base/alloc.h"
#include "base/option.h"
#include "base/rng.h"
#include "graph/plan_priv.h"
#include "graph/run.h"
#include "ops/op_run.h"
#include "support/graphs.h"

#define N_SEEDS    60
#define MAX_VALUES 48
#define N_ELEMENTS 24

/* A graph in the making: values of 24 elements in several shapes. */
typedef struct maker {
    effnn__graph *graph;
    effnn__rng rng;
    uint64_t at;
    size_t n;
    effnn__value *values[MAX_VALUES];
} maker;

static size_t draw(maker *m, size_t bound)
{
    return (size_t)effnn__rng_below(&m->rng, m->at++, bound);
}

/* Mostly one of the latest values, at times any. */
static effnn__value *pick(maker *m)
{
    const size_t reach = m->n < 5 || draw(m, 4) == 0 ? m->n : 5;

    return m->values[m->n - 1 - draw(m, reach)];
}

/* `value` as so many rows. */
static effnn__value *reshaped(maker *m, effnn__value *value, int64_t rows)
{
    return test_op(m->graph, "reshape", NULL, value, test_ints(m->graph, rows, N_ELEMENTS / rows));
}

/* A value of the same shape, by a view if need be. */
static effnn__value *partner(maker *m, const effnn__value *like)
{
    effnn__value *value = pick(m);
    const int64_t rows = like->info.dims[0].offset;

    return value->info.dims[0].offset == rows ? value : reshaped(m, value, rows);
}

static effnn__value *add_unary(maker *m)
{
    static const char *const ops[] = { "relu", "tanh", "neg", "abs", "sigmoid" };

    return test_op(m->graph, ops[draw(m, 5)], NULL, pick(m));
}

static effnn__value *add_binary(maker *m)
{
    static const char *const ops[] = { "add", "sub", "mul", "max" };
    effnn__value *a = pick(m), *b = partner(m, a);

    return test_op(m->graph, ops[draw(m, 4)], NULL, a, b);
}

static effnn__value *add_product(maker *m)
{
    effnn__value *a = pick(m);
    const int64_t n = a->info.dims[1].offset;

    return test_op(m->graph, "matmul", NULL, a, test_random(m->graph, "w", m->at, n, n));
}

/* Two parts of a value, exchanged. */
static effnn__value *add_split(maker *m)
{
    effnn__value *a = pick(m);
    const int64_t n = a->info.dims[1].offset, first = n / 3 > 0 ? n / 3 : 1;
    effnn__value *ends[] = { a, test_ints(m->graph, first, n - first) };
    void *attrs = effnn__zalloc(effnn__op_find("split")->attrs_size);
    effnn__node *node = NULL;
    effnn__value *joined;

    ck_assert_ok(effnn__options_init(effnn__op_find("split")->attrs, attrs));
    ck_assert_ok(effnn__options_set_i64(effnn__op_find("split")->attrs, attrs, "axis", 1));
    ck_assert_ok(effnn__graph_add_node(&node, m->graph,
                                       &(effnn__node_spec){ .def = effnn__op_find("split"),
                                                            .attrs = attrs,
                                                            .inputs = ends,
                                                            .n_inputs = 2,
                                                            .n_outputs = 2 }));
    effnn__options_clear(effnn__op_find("split")->attrs, attrs);
    effnn__free(attrs);
    joined = test_op(m->graph, "concat", "axis=1", node->outputs[1], node->outputs[0]);
    return draw(m, 3) ? joined : test_op(m->graph, "transpose", "perm=1:0", joined);
}

static effnn__graph *random_graph(uint64_t seed)
{
    maker m = { .graph = test_graph(), .rng = { .seed = seed } };

    m.values[m.n++] = test_input(m.graph, "x", "f32[4,6]");
    m.values[m.n++] = test_input(m.graph, "y", "f32[2,12]");
    m.values[m.n++] = test_random(m.graph, "w", seed, 4, 6);
    while (m.n < MAX_VALUES) {
        const size_t kind = draw(&m, 8);
        effnn__value *value = kind < 2   ? add_unary(&m)
                              : kind < 5 ? add_binary(&m)
                              : kind < 6 ? add_product(&m)
                              : kind < 7 ? add_split(&m)
                                         : reshaped(&m, pick(&m), (int64_t)1 << draw(&m, 4));
        m.values[m.n++] = value;
    }
    for (int i = 0; i < 4; i++) {
        effnn__value *value = pick(&m);
        if (!value->is_input) test_output(m.graph, value, NULL);
    }
    test_output(m.graph, m.values[MAX_VALUES - 1], NULL);
    test_output(m.graph, m.values[0], NULL); /* an input, copied */
    return m.graph;
}

/* Every output by running one node after the other. */
static void run_eagerly(effnn_tensor **out, const effnn__graph *graph, effnn_tensor *const *inputs)
{
    effnn_tensor **results = effnn__alloc_array(graph->values.n, sizeof *results);

    for (size_t i = 0; i < graph->values.n; i++) {
        const effnn__value *value = effnn__graph_value(graph, i);
        if (value->constant) results[i] = effnn_tensor_retain(value->constant);
    }
    for (size_t i = 0; i < graph->inputs.n; i++)
        results[((effnn__value *)graph->inputs.items[i])->index] = effnn_tensor_retain(inputs[i]);
    for (size_t i = 0; i < graph->nodes.n; i++) {
        const effnn__node *node = effnn__graph_node(graph, i);
        const effnn_tensor *operands[4];
        effnn_tensor *outputs[4];
        ck_assert_uint_le(node->n_inputs, 4);
        for (size_t j = 0; j < node->n_inputs; j++) operands[j] = results[node->inputs[j]->index];
        ck_assert_ok(effnn__op_run(NULL, node->def, node->attrs, node->name, operands,
                                   node->n_inputs, outputs, node->n_outputs));
        for (size_t j = 0; j < node->n_outputs; j++) results[node->outputs[j]->index] = outputs[j];
    }
    for (size_t i = 0; i < graph->outputs.n; i++)
        out[i] = effnn_tensor_retain(results[((effnn__value *)graph->outputs.items[i])->index]);
    for (size_t i = 0; i < graph->values.n; i++) effnn_tensor_release(results[i]);
    effnn__free(results);
}

static const effnn__shape input_shapes[] = { { 2, { 4, 6 } }, { 2, { 2, 12 } } };

/* outputs: made here. */
static void run_planned(effnn_tensor **outputs, effnn__graph *graph, effnn_tensor *const *inputs,
                        const effnn__plan_options *options)
{
    effnn__plan *plan = NULL;

    ck_assert_ok(effnn__plan_create(&plan, graph, input_shapes, options));
    for (size_t i = 0; i < graph->outputs.n; i++) {
        const effnn__shape *shape = effnn__plan_output_shape(plan, i);
        outputs[i] = test_tensor_zeros(EFFNN_F32, shape->rank, shape->dims);
    }
    ck_assert_ok(effnn__plan_run(plan, (const effnn_tensor *const *)inputs, outputs, NULL));
    effnn__plan_destroy(plan);
}

/* Run a plan with these options and hold its outputs against `expected`, twice. */
static void check_run(effnn__graph *graph, effnn_tensor *const *inputs,
                      effnn_tensor *const *expected, const effnn__plan_options *options)
{
    effnn__plan *plan = NULL;
    effnn_tensor *outputs[8];

    ck_assert_ok(effnn__plan_create(&plan, graph, input_shapes, options));
    for (size_t i = 0; i < graph->outputs.n; i++) {
        const effnn__shape *shape = effnn__plan_output_shape(plan, i);
        outputs[i] = test_tensor_zeros(EFFNN_F32, shape->rank, shape->dims);
    }
    for (int times = 0; times < 2; times++) {
        ck_assert_ok(effnn__plan_run(plan, (const effnn_tensor *const *)inputs, outputs, NULL));
        for (size_t i = 0; i < graph->outputs.n; i++)
            ck_assert_tensor_equal(outputs[i], expected[i]);
    }
    for (size_t i = 0; i < graph->outputs.n; i++) effnn_tensor_release(outputs[i]);
    effnn__plan_destroy(plan);
}

START_TEST(reuse_of_memory_changes_no_bit)
{
    effnn__graph *graph = random_graph((uint64_t)_i);
    effnn_tensor *inputs[2], *expected[8];
    const effnn__node *tapped[MAX_VALUES * 4];

    ck_assert_ok(effnn__graph_check(graph));
    for (size_t i = 0; i < 2; i++)
        inputs[i] = test_tensor_random(NULL, EFFNN_F32, 2, input_shapes[i].dims, (uint64_t)_i + i);
    for (size_t i = 0; i < graph->nodes.n && i < MAX_VALUES * 4; i++)
        tapped[i] = effnn__graph_node(graph, i);
    run_eagerly(expected, graph, inputs);
    check_run(graph, inputs, expected, NULL);
    check_run(graph, inputs, expected, &(effnn__plan_options){ .keep_all = true });
    check_run(graph, inputs, expected,
              &(effnn__plan_options){ .tapped = tapped, .n_tapped = graph->nodes.n / 2 });
    for (size_t i = 0; i < graph->outputs.n; i++) effnn_tensor_release(expected[i]);
    for (size_t i = 0; i < 2; i++) effnn_tensor_release(inputs[i]);
    effnn__graph_destroy(graph);
}
END_TEST

/* Packed constants go another way through the sums; what is taken into a product does not. */
START_TEST(taking_nodes_into_products_changes_no_bit)
{
    effnn__graph *graph = random_graph((uint64_t)_i);
    effnn_tensor *inputs[2], *expected[8];
    const effnn__plan_options apart = { .prepack = true, .keep_all = true };

    for (size_t i = 0; i < 2; i++)
        inputs[i] = test_tensor_random(NULL, EFFNN_F32, 2, input_shapes[i].dims, (uint64_t)_i + i);
    run_planned(expected, graph, inputs, &apart);
    check_run(graph, inputs, expected, &(effnn__plan_options){ .prepack = true });
    for (size_t i = 0; i < graph->outputs.n; i++) effnn_tensor_release(expected[i]);
    for (size_t i = 0; i < 2; i++) effnn_tensor_release(inputs[i]);
    effnn__graph_destroy(graph);
}
END_TEST

START_TEST(live_buffers_do_not_overlap)
{
    effnn__graph *graph = random_graph((uint64_t)_i);
    effnn__plan *plan = NULL;

    ck_assert_ok(effnn__plan_create(&plan, graph, input_shapes, NULL));
    for (size_t i = 0; i < plan->n_buffers; i++) {
        const effnn__buffer *a = &plan->buffers[i];
        if (a->kind != EFFNN__BUFFER_ARENA) continue;
        ck_assert_uint_eq(a->offset % 64, 0);
        ck_assert_uint_le(a->offset + a->bytes, plan->memory.arena);
        for (size_t j = 0; j < i; j++) {
            const effnn__buffer *b = &plan->buffers[j];
            if (b->kind != EFFNN__BUFFER_ARENA || a->last < b->first || b->last < a->first)
                continue;
            ck_assert(a->offset + a->bytes <= b->offset || b->offset + b->bytes <= a->offset);
        }
    }
    effnn__plan_destroy(plan);
    effnn__graph_destroy(graph);
}
END_TEST

START_TEST(the_arena_lies_between_the_live_bytes_and_their_sum)
{
    effnn__graph *graph = random_graph((uint64_t)_i);
    effnn__plan *plan = NULL, *kept = NULL;
    size_t sum = 0;

    ck_assert_ok(effnn__plan_create(&plan, graph, input_shapes, NULL));
    ck_assert_ok(
        effnn__plan_create(&kept, graph, input_shapes, &(effnn__plan_options){ .keep_all = true }));
    for (size_t i = 0; i < plan->n_buffers; i++)
        if (plan->buffers[i].kind == EFFNN__BUFFER_ARENA) sum += plan->buffers[i].bytes;
    ck_assert_uint_ge(plan->memory.arena, plan->memory.live);
    ck_assert_uint_lt(plan->memory.arena, sum);
    ck_assert_uint_lt(plan->memory.arena, kept->memory.arena);
    effnn__plan_destroy(plan);
    effnn__plan_destroy(kept);
    effnn__graph_destroy(graph);
}
END_TEST

LOOP_SUITE("plan_memory", NULL, NULL, N_SEEDS, reuse_of_memory_changes_no_bit,
           taking_nodes_into_products_changes_no_bit, live_buffers_do_not_overlap,
           the_arena_lies_between_the_live_bytes_and_their_sum)
