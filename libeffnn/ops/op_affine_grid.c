/* SPDX-License-Identifier: BSD-3-Clause */
/* A grid for grid_sample: the places of a picture or volume of a given size (input 1: [n, c, h, w]
 * or [n, c, d, h, w]), in coordinates from -1 to 1, moved by the affine matrices of input 0. */

#include "base/pool.h"
#include "ops/op_move.h"
#include "tensor/dtype.h"

#define GRAIN 4096

typedef struct affine_attrs {
    bool align_corners;
} affine_attrs;

static const effnn_option_def attr_defs[] = {
    { "align_corners", "-1 and 1 are the centres of the outermost elements, else their edges",
      EFFNN_OPT_BOOL, offsetof(affine_attrs, align_corners), .value = 0 },
    EFFNN_OPTIONS_END,
};

/* Spatial rank from whichever input tells it; 0: neither does. */
static effnn_status spatial_rank(const effnn_op_infer *call, size_t *out)
{
    const effnn__value_info *theta = call->inputs[0];
    size_t n = 0;

    *out = 0;
    if (effnn__infer_length(call, 1, &n)) {
        if (n != 4 && n != 5)
            return effnn__infer_fail(call, EFFNN_E_SHAPE, "the size has %zu elements, not 4 or 5",
                                     n);
        *out = n - 2;
    } else if (theta->has_shape && theta->rank == 3 && theta->dims[1].symbol == 0) {
        if (theta->dims[1].offset != 2 && theta->dims[1].offset != 3)
            return effnn__infer_fail(call, EFFNN_E_SHAPE, "matrices of %lld rows, not 2 or 3",
                                     (long long)theta->dims[1].offset);
        *out = (size_t)theta->dims[1].offset;
    }
    return EFFNN_OK;
}

static effnn_status infer(effnn_op_infer *call)
{
    const effnn__value_info *theta = call->inputs[0];
    effnn__sym size[EFFNN__MAX_CONTENT], dims[EFFNN_MAX_RANK], dim;
    size_t rank = 0, n = 0;
    bool known = false;

    EFFNN_TRY(effnn__infer_dtype(call, 0, EFFNN__FLOATS));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, 1));
    EFFNN_TRY(effnn__infer_rank(call, 0, 3));
    EFFNN_TRY(effnn__infer_target(call, 1, &known, &n, size));
    EFFNN_TRY(spatial_rank(call, &rank));
    if (rank == 0) return EFFNN_OK;
    for (size_t i = 0; i <= rank; i++) {
        dims[i] = known ? size[i == 0 ? 0 : i + 1] : (effnn__sym){ 0 };
        if (!known) EFFNN_TRY(effnn__symbols_fresh(&dims[i], call->symbols));
    }
    dims[rank + 1] = effnn__sym_constant((int64_t)rank);
    if (theta->has_shape) {
        EFFNN_TRY(effnn__infer_equal_dims(&dims[0], call, "number of matrices against the size",
                                          theta->dims[0], dims[0]));
        EFFNN_TRY(effnn__infer_equal_dims(&dim, call, "rows of a matrix", theta->dims[1],
                                          effnn__sym_constant((int64_t)rank)));
        EFFNN_TRY(effnn__infer_equal_dims(&dim, call, "columns of a matrix", theta->dims[2],
                                          effnn__sym_constant((int64_t)rank + 1)));
    }
    effnn__info_set_shape(&call->outputs[0], rank + 2, dims);
    return EFFNN_OK;
}

typedef struct affine_job {
    bool align_corners;
    const effnn__dtype_row *row;
    size_t rank, places;
    const int64_t *dims; /* spatial sizes, outermost first */
    const void *theta;
    void *y;
} affine_job;

static double coordinate(const affine_job *job, size_t at, int64_t size)
{
    if (!job->align_corners) return (2.0 * (double)at + 1.0) / (double)size - 1.0;
    return size == 1 ? 0.0 : 2.0 * (double)at / ((double)size - 1.0) - 1.0;
}

/* Items are places of all batch entries. */
static effnn_status affine_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const affine_job *job = job_;
    const size_t rank = job->rank;

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        double place[3] = { 0.0 };
        size_t rest = i % job->places;

        for (size_t k = 0; k < rank; k++) { /* x, the innermost, first */
            const int64_t size = job->dims[rank - 1 - k];

            place[k] = coordinate(job, rest % (size_t)size, size);
            rest /= (size_t)size;
        }
        for (size_t row = 0; row < rank; row++) {
            const size_t at = (i / job->places * rank + row) * (rank + 1);
            double sum = job->row->load_f64(job->theta, at + rank);

            for (size_t k = 0; k < rank; k++)
                sum += job->row->load_f64(job->theta, at + k) * place[k];
            job->row->store_f64(job->y, i * rank + row, sum);
        }
    }
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    const affine_attrs *attrs = call->attrs;
    effnn_tensor *y = call->outputs[0];
    const size_t rank = effnn_tensor_rank(y) - 2;
    affine_job job = { .align_corners = attrs->align_corners,
                       .row = effnn__dtype_row_of(effnn_tensor_dtype(y)),
                       .rank = rank,
                       .places = effnn__count_dims(y, 1, rank + 1),
                       .dims = effnn_tensor_dims(y) + 1,
                       .theta = effnn_tensor_data(call->inputs[0]),
                       .y = effnn__tensor_data(y) };

    return effnn__parallel_for(call->context, effnn_tensor_count(y) / rank, GRAIN, affine_piece,
                               &job);
}

static const effnn_onnx_row onnx[] = {
    { .name = "AffineGrid", .since = 20 },
    { .name = "AffineGrid", .since = 1, .write = effnn__onnx_write_newer, .write_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,2,3]", "i64{2,3,4,5}" }, .tolerance = 1e-5 },
    { .inputs = { "f32[1,3,4]", "i64{1,3,2,3,4}" }, .attrs = "align_corners=1", .tolerance = 1e-5 },
    { .inputs = { "f64[1,2,3]", "i64{1,1,1,3}" }, .attrs = "align_corners=1" },
    { .inputs = { "f16[1,2,3]", "i64{1,1,0,3}" } },
    { .inputs = { "f32[1,2,3]", "i64{1,1,3}" }, .refused = "3 elements" },
    { .inputs = { "f32[1,2,3]", "i64{2,1,3,3}" }, .refused = "1 is not 2" },
    { .inputs = { "f32[1,3,4]", "i64{1,1,3,3}" }, .refused = "3 is not 2" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_affine_grid = {
    .name = "affine_grid",
    .summary = "grid of places moved by affine matrices",
    .attrs = attr_defs,
    .attrs_size = sizeof(affine_attrs),
    .min_inputs = 2,
    .max_inputs = 2,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .onnx = onnx,
    .samples = samples,
};
