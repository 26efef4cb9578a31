/* SPDX-License-Identifier: BSD-3-Clause */
/* Losses against class labels. Each place's loss and weight go to scratch, in double, in parallel;
 * then they are added in order. */

#include "ops/op_loss.h"

#include "base/pool.h"
#include "ops/op_move.h"
#include "tensor/dtype.h"

#include <math.h>

#define GRAIN_ELEMENTS 16384
#define NO_LABEL       (-((int64_t)1 << 53)) /* the default of an option is a double */

enum { MEAN, SUM, NONE };

#define FIELD(f) offsetof(effnn__loss_attrs, f)
static const char *const reductions[] = { "mean", "sum", "none", NULL };
const effnn_option_def effnn__loss_attr_defs[] = {
    { "ignore_index", "label whose places do not count; -2^53: none", EFFNN_OPT_I64,
      FIELD(ignore_index), .value = (double)NO_LABEL },
    { "reduction", "how the places' losses become one", EFFNN_OPT_ENUM, FIELD(reduction),
      .choices = reductions },
    EFFNN_OPTIONS_END,
};

/* ---- infer ---- */

static effnn_status check_labels(const effnn_op_infer *call, effnn__sym *dims)
{
    const effnn__value_info *x = call->inputs[0], *labels = call->inputs[1];
    size_t n = 0;

    EFFNN_TRY(effnn__infer_rank(call, 1, x->rank - 1));
    for (size_t i = 0; i < x->rank; i++) {
        if (i == 1) continue;
        dims[n] = x->dims[i];
        if (labels->has_shape)
            EFFNN_TRY(effnn__infer_equal_dims(&dims[n], call, "sizes of scores and labels",
                                              x->dims[i], labels->dims[n]));
        n++;
    }
    return EFFNN_OK;
}

effnn_status effnn__loss_infer(effnn_op_infer *call)
{
    const effnn__loss_attrs *attrs = call->attrs;
    const effnn__value_info *x = call->inputs[0], *weights = effnn__infer_input(call, 2);
    effnn__value_info *out = &call->outputs[0];
    effnn__sym dims[EFFNN_MAX_RANK], classes;
    char text[EFFNN__INFO_TEXT];

    EFFNN_TRY(effnn__infer_dtype(call, 0, EFFNN__FLOATS));
    EFFNN_TRY(effnn__infer_dtype(call, 1, EFFNN__INTEGERS));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, 1));
    if (weights && weights->has_dtype && x->has_dtype && weights->dtype != x->dtype)
        return effnn__infer_fail(call, EFFNN_E_ARG, "scores are %s but weights %s",
                                 effnn_dtype_name(x->dtype), effnn_dtype_name(weights->dtype));
    EFFNN_TRY(effnn__infer_rank(call, 2, 1));
    if (call->n_outputs > 1) call->outputs[1] = *x;
    if (call->n_outputs > 1) call->outputs[1].has_content = false;
    if (attrs->reduction != NONE) effnn__info_set_shape(out, 0, NULL);
    if (!x->has_shape) return EFFNN_OK;
    if (x->rank < 2)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "input 0 is %s but must have rank 2 or more",
                                 effnn__infer_print(text, call, x));
    EFFNN_TRY(check_labels(call, dims));
    if (weights && weights->has_shape)
        EFFNN_TRY(effnn__infer_equal_dims(&classes, call, "numbers of classes and weights",
                                          x->dims[1], weights->dims[0]));
    if (attrs->reduction == NONE) effnn__info_set_shape(out, x->rank - 1, dims);
    return EFFNN_OK;
}

/* ---- forward ---- */

typedef struct loss_job {
    const effnn_op_call *call;
    const effnn__dtype_row *row;
    size_t classes, inner; /* places of one n */
    const void *x;
    void *log_prob;
    bool is_softmax;
    double *losses, *weights; /* [places] */
} loss_job;

/* The logarithm of the sum of exponentials of the scores from element `first` on. */
static double log_sum(const loss_job *job, size_t first)
{
    double largest = -INFINITY, sum = 0.0;

    for (size_t c = 0; c < job->classes; c++) {
        const double x = job->row->load_f64(job->x, first + c * job->inner);

        if (x > largest || isnan(x)) largest = x;
    }
    if (!isfinite(largest)) return largest;
    for (size_t c = 0; c < job->classes; c++)
        sum += exp(job->row->load_f64(job->x, first + c * job->inner) - largest);
    return largest + log(sum);
}

/* One place: its scores begin at `first`. */
static effnn_status run_place(const loss_job *job, size_t place, size_t first)
{
    const effnn__loss_attrs *attrs = job->call->attrs;
    const effnn_tensor *weights = effnn__call_input(job->call, 2);
    const int64_t label = effnn__tensor_load_i64(job->call->inputs[1], place);
    const double total = job->is_softmax ? log_sum(job, first) : 0.0;

    for (size_t c = 0; c < job->classes && job->log_prob; c++) {
        const size_t at = first + c * job->inner;

        job->row->store_f64(job->log_prob, at, job->row->load_f64(job->x, at) - total);
    }
    job->losses[place] = job->weights[place] = 0.0;
    if (label == attrs->ignore_index && label != NO_LABEL) return EFFNN_OK;
    if (label < 0 || (uint64_t)label >= job->classes)
        return effnn__call_fail(job->call, EFFNN_E_ARG, "label %zu is %lld of %zu classes", place,
                                (long long)label, job->classes);
    const double score = job->row->load_f64(job->x, first + (size_t)label * job->inner);
    job->weights[place] = weights ? effnn__tensor_load_f64(weights, (size_t)label) : 1.0;
    job->losses[place] = job->weights[place] * (total - score);
    return EFFNN_OK;
}

static effnn_status loss_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const loss_job *job = job_;

    (void)piece;
    for (size_t i = begin; i < end; i++)
        EFFNN_TRY(run_place(job, i, i / job->inner * job->classes * job->inner + i % job->inner));
    return EFFNN_OK;
}

static void reduce(const loss_job *job, size_t n)
{
    const effnn__loss_attrs *attrs = job->call->attrs;
    effnn_tensor *y = job->call->outputs[0];
    double loss = 0.0, weight = 0.0;

    if (!y) return;
    for (size_t i = 0; i < n; i++) {
        if (attrs->reduction == NONE) job->row->store_f64(effnn__tensor_data(y), i, job->losses[i]);
        loss += job->losses[i];
        weight += job->weights[i];
    }
    if (attrs->reduction != NONE)
        job->row->store_f64(effnn__tensor_data(y), 0,
                            attrs->reduction == MEAN ? loss / weight : loss);
}

effnn_status effnn__loss_run(const effnn_op_call *call, bool is_softmax)
{
    const effnn_tensor *x = call->inputs[0];
    const size_t n = effnn_tensor_count(call->inputs[1]);
    effnn_tensor *log_prob = call->n_outputs > 1 ? call->outputs[1] : NULL;
    loss_job job = { .call = call,
                     .row = effnn__dtype_row_of(effnn_tensor_dtype(x)),
                     .classes = (size_t)effnn_tensor_dims(x)[1],
                     .inner = effnn__count_dims(x, 2, effnn_tensor_rank(x)),
                     .x = effnn_tensor_data(x),
                     .log_prob = log_prob ? effnn__tensor_data(log_prob) : NULL,
                     .is_softmax = is_softmax,
                     .losses = call->scratch };

    job.weights = job.losses + n;
    EFFNN_TRY(effnn__parallel_for(call->context, n, GRAIN_ELEMENTS / (job.classes + 1) + 1,
                                  loss_piece, &job));
    reduce(&job, n);
    return EFFNN_OK;
}

size_t effnn__loss_scratch(const effnn_op_call *call, effnn_op_phase phase)
{
    (void)phase;
    return 2 * effnn_tensor_count(call->inputs[1]) * sizeof(double);
}

void effnn__loss_cost(const effnn_op_call *call, effnn_op_cost *out)
{
    out->flops = 4.0 * (double)effnn_tensor_count(call->inputs[0]);
}
