/* SPDX-License-Identifier: BSD-3-Clause */
/* int4: 4-bit two's complement; a code's value is the integer itself, so a scale is the caller's.
 */

#include "num/format.h"
#include "num/twos_code.h"

static uint32_t encode(double value, effnn_rounding rounding)
{
    return effnn__twos_encode(value, 4, rounding);
}

static double decode(uint32_t code)
{
    return effnn__twos_decode(code, 4);
}

const effnn__format effnn__format_int4 = {
    .name = "int4",
    .summary = "4-bit two's complement integer, saturating",
    .bits = 4,
    .largest = 7.0,
    .smallest = 1.0,
    .encode = encode,
    .decode = decode,
};
