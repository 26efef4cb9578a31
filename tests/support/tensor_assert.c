/* SPDX-License-Identifier: BSD-3-Clause */
/* Tensors for tests and comparisons of them. A failure names both expressions, the first differing
 * index, both values, and how many elements differ in all. */

#include "support/tensor_assert.h"
#include "base/rng.h"
#include "tensor/dtype.h"
#include "tensor/shape.h"
#include "tensor/tensor.h"

#include <math.h>
#include <stdio.h>

effnn_tensor *test_tensor_zeros(effnn_dtype dtype, size_t rank, const int64_t *dims)
{
    effnn_tensor *tensor = NULL;

    ck_assert_ok(effnn_tensor_create(&tensor, NULL, dtype, rank, dims));
    return tensor;
}

static effnn_tensor *filled(effnn_dtype dtype, size_t rank, const int64_t *dims, const void *values)
{
    effnn_tensor *tensor = test_tensor_zeros(dtype, rank, dims);

    if (effnn_tensor_count(tensor))
        memcpy(effnn__tensor_data(tensor), values, effnn_tensor_bytes(tensor));
    return tensor;
}

effnn_tensor *test_tensor_f32(size_t rank, const int64_t *dims, const float *values)
{
    return filled(EFFNN_F32, rank, dims, values);
}

effnn_tensor *test_tensor_f64(size_t rank, const int64_t *dims, const double *values)
{
    return filled(EFFNN_F64, rank, dims, values);
}

effnn_tensor *test_tensor_i64(size_t rank, const int64_t *dims, const int64_t *values)
{
    return filled(EFFNN_I64, rank, dims, values);
}

effnn_tensor *test_tensor_iota_of(size_t rank, const int64_t *dims)
{
    effnn_tensor *tensor = test_tensor_zeros(EFFNN_F32, rank, dims);
    float *data = effnn__tensor_data(tensor);

    for (size_t i = 0; i < effnn_tensor_count(tensor); i++) data[i] = (float)i;
    return tensor;
}

effnn_tensor *test_tensor_random(effnn_context *context, effnn_dtype dtype, size_t rank,
                                 const int64_t *dims, uint64_t seed)
{
    const effnn__rng rng = { .seed = seed, .stream = effnn__rng_stream("test tensor", 0) };
    const effnn__dtype_row *row = effnn__dtype_row_of(dtype);
    effnn_tensor *tensor = NULL;

    ck_assert_ok(effnn_tensor_create(&tensor, context, dtype, rank, dims));
    void *data = effnn__tensor_data(tensor);
    for (size_t i = 0; i < effnn_tensor_count(tensor); i++) {
        if (row->kind == EFFNN__KIND_FLOAT)
            row->store_f64(data, i, effnn__rng_normal(&rng, i));
        else if (row->kind == EFFNN__KIND_BOOL)
            row->store_i64(data, i, (int64_t)effnn__rng_below(&rng, i, 2));
        else if (row->kind == EFFNN__KIND_UNSIGNED)
            row->store_i64(data, i, (int64_t)effnn__rng_below(&rng, i, row->bits < 8 ? 16 : 101));
        else if (row->bits < 8)
            row->store_i64(data, i, (int64_t)effnn__rng_below(&rng, i, 16) - 8);
        else
            row->store_i64(data, i, (int64_t)effnn__rng_below(&rng, i, 201) - 100);
    }
    return tensor;
}

effnn_tensor *test_tensor_golden(const char *name)
{
    effnn_tensor *tensor = NULL;
    char path[512];

    snprintf(path, sizeof path, "%s/%s", EFFNN_GOLDEN_DIR, name);
    ck_assert_ok(effnn_tensor_read_npy(&tensor, NULL, path));
    return tensor;
}

/* "[1, 2]" of element i in row-major order. */
static const char *index_text(char *text, size_t size, const effnn_tensor *tensor, size_t i)
{
    const size_t rank = effnn_tensor_rank(tensor);
    const int64_t *dims = effnn_tensor_dims(tensor);
    int64_t index[EFFNN_MAX_RANK];

    for (size_t axis = rank; axis-- > 0;) {
        index[axis] = (int64_t)(i % (size_t)dims[axis]);
        i /= (size_t)dims[axis];
    }
    return effnn__shape_print(text, size, rank, index);
}

static void assert_same_shape(const char *file, int line, const char *a_name, const effnn_tensor *a,
                              const char *b_name, const effnn_tensor *b)
{
    const effnn__shape a_shape = effnn__tensor_shape(a), b_shape = effnn__tensor_shape(b);
    char a_text[EFFNN__SHAPE_TEXT], b_text[EFFNN__SHAPE_TEXT];

    ck_assert_msg(effnn__shape_equal(&a_shape, &b_shape), "%s:%d: %s has shape %s, %s has %s", file,
                  line, a_name,
                  effnn__shape_print(a_text, sizeof a_text, a_shape.rank, a_shape.dims), b_name,
                  effnn__shape_print(b_text, sizeof b_text, b_shape.rank, b_shape.dims));
}

/* Fail if any element differs: the first at `first`, `n` in all. */
static void assert_no_difference(const char *file, int line, const char *a_name,
                                 const effnn_tensor *a, const char *b_name, const effnn_tensor *b,
                                 size_t first, size_t n)
{
    char text[EFFNN__SHAPE_TEXT];

    if (n == 0) return;
    ck_abort_msg("%s:%d: at %s %s is %.17g and %s is %.17g; %zu of %zu elements differ", file, line,
                 index_text(text, sizeof text, a, first), a_name, effnn__tensor_load_f64(a, first),
                 b_name, effnn__tensor_load_f64(b, first), n, effnn_tensor_count(a));
}

void test_assert_tensor_at(const char *file, int line, const char *name, const effnn_tensor *tensor,
                           double value, size_t rank, const int64_t *index)
{
    char text[EFFNN__SHAPE_TEXT];
    double have = 0;

    effnn__shape_print(text, sizeof text, rank, index);
    ck_assert_msg(rank == effnn_tensor_rank(tensor), "%s:%d: index %s for rank %zu of %s", file,
                  line, text, effnn_tensor_rank(tensor), name);
    ck_assert_ok(effnn_tensor_get_f64(&have, tensor, index));
    ck_assert_msg(have == value, "%s:%d: %s at %s is %.17g, expected %.17g", file, line, name, text,
                  have, value);
}

void test_assert_tensor_dims(const char *file, int line, const char *name,
                             const effnn_tensor *tensor, size_t rank, const int64_t *dims)
{
    const effnn__shape shape = effnn__tensor_shape(tensor);
    char have[EFFNN__SHAPE_TEXT], want[EFFNN__SHAPE_TEXT];

    ck_assert_msg(shape.rank == rank && memcmp(shape.dims, dims, rank * sizeof *dims) == 0,
                  "%s:%d: %s has shape %s, expected %s", file, line, name,
                  effnn__shape_print(have, sizeof have, shape.rank, shape.dims),
                  effnn__shape_print(want, sizeof want, rank, dims));
}

/* True if element i has the same bits in both (dtypes are equal). */
static bool same_bits(const effnn_tensor *a, const effnn_tensor *b, size_t i)
{
    if (!effnn__dtype_is_float(effnn_tensor_dtype(a)))
        return effnn__tensor_load_i64(a, i) == effnn__tensor_load_i64(b, i);

    const double x = effnn__tensor_load_f64(a, i), y = effnn__tensor_load_f64(b, i);

    return memcmp(&x, &y, sizeof x) == 0;
}

void test_assert_tensor_equal(const char *file, int line, const char *a_name, const effnn_tensor *a,
                              const char *b_name, const effnn_tensor *b)
{
    size_t first = 0, n = 0;

    ck_assert_msg(effnn_tensor_dtype(a) == effnn_tensor_dtype(b), "%s:%d: %s is %s, %s is %s", file,
                  line, a_name, effnn_dtype_name(effnn_tensor_dtype(a)), b_name,
                  effnn_dtype_name(effnn_tensor_dtype(b)));
    assert_same_shape(file, line, a_name, a, b_name, b);
    for (size_t i = 0; i < effnn_tensor_count(a); i++)
        if (!same_bits(a, b, i) && n++ == 0) first = i;
    assert_no_difference(file, line, a_name, a, b_name, b, first, n);
}

void test_assert_tensor_near(const char *file, int line, const char *a_name, const effnn_tensor *a,
                             const char *b_name, const effnn_tensor *b, double rtol, double atol)
{
    size_t first = 0, n = 0;

    assert_same_shape(file, line, a_name, a, b_name, b);
    for (size_t i = 0; i < effnn_tensor_count(a); i++) {
        const double x = effnn__tensor_load_f64(a, i), y = effnn__tensor_load_f64(b, i);
        const bool near = x == y || (isnan(x) && isnan(y)) ||
                          (isfinite(y) && fabs(x - y) <= atol + rtol * fabs(y));

        if (!near && n++ == 0) first = i;
    }
    assert_no_difference(file, line, a_name, a, b_name, b, first, n);
}
