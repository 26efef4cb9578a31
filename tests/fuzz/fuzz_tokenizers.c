/* SPDX-License-Identifier: BSD-3-Clause */
/* The input is a vocabulary, of either kind. One that loads cuts a text and puts it together. */

#include "fuzz/harness.h"

#include <effnn/tokenizer.h>
#include <string.h>

const fuzz_target fuzz_this_target = { "tokenizers", fuzz_mutate_bytes };

enum { CAPACITY = 300 };

static void cut_and_join(const effnn_tokenizer *tokenizer)
{
    static const char text[] = "Once upon a time \xc3\xa9t\xc3\xa9, the \xff\xf0\x9f end!\n";
    int64_t tokens[CAPACITY];
    char joined[CAPACITY];
    size_t n = 0, size = 0;

    if (fuzz_succeeded(effnn_tokenizer_encode(tokens, &n, tokenizer, CAPACITY, text, NULL),
                       "encode") &&
        fuzz_succeeded(effnn_tokenizer_decode(joined, &size, tokenizer, CAPACITY,
                                              n < CAPACITY ? n : CAPACITY, tokens),
                       "decode")) {
        if (strlen(joined) >= CAPACITY) fuzz_fail("decode", "no end");
        fuzz_totals.ran++;
    }
    for (size_t i = 0; i < effnn_tokenizer_count(tokenizer) && i < CAPACITY; i++)
        tokens[n = i] = (int64_t)i;
    fuzz_succeeded(effnn_tokenizer_decode(joined, &size, tokenizer, CAPACITY, n, tokens),
                   "decode of all");
}

static void load(const char *path, const char *kind)
{
    effnn_tokenizer_options options = EFFNN_TOKENIZER_OPTIONS_INIT;
    effnn_tokenizer *tokenizer = NULL;

    options.kind = kind;
    if (!fuzz_succeeded(effnn_tokenizer_load(&tokenizer, path, &options), "load")) return;
    fuzz_totals.loaded++;
    cut_and_join(tokenizer);
    effnn_tokenizer_destroy(tokenizer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_begin(data, size, ".bin");

    load(path, "bpe");
    load(path, "wordpiece");
    fuzz_end();
    return 0;
}
