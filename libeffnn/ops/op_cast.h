/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_CAST_H
#define EFFNN_OPS_OP_CAST_H

/* What others need of the operator cast: its option, which is ONNX's attribute `to`, and the
 * conversion itself. */

#include "ops/op.h"

typedef struct effnn__cast_attrs {
    int to; /* an effnn_dtype */
} effnn__cast_attrs;
extern const effnn_option_def effnn__cast_attr_defs[];

effnn_status effnn__cast_read(effnn_onnx_reader *reader);
effnn_status effnn__cast_write(effnn_onnx_writer *writer);

/* Output 0 = input 0 in output 0's element type. */
effnn_status effnn__cast_run(const effnn_op_call *call);
#endif
