/* SPDX-License-Identifier: BSD-3-Clause */
/* The input is a file of texts. */

#include "fuzz/harness.h"

const fuzz_target fuzz_this_target = { "text", fuzz_mutate_text };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_begin(data, size, ".txt");

    fuzz_use_dataset("text:@", path);
    fuzz_use_dataset("text:@,text=1,label=2,sort=1", path);
    fuzz_use_dataset("text:@,text=sentence,label=label", path);
    fuzz_use_dataset("text:@,form=stream,length=16", path);
    fuzz_use_dataset("text:@,task=language,prompt=||,bucket=4", path);
    fuzz_end();
    return 0;
}
