/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_IO_ONNX_SPARSE_H
#define EFFNN_IO_ONNX_SPARSE_H

/* Sparse tensors, made dense: the library has no others. */

#include "io/onnx/onnx_read.h"

/* From a packed SparseTensorProto / from an unpacked one; `name` is for messages. E_UNSUPPORTED if
 * the dense tensors of the file would take much more than the file. */
effnn_status effnn__onnx_read_packed_sparse(effnn_tensor **out, effnn__onnx_input *self,
                                            const effnn__wire_field *field, const char *name);
effnn_status effnn__onnx_read_sparse(effnn_tensor **out, effnn__onnx_input *self,
                                     const Onnx__SparseTensorProto *proto, const char *name);

/* The packed values of a packed SparseTensorProto, whose name is that of the whole; false: none. */
bool effnn__onnx_sparse_values(effnn__wire_field *out, const effnn__wire_field *field);
#endif
