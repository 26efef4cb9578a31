/* SPDX-License-Identifier: BSD-3-Clause */
/* 2-D convolution as a matrix product: for each image and group
 *     y [c_out / groups, positions] = weight [c_out / groups, taps] · columns [taps, positions]
 * with the columns made by im2col, a block of positions at a time. A 1 × 1 convolution of stride 1
 * without padding reads x itself as its columns; one filter a channel goes to the direct loops.
 *
 * Where one image and group is much work, images follow each other and all threads work inside each
 * step (`by_block`). Where it is little, each thread takes whole images and groups, with columns of
 * its own (`by_item`): as many slots of scratch as threads, items handed out by a counter. Which
 * way, and where blocks begin, depends on the problem only, and so do the bits. */

#include "base/pool.h"
#include "kernels/im2col.h"
#include "kernels/kernels_priv.h"

#include <stdatomic.h>

enum {
    BLOCK_BYTES = 4 << 20, /* columns made at a time, all threads together */
    ITEM_BYTES = 1 << 20,  /* the same for one thread by itself */
    FEWEST_COLUMNS = 192,  /* of a block: fewer would pack the weights too often */
    ITEM_WORK = 8 << 20,   /* multiply-adds up to which an item is left to one thread */
    ROWS_A_PIECE = 16,     /* of im2col */
    CACHE_LINE = 64,
};

typedef struct conv_job {
    const effnn__conv2d *conv;
    const float *x, *weight, *bias;
    float *y;
    size_t taps, positions, group_out; /* c_in / groups · area, out_h · out_w, c_out / groups */
    size_t block, slot_bytes, n_items;
    bool direct; /* x serves as the columns */
    char *scratch;
    atomic_size_t next_item;
} conv_job;

/* One block of one image and group. */
typedef struct block_job {
    const conv_job *job;
    const float *x; /* the group's first channel */
    float *columns;
    size_t col, n_cols;
} block_job;

static bool is_pointwise(const effnn__conv2d *v)
{
    return v->kernel_h == 1 && v->kernel_w == 1 && v->stride_h == 1 && v->stride_w == 1 &&
           v->pad_top == 0 && v->pad_left == 0 && v->out_h == v->h && v->out_w == v->w;
}

static bool is_depthwise(const effnn__conv2d *v)
{
    return v->groups > 1 && v->groups == v->c_in && v->groups == v->c_out;
}

static bool is_by_item(const conv_job *job)
{
    const double work = (double)job->group_out * (double)job->taps * (double)job->positions;

    return job->n_items > 1 && work <= ITEM_WORK;
}

/* Positions of a block: as `bytes` allow, in equal blocks of whole vectors. */
static size_t block_of(const conv_job *job, size_t bytes)
{
    const size_t fit = bytes / (job->taps * sizeof(float));
    const size_t most = fit < FEWEST_COLUMNS ? FEWEST_COLUMNS : fit;
    const size_t blocks = effnn__piece_count(job->positions, most);
    const size_t block = (effnn__piece_count(job->positions, blocks) + 15) / 16 * 16;

    return block < job->positions ? block : job->positions;
}

static void plan(conv_job *job, const effnn__conv2d *v)
{
    job->conv = v;
    job->taps = v->c_in / v->groups * v->kernel_h * v->kernel_w;
    job->positions = v->out_h * v->out_w;
    job->group_out = v->c_out / v->groups;
    job->n_items = v->n * v->groups;
    job->direct = is_pointwise(v);
    job->block = job->positions;
    if (!job->direct) job->block = block_of(job, is_by_item(job) ? ITEM_BYTES : BLOCK_BYTES);
    job->slot_bytes = job->direct ? 0 : job->taps * job->block * sizeof(float);
    job->slot_bytes = (job->slot_bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
}

static bool is_empty(const effnn__conv2d *v)
{
    return v->n == 0 || v->c_out == 0 || v->out_h == 0 || v->out_w == 0;
}

static size_t slots_of(const effnn_context *context, const conv_job *job)
{
    const size_t threads = is_by_item(job) ? effnn_context_threads(context) : 1;

    return threads < job->n_items ? threads : job->n_items;
}

size_t effnn__conv2d_scratch_gemm(const effnn_context *context, const effnn__conv2d *conv)
{
    conv_job job = { 0 };

    if (is_empty(conv) || is_depthwise(conv) || conv->c_in == 0) return 0;
    plan(&job, conv);
    return slots_of(context, &job) * job.slot_bytes;
}

/* The product for positions [col, col + n_cols) of item `item`; y holds the bias or is not read. */
static effnn__gemm product(const conv_job *job, size_t item, const float *columns,
                           size_t row_stride, size_t col, size_t n_cols)
{
    const effnn__conv2d *const v = job->conv;
    const size_t image = item / v->groups, group = item % v->groups;
    float *const y = job->y + (image * v->c_out + group * job->group_out) * job->positions + col;

    return (effnn__gemm){ .m = job->group_out,
                          .n = n_cols,
                          .k = job->taps,
                          .a = job->weight + group * job->group_out * job->taps,
                          .b = columns,
                          .c = y,
                          .a_row = (int64_t)job->taps,
                          .a_col = 1,
                          .b_row = (int64_t)row_stride,
                          .b_col = 1,
                          .c_row = (int64_t)job->positions,
                          .c_col = 1,
                          .alpha = 1.0,
                          .beta = job->bias ? 1.0 : 0.0,
                          .n_batch = 1 };
}

static void fill_bias(const conv_job *job, size_t item, size_t col, size_t n_cols)
{
    const effnn__conv2d *const v = job->conv;
    const size_t first = item % v->groups * job->group_out;
    float *y = job->y + (item / v->groups * v->c_out + first) * job->positions + col;

    for (size_t co = 0; job->bias && co < job->group_out; co++, y += job->positions)
        for (size_t i = 0; i < n_cols; i++) y[i] = job->bias[first + co];
}

static const float *item_input(const conv_job *job, size_t item)
{
    return job->x + item * (job->conv->c_in / job->conv->groups) * job->conv->h * job->conv->w;
}

static effnn_status run_items(void *arg, size_t slot, size_t begin, size_t end)
{
    conv_job *const job = arg;
    float *const columns = (float *)(job->scratch + slot * job->slot_bytes);
    size_t item;

    (void)begin;
    (void)end;
    while ((item = atomic_fetch_add(&job->next_item, 1)) < job->n_items) {
        const float *const x = item_input(job, item);

        for (size_t col = 0; col < job->positions; col += job->block) {
            const size_t rest = job->positions - col, n = rest < job->block ? rest : job->block;
            effnn__gemm gemm = product(job, item, columns, n, col, n);

            if (job->direct) {
                gemm.b = x + col;
                gemm.b_row = (int64_t)job->positions;
            } else {
                effnn__im2col_f32(job->conv, x, 0, job->taps, col, n, columns);
            }
            fill_bias(job, item, col, n);
            effnn__gemm_serial_f32(&gemm);
        }
    }
    return EFFNN_OK;
}

static effnn_status run_im2col(void *arg, size_t piece, size_t begin, size_t end)
{
    const block_job *const b = arg;

    (void)piece;
    effnn__im2col_f32(b->job->conv, b->x, begin, end, b->col, b->n_cols,
                      b->columns + begin * b->n_cols);
    return EFFNN_OK;
}

static effnn_status run_block(effnn_context *context, const conv_job *job, size_t item, size_t col)
{
    const size_t rest = job->positions - col;
    block_job block = { job, item_input(job, item), (float *)job->scratch, col,
                        rest < job->block ? rest : job->block };
    const effnn__gemm gemm =
        job->direct ? product(job, item, block.x + col, job->positions, col, block.n_cols)
                    : product(job, item, block.columns, block.n_cols, col, block.n_cols);

    if (!job->direct)
        EFFNN_TRY(effnn__parallel_for(context, job->taps, ROWS_A_PIECE, run_im2col, &block));
    fill_bias(job, item, col, block.n_cols);
    return effnn__gemm_f32_blis(context, &gemm);
}

effnn_status effnn__conv2d_f32_gemm(effnn_context *context, const effnn__conv2d *conv,
                                    const float *x, const float *weight, const float *bias,
                                    float *y, void *scratch)
{
    conv_job job = { .x = x, .weight = weight, .bias = bias, .y = y, .scratch = scratch };

    if (is_empty(conv)) return EFFNN_OK;
    if (is_depthwise(conv)) return effnn__conv2d_f32_depthwise(context, conv, x, weight, bias, y);
    if (conv->c_in == 0 || conv->kernel_h == 0 || conv->kernel_w == 0)
        return effnn__conv2d_f32_ref(context, conv, x, weight, bias, y, NULL);
    plan(&job, conv);
    if (is_by_item(&job)) {
        atomic_init(&job.next_item, 0);
        return effnn__parallel_for(context, slots_of(context, &job), 1, run_items, &job);
    }
    for (size_t item = 0; item < job.n_items; item++)
        for (size_t col = 0; col < job.positions; col += job.block)
            EFFNN_TRY(run_block(context, &job, item, col));
    return EFFNN_OK;
}
