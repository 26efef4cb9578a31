/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_IO_ONNX_READ_H
#define EFFNN_IO_ONNX_READ_H

/* From the parts of a model file to a graph. */

#include "io/onnx_external.h"
#include "io/onnx_scan.h"
#include "model/model.h"
#include "onnx.pb-c.h"

/* A version of a set of operators that the model imports. */
typedef struct effnn__onnx_import {
    char *domain; /* "": the default one */
    int64_t version;
} effnn__onnx_import;

/* A file while it is read. */
typedef struct effnn__onnx_input {
    const char *name; /* of the file, for messages */
    effnn_model *model;
    effnn__onnx_external external;
    size_t n_imports, imports_capacity;
    effnn__onnx_import *imports;
    effnn__map names; /* of every value that the file's graph has anywhere */
} effnn__onnx_input;

/* Fill model->graph from a packed, checked GraphProto. */
effnn_status effnn__onnx_read_graph(effnn__onnx_input *self, const effnn__wire_field *graph);

/* Add node number `index` of the graph; values that it reads are there. */
effnn_status effnn__onnx_read_node(effnn__onnx_input *self, const Onnx__NodeProto *proto,
                                   size_t index);

/* A free name from a hint, also against names that the file uses further on; by effnn__free. */
effnn_status effnn__onnx_fresh_name(char **out, const effnn__onnx_input *self, const char *hint);

/* Version of a domain's operators, or 0. */
int64_t effnn__onnx_import_version(const effnn__onnx_input *self, const char *domain);

/* ---- attributes ---- */

/* The attributes of a node, and the memory that they point to. */
typedef struct effnn__onnx_attrs {
    size_t n;
    effnn_onnx_attr *items;
    size_t n_blocks, blocks_capacity;
    void **blocks;
} effnn__onnx_attrs;

effnn_status effnn__onnx_read_node_attrs(effnn__onnx_attrs *out, effnn__onnx_input *self,
                                         const Onnx__NodeProto *proto, const char *node);
void effnn__onnx_attrs_clear(effnn__onnx_attrs *self);
#endif
