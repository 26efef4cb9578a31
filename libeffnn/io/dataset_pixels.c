/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/dataset_pixels.h"

#include "base/alloc.h"

#define LEVELS 256 /* of a byte */

static effnn_status check(const char *kind, size_t channels, const effnn__pixel_scale *scale)
{
    if ((scale->n_mean > 1 && scale->n_mean != channels) ||
        (scale->n_std > 1 && scale->n_std != channels))
        return effnn__fail(EFFNN_E_ARG, "%s: %zu means and %zu stds for %zu channels", kind,
                           scale->n_mean, scale->n_std, channels);
    if (!(scale->scale > 0.0))
        return effnn__fail(EFFNN_E_ARG, "%s: scale %g is not positive", kind, scale->scale);
    for (size_t i = 0; i < scale->n_std; i++)
        if (!(scale->std[i] > 0.0))
            return effnn__fail(EFFNN_E_ARG, "%s: std %g is not positive", kind, scale->std[i]);
    return EFFNN_OK;
}

/* The value for channel c: one for all, or one each. */
static float pick(const double *values, size_t n, size_t c, double otherwise)
{
    return (float)(n == 0 ? otherwise : values[n == 1 ? 0 : c]);
}

effnn_status effnn__pixels_init(effnn__pixels *self, const char *kind, size_t channels,
                                size_t plane, const effnn__pixel_scale *scale)
{
    float *levels;

    EFFNN_TRY(check(kind, channels, scale));
    levels = channels <= SIZE_MAX / LEVELS ? effnn__alloc_array(channels * LEVELS, sizeof *levels)
                                           : NULL;
    if (!levels) return effnn__fail_nomem(kind, channels * LEVELS * sizeof *levels);
    for (size_t c = 0; c < channels; c++) {
        const float mean = pick(scale->mean, scale->n_mean, c, 0.0);
        const float std = pick(scale->std, scale->n_std, c, 1.0);

        for (size_t b = 0; b < LEVELS; b++)
            levels[c * LEVELS + b] = ((float)b / (float)scale->scale - mean) / std;
    }
    *self = (effnn__pixels){ channels, plane, levels };
    return EFFNN_OK;
}

void effnn__pixels_convert(const effnn__pixels *self, float *out, const unsigned char *bytes)
{
    for (size_t c = 0; c < self->channels; c++) {
        const float *level = self->levels + c * LEVELS;

        for (size_t k = 0; k < self->plane; k++) *out++ = level[*bytes++];
    }
}

void effnn__pixels_clear(effnn__pixels *self)
{
    effnn__free(self->levels);
    *self = (effnn__pixels){ 0 };
}
