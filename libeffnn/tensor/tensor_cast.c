/* SPDX-License-Identifier: BSD-3-Clause */
/* Element type changes. A short table holds loops for the pairs that models meet (halves and
 * floats, bytes and indices to floats); every other pair goes element by element through the dtype
 * rows. Both give the same bits; a test holds one against the other. */

#include "num/half.h"
#include "num/round.h"
#include "tensor/tensor_priv.h"

typedef void (*cast_fn)(void *to, const void *from, size_t n);

static void f32_from_f16(void *to, const void *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ((float *)to)[i] = effnn__f32_from_f16(((const uint16_t *)from)[i]);
}

static void f16_from_f32(void *to, const void *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ((uint16_t *)to)[i] = effnn__f16_from_f32(((const float *)from)[i]);
}

static void f32_from_bf16(void *to, const void *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ((float *)to)[i] = effnn__f32_from_bf16(((const uint16_t *)from)[i]);
}

static void bf16_from_f32(void *to, const void *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ((uint16_t *)to)[i] = effnn__bf16_from_f32(((const float *)from)[i]);
}

static void f64_from_f32(void *to, const void *from, size_t n)
{
    for (size_t i = 0; i < n; i++) ((double *)to)[i] = (double)((const float *)from)[i];
}

static void f32_from_f64(void *to, const void *from, size_t n)
{
    for (size_t i = 0; i < n; i++) ((float *)to)[i] = (float)((const double *)from)[i];
}

static void f32_from_u8(void *to, const void *from, size_t n)
{
    for (size_t i = 0; i < n; i++) ((float *)to)[i] = (float)((const uint8_t *)from)[i];
}

static void f32_from_i8(void *to, const void *from, size_t n)
{
    for (size_t i = 0; i < n; i++) ((float *)to)[i] = (float)((const int8_t *)from)[i];
}

static void f32_from_i64(void *to, const void *from, size_t n)
{
    for (size_t i = 0; i < n; i++) ((float *)to)[i] = (float)((const int64_t *)from)[i];
}

static const struct {
    effnn_dtype to, from;
    cast_fn cast;
} fast_casts[] = {
    { EFFNN_F32, EFFNN_F16, f32_from_f16 },   { EFFNN_F16, EFFNN_F32, f16_from_f32 },
    { EFFNN_F32, EFFNN_BF16, f32_from_bf16 }, { EFFNN_BF16, EFFNN_F32, bf16_from_f32 },
    { EFFNN_F64, EFFNN_F32, f64_from_f32 },   { EFFNN_F32, EFFNN_F64, f32_from_f64 },
    { EFFNN_F32, EFFNN_U8, f32_from_u8 },     { EFFNN_F32, EFFNN_I8, f32_from_i8 },
    { EFFNN_F32, EFFNN_I64, f32_from_i64 },
};

static cast_fn find_fast_cast(effnn_dtype to, effnn_dtype from)
{
    for (size_t i = 0; i < sizeof fast_casts / sizeof fast_casts[0]; i++)
        if (fast_casts[i].to == to && fast_casts[i].from == from) return fast_casts[i].cast;
    return NULL;
}

static void cast_to_float(effnn_tensor *to, const effnn_tensor *from)
{
    const effnn__dtype_row *write = effnn__dtype_row_of(to->dtype);
    const effnn__dtype_row *read = effnn__dtype_row_of(from->dtype);
    /* 64-bit integers are rounded once only: to f64 by the load, else by store_i64. */
    const bool by_f64 = read->kind == EFFNN__KIND_FLOAT || to->dtype == EFFNN_F64;

    for (size_t i = 0; i < to->count; i++) {
        const int64_t value = by_f64 ? 0 : read->load_i64(from->data, i);

        if (by_f64)
            write->store_f64(to->data, i, read->load_f64(from->data, i));
        else if (value < 0 && read->kind == EFFNN__KIND_UNSIGNED) /* u64 that wrapped */
            write->store_f64(to->data, i, effnn__round_to_odd((uint64_t)value));
        else
            write->store_i64(to->data, i, value);
    }
}

/* Toward zero. */
static double truncate_f64(double value)
{
    if (value >= 0x1p53 || value <= -0x1p53) return value; /* an integer already */
    return (double)effnn__round_to_i64(value, EFFNN_ROUND_TOWARD_ZERO);
}

static effnn_status cast_float_to_integer(effnn_tensor *to, const effnn_tensor *from)
{
    const effnn__dtype_row *write = effnn__dtype_row_of(to->dtype);
    const effnn__dtype_row *read = effnn__dtype_row_of(from->dtype);

    for (size_t i = 0; i < to->count; i++) {
        const double value = read->load_f64(from->data, i);

        if (value != value)
            return effnn__fail(EFFNN_E_NUMERIC, "cast of %s to %s: element %zu of %zu is NaN",
                               read->name, write->name, i, to->count);
        write->store_f64(to->data, i, truncate_f64(value));
    }
    return EFFNN_OK;
}

static void cast_integers(effnn_tensor *to, const effnn_tensor *from)
{
    const effnn__dtype_row *write = effnn__dtype_row_of(to->dtype);
    const effnn__dtype_row *read = effnn__dtype_row_of(from->dtype);

    for (size_t i = 0; i < to->count; i++) {
        int64_t value = read->load_i64(from->data, i);

        if (value < 0 && read->kind == EFFNN__KIND_UNSIGNED) value = INT64_MAX; /* u64: saturates */
        write->store_i64(to->data, i, value);
    }
}

static void cast_to_bool(effnn_tensor *to, const effnn_tensor *from)
{
    const effnn__dtype_row *read = effnn__dtype_row_of(from->dtype);

    for (size_t i = 0; i < to->count; i++)
        ((uint8_t *)to->data)[i] = read->load_f64(from->data, i) != 0;
}

/* Both contiguous. */
static effnn_status cast_elements(effnn_tensor *to, const effnn_tensor *from)
{
    const cast_fn fast = find_fast_cast(to->dtype, from->dtype);

    if (fast)
        fast(to->data, from->data, to->count);
    else if (effnn__dtype_is_float(to->dtype))
        cast_to_float(to, from);
    else if (to->dtype == EFFNN_BOOL)
        cast_to_bool(to, from);
    else if (effnn__dtype_is_float(from->dtype))
        return cast_float_to_integer(to, from);
    else
        cast_integers(to, from);
    return EFFNN_OK;
}

effnn_status effnn_tensor_cast(effnn_tensor **out, const effnn_tensor *self, effnn_dtype dtype)
{
    effnn_tensor *from = NULL, *to = NULL;
    effnn_status status;

    EFFNN_CHECK_ARG(out && self);
    if (!effnn__dtype_row_of(dtype))
        return effnn__fail(EFFNN_E_ARG, "%s: %d is no dtype", __func__, (int)dtype);
    if (dtype == self->dtype) return effnn_tensor_copy(out, self);
    EFFNN_TRY(effnn__tensor_contiguous(&from, self));
    /* Zeros: half of a packed type's last byte may stay unwritten. */
    status = effnn_tensor_create(&to, effnn__tensor_context(self), dtype, self->rank, self->dims);
    if (status == EFFNN_OK) status = cast_elements(to, from);
    effnn_tensor_release(from);
    if (status == EFFNN_OK)
        *out = to;
    else
        effnn_tensor_release(to);
    return status;
}
