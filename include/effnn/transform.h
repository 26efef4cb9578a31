/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_TRANSFORM_H
#define EFFNN_TRANSFORM_H

/** @file
 * Transforms: the methods that make a model efficient, each under a name.
 *
 * Created by name, set up by options, run on a model, destroyed. effnn_transform_run() does a whole
 * life in one call and leaves the model bit-equal when anything fails; the stages check, apply,
 * fit, step and fold are there one by one for callers with a training loop of their own.
 */

#include <effnn/dataset.h>
#include <effnn/model.h>
#include <effnn/option.h>
#include <effnn/train.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A method with its options. One owner, one thread at a time. */
typedef struct effnn_transform effnn_transform;

/** What a run did, in numbers. One owner; independent of the transform and the model. */
typedef struct effnn_report effnn_report;

/** Number of methods known to a context (NULL: the default). */
EFFNN_API size_t effnn_transform_count(const effnn_context *context);
/** Name of method i; borrowed, as long as the context; NULL past the last. */
EFFNN_API const char *effnn_transform_name_at(const effnn_context *context, size_t i);

/** Create by name, options at their defaults. @param[out] out  owned by the caller.
 *  @param context  NULL: the default.
 *  @param name     "lowrank", …
 *  @return EFFNN_OK; EFFNN_E_NOTFOUND (the message offers the nearest name); EFFNN_E_NOMEM. */
EFFNN_API effnn_status effnn_transform_create(effnn_transform **out, effnn_context *context,
                                              const char *name);
/** Free; NULL is allowed. */
EFFNN_API void effnn_transform_destroy(effnn_transform *self);

/** Name; borrowed, as long as the transform. */
EFFNN_API const char *effnn_transform_name(const effnn_transform *self);
/** One line about the method; borrowed likewise. */
EFFNN_API const char *effnn_transform_summary(const effnn_transform *self);
/** Authors, title, venue, year; borrowed likewise. */
EFFNN_API const char *effnn_transform_paper(const effnn_transform *self);

/** Number of options. */
EFFNN_API size_t effnn_transform_option_count(const effnn_transform *self);
/** Row of option i; borrowed as long as the transform; NULL past the last. */
EFFNN_API const effnn_option_def *effnn_transform_option_at(const effnn_transform *self, size_t i);

/**
 * Set an option from text.
 *
 * @return EFFNN_OK; EFFNN_E_NOTFOUND for an unknown key; EFFNN_E_ARG for a value that cannot be
 *         read or is out of range; EFFNN_E_NOMEM. On failure the option is as before.
 */
EFFNN_API effnn_status effnn_transform_set(effnn_transform *self, const char *key,
                                           const char *value);
/** Set a bool, whole-number or real option. @return as effnn_transform_set(). */
EFFNN_API effnn_status effnn_transform_set_i64(effnn_transform *self, const char *key,
                                               int64_t value);
/** Set a real option. @return as effnn_transform_set(). */
EFFNN_API effnn_status effnn_transform_set_f64(effnn_transform *self, const char *key,
                                               double value);
/** Value of an option as text; borrowed until the next call on this transform.
 *  @return EFFNN_OK; EFFNN_E_NOTFOUND; EFFNN_E_NOMEM. */
EFFNN_API effnn_status effnn_transform_get(const char **out, effnn_transform *self,
                                           const char *key);
/** Value of a bool, whole-number or enum (index) option. @return EFFNN_OK; EFFNN_E_NOTFOUND;
 *  EFFNN_E_ARG for another type. */
EFFNN_API effnn_status effnn_transform_get_i64(int64_t *out, const effnn_transform *self,
                                               const char *key);
/** Value of a numeric option. @return as effnn_transform_get_i64(). */
EFFNN_API effnn_status effnn_transform_get_f64(double *out, const effnn_transform *self,
                                               const char *key);

/** What a stage works with. Append-only; set `version` by EFFNN_TRANSFORM_OPTIONS_INIT. */
typedef struct effnn_transform_options {
    uint32_t version; /**< 1 */
    effnn_dataset
        *data; /**< calibration or training samples; NULL where the method can go without */
    effnn_dataset *evaluate;    /**< accuracy before and after on these; NULL: not measured */
    uint32_t batch;             /**< samples run at once */
    effnn_progress_fn progress; /**< NULL: none */
    void *progress_user;        /**< its first argument */
} effnn_transform_options;

/** Defaults: no data, no evaluation, batch 32. */
#define EFFNN_TRANSFORM_OPTIONS_INIT  \
    {                                 \
        1, NULL, NULL, 32, NULL, NULL \
    }

/**
 * The whole life in one call: check, apply, fit if the method trains, fold. Works on a clone, in
 * canonical form, that is swapped in at the very end. How the data was made from raw values is
 * noted in the model's metadata (effnn.preprocess), unless the model says it already.
 *
 * @param      self     in state "created".
 * @param      model    changed on success; on failure or cancel bit-equal to what it was.
 * @param      options  NULL: EFFNN_TRANSFORM_OPTIONS_INIT.
 * @param[out] report   new report owned by the caller; may be NULL; untouched on failure.
 * @return EFFNN_OK; EFFNN_E_STATE if the transform was used before; EFFNN_E_ARG if options or data
 *         do not suit the model; EFFNN_E_UNSUPPORTED if the model has nothing the method can treat
 *         (the message says why); EFFNN_E_NOTFOUND if an option names a site that is not there;
 *         EFFNN_E_SHAPE if samples do not fit the model; EFFNN_E_NUMERIC; EFFNN_E_CANCELLED;
 *         EFFNN_E_USER; EFFNN_E_NOMEM.
 */
EFFNN_API effnn_status effnn_transform_run(effnn_transform *self, effnn_model *model,
                                           const effnn_transform_options *options,
                                           effnn_report **report);

/** Say what would not work, without changing anything. @return as effnn_transform_run(). */
EFFNN_API effnn_status effnn_transform_check(effnn_transform *self, const effnn_model *model,
                                             const effnn_transform_options *options);
/** Rewrite the model into the method's form; on failure it is bit-equal to what it was. The
 *  transform goes from "created" to "applied". @return as effnn_transform_run(). */
EFFNN_API effnn_status effnn_transform_apply(effnn_transform *self, effnn_model *model,
                                             const effnn_transform_options *options);
/** Train what apply made, in place: on failure or cancel the model keeps what was trained so far.
 *  @return as effnn_transform_run(); EFFNN_E_UNSUPPORTED for a method that does not train;
 *  EFFNN_E_STATE if not applied. */
EFFNN_API effnn_status effnn_transform_fit(effnn_transform *self, effnn_model *model,
                                           const effnn_transform_options *options);
/** To be called after each optimiser step of a training loop of the caller's own.
 *  @return as effnn_transform_fit(). */
EFFNN_API effnn_status effnn_transform_step(effnn_transform *self, effnn_model *model,
                                            int64_t iteration);
/** Bring the model to plain inference form. @return EFFNN_OK; EFFNN_E_STATE if not applied;
 *  EFFNN_E_NOMEM. On failure the model is as before. */
EFFNN_API effnn_status effnn_transform_fold(effnn_transform *self, effnn_model *model);
/** State: "created", "applied", "fitted", "stepped" or "folded"; borrowed, static. */
EFFNN_API const char *effnn_transform_state(const effnn_transform *self);

/** Free; NULL is allowed. */
EFFNN_API void effnn_report_destroy(effnn_report *self);
/** The report as one JSON document (keys as in docs/report.md); borrowed, as long as the report. */
EFFNN_API const char *effnn_report_json(const effnn_report *self);
/**
 * A number by path: "before.parameters", "after.macs", "after.top1", "seconds".
 *
 * @return EFFNN_OK; EFFNN_E_NOTFOUND if the report has no such number, or one that is not finite.
 */
EFFNN_API effnn_status effnn_report_get(double *out, const effnn_report *self, const char *path);
/** Number of rows: one for each site that the method looked at. */
EFFNN_API size_t effnn_report_row_count(const effnn_report *self);
/** Name of row i; borrowed; NULL past the last. */
EFFNN_API const char *effnn_report_row_name_at(const effnn_report *self, size_t i);
/** A number of row i by key ("rank", "error"). @return EFFNN_OK; EFFNN_E_NOTFOUND; EFFNN_E_ARG. */
EFFNN_API effnn_status effnn_report_row_get(double *out, const effnn_report *self, size_t i,
                                            const char *key);
/** Write as JSON, or as one self-contained HTML page, by extension; atomically.
 *  @return EFFNN_OK; EFFNN_E_UNSUPPORTED for another extension; EFFNN_E_IO; EFFNN_E_NOMEM. */
EFFNN_API effnn_status effnn_report_save(const effnn_report *self, const char *path);

#ifdef __cplusplus
}
#endif
#endif
