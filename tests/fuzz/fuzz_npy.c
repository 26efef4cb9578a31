/* SPDX-License-Identifier: BSD-3-Clause */
/* The input is an npy file; one that is read is written and read again. */

#include "fuzz/harness.h"
#include "tensor/tensor.h"

const fuzz_target fuzz_this_target = { "npy", fuzz_mutate_npy };

static void write_again(const effnn_tensor *tensor)
{
    const char *path = fuzz_output(".npy");
    effnn_tensor *again = NULL;

    if (!fuzz_succeeded(effnn_tensor_write_npy(tensor, path), "write")) return;
    fuzz_totals.saved++;
    if (effnn_tensor_read_npy(&again, fuzz_context(), path) != EFFNN_OK)
        fuzz_fail("what was written cannot be read", effnn_last_error());
    if (!effnn__tensor_equal(tensor, again)) fuzz_fail("write and read", "the tensor differs");
    effnn_tensor_release(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_begin(data, size, ".npy");
    effnn_tensor *tensor = NULL;

    if (fuzz_succeeded(effnn_tensor_read_npy(&tensor, fuzz_context(), path), "read")) {
        fuzz_loaded();
        fuzz_totals.loaded++;
        write_again(tensor);
        effnn_tensor_release(tensor);
    }
    fuzz_end();
    return 0;
}
