/* SPDX-License-Identifier: BSD-3-Clause */
/* Attention blocks as exporters write them, and near misses. */

#include "graph/attention_block.h"

#include "support/graphs.h"

static effnn__graph *graph;
static effnn__value *q, *k, *v, *k_transposed;

static void setup(void)
{
    graph = test_graph();
    q = test_input(graph, "q", "f32[N,3,S,8]");
    k = test_input(graph, "k", "f32[N,3,T,8]");
    v = test_input(graph, "v", "f32[N,3,T,5]");
    k_transposed = test_op(graph, "transpose", "perm=0:1:3:2", k);
}

static void teardown(void)
{
    effnn__graph_destroy(graph);
}

/* softmax(scores) · v; the softmax's node. */
static effnn__node *finish(effnn__value *scores, const char *attrs)
{
    effnn__value *weights = test_op(graph, "softmax", attrs, scores);

    test_output(graph, test_op(graph, "matmul", NULL, weights, v), "y");
    return weights->producer;
}

static effnn__value *product(effnn__value *a, effnn__value *b)
{
    return test_op(graph, "matmul", NULL, a, b);
}

static effnn__value *times(effnn__value *x, double factor)
{
    return test_op(graph, "mul", NULL, x, test_scalar(graph, factor));
}

START_TEST(a_plain_block_is_found)
{
    effnn__attention_block block;
    effnn__node *softmax = finish(product(q, k_transposed), "axis=-1");

    ck_assert(effnn__attention_match(&block, softmax));
    ck_assert_ptr_eq(block.q, q);
    ck_assert_ptr_eq(block.k_transposed, k_transposed);
    ck_assert_ptr_eq(block.v, v);
    ck_assert_ptr_null(block.mask);
    ck_assert_double_eq(block.scale, 1.0);
    ck_assert_ptr_eq(block.result->outputs[0], graph->outputs.items[0]);
}
END_TEST

START_TEST(factors_on_every_part_multiply)
{
    effnn__attention_block block;
    effnn__value *scores = product(times(q, 0.5), times(k_transposed, 3.0));
    effnn__value *halved = test_op(graph, "div", NULL, times(scores, 8.0), test_scalar(graph, 2.0));
    effnn__node *softmax = finish(halved, "axis=3");

    ck_assert(effnn__attention_match(&block, softmax));
    ck_assert_double_eq(block.scale, 6.0);
    ck_assert_ptr_eq(block.q, q);
    ck_assert_ptr_eq(block.k_transposed, k_transposed);
    ck_assert_ptr_eq(block.scores->outputs[0], scores);
}
END_TEST

START_TEST(a_mask_may_stand_on_either_side)
{
    static const char *const types[] = { "f32[N,1,S,T]", "f32[S,T]", "f32[N,1,1,T]", "f32[T]" };

    for (int i = 0; i < 8; i++) {
        effnn__attention_block block;
        effnn__value *mask, *scores;

        teardown();
        setup();
        mask = test_input(graph, "mask", types[i / 2]);
        scores = times(product(q, k_transposed), 0.25);
        scores = i % 2 ? test_op(graph, "add", NULL, scores, mask)
                       : test_op(graph, "add", NULL, mask, scores);
        ck_assert(effnn__attention_match(&block, finish(scores, "axis=-1")));
        ck_assert_ptr_eq(block.mask, mask);
        ck_assert_double_eq(block.scale, 0.25);
    }
}
END_TEST

START_TEST(near_misses_are_none)
{
    for (int i = 0; i < 7; i++) {
        effnn__attention_block block;
        effnn__value *scores;
        const char *attrs = "axis=-1";

        teardown();
        setup();
        scores = product(q, k_transposed);
        switch (i) {
        case 0: attrs = "axis=2"; break;
        case 1: test_output(graph, scores, "seen"); break;
        case 2: /* a factor on the mask, too */
            scores = times(
                test_op(graph, "add", NULL, scores, test_input(graph, "mask", "f32[S,T]")), 2.0);
            break;
        case 3: /* key by key the same */
            scores = test_op(graph, "add", NULL, scores, test_input(graph, "mask", "f32[S,1]"));
            break;
        case 4: /* of unknown size */
            scores = test_op(graph, "add", NULL, scores, test_input(graph, "mask", "f32[M,T]"));
            break;
        case 5: scores = test_op(graph, "tanh", NULL, scores); break;
        default: scores = test_op(graph, "mul", NULL, scores, test_input(graph, "f", "f32[1]"));
        }
        effnn__node *softmax = finish(scores, attrs);

        ck_assert_msg(!effnn__attention_match(&block, softmax), "case %d", i);
    }
}
END_TEST

START_TEST(weights_that_are_read_elsewhere_are_none)
{
    effnn__attention_block block;
    effnn__node *softmax = finish(product(q, k_transposed), "axis=-1");

    test_output(graph, test_op(graph, "relu", NULL, softmax->outputs[0]), "other");
    ck_assert(!effnn__attention_match(&block, softmax));
}
END_TEST

SUITE("attention_block", setup, teardown, a_plain_block_is_found, factors_on_every_part_multiply,
      a_mask_may_stand_on_either_side, near_misses_are_none,
      weights_that_are_read_elsewhere_are_none)
