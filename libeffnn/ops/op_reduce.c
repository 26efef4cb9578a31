/* SPDX-License-Identifier: BSD-3-Clause */
/* Reductions. The input is seen as kept and reduced dimensions with strides; an output element's
 * inputs are visited in row-major order, always alone by one thread, so the sum's order depends on
 * shapes only. One block of reduced axes in f32 goes to a kernel; f32 otherwise accumulates in
 * double. */

#include "ops/op_reduce.h"

#include "base/pool.h"
#include "ops/op_move.h"
#include "ops/op_scalar.h"

#include <math.h>

#define GRAIN_ELEMENTS 16384

const effnn_option_def effnn__reduce_attr_defs[] = {
    { "keepdims", "reduced axes stay with size 1", EFFNN_OPT_BOOL,
      offsetof(effnn__reduce_attrs, keepdims), .value = 1 },
    { "noop_with_empty_axes", "no axes means the input unchanged, not all axes", EFFNN_OPT_BOOL,
      offsetof(effnn__reduce_attrs, noop_with_empty_axes), .value = 0 },
    EFFNN_OPTIONS_END,
};

/* ---- infer ---- */

/* Bit i: axis i is reduced. */
static unsigned mask_of(const effnn__reduce_attrs *attrs, size_t rank, size_t n, const size_t *axes)
{
    unsigned mask = 0;

    if (n == 0) return attrs->noop_with_empty_axes ? 0 : (1u << rank) - 1;
    for (size_t i = 0; i < n; i++) mask |= 1u << axes[i];
    return mask;
}

effnn_status effnn__reduce_infer(effnn_op_infer *call, unsigned kinds)
{
    const effnn__reduce_attrs *attrs = call->attrs;
    const effnn__value_info *in = call->inputs[0];
    effnn__sym dims[EFFNN_MAX_RANK];
    size_t n, axes[EFFNN__MAX_CONTENT], rank = 0;
    bool known;

    EFFNN_TRY(effnn__infer_dtype(call, 0, kinds));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, 1));
    if (!in->has_shape) return EFFNN_OK;
    EFFNN_TRY(effnn__infer_axes(call, 1, in->rank, &known, &n, axes));
    if (!known) return EFFNN_OK;
    const unsigned mask = mask_of(attrs, in->rank, n, axes);
    for (size_t i = 0; i < in->rank; i++) {
        if (!(mask & (1u << i)))
            dims[rank++] = in->dims[i];
        else if (attrs->keepdims)
            dims[rank++] = effnn__sym_constant(1);
    }
    effnn__info_set_shape(&call->outputs[0], rank, dims);
    return EFFNN_OK;
}

/* ---- forward ---- */

static unsigned reduced_axes(const effnn_op_call *call)
{
    const effnn_tensor *axes = effnn__call_input(call, 1);
    const size_t rank = effnn_tensor_rank(call->inputs[0]);
    const size_t n = axes ? effnn_tensor_count(axes) : 0;
    size_t items[EFFNN__MAX_CONTENT];

    for (size_t i = 0; i < n; i++)
        items[i] = effnn__resolve_axis(effnn__tensor_load_i64(axes, i), rank);
    return mask_of(call->attrs, rank, n, items);
}

/* Dimensions of one kind, outer to inner, neighbours merged. */
typedef struct dim_list {
    size_t n, count;
    int64_t sizes[EFFNN_MAX_RANK], strides[EFFNN_MAX_RANK];
} dim_list;

static void add_dim(dim_list *list, int64_t size, int64_t stride)
{
    list->count *= (size_t)size;
    if (size == 1) return;
    if (list->n > 0 && list->strides[list->n - 1] == size * stride) {
        list->sizes[list->n - 1] *= size;
        list->strides[list->n - 1] = stride;
        return;
    }
    list->sizes[list->n] = size;
    list->strides[list->n++] = stride;
}

/* Offset of the i-th of a list's places. */
static int64_t place_of(const dim_list *list, size_t i)
{
    int64_t offset = 0;

    for (size_t d = list->n; d-- > 0;) {
        offset += (int64_t)(i % (size_t)list->sizes[d]) * list->strides[d];
        i /= (size_t)list->sizes[d];
    }
    return offset;
}

typedef struct reduce_job {
    const effnn__reduction *reduction;
    const effnn__dtype_row *row;
    bool is_u64;
    dim_list kept, reduced;
    const void *x;
    void *y;
} reduce_job;

static void split_dims(reduce_job *job, const effnn_tensor *x, unsigned mask)
{
    const size_t rank = effnn_tensor_rank(x);
    int64_t strides[EFFNN_MAX_RANK];

    effnn__shape_strides(strides, rank, effnn_tensor_dims(x));
    job->kept.count = job->reduced.count = 1;
    for (size_t i = 0; i < rank; i++)
        add_dim(mask & (1u << i) ? &job->reduced : &job->kept, effnn_tensor_dims(x)[i], strides[i]);
}

/* Elements of the innermost reduced dimension come in one loop, less `origin`. */
static double fold_f64(const reduce_job *job, int64_t base, double (*fold)(double, double),
                       double start, double origin)
{
    const dim_list *r = &job->reduced;
    const size_t inner = r->n == 0 ? 1 : (size_t)r->sizes[r->n - 1];
    const int64_t stride = r->n == 0 ? 0 : r->strides[r->n - 1];
    double result = start;

    for (size_t i = 0; i < r->count; i += inner) {
        const int64_t from = base + place_of(r, i);

        for (size_t k = 0; k < inner; k++)
            result = fold(result, job->row->load_f64(job->x, (size_t)(from + (int64_t)k * stride)) -
                                      origin);
    }
    return result;
}

static double reduce_f64(const reduce_job *job, int64_t base)
{
    const effnn__reduction *r = job->reduction;
    double origin = 0.0;

    if (r->relative) {
        origin = fold_f64(job, base, effnn__scalar_max.f64, -INFINITY, 0.0);
        if (!isfinite(origin)) origin = 0.0;
    }
    const double folded = fold_f64(job, base, r->fold->f64, r->start, origin);
    if (r->mean) return folded / (double)job->reduced.count;
    return (r->finish ? r->finish(folded) : folded) + origin;
}

static int64_t reduce_i64(const reduce_job *job, int64_t base)
{
    const effnn__binary *fold = job->reduction->fold;
    int64_t result = job->reduction->start_i64 ? job->reduction->start_i64(job->row) : 0;

    for (size_t i = 0; i < job->reduced.count; i++) {
        const int64_t x = job->row->load_i64(job->x, (size_t)(base + place_of(&job->reduced, i)));

        result = job->is_u64 && fold->u64 ? (int64_t)fold->u64((uint64_t)result, (uint64_t)x)
                                          : fold->i64(result, x);
    }
    return job->reduction->mean ? result / (int64_t)job->reduced.count : result;
}

static effnn_status reduce_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const reduce_job *job = job_;
    const bool is_float = job->row->kind == EFFNN__KIND_FLOAT;

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        const int64_t base = place_of(&job->kept, i);

        if (is_float)
            job->row->store_f64(job->y, i, reduce_f64(job, base));
        else if (job->reduction->finish)
            effnn__store_truncated(job->row, job->y, i, reduce_f64(job, base));
        else
            effnn__store_wrapped(job->row, job->y, i, reduce_i64(job, base));
    }
    return EFFNN_OK;
}

/* [outer, axis, inner] if the reduced axes are one block. */
static bool is_one_block(const reduce_job *job, effnn__axis *out)
{
    const dim_list *r = &job->reduced;

    if (r->count == 0 || job->kept.count == 0 || r->n != 1) return false;
    const size_t inner = (size_t)r->strides[0];
    *out = (effnn__axis){ .outer = job->kept.count / inner, .axis = r->count, .inner = inner };
    return true;
}

static effnn_status run_kernel(const effnn_op_call *call, const reduce_job *job, effnn__axis shape)
{
    const size_t n = effnn_tensor_count(call->outputs[0]);
    float *y = job->y;

    EFFNN_TRY(job->reduction->f32(call->context, shape, job->x, y));
    for (size_t i = 0; job->reduction->mean && i < n; i++) y[i] /= (float)shape.axis;
    return EFFNN_OK;
}

effnn_status effnn__reduce_run(const effnn_op_call *call, const effnn__reduction *reduction)
{
    const effnn_tensor *x = call->inputs[0];
    const effnn_dtype dtype = effnn_tensor_dtype(x);
    reduce_job job = { .reduction = reduction,
                       .row = effnn__dtype_row_of(dtype),
                       .is_u64 = dtype == EFFNN_U64,
                       .x = effnn_tensor_data(x),
                       .y = effnn__tensor_data(call->outputs[0]) };
    effnn__axis shape;

    split_dims(&job, x, reduced_axes(call));
    if (reduction->mean && job.row->kind != EFFNN__KIND_FLOAT && job.reduced.count == 0 &&
        job.kept.count > 0)
        return effnn__call_fail(call, EFFNN_E_NUMERIC, "mean of no integers");
    if (dtype == EFFNN_F32 && reduction->f32 && is_one_block(&job, &shape))
        return run_kernel(call, &job, shape);
    const size_t grain =
        job.reduced.count >= GRAIN_ELEMENTS ? 1 : GRAIN_ELEMENTS / (job.reduced.count + 1) + 1;
    return effnn__parallel_for(call->context, job.kept.count, grain, reduce_piece, &job);
}

void effnn__reduce_cost(const effnn_op_call *call, effnn_op_cost *out)
{
    out->flops = (double)effnn_tensor_count(call->inputs[0]);
}

/* ---- ONNX ---- */

/* No axes, and that means none: an axis of size 1 is put behind and reduced. */
static effnn_status write_no_axes(effnn_onnx_writer *writer)
{
    const int64_t last = -1;
    const char *axis = NULL, *raised = NULL;

    EFFNN_TRY(effnn__onnx_constant_i64(writer, &axis, "axis", 1, &last));
    EFFNN_TRY(effnn__onnx_add(writer, &raised, "Unsqueeze", writer->inputs[0], axis));
    EFFNN_TRY(writer->begin(writer, writer->onnx_name, writer->onnx_domain,
                            (const char *const[]){ raised }, 1, writer->outputs, 1));
    EFFNN_TRY(effnn__onnx_set_ints(writer, "axes", 1, &last));
    return effnn__onnx_set_int(writer, "keepdims", 0);
}

effnn_status effnn__reduce_write_attributes(effnn_onnx_writer *writer)
{
    const effnn__reduce_attrs *attrs = writer->op_attrs;
    const bool has_axes = writer->n_inputs > 1 && writer->inputs[1];
    const effnn_tensor *axes = has_axes ? writer->constant(writer, 1) : NULL;
    const size_t n = axes ? effnn_tensor_count(axes) : 0;
    int64_t items[EFFNN__MAX_CONTENT];

    if ((has_axes && !axes) || n > EFFNN__MAX_CONTENT)
        return effnn__onnx_write_fail(writer, EFFNN_E_UNSUPPORTED, "axes that are no constant");
    if (n == 0 && attrs->noop_with_empty_axes) return write_no_axes(writer);
    EFFNN_TRY(writer->begin(writer, writer->onnx_name, writer->onnx_domain, writer->inputs, 1,
                            writer->outputs, 1));
    for (size_t i = 0; i < n; i++) items[i] = effnn__tensor_load_i64(axes, i);
    if (n > 0) EFFNN_TRY(effnn__onnx_set_ints(writer, "axes", n, items));
    return effnn__onnx_write_attrs(writer, false,
                                   (const char *const[]){ "noop_with_empty_axes", NULL });
}
