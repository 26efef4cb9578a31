/* SPDX-License-Identifier: BSD-3-Clause */
/* Choosing a token: softmax of logits / temperature in double, tokens in decreasing order of
 * probability (the lower number first among equals), cut where their sum reaches top_p, and one
 * uniform number by counter over what is left. */

#include "model/sample.h"

#include "base/alloc.h"
#include "base/rng.h"

#include <math.h>
#include <stdlib.h>

typedef struct candidate {
    double weight; /* exp of the logit over the temperature, relative to the largest */
    size_t token;
} candidate;

static int by_weight(const void *a, const void *b)
{
    const candidate *x = a, *y = b;

    if (x->weight != y->weight) return x->weight > y->weight ? -1 : 1;
    return (x->token > y->token) - (x->token < y->token);
}

static effnn_status check(const effnn_sample_options *options)
{
    if (options->version != 1)
        return effnn__fail(EFFNN_E_ARG, "sample options: version %u, this library knows 1",
                           options->version);
    if (!(options->temperature >= 0.0) || isinf(options->temperature))
        return effnn__fail(EFFNN_E_ARG, "temperature %g is not from 0 on", options->temperature);
    if (!(options->top_p > 0.0 && options->top_p <= 1.0))
        return effnn__fail(EFFNN_E_ARG, "top_p %g is not in (0, 1]", options->top_p);
    return EFFNN_OK;
}

static size_t likeliest(const float *logits, size_t n)
{
    size_t best = 0;

    for (size_t k = 1; k < n; k++)
        if (logits[k] > logits[best]) best = k;
    return best;
}

/* The token at which the weights so far pass u · (weight of the candidates that top_p leaves). */
static size_t draw_token(const candidate *sorted, size_t n, double total, double top_p, double u)
{
    double kept = 0.0, sum = 0.0;
    size_t n_kept = 0;

    while (n_kept < n && (n_kept == 0 || kept < top_p * total)) kept += sorted[n_kept++].weight;
    for (size_t k = 0; k < n_kept; k++) {
        sum += sorted[k].weight;
        if (u * kept < sum) return sorted[k].token;
    }
    return sorted[n_kept - 1].token;
}

effnn_status effnn__sample(int64_t *out, const float *logits, size_t n,
                           const effnn_sample_options *options, uint64_t draw)
{
    const effnn__rng rng = { options->seed, effnn__rng_stream("sample", 0) };
    const size_t best = likeliest(logits, n);
    candidate *candidates;
    double total = 0.0;

    EFFNN_TRY(check(options));
    for (size_t k = 0; k < n; k++)
        if (isnan(logits[k]))
            return effnn__fail(EFFNN_E_NUMERIC, "the logit of token %zu is NaN", k);
    if (options->temperature == 0.0) {
        *out = (int64_t)best;
        return EFFNN_OK;
    }
    if (isinf(logits[best]))
        return effnn__fail(EFFNN_E_NUMERIC, "the logit of token %zu is infinite", best);
    candidates = effnn__alloc_array(n, sizeof *candidates);
    if (!candidates) return effnn__fail_nomem("sampling", n * sizeof *candidates);
    for (size_t k = 0; k < n; k++) {
        const double over = ((double)logits[k] - (double)logits[best]) / options->temperature;

        candidates[k] = (candidate){ k == best ? 1.0 : exp(over), k };
        total += candidates[k].weight;
    }
    qsort(candidates, n, sizeof *candidates, by_weight);
    *out =
        (int64_t)draw_token(candidates, n, total, options->top_p, effnn__rng_uniform(&rng, draw));
    effnn__free(candidates);
    return EFFNN_OK;
}
