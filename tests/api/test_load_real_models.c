/* SPDX-License-Identifier: BSD-3-Clause */
/* Third-party files: loaded, saved at the first, a middle and the last opset and loaded again, they
 * are the same network to the bit; their parameters go through safetensors likewise. */

#include "support/data.h"
#include "support/model_files.h"
#include "support/tensor_assert.h"

#include <stdio.h>

static const struct {
    const char *path;
    int64_t open; /* a size that every open dimension may have */
} models[] = {
    { "models/resnet-cifar10/resnet20.onnx", 3 },
    { "models/resnet-cifar10/resnet20_jpeg_finetuned.onnx", 2 },
    { "models/resnet-cifar10/resnet32.onnx", 1 },
    { "models/vit-cifar10/ibp_3_3_8.onnx", 3 },
    { "models/vit-cifar10/vit_2_6.onnx", 1 },
    { "models/vit-cifar10-gelu/vit96_opset13.onnx", 3 },
    { "models/vit-cifar10-gelu/vit96_opset17.onnx", 3 },
    { "models/vit-cifar10-gelu/vit96_opset18.onnx", 3 },
    { "models/pp-ocr-rec/ch_PP-OCRv4_rec_infer.onnx", 40 }, /* batch and width */
};
enum { N_MODELS = sizeof models / sizeof models[0] };

static const uint32_t opsets[] = { 13, 17, 21 };

/* The results of both models on the same random inputs are equal to the bit. */
static void check_results(const effnn_model *a, const effnn_model *b, int64_t open)
{
    effnn_tensor *x = NULL, *y = NULL;

    test_model_run_random(&x, a, open, 3);
    test_model_run_random(&y, b, open, 3);
    ck_assert_tensor_equal(x, y);
    effnn_tensor_release(x);
    effnn_tensor_release(y);
}

START_TEST(a_model_saved_and_loaded_is_the_same_to_the_bit)
{
    char path[1024];
    effnn_model *model;

    if (!test_data_path(path, sizeof path, models[_i].path)) return;
    model = test_load(path, false);
    ck_assert_uint_eq(model->graph->outputs.n, 1);
    for (size_t i = 0; i < sizeof opsets / sizeof opsets[0]; i++) {
        const effnn_save_options options = { .version = 1, .opset = opsets[i] };
        const char *saved = test_scratch_path("real.onnx");
        effnn_model *again;

        ck_assert_ok(effnn_model_save(model, saved, &options));
        again = test_load(saved, false);
        remove(saved);
        ck_assert_uint_eq(effnn_model_parameter_count(again), effnn_model_parameter_count(model));
        if (opsets[i] >= 18) test_assert_same_nodes(model, again);
        check_results(model, again, models[_i].open);
        effnn_model_destroy(again);
    }
    effnn_model_destroy(model);
}
END_TEST

START_TEST(the_graph_as_written_saved_and_loaded_is_the_same_to_the_bit)
{
    const effnn_save_options options = { .version = 1, .opset = 21 };
    const char *saved = test_scratch_path("written.onnx");
    char path[1024];
    effnn_model *model, *again;

    if (!test_data_path(path, sizeof path, models[_i].path)) return;
    model = test_load(path, true);
    ck_assert_ok(effnn_model_save(model, saved, &options));
    again = test_load(saved, true);
    remove(saved);
    test_assert_same_nodes(model, again);
    check_results(model, again, models[_i].open);
    effnn_model_destroy(again);
    effnn_model_destroy(model);
}
END_TEST

static const struct {
    const char *path;
    size_t elements; /* of type F32, by the JSON header; resnet20 has 688 means and variances */
} parameters[] = {
    { "models/resnet-cifar10/resnet20.safetensors", 269722 + 2 * 688 },
    { "models/llama-stories260k/stories260K.safetensors", 260032 },
    { "models/resnet8-mlperf/pretrainedResnet.safetensors", 78666 },
    { "models/vit-cifar10-gelu/vit96.safetensors", 572074 },
    { "models/vit-cifar10/vit_2_6.safetensors", 75706 },
};
enum { N_PARAMETERS = sizeof parameters / sizeof parameters[0] };

static size_t count_elements(const effnn_model *model)
{
    size_t n = 0;

    for (size_t i = 0; i < model->graph->values.n; i++) {
        const effnn_tensor *tensor = effnn__graph_value(model->graph, i)->constant;
        if (effnn_tensor_dtype(tensor) == EFFNN_F32) n += effnn_tensor_count(tensor);
    }
    return n;
}

START_TEST(parameters_saved_and_loaded_are_the_same_to_the_bit)
{
    const char *saved = test_scratch_path("real.safetensors");
    char path[1024];
    effnn_model *model, *again;

    if (_i >= N_PARAMETERS || !test_data_path(path, sizeof path, parameters[_i].path)) return;
    model = test_load(path, false);
    ck_assert_uint_gt(model->graph->values.n, 0);
    ck_assert_uint_eq(count_elements(model), parameters[_i].elements);
    ck_assert_ok(effnn_model_save(model, saved, NULL));
    again = test_load(saved, false);
    remove(saved);
    test_assert_same_graph(model, again);
    effnn_model_destroy(again);
    effnn_model_destroy(model);
}
END_TEST

int main(void)
{
    const TTest *tests[] = { a_model_saved_and_loaded_is_the_same_to_the_bit,
                             the_graph_as_written_saved_and_loaded_is_the_same_to_the_bit,
                             parameters_saved_and_loaded_are_the_same_to_the_bit };
    char path[1024];

    if (!test_data_path(path, sizeof path, models[0].path)) return 77; /* skipped */
    return run_suite("load_real_models", NULL, NULL, tests, sizeof tests / sizeof tests[0],
                     N_MODELS);
}
