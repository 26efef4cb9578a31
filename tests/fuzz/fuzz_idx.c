/* SPDX-License-Identifier: BSD-3-Clause */
/* The input is an idx file, plain or compressed: images, labels, or both at once. */

#include "fuzz/harness.h"

const fuzz_target fuzz_this_target = { "idx", fuzz_mutate_bytes };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_begin(data, size, ".idx");

    fuzz_use_dataset("idx:@", path);
    fuzz_use_dataset("idx:@+@", path);
    fuzz_end();
    return 0;
}
