/* SPDX-License-Identifier: BSD-3-Clause */
/* What follows a product, by itself: for products that do not come out of register tiles. */

#include "base/pool.h"
#include "kernels/kernels_priv.h"

typedef struct epilogue_job {
    const effnn__epilogue *after;
    size_t columns;
    float *y;
} epilogue_job;

static effnn_status run_rows(void *job_, size_t piece, size_t begin, size_t end)
{
    const epilogue_job *job = job_;
    const effnn__epilogue *after = job->after;

    (void)piece;
    for (size_t row = begin; row < end; row++) {
        float *y = job->y + row * job->columns;

        for (size_t j = 0; after->bias && j < job->columns; j++) y[j] += after->bias[j];
        for (size_t j = 0; after->clamp && j < job->columns; j++)
            y[j] = y[j] < after->lo ? after->lo : y[j] > after->hi ? after->hi : y[j];
    }
    return EFFNN_OK;
}

effnn_status effnn__epilogue_f32(effnn_context *context, const effnn__epilogue *after, size_t rows,
                                 size_t columns, float *y)
{
    epilogue_job job = { .after = after, .columns = columns, .y = y };

    if (!after->bias && !after->clamp) return EFFNN_OK;
    return effnn__parallel_for(context, rows, effnn__grain(columns), run_rows, &job);
}
