/* SPDX-License-Identifier: BSD-3-Clause */
/* GELU, SiLU and hard swish in the forms that exporters write, and what only looks like them. */

#include "base/alloc.h"
#include "graph/canon.h"
#include "support/graphs.h"

#include <string.h>

static effnn__graph *graph;
static effnn__value *x;

static void setup(void)
{
    graph = test_graph();
    x = test_input(graph, "x", "f32[N,3]");
}

static void teardown(void)
{
    effnn__graph_destroy(graph);
}

static effnn__value *num(double value)
{
    return test_scalar(graph, value);
}

static effnn__value *mul(effnn__value *a, effnn__value *b)
{
    return test_op(graph, "mul", NULL, a, b);
}

static effnn__value *add(effnn__value *a, effnn__value *b)
{
    return test_op(graph, "add", NULL, a, b);
}

static effnn__value *division(effnn__value *a, effnn__value *b)
{
    return test_op(graph, "div", NULL, a, b);
}

static effnn__value *power(effnn__value *a, double exponent)
{
    return test_op(graph, "pow", NULL, a, num(exponent));
}

static effnn__value *erf_div(void)
{
    return test_op(graph, "erf", NULL, division(x, num(1.4142135623730951)));
}

static effnn__value *erf_mul(void)
{
    return test_op(graph, "erf", NULL, mul(num(0.7071067690849304), x));
}

static effnn__value *tanh_of(effnn__value *argument)
{
    return test_op(graph, "tanh", NULL, argument);
}

/* sqrt(2/pi) (x + 0.044715 x^3) */
static effnn__value *tanh_pow(void)
{
    return tanh_of(mul(num(0.7978845608028654), add(x, mul(num(0.044715), power(x, 3.0)))));
}

/* The same as x * 0.79788 * (1 + 0.044715 x x). */
static effnn__value *tanh_factored(void)
{
    effnn__value *inner = add(mul(mul(num(0.044715), x), x), num(1.0));

    return tanh_of(mul(mul(x, num(0.7978845608028654)), inner));
}

static effnn__value *half_x_times(effnn__value *e)
{
    return mul(mul(x, num(0.5)), add(e, num(1.0)));
}

static effnn__value *x_times_then_half(effnn__value *e)
{
    return mul(mul(x, add(num(1.0), e)), num(0.5));
}

static effnn__value *half_of_sum(effnn__value *e)
{
    return mul(x, mul(num(0.5), add(e, num(1.0))));
}

static effnn__value *half_by_division(effnn__value *e)
{
    return division(mul(add(e, num(1.0)), x), num(2.0));
}

static effnn__value *spread_out(effnn__value *e)
{
    effnn__value *half = mul(num(0.5), x);

    return add(half, mul(half, e));
}

typedef effnn__value *(*inner_fn)(void);
typedef effnn__value *(*outer_fn)(effnn__value *);

static const inner_fn inners[] = { erf_div, erf_mul, tanh_pow, tanh_factored };
static const outer_fn outers[] = { half_x_times, x_times_then_half, half_of_sum, half_by_division,
                                   spread_out };

START_TEST(each_form_of_gelu_becomes_one_node)
{
    for (size_t i = 0; i < sizeof inners / sizeof inners[0]; i++) {
        for (size_t j = 0; j < sizeof outers / sizeof outers[0]; j++) {
            char *text;
            if (i || j) {
                teardown();
                setup();
            }
            test_output(graph, outers[j](inners[i]()), "y");
            test_canonicalise(graph, 2e-6);
            text = test_text(graph);
            ck_assert_msg(graph->nodes.n == 1 && test_count_ops(graph, "gelu") == 1,
                          "inner %zu outer %zu gives\n%s", i, j, text);
            ck_assert_int_eq(strstr(text, "approximate=tanh") != NULL, i >= 2);
            effnn__free(text);
        }
    }
}
END_TEST

/* A scalar in an element type of 16 bits. */
static effnn__value *narrow(effnn_dtype dtype, double value)
{
    effnn_tensor *tensor = test_tensor_zeros(dtype, 0, NULL);

    ck_assert_ok(effnn_tensor_set_f64(tensor, NULL, value));
    return test_constant(graph, "narrow", tensor);
}

START_TEST(constants_rounded_to_sixteen_bits_are_near_enough)
{
    static const effnn_dtype dtypes[] = { EFFNN_F16, EFFNN_BF16 };
    static const char *const types[] = { "f16[N,3]", "bf16[N,3]" };

    for (size_t i = 0; i < 2; i++) {
        effnn__value *e;
        if (i) {
            teardown();
            setup();
        }
        ck_assert_ok(effnn__graph_rename_value(graph, x, "other"));
        x = test_input(graph, "x", types[i]);
        e = test_op(graph, "erf", NULL, mul(x, narrow(dtypes[i], 0.70710678)));
        test_output(graph, mul(mul(x, add(e, narrow(dtypes[i], 1.0))), narrow(dtypes[i], 0.5)),
                    "y");
        test_canonicalise(graph, i ? 3e-2 : 4e-3); /* a few units in the last place */
        ck_assert_uint_eq(graph->nodes.n, 1);
        ck_assert_str_eq(effnn__graph_node(graph, 0)->def->name, "gelu");
    }
}
END_TEST

START_TEST(x_may_be_a_product_itself)
{
    effnn__value *outer = x, *y;

    x = mul(outer, test_floats(graph, "w", 1, 2, 3));
    y = half_x_times(erf_div());
    test_output(graph, y, "y");
    test_canonicalise(graph, 2e-6);
    ck_assert_str_eq(y->producer->def->name, "gelu");
    ck_assert_ptr_eq(y->producer->inputs[0], x);
}
END_TEST

START_TEST(the_last_node_keeps_its_name_and_output)
{
    effnn__value *y = half_x_times(erf_div());
    effnn__node *node = y->producer;

    ck_assert_ok(effnn__graph_rename_node(graph, node, "mlp/act/Mul_1"));
    test_output(graph, test_op(graph, "neg", NULL, y), "z");
    test_canonicalise(graph, 2e-6);
    ck_assert_ptr_eq(effnn__graph_find_node(graph, "mlp/act/Mul_1"), node);
    ck_assert_str_eq(node->def->name, "gelu");
}
END_TEST

START_TEST(a_part_that_is_read_elsewhere_stays)
{
    effnn__value *e = erf_div(), *y = half_x_times(e);

    test_output(graph, y, "y");
    test_output(graph, e, "e");
    test_canonicalise(graph, 2e-6);
    ck_assert_uint_eq(test_count_ops(graph, "gelu"), 1);
    ck_assert_uint_eq(test_count_ops(graph, "erf"), 1);
    ck_assert_uint_eq(graph->nodes.n, 3);
}
END_TEST

static effnn__value *wrong_root(void)
{
    return half_x_times(test_op(graph, "erf", NULL, division(x, num(1.42))));
}

static effnn__value *wrong_half(void)
{
    return mul(mul(x, num(0.6)), add(erf_div(), num(1.0)));
}

static effnn__value *wrong_one(void)
{
    return mul(mul(x, num(0.5)), add(erf_div(), num(2.0)));
}

static effnn__value *wrong_operand(void)
{
    return mul(mul(test_op(graph, "neg", NULL, x), num(0.5)), add(erf_div(), num(1.0)));
}

static effnn__value *wrong_cubic(void)
{
    return half_x_times(
        tanh_of(mul(num(0.7978845608028654), add(x, mul(num(0.04), power(x, 3.0))))));
}

static effnn__value *wrong_power(void)
{
    return half_x_times(
        tanh_of(mul(num(0.7978845608028654), add(x, mul(num(0.044715), power(x, 2.0))))));
}

static effnn__value *vector_half(void)
{
    return mul(mul(x, test_floats(graph, "half", 0.5, 0.5, 0.5)), add(erf_div(), num(1.0)));
}

static effnn__value *quick_gelu(void)
{
    return mul(x, test_op(graph, "sigmoid", NULL, mul(num(1.702), x)));
}

START_TEST(what_only_looks_like_gelu_stays)
{
    static const inner_fn makes[] = { wrong_root,  wrong_half,  wrong_one,   wrong_operand,
                                      wrong_cubic, wrong_power, vector_half, quick_gelu };

    for (size_t i = 0; i < sizeof makes / sizeof makes[0]; i++) {
        size_t n;
        if (i) {
            teardown();
            setup();
        }
        test_output(graph, makes[i](), "y");
        n = graph->nodes.n;
        test_canonicalise(graph, 0.0);
        ck_assert_msg(graph->nodes.n == n && !test_count_ops(graph, "gelu") &&
                          !test_count_ops(graph, "silu"),
                      "case %zu is matched", i);
    }
}
END_TEST

START_TEST(a_constant_of_higher_rank_changes_the_shape_and_stays)
{
    effnn__value *half = test_constant(
        graph, "half", test_tensor_f32(3, (const int64_t[]){ 1, 1, 1 }, (const float[]){ 0.5f }));

    test_output(graph, mul(mul(x, half), add(erf_div(), num(1.0))), "y");
    test_canonicalise(graph, 0.0);
    ck_assert_uint_eq(test_count_ops(graph, "gelu"), 0);
}
END_TEST

START_TEST(silu_is_recognised_in_either_order)
{
    test_output(graph, mul(x, test_op(graph, "sigmoid", NULL, x)), "y");
    test_output(graph, mul(test_op(graph, "sigmoid", NULL, x), x), "z");
    test_canonicalise(graph, 1e-6);
    ck_assert_uint_eq(test_count_ops(graph, "silu"), 2);
    ck_assert_uint_eq(graph->nodes.n, 2);
}
END_TEST

START_TEST(a_gate_of_another_value_is_no_silu)
{
    effnn__value *gate = test_op(graph, "sigmoid", NULL, test_op(graph, "neg", NULL, x));

    test_output(graph, mul(x, gate), "y");
    test_canonicalise(graph, 0.0);
    ck_assert_uint_eq(test_count_ops(graph, "silu"), 0);
}
END_TEST

START_TEST(gelu_by_sigmoid_is_the_tanh_form)
{
    effnn__value *inner = add(x, mul(num(0.044715), power(x, 3.0)));
    effnn__value *gate = test_op(graph, "sigmoid", NULL, mul(num(1.5957691216057308), inner));

    test_output(graph, mul(x, gate), "y");
    test_canonicalise(graph, 2e-6);
    ck_assert_uint_eq(test_count_ops(graph, "gelu"), 1);
    ck_assert_uint_eq(graph->nodes.n, 1);
}
END_TEST

static effnn__value *clip(effnn__value *value, double low, double high)
{
    return test_op(graph, "clip", NULL, value, num(low), num(high));
}

static effnn__value *gate_of_six(void)
{
    return clip(add(x, num(3.0)), 0.0, 6.0);
}

static effnn__value *swish_then_sixth(void)
{
    return division(mul(x, gate_of_six()), num(6.0));
}

static effnn__value *swish_by_part(void)
{
    return mul(x, division(gate_of_six(), num(6.0)));
}

static effnn__value *swish_by_sixth(void)
{
    return mul(mul(gate_of_six(), num(0.16666667163372040)), x);
}

static effnn__value *swish_by_unit_gate(void)
{
    return mul(clip(add(division(x, num(6.0)), num(0.5)), 0.0, 1.0), x);
}

static effnn__value *swish_by_hard_sigmoid(void)
{
    return mul(x, test_op(graph, "hard_sigmoid", "alpha=0.1666667", x));
}

START_TEST(each_form_of_hard_swish_becomes_one_node)
{
    static const inner_fn makes[] = { swish_then_sixth, swish_by_part, swish_by_sixth,
                                      swish_by_unit_gate, swish_by_hard_sigmoid };

    for (size_t i = 0; i < sizeof makes / sizeof makes[0]; i++) {
        if (i) {
            teardown();
            setup();
        }
        test_output(graph, makes[i](), "y");
        test_canonicalise(graph, 2e-6);
        ck_assert_msg(graph->nodes.n == 1 && test_count_ops(graph, "hard_swish") == 1, "form %zu",
                      i);
    }
}
END_TEST

START_TEST(a_gate_of_another_value_is_a_hard_sigmoid)
{
    effnn__value *other = test_op(graph, "neg", NULL, x);

    test_output(graph, mul(other, division(gate_of_six(), num(6.0))), "y");
    test_canonicalise(graph, 2e-6);
    ck_assert_uint_eq(test_count_ops(graph, "hard_sigmoid"), 1);
    ck_assert_uint_eq(test_count_ops(graph, "hard_swish"), 0);
    ck_assert_uint_eq(graph->nodes.n, 3);
}
END_TEST

static effnn__value *wrong_bound(void)
{
    return division(mul(x, clip(add(x, num(3.0)), 0.0, 5.0)), num(6.0));
}

static effnn__value *wrong_low(void)
{
    return division(mul(x, clip(add(x, num(3.0)), -1.0, 6.0)), num(6.0));
}

static effnn__value *wrong_shift(void)
{
    return division(mul(x, clip(add(x, num(2.0)), 0.0, 6.0)), num(6.0));
}

static effnn__value *wrong_slope(void)
{
    return mul(x, test_op(graph, "hard_sigmoid", "alpha=0.2", x));
}

static effnn__value *open_bound(void)
{
    return division(mul(x, test_op(graph, "clip", NULL, add(x, num(3.0)), num(0.0))), num(6.0));
}

START_TEST(what_only_looks_like_hard_swish_stays)
{
    static const inner_fn makes[] = { wrong_bound, wrong_low, wrong_shift, wrong_slope,
                                      open_bound };

    for (size_t i = 0; i < sizeof makes / sizeof makes[0]; i++) {
        if (i) {
            teardown();
            setup();
        }
        test_output(graph, makes[i](), "y");
        const size_t n = graph->nodes.n;
        test_canonicalise(graph, 0.0);
        ck_assert_msg(graph->nodes.n == n && !test_count_ops(graph, "hard_swish"),
                      "case %zu is matched", i);
    }
}
END_TEST

SUITE("canon_activation", setup, teardown, each_form_of_gelu_becomes_one_node,
      constants_rounded_to_sixteen_bits_are_near_enough, x_may_be_a_product_itself,
      the_last_node_keeps_its_name_and_output, a_part_that_is_read_elsewhere_stays,
      what_only_looks_like_gelu_stays, a_constant_of_higher_rank_changes_the_shape_and_stays,
      silu_is_recognised_in_either_order, a_gate_of_another_value_is_no_silu,
      gelu_by_sigmoid_is_the_tanh_form, each_form_of_hard_swish_becomes_one_node,
      a_gate_of_another_value_is_a_hard_sigmoid, what_only_looks_like_hard_swish_stays)
