/* SPDX-License-Identifier: BSD-3-Clause */
/* Tiny models of the kinds that transforms meet. */

#include "support/models.h"

#include "base/alloc.h"
#include "model/model.h"
#include "tensor/tensor.h"

/* ---- building ---- */

void test_add_input(effnn_model *model, const char *name, size_t rank, const int64_t *dims)
{
    const char *symbols[EFFNN_MAX_RANK] = { "N" };

    ck_assert_ok(effnn_model_add_input(model, name, EFFNN_F32, rank, dims, symbols));
}

void test_add_parameter(effnn_model *model, const char *name, effnn_tensor *tensor)
{
    ck_assert_ok(effnn_model_add_parameter(model, name, tensor));
    effnn_tensor_release(tensor);
}

void test_add_weight_of(effnn_model *model, const char *name, uint64_t seed, double scale,
                        size_t rank, const int64_t *dims)
{
    effnn_tensor *tensor = test_tensor_random(model->context, EFFNN_F32, rank, dims, seed);
    float *data = effnn__tensor_data(tensor);

    for (size_t i = 0; i < effnn_tensor_count(tensor); i++) data[i] *= (float)scale;
    test_add_parameter(model, name, tensor);
}

void test_add_node(effnn_model *model, const char *op, const char *attrs, const char *output,
                   const char *input_0, const char *input_1, const char *input_2)
{
    const char *inputs[] = { input_0, input_1, input_2 };
    effnn_node node = EFFNN_NODE_INIT;

    node.op = op;
    node.name = output;
    node.attrs = attrs;
    node.inputs = inputs;
    node.n_inputs = input_2 ? 3 : input_1 ? 2 : 1;
    node.outputs = &output;
    node.n_outputs = 1;
    ck_assert_ok(effnn_model_add_node(model, &node));
}

static effnn_model *begin(effnn_context *context, size_t rank, const int64_t *dims)
{
    effnn_model *model = NULL;

    ck_assert_ok(effnn_model_create(&model, context));
    test_add_input(model, "x", rank, dims);
    return model;
}

static effnn_model *end(effnn_model *model)
{
    ck_assert_ok(effnn_model_add_output(model, "logits"));
    return model;
}

effnn_model *test_model_mlp(effnn_context *context)
{
    effnn_model *model = begin(context, 2, (const int64_t[]){ -1, 24 });

    test_add_weight(model, "fc1.weight", 1, 0.2, 20, 24);
    test_add_weight(model, "fc1.bias", 2, 0.1, 20);
    test_add_weight(model, "fc2.weight", 3, 0.2, 18, 20);
    test_add_weight(model, "fc2.bias", 4, 0.1, 18);
    test_add_weight(model, "fc3.weight", 5, 0.2, 5, 18);
    test_add_weight(model, "fc3.bias", 6, 0.1, 5);
    test_add_node(model, "gemm", "transB=1", "a", "x", "fc1.weight", "fc1.bias");
    test_add_node(model, "relu", NULL, "b", "a", NULL, NULL);
    test_add_node(model, "gemm", "transB=1", "c", "b", "fc2.weight", "fc2.bias");
    test_add_node(model, "relu", NULL, "d", "c", NULL, NULL);
    test_add_node(model, "gemm", "transB=1", "logits", "d", "fc3.weight", "fc3.bias");
    return end(model);
}

effnn_model *test_model_cnn(effnn_context *context)
{
    effnn_model *model = begin(context, 4, (const int64_t[]){ -1, 3, 8, 8 });

    test_add_weight(model, "stem.weight", 11, 0.2, 8, 3, 3, 3);
    test_add_weight(model, "stem.bias", 12, 0.1, 8);
    test_add_weight(model, "wide.weight", 13, 0.1, 16, 8, 3, 3);
    test_add_weight(model, "point.weight", 14, 0.2, 12, 16, 1, 1);
    test_add_weight(model, "point.bias", 15, 0.1, 12);
    test_add_weight(model, "grouped.weight", 16, 0.2, 12, 3, 3, 3);
    test_add_weight(model, "head.weight", 17, 0.2, 12, 5);
    test_add_weight(model, "head.bias", 18, 0.1, 5);
    test_add_node(model, "conv", "pads=1:1:1:1", "a", "x", "stem.weight", "stem.bias");
    test_add_node(model, "relu", NULL, "b", "a", NULL, NULL);
    test_add_node(model, "conv", "pads=1:0:1:2,strides=2:2", "c", "b", "wide.weight", NULL);
    test_add_node(model, "relu", NULL, "d", "c", NULL, NULL);
    test_add_node(model, "conv", NULL, "e", "d", "point.weight", "point.bias");
    test_add_node(model, "conv", "group=4,pads=1:1:1:1", "f", "e", "grouped.weight", NULL);
    test_add_node(model, "relu", NULL, "g", "f", NULL, NULL);
    test_add_node(model, "global_average_pool", NULL, "h", "g", NULL, NULL);
    test_add_node(model, "flatten", NULL, "i", "h", NULL, NULL);
    test_add_node(model, "gemm", NULL, "logits", "i", "head.weight", "head.bias");
    return end(model);
}

effnn_model *test_model_tokens(effnn_context *context)
{
    effnn_model *model = begin(context, 3, (const int64_t[]){ -1, 6, 16 });

    test_add_weight(model, "embed.weight", 21, 0.2, 16, 16);
    test_add_weight(model, "embed.bias", 22, 0.1, 16);
    test_add_weight(model, "norm.weight", 23, 0.5, 16);
    test_add_weight(model, "norm.bias", 24, 0.1, 16);
    test_add_weight(model, "fc1.weight", 25, 0.2, 16, 48);
    test_add_weight(model, "fc1.bias", 26, 0.1, 48);
    test_add_weight(model, "fc2.weight", 27, 0.1, 48, 16);
    test_add_weight(model, "fc2.bias", 28, 0.1, 16);
    test_add_weight(model, "shared.weight", 29, 0.2, 16, 16);
    test_add_weight(model, "head.weight", 30, 0.2, 16, 5);
    test_add_node(model, "matmul", NULL, "a", "x", "embed.weight", NULL);
    test_add_node(model, "add", NULL, "b", "a", "embed.bias", NULL);
    test_add_node(model, "layer_normalization", NULL, "c", "b", "norm.weight", "norm.bias");
    test_add_node(model, "matmul", NULL, "d", "c", "fc1.weight", NULL);
    test_add_node(model, "add", NULL, "e", "fc1.bias", "d", NULL);
    test_add_node(model, "gelu", NULL, "f", "e", NULL, NULL);
    test_add_node(model, "matmul", NULL, "g", "f", "fc2.weight", NULL);
    test_add_node(model, "add", NULL, "h", "g", "fc2.bias", NULL);
    test_add_node(model, "add", NULL, "i", "b", "h", NULL);
    test_add_node(model, "matmul", NULL, "j", "i", "shared.weight", NULL);
    test_add_node(model, "relu", NULL, "k", "j", NULL, NULL);
    test_add_node(model, "matmul", NULL, "l", "k", "shared.weight", NULL);
    test_add_parameter(model, "axes",
                       test_tensor_i64(1, (const int64_t[]){ 1 }, (const int64_t[]){ 1 }));
    test_add_node(model, "reduce_mean", "keepdims=0", "m", "l", "axes", NULL);
    test_add_node(model, "gemm", NULL, "logits", "m", "head.weight", NULL);
    return end(model);
}

const test_model_fn test_models[TEST_N_MODELS] = { test_model_mlp, test_model_cnn,
                                                   test_model_tokens };

/* ---- data ---- */

effnn_dataset *test_model_data(const effnn_model *model, int64_t count, uint64_t seed)
{
    effnn_value_spec spec = { .version = 1 };
    effnn_dataset *data = NULL;
    effnn_tensor *x, *targets = test_tensor_zeros(EFFNN_I64, 1, &count);
    int64_t *classes = effnn__tensor_data(targets);

    ck_assert_ok(effnn_model_input_at(&spec, model, 0));
    spec.dims[0] = count;
    x = test_tensor_random(model->context, spec.dtype, spec.rank, spec.dims, seed);
    for (int64_t i = 0; i < count; i++) classes[i] = i % 5;
    ck_assert_ok(
        effnn_dataset_create_from_tensors(&data, model->context, NULL, &x, 1, targets, NULL));
    effnn_tensor_release(x);
    effnn_tensor_release(targets);
    return data;
}

effnn_tensor *test_model_logits(const effnn_model *model, effnn_dataset *data)
{
    effnn_evaluate_options options = EFFNN_EVALUATE_OPTIONS_INIT;
    effnn_evaluation result = { .version = 1 };
    effnn_tensor *logits = NULL;

    options.predictions = &logits;
    ck_assert_ok(effnn_model_evaluate(&result, model, data, &options));
    return logits;
}

/* ---- comparing ---- */

static void assert_metadata_equal(const char *file, int line, const effnn_model *a,
                                  const effnn_model *b)
{
    if (effnn_model_metadata_count(a) != effnn_model_metadata_count(b))
        ck_abort_msg("%s:%d: %zu entries of metadata, expected %zu", file, line,
                     effnn_model_metadata_count(a), effnn_model_metadata_count(b));
    for (size_t i = 0; i < effnn_model_metadata_count(a); i++) {
        const char *key = NULL, *value = NULL, *other;

        ck_assert_ok(effnn_model_metadata_at(&key, &value, a, i));
        other = effnn_model_get_metadata(b, key);
        if (!other || strcmp(other, value) != 0)
            ck_abort_msg("%s:%d: metadata '%s' is '%s', expected '%s'", file, line, key, value,
                         other ? other : "none");
    }
}

void test_assert_models_equal(const char *file, int line, const effnn_model *a,
                              const effnn_model *b)
{
    char *text_a = NULL, *text_b = NULL;

    ck_assert_ok(effnn__graph_print(&text_a, a->graph));
    ck_assert_ok(effnn__graph_print(&text_b, b->graph));
    if (strcmp(text_a, text_b) != 0)
        ck_abort_msg("%s:%d: graphs differ:\n%s\nand\n%s", file, line, text_a, text_b);
    effnn__free(text_a);
    effnn__free(text_b);
    for (size_t i = 0; i < a->graph->values.n; i++) {
        const effnn__value *value = effnn__graph_value(a->graph, i);
        const effnn__value *other = effnn__graph_find_value(b->graph, value->name);

        if (value->constant && !effnn__tensor_equal(value->constant, other->constant))
            ck_abort_msg("%s:%d: constant '%s' differs", file, line, value->name);
    }
    assert_metadata_equal(file, line, a, b);
}
