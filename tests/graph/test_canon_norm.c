/* SPDX-License-Identifier: BSD-3-Clause */
/* Layer norm and RMS norm in the forms that exporters write, and what only looks like them. */

#include "base/option.h"
#include "support/graphs.h"

static effnn__graph *graph;
static effnn__value *x;

static void setup(void)
{
    graph = test_graph();
    x = test_input(graph, "x", "f32[N,5,6]");
}

static void teardown(void)
{
    effnn__graph_destroy(graph);
}

static effnn__value *binary(const char *op, effnn__value *a, effnn__value *b)
{
    return test_op(graph, op, NULL, a, b);
}

static effnn__value *mean_over(effnn__value *value, int64_t axis)
{
    return test_op(graph, "reduce_mean", NULL, value, test_ints(graph, axis));
}

static effnn__value *mean(effnn__value *value)
{
    return mean_over(value, -1);
}

static effnn__value *plus_eps(effnn__value *value)
{
    return binary("add", value, test_scalar(graph, 1e-3));
}

static effnn__value *square(effnn__value *value)
{
    return binary("pow", value, test_scalar(graph, 2.0));
}

static effnn__value *root(effnn__value *value)
{
    return test_op(graph, "sqrt", NULL, value);
}

static effnn__value *one_over(effnn__value *value)
{
    return binary("div", test_scalar(graph, 1.0), value);
}

static effnn__value *centred(void)
{
    return binary("sub", x, mean(x));
}

static effnn__value *scale_and_shift(effnn__value *y)
{
    y = binary("mul", y, test_random(graph, "scale", 5, 6));
    return binary("add", y, test_random(graph, "bias", 6, 6));
}

/* ---- forms of layer norm ---- */

static effnn__value *usual(void)
{
    effnn__value *d = centred();

    return scale_and_shift(binary("div", d, root(plus_eps(mean(square(d))))));
}

static effnn__value *by_product(void)
{
    effnn__value *d = centred();

    return scale_and_shift(binary("div", d, root(plus_eps(mean(binary("mul", d, d))))));
}

static effnn__value *other_sides(void)
{
    effnn__value *d = centred();
    effnn__value *v = binary("add", test_scalar(graph, 1e-3), mean(square(d)));
    effnn__value *y = binary("div", d, root(v));

    y = binary("mul", test_random(graph, "scale", 5, 6), y);
    return binary("add", test_random(graph, "bias", 6, 6), y);
}

static effnn__value *by_reciprocal(void)
{
    effnn__value *d = centred();
    effnn__value *r = test_op(graph, "reciprocal", NULL, root(plus_eps(mean(square(d)))));

    return scale_and_shift(binary("mul", d, r));
}

static effnn__value *by_one_over(void)
{
    effnn__value *d = centred();

    return scale_and_shift(binary("mul", one_over(root(plus_eps(mean(square(d))))), d));
}

static effnn__value *by_power(void)
{
    effnn__value *d = centred();

    return scale_and_shift(
        binary("mul", d, binary("pow", plus_eps(mean(square(d))), test_scalar(graph, -0.5))));
}

static effnn__value *by_root_power(void)
{
    effnn__value *d = centred();

    return scale_and_shift(
        binary("div", d, binary("pow", plus_eps(mean(square(d))), test_scalar(graph, 0.5))));
}

static effnn__value *subtracted_twice(void)
{
    effnn__value *d = centred(), *again = centred();

    return scale_and_shift(binary("div", d, root(plus_eps(mean(square(again))))));
}

static effnn__value *scale_in_the_factor(void)
{
    effnn__value *d = centred();
    effnn__value *r = test_op(graph, "reciprocal", NULL, root(plus_eps(mean(square(d)))));
    effnn__value *factor = binary("mul", r, test_random(graph, "scale", 5, 6));

    return binary("add", binary("mul", d, factor), test_random(graph, "bias", 6, 6));
}

static effnn__value *with_casts(void)
{
    effnn__value *d = test_op(graph, "cast", "to=f32", centred());
    effnn__value *s = test_op(graph, "cast", "to=f32", square(d));

    return scale_and_shift(
        binary("div", d, root(plus_eps(mean(test_op(graph, "identity", NULL, s))))));
}

typedef effnn__value *(*make_fn)(void);

START_TEST(each_form_of_layer_norm_becomes_one_node)
{
    static const make_fn makes[] = { usual,         by_product,       other_sides,
                                     by_reciprocal, by_one_over,      by_power,
                                     by_root_power, subtracted_twice, scale_in_the_factor,
                                     with_casts };

    for (size_t i = 0; i < sizeof makes / sizeof makes[0]; i++) {
        const effnn__node *node;
        int64_t axis = 0;
        double epsilon = 0.0;
        if (i) {
            teardown();
            setup();
        }
        test_output(graph, makes[i](), "y");
        test_canonicalise(graph, 1e-5);
        ck_assert_msg(graph->nodes.n == 1, "case %zu leaves %zu nodes", i, graph->nodes.n);
        node = effnn__graph_node(graph, 0);
        ck_assert_str_eq(node->def->name, "layer_normalization");
        ck_assert_ptr_eq(node->inputs[0], x);
        ck_assert_str_eq(node->inputs[1]->name, "scale");
        ck_assert_str_eq(node->inputs[2]->name, "bias");
        ck_assert_ok(effnn__options_get_i64(node->def->attrs, node->attrs, "axis", &axis));
        ck_assert_ok(effnn__options_get_f64(node->def->attrs, node->attrs, "epsilon", &epsilon));
        ck_assert_int_eq(axis, -1);
        ck_assert_double_eq(epsilon, (double)1e-3f);
    }
}
END_TEST

START_TEST(a_norm_without_scale_gets_ones)
{
    effnn__value *d = centred(), *y = binary("div", d, root(plus_eps(mean(square(d)))));

    test_output(graph, test_op(graph, "neg", NULL, y), "y");
    test_canonicalise(graph, 1e-5);
    ck_assert_uint_eq(graph->nodes.n, 2);
    ck_assert_str_eq(y->producer->def->name, "layer_normalization");
    ck_assert_uint_eq(y->producer->n_inputs, 2);
    for (size_t i = 0; i < 6; i++)
        ck_assert_double_eq(effnn__tensor_load_f64(y->producer->inputs[1]->constant, i), 1.0);
}
END_TEST

START_TEST(a_bias_without_scale_is_taken_in)
{
    effnn__value *d = centred(), *y = binary("div", d, root(plus_eps(mean(square(d)))));

    y = binary("add", y, test_random(graph, "bias", 6, 6));
    test_output(graph, y, "y");
    test_canonicalise(graph, 1e-5);
    ck_assert_uint_eq(graph->nodes.n, 1);
    ck_assert_str_eq(y->producer->inputs[2]->name, "bias");
}
END_TEST

START_TEST(a_norm_over_two_dimensions_has_its_axis)
{
    effnn__value *m = test_op(graph, "reduce_mean", NULL, x, test_ints(graph, 2, 1));
    effnn__value *d = binary("sub", x, m);
    effnn__value *v = test_op(graph, "reduce_mean", NULL, square(d), test_ints(graph, -2, -1));
    effnn__value *y = binary("div", d, root(plus_eps(v)));
    int64_t axis = 0;

    y = binary("mul", y, test_random(graph, "scale", 5, 5, 6));
    test_output(graph, y, "y");
    test_canonicalise(graph, 1e-5);
    ck_assert_uint_eq(graph->nodes.n, 1);
    ck_assert_str_eq(y->producer->def->name, "layer_normalization");
    ck_assert_ok(
        effnn__options_get_i64(y->producer->def->attrs, y->producer->attrs, "axis", &axis));
    ck_assert_int_eq(axis, -2);
}
END_TEST

START_TEST(parts_that_are_read_elsewhere_stay)
{
    effnn__value *m = mean(x), *d = binary("sub", x, m);
    effnn__value *y = scale_and_shift(binary("div", d, root(plus_eps(mean(square(d))))));

    test_output(graph, y, "y");
    test_output(graph, m, "mean");
    test_output(graph, d, "centred");
    test_canonicalise(graph, 1e-5);
    ck_assert_uint_eq(test_count_ops(graph, "layer_normalization"), 1);
    ck_assert_uint_eq(test_count_ops(graph, "sub"), 1);
    ck_assert_uint_eq(graph->nodes.n, 3);
}
END_TEST

START_TEST(an_unscaled_result_that_is_read_elsewhere_keeps_its_scaling_apart)
{
    effnn__value *d = centred(), *y = binary("div", d, root(plus_eps(mean(square(d)))));

    test_output(graph, y, "unit");
    test_output(graph, scale_and_shift(y), "y");
    test_canonicalise(graph, 1e-5);
    ck_assert_uint_eq(test_count_ops(graph, "layer_normalization"), 1);
    ck_assert_uint_eq(graph->nodes.n, 3);
}
END_TEST

START_TEST(a_scale_of_another_shape_stays_apart)
{
    effnn__value *d = centred(), *y = binary("div", d, root(plus_eps(mean(square(d)))));

    test_output(graph, binary("mul", y, test_random(graph, "scale", 5, 5, 6)), "y");
    test_output(graph, binary("mul", y, test_random(graph, "scale", 5, 1)), "z");
    test_canonicalise(graph, 1e-5);
    ck_assert_uint_eq(test_count_ops(graph, "layer_normalization"), 1);
    ck_assert_uint_eq(test_count_ops(graph, "mul"), 2);
}
END_TEST

/* ---- near misses ---- */

static effnn__value *other_axis(void)
{
    effnn__value *d = binary("sub", x, mean_over(x, 1));

    return binary("div", d, root(plus_eps(mean_over(square(d), 1))));
}

static effnn__value *vector_eps(void)
{
    effnn__value *d = centred();
    effnn__value *v = binary("add", mean(square(d)), test_random(graph, "eps", 4, 6));

    return binary("div", d, root(test_op(graph, "abs", NULL, v)));
}

static effnn__value *zero_eps(void)
{
    effnn__value *d = centred();
    effnn__value *v = binary("add", mean(square(d)), test_scalar(graph, 0.0));

    return binary("div", d, root(v));
}

static effnn__value *cube(void)
{
    effnn__value *d = centred();
    effnn__value *v = mean(binary("pow", test_op(graph, "abs", NULL, d), test_scalar(graph, 3.0)));

    return binary("div", d, root(plus_eps(v)));
}

static effnn__value *other_operand(void)
{
    return binary("div", test_op(graph, "neg", NULL, x), root(plus_eps(mean(square(centred())))));
}

static effnn__value *summed(void)
{
    effnn__value *d = centred();
    effnn__value *v = test_op(graph, "reduce_sum", NULL, square(d), test_ints(graph, -1));

    return binary("div", d, root(plus_eps(v)));
}

static effnn__value *without_keepdims(void)
{
    effnn__value *v = test_op(graph, "reduce_mean", "keepdims=0", square(x), test_ints(graph, -1));

    return binary("div",
                  test_op(graph, "slice", NULL, x, test_ints(graph, 0), test_ints(graph, 5),
                          test_ints(graph, 2)),
                  root(plus_eps(test_op(graph, "unsqueeze", NULL, v, test_ints(graph, 2)))));
}

START_TEST(what_only_looks_like_a_norm_stays)
{
    static const make_fn makes[] = { other_axis, vector_eps,    zero_eps,        cube,
                                     summed,     other_operand, without_keepdims };

    for (size_t i = 0; i < sizeof makes / sizeof makes[0]; i++) {
        if (i) {
            teardown();
            setup();
        }
        test_output(graph, makes[i](), "y");
        test_canonicalise(graph, 1e-5);
        ck_assert_msg(!test_count_ops(graph, "layer_normalization") &&
                          !test_count_ops(graph, "rms_normalization"),
                      "case %zu is matched", i);
    }
}
END_TEST

/* ---- RMS norm ---- */

START_TEST(rms_norm_is_recognised)
{
    effnn__value *y = binary("div", x, root(plus_eps(mean(square(x)))));
    effnn__value *z = binary("mul", x, one_over(root(plus_eps(mean(binary("mul", x, x))))));

    test_output(graph, binary("mul", y, test_random(graph, "scale", 5, 6)), "y");
    test_output(graph, binary("mul", test_random(graph, "scale", 5, 6), z), "z");
    test_canonicalise(graph, 1e-5);
    ck_assert_uint_eq(test_count_ops(graph, "rms_normalization"), 2);
    ck_assert_uint_eq(graph->nodes.n, 2);
}
END_TEST

START_TEST(what_is_centred_by_another_mean_is_an_rms_norm_of_the_difference)
{
    effnn__value *d = binary("sub", x, mean_over(x, 1));

    test_output(graph, binary("div", d, root(plus_eps(mean(square(d))))), "y");
    test_canonicalise(graph, 1e-5);
    ck_assert_uint_eq(test_count_ops(graph, "rms_normalization"), 1);
    ck_assert_uint_eq(test_count_ops(graph, "layer_normalization"), 0);
    ck_assert_uint_eq(test_count_ops(graph, "sub"), 1);
}
END_TEST

SUITE("canon_norm", setup, teardown, each_form_of_layer_norm_becomes_one_node,
      a_norm_without_scale_gets_ones, a_bias_without_scale_is_taken_in,
      a_norm_over_two_dimensions_has_its_axis, parts_that_are_read_elsewhere_stay,
      an_unscaled_result_that_is_read_elsewhere_keeps_its_scaling_apart,
      a_scale_of_another_shape_stays_apart, what_only_looks_like_a_norm_stays,
      rms_norm_is_recognised, what_is_centred_by_another_mean_is_an_rms_norm_of_the_difference)
