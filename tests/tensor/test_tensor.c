/* SPDX-License-Identifier: BSD-3-Clause */
/* Life of a tensor: creation and its refusals, wrapped memory, references, shares, placed headers.
 */

#include "base/alloc.h"
#include "support/alloc_fail.h"
#include "support/suite.h"
#include "support/tensor_assert.h"
#include "tensor/tensor.h"

static int n_released;

static void count_release(void *user, void *data)
{
    (void)data;
    ++*(int *)user;
}

START_TEST(a_tensor_is_made_of_zeros_in_row_major_order)
{
    effnn_tensor *tensor = NULL;

    ck_assert_ok(effnn_tensor_create(&tensor, NULL, EFFNN_F64, 3, (const int64_t[]){ 2, 3, 4 }));
    ck_assert_int_eq(effnn_tensor_dtype(tensor), EFFNN_F64);
    ck_assert_tensor_dims(tensor, 2, 3, 4);
    ck_assert_int_eq(effnn_tensor_strides(tensor)[0], 12);
    ck_assert_int_eq(effnn_tensor_strides(tensor)[2], 1);
    ck_assert_uint_eq(effnn_tensor_count(tensor), 24);
    ck_assert_uint_eq(effnn_tensor_bytes(tensor), 192);
    ck_assert(effnn_tensor_is_contiguous(tensor));
    ck_assert_uint_eq((uintptr_t)effnn_tensor_data(tensor) % 64, 0);
    for (size_t i = 0; i < 24; i++) ck_assert(effnn__tensor_load_f64(tensor, i) == 0);
    effnn_tensor_release(tensor);
}
END_TEST

START_TEST(a_scalar_has_rank_0_and_one_element)
{
    effnn_tensor *tensor = NULL;

    ck_assert_ok(effnn_tensor_create(&tensor, NULL, EFFNN_F32, 0, NULL));
    ck_assert_uint_eq(effnn_tensor_rank(tensor), 0);
    ck_assert_uint_eq(effnn_tensor_count(tensor), 1);
    ck_assert_ok(effnn_tensor_set_f64(tensor, NULL, 2.5));
    ck_assert(effnn__tensor_load_f64(tensor, 0) == 2.5);
    effnn_tensor_release(tensor);
}
END_TEST

START_TEST(an_empty_tensor_has_no_elements_and_is_contiguous)
{
    effnn_tensor *tensor = test_tensor_zeros(EFFNN_F32, 3, (const int64_t[]){ 2, 0, 3 });

    ck_assert_uint_eq(effnn_tensor_count(tensor), 0);
    ck_assert_uint_eq(effnn_tensor_bytes(tensor), 0);
    ck_assert(effnn_tensor_is_contiguous(tensor));
    effnn_tensor_release(tensor);
}
END_TEST

START_TEST(packed_types_take_half_a_byte)
{
    effnn_tensor *tensor = test_tensor_zeros(EFFNN_I4, 2, (const int64_t[]){ 3, 3 });

    ck_assert_uint_eq(effnn_tensor_count(tensor), 9);
    ck_assert_uint_eq(effnn_tensor_bytes(tensor), 5);
    effnn_tensor_release(tensor);
}
END_TEST

START_TEST(what_cannot_be_made_is_refused_and_the_output_untouched)
{
    const int64_t dims[9] = { 1, 1, 1, 1, 1, 1, 1, 1, 1 }, negative[] = { 2, -1 };
    const int64_t huge[] = { INT64_MAX / 2, 2 }, large[] = { INT64_MAX / 2 };
    effnn_tensor *tensor = NULL;

    ck_assert_fails(EFFNN_E_ARG, effnn_tensor_create(NULL, NULL, EFFNN_F32, 1, dims));
    ck_assert_fails_saying(EFFNN_E_ARG, "99",
                           effnn_tensor_create(&tensor, NULL, (effnn_dtype)99, 1, dims));
    ck_assert_fails_saying(EFFNN_E_ARG, "rank 9",
                           effnn_tensor_create(&tensor, NULL, EFFNN_F32, 9, dims));
    ck_assert_fails(EFFNN_E_ARG, effnn_tensor_create(&tensor, NULL, EFFNN_F32, 1, NULL));
    ck_assert_fails_saying(EFFNN_E_SHAPE, "[2, -1]",
                           effnn_tensor_create(&tensor, NULL, EFFNN_F32, 2, negative));
    ck_assert_fails(EFFNN_E_SHAPE, effnn_tensor_create(&tensor, NULL, EFFNN_F64, 2, huge));
    ck_assert_fails_saying(EFFNN_E_SHAPE, "f64",
                           effnn_tensor_create(&tensor, NULL, EFFNN_F64, 1, large));
    ck_assert_ptr_null(tensor);
}
END_TEST

/* An allocator of the caller's, that has this many bytes left. */
static size_t bytes_left;

static void *take_memory(void *user, size_t size, size_t alignment)
{
    ck_assert_ptr_eq(user, &bytes_left);
    ck_assert_uint_eq(alignment, 64);
    if (size > bytes_left) return NULL;
    bytes_left -= size;
    return aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

static void give_back(void *user, void *memory)
{
    ck_assert_ptr_eq(user, &bytes_left);
    free(memory);
    n_released++;
}

START_TEST(elements_lie_in_the_contexts_memory_and_a_lack_of_it_is_reported)
{
    effnn_context_options options = EFFNN_CONTEXT_OPTIONS_INIT;
    effnn_context *context = NULL;
    effnn_tensor *tensor = NULL, *copy = NULL;

    options.alloc = take_memory;
    options.free = give_back;
    options.alloc_user = &bytes_left;
    ck_assert_ok(effnn_context_create(&context, &options));
    bytes_left = 100;
    n_released = 0;
    ck_assert_ok(effnn_tensor_create(&tensor, context, EFFNN_F32, 1, (const int64_t[]){ 20 }));
    ck_assert_uint_le(bytes_left, 20);
    ck_assert_ptr_eq(effnn__tensor_context(tensor), context);
    effnn_context_destroy(context);
    ck_assert_fails_saying(EFFNN_E_NOMEM, "80 bytes", effnn_tensor_copy(&copy, tensor));
    ck_assert_ptr_null(copy);
    effnn_tensor_release(tensor);
    ck_assert_int_eq(n_released, 1);
}
END_TEST

START_TEST(wrapped_memory_is_used_in_place_and_released_once)
{
    float memory[6] = { 0, 1, 2, 3, 4, 5 };
    effnn_tensor *tensor = NULL;
    void *data = NULL;

    n_released = 0;
    ck_assert_ok(effnn_tensor_wrap(&tensor, NULL, memory, EFFNN_F32, 2, (const int64_t[]){ 2, 3 },
                                   count_release, &n_released));
    ck_assert_ptr_eq(effnn_tensor_data(tensor), memory);
    ck_assert_tensor_at(tensor, 5, 1, 2);
    ck_assert_ok(effnn_tensor_data_mut(&data, tensor));
    ck_assert_ptr_eq(data, memory);
    ck_assert_ptr_eq(effnn_tensor_retain(tensor), tensor);
    effnn_tensor_release(tensor);
    ck_assert_int_eq(n_released, 0);
    effnn_tensor_release(tensor);
    ck_assert_int_eq(n_released, 1);
}
END_TEST

START_TEST(a_refused_wrap_does_not_release)
{
    float memory[2] = { 0 };
    effnn_tensor *tensor = NULL;

    n_released = 0;
    ck_assert_fails_saying(EFFNN_E_ARG, "aligned",
                           effnn_tensor_wrap(&tensor, NULL, (char *)memory + 1, EFFNN_F32, 1,
                                             (const int64_t[]){ 1 }, count_release, &n_released));
    ck_assert_fails(EFFNN_E_ARG,
                    effnn_tensor_wrap(&tensor, NULL, NULL, EFFNN_F32, 1, (const int64_t[]){ 1 },
                                      count_release, &n_released));
    ck_assert_fails(EFFNN_E_SHAPE,
                    effnn_tensor_wrap(&tensor, NULL, memory, EFFNN_F32, 1, (const int64_t[]){ -1 },
                                      count_release, &n_released));
    ck_assert_int_eq(n_released, 0);
    ck_assert_ptr_null(tensor);
}
END_TEST

START_TEST(no_elements_may_be_wrapped_without_memory)
{
    effnn_tensor *tensor = NULL, *copy = NULL, *view = NULL;

    ck_assert_ok(effnn_tensor_wrap(&tensor, NULL, NULL, EFFNN_F32, 2, (const int64_t[]){ 0, 3 },
                                   NULL, NULL));
    ck_assert_ok(effnn_tensor_copy(&copy, tensor));
    ck_assert_ok(effnn_tensor_view_slice(&view, tensor, 1, 1, 2, 1));
    ck_assert_tensor_dims(view, 0, 2);
    effnn_tensor_release(view);
    effnn_tensor_release(copy);
    effnn_tensor_release(tensor);
}
END_TEST

START_TEST(a_share_is_an_object_of_its_own_over_the_same_elements)
{
    effnn_tensor *tensor = test_tensor_iota(2, 3), *share = NULL;

    ck_assert_ok(effnn__tensor_share(&share, tensor));
    ck_assert_ptr_ne(share, tensor);
    ck_assert(effnn__tensor_shares_storage(share, tensor));
    ck_assert_ptr_eq(effnn_tensor_data(share), effnn_tensor_data(tensor));
    ck_assert_ok(effnn_tensor_set_f64(tensor, (const int64_t[]){ 0, 0 }, 7));
    ck_assert(!effnn__tensor_shares_storage(share, tensor));
    ck_assert_tensor_at(share, 0, 0, 0);
    ck_assert_tensor_at(tensor, 7, 0, 0);
    effnn_tensor_release(tensor);
    effnn_tensor_release(share);
}
END_TEST

START_TEST(what_has_let_go_of_its_elements_keeps_dtype_and_shape)
{
    effnn_tensor *tensor = test_tensor_iota(2, 3), *turned = NULL, *share = NULL;

    ck_assert_ok(effnn_tensor_view_permute(&turned, tensor, (const size_t[]){ 1, 0 }));
    effnn__tensor_let_go(turned);
    ck_assert_ptr_null(effnn_tensor_data(turned));
    ck_assert_tensor_dims(turned, 3, 2);
    ck_assert(effnn_tensor_is_contiguous(turned));
    ck_assert_int_eq(effnn_tensor_dtype(turned), EFFNN_F32);
    ck_assert_tensor_at(tensor, 5, 1, 2);
    ck_assert_ok(effnn__tensor_share(&share, turned));
    ck_assert_ptr_null(effnn_tensor_data(share));
    effnn_tensor_release(share);
    effnn_tensor_release(turned);
    effnn_tensor_release(tensor);
}
END_TEST

static void count_idle(void *user, const void *data, size_t size)
{
    ck_assert_ptr_nonnull(data);
    *(size_t *)user += size;
}

static void count_released(void *user, void *data)
{
    ck_assert_ptr_nonnull(data);
    *(size_t *)user += 1000;
}

START_TEST(the_owner_of_wrapped_memory_is_told_when_it_is_not_needed_and_when_it_is_free)
{
    static const float values[] = { 1, 2, 3 };
    const effnn__shape shape = { .rank = 1, .dims = { 3 } };
    size_t told = 0;
    const struct effnn__memory_owner owner = { count_idle, count_released, &told };
    effnn_tensor *tensor = NULL, *share = NULL;

    ck_assert_ok(effnn__tensor_wrap_read_only(&tensor, NULL, values, EFFNN_F32, &shape, &owner));
    ck_assert_ok(effnn__tensor_share(&share, tensor));
    effnn__tensor_let_go(tensor);
    ck_assert_uint_eq(told, 12);
    effnn_tensor_release(share);
    ck_assert_uint_eq(told, 1012);
    effnn_tensor_release(tensor);
    ck_assert_uint_eq(told, 1012);
}
END_TEST

START_TEST(holders_of_one_object_see_its_writes)
{
    effnn_tensor *tensor = test_tensor_iota(2), *same = effnn_tensor_retain(tensor);
    const void *before = effnn_tensor_data(tensor);

    ck_assert_ok(effnn_tensor_set_f64(tensor, (const int64_t[]){ 1 }, 9));
    ck_assert_ptr_eq(effnn_tensor_data(same), before);
    ck_assert_tensor_at(same, 9, 1);
    effnn_tensor_release(same);
    effnn_tensor_release(tensor);
}
END_TEST

START_TEST(a_placed_header_allocates_nothing_and_is_written_in_place)
{
    void *place = malloc(effnn__tensor_size());
    float memory[6] = { 0 };
    const uint64_t before = effnn__alloc_count();
    effnn_tensor *tensor =
        effnn__tensor_place(place, memory, EFFNN_F32, 2, (const int64_t[]){ 2, 3 });
    void *data = NULL;

    ck_assert_ptr_eq(tensor, place);
    ck_assert_ptr_eq(effnn__tensor_data(tensor), memory);
    ck_assert_ok(effnn_tensor_data_mut(&data, tensor));
    ck_assert_ptr_eq(data, memory);
    ck_assert_ok(effnn_tensor_set_f64(tensor, (const int64_t[]){ 1, 2 }, 4));
    ck_assert(memory[5] == 4);
    effnn_tensor_release(effnn_tensor_retain(tensor));
    effnn_tensor_release(tensor);
    ck_assert_uint_eq(effnn__alloc_count(), before);
    free(place);
}
END_TEST

START_TEST(a_copy_of_a_placed_tensor_outlives_the_arena)
{
    void *place = malloc(effnn__tensor_size());
    float *memory = malloc(2 * sizeof *memory);
    effnn_tensor *copy = NULL;

    memory[0] = 1;
    memory[1] = 2;
    ck_assert_ok(effnn_tensor_copy(
        &copy, effnn__tensor_place(place, memory, EFFNN_F32, 1, (const int64_t[]){ 2 })));
    free(memory);
    free(place);
    ck_assert_tensor_at(copy, 2, 1);
    effnn_tensor_release(copy);
}
END_TEST

START_TEST(releasing_nothing_is_allowed)
{
    effnn_tensor_release(NULL);
    ck_assert_ptr_null(effnn_tensor_retain(NULL));
}
END_TEST

START_TEST(every_failing_allocation_is_reported)
{
    const int64_t dims[] = { 2 };
    effnn_tensor *tensor = NULL, *share = NULL;
    float memory[2] = { 0 };

    n_released = 0;
    ALLOC_FAIL_LOOP(effnn_tensor_create(&tensor, NULL, EFFNN_F32, 1, dims),
                    ck_assert_ptr_null(tensor));
    ALLOC_FAIL_LOOP(effnn__tensor_share(&share, tensor), ck_assert_ptr_null(share));
    effnn_tensor_release(share);
    effnn_tensor_release(tensor);
    tensor = NULL;
    ALLOC_FAIL_LOOP(
        effnn_tensor_wrap(&tensor, NULL, memory, EFFNN_F32, 1, dims, count_release, &n_released),
        ck_assert_int_eq(n_released, 0));
    effnn_tensor_release(tensor);
    ck_assert_int_eq(n_released, 1);
}
END_TEST

SUITE("tensor", NULL, NULL, a_tensor_is_made_of_zeros_in_row_major_order,
      a_scalar_has_rank_0_and_one_element, an_empty_tensor_has_no_elements_and_is_contiguous,
      packed_types_take_half_a_byte, what_cannot_be_made_is_refused_and_the_output_untouched,
      elements_lie_in_the_contexts_memory_and_a_lack_of_it_is_reported,
      wrapped_memory_is_used_in_place_and_released_once, a_refused_wrap_does_not_release,
      no_elements_may_be_wrapped_without_memory,
      a_share_is_an_object_of_its_own_over_the_same_elements,
      what_has_let_go_of_its_elements_keeps_dtype_and_shape,
      the_owner_of_wrapped_memory_is_told_when_it_is_not_needed_and_when_it_is_free,
      holders_of_one_object_see_its_writes,
      a_placed_header_allocates_nothing_and_is_written_in_place,
      a_copy_of_a_placed_tensor_outlives_the_arena, releasing_nothing_is_allowed,
      every_failing_allocation_is_reported)
