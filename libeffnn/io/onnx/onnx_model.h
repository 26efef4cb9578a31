/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_IO_ONNX_MODEL_H
#define EFFNN_IO_ONNX_MODEL_H

/* ONNX files, by libprotobuf-c on the system's onnx.proto. */

#include "model/model.h"

/* Read the graph as written (not canonical). context is resolved. */
effnn_status effnn__onnx_load(effnn_model **out, effnn_context *context, const char *path);

/* The same from memory; `name` stands for the path in messages, `directory` is where external data
 * lies (NULL: refused). */
effnn_status effnn__onnx_load_memory(effnn_model **out, effnn_context *context,
                                     const unsigned char *data, size_t size, const char *name,
                                     const char *directory);

/* Write atomically at an opset of 13 to 21. Parameters lie in the file, or all but small ones in
 * "<path>.data" beside it: by save_external, or if the file would be larger than one can be. */
effnn_status effnn__onnx_save(const effnn_model *model, const char *path, uint32_t opset);
effnn_status effnn__onnx_save_external(const effnn_model *model, const char *path, uint32_t opset);
#endif
