/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_TESTS_HAND_RUN_H
#define EFFNN_TESTS_HAND_RUN_H

/* Samples of the operator table whose forward function a test calls itself. */

#include "support/op_samples.h"

/* Bytes around each output that must stay as they are. */
#define GUARD 64

/* A sample run by hand: outputs in guarded memory filled with a pattern, scratch filled too. */
typedef struct hand_run {
    sample_call *sample;
    effnn_op_call call;
    effnn__value_info infos[SAMPLE_OUTPUTS];
    unsigned char *memory[SAMPLE_OUTPUTS];
    effnn_tensor *outputs[SAMPLE_OUTPUTS];
    void *scratch, *aux[8];
    size_t aux_bytes[8];
    effnn__value_info input_infos[SAMPLE_INPUTS];
    const effnn__value_info *info_pointers[SAMPLE_INPUTS];
} hand_run;

/* The call of a sample that sample_runs_by_hand(); memory and scratch are filled with `pattern`. */
void hand_open(hand_run *run, sample_call *sample, int pattern);
void hand_close(hand_run *run);
#endif
