/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_TRANSFORM_MEASURE_H
#define EFFNN_TRANSFORM_MEASURE_H

/* What a model costs and, where there is data to judge on, how well it does; before and after. */

#include "transform/report.h"

typedef struct effnn__measure {
    effnn_cost cost;
    effnn_evaluation quality; /* count 0: not evaluated */
    effnn_tensor *logits;     /* [count, classes] f32, or NULL */
} effnn__measure;

/* Take a zeroed measure of a model; options->evaluate may be NULL. */
effnn_status effnn__measure_take(effnn__measure *out, const effnn_model *model,
                                 const effnn_transform_options *options);
void effnn__measure_clear(effnn__measure *self);

/* Put it into a report as "<when>.parameters", …; `reference` (or NULL) is what the model was
 * before: agreement with it and KL divergence from it are added. */
effnn_status effnn__measure_report(effnn_report *report, const char *when,
                                   const effnn__measure *self, const effnn__measure *reference);
#endif
