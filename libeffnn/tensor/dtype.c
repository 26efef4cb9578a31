/* SPDX-License-Identifier: BSD-3-Clause */
/* The element types: one table row each, indexed by the public enum. Everything that treats types
 * generically (casts, printing, tests) goes through the rows; only hot loops know types by name. */

#include "tensor/dtype.h"
#include "num/half.h"
#include "num/round.h"

#include <string.h>

#define T       int8_t
#define NAME(f) f##_i8
#define LOWEST  INT8_MIN
#define HIGHEST INT8_MAX
#include "tensor/dtype_int.inc"

#define T       int16_t
#define NAME(f) f##_i16
#define LOWEST  INT16_MIN
#define HIGHEST INT16_MAX
#include "tensor/dtype_int.inc"

#define T       int32_t
#define NAME(f) f##_i32
#define LOWEST  INT32_MIN
#define HIGHEST INT32_MAX
#include "tensor/dtype_int.inc"

#define T       int64_t
#define NAME(f) f##_i64
#define LOWEST  INT64_MIN
#define HIGHEST INT64_MAX
#include "tensor/dtype_int.inc"

#define T       uint8_t
#define NAME(f) f##_u8
#define LOWEST  0
#define HIGHEST UINT8_MAX
#include "tensor/dtype_int.inc"

#define T       uint16_t
#define NAME(f) f##_u16
#define LOWEST  0
#define HIGHEST UINT16_MAX
#include "tensor/dtype_int.inc"

#define T       uint32_t
#define NAME(f) f##_u32
#define LOWEST  0
#define HIGHEST UINT32_MAX
#include "tensor/dtype_int.inc"

#define T       uint64_t
#define NAME(f) f##_u64
#define LOWEST  0
#define HIGHEST UINT64_MAX
#include "tensor/dtype_int.inc"

/* Toward zero, saturating; NaN gives 0. */
static int64_t truncate_f64(double value)
{
    if (value != value) return 0;
    if (value >= 0x1p63) return INT64_MAX;
    if (value <= -0x1p63) return INT64_MIN;
    return (int64_t)value;
}

/* `value` as a double from which a narrower float is rounded rightly. */
static double odd_f64(int64_t value)
{
    return value < 0 ? -effnn__round_to_odd(0 - (uint64_t)value)
                     : effnn__round_to_odd((uint64_t)value);
}

static double load_f64_f32(const void *data, size_t i)
{
    return (double)((const float *)data)[i];
}

static void store_f64_f32(void *data, size_t i, double value)
{
    ((float *)data)[i] = (float)value;
}

static int64_t load_i64_f32(const void *data, size_t i)
{
    return truncate_f64((double)((const float *)data)[i]);
}

static void store_i64_f32(void *data, size_t i, int64_t value)
{
    ((float *)data)[i] = (float)value;
}

static double load_f64_f64(const void *data, size_t i)
{
    return ((const double *)data)[i];
}

static void store_f64_f64(void *data, size_t i, double value)
{
    ((double *)data)[i] = value;
}

static int64_t load_i64_f64(const void *data, size_t i)
{
    return truncate_f64(((const double *)data)[i]);
}

static void store_i64_f64(void *data, size_t i, int64_t value)
{
    ((double *)data)[i] = (double)value;
}

static double load_f64_f16(const void *data, size_t i)
{
    return (double)effnn__f32_from_f16(((const uint16_t *)data)[i]);
}

static void store_f64_f16(void *data, size_t i, double value)
{
    ((uint16_t *)data)[i] = effnn__f16_from_f64(value);
}

static int64_t load_i64_f16(const void *data, size_t i)
{
    return truncate_f64(load_f64_f16(data, i));
}

static void store_i64_f16(void *data, size_t i, int64_t value)
{
    store_f64_f16(data, i, odd_f64(value));
}

static double load_f64_bf16(const void *data, size_t i)
{
    return (double)effnn__f32_from_bf16(((const uint16_t *)data)[i]);
}

static void store_f64_bf16(void *data, size_t i, double value)
{
    ((uint16_t *)data)[i] = effnn__bf16_from_f64(value);
}

static int64_t load_i64_bf16(const void *data, size_t i)
{
    return truncate_f64(load_f64_bf16(data, i));
}

static void store_i64_bf16(void *data, size_t i, int64_t value)
{
    store_f64_bf16(data, i, odd_f64(value));
}

/* Any byte but 0 reads as true; writing makes it 1. */
static double load_f64_bool(const void *data, size_t i)
{
    return ((const uint8_t *)data)[i] != 0;
}

static void store_f64_bool(void *data, size_t i, double value)
{
    ((uint8_t *)data)[i] = value != 0;
}

static int64_t load_i64_bool(const void *data, size_t i)
{
    return ((const uint8_t *)data)[i] != 0;
}

static void store_i64_bool(void *data, size_t i, int64_t value)
{
    ((uint8_t *)data)[i] = value != 0;
}

/* The packed types: element i is the low half of byte i / 2 if i is even, else the high half. */
static unsigned load_nibble(const void *data, size_t i)
{
    return ((const uint8_t *)data)[i / 2] >> (i % 2 * 4) & 15u;
}

static void store_nibble(void *data, size_t i, unsigned nibble)
{
    uint8_t *byte = (uint8_t *)data + i / 2;
    const unsigned shift = i % 2 * 4;

    *byte = (uint8_t)((*byte & ~(15u << shift)) | (nibble & 15u) << shift);
}

static int64_t load_i64_i4(const void *data, size_t i)
{
    return (int64_t)(load_nibble(data, i) ^ 8u) - 8;
}

static double load_f64_i4(const void *data, size_t i)
{
    return (double)load_i64_i4(data, i);
}

static void store_i64_i4(void *data, size_t i, int64_t value)
{
    store_nibble(data, i, (unsigned)(value < -8 ? -8 : value > 7 ? 7 : value));
}

static void store_f64_i4(void *data, size_t i, double value)
{
    int8_t rounded;

    store_f64_i8(&rounded, 0, value);
    store_i64_i4(data, i, rounded);
}

static int64_t load_i64_u4(const void *data, size_t i)
{
    return load_nibble(data, i);
}

static double load_f64_u4(const void *data, size_t i)
{
    return (double)load_nibble(data, i);
}

static void store_i64_u4(void *data, size_t i, int64_t value)
{
    store_nibble(data, i, (unsigned)(value < 0 ? 0 : value > 15 ? 15 : value));
}

static void store_f64_u4(void *data, size_t i, double value)
{
    uint8_t rounded;

    store_f64_u8(&rounded, 0, value);
    store_i64_u4(data, i, rounded);
}

#define ACCESS(type) load_f64_##type, store_f64_##type, load_i64_##type, store_i64_##type

static const effnn__dtype_row rows[] = {
    [EFFNN_F32] = { "f32", 32, EFFNN__KIND_FLOAT, ACCESS(f32) },
    [EFFNN_F64] = { "f64", 64, EFFNN__KIND_FLOAT, ACCESS(f64) },
    [EFFNN_F16] = { "f16", 16, EFFNN__KIND_FLOAT, ACCESS(f16) },
    [EFFNN_BF16] = { "bf16", 16, EFFNN__KIND_FLOAT, ACCESS(bf16) },
    [EFFNN_I8] = { "i8", 8, EFFNN__KIND_SIGNED, ACCESS(i8) },
    [EFFNN_I16] = { "i16", 16, EFFNN__KIND_SIGNED, ACCESS(i16) },
    [EFFNN_I32] = { "i32", 32, EFFNN__KIND_SIGNED, ACCESS(i32) },
    [EFFNN_I64] = { "i64", 64, EFFNN__KIND_SIGNED, ACCESS(i64) },
    [EFFNN_U8] = { "u8", 8, EFFNN__KIND_UNSIGNED, ACCESS(u8) },
    [EFFNN_U16] = { "u16", 16, EFFNN__KIND_UNSIGNED, ACCESS(u16) },
    [EFFNN_U32] = { "u32", 32, EFFNN__KIND_UNSIGNED, ACCESS(u32) },
    [EFFNN_U64] = { "u64", 64, EFFNN__KIND_UNSIGNED, ACCESS(u64) },
    [EFFNN_BOOL] = { "bool", 8, EFFNN__KIND_BOOL, load_f64_bool, store_f64_bool, load_i64_bool,
                     store_i64_bool },
    [EFFNN_I4] = { "i4", 4, EFFNN__KIND_SIGNED, ACCESS(i4) },
    [EFFNN_U4] = { "u4", 4, EFFNN__KIND_UNSIGNED, ACCESS(u4) },
};

#define N_DTYPES (sizeof rows / sizeof rows[0])

const effnn__dtype_row *effnn__dtype_row_of(effnn_dtype dtype)
{
    return (size_t)dtype < N_DTYPES ? &rows[dtype] : NULL;
}

bool effnn__dtype_is_float(effnn_dtype dtype)
{
    const effnn__dtype_row *row = effnn__dtype_row_of(dtype);

    return row && row->kind == EFFNN__KIND_FLOAT;
}

bool effnn__dtype_is_integer(effnn_dtype dtype)
{
    const effnn__dtype_row *row = effnn__dtype_row_of(dtype);

    return row && (row->kind == EFFNN__KIND_SIGNED || row->kind == EFFNN__KIND_UNSIGNED);
}

int effnn__dtype_find(const char *name)
{
    for (size_t i = 0; i < N_DTYPES; i++)
        if (strcmp(rows[i].name, name) == 0) return (int)i;
    return -1;
}

bool effnn__dtype_bytes(effnn_dtype dtype, size_t n, size_t *out)
{
    const size_t bits = rows[dtype].bits;

    if (bits >= 8 && n > PTRDIFF_MAX / (bits / 8)) return false;
    *out = bits >= 8 ? n * (bits / 8) : n / 2 + n % 2;
    return true;
}

const char *effnn_dtype_name(effnn_dtype dtype)
{
    const effnn__dtype_row *row = effnn__dtype_row_of(dtype);

    return row ? row->name : "unknown";
}

size_t effnn_dtype_bits(effnn_dtype dtype)
{
    const effnn__dtype_row *row = effnn__dtype_row_of(dtype);

    return row ? row->bits : 0;
}
