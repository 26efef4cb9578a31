/* SPDX-License-Identifier: BSD-3-Clause */
/* Group normalisation: a group of a sample is a row of neighbouring elements, so that f32 is a
 * layer normalisation without parameters, then a factor and an offset for each channel. Other
 * floats by plain loops in double. */

#include "ops/op_group_norm.h"

#include "base/pool.h"
#include "kernels/kernels.h"
#include "ops/op_move.h"
#include "tensor/dtype.h"

#include <math.h>

effnn_status effnn__group_norm_infer(effnn_op_infer *call, const effnn__group_norm *norm)
{
    const effnn__value_info *x = call->inputs[0];
    char text[EFFNN__INFO_TEXT];

    EFFNN_TRY(effnn__infer_same(call, EFFNN__FLOATS));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, call->n_inputs));
    for (size_t i = 1; i < 3; i++) EFFNN_TRY(effnn__infer_rank(call, i, 1));
    if (!x->has_shape) return EFFNN_OK;
    if (x->rank < 2)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "input 0 is %s but must have rank 2 or more",
                                 effnn__infer_print(text, call, x));
    const effnn__sym channels = x->dims[1];
    if (norm->groups > 0 && channels.symbol == 0 && channels.offset % (int64_t)norm->groups != 0)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "%lld channels in %zu groups",
                                 (long long)channels.offset, norm->groups);
    for (size_t i = 1; i < 3; i++) {
        const effnn__value_info *info = call->inputs[i];
        effnn__sym dim;

        if (info->has_shape)
            EFFNN_TRY(effnn__infer_equal_dims(
                &dim, call, "sizes of input and parameters",
                norm->per_group ? effnn__sym_constant((int64_t)norm->groups) : channels,
                info->dims[0]));
    }
    return EFFNN_OK;
}

typedef struct group_job {
    const effnn__group_norm *norm;
    const effnn__dtype_row *row;
    size_t samples, channels, inner, groups, in_group; /* channels of a group */
    const void *x, *scale, *bias;
    void *y, *mean, *rstd;
} group_job;

static group_job job_of(const effnn_op_call *call, const effnn__group_norm *norm)
{
    const effnn_tensor *x = call->inputs[0];
    group_job job = { .norm = norm,
                      .row = effnn__dtype_row_of(effnn_tensor_dtype(x)),
                      .samples = (size_t)effnn_tensor_dims(x)[0],
                      .channels = (size_t)effnn_tensor_dims(x)[1],
                      .inner = effnn__count_dims(x, 2, effnn_tensor_rank(x)) };

    job.groups = norm->groups ? norm->groups : job.channels;
    job.in_group = job.groups ? job.channels / job.groups : 0;
    return job;
}

/* Items are the groups of all samples. */
static effnn_status group_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const group_job *job = job_;
    const effnn__dtype_row *row = job->row;
    const size_t n = job->in_group * job->inner;

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        const size_t first = i % job->groups * job->in_group;
        double mean = 0.0, variance = 0.0;

        for (size_t k = i * n; k < (i + 1) * n; k++) mean += row->load_f64(job->x, k);
        mean /= (double)n;
        for (size_t k = i * n; k < (i + 1) * n; k++) {
            const double off = row->load_f64(job->x, k) - mean;

            variance += off * off;
        }
        const double rstd = 1.0 / sqrt(variance / (double)n + job->norm->epsilon);
        for (size_t k = 0; k < n; k++) {
            const size_t parameter =
                job->norm->per_group ? i % job->groups : first + k / job->inner;

            row->store_f64(job->y, i * n + k,
                           (row->load_f64(job->x, i * n + k) - mean) * rstd *
                                   row->load_f64(job->scale, parameter) +
                               row->load_f64(job->bias, parameter));
        }
        if (job->mean) row->store_f64(job->mean, i, mean);
        if (job->rstd) row->store_f64(job->rstd, i, rstd);
    }
    return EFFNN_OK;
}

size_t effnn__group_norm_scratch(const effnn_op_call *call)
{
    if (effnn_tensor_count(call->inputs[0]) == 0) return 0;
    return 2 * (size_t)effnn_tensor_dims(call->inputs[0])[1] * sizeof(float);
}

effnn_status effnn__group_norm_run(const effnn_op_call *call, const effnn__group_norm *norm)
{
    const effnn__kernels *kernels = effnn__kernels_get();
    group_job job = job_of(call, norm);
    const float *scale = effnn_tensor_data(call->inputs[1]);
    const float *bias = effnn_tensor_data(call->inputs[2]);

    job.x = effnn_tensor_data(call->inputs[0]);
    job.y = effnn__tensor_data(call->outputs[0]);
    job.scale = scale;
    job.bias = bias;
    job.mean = call->aux ? call->aux[0] : NULL;
    job.rstd = call->aux ? call->aux[1] : NULL;
    if (effnn_tensor_count(call->inputs[0]) == 0) return EFFNN_OK;
    if (effnn_tensor_dtype(call->inputs[0]) != EFFNN_F32)
        return effnn__parallel_for(call->context, job.samples * job.groups, 1, group_piece, &job);
    if (norm->per_group) {
        float *spread = call->scratch;

        for (size_t i = 0; i < job.channels; i++) {
            spread[i] = scale[i / job.in_group];
            spread[job.channels + i] = bias[i / job.in_group];
        }
        scale = spread;
        bias = spread + job.channels;
    }
    EFFNN_TRY(kernels->layer_norm_f32(call->context, job.samples * job.groups,
                                      job.in_group * job.inner, job.x, NULL, NULL,
                                      (float)norm->epsilon, job.y, job.mean, job.rstd));
    return kernels->channel_affine_f32(call->context, job.samples, job.channels, job.inner, job.y,
                                       scale, bias, job.y);
}

size_t effnn__group_norm_aux(const effnn_op_call *call, const effnn__group_norm *norm)
{
    const group_job job = job_of(call, norm);

    return job.samples * job.groups * effnn__element_size(call->inputs[0]);
}

void effnn__group_norm_cost(const effnn_op_call *call, effnn_op_cost *out)
{
    out->flops = 7.0 * (double)effnn_tensor_count(call->inputs[0]);
}
