/* SPDX-License-Identifier: BSD-3-Clause */
/* Bit masks of what backward functions need. */

#include "ops/op_saves.h"

static uint32_t low_bits(size_t n)
{
    return n >= 32 ? UINT32_MAX : ((uint32_t)1 << n) - 1;
}

void effnn__saves_input(const effnn_op_call *call, effnn_op_saves *out)
{
    (void)call;
    if (out->wanted & 1) out->inputs = 1;
}

void effnn__saves_output(const effnn_op_call *call, effnn_op_saves *out)
{
    (void)call;
    if (out->wanted & 1) out->outputs = 1;
}

void effnn__saves_inputs(const effnn_op_call *call, effnn_op_saves *out)
{
    if (out->wanted) out->inputs = low_bits(call->n_inputs);
}

void effnn__saves_input_output(const effnn_op_call *call, effnn_op_saves *out)
{
    effnn__saves_input(call, out);
    effnn__saves_output(call, out);
}

void effnn__saves_partners(const effnn_op_call *call, effnn_op_saves *out)
{
    (void)call;
    if (out->wanted & 1) out->inputs |= 2;
    if (out->wanted & 2) out->inputs |= 1;
}

void effnn__saves_statistics(const effnn_op_call *call, effnn_op_saves *out)
{
    if (!(out->wanted & 3)) return;
    out->inputs = out->wanted & 1 ? 3 : 1;
    out->aux = low_bits(call->def->n_aux);
}

void effnn__saves_aux(const effnn_op_call *call, effnn_op_saves *out)
{
    if (out->wanted & 1) out->aux = low_bits(call->def->n_aux);
}
