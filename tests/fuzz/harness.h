/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_FUZZ_HARNESS_H
#define EFFNN_FUZZ_HARNESS_H

/* What all fuzz targets share: a scratch file for the input, a context whose memory is bounded, the
 * measuring of memory and time, and the rules that every case must keep. A broken rule ends the
 * process by abort(), which libFuzzer and the campaign take for a finding. */

#include "base/status.h"
#include "fuzz/mutation.h"

#include <effnn/model.h>
#include <stdbool.h>

/* One input; always 0. libFuzzer's name for it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the campaign asks of a target beside that. */
typedef struct fuzz_target {
    const char *name;
    fuzz_mutate_fn mutate;
} fuzz_target;
extern const fuzz_target fuzz_this_target;

/* Counts over all cases. */
typedef struct fuzz_stats {
    uint64_t cases, loaded, ran, saved;
    double slowest_load, slowest_case; /* seconds */
    double worst_memory;               /* bytes at load above four times the file; may be < 0 */
} fuzz_stats;
extern fuzz_stats fuzz_totals;

/* Begin a case: its input lies in a file with this ending, whose path is given back. The file and
 * the context belong to the harness. */
const char *fuzz_begin(const uint8_t *data, size_t size, const char *ending);
effnn_context *fuzz_context(void);
const char *fuzz_output(const char *ending); /* a path to save to, removed at the end of the case */
void fuzz_end(void);

/* What loading took so far in this case, checked against the bound and noted. Memory is measured
 * under AddressSanitizer only. */
void fuzz_loaded(void);

/* Seconds since the case began. */
double fuzz_seconds(void);

/* The rule of failures: a status that is a failure has a message, and is not one that says the
 * library itself is at fault. True if the call succeeded. */
bool fuzz_succeeded(effnn_status status, const char *what);

/* A model that loaded by these options: it keeps the invariants, has a session, runs within a
 * budget, and what it is saved as loads again. */
void fuzz_use_model(effnn_model *model, const char *ending, const effnn_load_options *options);

/* Open a dataset by a URI in which the input's path stands for each '@', and read a few samples
 * from both ends. */
void fuzz_use_dataset(const char *uri, const char *path);

/* End the process: this case broke a rule. */
void fuzz_fail(const char *what, const char *detail);
#endif
