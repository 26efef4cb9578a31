/* SPDX-License-Identifier: BSD-3-Clause */
/* The handle: names, options by key and type. */

#include "support/alloc_fail.h"

#include <effnn/transform.h>
#include <math.h>

START_TEST(the_list_has_names_that_create_takes)
{
    effnn_transform *method = NULL;

    ck_assert_uint_ge(effnn_transform_count(NULL), 1);
    for (size_t i = 0; i < effnn_transform_count(NULL); i++) {
        ck_assert_ok(effnn_transform_create(&method, NULL, effnn_transform_name_at(NULL, i)));
        effnn_transform_destroy(method);
    }
    ck_assert_ptr_null(effnn_transform_name_at(NULL, effnn_transform_count(NULL)));
}
END_TEST

START_TEST(an_unknown_name_is_refused_with_the_nearest)
{
    effnn_transform *method = NULL;

    ck_assert_fails_saying(EFFNN_E_NOTFOUND, "'lowrank'",
                           effnn_transform_create(&method, NULL, "lowrnak"));
    ck_assert_fails(EFFNN_E_NOTFOUND, effnn_transform_create(&method, NULL, "zzzzzzzzzzzzzzz"));
    ck_assert_fails(EFFNN_E_ARG, effnn_transform_create(&method, NULL, NULL));
    ck_assert_fails(EFFNN_E_ARG, effnn_transform_create(NULL, NULL, "lowrank"));
    ck_assert_ptr_null(method);
}
END_TEST

START_TEST(options_are_set_and_read_by_key)
{
    effnn_transform *method = NULL;
    const char *text = NULL;
    int64_t whole = 0;
    double real = 0.0;

    ck_assert_ok(effnn_transform_create(&method, NULL, "lowrank"));
    ck_assert_ok(effnn_transform_set(method, "reduction", "0.25"));
    ck_assert_ok(effnn_transform_get_f64(&real, method, "reduction"));
    ck_assert_double_eq(real, 0.25);
    ck_assert_ok(effnn_transform_set_f64(method, "reduction", 0.5));
    ck_assert_ok(effnn_transform_get(&text, method, "reduction"));
    ck_assert_str_eq(text, "0.5");
    ck_assert_ok(effnn_transform_set_i64(method, "samples", 12));
    ck_assert_ok(effnn_transform_get_i64(&whole, method, "samples"));
    ck_assert_int_eq(whole, 12);
    ck_assert_ok(effnn_transform_set(method, "metric", "svd"));
    ck_assert_ok(effnn_transform_get(&text, method, "metric"));
    ck_assert_str_eq(text, "svd");
    ck_assert_ok(effnn_transform_get_i64(&whole, method, "metric"));
    ck_assert_int_eq(whole, 2);
    ck_assert_ok(effnn_transform_set(method, "only", "blocks.0.*:head"));
    ck_assert_ok(effnn_transform_get(&text, method, "only"));
    ck_assert_str_eq(text, "blocks.0.*:head");
    effnn_transform_destroy(method);
}
END_TEST

START_TEST(what_an_option_does_not_take_is_refused)
{
    effnn_transform *method = NULL;
    int64_t whole = 7;
    double real = 7.0;

    ck_assert_ok(effnn_transform_create(&method, NULL, "lowrank"));
    ck_assert_fails_saying(EFFNN_E_NOTFOUND, "'reduction'",
                           effnn_transform_set(method, "reductoin", "0.5"));
    ck_assert_fails_saying(EFFNN_E_ARG, "0.99", effnn_transform_set(method, "reduction", "1"));
    ck_assert_fails(EFFNN_E_ARG, effnn_transform_set_f64(method, "reduction", NAN));
    ck_assert_fails(EFFNN_E_ARG, effnn_transform_set_f64(method, "samples", 1.5));
    ck_assert_fails(EFFNN_E_ARG, effnn_transform_get_i64(&whole, method, "reduction"));
    ck_assert_fails(EFFNN_E_ARG, effnn_transform_get_f64(&real, method, "only"));
    ck_assert_fails(EFFNN_E_NOTFOUND, effnn_transform_get_f64(&real, method, "nothing"));
    ck_assert_int_eq(whole, 7);
    ck_assert_double_eq(real, 7.0);
    effnn_transform_destroy(method);
}
END_TEST

START_TEST(creating_with_a_failing_allocation_leaks_nothing)
{
    effnn_transform *method = NULL;

    ALLOC_FAIL_LOOP(effnn_transform_create(&method, NULL, "lowrank"), ck_assert_ptr_null(method));
    effnn_transform_destroy(method);
    effnn_transform_destroy(NULL);
}
END_TEST

SUITE("transform", NULL, NULL, the_list_has_names_that_create_takes,
      an_unknown_name_is_refused_with_the_nearest, options_are_set_and_read_by_key,
      what_an_option_does_not_take_is_refused, creating_with_a_failing_allocation_leaks_nothing)
