/* SPDX-License-Identifier: BSD-3-Clause */
/* The input is a text: an operator's name, a line end, then its options "a=1,b=x"; or, for a name
 * that is none, the URI of a dataset. Options that were read print to a text that reads back the
 * same. */

#include "base/alloc.h"
#include "base/option.h"
#include "fuzz/harness.h"
#include "ops/op.h"

#include <effnn/dataset.h>
#include <string.h>

const fuzz_target fuzz_this_target = { "option", fuzz_mutate_text };

static void print_and_parse(const effnn_op_def *def, const void *opts, void *again)
{
    char *text = NULL;

    if (!fuzz_succeeded(effnn__options_print(def->attrs, opts, &text), "print")) return;
    if (effnn__options_parse(def->attrs, again, text) != EFFNN_OK)
        fuzz_fail("what was printed does not parse", effnn_last_error());
    if (!effnn__options_equal(def->attrs, opts, again))
        fuzz_fail("printed and parsed, options differ", text);
    fuzz_totals.saved++;
    effnn__free(text);
}

static void parse_options(const effnn_op_def *def, const char *text)
{
    void *opts = effnn__zalloc(def->attrs_size), *again = effnn__zalloc(def->attrs_size);

    if (!opts || !again) fuzz_fail("out of memory", def->name);
    if (fuzz_succeeded(effnn__options_init(def->attrs, opts), "defaults") &&
        fuzz_succeeded(effnn__options_init(def->attrs, again), "defaults")) {
        if (fuzz_succeeded(effnn__options_parse(def->attrs, opts, text), "parse")) {
            fuzz_totals.loaded++;
            print_and_parse(def, opts, again);
        }
        effnn__options_clear(def->attrs, opts);
        effnn__options_clear(def->attrs, again);
    }
    effnn__free(opts);
    effnn__free(again);
}

static void open_dataset(const char *uri)
{
    effnn_dataset *dataset = NULL;

    if (strstr(uri, "/dev") || strstr(uri, "/proc")) return; /* real files of this machine */
    if (!fuzz_succeeded(effnn_dataset_open(&dataset, fuzz_context(), uri, NULL), "open")) return;
    fuzz_totals.loaded++;
    effnn_dataset_destroy(dataset);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = effnn__zalloc(size + 1), *rest;
    const effnn_op_def *def;

    fuzz_begin(data, 0, ".txt");
    if (!text) fuzz_fail("out of memory", "");
    if (size) memcpy(text, data, size);
    rest = strchr(text, '\n');
    if (rest) *rest++ = '\0';
    def = effnn__op_find(text);
    if (def)
        parse_options(def, rest ? rest : "");
    else
        open_dataset(text);
    effnn__free(text);
    fuzz_end();
    return 0;
}
