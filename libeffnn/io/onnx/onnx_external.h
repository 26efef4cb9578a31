/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_IO_ONNX_EXTERNAL_H
#define EFFNN_IO_ONNX_EXTERNAL_H

/* Elements of tensors that lie in files beside the model's. */

#include "io/mapped_file.h"
#include "onnx.pb-c.h"

/* The files in use; tensors over them keep them mapped. Zero but for the paths at first. */
typedef struct effnn__onnx_external {
    const char *directory; /* of the model; NULL: external data is refused */
    const char *model;     /* path of the model, or NULL */
    size_t n, capacity;
    struct effnn__onnx_external_file *files;
} effnn__onnx_external;

void effnn__onnx_external_clear(effnn__onnx_external *self);

/* Where the `size` bytes of a tensor lie, and in which file, both borrowed until clear. E_FORMAT
 * for a location outside the directory, a file that is none or numbers that do not fit it, E_IO for
 * one that cannot be read. */
effnn_status effnn__onnx_external_find(const unsigned char **out, effnn__mapped **mapped,
                                       effnn__onnx_external *self, const Onnx__TensorProto *proto,
                                       size_t size, const char *name);
#endif
