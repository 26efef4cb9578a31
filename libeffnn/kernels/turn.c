/* SPDX-License-Identifier: BSD-3-Clause */
/* A matrix turned over in squares of four by four, which every x86-64 has shuffles for. */

#include "kernels/turn.h"

enum { SIDE = 4 };

static void turn_some(float *to, size_t to_row, const float *from, size_t from_row, size_t rows,
                      size_t columns)
{
    for (size_t j = 0; j < columns; j++)
        for (size_t i = 0; i < rows; i++) to[j * to_row + i] = from[i * from_row + j];
}

#if defined(__SSE__)

#include <xmmintrin.h>

static inline void turn_square(float *to, size_t to_row, const float *from, size_t from_row)
{
    __m128 a = _mm_loadu_ps(from), b = _mm_loadu_ps(from + from_row);
    __m128 c = _mm_loadu_ps(from + 2 * from_row), d = _mm_loadu_ps(from + 3 * from_row);

    _MM_TRANSPOSE4_PS(a, b, c, d);
    _mm_storeu_ps(to, a);
    _mm_storeu_ps(to + to_row, b);
    _mm_storeu_ps(to + 2 * to_row, c);
    _mm_storeu_ps(to + 3 * to_row, d);
}

#else

static inline void turn_square(float *to, size_t to_row, const float *from, size_t from_row)
{
    turn_some(to, to_row, from, from_row, SIDE, SIDE);
}

#endif

void effnn__turn_f32(float *to, size_t to_row, const float *from, size_t from_row, size_t rows,
                     size_t columns)
{
    const size_t whole_rows = rows - rows % SIDE, whole_columns = columns - columns % SIDE;

    for (size_t i = 0; i < whole_rows; i += SIDE)
        for (size_t j = 0; j < whole_columns; j += SIDE)
            turn_square(to + j * to_row + i, to_row, from + i * from_row + j, from_row);
    turn_some(to + whole_rows, to_row, from + whole_rows * from_row, from_row, rows - whole_rows,
              whole_columns);
    turn_some(to + whole_columns * to_row, to_row, from + whole_columns, from_row, rows,
              columns - whole_columns);
}
