/* SPDX-License-Identifier: BSD-3-Clause */
/* Networks of the zoo with third-party weights compute what the ONNX files of the same weights do.
 */

#include "support/data.h"
#include "support/model_files.h"
#include "support/tensor_assert.h"

static const struct {
    const char *network, *weights, *onnx;
} cases[] = {
    { "vit", "models/vit-cifar10-gelu/vit96.safetensors",
      "models/vit-cifar10-gelu/vit96_opset13.onnx" },
    { "vit", "models/vit-cifar10-gelu/vit96.safetensors",
      "models/vit-cifar10-gelu/vit96_opset18.onnx" },
    { "resnet", "models/resnet-cifar10/resnet20.safetensors",
      "models/resnet-cifar10/resnet20.onnx" },
    { "resnet", "models/resnet-cifar10/resnet20_jpeg_finetuned.safetensors",
      "models/resnet-cifar10/resnet20_jpeg_finetuned.onnx" },
    { "resnet", "models/resnet-cifar10/resnet32.safetensors",
      "models/resnet-cifar10/resnet32.onnx" },
};
enum { N_CASES = sizeof cases / sizeof cases[0] };

START_TEST(a_network_computes_what_its_onnx_file_does)
{
    char path[1024], uri[1100];
    effnn_tensor *built = NULL, *loaded = NULL;
    effnn_model *model;

    if (!test_data_path(path, sizeof path, cases[_i].onnx)) return;
    model = test_load(path, false);
    test_model_run_random(&loaded, model, 3, 9);
    effnn_model_destroy(model);
    ck_assert_ptr_nonnull(test_data_path(path, sizeof path, cases[_i].weights));
    snprintf(uri, sizeof uri, "zoo:%s,weights=%s", cases[_i].network, path);
    model = test_load(uri, false);
    test_model_run_random(&built, model, 3, 9);
    effnn_model_destroy(model);
    ck_assert_tensor_near(built, loaded, 1e-5, 2e-5);
    effnn_tensor_release(built);
    effnn_tensor_release(loaded);
}
END_TEST

int main(void)
{
    const TTest *tests[] = { a_network_computes_what_its_onnx_file_does };
    char path[1024];

    if (!test_data_path(path, sizeof path, cases[0].onnx)) return 77; /* meson: skipped */
    return run_suite("zoo_real_models", NULL, NULL, tests, 1, N_CASES);
}
