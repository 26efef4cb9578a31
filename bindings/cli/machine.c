/* SPDX-License-Identifier: BSD-3-Clause */
/* What this machine reaches at its best: a large product of matrices for arithmetic, a pass over
 * more memory than caches hold for bandwidth, both through the library, with the command's threads.
 */

#include "machine.h"

#include <stdlib.h>

enum { N_REPEATS = 5, PRODUCT_SIZE = 1024, PASS_SIZE = 1 << 24 };

/* What is timed: one node over an input, and where it takes two, a constant of the same shape. */
typedef struct probe {
    const char *op;
    size_t n_operands, rank;
    const int64_t *dims;
} probe;

static effnn_status make_model(effnn_model **out, effnn_context *context, const probe *self)
{
    static const char *const operands[] = { "x", "w" }, *const results[] = { "y" };
    effnn_node node = EFFNN_NODE_INIT;
    effnn_tensor *weight = NULL;
    effnn_status status = effnn_model_create(out, context);

    node.op = self->op;
    node.inputs = operands;
    node.n_inputs = self->n_operands;
    node.outputs = results;
    node.n_outputs = 1;
    if (status == EFFNN_OK)
        status = effnn_model_add_input(*out, "x", EFFNN_F32, self->rank, self->dims, NULL);
    if (status == EFFNN_OK && self->n_operands > 1)
        status = effnn_tensor_create(&weight, context, EFFNN_F32, self->rank, self->dims);
    if (status == EFFNN_OK && weight) status = effnn_model_add_parameter(*out, "w", weight);
    if (status == EFFNN_OK) status = effnn_model_add_node(*out, &node);
    if (status == EFFNN_OK) status = effnn_model_add_output(*out, "y");
    effnn_tensor_release(weight);
    return status;
}

/* Least seconds of a run; the first one does not count. */
static effnn_status time_runs(effnn_session *session, effnn_tensor *x, double *out)
{
    effnn_tensor *y = NULL;
    effnn_status status = effnn_session_run(session, &x, &y, NULL);

    *out = 0.0;
    for (int i = 0; i < N_REPEATS && status == EFFNN_OK; i++) {
        const double start = cli_seconds();

        status = effnn_session_run(session, &x, &y, NULL);
        const double seconds = cli_seconds() - start;
        if (i == 0 || seconds < *out) *out = seconds;
    }
    effnn_tensor_release(y);
    return status;
}

static effnn_status time_probe(effnn_context *context, const probe *self, double *out)
{
    effnn_model *model = NULL;
    effnn_session *session = NULL;
    effnn_tensor *x = NULL;
    effnn_status status = make_model(&model, context, self);

    if (status == EFFNN_OK) status = effnn_session_create(&session, model, NULL);
    if (status == EFFNN_OK)
        status = effnn_tensor_create(&x, context, EFFNN_F32, self->rank, self->dims);
    if (status == EFFNN_OK) status = time_runs(session, x, out);
    effnn_tensor_release(x);
    effnn_session_destroy(session);
    effnn_model_destroy(model);
    return status;
}

int cli_measure_machine(const cli *self, cli_machine *out)
{
    const double n = PRODUCT_SIZE;
    const int64_t sides[] = { PRODUCT_SIZE, PRODUCT_SIZE }, length[] = { PASS_SIZE };
    double product = 0.0, pass = 0.0;
    effnn_status status = time_probe(self->context, &(probe){ "matmul", 2, 2, sides }, &product);

    if (status == EFFNN_OK)
        status = time_probe(self->context, &(probe){ "neg", 1, 1, length }, &pass);
    if (status != EFFNN_OK) return cli_fail(status);
    *out = (cli_machine){ .flops = 2.0 * n * n * n / product,
                          .bandwidth = 2.0 * sizeof(float) * PASS_SIZE / pass };
    return CLI_DONE;
}

double cli_machine_fraction(const cli_machine *self, const effnn_node_profile *node)
{
    const double arithmetic = (2.0 * node->macs + node->flops) / self->flops;
    const double memory = node->bytes / self->bandwidth;
    const double least = arithmetic > memory ? arithmetic : memory;

    return node->runs && node->seconds > 0.0 ? least * (double)node->runs / node->seconds : 0.0;
}
