/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_TRANSFORM_DEF_H
#define EFFNN_TRANSFORM_DEF_H

/* What a method is: one constant table, one folder, one word in the list (docs/add-a-transform.md).
 *
 * A call lives for one hook. State that outlives it lives in the model as named tensors, attributes
 * and metadata, so that clone, save and resume need no hook of the method. Hooks edit the model
 * they are given (a clone: the framework swaps) and need not undo anything on failure. */

#include "base/option.h"
#include "base/progress.h"
#include "model/model.h"
#include "transform/report.h"

#include <effnn/transform.h>

typedef struct effnn_transform_call {
    effnn_context *context;
    effnn_model *model;
    const void *options;
    effnn_dataset *data; /* NULL: none given */
    uint32_t batch;
    const effnn__progress *progress;
    effnn_report *report; /* rows and numbers of the method's own go here, from any hook */
} effnn_transform_call;

typedef struct effnn_transform_def {
    uint32_t version;       /* 1 */
    uint32_t option_stride; /* sizeof(effnn_option_def) as compiled */
    const char *name, *summary, *paper;
    const effnn_option_def *options;
    size_t options_size;
    const char *const *units; /* hardware units that can run the result; NULL-terminated; or NULL */
    effnn_status (*check)(effnn_transform_call *call); /* options against this model; no change */
    effnn_status (*apply)(effnn_transform_call *call);
    effnn_status (*fit)(effnn_transform_call *call);                     /* or NULL */
    effnn_status (*step)(effnn_transform_call *call, int64_t iteration); /* or NULL */
    effnn_status (*fold)(effnn_transform_call *call);                    /* or NULL */
    double fold_tolerance; /* largest relative change of outputs by fold; 0: none */
} effnn_transform_def;

const effnn_transform_def *effnn__transform_find(const effnn_context *context, const char *name);
#endif
