/* SPDX-License-Identifier: BSD-3-Clause */
/* What this machine reaches at its best: a large product of matrices for arithmetic, a pass over
 * more memory than caches hold for bandwidth, both through the library, with the command's threads.
 */

#include "machine.h"

#include <stdlib.h>

enum { N_REPEATS = 5, PRODUCT_SIZE = 1024, PASS_SIZE = 1 << 24 };

/* A model of one node over one input, which is read once for each operand. */
static effnn_status make_model(effnn_model **out, effnn_context *context, const char *op,
                               size_t n_operands, size_t rank, const int64_t *dims)
{
    static const char *const operands[] = { "x", "x" }, *const results[] = { "y" };
    effnn_node node = EFFNN_NODE_INIT;
    effnn_status status = effnn_model_create(out, context);

    node.op = op;
    node.inputs = operands;
    node.n_inputs = n_operands;
    node.outputs = results;
    node.n_outputs = 1;
    if (status == EFFNN_OK) status = effnn_model_add_input(*out, "x", EFFNN_F32, rank, dims, NULL);
    if (status == EFFNN_OK) status = effnn_model_add_node(*out, &node);
    if (status == EFFNN_OK) status = effnn_model_add_output(*out, "y");
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

static effnn_status time_node(effnn_context *context, const char *op, size_t n_operands,
                              size_t rank, const int64_t *dims, double *out)
{
    effnn_model *model = NULL;
    effnn_session *session = NULL;
    effnn_tensor *x = NULL;
    effnn_status status = make_model(&model, context, op, n_operands, rank, dims);

    if (status == EFFNN_OK) status = effnn_session_create(&session, model, NULL);
    if (status == EFFNN_OK) status = effnn_tensor_create(&x, context, EFFNN_F32, rank, dims);
    if (status == EFFNN_OK) status = time_runs(session, x, out);
    effnn_tensor_release(x);
    effnn_session_destroy(session);
    effnn_model_destroy(model);
    return status;
}

int cli_measure_machine(const cli *self, cli_machine *out)
{
    const double n = PRODUCT_SIZE;
    double product = 0.0, pass = 0.0;
    effnn_status status = time_node(self->context, "matmul", 2, 2,
                                    (const int64_t[]){ PRODUCT_SIZE, PRODUCT_SIZE }, &product);

    if (status == EFFNN_OK)
        status = time_node(self->context, "neg", 1, 1, (const int64_t[]){ PASS_SIZE }, &pass);
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
