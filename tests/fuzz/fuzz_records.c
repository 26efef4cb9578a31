/* SPDX-License-Identifier: BSD-3-Clause */
/* The input is a file of records: CIFAR-10's, and the digits' of the examples. */

#include "fuzz/harness.h"

#include <effnn/dataset.h>
#include <stdio.h>

const fuzz_target fuzz_this_target = { "records", fuzz_mutate_bytes };

static void read_dataset(const char *format, const char *path)
{
    char uri[512];
    effnn_dataset *dataset = NULL;
    effnn_tensor *inputs[1] = { NULL };
    effnn_batch batch = { .version = 1, .n_inputs = 1, .inputs = inputs };

    snprintf(uri, sizeof uri, format, path);
    if (!fuzz_succeeded(effnn_dataset_open(&dataset, fuzz_context(), uri, NULL), "open")) return;
    fuzz_totals.loaded++;
    const uint64_t n = effnn_dataset_count(dataset);
    if (n == 0 || effnn_dataset_input_count(dataset) != 1)
        fuzz_fail("dataset", "it opened without samples");
    if (fuzz_succeeded(
            effnn_dataset_read(&batch, dataset, n > 3 ? n - 3 : 0, n > 3 ? 3 : (size_t)n), "read"))
        fuzz_totals.ran++;
    effnn_batch_clear(&batch);
    effnn_dataset_destroy(dataset);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_begin(data, size, ".bin");

    read_dataset("cifar10:%s", path);
    read_dataset("records:%s,shape=1/8/8,label=last,scale=16", path);
    read_dataset("records:%s,shape=1/8/8,label=first,scale=16", path);
    fuzz_end();
    return 0;
}
