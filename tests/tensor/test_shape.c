/* SPDX-License-Identifier: BSD-3-Clause */
/* Shape arithmetic: counts that overflow, strides, NumPy's broadcasting rules, text. */

#include "support/suite.h"
#include "tensor/shape.h"

START_TEST(the_count_is_the_product_of_the_sizes)
{
    size_t count = 9;

    ck_assert_ok(effnn__shape_count(&count, 3, (const int64_t[]){ 2, 3, 4 }));
    ck_assert_uint_eq(count, 24);
    ck_assert_ok(effnn__shape_count(&count, 0, NULL));
    ck_assert_uint_eq(count, 1);
    ck_assert_ok(effnn__shape_count(&count, 2, (const int64_t[]){ 5, 0 }));
    ck_assert_uint_eq(count, 0);
    ck_assert_ok(effnn__shape_count(&count, 1, (const int64_t[]){ INT64_MAX }));
    ck_assert_uint_eq(count, INT64_MAX);
}
END_TEST

START_TEST(negative_sizes_and_overflow_are_refused_with_the_shape)
{
    const int64_t huge = (int64_t)1 << 32;
    size_t count = 9;

    ck_assert_fails_saying(EFFNN_E_SHAPE, "[2, -3]",
                           effnn__shape_count(&count, 2, (const int64_t[]){ 2, -3 }));
    ck_assert_fails_saying(EFFNN_E_SHAPE, "[4294967296, 4294967296]",
                           effnn__shape_count(&count, 2, (const int64_t[]){ huge, huge }));
    /* An empty shape must not hide strides that overflow. */
    ck_assert_fails(EFFNN_E_SHAPE,
                    effnn__shape_count(&count, 3, (const int64_t[]){ 0, huge, huge }));
    ck_assert_uint_eq(count, 9);
}
END_TEST

START_TEST(strides_are_row_major)
{
    int64_t strides[3];

    effnn__shape_strides(strides, 3, (const int64_t[]){ 2, 3, 4 });
    ck_assert_int_eq(strides[0], 12);
    ck_assert_int_eq(strides[1], 4);
    ck_assert_int_eq(strides[2], 1);
    effnn__shape_strides(strides, 2, (const int64_t[]){ 3, 0 });
    ck_assert_int_eq(strides[0], 1);
}
END_TEST

static effnn__shape shape_of(size_t rank, int64_t a, int64_t b, int64_t c)
{
    return (effnn__shape){ .rank = rank, .dims = { a, b, c } };
}

START_TEST(shapes_broadcast_as_numpys_do)
{
    static const struct {
        effnn__shape a, b, expected;
    } cases[] = {
        { { 2, { 2, 3 } }, { 1, { 3 } }, { 2, { 2, 3 } } },
        { { 2, { 2, 1 } }, { 2, { 1, 3 } }, { 2, { 2, 3 } } },
        { { 0, { 0 } }, { 2, { 2, 3 } }, { 2, { 2, 3 } } },
        { { 1, { 1 } }, { 3, { 4, 0, 5 } }, { 3, { 4, 0, 5 } } },
        { { 1, { 0 } }, { 1, { 1 } }, { 1, { 0 } } },
        { { 3, { 1, 1, 7 } }, { 2, { 6, 1 } }, { 3, { 1, 6, 7 } } },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        effnn__shape out;

        ck_assert_ok(effnn__shape_broadcast(&out, &cases[i].a, &cases[i].b));
        ck_assert(effnn__shape_equal(&out, &cases[i].expected));
        ck_assert_ok(effnn__shape_broadcast(&out, &cases[i].b, &cases[i].a));
        ck_assert(effnn__shape_equal(&out, &cases[i].expected));
    }
}
END_TEST

START_TEST(shapes_that_do_not_broadcast_are_both_named)
{
    const effnn__shape a = shape_of(2, 2, 3, 0), b = shape_of(2, 2, 4, 0),
                       empty = shape_of(1, 0, 0, 0), five = shape_of(1, 5, 0, 0);
    effnn__shape out = shape_of(1, 9, 0, 0);

    ck_assert_fails_saying(EFFNN_E_SHAPE, "[2, 3] and [2, 4]",
                           effnn__shape_broadcast(&out, &a, &b));
    ck_assert_fails(EFFNN_E_SHAPE, effnn__shape_broadcast(&out, &empty, &five));
    ck_assert_int_eq(out.dims[0], 9);
}
END_TEST

START_TEST(shapes_are_equal_in_rank_and_sizes)
{
    const effnn__shape a = shape_of(2, 2, 3, 7), b = shape_of(2, 2, 3, 8), c = shape_of(3, 2, 3, 7);

    ck_assert(effnn__shape_equal(&a, &b)); /* the third size is not part of a rank 2 */
    ck_assert(!effnn__shape_equal(&a, &c));
}
END_TEST

START_TEST(text_of_any_shape_fits_and_a_small_buffer_cuts)
{
    const int64_t lowest[EFFNN_MAX_RANK] = { INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN,
                                             INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN };
    char text[EFFNN__SHAPE_TEXT], small[6];

    ck_assert_str_eq(effnn__shape_print(text, sizeof text, 2, (const int64_t[]){ 2, -3 }),
                     "[2, -3]");
    ck_assert_str_eq(effnn__shape_print(text, sizeof text, 0, NULL), "[]");
    effnn__shape_print(text, sizeof text, EFFNN_MAX_RANK, lowest);
    ck_assert_int_eq(text[strlen(text) - 1], ']');
    ck_assert_str_eq(effnn__shape_print(small, sizeof small, 2, (const int64_t[]){ 10, 20 }),
                     "[10, ");
}
END_TEST

SUITE("shape", NULL, NULL, the_count_is_the_product_of_the_sizes,
      negative_sizes_and_overflow_are_refused_with_the_shape, strides_are_row_major,
      shapes_broadcast_as_numpys_do, shapes_that_do_not_broadcast_are_both_named,
      shapes_are_equal_in_rank_and_sizes, text_of_any_shape_fits_and_a_small_buffer_cuts)
