/* SPDX-License-Identifier: BSD-3-Clause */
/* Element types: what holds of every row, and the corners of storing (ties, saturation, packing).
 */

#include "support/suite.h"
#include "tensor/dtype.h"

#include <math.h>

#define N_DTYPES (EFFNN_U4 + 1)

static double stored_f64(effnn_dtype dtype, double value)
{
    const effnn__dtype_row *row = effnn__dtype_row_of(dtype);
    uint64_t memory = 0;

    row->store_f64(&memory, 0, value);
    return row->load_f64(&memory, 0);
}

static int64_t stored_i64(effnn_dtype dtype, int64_t value)
{
    const effnn__dtype_row *row = effnn__dtype_row_of(dtype);
    uint64_t memory = 0;

    row->store_i64(&memory, 0, value);
    return row->load_i64(&memory, 0);
}

START_TEST(every_type_is_found_by_its_name)
{
    for (int dtype = 0; dtype < N_DTYPES; dtype++) {
        const char *name = effnn_dtype_name((effnn_dtype)dtype);

        ck_assert_int_eq(effnn__dtype_find(name), dtype);
        ck_assert_uint_gt(effnn_dtype_bits((effnn_dtype)dtype), 0);
    }
    ck_assert_int_eq(effnn__dtype_find("float"), -1);
}
END_TEST

START_TEST(a_value_that_is_no_type_has_no_row)
{
    ck_assert_ptr_null(effnn__dtype_row_of((effnn_dtype)N_DTYPES));
    ck_assert_ptr_null(effnn__dtype_row_of((effnn_dtype)-1));
    ck_assert_str_eq(effnn_dtype_name((effnn_dtype)99), "unknown");
    ck_assert_uint_eq(effnn_dtype_bits((effnn_dtype)99), 0);
    ck_assert(!effnn__dtype_is_float((effnn_dtype)99));
    ck_assert(!effnn__dtype_is_integer((effnn_dtype)99));
}
END_TEST

START_TEST(names_and_widths_are_the_contracts)
{
    ck_assert_str_eq(effnn_dtype_name(EFFNN_BF16), "bf16");
    ck_assert_str_eq(effnn_dtype_name(EFFNN_BOOL), "bool");
    ck_assert_uint_eq(effnn_dtype_bits(EFFNN_I4), 4);
    ck_assert_uint_eq(effnn_dtype_bits(EFFNN_BOOL), 8);
    ck_assert_uint_eq(effnn_dtype_bits(EFFNN_F64), 64);
    ck_assert(effnn__dtype_is_integer(EFFNN_U4) && !effnn__dtype_is_integer(EFFNN_BOOL));
    ck_assert(effnn__dtype_is_float(EFFNN_F16) && !effnn__dtype_is_float(EFFNN_I8));
}
END_TEST

/* Small integers are exact in every type; the types differ in range only. */
START_TEST(small_integers_survive_in_every_type_by_both_ways)
{
    for (int dtype = 0; dtype < N_DTYPES; dtype++) {
        const effnn__dtype_row *row = effnn__dtype_row_of((effnn_dtype)dtype);
        const bool is_signed = row->kind == EFFNN__KIND_SIGNED || row->kind == EFFNN__KIND_FLOAT;
        const int highest = row->kind == EFFNN__KIND_BOOL ? 1 : 7;

        for (int value = is_signed ? -8 : 0; value <= highest; value++) {
            ck_assert(stored_f64((effnn_dtype)dtype, value) == value);
            ck_assert_int_eq(stored_i64((effnn_dtype)dtype, value), value);
        }
    }
}
END_TEST

START_TEST(elements_are_written_without_touching_their_neighbours)
{
    for (int dtype = 0; dtype < N_DTYPES; dtype++) {
        const effnn__dtype_row *row = effnn__dtype_row_of((effnn_dtype)dtype);
        unsigned char memory[8 * 8] = { 0 };

        for (size_t i = 0; i < 7; i++) row->store_i64(memory, i, 1);
        row->store_f64(memory, 3, 0);
        for (size_t i = 0; i < 7; i++) ck_assert_int_eq(row->load_i64(memory, i), i != 3);
    }
}
END_TEST

START_TEST(packed_elements_lie_first_in_the_low_half)
{
    const effnn__dtype_row *row = effnn__dtype_row_of(EFFNN_I4);
    unsigned char memory[2] = { 0, 0 };

    row->store_i64(memory, 0, 1);
    row->store_i64(memory, 1, -2);
    row->store_i64(memory, 2, 7);
    ck_assert_uint_eq(memory[0], 0xe1);
    ck_assert_uint_eq(memory[1], 0x07);
    ck_assert_int_eq(effnn__dtype_row_of(EFFNN_U4)->load_i64(memory, 1), 14);
}
END_TEST

START_TEST(doubles_round_to_nearest_even_and_saturate_in_integers)
{
    ck_assert(stored_f64(EFFNN_I8, 2.5) == 2);
    ck_assert(stored_f64(EFFNN_I8, -3.5) == -4);
    ck_assert(stored_f64(EFFNN_I8, 127.5) == 127);
    ck_assert(stored_f64(EFFNN_I8, -1000) == -128);
    ck_assert(stored_f64(EFFNN_U8, -0.7) == 0);
    ck_assert(stored_f64(EFFNN_U8, 255.4) == 255);
    ck_assert(stored_f64(EFFNN_I4, 9) == 7);
    ck_assert(stored_f64(EFFNN_I4, -9) == -8);
    ck_assert(stored_f64(EFFNN_U4, 15.5) == 15);
    ck_assert(stored_f64(EFFNN_I32, 4e9) == INT32_MAX);
    ck_assert(stored_f64(EFFNN_I16, -INFINITY) == INT16_MIN);
    ck_assert(stored_f64(EFFNN_I8, NAN) == 0);
    ck_assert(stored_f64(EFFNN_BOOL, 0.25) == 1);
}
END_TEST

START_TEST(the_ends_of_64_bits_are_exact)
{
    const effnn__dtype_row *u64 = effnn__dtype_row_of(EFFNN_U64);
    uint64_t memory = 0;

    u64->store_f64(&memory, 0, 1e30);
    ck_assert(memory == UINT64_MAX);
    u64->store_f64(&memory, 0, 0x1.8p63);
    ck_assert(memory == (uint64_t)3 << 62);
    u64->store_f64(&memory, 0, 0x1p53 + 2);
    ck_assert(memory == ((uint64_t)1 << 53) + 2);
    u64->store_i64(&memory, 0, -1);
    ck_assert(memory == 0);
    ck_assert_int_eq(stored_i64(EFFNN_I64, INT64_MIN), INT64_MIN);
    ck_assert_int_eq(stored_i64(EFFNN_I64, INT64_MAX), INT64_MAX);
    ck_assert(stored_f64(EFFNN_I64, 0x1p63) == 0x1p63);
    ck_assert_int_eq(stored_i64(EFFNN_U8, 300), 255);
    ck_assert_int_eq(stored_i64(EFFNN_I8, -300), -128);
    ck_assert_int_eq(stored_i64(EFFNN_U32, INT64_MAX), UINT32_MAX);
}
END_TEST

START_TEST(floats_load_as_integers_toward_zero_and_saturate)
{
    const double values[] = { 2.9, -2.9, 1e30, -1e30, NAN };
    const int64_t expected[] = { 2, -2, INT64_MAX, INT64_MIN, 0 };

    for (size_t i = 0; i < 5; i++) {
        const float narrow = (float)values[i];

        ck_assert_int_eq(effnn__dtype_row_of(EFFNN_F64)->load_i64(values, i), expected[i]);
        ck_assert_int_eq(effnn__dtype_row_of(EFFNN_F32)->load_i64(&narrow, 0), expected[i]);
    }
}
END_TEST

/* Integers just above the midpoint of two bf16 or f32 values, of which a double would make a tie.
 */
START_TEST(integers_become_floats_with_one_rounding)
{
    const int64_t value = ((int64_t)1 << 62) + ((int64_t)1 << 54) + 1;

    ck_assert(stored_f64(EFFNN_BF16, 0x1p62 + 0x1p54) == 0x1p62);
    ck_assert_int_eq(stored_i64(EFFNN_BF16, value), ((int64_t)1 << 62) + ((int64_t)1 << 55));
    ck_assert_int_eq(stored_i64(EFFNN_BF16, -value), -((int64_t)1 << 62) - ((int64_t)1 << 55));
    ck_assert_int_eq(stored_i64(EFFNN_F32, ((int64_t)1 << 62) + ((int64_t)1 << 38) + 1),
                     ((int64_t)1 << 62) + ((int64_t)1 << 39));
}
END_TEST

START_TEST(any_byte_but_zero_reads_as_true)
{
    const unsigned char bytes[] = { 0, 1, 2, 255 };
    const effnn__dtype_row *row = effnn__dtype_row_of(EFFNN_BOOL);

    for (size_t i = 0; i < 4; i++) {
        ck_assert_int_eq(row->load_i64(bytes, i), i > 0);
        ck_assert(row->load_f64(bytes, i) == (i > 0));
    }
}
END_TEST

START_TEST(bytes_round_up_for_packed_types_and_overflow_is_seen)
{
    size_t bytes = 9;

    ck_assert(effnn__dtype_bytes(EFFNN_I4, 5, &bytes) && bytes == 3);
    ck_assert(effnn__dtype_bytes(EFFNN_U4, 0, &bytes) && bytes == 0);
    ck_assert(effnn__dtype_bytes(EFFNN_F64, 5, &bytes) && bytes == 40);
    ck_assert(effnn__dtype_bytes(EFFNN_I4, PTRDIFF_MAX, &bytes));
    bytes = 9;
    ck_assert(!effnn__dtype_bytes(EFFNN_F32, PTRDIFF_MAX / 2, &bytes) && bytes == 9);
}
END_TEST

SUITE("dtype", NULL, NULL, every_type_is_found_by_its_name, a_value_that_is_no_type_has_no_row,
      names_and_widths_are_the_contracts, small_integers_survive_in_every_type_by_both_ways,
      elements_are_written_without_touching_their_neighbours,
      packed_elements_lie_first_in_the_low_half,
      doubles_round_to_nearest_even_and_saturate_in_integers, the_ends_of_64_bits_are_exact,
      floats_load_as_integers_toward_zero_and_saturate, integers_become_floats_with_one_rounding,
      any_byte_but_zero_reads_as_true, bytes_round_up_for_packed_types_and_overflow_is_seen)
