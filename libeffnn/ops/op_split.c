/* SPDX-License-Identifier: BSD-3-Clause */
/* The input cut into pieces along an axis: of the sizes in input 1, else equal ones, one for each
 * output, the last smaller if they do not come out even (as ONNX has it since opset 18). */

#include "ops/op_move.h"

typedef struct split_attrs {
    int64_t axis;
} split_attrs;

static const effnn_option_def attr_defs[] = {
    { "axis", "axis that is cut; negative: from the end", EFFNN_OPT_I64,
      offsetof(split_attrs, axis), .value = 0 },
    EFFNN_OPTIONS_END,
};

/* Size of piece i of n when `size` is cut evenly. */
static int64_t even_piece(int64_t size, size_t n, size_t i)
{
    const int64_t chunk = (size + (int64_t)n - 1) / (int64_t)n;
    const int64_t left = size - chunk * (int64_t)i;

    return left < 0 ? 0 : left < chunk ? left : chunk;
}

static effnn_status infer_even(effnn_op_infer *call, effnn__sym size, effnn__sym *pieces)
{
    const size_t n = call->n_outputs;

    for (size_t i = 0; i < n; i++) {
        if (size.symbol == 0) {
            pieces[i] = effnn__sym_constant(even_piece(size.offset, n, i));
        } else if (!effnn__sym_divide_exact(&pieces[i], call->symbols, size,
                                            effnn__sym_constant((int64_t)n))) {
            EFFNN_TRY(effnn__symbols_fresh(&pieces[i], call->symbols));
        }
    }
    return EFFNN_OK;
}

static effnn_status infer_given(effnn_op_infer *call, effnn__sym size, effnn__sym *pieces)
{
    effnn__sym items[EFFNN__MAX_CONTENT], sum = effnn__sym_constant(0);
    size_t n;

    if (!effnn__infer_content(call, 1, &n, items)) {
        for (size_t i = 0; i < call->n_outputs; i++)
            EFFNN_TRY(effnn__symbols_fresh(&pieces[i], call->symbols));
        return EFFNN_OK;
    }
    if (n != call->n_outputs)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "%zu sizes for %zu outputs", n,
                                 call->n_outputs);
    for (size_t i = 0; i < n; i++) {
        if (items[i].symbol == 0 && items[i].offset < 0)
            return effnn__infer_fail(call, EFFNN_E_SHAPE, "size %zu is %lld", i,
                                     (long long)items[i].offset);
        pieces[i] = items[i];
        EFFNN_TRY(effnn__sym_add(&sum, call->symbols, sum, items[i]));
    }
    return effnn__infer_equal_dims(&sum, call, "sum of the sizes against the axis", sum, size);
}

static effnn_status infer(effnn_op_infer *call)
{
    const split_attrs *attrs = call->attrs;
    const effnn__value_info *in = call->inputs[0];
    effnn__sym pieces[EFFNN__MAX_CONTENT];
    size_t axis;

    EFFNN_TRY(effnn__infer_dtype(call, 0, EFFNN__UNPACKED));
    EFFNN_TRY(effnn__infer_dtype(call, 1, EFFNN__INTEGERS));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, 1));
    if (call->n_outputs > EFFNN__MAX_CONTENT)
        return effnn__infer_fail(call, EFFNN_E_UNSUPPORTED, "%zu outputs are more than %d",
                                 call->n_outputs, EFFNN__MAX_CONTENT);
    if (in->has_shape) {
        EFFNN_TRY(effnn__infer_axis(&axis, call, attrs->axis, in->rank));
        if (effnn__infer_input(call, 1))
            EFFNN_TRY(infer_given(call, in->dims[axis], pieces));
        else
            EFFNN_TRY(infer_even(call, in->dims[axis], pieces));
    }
    for (size_t i = 0; i < call->n_outputs; i++) {
        effnn__value_info *out = &call->outputs[i];

        out->has_dtype = call->outputs[0].has_dtype;
        out->dtype = call->outputs[0].dtype;
        if (!in->has_shape) continue;
        effnn__info_set_shape(out, in->rank, in->dims);
        out->dims[axis] = pieces[i];
    }
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    const split_attrs *attrs = call->attrs;
    const effnn_tensor *x = call->inputs[0];
    const size_t axis = effnn__resolve_axis(attrs->axis, effnn_tensor_rank(x));
    const effnn__axis whole = effnn__split_at(x, axis);
    const effnn_tensor *sizes = effnn__call_input(call, 1);
    const size_t row = whole.inner * effnn__element_size(x);
    const char *from = effnn_tensor_data(x);

    for (size_t i = 0; i < call->n_outputs; i++) {
        const int64_t piece = sizes ? effnn__tensor_load_i64(sizes, i)
                                    : even_piece((int64_t)whole.axis, call->n_outputs, i);
        const size_t bytes = (size_t)piece * row;

        if (call->outputs[i]) {
            const effnn__blocks blocks = { .to = effnn__tensor_data(call->outputs[i]),
                                           .from = from,
                                           .n = whole.outer,
                                           .size = bytes,
                                           .to_stride = bytes,
                                           .from_stride = whole.axis * row };

            EFFNN_TRY(effnn__copy_blocks(call->context, &blocks));
        }
        from += bytes;
    }
    return EFFNN_OK;
}

/* Opset 18: without sizes the number of outputs is an attribute too. */
static effnn_status read_counted(effnn_onnx_reader *reader)
{
    const effnn_onnx_attr *n = effnn__onnx_attr(reader, "num_outputs");

    if (n && n->i != (int64_t)reader->n_outputs)
        return effnn__onnx_read_fail(reader, EFFNN_E_FORMAT,
                                     "attribute 'num_outputs' is not the number of outputs");
    return effnn__onnx_read_attrs(reader, (const char *const[]){ "num_outputs", NULL });
}

static effnn_status write_counted(effnn_onnx_writer *writer)
{
    EFFNN_TRY(effnn__onnx_write_plain(writer, false));
    if (writer->n_inputs > 1 && writer->inputs[1]) return EFFNN_OK;
    return effnn__onnx_set_int(writer, "num_outputs", (int64_t)writer->n_outputs);
}

/* Before opset 13 the sizes are an attribute. */
static effnn_status read_attributes(effnn_onnx_reader *reader)
{
    return effnn__onnx_read_as_inputs(reader, (const char *const[]){ "split", NULL });
}

static const effnn_onnx_row onnx[] = {
    { .name = "Split", .since = 18, .read = read_counted, .write = write_counted },
    { .name = "Split", .since = 13 },
    { .name = "Split", .since = 2, .read = read_attributes, .read_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[6,2]" }, .n_outputs = 3 },
    { .inputs = { "f32[2,5,3]", "i64{1,4}" }, .attrs = "axis=1", .n_outputs = 2 },
    { .inputs = { "f64[2,7]" }, .attrs = "axis=-1", .n_outputs = 3 },
    { .inputs = { "i8[2,2]", "i64{0,2}" }, .n_outputs = 2 },
    { .inputs = { "f32[2,0]" }, .n_outputs = 2 },
    { .inputs = { "f32[5]", "i64{1,3}" }, .n_outputs = 2, .refused = "4 is not 5" },
    { .inputs = { "f32[5]", "i64{1,4}" }, .n_outputs = 3, .refused = "3 outputs" },
    { .inputs = { "f32[5]", "i64{-1,6}" }, .n_outputs = 2, .refused = "-1" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_split = {
    .name = "split",
    .summary = "the input cut into pieces along an axis",
    .attrs = attr_defs,
    .attrs_size = sizeof(split_attrs),
    .min_inputs = 1,
    .max_inputs = 2,
    .min_outputs = 1,
    .max_outputs = EFFNN__MAX_CONTENT,
    .flags = EFFNN_OP_OPTIONAL_OUTPUTS,
    .infer = infer,
    .forward = forward,
    .onnx = onnx,
    .samples = samples,
};
