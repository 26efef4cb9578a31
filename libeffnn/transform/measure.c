/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers before and after a transform. Both models' logits are kept, so that comparing them needs
 * no third pass over the data. */

#include "transform/measure.h"

#include "tensor/tensor.h"
#include "train/evaluate.h"

#include <stdio.h>

effnn_status effnn__measure_take(effnn__measure *out, const effnn_model *model,
                                 const effnn_transform_options *options)
{
    effnn_evaluate_options evaluate = EFFNN_EVALUATE_OPTIONS_INIT;

    out->cost.version = 1;
    EFFNN_TRY(effnn_model_cost(&out->cost, model));
    if (!options->evaluate) return EFFNN_OK;
    evaluate.batch = options->batch;
    evaluate.progress = options->progress;
    evaluate.progress_user = options->progress_user;
    evaluate.predictions = &out->logits;
    out->quality.version = 1;
    return effnn_model_evaluate(&out->quality, model, options->evaluate, &evaluate);
}

void effnn__measure_clear(effnn__measure *self)
{
    effnn_tensor_release(self->logits);
    self->logits = NULL;
}

/* Share of samples on which both predict the same class, and mean KL(before ‖ after) in nats, both
 * 0 as given. */
static effnn_status compare(double *agreement, double *kl, const effnn__measure *before,
                            const effnn__measure *after)
{
    const effnn__shape a = effnn__tensor_shape(after->logits);
    const effnn__shape b = effnn__tensor_shape(before->logits);
    const size_t n = (size_t)a.dims[0], classes = (size_t)a.dims[1];
    const float *now = effnn_tensor_data(after->logits), *was = effnn_tensor_data(before->logits);

    if (!effnn__shape_equal(&a, &b))
        return effnn__fail(EFFNN_E_SHAPE, "%lld classes after, %lld before", (long long)a.dims[1],
                           (long long)b.dims[1]);
    for (size_t i = 0; i < n; i++, now += classes, was += classes) {
        *agreement += effnn__metric_argmax(now, classes) == effnn__metric_argmax(was, classes);
        *kl += effnn__metric_kl(was, now, classes);
    }
    *agreement /= (double)n;
    *kl /= (double)n;
    return EFFNN_OK;
}

static effnn_status set(effnn_report *report, const char *when, const char *key, double value)
{
    char path[64];

    snprintf(path, sizeof path, "%s.%s", when, key);
    return effnn__report_set(report, path, value);
}

effnn_status effnn__measure_report(effnn_report *report, const char *when,
                                   const effnn__measure *self, const effnn__measure *reference)
{
    double agreement = 0.0, kl = 0.0;

    EFFNN_TRY(set(report, when, "parameters", (double)self->cost.parameters));
    EFFNN_TRY(set(report, when, "parameter_bytes", (double)self->cost.parameter_bytes));
    EFFNN_TRY(set(report, when, "macs", self->cost.macs));
    EFFNN_TRY(set(report, when, "bits_per_weight", self->cost.bits_per_weight));
    if (!self->logits) return EFFNN_OK;
    EFFNN_TRY(set(report, when, "count", (double)self->quality.count));
    EFFNN_TRY(set(report, when, "top1", self->quality.top1));
    EFFNN_TRY(set(report, when, "loss", self->quality.loss));
    if (!reference || !reference->logits) return EFFNN_OK;
    EFFNN_TRY(compare(&agreement, &kl, reference, self));
    EFFNN_TRY(set(report, when, "agreement", agreement));
    return set(report, when, "kl", kl);
}
