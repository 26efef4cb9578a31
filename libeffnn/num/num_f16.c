/* SPDX-License-Identifier: BSD-3-Clause */
/* f16: IEEE 754 binary16, 5 exponent and 10 mantissa bits, with subnormals, infinities and NaN. */

#include "num/float_code.h"
#include "num/format.h"

static uint32_t encode(double value, effnn_rounding rounding)
{
    return effnn__float_encode(value, 5, 10, rounding);
}

static double decode(uint32_t code)
{
    return effnn__float_decode(code, 5, 10);
}

const effnn__format effnn__format_f16 = {
    .name = "f16",
    .summary = "IEEE half precision: 5 exponent bits, 10 mantissa bits",
    .bits = 16,
    .has_nan = true,
    .has_infinity = true,
    .largest = 65504.0,
    .smallest = 0x1p-24,
    .encode = encode,
    .decode = decode,
};
