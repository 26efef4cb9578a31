/* SPDX-License-Identifier: BSD-3-Clause */
/* Copies of strided tensors against element-by-element reading, and the write rule. */

#include "support/alloc_fail.h"
#include "support/suite.h"
#include "support/tensor_assert.h"
#include "tensor/dtype.h"
#include "tensor/tensor.h"

static effnn_tensor *permuted(effnn_tensor *self, size_t a, size_t b, size_t c)
{
    effnn_tensor *view = NULL;

    ck_assert_ok(effnn_tensor_view_permute(&view, self, (const size_t[]){ a, b, c }));
    return view;
}

/* The copy holds the elements of the view in order. */
static void check_copy(const effnn_tensor *view)
{
    effnn_tensor *copy = NULL;

    ck_assert_ok(effnn_tensor_copy(&copy, view));
    ck_assert(effnn_tensor_is_contiguous(copy));
    ck_assert(!effnn__tensor_shares_storage(copy, view));
    ck_assert_tensor_equal(copy, view);
    effnn_tensor_release(copy);
}

/* Sizes around the tile of 16, every element size, every order of three axes. */
START_TEST(permuted_copies_keep_every_element)
{
    static const size_t orders[][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
                                        { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
    static const effnn_dtype dtypes[] = { EFFNN_I8, EFFNN_BF16, EFFNN_F32, EFFNN_F64 };
    static const int64_t shapes[][3] = { { 3, 17, 33 }, { 16, 1, 32 }, { 1, 15, 1 }, { 2, 0, 5 } };

    for (size_t s = 0; s < 4; s++)
        for (size_t d = 0; d < 4; d++) {
            effnn_tensor *tensor = test_tensor_random(NULL, dtypes[d], 3, shapes[s], s + 1);

            for (size_t o = 0; o < 6; o++) {
                effnn_tensor *view = permuted(tensor, orders[o][0], orders[o][1], orders[o][2]);

                check_copy(view);
                effnn_tensor_release(view);
            }
            effnn_tensor_release(tensor);
        }
}
END_TEST

START_TEST(backward_and_stepped_views_copy_in_their_order)
{
    effnn_tensor *tensor = test_tensor_iota(4, 6), *stepped = NULL, *backward = NULL, *copy = NULL;

    ck_assert_ok(effnn_tensor_view_slice(&stepped, tensor, 1, 1, 3, 2));
    ck_assert_ok(effnn_tensor_view_slice(&backward, stepped, 0, 3, 2, -2));
    ck_assert_ok(effnn_tensor_copy(&copy, backward));
    ck_assert_tensor_dims(copy, 2, 3);
    ck_assert_tensor_at(copy, 19, 0, 0);
    ck_assert_tensor_at(copy, 11, 1, 2);
    check_copy(stepped);
    check_copy(backward);
    effnn_tensor_release(copy);
    effnn_tensor_release(backward);
    effnn_tensor_release(stepped);
    effnn_tensor_release(tensor);
}
END_TEST

START_TEST(a_packed_tensor_copies_with_an_odd_count)
{
    effnn_tensor *tensor = test_tensor_random(NULL, EFFNN_I4, 1, (const int64_t[]){ 7 }, 3);

    check_copy(tensor);
    effnn_tensor_release(tensor);
}
END_TEST

START_TEST(contiguous_shares_what_is_contiguous_and_copies_the_rest)
{
    effnn_tensor *tensor = test_tensor_iota(2, 3, 4), *view = permuted(tensor, 2, 0, 1), *a = NULL,
                 *b = NULL;

    ck_assert_ok(effnn__tensor_contiguous(&a, tensor));
    ck_assert_ok(effnn__tensor_contiguous(&b, view));
    ck_assert(effnn__tensor_shares_storage(a, tensor));
    ck_assert_ptr_ne(a, tensor);
    ck_assert(!effnn__tensor_shares_storage(b, tensor));
    ck_assert(effnn_tensor_is_contiguous(b));
    ck_assert_tensor_equal(b, view);
    effnn_tensor_release(a);
    effnn_tensor_release(b);
    effnn_tensor_release(view);
    effnn_tensor_release(tensor);
}
END_TEST

START_TEST(unshared_storage_is_written_in_place)
{
    effnn_tensor *tensor = test_tensor_iota(4);
    const void *before = effnn_tensor_data(tensor);
    void *data = NULL;

    ck_assert_ok(effnn_tensor_data_mut(&data, tensor));
    ck_assert_ptr_eq(data, before);
    effnn_tensor_release(tensor);
}
END_TEST

START_TEST(shared_storage_is_copied_once_and_stays_with_the_other_owner)
{
    effnn_tensor *tensor = test_tensor_iota(2, 3, 4), *view = permuted(tensor, 2, 1, 0);
    const void *before = effnn_tensor_data(tensor);
    void *data = NULL;

    ck_assert_ok(effnn_tensor_data_mut(&data, view));
    ck_assert_ptr_ne(data, before);
    ck_assert(effnn_tensor_is_contiguous(view));
    ck_assert_tensor_at(view, 23, 3, 2, 1);
    ck_assert_ptr_eq(effnn_tensor_data(tensor), before);
    ck_assert_ok(effnn_tensor_data_mut(&data, tensor));
    ck_assert_ptr_eq(data, before); /* alone again */
    effnn_tensor_release(view);
    effnn_tensor_release(tensor);
}
END_TEST

START_TEST(copy_into_a_strided_target_reaches_every_element)
{
    effnn_tensor *from = test_tensor_random(NULL, EFFNN_F32, 3, (const int64_t[]){ 5, 18, 3 }, 1);
    effnn_tensor *base = test_tensor_zeros(EFFNN_F32, 3, (const int64_t[]){ 18, 3, 5 });
    effnn_tensor *to = permuted(base, 2, 0, 1), *source = permuted(from, 0, 1, 2);

    effnn_tensor_release(base); /* `to` owns it alone */
    const void *before = effnn_tensor_data(to);
    ck_assert_ok(effnn__tensor_copy_into(to, source));
    ck_assert_ptr_eq(effnn_tensor_data(to), before);
    ck_assert(!effnn_tensor_is_contiguous(to));
    ck_assert_tensor_equal(to, from);
    effnn_tensor_release(source);
    effnn_tensor_release(to);
    effnn_tensor_release(from);
}
END_TEST

START_TEST(copy_into_shared_storage_leaves_the_other_owner_alone)
{
    effnn_tensor *tensor = test_tensor_iota(3, 4, 5), *share = NULL, *expected = NULL;
    effnn_tensor *reversed = NULL;

    ck_assert_ok(effnn__tensor_share(&share, tensor));
    ck_assert_ok(effnn_tensor_view_slice(&reversed, tensor, 0, 2, 3, -1));
    ck_assert_ok(effnn_tensor_copy(&expected, tensor));
    ck_assert_ok(effnn__tensor_copy_into(share, reversed)); /* from a view of itself */
    ck_assert_tensor_equal(share, reversed);
    ck_assert_tensor_equal(tensor, expected);
    ck_assert_ok(effnn__tensor_copy_into(share, share));
    ck_assert_tensor_equal(share, reversed);
    effnn_tensor_release(reversed);
    effnn_tensor_release(expected);
    effnn_tensor_release(share);
    effnn_tensor_release(tensor);
}
END_TEST

START_TEST(copy_into_another_shape_or_type_is_refused_with_both)
{
    effnn_tensor *a = test_tensor_iota(2, 3), *b = test_tensor_iota(3, 2);
    effnn_tensor *c = test_tensor_zeros(EFFNN_I32, 2, (const int64_t[]){ 2, 3 });

    ck_assert_fails_saying(EFFNN_E_SHAPE, "[3, 2] into [2, 3]", effnn__tensor_copy_into(a, b));
    ck_assert_fails_saying(EFFNN_E_ARG, "i32 into f32", effnn__tensor_copy_into(a, c));
    effnn_tensor_release(a);
    effnn_tensor_release(b);
    effnn_tensor_release(c);
}
END_TEST

START_TEST(every_failing_allocation_is_reported)
{
    effnn_tensor *tensor = test_tensor_iota(2, 3, 4), *view = permuted(tensor, 2, 0, 1);
    effnn_tensor *copy = NULL;

    ALLOC_FAIL_LOOP(effnn_tensor_copy(&copy, view), ck_assert_ptr_null(copy));
    ALLOC_FAIL_LOOP(effnn__tensor_copy_into(view, copy),
                    ck_assert(effnn__tensor_shares_storage(view, tensor)));
    effnn_tensor_release(copy);
    effnn_tensor_release(view);
    view = permuted(tensor, 2, 0, 1);
    ALLOC_FAIL_LOOP(effnn__tensor_make_unique(view),
                    ck_assert(effnn__tensor_shares_storage(view, tensor)));
    ck_assert_tensor_at(view, 23, 3, 1, 2);
    effnn_tensor_release(view);
    effnn_tensor_release(tensor);
}
END_TEST

SUITE("tensor_copy", NULL, NULL, permuted_copies_keep_every_element,
      backward_and_stepped_views_copy_in_their_order, a_packed_tensor_copies_with_an_odd_count,
      contiguous_shares_what_is_contiguous_and_copies_the_rest,
      unshared_storage_is_written_in_place,
      shared_storage_is_copied_once_and_stays_with_the_other_owner,
      copy_into_a_strided_target_reaches_every_element,
      copy_into_shared_storage_leaves_the_other_owner_alone,
      copy_into_another_shape_or_type_is_refused_with_both, every_failing_allocation_is_reported)
