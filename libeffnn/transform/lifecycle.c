/* SPDX-License-Identifier: BSD-3-Clause */
/* The life of a transform: created → applied → (fitted | stepped)* → folded. Any other order is
 * E_STATE, decided here and in no method. Every stage but fit and step works on a clone that is
 * swapped in when all has succeeded; so does the whole life in effnn_transform_run(). That is the
 * one place where rollback happens: hooks need not undo. */

#include "transform/transform_priv.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "model/dataset.h"
#include "transform/measure.h"

#include <stdio.h>

static const char *const state_names[] = { "created", "applied", "fitted", "stepped", "folded" };

const char *effnn_transform_state(const effnn_transform *self)
{
    return state_names[self->state];
}

effnn_status effnn__transform_need_created(const effnn_transform *self, const char *what)
{
    if (self->state == EFFNN__TRANSFORM_CREATED) return EFFNN_OK;
    return effnn__fail(EFFNN_E_STATE, "transform '%s' is %s: too late to %s", self->def->name,
                       state_names[self->state], what);
}

/* What comes after apply and before fold. */
static effnn_status need_applied(const effnn_transform *self, const char *what)
{
    if (self->state != EFFNN__TRANSFORM_CREATED && self->state != EFFNN__TRANSFORM_FOLDED)
        return EFFNN_OK;
    return effnn__fail(EFFNN_E_STATE, "transform '%s' is %s, not applied: cannot %s",
                       self->def->name, state_names[self->state], what);
}

static const effnn_transform_options default_options = EFFNN_TRANSFORM_OPTIONS_INIT;

/* Let NULL be the defaults and check what is given. */
static effnn_status take_options(const effnn_transform_options **options)
{
    if (!*options) *options = &default_options;
    if ((*options)->version != 1)
        return effnn__fail(EFFNN_E_ARG, "transform options: version %u, this library knows 1",
                           (*options)->version);
    if ((*options)->batch == 0)
        return effnn__fail(EFFNN_E_ARG, "transform options: batch 0, at least one sample at once");
    return EFFNN_OK;
}

/* ---- work on a clone ---- */

/* What hooks work with; lives as long as one public call. */
typedef struct work {
    effnn_transform *self;
    effnn_model *clone; /* NULL: the caller's model itself (fit, step) */
    effnn_report *report;
    effnn__progress progress;
    effnn_transform_call call;
} work;

/* Let the caller's model be what the clone has become. */
static void adopt(work *self, effnn_model *model, effnn__transform_state state)
{
    effnn__model_swap(model, self->clone);
    self->self->state = state;
}

static void work_end(work *self)
{
    effnn_model_destroy(self->clone);
    effnn_report_destroy(self->report);
}

/* Have a report and a call on `model`, the work's own clone or the caller's. */
static effnn_status work_on(work *out, effnn_model *model, const effnn_transform_options *options)
{
    EFFNN_TRY(effnn__report_create(&out->report));
    out->progress = (effnn__progress){ options->progress, options->progress_user };
    out->call = (effnn_transform_call){
        .context = model->context,
        .model = model,
        .options = out->self->options,
        .data = options->data,
        .batch = options->batch,
        .progress = &out->progress,
        .report = out->report,
    };
    return EFFNN_OK;
}

/* A clone as it is for fold, in canonical form for what comes before: that would fold the products
 * of constants by which some methods train. */
static effnn_status work_on_clone(work *out, const effnn_model *model,
                                  const effnn_transform_options *options, bool canonical)
{
    EFFNN_TRY(effnn_model_clone(&out->clone, model));
    if (canonical) EFFNN_TRY(effnn_model_canonicalise(out->clone));
    return work_on(out, out->clone, options);
}

/* How the data was made from raw values goes with the model, unless the model says it already. */
static effnn_status note_preprocess(const work *self)
{
    const char *text = self->call.data ? effnn__dataset_preprocess(self->call.data) : NULL;

    if (!text || effnn_model_get_metadata(self->clone, "effnn.preprocess")) return EFFNN_OK;
    return effnn_model_set_metadata(self->clone, "effnn.preprocess", text);
}

/* A hook, if there is one, and what must hold after it. */
static effnn_status run_hook(work *self, effnn_status (*hook)(effnn_transform_call *call))
{
    if (!hook) return EFFNN_OK;
    EFFNN_TRY(hook(&self->call));
    return effnn__graph_check(self->call.model->graph);
}

static effnn_status run_apply(work *self)
{
    EFFNN_TRY(run_hook(self, self->self->def->apply));
    return note_preprocess(self);
}

/* ---- the whole life ---- */

static effnn_status report_option(effnn_report *report, const effnn_option_def *row,
                                  const effnn_option_def *defs, const void *options)
{
    char path[128], *text = NULL;
    double number;
    effnn_status status;

    snprintf(path, sizeof path, "options.%s", row->name);
    if (row->type == EFFNN_OPT_BOOL || row->type == EFFNN_OPT_I64 || row->type == EFFNN_OPT_F64) {
        EFFNN_TRY(effnn__options_get_f64(defs, options, row->name, &number));
        return row->type == EFFNN_OPT_BOOL ? effnn__report_set_flag(report, path, number != 0.0)
                                           : effnn__report_set(report, path, number);
    }
    EFFNN_TRY(effnn__options_get_text(defs, options, row->name, &text));
    status = effnn__report_set_text(report, path, text);
    effnn__free(text);
    return status;
}

static effnn_status report_head(const work *self)
{
    const effnn_transform_def *def = self->self->def;

    EFFNN_TRY(effnn__report_set_text(self->report, "transform", def->name));
    EFFNN_TRY(effnn__report_set_text(self->report, "paper", def->paper));
    EFFNN_TRY(effnn__report_set_text(self->report, "library_version", effnn_version()));
    for (size_t i = 0; i < effnn__option_count(def->options); i++)
        EFFNN_TRY(report_option(self->report, &def->options[i], def->options, self->self->options));
    return EFFNN_OK;
}

/* The stages; *seconds: their own time, evaluation apart. */
static effnn_status run_stages(work *self, double *seconds)
{
    const double begin = effnn__seconds();

    EFFNN_TRY(run_apply(self));
    EFFNN_TRY(run_hook(self, self->self->def->fit));
    EFFNN_TRY(run_hook(self, self->self->def->fold));
    *seconds = effnn__seconds() - begin;
    return EFFNN_OK;
}

static effnn_status run_and_report(work *self, const effnn_model *model,
                                   const effnn_transform_options *options)
{
    effnn__measure before = { 0 }, after = { 0 };
    double seconds = 0.0;
    /* What would not work is said before anything long begins. */
    effnn_status status = self->self->def->check(&self->call);

    if (status == EFFNN_OK) status = report_head(self);
    if (status == EFFNN_OK) status = effnn__measure_take(&before, model, options);
    if (status == EFFNN_OK) status = effnn__measure_report(self->report, "before", &before, NULL);
    if (status == EFFNN_OK) status = run_stages(self, &seconds);
    if (status == EFFNN_OK) status = effnn__measure_take(&after, self->clone, options);
    if (status == EFFNN_OK) status = effnn__measure_report(self->report, "after", &after, &before);
    if (status == EFFNN_OK) status = effnn__report_set(self->report, "seconds", seconds);
    if (status == EFFNN_OK)
        status = effnn__report_set(self->report, "peak_memory_bytes", (double)effnn__peak_memory());
    if (status == EFFNN_OK) status = effnn__report_finish(self->report);
    effnn__measure_clear(&before);
    effnn__measure_clear(&after);
    return status;
}

effnn_status effnn_transform_run(effnn_transform *self, effnn_model *model,
                                 const effnn_transform_options *options, effnn_report **report)
{
    work job = { .self = self };
    effnn_status status;

    EFFNN_CHECK_ARG(self && model);
    EFFNN_TRY(take_options(&options));
    EFFNN_TRY(effnn__transform_need_created(self, "run it"));
    status = work_on_clone(&job, model, options, true);
    if (status == EFFNN_OK) status = run_and_report(&job, model, options);
    if (status == EFFNN_OK) {
        adopt(&job, model, EFFNN__TRANSFORM_FOLDED);
        if (report) {
            *report = job.report;
            job.report = NULL;
        }
    }
    work_end(&job);
    return status;
}

/* ---- stage by stage ---- */

effnn_status effnn_transform_check(effnn_transform *self, const effnn_model *model,
                                   const effnn_transform_options *options)
{
    work job = { .self = self };
    effnn_status status;

    EFFNN_CHECK_ARG(self && model);
    EFFNN_TRY(take_options(&options));
    EFFNN_TRY(effnn__transform_need_created(self, "check it"));
    status = work_on_clone(&job, model, options, true);
    if (status == EFFNN_OK) status = self->def->check(&job.call);
    work_end(&job);
    return status;
}

effnn_status effnn_transform_apply(effnn_transform *self, effnn_model *model,
                                   const effnn_transform_options *options)
{
    work job = { .self = self };
    effnn_status status;

    EFFNN_CHECK_ARG(self && model);
    EFFNN_TRY(take_options(&options));
    EFFNN_TRY(effnn__transform_need_created(self, "apply it"));
    status = work_on_clone(&job, model, options, true);
    if (status == EFFNN_OK) status = self->def->check(&job.call);
    if (status == EFFNN_OK) status = run_apply(&job);
    if (status == EFFNN_OK) adopt(&job, model, EFFNN__TRANSFORM_APPLIED);
    work_end(&job);
    return status;
}

static effnn_status fail_no_training(const effnn_transform *self)
{
    return effnn__fail(EFFNN_E_UNSUPPORTED, "transform '%s' does not train", self->def->name);
}

effnn_status effnn_transform_fit(effnn_transform *self, effnn_model *model,
                                 const effnn_transform_options *options)
{
    work job = { .self = self };
    effnn_status status;

    EFFNN_CHECK_ARG(self && model);
    EFFNN_TRY(take_options(&options));
    EFFNN_TRY(need_applied(self, "fit"));
    if (!self->def->fit) return fail_no_training(self);
    status = work_on(&job, model, options);
    if (status == EFFNN_OK) status = run_hook(&job, self->def->fit);
    if (status == EFFNN_OK) self->state = EFFNN__TRANSFORM_FITTED;
    work_end(&job);
    return status;
}

effnn_status effnn_transform_step(effnn_transform *self, effnn_model *model, int64_t iteration)
{
    work job = { .self = self };
    effnn_status status;

    EFFNN_CHECK_ARG(self && model && iteration >= 0);
    EFFNN_TRY(need_applied(self, "step"));
    if (!self->def->step) return fail_no_training(self);
    status = work_on(&job, model, &default_options);
    if (status == EFFNN_OK) status = self->def->step(&job.call, iteration);
    if (status == EFFNN_OK) self->state = EFFNN__TRANSFORM_STEPPED;
    work_end(&job);
    return status;
}

effnn_status effnn_transform_fold(effnn_transform *self, effnn_model *model)
{
    work job = { .self = self };
    effnn_status status;

    EFFNN_CHECK_ARG(self && model);
    EFFNN_TRY(need_applied(self, "fold"));
    status = work_on_clone(&job, model, &default_options, false);
    if (status == EFFNN_OK) status = run_hook(&job, self->def->fold);
    if (status == EFFNN_OK) adopt(&job, model, EFFNN__TRANSFORM_FOLDED);
    work_end(&job);
    return status;
}
