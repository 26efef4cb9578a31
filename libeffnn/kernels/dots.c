/* SPDX-License-Identifier: BSD-3-Clause */
/* Products of one vector with rows that lie in memory as they are: what attention of few queries
 * needs of its keys, each of which is read once, so that nothing is gained by packing them. A fixed
 * number of lanes and a tree over them give the order of additions by the length alone. */

#include "kernels/kernels_priv.h"

enum { LANES = 16 };

static inline float dot(const float *a, const float *b, size_t n)
{
    float lane[LANES] = { 0.0f };
    size_t i = 0;

    for (; i + LANES <= n; i += LANES)
        for (size_t j = 0; j < LANES; j++) lane[j] += a[i + j] * b[i + j];
    for (size_t j = 0; i < n; i++, j++) lane[j] += a[i] * b[i];
    for (size_t j = 0; j < 8; j++) lane[j] += lane[j + 8];
    for (size_t j = 0; j < 4; j++) lane[j] += lane[j + 4];
    return (lane[0] + lane[2]) + (lane[1] + lane[3]);
}

void effnn__dots_f32(float *y, const float *x, const float *rows, size_t stride, size_t n, size_t d,
                     float scale)
{
    for (size_t i = 0; i < n; i++) y[i] = scale * dot(x, rows + i * stride, d);
}
