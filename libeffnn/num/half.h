/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_NUM_HALF_H
#define EFFNN_NUM_HALF_H

/* f16 and bf16 to and from f32, nearest even, as the tensor layer stores them. NaN stays NaN. */

#include <stdint.h>

uint16_t effnn__f16_from_f32(float value);
float effnn__f32_from_f16(uint16_t code);
uint16_t effnn__bf16_from_f32(float value);
float effnn__f32_from_bf16(uint16_t code);

/* From f64 with one rounding. */
uint16_t effnn__f16_from_f64(double value);
uint16_t effnn__bf16_from_f64(double value);
#endif
