/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_TESTS_OP_SAMPLES_H
#define EFFNN_TESTS_OP_SAMPLES_H

/* Samples of the operator table made into tensors and calls. Every failure fails the test. */

#include "ops/op_run.h"
#include "support/suite.h"

#define SAMPLE_INPUTS  10
#define SAMPLE_OUTPUTS 8

/* One sample, ready to run; all is freed by sample_close. */
typedef struct sample_call {
    const effnn_op_def *def;
    const effnn_op_sample *sample;
    char name[96]; /* "add[3]": for messages, and the node's name */
    void *attrs;
    size_t n_inputs, n_outputs;
    effnn_tensor *inputs[SAMPLE_INPUTS];
    bool given[SAMPLE_INPUTS]; /* contents are part of the sample: a shape, an index */
} sample_call;

/* Sample `index` of an operator; with `as_f64` every f32 operand holds the same numbers as f64. */
void sample_open(sample_call *out, const effnn_op_def *def, size_t index, bool as_f64);
void sample_close(sample_call *self);

size_t sample_op_count(void); /* rows of the table */
size_t sample_count(const effnn_op_def *def);
static inline bool sample_is_refused(const effnn_op_def *def, size_t index)
{
    return def->samples[index].refused != NULL;
}

/* Whether a sample is neither refused nor one whose output shape depends on data: what can be run
 * on outputs that are there before. */
bool sample_runs_by_hand(const effnn_op_def *def, size_t index);

/* effnn__op_run on the sample. */
effnn_status sample_run(const sample_call *self, effnn_context *context, effnn_tensor **outputs);
void sample_release(effnn_tensor **outputs, size_t n);

/* Run infer; with `known` false inputs' tensors are not shown to it. */
effnn_status sample_infer(const sample_call *self, effnn__symbols *symbols,
                          const effnn__value_info *const *inputs, bool known,
                          effnn__value_info *outputs);
#endif
