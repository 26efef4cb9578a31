/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_IO_ONNX_PRIV_H
#define EFFNN_IO_ONNX_PRIV_H

/* What the files that read and write ONNX share. */

#include "base/map.h"
#include "base/vec.h"
#include "model/model.h"
#include "onnx.pb-c.h"

#define EFFNN_ONNX_OPSET_READ_MIN  9
#define EFFNN_ONNX_OPSET_READ_MAX  28
#define EFFNN_ONNX_OPSET_WRITE_MIN 13
#define EFFNN_ONNX_OPSET_WRITE_MAX 21

/* Where tensors' bytes may lie beside the model file. */
typedef struct effnn__onnx_place {
    const char *name;      /* of the file, for messages */
    const char *directory; /* NULL: external data is refused */
} effnn__onnx_place;

/* A TensorProto as a tensor, owned by the caller. raw_data is freed from the message once it is
 * copied, so that a large file is not in memory twice. */
effnn_status effnn__onnx_tensor_read(effnn_tensor **out, effnn_context *context,
                                     Onnx__TensorProto *proto, const effnn__onnx_place *place);

/* "float", "string", … of a TensorProto.DataType, or its number. */
const char *effnn__onnx_type_name(int64_t type);

/* Read the graph of a message into an empty model. */
effnn_status effnn__onnx_read_graph(effnn_model *model, Onnx__GraphProto *graph, int64_t opset,
                                    const effnn__onnx_place *place);
#endif
