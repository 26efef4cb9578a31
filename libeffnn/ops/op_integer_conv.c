/* SPDX-License-Identifier: BSD-3-Clause */
/* Convolutions of 8-bit integers by the f32 convolution, which is exact for short sums
 * (op_integer.h). One call does it all if a filter has no more taps than that. Else each image and
 * group goes by ranges of channels, whose weights are laid out one range after the other. Kernels
 * over three axes, or of more taps in one channel than a sum may have, are left to plain loops. */

#include "ops/op_integer_conv.h"

#include "base/pool.h"
#include "tensor/dtype.h"

#include <string.h>

/* ---- infer ---- */

effnn_status effnn__integer_conv_infer(effnn_op_infer *call, effnn__integer_conv_places at)
{
    const effnn__value_info *const operands[] = { call->inputs[at.x], call->inputs[at.weight],
                                                  effnn__infer_input(call, at.bias) };
    effnn_op_infer plain = *call;

    EFFNN_TRY(effnn__integer_check(
        call, (effnn__integer_zero){ .x = at.x, .zero = at.x_zero, .axis = EFFNN_MAX_RANK }));
    EFFNN_TRY(effnn__integer_check(
        call, (effnn__integer_zero){ .x = at.weight, .zero = at.weight_zero, .axis = 0 }));
    plain.inputs = operands;
    plain.constants = NULL;
    plain.n_inputs = 3;
    return effnn__conv_infer_shape(&plain);
}

/* ---- plan ---- */

typedef struct plan {
    const effnn__integer_conv *conv;
    effnn__conv2d whole,
        part; /* the whole convolution; a range of one image's and group's channels */
    size_t taps, group_in, group_out, range; /* range: channels of a part */
    bool is_plain, is_cut;
    size_t n_x, n_weight, n_part; /* floats of scratch: x and weight widened, a part's result */
} plan;

static effnn__conv2d cut_out(const plan *p, size_t channels)
{
    effnn__conv2d part = p->whole;

    part.n = part.groups = 1;
    part.c_in = channels;
    part.c_out = p->group_out;
    return part;
}

static plan plan_of(const effnn__integer_conv *conv, size_t depth)
{
    const size_t rank = effnn_tensor_rank(conv->x);
    plan p = { .conv = conv, .is_plain = rank > 4, .taps = 1 };

    for (size_t i = 2; i < rank; i++) p.taps *= (size_t)effnn_tensor_dims(conv->weight)[i];
    p.group_in = (size_t)effnn_tensor_dims(conv->weight)[1];
    p.group_out = (size_t)(effnn_tensor_dims(conv->weight)[0] / conv->attrs->group);
    p.is_plain = p.is_plain || p.taps > depth;
    if (p.is_plain) return p;
    p.whole = effnn__conv_geometry(conv->attrs, conv->x, conv->weight, conv->y);
    p.range = depth / p.taps;
    p.is_cut = p.group_in > p.range;
    p.part = p.is_cut ? cut_out(&p, p.range) : p.whole;
    p.n_x = effnn_tensor_count(conv->x);
    p.n_weight = effnn_tensor_count(conv->weight);
    p.n_part = p.is_cut ? p.group_out * p.whole.out_h * p.whole.out_w : effnn_tensor_count(conv->y);
    return p;
}

/* Kernels want their scratch aligned as doubles are. */
static size_t floats_before(const plan *p)
{
    return (p->n_x + p->n_weight + p->n_part + 15) / 16 * 16;
}

static size_t kernel_scratch(const effnn_context *context, const plan *p)
{
    const effnn__kernels *kernels = effnn__kernels_get();
    const size_t bytes = kernels->conv2d_scratch(context, &p->part);

    if (!p->is_cut || p->group_in % p->range == 0) return bytes;
    const effnn__conv2d last = cut_out(p, p->group_in % p->range);
    const size_t last_bytes = kernels->conv2d_scratch(context, &last);
    return bytes > last_bytes ? bytes : last_bytes;
}

/* How far magnitudes reach is not known before zero points are. */
size_t effnn__integer_conv_scratch(const effnn_context *context, const effnn__integer_conv *conv)
{
    size_t most = 0;

    if (effnn_tensor_count(conv->y) == 0) return 0;
    for (size_t i = 0; i < 3; i++) {
        const plan p = plan_of(conv, effnn__integer_depths[i]);
        const size_t bytes =
            p.is_plain ? 0 : floats_before(&p) * sizeof(float) + kernel_scratch(context, &p);

        if (bytes > most) most = bytes;
    }
    return most;
}

double effnn__integer_conv_macs(const effnn__integer_conv *conv)
{
    double taps = (double)effnn_tensor_count(conv->y);

    for (size_t i = 1; i < effnn_tensor_rank(conv->weight); i++)
        taps *= (double)effnn_tensor_dims(conv->weight)[i];
    return taps;
}

/* ---- weights ---- */

static int32_t zero_at(const effnn_tensor *zero, size_t i)
{
    if (!zero) return 0;
    return (int32_t)effnn__tensor_load_i64(zero, effnn_tensor_count(zero) == 1 ? 0 : i);
}

typedef struct weight_job {
    const plan *plan;
    float *out;
} weight_job;

/* Items are filters. A group's ranges follow each other, each [group_out, channels, taps]. */
static effnn_status weight_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const weight_job *job = job_;
    const plan *p = job->plan;
    const effnn_tensor *weight = p->conv->weight;
    const bool is_signed = effnn_tensor_dtype(weight) == EFFNN_I8;
    const uint8_t *from = effnn_tensor_data(weight);

    (void)piece;
    for (size_t m = begin; m < end; m++) {
        const size_t group = m / p->group_out, row = m % p->group_out;
        const int32_t zero = zero_at(p->conv->weight_zero, m);

        for (size_t c = 0; c < p->group_in; c += p->range) {
            const size_t channels = p->group_in - c < p->range ? p->group_in - c : p->range;
            float *to = job->out + (group * p->group_in + c) * p->group_out * p->taps;

            effnn__integer_widen(to + row * channels * p->taps, is_signed,
                                 from + (m * p->group_in + c) * p->taps, channels * p->taps, zero);
        }
    }
    return EFFNN_OK;
}

/* ---- by kernels ---- */

typedef struct room {
    float *x, *weight, *part;
    void *kernel;
} room;

static effnn_status run_cut(effnn_context *context, const plan *p, const room *r, int32_t *sums)
{
    const effnn__kernels *kernels = effnn__kernels_get();
    const size_t area = p->whole.h * p->whole.w, groups = p->whole.groups;

    for (size_t item = 0; item < p->whole.n * groups; item++) {
        const float *x = r->x + item * p->group_in * area;
        const float *weight = r->weight + item % groups * p->group_in * p->group_out * p->taps;

        for (size_t c = 0; c < p->group_in; c += p->range) {
            const size_t channels = p->group_in - c < p->range ? p->group_in - c : p->range;
            const effnn__conv2d part = cut_out(p, channels);

            EFFNN_TRY(kernels->conv2d_f32(context, &part, x + c * area,
                                          weight + c * p->group_out * p->taps, NULL, r->part,
                                          r->kernel));
            EFFNN_TRY(
                effnn__integer_add(context, sums + item * p->n_part, r->part, p->n_part, c == 0));
        }
    }
    return EFFNN_OK;
}

static effnn_status run_kernels(effnn_context *context, const plan *p, void *scratch, int32_t *sums)
{
    room r = { .x = scratch };
    weight_job weights = { .plan = p };

    r.weight = r.x + p->n_x;
    r.part = r.weight + p->n_weight;
    r.kernel = r.x + floats_before(p);
    weights.out = r.weight;
    EFFNN_TRY(effnn__integer_widen_tensor(context, r.x, p->conv->x, p->conv->x_zero, 0));
    EFFNN_TRY(effnn__parallel_for(context, p->whole.c_out, 1, weight_piece, &weights));
    if (p->is_cut) return run_cut(context, p, &r, sums);
    EFFNN_TRY(effnn__kernels_get()->conv2d_f32(context, &p->whole, r.x, r.weight, NULL, r.part,
                                               r.kernel));
    return effnn__integer_add(context, sums, r.part, p->n_part, true);
}

/* ---- by plain loops ---- */

typedef struct plain_job {
    const plan *plan;
    effnn__window_box box;
    size_t c, m, positions, out_positions;
    int32_t *sums;
} plain_job;

static size_t place(const effnn__window_axis *axis, size_t out, size_t tap)
{
    return out * axis->stride + tap * axis->dilation - axis->pad_begin; /* wraps in front */
}

/* Where a tap of output position `at` reads, SIZE_MAX in the padding. */
static size_t source(const effnn__window_box *b, size_t at, size_t tap)
{
    const size_t row = tap / b->axes[2].kernel;
    const size_t x = place(&b->axes[2], at % b->out[2], tap % b->axes[2].kernel);
    const size_t y = place(&b->axes[1], at / b->out[2] % b->out[1], row % b->axes[1].kernel);
    const size_t z = place(&b->axes[0], at / b->out[2] / b->out[1], row / b->axes[1].kernel);

    return z < b->in[0] && y < b->in[1] && x < b->in[2] ? (z * b->in[1] + y) * b->in[2] + x
                                                        : SIZE_MAX;
}

/* Items are the planes of y. */
static effnn_status plain_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const plain_job *job = job_;
    const plan *p = job->plan;
    const effnn__integer_conv *conv = p->conv;
    const int32_t x_zero = zero_at(conv->x_zero, 0);

    (void)piece;
    for (size_t i = begin * job->out_positions; i < end * job->out_positions; i++) {
        const size_t plane = i / job->out_positions, m = plane % job->m;
        const size_t first = plane / job->m * job->c + m / p->group_out * p->group_in;
        const int32_t zero = zero_at(conv->weight_zero, m);
        uint32_t sum = 0;

        for (size_t k = 0; k < p->group_in * p->taps; k++) {
            const size_t at = source(&job->box, i % job->out_positions, k % p->taps);

            if (at == SIZE_MAX) continue;
            const int64_t x =
                effnn__tensor_load_i64(conv->x, (first + k / p->taps) * job->positions + at);
            const int64_t w = effnn__tensor_load_i64(conv->weight, m * p->group_in * p->taps + k);
            sum += (uint32_t)(int32_t)((x - x_zero) * (w - zero));
        }
        job->sums[i] = (int32_t)sum;
    }
    return EFFNN_OK;
}

effnn_status effnn__integer_conv_run(effnn_context *context, const effnn__integer_conv *conv,
                                     void *scratch, int32_t *sums)
{
    const int64_t *x = effnn_tensor_dims(conv->x), *y = effnn_tensor_dims(conv->y);

    if (effnn_tensor_count(conv->y) == 0) return EFFNN_OK;
    const plan p =
        plan_of(conv, effnn__integer_depth(conv->x, conv->x_zero, conv->weight, conv->weight_zero));
    if (!p.is_plain) return run_kernels(context, &p, scratch, sums);
    plain_job job = { .plan = &p,
                      .box = effnn__window_box_of(&conv->attrs->window,
                                                  effnn_tensor_dims(conv->weight) + 2, conv->x,
                                                  conv->y),
                      .c = (size_t)x[1],
                      .m = (size_t)y[1],
                      .sums = sums };
    job.positions = effnn__window_inputs(&job.box);
    job.out_positions = effnn__window_outputs(&job.box);
    return effnn__parallel_for(context, (size_t)y[0] * job.m, 1, plain_piece, &job);
}
