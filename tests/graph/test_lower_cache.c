/* SPDX-License-Identifier: BSD-3-Clause */
/* Attention over a past and a fresh part: the parts are not joined where only the attention reads
 * them, and are where something else does or its places would be others. */

#include "graph/lower.h"
#include "support/graphs.h"

static effnn__graph *graph;
static effnn__value *q, *k, *v;

/* [past, fresh] of 3 and 2 tokens. */
static effnn__value *join(const char *past, const char *fresh, const char *attrs)
{
    return test_op(graph, "concat", attrs, test_input(graph, past, "f32[N,2,3,8]"),
                   test_input(graph, fresh, "f32[N,2,2,8]"));
}

static void setup(void)
{
    graph = test_graph();
    q = test_input(graph, "q", "f32[N,4,2,8]");
    k = join("past_k", "k", "axis=2");
    v = join("past_v", "v", "axis=-2");
}

static void teardown(void)
{
    effnn__graph_destroy(graph);
}

START_TEST(parts_that_only_the_attention_reads_are_not_joined)
{
    test_output(graph, test_op(graph, "attention", NULL, q, k, v), "y");
    test_lower(graph, 1e-5);
    ck_assert_uint_eq(test_count_ops(graph, "concat"), 0);
}
END_TEST

START_TEST(a_mask_stays_that_of_all_keys)
{
    effnn__value *mask = test_random(graph, "mask", 3, 2, 5);

    test_output(graph, test_op(graph, "attention", NULL, q, k, v, mask), "y");
    test_lower(graph, 1e-5);
    ck_assert_uint_eq(test_count_ops(graph, "concat"), 0);
}
END_TEST

START_TEST(keys_that_are_an_output_too_are_joined)
{
    test_output(graph, k, "present");
    test_output(graph, test_op(graph, "attention", NULL, q, k, v), "y");
    test_lower(graph, 1e-5);
    ck_assert_uint_eq(test_count_ops(graph, "concat"), 2);
}
END_TEST

static void assert_stays_joined(const char *attrs)
{
    test_output(graph, test_op(graph, "attention", attrs, q, k, v), "y");
    test_lower(graph, 1e-5);
    ck_assert_uint_eq(test_count_ops(graph, "concat"), 2);
}

START_TEST(causal_places_keep_the_parts_joined)
{
    assert_stays_joined("is_causal=1");
}
END_TEST

START_TEST(a_window_of_places_keeps_the_parts_joined)
{
    assert_stays_joined("left_window_size=1");
}
END_TEST

START_TEST(parts_along_the_heads_are_joined)
{
    effnn__value *heads = test_op(graph, "concat", "axis=1", test_input(graph, "a", "f32[N,1,5,8]"),
                                  test_input(graph, "b", "f32[N,1,5,8]"));

    test_output(graph, test_op(graph, "attention", NULL, q, heads, v), "y");
    test_lower(graph, 1e-5);
    ck_assert_uint_eq(test_count_ops(graph, "concat"), 2);
}
END_TEST

SUITE("lower_cache", setup, teardown, parts_that_only_the_attention_reads_are_not_joined,
      a_mask_stays_that_of_all_keys, keys_that_are_an_output_too_are_joined,
      causal_places_keep_the_parts_joined, a_window_of_places_keeps_the_parts_joined,
      parts_along_the_heads_are_joined)
