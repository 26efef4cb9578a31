/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_TRAIN_H
#define EFFNN_TRAIN_H

/** @file
 * Evaluating a model on a dataset, by itself and against a reference model.
 */

#include <effnn/dataset.h>
#include <effnn/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Options of effnn_model_evaluate(). Append-only. */
typedef struct effnn_evaluate_options {
    uint32_t version; /**< 1 */
    uint32_t batch;   /**< samples run at once; a model of fixed batch runs at its own */
    const effnn_model *reference; /**< compare with this model on the same inputs; NULL: none */
    effnn_tensor **predictions;   /**< not NULL: receives the logits [count, classes], f32 */
    effnn_progress_fn progress;   /**< NULL: none */
    void *progress_user;          /**< its first argument */
} effnn_evaluate_options;

/** Defaults: batch 32, no reference. */
#define EFFNN_EVALUATE_OPTIONS_INIT   \
    {                                 \
        1, 32, NULL, NULL, NULL, NULL \
    }

/** What an evaluation found; NaN where it does not apply. */
typedef struct effnn_evaluation {
    uint32_t version; /**< 1; set by the caller */
    uint64_t count;   /**< samples */
    uint64_t correct; /**< samples whose largest logit is the target's (lowest index on a tie) */
    double top1;      /**< correct / count */
    double loss;      /**< mean cross-entropy in nats */
    double agreement; /**< share of samples on which model and reference predict the same */
    double kl;        /**< mean KL divergence, reference to model, in nats */
    double seconds;   /**< wall time of the runs, reading included */
} effnn_evaluation;

/**
 * Evaluate a classifier: the model's first output, [n, classes], is taken as logits.
 *
 * @param[out] out      untouched on failure.
 * @param      model    not changed.
 * @param      dataset  targets (whole numbers below `classes`) may be missing: then correct, top1
 *                      and loss do not apply.
 * @param      options  NULL: EFFNN_EVALUATE_OPTIONS_INIT.
 * @return EFFNN_OK; EFFNN_E_SHAPE if data and model do not fit; EFFNN_E_ARG for a target that is no
 *         class; EFFNN_E_NUMERIC if a logit is not finite (the message names the sample);
 *         EFFNN_E_CANCELLED; EFFNN_E_NOMEM.
 */
EFFNN_API effnn_status effnn_model_evaluate(effnn_evaluation *out, const effnn_model *model,
                                            effnn_dataset *dataset,
                                            const effnn_evaluate_options *options);

#ifdef __cplusplus
}
#endif
#endif
