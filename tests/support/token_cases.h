/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_TESTS_TOKEN_CASES_H
#define EFFNN_TESTS_TOKEN_CASES_H

/* Texts and their tokens from a golden file: two lines a case, the text's bytes in hexadecimal and
 * the tokens in decimal. */

#include "support/model_files.h"

#include <effnn/tokenizer.h>

/* Bytes of a line of hexadecimal, freed by the test; *line moves behind its end. */
static inline char *test_hex_line(size_t *n, const char **line)
{
    char *bytes = malloc(strlen(*line) / 2 + 1);

    for (*n = 0; **line && **line != '\n'; *line += 2) {
        const char digits[] = { (*line)[0], (*line)[1], '\0' };

        bytes[(*n)++] = (char)strtol(digits, NULL, 16);
    }
    *line += **line == '\n';
    bytes[*n] = '\0';
    return bytes;
}

/* Every text of the file has its tokens. */
static inline void test_token_cases(const effnn_tokenizer *tokenizer, const char *golden)
{
    size_t size, n_cases = 0;
    char *file = (char *)test_read_file(&size, test_golden_path(golden));
    char *all = malloc(size + 1);
    const char *at = all;

    memcpy(all, file, size);
    all[size] = '\0';
    for (; *at; n_cases++) {
        size_t n_text, n, k = 0;
        char *text = test_hex_line(&n_text, &at);
        int64_t *tokens = calloc(n_text * 4 + 16, sizeof *tokens);
        const effnn_encode_options options = { .version = 1, .bare = 1, .size = n_text };

        ck_assert_ok(
            effnn_tokenizer_encode(tokens, &n, tokenizer, n_text * 4 + 16, text, &options));
        for (; *at && *at != '\n'; k++) {
            char *end;
            const long long want = strtoll(at, &end, 10);

            ck_assert_msg(k < n && tokens[k] == want, "'%s': token %zu of %zu is %lld, not %lld",
                          text, k, n, k < n ? (long long)tokens[k] : -1, want);
            at = *end == ' ' ? end + 1 : end;
        }
        ck_assert_msg(k == n, "'%s': %zu tokens, not %zu", text, n, k);
        at += *at == '\n';
        free(tokens);
        free(text);
    }
    ck_assert_uint_gt(n_cases, 50);
    free(all);
    free(file);
}
#endif
