/* SPDX-License-Identifier: BSD-3-Clause */
/* Single elements by index, elements in row-major order, and questions about all elements. */

#include "support/alloc_fail.h"
#include "support/suite.h"
#include "support/tensor_assert.h"
#include "tensor/tensor.h"

#include <math.h>

static effnn_tensor *tensor; /* [2, 3] of 0 … 5 */

static void setup(void)
{
    tensor = test_tensor_iota(2, 3);
}

static void teardown(void)
{
    effnn_tensor_release(tensor);
}

static effnn_tensor *transposed(effnn_tensor *self)
{
    effnn_tensor *view = NULL;

    ck_assert_ok(effnn_tensor_view_permute(&view, self, (const size_t[]){ 1, 0 }));
    return view;
}

START_TEST(elements_are_read_and_written_by_index)
{
    double value = 0;

    ck_assert_ok(effnn_tensor_set_f64(tensor, (const int64_t[]){ 1, 0 }, -2.5));
    ck_assert_ok(effnn_tensor_get_f64(&value, tensor, (const int64_t[]){ 1, 0 }));
    ck_assert(value == -2.5);
    ck_assert_tensor_at(tensor, 2, 0, 2);
}
END_TEST

START_TEST(an_index_outside_is_refused_with_the_numbers)
{
    double value = 7;

    ck_assert_fails_saying(EFFNN_E_ARG, "index 3 of axis 1 is outside size 3",
                           effnn_tensor_get_f64(&value, tensor, (const int64_t[]){ 1, 3 }));
    ck_assert_fails(EFFNN_E_ARG, effnn_tensor_set_f64(tensor, (const int64_t[]){ -1, 0 }, 1));
    ck_assert_fails(EFFNN_E_ARG, effnn_tensor_get_f64(&value, tensor, NULL));
    ck_assert_fails(EFFNN_E_ARG, effnn_tensor_get_f64(NULL, tensor, (const int64_t[]){ 0, 0 }));
    ck_assert(value == 7);
}
END_TEST

START_TEST(writing_a_view_parts_it_from_its_source)
{
    effnn_tensor *view = transposed(tensor);

    ck_assert_ok(effnn_tensor_set_f64(view, (const int64_t[]){ 2, 1 }, 42));
    ck_assert_tensor_at(view, 42, 2, 1);
    ck_assert_tensor_at(view, 1, 1, 0);
    ck_assert_tensor_at(tensor, 5, 1, 2);
    effnn_tensor_release(view);
}
END_TEST

START_TEST(a_view_that_owns_its_storage_alone_is_written_in_place)
{
    effnn_tensor *view = transposed(tensor);
    const void *before = effnn_tensor_data(view);

    effnn_tensor_release(tensor);
    tensor = NULL;
    ck_assert_ok(effnn_tensor_set_f64(view, (const int64_t[]){ 2, 1 }, 42));
    ck_assert_ptr_eq(effnn_tensor_data(view), before);
    ck_assert_int_eq(effnn_tensor_strides(view)[0], 1);
    ck_assert_tensor_at(view, 42, 2, 1);
    effnn_tensor_release(view);
}
END_TEST

START_TEST(nan_is_refused_by_integers_only)
{
    effnn_tensor *integers = test_tensor_zeros(EFFNN_U4, 1, (const int64_t[]){ 2 });

    ck_assert_fails_saying(EFFNN_E_ARG, "u4",
                           effnn_tensor_set_f64(integers, (const int64_t[]){ 0 }, NAN));
    ck_assert_ok(effnn_tensor_set_f64(integers, (const int64_t[]){ 1 }, 99));
    ck_assert_tensor_at(integers, 15, 1);
    ck_assert_tensor_at(integers, 0, 0);
    ck_assert_ok(effnn_tensor_set_f64(tensor, (const int64_t[]){ 0, 0 }, NAN));
    effnn_tensor_release(integers);
}
END_TEST

START_TEST(elements_are_numbered_in_row_major_order_whatever_the_strides)
{
    static const double expected[] = { 0, 3, 1, 4, 2, 5 };
    effnn_tensor *view = transposed(tensor);

    for (size_t i = 0; i < 6; i++) {
        ck_assert(effnn__tensor_load_f64(view, i) == expected[i]);
        ck_assert_int_eq(effnn__tensor_load_i64(view, i), (int64_t)expected[i]);
    }
    effnn_tensor_release(view);
}
END_TEST

START_TEST(integers_become_a_tensor_of_rank_1)
{
    const int64_t items[] = { INT64_MIN, 0, INT64_MAX };
    effnn_tensor *list = NULL, *empty = NULL;

    ck_assert_ok(effnn__tensor_from_i64(&list, NULL, 3, items));
    ck_assert_tensor_dims(list, 3);
    for (size_t i = 0; i < 3; i++) ck_assert_int_eq(effnn__tensor_load_i64(list, i), items[i]);
    ck_assert_ok(effnn__tensor_from_i64(&empty, NULL, 0, NULL));
    ck_assert_tensor_dims(empty, 0);
    effnn_tensor_release(list);
    effnn_tensor_release(empty);
}
END_TEST

START_TEST(infinity_and_nan_are_seen_in_every_float_and_any_order)
{
    static const effnn_dtype floats[] = { EFFNN_F32, EFFNN_F64, EFFNN_F16, EFFNN_BF16 };
    static const double bad[] = { INFINITY, -INFINITY, NAN };

    for (size_t i = 0; i < 12; i++) {
        effnn_tensor *values = test_tensor_zeros(floats[i / 3], 2, (const int64_t[]){ 3, 5 });
        effnn_tensor *view;

        ck_assert(effnn__tensor_is_finite(values));
        ck_assert_ok(effnn_tensor_set_f64(values, (const int64_t[]){ 2, 1 }, bad[i % 3]));
        view = transposed(values);
        ck_assert(!effnn__tensor_is_finite(values));
        ck_assert(!effnn__tensor_is_finite(view));
        effnn_tensor_release(view);
        effnn_tensor_release(values);
    }
}
END_TEST

START_TEST(the_largest_float_is_finite)
{
    ck_assert_ok(effnn_tensor_set_f64(tensor, (const int64_t[]){ 0, 0 }, 0x1.fffffep127));
    ck_assert(effnn__tensor_is_finite(tensor));
}
END_TEST

START_TEST(equality_is_of_type_shape_and_bits)
{
    effnn_tensor *same = test_tensor_iota(2, 3), *flat = test_tensor_iota(6), *view = NULL,
                 *back = NULL, *wide = NULL;

    ck_assert(effnn__tensor_equal(tensor, same));
    ck_assert(!effnn__tensor_equal(tensor, flat));
    ck_assert_ok(effnn_tensor_cast(&wide, tensor, EFFNN_F64));
    ck_assert(!effnn__tensor_equal(tensor, wide));
    view = transposed(tensor);
    ck_assert(!effnn__tensor_equal(tensor, view));
    ck_assert_ok(effnn_tensor_copy(&back, view));
    ck_assert(effnn__tensor_equal(view, back));
    ck_assert_ok(effnn_tensor_set_f64(same, (const int64_t[]){ 0, 0 }, -0.0));
    ck_assert(!effnn__tensor_equal(tensor, same)); /* 0 and -0 have other bits */
    effnn_tensor_release(same);
    effnn_tensor_release(flat);
    effnn_tensor_release(view);
    effnn_tensor_release(back);
    effnn_tensor_release(wide);
}
END_TEST

START_TEST(the_unused_half_of_a_packed_tensors_last_byte_does_not_matter)
{
    unsigned char a[] = { 0x21, 0x03 }, b[] = { 0x21, 0xf3 };
    effnn_tensor *left = NULL, *right = NULL;

    ck_assert_ok(
        effnn_tensor_wrap(&left, NULL, a, EFFNN_U4, 1, (const int64_t[]){ 3 }, NULL, NULL));
    ck_assert_ok(
        effnn_tensor_wrap(&right, NULL, b, EFFNN_U4, 1, (const int64_t[]){ 3 }, NULL, NULL));
    ck_assert(effnn__tensor_equal(left, right));
    b[0] = 0x31;
    ck_assert(!effnn__tensor_equal(left, right));
    effnn_tensor_release(left);
    effnn_tensor_release(right);
}
END_TEST

START_TEST(a_write_that_cannot_copy_leaves_the_tensor_as_it_was)
{
    effnn_tensor *view = transposed(tensor);
    const int64_t index[] = { 2, 1 };

    ALLOC_FAIL_LOOP(effnn_tensor_set_f64(view, index, 42), {
        ck_assert(effnn__tensor_shares_storage(view, tensor));
        ck_assert_tensor_at(view, 5, 2, 1);
    });
    ck_assert_tensor_at(view, 42, 2, 1);
    effnn_tensor_release(view);
}
END_TEST

SUITE("tensor_access", setup, teardown, elements_are_read_and_written_by_index,
      an_index_outside_is_refused_with_the_numbers, writing_a_view_parts_it_from_its_source,
      a_view_that_owns_its_storage_alone_is_written_in_place, nan_is_refused_by_integers_only,
      elements_are_numbered_in_row_major_order_whatever_the_strides,
      integers_become_a_tensor_of_rank_1, infinity_and_nan_are_seen_in_every_float_and_any_order,
      the_largest_float_is_finite, equality_is_of_type_shape_and_bits,
      the_unused_half_of_a_packed_tensors_last_byte_does_not_matter,
      a_write_that_cannot_copy_leaves_the_tensor_as_it_was)
