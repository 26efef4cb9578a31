/* SPDX-License-Identifier: BSD-3-Clause */
/* The input is a safetensors file. */

#include "fuzz/harness.h"

const fuzz_target fuzz_this_target = { "safetensors", fuzz_mutate_safetensors };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_begin(data, size, ".safetensors");
    effnn_model *model = NULL;

    if (fuzz_succeeded(effnn_model_load(&model, fuzz_context(), path, NULL), "load")) {
        fuzz_loaded();
        fuzz_use_model(model, ".safetensors", NULL);
        effnn_model_destroy(model);
    }
    fuzz_end();
    return 0;
}
