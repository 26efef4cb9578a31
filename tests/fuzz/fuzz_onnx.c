/* SPDX-License-Identifier: BSD-3-Clause */
/* The input is an ONNX file. Where it has no canonical form it may still load as
 * written. */

#include "fuzz/harness.h"

const fuzz_target fuzz_this_target = { "onnx", fuzz_mutate_onnx };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const effnn_load_options as_written = { .version = 1, .keep_written = 1 };
    const char *path = fuzz_begin(data, size, ".onnx");
    effnn_model *model = NULL;

    if (fuzz_succeeded(effnn_model_load(&model, fuzz_context(), path, NULL), "load")) {
        fuzz_loaded();
        fuzz_use_model(model, ".onnx", NULL);
        effnn_model_destroy(model);
    } else if (fuzz_succeeded(effnn_model_load(&model, fuzz_context(), path, &as_written),
                              "load as written")) {
        fuzz_loaded();
        fuzz_use_model(model, ".onnx", &as_written);
        effnn_model_destroy(model);
    }
    fuzz_end();
    return 0;
}
