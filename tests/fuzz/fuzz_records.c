/* SPDX-License-Identifier: BSD-3-Clause */
/* The input is a file of records: CIFAR-10's, and the digits' of the examples. */

#include "fuzz/harness.h"

const fuzz_target fuzz_this_target = { "records", fuzz_mutate_bytes };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_begin(data, size, ".bin");

    fuzz_use_dataset("cifar10:@", path);
    fuzz_use_dataset("records:@,shape=1/8/8,label=last,scale=16", path);
    fuzz_use_dataset("records:@,shape=1/8/8,label=first,scale=16", path);
    fuzz_end();
    return 0;
}
