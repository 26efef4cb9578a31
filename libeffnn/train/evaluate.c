/* SPDX-License-Identifier: BSD-3-Clause */
/* Evaluation of classifiers: logits by sessions, metrics in double, in the order of the samples, so
 * that a result does not depend on the number of threads. */

#include "train/evaluate.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/progress.h"
#include "model/batch_reader.h"
#include "tensor/tensor.h"

#include <effnn/session.h>
#include <effnn/train.h>
#include <math.h>
#include <string.h>

size_t effnn__metric_argmax(const float *logits, size_t n)
{
    size_t best = 0;

    for (size_t i = 1; i < n; i++)
        if (logits[i] > logits[best]) best = i;
    return best;
}

/* log Σ exp(logits - largest), and the largest. */
static double log_sum(const float *logits, size_t n, double *largest)
{
    double sum = 0.0;

    *largest = logits[effnn__metric_argmax(logits, n)];
    for (size_t i = 0; i < n; i++) sum += exp((double)logits[i] - *largest);
    return log(sum);
}

double effnn__metric_cross_entropy(const float *logits, size_t n, size_t target)
{
    double largest;
    const double sum = log_sum(logits, n, &largest);

    return sum - ((double)logits[target] - largest);
}

double effnn__metric_kl(const float *p_logits, const float *q_logits, size_t n)
{
    double p_largest, q_largest, kl = 0.0;
    const double p_sum = log_sum(p_logits, n, &p_largest);
    const double q_sum = log_sum(q_logits, n, &q_largest);

    for (size_t i = 0; i < n; i++) {
        const double log_p = (double)p_logits[i] - p_largest - p_sum;
        const double log_q = (double)q_logits[i] - q_largest - q_sum;

        kl += exp(log_p) * (log_p - log_q);
    }
    return kl < 0.0 ? 0.0 : kl; /* rounding of equal distributions */
}

/* A model with its session, and its logits for the batch at hand as f32 [rows, classes]. */
typedef struct runner {
    effnn__batch_reader reader;
    effnn_session *session;
    effnn_tensor **outputs; /* of the session */
    size_t n_outputs;
    effnn_tensor *logits; /* owned */
    size_t classes;
    const effnn_model *model;
} runner;

static void runner_close(runner *self)
{
    for (size_t i = 0; self->outputs && i < self->n_outputs; i++)
        effnn_tensor_release(self->outputs[i]);
    effnn__free(self->outputs);
    effnn_tensor_release(self->logits);
    effnn_session_destroy(self->session);
    effnn__batch_reader_close(&self->reader);
}

static effnn_status runner_open(runner *self, const effnn_model *model, effnn_dataset *data,
                                uint32_t batch)
{
    memset(self, 0, sizeof *self);
    self->model = model;
    EFFNN_TRY(effnn_session_create(&self->session, model, NULL));
    self->n_outputs = effnn_session_output_count(self->session);
    self->outputs = effnn__alloc_array(self->n_outputs, sizeof *self->outputs);
    if (!self->outputs) return effnn__fail_nomem("evaluation", self->n_outputs);
    return effnn__batch_reader_open(&self->reader, data, model, batch, 0);
}

/* Logits of samples that count in the batch, checked to be finite. */
static effnn_status take_logits(runner *self)
{
    const effnn_tensor *output = self->outputs[0];
    const effnn__value *value = self->model->graph->outputs.items[0];
    const uint64_t first = self->reader.first - self->reader.real;
    const size_t n = self->reader.fixed ? self->reader.batch : self->reader.real;
    const effnn__shape shape = effnn__tensor_shape(output);
    const float *data;
    char text[128];

    if (shape.rank != 2 || shape.dims[0] != (int64_t)n)
        return effnn__fail(
            EFFNN_E_SHAPE, "output '%s' is %s; logits of %zu samples are [%zu, classes]",
            value->name, effnn__shape_print(text, sizeof text, shape.rank, shape.dims), n, n);
    if (first > 0 && shape.dims[1] != (int64_t)self->classes)
        return effnn__fail(EFFNN_E_SHAPE, "output '%s': sample %llu has %lld classes, others %zu",
                           value->name, (unsigned long long)first, (long long)shape.dims[1],
                           self->classes);
    effnn_tensor_release(self->logits);
    self->logits = NULL;
    EFFNN_TRY(effnn_tensor_cast(&self->logits, output, EFFNN_F32));
    self->classes = (size_t)shape.dims[1];
    if (self->classes == 0)
        return effnn__fail(EFFNN_E_SHAPE, "output '%s' has no classes", value->name);
    data = effnn_tensor_data(self->logits);
    for (size_t i = 0; i < self->reader.real * self->classes; i++)
        if (!isfinite(data[i]))
            return effnn__fail(EFFNN_E_NUMERIC,
                               "output '%s': logit %zu of sample %llu is not finite", value->name,
                               i % self->classes, (unsigned long long)(first + i / self->classes));
    return EFFNN_OK;
}

/* Run the batch that the reader holds. */
static effnn_status runner_run(runner *self)
{
    for (size_t i = 0; i < self->n_outputs; i++) {
        effnn_tensor_release(self->outputs[i]);
        self->outputs[i] = NULL;
    }
    EFFNN_TRY(effnn_session_run(self->session, self->reader.inputs, self->outputs, NULL));
    return take_logits(self);
}

typedef struct sums {
    uint64_t count, correct, agree;
    double loss, kl;
    bool has_targets;
} sums;

static effnn_status target_of(size_t *out, const effnn_tensor *targets, size_t i, size_t classes,
                              uint64_t sample)
{
    const double value = effnn__tensor_load_f64(targets, i);

    if (!(value >= 0.0 && value < (double)classes && value == floor(value)))
        return effnn__fail(EFFNN_E_ARG, "target of sample %llu is %g, not a class below %zu",
                           (unsigned long long)sample, value, classes);
    *out = (size_t)value;
    return EFFNN_OK;
}

static effnn_status add_targets(sums *out, const runner *model)
{
    const effnn_tensor *targets = model->reader.current.targets;
    const uint64_t first = model->reader.first - model->reader.real;
    const float *logits = effnn_tensor_data(model->logits);

    if (first > 0 && out->has_targets != (targets != NULL))
        return effnn__fail(EFFNN_E_SHAPE, "sample %llu has %s target, unlike those before",
                           (unsigned long long)first, targets ? "a" : "no");
    out->has_targets = targets != NULL;
    if (!targets) return EFFNN_OK;
    if (effnn_tensor_count(targets) != model->reader.real)
        return effnn__fail(EFFNN_E_SHAPE, "%zu targets for %zu samples",
                           effnn_tensor_count(targets), model->reader.real);
    for (size_t i = 0; i < model->reader.real; i++) {
        const float *row = logits + i * model->classes;
        size_t target = 0;

        EFFNN_TRY(target_of(&target, targets, i, model->classes, first + i));
        out->correct += effnn__metric_argmax(row, model->classes) == target;
        out->loss += effnn__metric_cross_entropy(row, model->classes, target);
    }
    return EFFNN_OK;
}

/* Compare with what the reference gives for the same samples. */
static effnn_status add_reference(sums *out, const float *model, const float *reference, size_t n,
                                  size_t classes)
{
    for (size_t i = 0; i < n; i++, model += classes, reference += classes) {
        out->agree +=
            effnn__metric_argmax(model, classes) == effnn__metric_argmax(reference, classes);
        out->kl += effnn__metric_kl(reference, model, classes);
    }
    return EFFNN_OK;
}

/* Keep a batch's logits as rows of *all, which is made at the first batch. */
static effnn_status keep(effnn_tensor **all, const runner *model)
{
    const uint64_t first = model->reader.first - model->reader.real;
    const int64_t dims[] = { (int64_t)model->reader.count, (int64_t)model->classes };

    if (!*all) EFFNN_TRY(effnn_tensor_create(all, model->model->context, EFFNN_F32, 2, dims));
    memcpy((float *)effnn__tensor_data(*all) + first * model->classes,
           effnn_tensor_data(model->logits), model->reader.real * model->classes * sizeof(float));
    return EFFNN_OK;
}

/* Run a whole dataset through one model: sums of the targets' metrics, and all logits in *all. */
static effnn_status run_all(sums *out, effnn_tensor **all, const effnn_model *model,
                            effnn_dataset *data, const effnn_evaluate_options *options,
                            const char *stage)
{
    const effnn__progress progress = { options->progress, options->progress_user };
    runner self;
    effnn_status status = runner_open(&self, model, data, options->batch);

    while (status == EFFNN_OK) {
        status = effnn__progress_tell(&progress, stage, self.reader.first, self.reader.count);
        if (status == EFFNN_OK) status = effnn__batch_reader_next(&self.reader);
        if (status != EFFNN_OK || self.reader.real == 0) break;
        status = runner_run(&self);
        if (status == EFFNN_OK) status = keep(all, &self);
        if (status == EFFNN_OK && out) status = add_targets(out, &self);
        if (out) out->count += self.reader.real;
    }
    runner_close(&self);
    return status;
}

static effnn_status compare(sums *out, const effnn_tensor *logits, const effnn_tensor *reference)
{
    const effnn__shape a = effnn__tensor_shape(logits), b = effnn__tensor_shape(reference);

    if (!effnn__shape_equal(&a, &b))
        return effnn__fail(EFFNN_E_SHAPE, "the reference has %lld classes, the model %lld",
                           (long long)b.dims[1], (long long)a.dims[1]);
    return add_reference(out, effnn_tensor_data(logits), effnn_tensor_data(reference),
                         (size_t)a.dims[0], (size_t)a.dims[1]);
}

static void finish(effnn_evaluation *out, const sums *total, bool has_reference, double seconds)
{
    const double n = (double)total->count;

    *out = (effnn_evaluation){
        .version = 1,
        .count = total->count,
        .correct = total->correct,
        .top1 = total->has_targets ? (double)total->correct / n : NAN,
        .loss = total->has_targets ? total->loss / n : NAN,
        .agreement = has_reference ? (double)total->agree / n : NAN,
        .kl = has_reference ? total->kl / n : NAN,
        .seconds = seconds,
    };
}

effnn_status effnn_model_evaluate(effnn_evaluation *out, const effnn_model *model,
                                  effnn_dataset *dataset, const effnn_evaluate_options *options)
{
    const effnn_evaluate_options defaults = EFFNN_EVALUATE_OPTIONS_INIT;
    effnn_tensor *logits = NULL, *reference = NULL;
    sums total = { 0 };
    double seconds;
    effnn_status status;

    EFFNN_CHECK_ARG(out && out->version == 1 && model && dataset);
    if (!options) options = &defaults;
    if (options->version != 1)
        return effnn__fail(EFFNN_E_ARG, "evaluate options: version %u, this library knows 1",
                           options->version);
    if (effnn_dataset_count(dataset) == 0)
        return effnn__fail(EFFNN_E_ARG, "the dataset has no samples");
    seconds = effnn__seconds();
    status = run_all(&total, &logits, model, dataset, options, "evaluate");
    seconds = effnn__seconds() - seconds;
    if (status == EFFNN_OK && options->reference) {
        status = run_all(NULL, &reference, options->reference, dataset, options, "reference");
        if (status == EFFNN_OK) status = compare(&total, logits, reference);
    }
    if (status == EFFNN_OK) {
        finish(out, &total, options->reference != NULL, seconds);
        if (options->predictions) {
            *options->predictions = logits;
            logits = NULL;
        }
    }
    effnn_tensor_release(logits);
    effnn_tensor_release(reference);
    return status;
}
