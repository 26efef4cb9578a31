/* SPDX-License-Identifier: BSD-3-Clause */
/* Symbolic integers: equal expressions are equal symbols, whatever the way they were made. */

#include "ops/symbol.h"

#include "base/alloc.h"
#include "support/suite.h"

static effnn__symbols *table;
static effnn__sym n, s, one, two, six;

static void setup(void)
{
    ck_assert_ok(effnn__symbols_create(&table));
    ck_assert_ok(effnn__symbols_named(&n, table, "N"));
    ck_assert_ok(effnn__symbols_named(&s, table, "S"));
    one = effnn__sym_constant(1);
    two = effnn__sym_constant(2);
    six = effnn__sym_constant(6);
}

static void teardown(void)
{
    effnn__symbols_destroy(table);
}

static effnn__sym add(effnn__sym a, effnn__sym b)
{
    effnn__sym out;

    ck_assert_ok(effnn__sym_add(&out, table, a, b));
    return out;
}

static effnn__sym sub(effnn__sym a, effnn__sym b)
{
    effnn__sym out;

    ck_assert_ok(effnn__sym_sub(&out, table, a, b));
    return out;
}

static effnn__sym mul(effnn__sym a, effnn__sym b)
{
    effnn__sym out;

    ck_assert_ok(effnn__sym_mul(&out, table, a, b));
    return out;
}

static effnn__sym quotient(effnn__sym a, effnn__sym b)
{
    effnn__sym out;

    ck_assert_ok(effnn__sym_div(&out, table, a, b));
    return out;
}

static void assert_text(effnn__sym a, const char *expected)
{
    char text[128];

    ck_assert_str_eq(effnn__sym_print(text, sizeof text, table, a), expected);
}

START_TEST(constants_are_computed)
{
    assert_text(add(six, two), "8");
    assert_text(sub(two, six), "-4");
    assert_text(mul(six, two), "12");
    assert_text(quotient(effnn__sym_constant(-7), two), "-3");
}
END_TEST

START_TEST(a_name_gives_one_symbol_and_fresh_ones_differ)
{
    effnn__sym again, a, b;

    ck_assert_ok(effnn__symbols_named(&again, table, "N"));
    ck_assert(effnn__sym_equal(n, again));
    ck_assert(!effnn__sym_equal(n, s));
    ck_assert_ok(effnn__symbols_fresh(&a, table));
    ck_assert_ok(effnn__symbols_fresh(&b, table));
    ck_assert(!effnn__sym_equal(a, b));
}
END_TEST

START_TEST(linear_forms_stay_linear)
{
    assert_text(add(mul(effnn__sym_constant(3), n), one), "3*N+1");
    assert_text(sub(n, one), "N-1");
    assert_text(sub(add(n, n), n), "N");
    assert_text(sub(n, n), "0");
    assert_text(mul(n, effnn__sym_constant(0)), "0");
    assert_text(mul(n, effnn__sym_constant(-1)), "-N");
}
END_TEST

START_TEST(sums_of_symbols_do_not_depend_on_the_order)
{
    const effnn__sym a = add(add(n, s), one), b = add(s, add(one, n));

    ck_assert(effnn__sym_equal(a, b));
    assert_text(a, "(N+S)+1");
    ck_assert(effnn__sym_equal(sub(a, s), add(n, one)));
    ck_assert(effnn__sym_equal(mul(two, add(n, s)), add(mul(two, s), mul(two, n))));
}
END_TEST

START_TEST(products_of_symbols_do_not_depend_on_the_order)
{
    const effnn__sym a = mul(mul(n, six), s), b = mul(s, mul(six, n));

    ck_assert(effnn__sym_equal(a, b));
    assert_text(a, "6*(N*S)");
    ck_assert(effnn__sym_equal(mul(mul(two, add(s, one)), n), mul(n, add(mul(two, s), two))));
}
END_TEST

START_TEST(exact_division_takes_factors_out)
{
    effnn__sym out;

    ck_assert(effnn__sym_divide_exact(&out, table, mul(mul(n, six), s), mul(n, two)));
    ck_assert(effnn__sym_equal(out, mul(effnn__sym_constant(3), s)));
    ck_assert(effnn__sym_divide_exact(&out, table, mul(n, add(s, one)), add(s, one)));
    ck_assert(effnn__sym_equal(out, n));
    ck_assert(effnn__sym_divide_exact(&out, table, add(mul(six, n), six), six));
    ck_assert(effnn__sym_equal(out, add(n, one)));
    ck_assert(!effnn__sym_divide_exact(&out, table, n, two));
    ck_assert(!effnn__sym_divide_exact(&out, table, n, s));
    ck_assert(!effnn__sym_divide_exact(&out, table, add(n, one), n));
}
END_TEST

START_TEST(a_quotient_that_does_not_come_out_is_a_symbol_of_its_own)
{
    const effnn__sym a = quotient(add(n, one), two);

    ck_assert(effnn__sym_equal(a, quotient(add(one, n), two)));
    ck_assert(!effnn__sym_equal(a, quotient(n, two)));
    assert_text(a, "((N+1)/2)");
}
END_TEST

START_TEST(division_by_zero_and_overflow_are_refused)
{
    const effnn__sym large = effnn__sym_constant(INT64_MAX);
    const effnn__sym least = effnn__sym_constant(INT64_MIN);
    effnn__sym out;

    ck_assert_fails(EFFNN_E_SHAPE, effnn__sym_div(&out, table, n, effnn__sym_constant(0)));
    ck_assert_fails(EFFNN_E_SHAPE, effnn__sym_add(&out, table, large, one));
    ck_assert_fails(EFFNN_E_SHAPE, effnn__sym_sub(&out, table, least, one));
    ck_assert_fails(EFFNN_E_SHAPE, effnn__sym_mul(&out, table, large, two));
    ck_assert_fails(EFFNN_E_SHAPE, effnn__sym_mul(&out, table, least, effnn__sym_constant(-1)));
    ck_assert_fails(EFFNN_E_SHAPE, effnn__sym_div(&out, table, least, effnn__sym_constant(-1)));
    ck_assert_fails(EFFNN_E_SHAPE, effnn__sym_mul(&out, table, mul(large, n), two));
}
END_TEST

START_TEST(broadcasting_prefers_what_is_known)
{
    effnn__sym out, other;

    ck_assert_ok(effnn__sym_broadcast(&out, table, n, one));
    ck_assert(effnn__sym_equal(out, n));
    ck_assert_ok(effnn__sym_broadcast(&out, table, one, n));
    ck_assert(effnn__sym_equal(out, n));
    ck_assert_ok(effnn__sym_broadcast(&out, table, n, six));
    ck_assert(effnn__sym_equal(out, six));
    ck_assert_ok(effnn__sym_broadcast(&out, table, n, n));
    ck_assert(effnn__sym_equal(out, n));
    ck_assert_ok(effnn__sym_broadcast(&out, table, n, s));
    ck_assert_ok(effnn__sym_broadcast(&other, table, s, n));
    ck_assert(effnn__sym_equal(out, other));
    ck_assert_fails_saying(EFFNN_E_SHAPE, "2 does not broadcast with 6",
                           effnn__sym_broadcast(&out, table, two, six));
}
END_TEST

START_TEST(lower_bounds_follow_from_sizes_being_positive)
{
    int64_t least;

    ck_assert(effnn__sym_minimum(&least, table, add(mul(six, n), one)));
    ck_assert_int_eq(least, 7);
    ck_assert(effnn__sym_minimum(&least, table, mul(add(n, one), add(s, two))));
    ck_assert_int_eq(least, 6);
    ck_assert(effnn__sym_minimum(&least, table, sub(add(n, s), two)));
    ck_assert_int_eq(least, 0);
    ck_assert(effnn__sym_minimum(&least, table, quotient(n, two)));
    ck_assert_int_eq(least, 0);
    ck_assert(!effnn__sym_minimum(&least, table, sub(n, s)));
    ck_assert(!effnn__sym_minimum(&least, table, sub(one, n)));
}
END_TEST

START_TEST(a_clone_has_the_same_symbols)
{
    const effnn__sym product = mul(n, add(s, one));
    effnn__symbols *copy = NULL;
    effnn__sym again, factor;
    char text[128];

    ck_assert_ok(effnn__symbols_clone(&copy, table));
    ck_assert_ok(effnn__sym_add(&factor, copy, s, one));
    ck_assert_ok(effnn__sym_mul(&again, copy, n, factor));
    ck_assert(effnn__sym_equal(product, again));
    ck_assert_str_eq(effnn__sym_print(text, sizeof text, copy, again), "(N*(S+1))");
    effnn__symbols_destroy(copy);
}
END_TEST

START_TEST(more_terms_than_the_normal_form_holds_still_give_a_symbol)
{
    effnn__sym sum = effnn__sym_constant(0), product = one;

    for (int i = 0; i < 40; i++) {
        effnn__sym fresh;

        ck_assert_ok(effnn__symbols_fresh(&fresh, table));
        sum = add(sum, fresh);
        product = mul(product, fresh);
    }
    ck_assert(sum.symbol != 0 && product.symbol != 0);
}
END_TEST

/* Make, name, derive, clone: all that allocates. */
static effnn_status build(void)
{
    effnn__symbols *made = NULL, *copy = NULL;
    effnn__sym a, b, c;
    effnn_status status = effnn__symbols_create(&made);

    if (status == EFFNN_OK) status = effnn__symbols_named(&a, made, "A");
    if (status == EFFNN_OK) status = effnn__symbols_fresh(&b, made);
    if (status == EFFNN_OK) status = effnn__sym_mul(&c, made, a, b);
    if (status == EFFNN_OK) status = effnn__sym_add(&c, made, c, b);
    if (status == EFFNN_OK) status = effnn__symbols_clone(&copy, made);
    effnn__symbols_destroy(copy);
    effnn__symbols_destroy(made);
    return status;
}

START_TEST(a_failing_allocation_is_reported_and_leaks_nothing)
{
    int n_failed = 0;

    for (;; n_failed++) {
        effnn__alloc_fail_after(n_failed, 0);
        const effnn_status status = build();

        effnn__alloc_fail_after(-1, 0);
        if (status == EFFNN_OK) break;
        ck_assert_int_eq(status, EFFNN_E_NOMEM);
    }
    ck_assert_int_gt(n_failed, 5);
}
END_TEST

SUITE("symbol", setup, teardown, constants_are_computed,
      a_name_gives_one_symbol_and_fresh_ones_differ, linear_forms_stay_linear,
      sums_of_symbols_do_not_depend_on_the_order, products_of_symbols_do_not_depend_on_the_order,
      exact_division_takes_factors_out, a_quotient_that_does_not_come_out_is_a_symbol_of_its_own,
      division_by_zero_and_overflow_are_refused, broadcasting_prefers_what_is_known,
      lower_bounds_follow_from_sizes_being_positive, a_clone_has_the_same_symbols,
      more_terms_than_the_normal_form_holds_still_give_a_symbol,
      a_failing_allocation_is_reported_and_leaks_nothing)
