/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_IO_ONNX_TENSOR_H
#define EFFNN_IO_ONNX_TENSOR_H

/* TensorProto to tensor, whichever of its forms the elements have, and back. */

#include "io/onnx/onnx_external.h"
#include "io/onnx/onnx_scan.h"
#include "onnx.pb-c.h"
#include "tensor/tensor.h"

/* A tensor of an unpacked message (of an attribute); `name` is for messages. */
effnn_status effnn__onnx_read_tensor(effnn_tensor **out, effnn_context *context,
                                     effnn__onnx_external *external, const Onnx__TensorProto *proto,
                                     const char *name);

/* The same from the packed message, its elements copied once, from the file into the tensor. */
effnn_status effnn__onnx_read_packed_tensor(effnn_tensor **out, effnn_context *context,
                                            effnn__onnx_external *external,
                                            const effnn__wire_field *field, const char *name);

/* Name of a TensorProto.DataType ("BFLOAT16"), or "of unknown number". */
const char *effnn__onnx_type_name(int64_t type);
#endif
