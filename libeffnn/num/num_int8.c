/* SPDX-License-Identifier: BSD-3-Clause */
/* int8: 8-bit two's complement; a code's value is the integer itself, so a scale is the caller's.
 */

#include "num/format.h"
#include "num/twos_code.h"

static uint32_t encode(double value, effnn_rounding rounding)
{
    return effnn__twos_encode(value, 8, rounding);
}

static double decode(uint32_t code)
{
    return effnn__twos_decode(code, 8);
}

const effnn__format effnn__format_int8 = {
    .name = "int8",
    .summary = "8-bit two's complement integer, saturating",
    .bits = 8,
    .largest = 127.0,
    .smallest = 1.0,
    .encode = encode,
    .decode = decode,
};
