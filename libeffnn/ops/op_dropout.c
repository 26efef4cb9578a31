/* SPDX-License-Identifier: BSD-3-Clause */
/* Dropout (Srivastava et al., 2014): the identity in inference; a mask asked for is all true. The
 * ratio and the training flag are inputs since opset 12 and a ratio attribute before. */

#include "ops/op_move.h"
#include "ops/op_saves.h"
#include "tensor/dtype.h"

#include <string.h>

/* True if a ratio that is there says that nothing is dropped. */
static bool drops_nothing(const effnn_tensor *ratio)
{
    return ratio && effnn_tensor_count(ratio) == 1 && effnn__tensor_load_f64(ratio, 0) == 0.0;
}

static bool ratio_is_known(const effnn_op_infer *call)
{
    return !effnn__infer_input(call, 1) || (call->constants && call->constants[1]);
}

static const char refusal[] =
    "input training_mode is true, which drops at random; the mode is the caller's choice";

static effnn_status infer(effnn_op_infer *call)
{
    size_t n;
    int64_t training[EFFNN__MAX_CONTENT];

    EFFNN_TRY(effnn__infer_same(call, EFFNN__FLOATS));
    EFFNN_TRY(effnn__infer_dtype(call, 1, EFFNN__FLOATS));
    EFFNN_TRY(effnn__infer_dtype(call, 2, EFFNN__BOOLS));
    if (effnn__infer_ints(call, 2, &n, training) && n > 0 && training[0] != 0 &&
        ratio_is_known(call) &&
        !drops_nothing(effnn__infer_input(call, 1) ? call->constants[1] : NULL))
        return effnn__infer_fail(call, EFFNN_E_UNSUPPORTED, refusal);
    if (call->n_outputs > 1) {
        call->outputs[1] = call->outputs[0];
        call->outputs[1].has_dtype = true;
        call->outputs[1].dtype = EFFNN_BOOL;
    }
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn_tensor *training = effnn__call_input(call, 2);
    effnn_tensor *mask = call->n_outputs > 1 ? call->outputs[1] : NULL;

    if (training && effnn_tensor_count(training) > 0 && effnn__tensor_load_i64(training, 0) != 0 &&
        !drops_nothing(effnn__call_input(call, 1)))
        return effnn__call_fail(call, EFFNN_E_UNSUPPORTED, refusal);
    if (call->mode == EFFNN_OP_TRAINING)
        return effnn__call_fail(call, EFFNN_E_UNSUPPORTED, "training is not supported");
    if (mask && effnn_tensor_count(mask) > 0)
        memset(effnn__tensor_data(mask), 1, effnn_tensor_bytes(mask));
    return effnn__copy_through(call);
}

static effnn_status read_attributes(effnn_onnx_reader *reader)
{
    return effnn__onnx_read_as_inputs(reader, (const char *const[]){ "ratio", NULL });
}

/* The seed is the context's affair. */
static effnn_status read_inputs(effnn_onnx_reader *reader)
{
    return effnn__onnx_read_attrs(reader, (const char *const[]){ "seed", NULL });
}

static size_t aux(const effnn_op_call *call, size_t index)
{
    (void)index;
    return effnn_tensor_count(call->inputs[0]);
}

static const effnn_onnx_row onnx[] = {
    { .name = "Dropout", .since = 12, .read = read_inputs },
    { .name = "Dropout", .since = 7, .read = read_attributes, .read_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3]" } },
    { .inputs = { "f32[2,3]", "f32:0.1", "bool:0" }, .n_outputs = 2 },
    { .inputs = { "f32[2,3]", "f32:0", "bool:1" } },
    { .inputs = { "f64[0,3]" } },
    { .inputs = { "f32[2]", "", "bool:1" }, .refused = "training_mode" },
    { .inputs = { "i64[2]" }, .refused = "i64" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_dropout = {
    .name = "dropout",
    .summary = "drop elements at random in training; the identity in inference",
    .min_inputs = 1,
    .max_inputs = 3,
    .min_outputs = 1,
    .max_outputs = 2,
    .flags = EFFNN_OP_IN_PLACE | EFFNN_OP_TRAINING_DIFFERS | EFFNN_OP_RANDOM,
    .n_aux = 1, /* the mask, a byte an element */
    .infer = infer,
    .forward = forward,
    .saves = effnn__saves_aux,
    .aux = aux,
    .onnx = onnx,
    .samples = samples,
};
