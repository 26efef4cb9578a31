/* SPDX-License-Identifier: BSD-3-Clause */
/* Ranges [start, end) with a step along some axes. Inputs: data, starts, ends, axes (default: the
 * first ones), steps (default: 1). Negative starts and ends count from the end of the axis; out of
 * range ones are clamped; a negative step runs backward.
 *
 * Symbolic sizes: exact where the clamping cannot matter for any size ≥ 1, a fresh symbol where it
 * might. */

#include "ops/op_move.h"

/* One axis of a slice; of a concrete one: the first element and how many. */
typedef struct slice_range {
    int64_t start, step, count;
} slice_range;

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

static slice_range concrete_range(int64_t size, int64_t start, int64_t end, int64_t step)
{
    /* Counting from the end cannot overflow: size ≥ 0 and start, end < 0. */
    if (start < 0) start += size;
    if (end < 0) end += size;
    slice_range range = { .step = step };
    if (step > 0) {
        range.start = clamp(start, 0, size);
        end = clamp(end, 0, size);
        if (end > range.start) range.count = (end - range.start - 1) / step + 1;
    } else {
        range.start = clamp(start, -1, size - 1);
        end = clamp(end, -1, size - 1);
        if (range.start > end) range.count = (end - range.start + 1) / step + 1;
    }
    if (range.count < 2) range.step = 1; /* of no meaning, and might be too large to multiply */
    return range;
}

/* Contents of the four index inputs. */
typedef struct slice_bounds {
    size_t n;
    effnn__sym starts[EFFNN__MAX_CONTENT], ends[EFFNN__MAX_CONTENT];
    size_t axes[EFFNN__MAX_CONTENT];
    int64_t steps[EFFNN__MAX_CONTENT];
} slice_bounds;

static effnn_status read_axes(const effnn_op_infer *call, size_t rank, slice_bounds *out,
                              bool *known, size_t *n)
{
    if (effnn__infer_input(call, 3)) return effnn__infer_axes(call, 3, rank, known, n, out->axes);
    *known = true;
    *n = out->n;
    if (*n > rank)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "%zu starts for rank %zu", *n, rank);
    for (size_t i = 0; i < *n; i++) out->axes[i] = i;
    return EFFNN_OK;
}

static bool read_steps(const effnn_op_infer *call, slice_bounds *out, size_t *n)
{
    if (effnn__infer_input(call, 4)) return effnn__infer_ints(call, 4, n, out->steps);
    for (*n = 0; *n < out->n; (*n)++) out->steps[*n] = 1;
    return true;
}

/* *known: axes and steps are known constants, starts and ends known at least as symbols. */
static effnn_status read_bounds(const effnn_op_infer *call, size_t rank, slice_bounds *out,
                                bool *known)
{
    size_t n_ends, n_axes, n_steps;

    *known = effnn__infer_content(call, 1, &out->n, out->starts) &&
             effnn__infer_content(call, 2, &n_ends, out->ends);
    if (!*known) return EFFNN_OK;
    EFFNN_TRY(read_axes(call, rank, out, known, &n_axes));
    *known = *known && read_steps(call, out, &n_steps);
    if (!*known) return EFFNN_OK;
    if (n_ends != out->n || n_axes != out->n || n_steps != out->n)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "%zu starts, %zu ends, %zu axes, %zu steps",
                                 out->n, n_ends, n_axes, n_steps);
    for (size_t i = 0; i < out->n; i++)
        if (out->steps[i] == 0) return effnn__infer_fail(call, EFFNN_E_ARG, "step %zu is 0", i);
    return EFFNN_OK;
}

static bool never_below(const effnn__symbols *t, effnn__sym s, int64_t bound)
{
    int64_t least;

    return effnn__sym_minimum(&least, t, s) && least >= bound;
}

/* A bound in [0, size], *out, for step 1; false if clamping might matter. */
static effnn_status symbolic_bound(effnn__sym *out, bool *known, effnn__symbols *t, effnn__sym size,
                                   effnn__sym bound)
{
    effnn__sym room;

    *known = true;
    if (effnn__sym_equal(bound, size) || (bound.symbol == 0 && bound.offset >= INT32_MAX)) {
        *out = size;
        return EFFNN_OK;
    }
    if (bound.symbol == 0 && bound.offset < 0) {
        if (bound.offset <= INT32_MIN) {
            *out = effnn__sym_constant(0);
            return EFFNN_OK;
        }
        EFFNN_TRY(effnn__sym_add(out, t, size, bound));
        *known = never_below(t, *out, 0);
        return EFFNN_OK;
    }
    *out = bound;
    EFFNN_TRY(effnn__sym_sub(&room, t, size, bound));
    *known = never_below(t, bound, 0) && never_below(t, room, 0);
    return EFFNN_OK;
}

static effnn_status symbolic_count(effnn__sym *out, const effnn_op_infer *call, effnn__sym size,
                                   const slice_bounds *bounds, size_t i)
{
    effnn__symbols *t = call->symbols;
    const effnn__sym given_start = bounds->starts[i], given_end = bounds->ends[i];
    effnn__sym start, end;
    bool start_known, end_known;

    if (bounds->steps[i] == -1 && given_start.symbol == 0 && given_end.symbol == 0 &&
        (given_start.offset == -1 || given_start.offset >= INT32_MAX) &&
        given_end.offset <= INT32_MIN) {
        *out = size; /* the whole axis backward */
        return EFFNN_OK;
    }
    EFFNN_TRY(symbolic_bound(&start, &start_known, t, size, given_start));
    EFFNN_TRY(symbolic_bound(&end, &end_known, t, size, given_end));
    if (bounds->steps[i] == 1 && start_known && end_known) {
        EFFNN_TRY(effnn__sym_sub(out, t, end, start));
        if (never_below(t, *out, 0)) return EFFNN_OK;
    }
    return effnn__symbols_fresh(out, t);
}

static effnn_status infer_dims(effnn_op_infer *call, const slice_bounds *bounds, effnn__sym *dims)
{
    for (size_t i = 0; i < bounds->n; i++) {
        effnn__sym *dim = &dims[bounds->axes[i]];
        const effnn__sym start = bounds->starts[i], end = bounds->ends[i];

        if (dim->symbol == 0 && start.symbol == 0 && end.symbol == 0)
            *dim = effnn__sym_constant(
                concrete_range(dim->offset, start.offset, end.offset, bounds->steps[i]).count);
        else
            EFFNN_TRY(symbolic_count(dim, call, *dim, bounds, i));
    }
    return EFFNN_OK;
}

/* A slice of contents: input 0 has rank 1, so there is one range at most. */
static void infer_content(effnn_op_infer *call, const slice_bounds *bounds)
{
    effnn__sym items[EFFNN__MAX_CONTENT], y[EFFNN__MAX_CONTENT];
    size_t n;

    if (!effnn__infer_content(call, 0, &n, items)) return;
    slice_range range = { .start = 0, .step = 1, .count = (int64_t)n };
    if (bounds->n == 1) {
        if (bounds->starts[0].symbol != 0 || bounds->ends[0].symbol != 0) return;
        range = concrete_range((int64_t)n, bounds->starts[0].offset, bounds->ends[0].offset,
                               bounds->steps[0]);
    }
    for (int64_t i = 0; i < range.count; i++) y[i] = items[range.start + i * range.step];
    effnn__infer_set_content(call, (size_t)range.count, y);
}

static effnn_status infer(effnn_op_infer *call)
{
    const effnn__value_info *in = call->inputs[0];
    effnn__value_info *out = &call->outputs[0];
    effnn__sym dims[EFFNN_MAX_RANK];
    slice_bounds bounds;
    bool known;

    EFFNN_TRY(effnn__infer_dtype(call, 0, EFFNN__UNPACKED));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, 1));
    for (size_t i = 1; i < call->n_inputs; i++) {
        EFFNN_TRY(effnn__infer_dtype(call, i, EFFNN__INTEGERS));
        EFFNN_TRY(effnn__infer_rank(call, i, 1));
    }
    if (!in->has_shape) return EFFNN_OK;
    EFFNN_TRY(read_bounds(call, in->rank, &bounds, &known));
    /* The result's shape is known here whatever the bounds: nobody would look at them again. */
    if (in->rank == 0 && !known)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "the input has no axes to slice");
    for (size_t i = 0; i < in->rank; i++) {
        dims[i] = in->dims[i];
        if (!known) EFFNN_TRY(effnn__symbols_fresh(&dims[i], call->symbols));
    }
    if (known) EFFNN_TRY(infer_dims(call, &bounds, dims));
    effnn__info_set_shape(out, in->rank, dims);
    if (known) infer_content(call, &bounds);
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn_tensor *x = call->inputs[0];
    const effnn_tensor *starts = call->inputs[1], *ends = call->inputs[2];
    const effnn_tensor *axes = effnn__call_input(call, 3), *steps = effnn__call_input(call, 4);
    effnn_tensor *y = call->outputs[0];
    const size_t rank = effnn_tensor_rank(x);
    int64_t strides[EFFNN_MAX_RANK], start = 0;
    effnn__walk walk;

    effnn__shape_strides(strides, rank, effnn_tensor_dims(x));
    for (size_t i = 0; i < effnn_tensor_count(starts); i++) {
        const size_t axis =
            effnn__resolve_axis(axes ? effnn__tensor_load_i64(axes, i) : (int64_t)i, rank);
        const slice_range range = concrete_range(
            effnn_tensor_dims(x)[axis], effnn__tensor_load_i64(starts, i),
            effnn__tensor_load_i64(ends, i), steps ? effnn__tensor_load_i64(steps, i) : 1);

        start += range.start * strides[axis];
        /* A step matters between elements only: alone, it may be any number. */
        strides[axis] *= effnn_tensor_dims(y)[axis] > 1 ? range.step : 0;
    }
    effnn__walk_init(&walk, rank, effnn_tensor_dims(y));
    effnn__walk_add(&walk, start, strides);
    return effnn__walk_copy(&walk, call->context, effnn__tensor_data(y), effnn_tensor_data(x),
                            effnn__element_size(x));
}

/* Before opset 10 the bounds are attributes and there are no steps. */
static effnn_status read_attributes(effnn_onnx_reader *reader)
{
    return effnn__onnx_read_as_inputs(reader,
                                      (const char *const[]){ "starts", "ends", "axes", NULL });
}

static const effnn_onnx_row onnx[] = {
    { .name = "Slice", .since = 10 },
    { .name = "Slice", .since = 1, .read = read_attributes, .read_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[4,5]", "i64{1}", "i64{3}" } },
    { .inputs = { "f32[4,5]", "i64{-2}", "i64{2147483647}", "i64{1}" } },
    { .inputs = { "f32[4,5]", "i64{-1,0}", "i64{-9,5}", "i64{0,1}", "i64{-1,2}" } },
    { .inputs = { "f64[4,5]", "i32{3}", "i32{-100}", "i32{-1}", "i32{-2}" } },
    { .inputs = { "f32[4,5]", "i64{0}", "i64{9}", "i64{0}", "i64{9223372036854775807}" } },
    { .inputs = { "i8[4,5]", "i64{3}", "i64{1}" } },
    { .inputs = { "u8[4,5]", "i64{3}", "i64{0}", "i64{0}", "i64{-9223372036854775808}" } },
    { .inputs = { "f32[0,5]", "i64{0}", "i64{9}" } },
    { .inputs = { "i64{1,2,3,4}", "i64{1}", "i64{-1}" } },
    { .inputs = { "f32[4,5]", "i64{0}", "i64{1}", "i64{2}" }, .refused = "outside" },
    { .inputs = { "f32[4,5]", "i64{0}", "i64{1}", "i64{0}", "i64{0}" }, .refused = "step 0 is 0" },
    { .inputs = { "f32[4,5]", "i64{0,0}", "i64{1}" }, .refused = "2 starts, 1 ends" },
    { .inputs = { "i4[4,5]", "i64{0}", "i64{1}" }, .refused = "i4" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_slice = {
    .name = "slice",
    .summary = "ranges along some axes",
    .min_inputs = 3,
    .max_inputs = 5,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .onnx = onnx,
    .samples = samples,
};
