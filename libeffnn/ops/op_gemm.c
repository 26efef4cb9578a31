/* SPDX-License-Identifier: BSD-3-Clause */
/* alpha · A′·B′ + beta · C with matrices, A′ and B′ transposed on demand; C is optional and
 * broadcasts to the product. */

#include "ops/op_move.h"
#include "ops/op_product.h"
#include "ops/op_saves.h"

typedef struct gemm_attrs {
    double alpha, beta;
    bool trans_a, trans_b;
} gemm_attrs;

#define FIELD(f) offsetof(gemm_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "alpha", "factor of the product", EFFNN_OPT_F64, FIELD(alpha), .value = 1.0 },
    { "beta", "factor of C", EFFNN_OPT_F64, FIELD(beta), .value = 1.0 },
    { "transA", "A is transposed", EFFNN_OPT_BOOL, FIELD(trans_a), .value = 0 },
    { "transB", "B is transposed", EFFNN_OPT_BOOL, FIELD(trans_b), .value = 0 },
    EFFNN_OPTIONS_END,
};

/* C must broadcast to the product in one direction. */
static effnn_status check_c(effnn_op_infer *call)
{
    const effnn__value_info *c = effnn__infer_input(call, 2), *out = &call->outputs[0];
    const effnn__value_info *const pair[] = { out, c };
    char text[2][EFFNN__INFO_TEXT];
    effnn__value_info both = { 0 };
    effnn_op_infer broadcast = *call;

    if (!c || !c->has_shape) return EFFNN_OK;
    broadcast.inputs = pair;
    broadcast.outputs = &both;
    EFFNN_TRY(effnn__infer_broadcast(&broadcast, 0, 2));
    bool fits = both.rank == 2;
    for (size_t i = 0; i < 2 && fits; i++)
        fits = effnn__sym_equal(both.dims[i], out->dims[i]) || out->dims[i].symbol != 0;
    if (fits) return EFFNN_OK;
    return effnn__infer_fail(call, EFFNN_E_SHAPE, "C of shape %s does not broadcast to %s",
                             effnn__infer_print(text[0], call, c),
                             effnn__infer_print(text[1], call, out));
}

static effnn_status infer(effnn_op_infer *call)
{
    const gemm_attrs *attrs = call->attrs;
    const effnn__value_info *a = call->inputs[0], *b = call->inputs[1];
    effnn__sym inner;

    for (size_t i = 0; i < call->n_inputs; i++)
        EFFNN_TRY(effnn__infer_dtype(call, i, EFFNN__FLOATS));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, call->n_inputs));
    EFFNN_TRY(effnn__infer_rank(call, 0, 2));
    EFFNN_TRY(effnn__infer_rank(call, 1, 2));
    if (!a->has_shape || !b->has_shape) return EFFNN_OK;
    EFFNN_TRY(effnn__infer_equal_dims(&inner, call, "inner sizes", a->dims[!attrs->trans_a],
                                      b->dims[attrs->trans_b]));
    effnn__info_set_shape(&call->outputs[0], 2,
                          (effnn__sym[]){ a->dims[attrs->trans_a], b->dims[!attrs->trans_b] });
    return check_c(call);
}

static effnn__gemm product_of(const effnn_op_call *call)
{
    const gemm_attrs *attrs = call->attrs;
    const int64_t *a = effnn_tensor_dims(call->inputs[0]), *b = effnn_tensor_dims(call->inputs[1]);

    return (effnn__gemm){ .m = (size_t)a[attrs->trans_a],
                          .n = (size_t)b[!attrs->trans_b],
                          .k = (size_t)a[!attrs->trans_a],
                          .a_row = attrs->trans_a ? 1 : a[1],
                          .a_col = attrs->trans_a ? a[1] : 1,
                          .b_row = attrs->trans_b ? 1 : b[1],
                          .b_col = attrs->trans_b ? b[1] : 1,
                          .c_row = b[!attrs->trans_b],
                          .c_col = 1,
                          .alpha = attrs->alpha,
                          .n_batch = 1 };
}

static effnn_status prepack(const effnn_op_call *call, effnn_op_packed *out)
{
    const gemm_attrs *attrs = call->attrs;

    if (attrs->alpha != 1.0 || (attrs->beta != 1.0 && attrs->beta != 0.0)) return EFFNN_OK;
    return effnn__product_pack(call, out, call->inputs[1], attrs->trans_b);
}

static effnn_status forward(const effnn_op_call *call)
{
    const gemm_attrs *attrs = call->attrs;
    const effnn_tensor *c = effnn__call_input(call, 2);
    effnn_tensor *y = call->outputs[0];
    effnn__gemm g = product_of(call);

    g.a = effnn_tensor_data(call->inputs[0]);
    g.b = effnn_tensor_data(call->inputs[1]);
    g.c = effnn__tensor_data(y);
    if (c && attrs->beta != 0.0) {
        effnn__walk walk;

        effnn__walk_init(&walk, 2, effnn_tensor_dims(y));
        effnn__walk_add_broadcast(&walk, effnn_tensor_rank(c), effnn_tensor_dims(c));
        EFFNN_TRY(effnn__walk_copy(&walk, call->context, g.c, effnn_tensor_data(c),
                                   effnn__element_size(y)));
        g.beta = attrs->beta;
    }
    return effnn__product_node(call, &g);
}

static void cost(const effnn_op_call *call, effnn_op_cost *out)
{
    const effnn__gemm g = product_of(call);

    out->macs = (double)g.m * (double)g.n * (double)g.k;
}

static const effnn_onnx_row onnx[] = {
    { .name = "Gemm", .since = 7 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[3,4]", "f32[4,2]", "f32[2]" }, .tolerance = 1e-5 },
    { .inputs = { "f32[3,4]", "f32[4,2]" }, .attrs = "alpha=0.5", .tolerance = 1e-5 },
    { .inputs = { "f32[4,3]", "f32[2,4]", "f32[3,1]" },
      .attrs = "transA=1,transB=1,beta=2",
      .tolerance = 1e-5 },
    { .inputs = { "f32[3,4]", "f32[2,4]", "f32[]" },
      .attrs = "transB=1,alpha=2,beta=-1",
      .tolerance = 1e-5 },
    { .inputs = { "f32[0,4]", "f32[4,2]", "f32[2]" } },
    { .inputs = { "f32[3,0]", "f32[0,2]", "f32[2]" } },
    { .inputs = { "f64[3,4]", "f64[4,2]", "f64[1,2]" } },
    { .inputs = { "bf16[3,4]", "bf16[4,2]", "bf16[2]" } },
    { .inputs = { "f32[3,4]", "f32[3,2]" }, .refused = "4 is not 3" },
    { .inputs = { "f32[3,4]", "f32[4,2]", "f32[3]" }, .refused = "does not broadcast" },
    { .inputs = { "f32[1,4]", "f32[4,2]", "f32[3,2]" }, .refused = "C of shape [3, 2]" },
    { .inputs = { "f32[2,3,4]", "f32[4,2]" }, .refused = "rank 2" },
    { .inputs = { "i32[3,4]", "i32[4,2]" }, .refused = "i32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_gemm = {
    .name = "gemm",
    .summary = "alpha * A * B + beta * C",
    .attrs = attr_defs,
    .attrs_size = sizeof(gemm_attrs),
    .min_inputs = 2,
    .max_inputs = 3,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .flags = EFFNN_OP_TAKES_BOUNDS,
    .saves = effnn__saves_partners,
    .prepack = prepack,
    .cost = cost,
    .onnx = onnx,
    .samples = samples,
};
