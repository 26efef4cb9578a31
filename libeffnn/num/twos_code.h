/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_NUM_TWOS_CODE_H
#define EFFNN_NUM_TWOS_CODE_H

/* Two's-complement integer codes of 2 to 32 bits: a code's value is the integer itself. */

#include <effnn/format.h>

/* Saturates; NaN is not allowed. */
uint32_t effnn__twos_encode(double value, unsigned bits, effnn_rounding rounding);
double effnn__twos_decode(uint32_t code, unsigned bits);
#endif
