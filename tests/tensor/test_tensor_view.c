/* SPDX-License-Identifier: BSD-3-Clause */
/* Views one at a time, then random chains of them against an oracle that tracks, for each element
 * of the view, which element of the source it is. */

#include "base/rng.h"
#include "support/alloc_fail.h"
#include "support/suite.h"
#include "support/tensor_assert.h"
#include "tensor/tensor.h"

static effnn_tensor *tensor; /* [2, 3, 4] of 0 … 23 */
static effnn_tensor *view;

static void setup(void)
{
    tensor = test_tensor_iota(2, 3, 4);
    view = NULL;
}

static void teardown(void)
{
    effnn_tensor_release(view);
    effnn_tensor_release(tensor);
}

START_TEST(a_reshape_of_row_major_elements_shares_them)
{
    ck_assert_ok(effnn_tensor_view_reshape(&view, tensor, 2, (const int64_t[]){ 6, 4 }));
    ck_assert(effnn__tensor_shares_storage(view, tensor));
    ck_assert_tensor_dims(view, 6, 4);
    ck_assert_tensor_at(view, 21, 5, 1);
}
END_TEST

START_TEST(one_size_of_a_reshape_may_be_left_open)
{
    ck_assert_ok(effnn_tensor_view_reshape(&view, tensor, 2, (const int64_t[]){ -1, 8 }));
    ck_assert_tensor_dims(view, 3, 8);
}
END_TEST

START_TEST(a_reshape_that_does_not_fit_names_both_shapes)
{
    ck_assert_fails_saying(EFFNN_E_SHAPE, "[2, 3, 4] to [5, 5]",
                           effnn_tensor_view_reshape(&view, tensor, 2, (const int64_t[]){ 5, 5 }));
    ck_assert_fails_saying(EFFNN_E_SHAPE, "[-1, 5]",
                           effnn_tensor_view_reshape(&view, tensor, 2, (const int64_t[]){ -1, 5 }));
    ck_assert_fails_saying(
        EFFNN_E_SHAPE, "more than one",
        effnn_tensor_view_reshape(&view, tensor, 2, (const int64_t[]){ -1, -1 }));
    ck_assert_fails(EFFNN_E_SHAPE,
                    effnn_tensor_view_reshape(&view, tensor, 2, (const int64_t[]){ -2, -12 }));
    ck_assert_fails(EFFNN_E_SHAPE,
                    effnn_tensor_view_reshape(&view, tensor, 2, (const int64_t[]){ -1, 0 }));
    ck_assert_fails(EFFNN_E_ARG,
                    effnn_tensor_view_reshape(&view, tensor, 9, (const int64_t[9]){ 0 }));
    ck_assert_fails(EFFNN_E_ARG, effnn_tensor_view_reshape(&view, tensor, 1, NULL));
    ck_assert_ptr_null(view);
}
END_TEST

START_TEST(an_empty_tensor_takes_any_empty_shape)
{
    effnn_tensor *empty = test_tensor_zeros(EFFNN_F32, 2, (const int64_t[]){ 0, 3 });

    ck_assert_ok(effnn_tensor_view_reshape(&view, empty, 3, (const int64_t[]){ 5, -1, 2 }));
    ck_assert_tensor_dims(view, 5, 0, 2);
    effnn_tensor_release(empty);
}
END_TEST

START_TEST(a_scalar_reshapes_to_sizes_of_1_and_back)
{
    effnn_tensor *scalar = NULL, *one = test_tensor_iota(1, 1);

    ck_assert_ok(effnn_tensor_view_reshape(&scalar, one, 0, NULL));
    ck_assert_uint_eq(effnn_tensor_rank(scalar), 0);
    ck_assert_ok(effnn_tensor_view_reshape(&view, scalar, 3, (const int64_t[]){ 1, -1, 1 }));
    ck_assert_tensor_dims(view, 1, 1, 1);
    effnn_tensor_release(scalar);
    effnn_tensor_release(one);
}
END_TEST

START_TEST(a_strided_reshape_shares_where_the_strides_allow_it)
{
    effnn_tensor *moved = NULL;

    ck_assert_ok(effnn_tensor_view_permute(&moved, tensor, (const size_t[]){ 2, 0, 1 }));
    ck_assert_ok(effnn_tensor_view_reshape(&view, moved, 2, (const int64_t[]){ 4, 6 }));
    ck_assert(effnn__tensor_shares_storage(view, tensor)); /* 2 × 3 lie evenly, 4 apart */
    ck_assert_int_eq(effnn_tensor_strides(view)[1], 4);
    ck_assert_tensor_at(view, 21, 1, 5);
    effnn_tensor_release(moved);
}
END_TEST

START_TEST(a_strided_reshape_copies_where_they_do_not)
{
    effnn_tensor *moved = NULL;

    ck_assert_ok(effnn_tensor_view_permute(&moved, tensor, (const size_t[]){ 2, 0, 1 }));
    ck_assert_ok(effnn_tensor_view_reshape(&view, moved, 2, (const int64_t[]){ 8, 3 }));
    ck_assert_ok(effnn_tensor_set_f64(view, (const int64_t[]){ 3, 1 }, 99));
    ck_assert(effnn_tensor_is_contiguous(view));
    ck_assert_tensor_at(view, 99, 3, 1);
    effnn_tensor_release(view);
    ck_assert_ok(effnn_tensor_view_reshape(&view, moved, 1, (const int64_t[]){ 24 }));
    ck_assert_tensor_at(view, 4, 1);
    ck_assert_tensor_at(view, 23, 23);
    effnn_tensor_release(moved);
}
END_TEST

START_TEST(a_permutation_reorders_sizes_and_strides)
{
    ck_assert_ok(effnn_tensor_view_permute(&view, tensor, (const size_t[]){ 2, 0, 1 }));
    ck_assert_tensor_dims(view, 4, 2, 3);
    ck_assert(!effnn_tensor_is_contiguous(view));
    ck_assert(effnn__tensor_shares_storage(view, tensor));
    ck_assert_tensor_at(view, 12 + 4 + 3, 3, 1, 1);
}
END_TEST

START_TEST(axes_that_are_no_permutation_are_refused)
{
    ck_assert_fails(EFFNN_E_ARG,
                    effnn_tensor_view_permute(&view, tensor, (const size_t[]){ 0, 1, 1 }));
    ck_assert_fails(EFFNN_E_ARG,
                    effnn_tensor_view_permute(&view, tensor, (const size_t[]){ 0, 1, 3 }));
    ck_assert_fails(EFFNN_E_ARG, effnn_tensor_view_permute(&view, tensor, NULL));
    ck_assert_ptr_null(view);
}
END_TEST

START_TEST(a_slice_steps_forward_and_backward)
{
    effnn_tensor *backward = NULL;

    ck_assert_ok(effnn_tensor_view_slice(&view, tensor, 2, 1, 2, 2));
    ck_assert_tensor_dims(view, 2, 3, 2);
    ck_assert_tensor_at(view, 3, 0, 0, 1);
    ck_assert_ok(effnn_tensor_view_slice(&backward, view, 1, 2, 3, -1));
    ck_assert_tensor_at(backward, 9, 0, 0, 0);
    ck_assert_tensor_at(backward, 1, 0, 2, 0);
    ck_assert_int_eq(effnn_tensor_strides(backward)[1], -4);
    effnn_tensor_release(backward);
}
END_TEST

START_TEST(a_slice_of_whole_rows_is_contiguous)
{
    ck_assert_ok(effnn_tensor_view_slice(&view, tensor, 0, 1, 1, 1));
    ck_assert(effnn_tensor_is_contiguous(view));
    ck_assert_tensor_at(view, 12, 0, 0, 0);
}
END_TEST

START_TEST(a_slice_that_leaves_its_axis_is_refused)
{
    static const int64_t cases[][3] = {
        /* start, count, step of axis 2, size 4 */
        { 4, 1, 1 },         { -1, 1, 1 },        { 0, 5, 1 },         { 1, 2, 3 },  { 1, 3, -1 },
        { 0, 2, INT64_MIN }, { 0, 2, INT64_MAX }, { 3, INT64_MAX, 1 }, { 0, -1, 1 }, { 0, 2, 0 }
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_fails(EFFNN_E_ARG, effnn_tensor_view_slice(&view, tensor, 2, cases[i][0],
                                                             cases[i][1], cases[i][2]));
    ck_assert_fails_saying(EFFNN_E_ARG, "axis 3 of rank 3",
                           effnn_tensor_view_slice(&view, tensor, 3, 0, 1, 1));
    ck_assert_ptr_null(view);
}
END_TEST

START_TEST(an_empty_slice_may_start_anywhere)
{
    ck_assert_ok(effnn_tensor_view_slice(&view, tensor, 2, 4, 0, 1));
    ck_assert_tensor_dims(view, 2, 3, 0);
    effnn_tensor_release(view);
    ck_assert_ok(effnn_tensor_view_slice(&view, tensor, 0, -100, 0, -7));
    ck_assert_uint_eq(effnn_tensor_count(view), 0);
}
END_TEST

START_TEST(packed_types_have_row_major_views_only)
{
    effnn_tensor *packed = test_tensor_random(NULL, EFFNN_I4, 2, (const int64_t[]){ 4, 3 }, 1);

    ck_assert_fails_saying(EFFNN_E_UNSUPPORTED, "i4",
                           effnn_tensor_view_permute(&view, packed, (const size_t[]){ 1, 0 }));
    ck_assert_fails(EFFNN_E_UNSUPPORTED, effnn_tensor_view_slice(&view, packed, 0, 0, 1, 1));
    ck_assert_fails(EFFNN_E_UNSUPPORTED, effnn__tensor_rows(&view, packed, 1, 2));
    ck_assert_ok(effnn__tensor_rows(&view, packed, 2, 2));
    for (size_t i = 0; i < 6; i++)
        ck_assert_int_eq(effnn__tensor_load_i64(view, i), effnn__tensor_load_i64(packed, 6 + i));
    effnn_tensor_release(view);
    ck_assert_ok(effnn_tensor_view_reshape(&view, packed, 1, (const int64_t[]){ -1 }));
    ck_assert_int_eq(effnn__tensor_load_i64(view, 11), effnn__tensor_load_i64(packed, 11));
    effnn_tensor_release(packed);
}
END_TEST

START_TEST(rows_are_a_view_of_the_first_dimension)
{
    ck_assert_ok(effnn__tensor_rows(&view, tensor, 1, 1));
    ck_assert_tensor_dims(view, 1, 3, 4);
    ck_assert_tensor_at(view, 12, 0, 0, 0);
    ck_assert(effnn__tensor_shares_storage(view, tensor));
    effnn_tensor_release(view);
    ck_assert_ok(effnn__tensor_rows(&view, tensor, 2, 0));
    ck_assert_uint_eq(effnn_tensor_count(view), 0);
}
END_TEST

START_TEST(rows_outside_are_refused)
{
    effnn_tensor *moved = NULL;

    ck_assert_fails(EFFNN_E_ARG, effnn__tensor_rows(&view, tensor, 1, 2));
    ck_assert_fails(EFFNN_E_ARG, effnn__tensor_rows(&view, tensor, -1, 1));
    ck_assert_fails(EFFNN_E_ARG, effnn__tensor_rows(&view, tensor, 0, -1));
    ck_assert_ok(effnn_tensor_view_permute(&moved, tensor, (const size_t[]){ 1, 0, 2 }));
    ck_assert_fails(EFFNN_E_ARG, effnn__tensor_rows(&view, moved, 0, 1));
    effnn_tensor_release(moved);
    ck_assert_ptr_null(view);
}
END_TEST

START_TEST(a_view_outlives_its_source)
{
    ck_assert_ok(effnn_tensor_view_slice(&view, tensor, 0, 1, 1, 1));
    effnn_tensor_release(tensor);
    tensor = NULL;
    ck_assert_tensor_at(view, 23, 0, 2, 3);
}
END_TEST

START_TEST(every_failing_allocation_is_reported)
{
    effnn_tensor *moved = NULL;
    const int64_t flat[] = { 24 };
    const size_t axes[] = { 2, 1, 0 };

    ALLOC_FAIL_LOOP(effnn_tensor_view_permute(&moved, tensor, axes), ck_assert_ptr_null(moved));
    ALLOC_FAIL_LOOP(effnn_tensor_view_reshape(&view, moved, 1, flat), /* one that must copy */
                    ck_assert_ptr_null(view));
    effnn_tensor_release(view);
    view = NULL;
    ALLOC_FAIL_LOOP(effnn_tensor_view_slice(&view, tensor, 0, 0, 1, 1), ck_assert_ptr_null(view));
    effnn_tensor_release(moved);
}
END_TEST

/* The oracle: sizes of a view and, in row-major order, the source element of each of its own. */
#define MOST_ELEMENTS 360

typedef struct oracle {
    size_t rank, count;
    int64_t dims[EFFNN_MAX_RANK];
    int source[MOST_ELEMENTS];
} oracle;

static effnn__rng rng;
static uint64_t n_drawn;

static int64_t draw(int64_t bound)
{
    return (int64_t)effnn__rng_below(&rng, n_drawn++, (uint64_t)bound);
}

static void split(int64_t *index, const oracle *self, size_t i)
{
    for (size_t axis = self->rank; axis-- > 0;) {
        index[axis] = (int64_t)(i % (size_t)self->dims[axis]);
        i /= (size_t)self->dims[axis];
    }
}

static size_t join(const int64_t *index, const oracle *self)
{
    size_t i = 0;

    for (size_t axis = 0; axis < self->rank; axis++)
        i = i * (size_t)self->dims[axis] + (size_t)index[axis];
    return i;
}

static effnn_tensor *step_permute(oracle *self, effnn_tensor *from)
{
    size_t axes[EFFNN_MAX_RANK] = { 0 };
    effnn_tensor *to = NULL;
    oracle next = *self;

    for (size_t i = 0; i < self->rank; i++) { /* inside-out shuffle */
        const size_t j = (size_t)draw((int64_t)i + 1);

        axes[i] = axes[j];
        axes[j] = i;
    }
    for (size_t i = 0; i < self->rank; i++) next.dims[i] = self->dims[axes[i]];
    for (size_t i = 0; i < self->count; i++) {
        int64_t index[EFFNN_MAX_RANK], old[EFFNN_MAX_RANK];

        split(index, &next, i);
        for (size_t axis = 0; axis < self->rank; axis++) old[axes[axis]] = index[axis];
        next.source[i] = self->source[join(old, self)];
    }
    ck_assert_ok(effnn_tensor_view_permute(&to, from, axes));
    *self = next;
    return to;
}

static effnn_tensor *step_slice(oracle *self, effnn_tensor *from)
{
    const size_t axis = (size_t)draw((int64_t)self->rank);
    const int64_t size = self->dims[axis], start = draw(size);
    const int64_t step = draw(2) ? 1 + draw(3) : -1 - draw(3);
    const int64_t room = step > 0 ? (size - 1 - start) / step : start / -step;
    const int64_t count = room + 1 - draw(draw(4) ? 1 : room + 1); /* mostly all there is */
    effnn_tensor *to = NULL;
    oracle next = *self;

    next.dims[axis] = count;
    next.count = self->count / (size_t)size * (size_t)count;
    for (size_t i = 0; i < next.count; i++) {
        int64_t index[EFFNN_MAX_RANK];

        split(index, &next, i);
        index[axis] = start + index[axis] * step;
        next.source[i] = self->source[join(index, self)];
    }
    ck_assert_ok(effnn_tensor_view_slice(&to, from, axis, start, count, step));
    *self = next;
    return to;
}

/* Split one size in two factors or merge two neighbours, so that some views share and some copy. */
static effnn_tensor *step_reshape(oracle *self, effnn_tensor *from)
{
    const size_t axis = (size_t)draw((int64_t)self->rank);
    effnn_tensor *to = NULL;

    if (axis + 1 < self->rank && draw(2)) {
        self->dims[axis] *= self->dims[axis + 1];
        for (size_t i = axis + 1; i + 1 < self->rank; i++) self->dims[i] = self->dims[i + 1];
        self->rank--;
    } else if (self->rank < 6) {
        int64_t factor = 1 + draw(self->dims[axis]);

        while (self->dims[axis] % factor) factor--;
        for (size_t i = self->rank; i > axis; i--) self->dims[i] = self->dims[i - 1];
        self->dims[axis] /= factor;
        self->dims[axis + 1] = factor;
        self->rank++;
    }
    ck_assert_ok(effnn_tensor_view_reshape(&to, from, self->rank, self->dims));
    return to;
}

static void check_against(const oracle *self, const effnn_tensor *have)
{
    const float *data;
    effnn_tensor *copy = NULL;
    bool contiguous = true;

    ck_assert_uint_eq(effnn_tensor_rank(have), self->rank);
    ck_assert_mem_eq(effnn_tensor_dims(have), self->dims, self->rank * sizeof self->dims[0]);
    ck_assert_ok(effnn_tensor_copy(&copy, have));
    data = effnn_tensor_data(copy);
    for (size_t i = 0; i < self->count; i++) {
        int64_t index[EFFNN_MAX_RANK];
        double value = -1;

        split(index, self, i);
        if (effnn_tensor_get_f64(&value, have, index) != EFFNN_OK || value != self->source[i] ||
            effnn__tensor_load_f64(have, i) != value || (double)data[i] != value)
            ck_abort_msg("element %zu is %g, in order %g, in a copy %g; expected %d", i, value,
                         effnn__tensor_load_f64(have, i), (double)data[i], self->source[i]);
    }
    effnn_tensor_release(copy);
    for (size_t i = 0; i < self->count; i++) { /* what the flag claims, element by element */
        int64_t index[EFFNN_MAX_RANK], offset = 0;

        split(index, self, i);
        for (size_t axis = 0; axis < self->rank; axis++)
            offset += index[axis] * effnn_tensor_strides(have)[axis];
        contiguous = contiguous && offset == (int64_t)i;
    }
    ck_assert_int_eq(effnn_tensor_is_contiguous(have), contiguous);
}

/* Writing to the last view of a chain reaches it and nothing else. */
static void check_write(oracle *self, effnn_tensor *last, const effnn_tensor *first)
{
    void *data = NULL;

    ck_assert_ok(effnn_tensor_data_mut(&data, last));
    check_against(self, last);
    int64_t index[EFFNN_MAX_RANK];
    const size_t at = (size_t)draw((int64_t)self->count);

    split(index, self, at);
    ck_assert_ok(effnn_tensor_set_f64(last, index, 1000));
    self->source[at] = 1000;
    check_against(self, last);
    for (size_t i = 0; i < effnn_tensor_count(first); i++)
        if (effnn__tensor_load_f64(first, i) != (double)i)
            ck_abort_msg("element %zu of the source has changed", i);
}

START_TEST(random_chains_of_views_show_the_elements_an_oracle_says)
{
    for (uint64_t seed = 0; seed < 300; seed++) {
        oracle expected = { .rank = 4, .count = 360, .dims = { 5, 4, 3, 6 } };
        effnn_tensor *first = test_tensor_iota(5, 4, 3, 6), *last = NULL;

        rng = (effnn__rng){ .seed = seed, .stream = effnn__rng_stream("views", 0) };
        n_drawn = 0;
        for (int i = 0; i < 360; i++) expected.source[i] = i;
        ck_assert_ok(effnn__tensor_share(&last, first));
        for (int step = 0; step < 6; step++) {
            const int64_t kind = draw(3);
            effnn_tensor *next = kind == 0   ? step_permute(&expected, last)
                                 : kind == 1 ? step_slice(&expected, last)
                                             : step_reshape(&expected, last);

            effnn_tensor_release(last);
            last = next;
            check_against(&expected, last);
        }
        check_write(&expected, last, first);
        effnn_tensor_release(last);
        effnn_tensor_release(first);
    }
}
END_TEST

SUITE("tensor_view", setup, teardown, a_reshape_of_row_major_elements_shares_them,
      one_size_of_a_reshape_may_be_left_open, a_reshape_that_does_not_fit_names_both_shapes,
      an_empty_tensor_takes_any_empty_shape, a_scalar_reshapes_to_sizes_of_1_and_back,
      a_strided_reshape_shares_where_the_strides_allow_it,
      a_strided_reshape_copies_where_they_do_not, a_permutation_reorders_sizes_and_strides,
      axes_that_are_no_permutation_are_refused, a_slice_steps_forward_and_backward,
      a_slice_of_whole_rows_is_contiguous, a_slice_that_leaves_its_axis_is_refused,
      an_empty_slice_may_start_anywhere, packed_types_have_row_major_views_only,
      rows_are_a_view_of_the_first_dimension, rows_outside_are_refused, a_view_outlives_its_source,
      every_failing_allocation_is_reported, random_chains_of_views_show_the_elements_an_oracle_says)
