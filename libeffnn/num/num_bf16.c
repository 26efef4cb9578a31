/* SPDX-License-Identifier: BSD-3-Clause */
/* bf16: the upper half of an IEEE binary32, 8 exponent and 7 mantissa bits, with subnormals. */

#include "num/float_code.h"
#include "num/format.h"

static uint32_t encode(double value, effnn_rounding rounding)
{
    return effnn__float_encode(value, 8, 7, rounding);
}

static double decode(uint32_t code)
{
    return effnn__float_decode(code, 8, 7);
}

const effnn__format effnn__format_bf16 = {
    .name = "bf16",
    .summary = "brain float: 8 exponent bits, 7 mantissa bits",
    .bits = 16,
    .has_nan = true,
    .has_infinity = true,
    .largest = 0x1.fep127,
    .smallest = 0x1p-133,
    .encode = encode,
    .decode = decode,
};
