/* SPDX-License-Identifier: BSD-3-Clause */
/* What exporters really wrote, in canonical form: every norm, softmax and GELU is recognised, no
 * shape arithmetic is left but what a class token needs of an open batch, and the results are those
 * of the graph as written. */

#include "graph/lower.h"
#include "model/model.h"
#include "support/data.h"
#include "support/graphs.h"

#define MAX_EXPECTED 8

/* Which operators, and how many of each, a model has in canonical form. */
typedef struct real_model {
    const char *path;
    struct {
        const char *op;
        size_t n;
    } expected[MAX_EXPECTED];
    bool has_open_batch; /* and with it one Shape and one Concat for the class token */
} real_model;

#define VIT96                                                                             \
    {                                                                                     \
        { "layer_normalization", 13 }, { "softmax", 6 }, { "gelu", 6 }, { "matmul", 36 }, \
            { "conv", 1 }, { "gemm", 1 }, { "expand", 1 }, { "gather", 1 },               \
    }

static const real_model models[] = {
    { "models/vit-cifar10-gelu/vit96_opset13.onnx", VIT96, true },
    { "models/vit-cifar10-gelu/vit96_opset17.onnx", VIT96, true },
    { "models/vit-cifar10-gelu/vit96_opset18.onnx", VIT96, true },
    { "models/vit-cifar10/vit_2_6.onnx",
      { { "layer_normalization", 5 },
        { "softmax", 2 },
        { "matmul", 16 },
        { "conv", 1 },
        { "gemm", 1 },
        { "concat", 1 },
        { "relu", 2 } },
      false },
    { "models/vit-cifar10/ibp_3_3_8.onnx",
      { { "batch_normalization", 7 },
        { "softmax", 3 },
        { "matmul", 24 },
        { "conv", 1 },
        { "gemm", 1 },
        { "relu", 3 } },
      true },
    { "models/resnet-cifar10/resnet20.onnx",
      { { "conv", 19 }, { "add", 9 }, { "relu", 19 }, { "gemm", 1 }, { "pad", 2 }, { "slice", 4 } },
      false },
    { "models/pp-ocr-rec/ch_PP-OCRv4_rec_infer.onnx",
      { { "layer_normalization", 5 },
        { "silu", 7 },
        { "softmax", 3 },
        { "conv", 38 },
        { "batch_normalization", 6 },
        { "matmul", 13 } },
      false },
};

static effnn_model *load(const char *path)
{
    const effnn_load_options options = { .version = 1, .keep_written = 1 };
    effnn_model *model = NULL;

    ck_assert_ok(effnn_model_load(&model, NULL, path, &options));
    return model;
}

START_TEST(exported_models_have_their_operators_and_no_shape_arithmetic)
{
    static const char *const arithmetic[] = { "unsqueeze", "where",      "equal", "cast", "range",
                                              "sqrt",      "reciprocal", "pow",   "erf",  "div" };
    const real_model *real = &models[_i];
    const bool is_ocr = strstr(real->path, "OCR"), is_vit_2 = strstr(real->path, "vit_2_6");
    char path[1024];
    effnn_model *model;

    if (!test_data_path(path, sizeof path, real->path)) return;
    model = load(path);
    ck_assert_ok(effnn_model_canonicalise(model));
    for (size_t i = 0; i < MAX_EXPECTED && real->expected[i].op; i++)
        ck_assert_msg(test_count_ops(model->graph, real->expected[i].op) == real->expected[i].n,
                      "%s: %zu %s", real->path, test_count_ops(model->graph, real->expected[i].op),
                      real->expected[i].op);
    for (size_t i = 0; i < sizeof arithmetic / sizeof arithmetic[0]; i++) {
        /* Quotients of data: the OCR net's hard swish, the scores of vit_2_6. */
        if (strcmp(arithmetic[i], "div") == 0 && (is_ocr || is_vit_2)) continue;
        ck_assert_msg(!test_count_ops(model->graph, arithmetic[i]), "%s: a %s is left", real->path,
                      arithmetic[i]);
    }
    ck_assert_uint_eq(test_count_ops(model->graph, "shape"), real->has_open_batch);
    effnn_model_destroy(model);
}
END_TEST

START_TEST(canonical_results_are_those_of_the_graph_as_written)
{
    const real_model *real = &models[_i];
    char path[1024];
    effnn_model *written, *canonical;

    if (strstr(real->path, "OCR") || !test_data_path(path, sizeof path, real->path)) return;
    written = load(path);
    canonical = load(path);
    ck_assert_ok(effnn__lower(written->graph)); /* what a session does: pads are computed */
    ck_assert_ok(effnn_model_canonicalise(canonical));
    for (int64_t batch = 1; batch <= 3; batch += 2) {
        effnn_tensor *expected = NULL, *got = NULL;
        test_run_random(&expected, written->graph, batch, 5);
        test_run_random(&got, canonical->graph, batch, 5);
        ck_assert_tensor_near(got, expected, 2e-5, 2e-5);
        effnn_tensor_release(expected);
        effnn_tensor_release(got);
    }
    test_lower(canonical->graph, 2e-5);
    effnn_model_destroy(written);
    effnn_model_destroy(canonical);
}
END_TEST

int main(void)
{
    const TTest *tests[] = { exported_models_have_their_operators_and_no_shape_arithmetic,
                             canonical_results_are_those_of_the_graph_as_written };
    char path[1024];

    if (!test_data_path(path, sizeof path, models[0].path)) return 77; /* skipped */
    return run_suite("canon_real_models", NULL, NULL, tests, sizeof tests / sizeof tests[0],
                     sizeof models / sizeof models[0]);
}
