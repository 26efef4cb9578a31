/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_COSINE_WINDOW_H
#define EFFNN_OPS_OP_COSINE_WINDOW_H

/* What the window functions of signal processing share: a0 - a1 cos(2πk / n) + a2 cos(4πk / n) for
 * k = 0, 1, …, size - 1, where n is the size of a periodic window, size - 1 of a symmetric one. */

#include "ops/op_infer.h"

typedef struct effnn__window_attrs {
    bool periodic;
    int64_t output_datatype; /* ONNX's number */
} effnn__window_attrs;
extern const effnn_option_def effnn__cosine_window_attr_defs[];

/* Output 0: numbers of the type that `output_datatype` says, as many as the contents of input 0. */
effnn_status effnn__cosine_window_infer(effnn_op_infer *call);
effnn_status effnn__cosine_window_run(const effnn_op_call *call, const double coefficients[3]);

/* The dtype of an ONNX number among the attributes; E_ARG if it is no number type of ours. */
effnn_status effnn__infer_onnx_type(effnn_dtype *out, const effnn_op_infer *call, int64_t type);

/* An input that is one integer, at least `least`; *known false if its contents are not. */
effnn_status effnn__infer_scalar(int64_t *out, bool *known, const effnn_op_infer *call, size_t i,
                                 int64_t least);
#endif
