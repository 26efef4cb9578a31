/* SPDX-License-Identifier: BSD-3-Clause */
/* Element-wise operators at the ends of the types' ranges, over tensors of many pieces, and where
 * they fail only when run. */

#include "ops/op_elementwise.h"

#include "ops/op_run.h"
#include "support/suite.h"
#include "support/tensor_assert.h"
#include "tensor/tensor.h"

#include <math.h>

static effnn_tensor *u64_pair(uint64_t a, uint64_t b)
{
    effnn_tensor *tensor = test_tensor_zeros(EFFNN_U64, 1, (const int64_t[]){ 2 });
    void *data;

    ck_assert_ok(effnn_tensor_data_mut(&data, tensor));
    memcpy(data, (const uint64_t[]){ a, b }, 16);
    return tensor;
}

/* op(a, b) of two u64 numbers each. */
static void assert_u64(const char *op, uint64_t y0, uint64_t y1)
{
    effnn_tensor *a = u64_pair(UINT64_MAX, 5), *b = u64_pair(3, UINT64_MAX - 1), *y = NULL;
    uint64_t actual[2] = { 0, 0 };

    ck_assert_ok(effnn__op_run(NULL, effnn__op_find(op), NULL, op,
                               (const effnn_tensor *const[]){ a, b }, 2, &y, 1));
    if (effnn_tensor_dtype(y) == EFFNN_BOOL)
        for (size_t i = 0; i < 2; i++) actual[i] = (uint64_t)effnn__tensor_load_i64(y, i);
    else
        memcpy(actual, effnn_tensor_data(y), sizeof actual);
    ck_assert_msg(actual[0] == y0 && actual[1] == y1, "%s gives %llu, %llu", op,
                  (unsigned long long)actual[0], (unsigned long long)actual[1]);
    effnn_tensor_release(a);
    effnn_tensor_release(b);
    effnn_tensor_release(y);
}

START_TEST(u64_is_right_above_the_range_of_i64)
{
    assert_u64("add", 2, 3);
    assert_u64("sub", UINT64_MAX - 3, 7);
    assert_u64("mul", UINT64_MAX - 2, UINT64_MAX - 9);
    assert_u64("div", 6148914691236517205u, 0);
    assert_u64("max", UINT64_MAX, UINT64_MAX - 1);
    assert_u64("min", 3, 5);
    assert_u64("greater", 1, 0);
    assert_u64("less_or_equal", 0, 1);
    assert_u64("equal", 0, 0);
}
END_TEST

/* A value stored in each integer type and read back. */
START_TEST(stores_wrap_to_the_width_of_the_type)
{
    static const struct {
        effnn_dtype dtype;
        int64_t value, expected;
    } cases[] = {
        { EFFNN_I8, 200, -56 },
        { EFFNN_U8, -1, 255 },
        { EFFNN_I16, 32768, -32768 },
        { EFFNN_U16, 65536, 0 },
        { EFFNN_I32, -2147483649, 2147483647 },
        { EFFNN_U32, -1, 4294967295 },
        { EFFNN_I64, INT64_MIN, INT64_MIN },
        { EFFNN_U64, -1, -1 },
        { EFFNN_BOOL, 256, 1 },
        { EFFNN_I4, 9, -7 },
        { EFFNN_U4, 17, 1 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const effnn__dtype_row *row = effnn__dtype_row_of(cases[i].dtype);
        unsigned char data[8] = { 0 };

        effnn__store_wrapped(row, data, 0, cases[i].value);
        ck_assert_msg(row->load_i64(data, 0) == cases[i].expected, "%s: %lld gives %lld", row->name,
                      (long long)cases[i].value, (long long)row->load_i64(data, 0));
    }
}
END_TEST

START_TEST(truncated_stores_saturate_and_take_nan_as_0)
{
    const effnn__dtype_row *i8 = effnn__dtype_row_of(EFFNN_I8);
    const effnn__dtype_row *u64 = effnn__dtype_row_of(EFFNN_U64);
    signed char small = 1;
    uint64_t large = 1;

    effnn__store_truncated(i8, &small, 0, -1.9);
    ck_assert_int_eq(small, -1);
    effnn__store_truncated(i8, &small, 0, 1e9);
    ck_assert_int_eq(small, 127);
    effnn__store_truncated(i8, &small, 0, NAN);
    ck_assert_int_eq(small, 0);
    effnn__store_truncated(u64, &large, 0, 1e19);
    ck_assert(large == 10000000000000000000u);
    effnn__store_truncated(u64, &large, 0, -1.0);
    ck_assert(large == 0);
}
END_TEST

/* y[i, j] = a[i, j] + b[j] + c[i, 1] over enough elements for many pieces. */
START_TEST(long_broadcasts_agree_with_a_plain_loop)
{
    enum { ROWS = 301, COLUMNS = 777 };
    const int64_t dims[] = { ROWS, COLUMNS };
    effnn_tensor *a = test_tensor_random(NULL, EFFNN_F32, 2, dims, 1);
    effnn_tensor *row = test_tensor_random(NULL, EFFNN_F32, 1, dims + 1, 2);
    effnn_tensor *column = test_tensor_random(NULL, EFFNN_F32, 2, (const int64_t[]){ ROWS, 1 }, 3);
    effnn_tensor *sum = NULL, *y = NULL;
    const effnn_op_def *add = effnn__op_find("add");

    ck_assert_ok(
        effnn__op_run(NULL, add, NULL, "a", (const effnn_tensor *const[]){ a, row }, 2, &sum, 1));
    ck_assert_ok(effnn__op_run(NULL, add, NULL, "b", (const effnn_tensor *const[]){ column, sum },
                               2, &y, 1));
    const float *pa = effnn_tensor_data(a), *pr = effnn_tensor_data(row);
    const float *pc = effnn_tensor_data(column), *py = effnn_tensor_data(y);
    for (size_t i = 0; i < ROWS; i++)
        for (size_t j = 0; j < COLUMNS; j++) {
            const float expected = pc[i] + (pa[i * COLUMNS + j] + pr[j]);

            ck_assert_msg(py[i * COLUMNS + j] == expected, "[%zu, %zu]", i, j);
        }
    effnn_tensor_release(a);
    effnn_tensor_release(row);
    effnn_tensor_release(column);
    effnn_tensor_release(sum);
    effnn_tensor_release(y);
}
END_TEST

START_TEST(an_integer_divisor_of_0_is_refused_when_run)
{
    effnn_tensor *a = test_tensor_i64(1, (const int64_t[]){ 2 }, (const int64_t[]){ 7, 8 });
    effnn_tensor *b = test_tensor_i64(1, (const int64_t[]){ 2 }, (const int64_t[]){ 1, 0 });
    effnn_tensor *y = NULL;

    ck_assert_fails_saying(EFFNN_E_NUMERIC, "div 'd': divisor 1 is 0",
                           effnn__op_run(NULL, effnn__op_find("div"), NULL, "d",
                                         (const effnn_tensor *const[]){ a, b }, 2, &y, 1));
    ck_assert_ptr_null(y);
    effnn_tensor_release(a);
    effnn_tensor_release(b);
}
END_TEST

START_TEST(the_quotient_that_overflows_wraps)
{
    effnn_tensor *a = test_tensor_i64(0, NULL, (const int64_t[]){ INT64_MIN });
    effnn_tensor *b = test_tensor_i64(0, NULL, (const int64_t[]){ -1 }), *y = NULL;

    ck_assert_ok(effnn__op_run(NULL, effnn__op_find("div"), NULL, "d",
                               (const effnn_tensor *const[]){ a, b }, 2, &y, 1));
    ck_assert(effnn__tensor_load_i64(y, 0) == INT64_MIN);
    effnn_tensor_release(a);
    effnn_tensor_release(b);
    effnn_tensor_release(y);
}
END_TEST

SUITE("op_elementwise", NULL, NULL, u64_is_right_above_the_range_of_i64,
      stores_wrap_to_the_width_of_the_type, truncated_stores_saturate_and_take_nan_as_0,
      long_broadcasts_agree_with_a_plain_loop, an_integer_divisor_of_0_is_refused_when_run,
      the_quotient_that_overflows_wraps)
