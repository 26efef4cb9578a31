/* SPDX-License-Identifier: BSD-3-Clause */
/* Two's complement of any width. Saturation comes before rounding, so that infinities and values
 * too large for 64 bits never reach the integer conversion. */

#include "num/twos_code.h"
#include "num/round.h"

uint32_t effnn__twos_encode(double value, unsigned bits, effnn_rounding rounding)
{
    const int64_t highest = ((int64_t)1 << (bits - 1)) - 1, lowest = -highest - 1;
    const uint32_t mask = (uint32_t)(((uint64_t)1 << bits) - 1);

    if (value >= (double)highest) return (uint32_t)highest;
    if (value <= (double)lowest) return (uint32_t)lowest & mask;
    return (uint32_t)effnn__round_to_i64(value, rounding) & mask;
}

double effnn__twos_decode(uint32_t code, unsigned bits)
{
    const int64_t half = (int64_t)1 << (bits - 1);

    return (double)(((int64_t)code ^ half) - half);
}
