/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_MODEL_SAMPLE_H
#define EFFNN_MODEL_SAMPLE_H

/* Choosing a token by its logits. */

#include "base/status.h"

#include <effnn/decoder.h>

/* Token by logits [n], n ≥ 1: the likeliest (the first of equals), or drawn by (seed, draw). E_ARG,
 * E_NUMERIC for a NaN, E_NOMEM. */
effnn_status effnn__sample(int64_t *out, const float *logits, size_t n,
                           const effnn_sample_options *options, uint64_t draw);
#endif
