/* SPDX-License-Identifier: BSD-3-Clause */
/* Sites: what is one, what it is called, what is refused and why, and selections. */

#include "model/site.h"

#include "support/alloc_fail.h"
#include "support/models.h"
#include "support/suite.h"
#include "support/tensor_assert.h"

static effnn_model *model;
static effnn_site_list *sites;

static void setup(void)
{
    sites = NULL;
    ck_assert_ok(effnn_model_create(&model, NULL));
    test_add_input(model, "x", 2, (int64_t[]){ -1, 4 });
}

static void teardown(void)
{
    effnn_site_list_destroy(sites);
    effnn_model_destroy(model);
}

static effnn_site_info site_at(size_t i)
{
    effnn_site_info site = { .version = 1 };

    ck_assert_ok(effnn_site_list_at(&site, sites, i));
    return site;
}

static void list(const char *output)
{
    ck_assert_ok(effnn_model_add_output(model, output));
    ck_assert_ok(effnn_site_list_create(&sites, model));
}

START_TEST(a_matmul_with_its_bias_is_one_site_named_by_its_parameters)
{
    test_add_weight(model, "enc.fc.weight", 1, 1.0, 4, 3);
    test_add_weight(model, "enc.fc.bias", 2, 1.0, 3);
    test_add_node(model, "matmul", NULL, "h", "x", "enc.fc.weight", NULL);
    test_add_node(model, "add", NULL, "y", "enc.fc.bias", "h", NULL);
    list("y");
    ck_assert_uint_eq(effnn_site_list_count(sites), 1);
    ck_assert_str_eq(site_at(0).name, "enc.fc");
    ck_assert_str_eq(site_at(0).op, "matmul");
    ck_assert_str_eq(site_at(0).weight, "enc.fc.weight");
    ck_assert_int_eq(site_at(0).in, 4);
    ck_assert_int_eq(site_at(0).out, 3);
    ck_assert_uint_eq(site_at(0).parameters, 15);
    ck_assert_double_eq(site_at(0).macs, 12);
    ck_assert_ptr_null(site_at(0).refused);
}
END_TEST

START_TEST(an_exporter_s_weight_name_gives_way_to_the_bias_s)
{
    test_add_weight(model, "onnx::MatMul_730", 1, 1.0, 4, 3);
    test_add_weight(model, "blocks.0.qkv.bias", 2, 1.0, 3);
    test_add_node(model, "matmul", NULL, "h", "x", "onnx::MatMul_730", NULL);
    test_add_node(model, "add", NULL, "a", "h", "blocks.0.qkv.bias", NULL);
    test_add_node(model, "softmax", NULL, "y", "a", NULL, NULL);
    list("y");
    ck_assert_str_eq(site_at(0).name, "blocks.0.qkv");
    ck_assert_str_eq(site_at(1).name, "blocks.0.softmax");
    ck_assert_int_eq(site_at(1).kind, EFFNN_SITE_NONLINEAR);
}
END_TEST

START_TEST(names_are_made_unique)
{
    test_add_weight(model, "a.weight", 1, 1.0, 4, 4);
    test_add_weight(model, "a.kernel", 2, 1.0, 4, 4);
    test_add_node(model, "matmul", NULL, "h", "x", "a.weight", NULL);
    test_add_node(model, "matmul", NULL, "y", "h", "a.kernel", NULL);
    list("y");
    ck_assert_str_eq(site_at(0).name, "a");
    ck_assert_str_eq(site_at(1).name, "a_1");
}
END_TEST

START_TEST(gemms_give_their_orientation_and_oddities_their_reason)
{
    test_add_weight(model, "a.weight", 1, 1.0, 5, 4);
    test_add_weight(model, "b.weight", 2, 1.0, 5, 6);
    test_add_node(model, "gemm", "transB=1", "h", "x", "a.weight", NULL);
    test_add_node(model, "gemm", "alpha=2", "y", "h", "b.weight", NULL);
    list("y");
    ck_assert_int_eq(site_at(0).in, 4);
    ck_assert_int_eq(site_at(0).out, 5);
    ck_assert_ptr_null(site_at(0).refused);
    ck_assert_ptr_nonnull(strstr(site_at(1).refused, "scales or transposes"));
}
END_TEST

START_TEST(a_shared_weight_names_its_other_node)
{
    test_add_weight(model, "w.weight", 1, 1.0, 4, 4);
    test_add_node(model, "matmul", NULL, "h", "x", "w.weight", NULL);
    test_add_node(model, "matmul", NULL, "y", "h", "w.weight", NULL);
    list("y");
    ck_assert_str_eq(site_at(0).refused, "the weight is shared with node 'y'");
    ck_assert_str_eq(site_at(1).refused, "the weight is shared with node 'h'");
}
END_TEST

START_TEST(an_empty_weight_is_refused)
{
    test_add_parameter(model, "w.weight",
                       test_tensor_zeros(EFFNN_F32, 2, (const int64_t[]){ 4, 0 }));
    test_add_node(model, "matmul", NULL, "y", "x", "w.weight", NULL);
    list("y");
    ck_assert_str_eq(site_at(0).refused, "weight 'w.weight' is empty");
}
END_TEST

START_TEST(a_product_without_a_constant_weight_is_no_site)
{
    test_add_weight(model, "w.weight", 1, 1.0, 4, 4);
    test_add_node(model, "transpose", NULL, "t", "x", NULL, NULL);
    test_add_node(model, "matmul", NULL, "h", "x", "t", NULL);
    test_add_node(model, "matmul", NULL, "y", "w.weight", "t", NULL);
    list("y");
    ck_assert_uint_eq(effnn_site_list_count(sites), 0);
}
END_TEST

START_TEST(a_weight_reads_as_in_by_out_whichever_way_it_is_stored)
{
    const float w[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    effnn_tensor *stored = test_tensor_f32(2, (int64_t[]){ 2, 4 }, w);
    double matrix[8];

    test_add_parameter(model, "a.weight", stored);
    test_add_node(model, "gemm", "transB=1", "y", "x", "a.weight", NULL);
    ck_assert_ok(effnn_model_add_output(model, "y"));
    ck_assert_ok(effnn__site_list(&sites, model));
    effnn__site_weight(matrix, &sites->items[0], 0);
    for (int i = 0; i < 4; i++)
        for (int o = 0; o < 2; o++) ck_assert_double_eq(matrix[i * 2 + o], (double)w[o * 4 + i]);
}
END_TEST

/* How many sites a filter on the CNN leaves, and whether it has the first one. */
static size_t choose(const effnn_site_list *of, const effnn__site_filter *filter,
                     unsigned char *chosen)
{
    size_t n = 0;

    ck_assert_ok(effnn__site_select(chosen, of, filter));
    for (size_t i = 0; i < of->n; i++) n += chosen[i];
    return n;
}

START_TEST(filters_choose_by_kind_name_and_place)
{
    effnn_model *cnn = test_model_cnn(NULL);
    effnn__site_filter filter = { .kinds = 1u << EFFNN_SITE_LINEAR };
    char *glob[] = { (char[]){ "w*" } }, *none[] = { (char[]){ "nothing*" } };
    const effnn_string_list wide = { 1, glob }, missing = { 1, none };
    unsigned char chosen[64];
    size_t all;

    ck_assert_ok(effnn__site_list(&sites, cnn));
    all = choose(sites, &filter, chosen);
    ck_assert_uint_eq(all, 5); /* stem, wide, point, grouped, head */
    filter.skip_first = filter.skip_last = true;
    ck_assert_uint_eq(choose(sites, &filter, chosen), 3);
    filter.exclude = &wide;
    ck_assert_uint_eq(choose(sites, &filter, chosen), 2);
    filter.exclude = NULL;
    filter.only = &wide;
    ck_assert_uint_eq(choose(sites, &filter, chosen), 1);
    filter.only = &missing;
    ck_assert_fails_saying(EFFNN_E_NOTFOUND, "no site matches 'nothing*'",
                           effnn__site_select(chosen, sites, &filter));
    filter = (effnn__site_filter){ .kinds = 1u << EFFNN_SITE_ACTIVATION };
    ck_assert_uint_eq(choose(sites, &filter, chosen), all);
    effnn_model_destroy(cnn);
}
END_TEST

START_TEST(no_memory_at_any_point_is_an_error_without_a_leak)
{
    effnn_model *tokens = test_model_tokens(NULL);

    ALLOC_FAIL_LOOP(effnn_site_list_create(&sites, tokens), ck_assert_ptr_null(sites));
    effnn_model_destroy(tokens);
}
END_TEST

SUITE("site", setup, teardown, a_matmul_with_its_bias_is_one_site_named_by_its_parameters,
      an_exporter_s_weight_name_gives_way_to_the_bias_s, names_are_made_unique,
      gemms_give_their_orientation_and_oddities_their_reason, a_shared_weight_names_its_other_node,
      an_empty_weight_is_refused, a_product_without_a_constant_weight_is_no_site,
      a_weight_reads_as_in_by_out_whichever_way_it_is_stored, filters_choose_by_kind_name_and_place,
      no_memory_at_any_point_is_an_error_without_a_leak)
