/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_NUM_FLOAT_CODE_H
#define EFFNN_NUM_FLOAT_CODE_H

/* Binary floating-point codes laid out as IEEE 754 does: sign, exponent, mantissa; subnormals; the
 * highest exponent for infinities and NaN. Exact for exponents of at most 10 bits and mantissas of
 * at most 23. */

#include <effnn/format.h>

/* Overflow gives infinity (toward zero: the largest finite value); NaN gives a quiet NaN. */
uint32_t effnn__float_encode(double value, unsigned exponent_bits, unsigned mantissa_bits,
                             effnn_rounding rounding);
double effnn__float_decode(uint32_t code, unsigned exponent_bits, unsigned mantissa_bits);
#endif
