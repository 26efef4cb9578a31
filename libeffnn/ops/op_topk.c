/* SPDX-License-Identifier: BSD-3-Clause */
/* The k largest or smallest elements along an axis and their indices, in order; of equal ones the
 * first come first. A NaN counts as larger than every number. Each line keeps a heap of the k best
 * indices so far, whose root is the worst of them, and sorts it at the end. */

#include "base/pool.h"
#include "ops/op_move.h"
#include "ops/op_order.h"

#include <string.h>

#define GRAIN 16384

typedef struct topk_attrs {
    int64_t axis;
    bool largest, sorted;
} topk_attrs;

#define FIELD(f) offsetof(topk_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "axis", "axis along which; negative: from the end", EFFNN_OPT_I64, FIELD(axis), .value = -1 },
    { "largest", "the largest elements, else the smallest", EFFNN_OPT_BOOL, FIELD(largest),
      .value = 1 },
    { "sorted", "in order; they always are", EFFNN_OPT_BOOL, FIELD(sorted), .value = 1 },
    EFFNN_OPTIONS_END,
};

static effnn_status infer_count(const effnn_op_infer *call, effnn__sym size, effnn__sym *k)
{
    effnn__sym items[EFFNN__MAX_CONTENT];
    size_t n = 0;

    if (!effnn__infer_content(call, 1, &n, items) || n != 1)
        return effnn__symbols_fresh(k, call->symbols);
    *k = items[0];
    if (k->symbol == 0 && (k->offset < 0 || (size.symbol == 0 && k->offset > size.offset)))
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "k is %lld for an axis of size %lld",
                                 (long long)k->offset, (long long)size.offset);
    return EFFNN_OK;
}

static effnn_status infer(effnn_op_infer *call)
{
    const topk_attrs *attrs = call->attrs;
    const effnn__value_info *in = call->inputs[0];
    effnn__value_info *values = &call->outputs[0];
    size_t axis = 0;

    EFFNN_TRY(effnn__infer_same(call, EFFNN__NUMBERS));
    EFFNN_TRY(effnn__infer_dtype(call, 1, EFFNN__INTEGERS));
    if (in->has_shape) {
        EFFNN_TRY(effnn__infer_axis(&axis, call, attrs->axis, in->rank));
        EFFNN_TRY(infer_count(call, in->dims[axis], &values->dims[axis]));
    }
    if (call->n_outputs < 2) return EFFNN_OK;
    call->outputs[1] = *values;
    call->outputs[1].has_dtype = true;
    call->outputs[1].dtype = EFFNN_I64;
    return EFFNN_OK;
}

typedef struct topk_job {
    const effnn__dtype_row *row;
    bool largest;
    effnn__axis shape; /* of the input */
    size_t k, size;
    const void *x;
    char *values;
    int64_t *indices; /* NULL: not wanted */
    int64_t *heaps;   /* [lines, k] */
} topk_job;

/* One line: where it begins, and its heap. */
typedef struct topk_line {
    const topk_job *job;
    size_t begin;
    int64_t *heap;
} topk_line;

/* True if index a of a line comes before index b in the result. */
static bool before(const void *user, int64_t a, int64_t b)
{
    const topk_line *line = user;
    const topk_job *job = line->job;
    const int order =
        effnn__compare_elements(job->row, job->x, line->begin + (size_t)a * job->shape.inner,
                                line->begin + (size_t)b * job->shape.inner);

    if (order == 0) return a < b;
    return (order > 0) == job->largest;
}

static void select_line(const topk_line *line)
{
    const topk_job *job = line->job;
    int64_t *heap = line->heap;

    for (size_t i = 0; i < job->k; i++) heap[i] = (int64_t)i;
    effnn__heap_make(heap, job->k, before, line);
    for (size_t i = job->k; i < job->shape.axis; i++) {
        if (!before(line, (int64_t)i, heap[0])) continue;
        heap[0] = (int64_t)i;
        effnn__heap_sink(heap, job->k, 0, before, line);
    }
    effnn__heap_sort(heap, job->k, before, line);
}

/* Items are lines. */
static effnn_status topk_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const topk_job *job = job_;
    const size_t inner = job->shape.inner;

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        const topk_line line = { .job = job,
                                 .begin = i / inner * job->shape.axis * inner + i % inner,
                                 .heap = job->heaps + i * job->k };
        const size_t to = i / inner * job->k * inner + i % inner;

        select_line(&line);
        for (size_t n = 0; n < job->k; n++) {
            const size_t from = line.begin + (size_t)line.heap[n] * inner;

            if (job->values)
                memcpy(job->values + (to + n * inner) * job->size,
                       (const char *)job->x + from * job->size, job->size);
            if (job->indices) job->indices[to + n * inner] = line.heap[n];
        }
    }
    return EFFNN_OK;
}

/* Either output may be unwanted. */
static const effnn_tensor *any_output(const effnn_op_call *call)
{
    return call->outputs[0] ? call->outputs[0] : call->n_outputs > 1 ? call->outputs[1] : NULL;
}

static effnn_status forward(const effnn_op_call *call)
{
    const topk_attrs *attrs = call->attrs;
    const effnn_tensor *x = call->inputs[0], *y = any_output(call);
    const size_t axis = effnn__resolve_axis(attrs->axis, effnn_tensor_rank(x));
    topk_job job = { .row = effnn__dtype_row_of(effnn_tensor_dtype(x)),
                     .largest = attrs->largest,
                     .shape = effnn__split_at(x, axis),
                     .size = effnn__element_size(x),
                     .x = effnn_tensor_data(x),
                     .heaps = call->scratch };

    if (!y || effnn_tensor_count(y) == 0) return EFFNN_OK;
    job.k = (size_t)effnn_tensor_dims(y)[axis];
    if (call->outputs[0]) job.values = effnn__tensor_data(call->outputs[0]);
    if (call->n_outputs > 1 && call->outputs[1]) job.indices = effnn__tensor_data(call->outputs[1]);
    return effnn__parallel_for(call->context, job.shape.outer * job.shape.inner,
                               GRAIN / job.shape.axis + 1, topk_piece, &job);
}

static size_t scratch(const effnn_op_call *call, effnn_op_phase phase)
{
    const effnn_tensor *y = any_output(call);

    (void)phase;
    return y ? effnn_tensor_count(y) * sizeof(int64_t) : 0;
}

static void saves(const effnn_op_call *call, effnn_op_saves *out)
{
    if ((out->wanted & 1) && call->n_outputs > 1) out->outputs = 2;
}

/* Before opset 10 k is an attribute. */
static effnn_status read_attribute(effnn_onnx_reader *reader)
{
    const effnn_onnx_attr *k = effnn__onnx_attr(reader, "k");
    const effnn_onnx_value *value = NULL;
    effnn_tensor *tensor = NULL;

    EFFNN_TRY(effnn__onnx_read_attrs(reader, (const char *const[]){ "k", NULL }));
    if (!k || k->kind != EFFNN_ONNX_INT)
        return effnn__onnx_read_fail(reader, EFFNN_E_FORMAT, "attribute 'k' is not given");
    EFFNN_TRY(effnn__tensor_from_i64(&tensor, NULL, 1, &k->i));
    const effnn_status status = reader->add_constant(reader, &value, tensor);
    effnn_tensor_release(tensor);
    if (status != EFFNN_OK) return status;
    return effnn__onnx_set_input(reader, 1, value);
}

static const effnn_onnx_row onnx[] = {
    { .name = "TopK", .since = 10 },
    { .name = "TopK", .since = 1, .read = read_attribute, .read_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[3,7]", "i64{3}" }, .n_outputs = 2 },
    { .inputs = { "f32[2,7,3]", "i64{4}" }, .attrs = "axis=1,largest=0", .n_outputs = 2 },
    { .inputs = { "i8{3,1,3,2,3,1}", "i64{5}" }, .n_outputs = 2 },
    { .inputs = { "u64[9]", "i64{9}" }, .attrs = "sorted=0", .n_outputs = 2 },
    { .inputs = { "f16[4,2]", "i64{2}" }, .attrs = "axis=0" },
    { .inputs = { "f64[3,4]", "i64{0}" }, .n_outputs = 2 },
    { .inputs = { "f32[3,4]", "i64{5}" }, .n_outputs = 2, .refused = "k is 5" },
    { .inputs = { "f32[3,4]", "i64{-1}" }, .n_outputs = 2, .refused = "k is -1" },
    { .inputs = { "bool[3]", "i64{1}" }, .n_outputs = 2, .refused = "bool" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_topk = {
    .name = "topk",
    .summary = "the k largest or smallest elements along an axis and their indices",
    .attrs = attr_defs,
    .attrs_size = sizeof(topk_attrs),
    .min_inputs = 2,
    .max_inputs = 2,
    .min_outputs = 1,
    .max_outputs = 2,
    .infer = infer,
    .forward = forward,
    .saves = saves,
    .scratch = scratch,
    .onnx = onnx,
    .samples = samples,
};
