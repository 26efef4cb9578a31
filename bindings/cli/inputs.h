/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_CLI_INPUTS_H
#define EFFNN_CLI_INPUTS_H

/* Random inputs of a model's own shapes, for timing. */

#include "cli.h"

/* inputs: [effnn_model_input_count], NULL at first, filled with tensors that the caller releases,
 * on failure too. Floats are random by the command's seed, of mean 0 and variance 1; others are
 * zero. An open dimension is as `sizes` ("NAME=N") says for its symbol, else `batch` if it is the
 * first of its input, else 1. An exit code. */
int cli_random_inputs(const cli *cli, const effnn_model *model, uint32_t batch,
                      const cli_list *sizes, effnn_tensor **inputs);
#endif
