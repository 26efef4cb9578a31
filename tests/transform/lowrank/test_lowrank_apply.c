/* SPDX-License-Identifier: BSD-3-Clause */
/* Factors in the graph: for each operator, for open sizes, and once more on the result. */

#include "transform/lowrank/lowrank_support.h"

/* The original graph with the product of the factors as weight. */
static effnn_model *with_dense_product(const effnn_model *model, const effnn_model *small,
                                       const char *name)
{
    effnn_model *dense = NULL;
    effnn_site_list *list = NULL;
    const effnn__site *site;
    effnn_tensor *weight;
    double *w = lowrank_matrix(small, name);
    float *data;

    ck_assert_ok(effnn_model_clone(&dense, model));
    ck_assert_ok(effnn__site_list(&list, dense));
    site = lowrank_find_site(list, name);
    ck_assert_ok(effnn_tensor_copy(&weight, site->weight->constant));
    data = effnn__tensor_data(weight);
    for (int64_t i = 0; i < site->in; i++)
        for (int64_t o = 0; o < site->out; o++)
            data[site->weight_out_in ? o * site->in + i : i * site->out + o] =
                (float)w[i * site->out + o];
    ck_assert_ok(effnn__graph_set_constant(dense->graph, site->weight, weight));
    effnn_tensor_release(weight);
    effnn_site_list_destroy(list);
    free(w);
    return dense;
}

static void assert_computes_with_product(const lowrank_target *t)
{
    effnn_model *model = t->make(NULL), *small = NULL, *dense;
    effnn_dataset *data = test_model_data(model, LOWRANK_N_SAMPLES, 3);
    effnn_tensor *actual, *expected;

    ck_assert_ok(
        lowrank_run(&small, NULL, model, data, OPTIONS(ONE_SITE(t->site), "reduction", "0.4")));
    dense = with_dense_product(model, small, t->site);
    actual = test_model_logits(small, data);
    expected = test_model_logits(dense, data);
    /* Sums of up to 72 products in float, in two orders. */
    ck_assert_tensor_near(actual, expected, 2e-5, 2e-5);
    effnn_tensor_release(actual);
    effnn_tensor_release(expected);
    effnn_model_destroy(dense);
    effnn_model_destroy(small);
    effnn_dataset_destroy(data);
    effnn_model_destroy(model);
}

START_TEST(the_rewritten_graph_computes_with_the_product_of_the_factors)
{
    for (size_t i = 0; i < LOWRANK_N_TARGETS; i++)
        assert_computes_with_product(&lowrank_targets[i]);
}
END_TEST

START_TEST(factors_are_sites_that_can_be_treated_again)
{
    effnn_model *model = test_model_tokens(NULL), *small = NULL, *smaller = NULL;
    effnn_site_list *list = NULL;
    effnn_report *report = NULL;

    ck_assert_ok(
        lowrank_run(&small, NULL, model, NULL, OPTIONS("metric", "svd", "reduction", "0.3")));
    ck_assert_ok(effnn__site_list(&list, small));
    ck_assert_ptr_nonnull(lowrank_find_site(list, "fc1.lowrank_u"));
    ck_assert_ptr_nonnull(lowrank_find_site(list, "fc1.lowrank_v"));
    ck_assert_ptr_null(lowrank_find_site(list, "fc1"));
    ck_assert_ptr_nonnull(lowrank_find_site(list, "fc1.lowrank_v")->bias);
    effnn_site_list_destroy(list);
    ck_assert_ok(lowrank_run(&smaller, &report, small, NULL, OPTIONS("metric", "svd")));
    ck_assert(lowrank_has_row(report, "fc1.lowrank_u"));
    effnn_report_destroy(report);
    effnn_model_destroy(smaller);
    effnn_model_destroy(small);
    effnn_model_destroy(model);
}
END_TEST

/* ---- shapes of graphs ---- */

/* A net over pictures of open size: "a" 3 × 3, "b" 3 × 3 with stride 2, "c" 1 × 1, and their sum
 * with "d", so that open sizes must agree behind the factors. */
static effnn_model *open_pictures(void)
{
    const char *const symbols[] = { "N", NULL, "H", "W" };
    effnn_model *model = NULL;

    ck_assert_ok(effnn_model_create(&model, NULL));
    ck_assert_ok(effnn_model_add_input(model, "x", EFFNN_F32, 4, (const int64_t[]){ -1, 8, -1, -1 },
                                       symbols));
    test_add_weight(model, "a.weight", 1, 0.2, 8, 8, 3, 3);
    test_add_weight(model, "b.weight", 2, 0.2, 8, 8, 3, 3);
    test_add_weight(model, "b.bias", 3, 0.2, 8);
    test_add_weight(model, "c.weight", 4, 0.2, 8, 8, 1, 1);
    test_add_weight(model, "d.weight", 5, 0.2, 8, 8, 3, 3);
    test_add_node(model, "conv", "pads=1:1:1:1", "p", "x", "a.weight", NULL);
    test_add_node(model, "conv", "pads=1:1:1:1,strides=2:2", "q", "p", "b.weight", "b.bias");
    test_add_node(model, "conv", NULL, "r", "q", "c.weight", NULL);
    test_add_node(model, "conv", "auto_pad=SAME_UPPER,strides=2:2", "s", "p", "d.weight", NULL);
    test_add_node(model, "add", NULL, "t", "r", "s", NULL);
    ck_assert_ok(effnn_model_add_output(model, "t"));
    return model;
}

static effnn_tensor *run_on(const effnn_model *model, const effnn_tensor *x)
{
    effnn_session *session = NULL;
    effnn_tensor *y = NULL;

    ck_assert_ok(effnn_session_create(&session, model, NULL));
    ck_assert_ok(
        effnn_session_run(session, (effnn_tensor *const[]){ (effnn_tensor *)x }, &y, NULL));
    effnn_session_destroy(session);
    return y;
}

START_TEST(pictures_of_open_size_stay_open)
{
    effnn_model *model = open_pictures(), *small = NULL;
    effnn_tensor *x = test_tensor_random(NULL, EFFNN_F32, 4, (const int64_t[]){ 6, 8, 10, 12 }, 4);
    effnn_tensor *wide =
        test_tensor_random(NULL, EFFNN_F32, 4, (const int64_t[]){ 1, 8, 14, 8 }, 5);
    effnn_dataset *data = NULL;
    effnn_tensor *y, *expected;

    ck_assert_ok(effnn_dataset_create_from_tensors(&data, NULL, NULL, &x, 1, NULL, NULL));
    ck_assert_ok(
        lowrank_run(&small, NULL, model, data,
                    OPTIONS("skip_first", "false", "skip_last", "false", "reduction", "0.4")));
    y = run_on(small, wide);
    expected = run_on(model, wide);
    ck_assert_tensor_dims(y, 1, 8, 7, 4);
    ck_assert_tensor_dims(expected, 1, 8, 7, 4);
    effnn_tensor_release(y);
    effnn_tensor_release(expected);
    effnn_tensor_release(wide);
    effnn_tensor_release(x);
    effnn_dataset_destroy(data);
    effnn_model_destroy(small);
    effnn_model_destroy(model);
}
END_TEST

/* Treat the site "only" and measure it; frees the model. */
static void assert_only_site_as_predicted(effnn_model *model)
{
    effnn_dataset *data = test_model_data(model, LOWRANK_N_SAMPLES, 3);
    effnn_model *small = NULL;
    effnn_report *report = NULL;

    ck_assert_ok(
        lowrank_run(&small, &report, model, data, OPTIONS(ONE_SITE("only"), "reduction", "0.4")));
    ck_assert_double_eq_tol(lowrank_measured_error(model, small, data, "only"),
                            lowrank_row_number(report, "only", "error"), 2e-6);
    effnn_report_destroy(report);
    effnn_dataset_destroy(data);
    effnn_model_destroy(small);
    effnn_model_destroy(model);
}

START_TEST(a_convolution_over_one_axis_is_treated)
{
    effnn_model *model = NULL;

    ck_assert_ok(effnn_model_create(&model, NULL));
    test_add_input(model, "x", 3, (const int64_t[]){ -1, 8, 20 });
    test_add_weight(model, "only.weight", 1, 0.2, 12, 8, 5);
    test_add_weight(model, "only.bias", 2, 0.2, 12);
    test_add_node(model, "conv", "pads=2:1,strides=3,dilations=2", "y", "x", "only.weight",
                  "only.bias");
    ck_assert_ok(effnn_model_add_output(model, "y"));
    assert_only_site_as_predicted(model);
}
END_TEST

START_TEST(tokens_folded_into_the_batch_belong_to_their_samples)
{
    effnn_model *model = NULL;

    /* x [N, 6, 16] as [6 N, 16] into a gemm, as some exporters write a linear layer. */
    ck_assert_ok(effnn_model_create(&model, NULL));
    test_add_input(model, "x", 3, (const int64_t[]){ -1, 6, 16 });
    test_add_parameter(model, "rows",
                       test_tensor_i64(1, (const int64_t[]){ 2 }, (const int64_t[]){ -1, 16 }));
    test_add_weight(model, "only.weight", 1, 0.2, 16, 20);
    test_add_weight(model, "only.bias", 2, 0.2, 20);
    test_add_node(model, "reshape", NULL, "r", "x", "rows", NULL);
    test_add_node(model, "gemm", NULL, "y", "r", "only.weight", "only.bias");
    ck_assert_ok(effnn_model_add_output(model, "y"));
    assert_only_site_as_predicted(model);
}
END_TEST

SUITE("lowrank_apply", NULL, NULL, the_rewritten_graph_computes_with_the_product_of_the_factors,
      factors_are_sites_that_can_be_treated_again, pictures_of_open_size_stay_open,
      a_convolution_over_one_axis_is_treated, tokens_folded_into_the_batch_belong_to_their_samples)
