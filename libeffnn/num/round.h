/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_NUM_ROUND_H
#define EFFNN_NUM_ROUND_H

/* Rounding of a double to an integer by its bits: the same result on every machine, whatever the
 * floating-point environment of the host. */

#include <effnn/format.h>

/* The integer next to `value` by `rounding`; |value| < 2^63 (NaN is not allowed). */
int64_t effnn__round_to_i64(double value, effnn_rounding rounding);

/* `significand` divided by 2^shift, rounded; any shift (a large one gives 0). significand < 2^63.
 */
uint64_t effnn__round_shift(uint64_t significand, unsigned shift, effnn_rounding rounding);

/* `value` as a double; one that does not fit is rounded to odd, so that rounding the result again
 * to at most 40 bits gives what rounding once would. */
double effnn__round_to_odd(uint64_t value);
#endif
