/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_TESTS_ONNX_EAGER_H
#define EFFNN_TESTS_ONNX_EAGER_H

/* ONNX nodes in memory, run one by one as they are read: what tests need to try the operators' ONNX
 * rows without a file. The rows' own functions read and write; values are tensors by name. */

#include "ops/op_run.h"

typedef struct onnx_eager onnx_eager;

/* Nothing but the values set by onnx_eager_set; the test destroys it. */
onnx_eager *onnx_eager_create(void);
void onnx_eager_destroy(onnx_eager *self);

/* Give a value a name. The tensor is shared. `constant`: the rows may see its contents. */
void onnx_eager_set(onnx_eager *self, const char *name, effnn_tensor *tensor, bool constant);
effnn_tensor *onnx_eager_get(const onnx_eager *self, const char *name); /* borrowed */

/* An ONNX node as it is in a file. */
typedef struct onnx_eager_node {
    const char *op_type, *domain;
    const char *inputs[10], *outputs[8]; /* NULL: absent */
    size_t n_inputs, n_outputs;
    effnn_onnx_attr attrs[8];
    size_t n_attrs;
} onnx_eager_node;

/* Read by the row for this opset and run; the outputs become values. */
effnn_status onnx_eager_read(onnx_eager *self, const onnx_eager_node *node, int64_t opset);

/* Write a node of ours by its row for this opset; the ONNX nodes are kept, in order. Values that
 * have been set are the inputs. */
effnn_status onnx_eager_write(onnx_eager *self, const effnn_op_def *def, const void *attrs,
                              const char *const *inputs, size_t n_inputs,
                              const char *const *outputs, size_t n_outputs, int64_t opset);
size_t onnx_eager_count(const onnx_eager *self);
const onnx_eager_node *onnx_eager_at(const onnx_eager *self, size_t i);

/* Read and run the nodes that were written. */
effnn_status onnx_eager_run(onnx_eager *self, int64_t opset);
#endif
