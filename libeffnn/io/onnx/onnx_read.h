/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_IO_ONNX_READ_H
#define EFFNN_IO_ONNX_READ_H

/* From the parts of a model file to a graph. */

#include "io/onnx/onnx_external.h"
#include "io/onnx/onnx_scan.h"
#include "model/model.h"
#include "onnx.pb-c.h"

/* A version of a set of operators that the model imports. */
typedef struct effnn__onnx_import {
    char *domain; /* "": the default one */
    int64_t version;
} effnn__onnx_import;

/* A value of the graph around it that a graph inside a node reads. */
typedef struct effnn__onnx_capture {
    effnn__value *outer, *inner; /* inner: an input of the graph */
} effnn__onnx_capture;

/* A graph while it is read: the file's, or one that a node holds. */
typedef struct effnn__onnx_input effnn__onnx_input;
struct effnn__onnx_input {
    const char *name; /* of the file, for messages */
    effnn_model *model;
    effnn__graph *graph; /* that grows */
    effnn__map names;    /* of every value that this graph has anywhere in the file */

    /* The file's: in `root` only, which a node's graphs point to. */
    effnn__onnx_input *root;
    effnn__onnx_external external;
    size_t n_imports, imports_capacity;
    effnn__onnx_import *imports;
    const effnn__file *file;
    const unsigned char *passed; /* the file's pages in front of this are let go of */
    size_t sparse_bytes;         /* of the dense tensors made of sparse ones */

    /* A node's graph: */
    effnn__onnx_input *outer;
    size_t depth, n_captures, captures_capacity;
    effnn__onnx_capture *captures;
};

/* Fill model->graph from a packed, checked GraphProto. */
effnn_status effnn__onnx_read_graph(effnn__onnx_input *self, const effnn__wire_field *graph);

/* Add node number `index` of the graph from its packed bytes and the unpacked message, which has
 * none of its graphs; values that it reads are there. */
effnn_status effnn__onnx_read_node(effnn__onnx_input *self, const effnn__wire_field *part,
                                   const Onnx__NodeProto *proto, size_t index);

/* The value of a name: in this graph or, by way of a new input or a constant of its own, in those
 * around it; *out is NULL if there is none. */
effnn_status effnn__onnx_find_value(effnn__value **out, effnn__onnx_input *self, const char *name);

/* ---- graphs that a node holds ---- */

/* Those of one node, and the values that they read from around it, in the order of their inputs. */
typedef struct effnn__onnx_subgraphs {
    size_t n, n_captured, captured_capacity;
    effnn__graph **graphs; /* owned until a node has taken them: then set n to 0 */
    effnn__value **captured;
} effnn__onnx_subgraphs;

/* Read the graphs that an operator wants from a packed node. */
effnn_status effnn__onnx_read_subgraphs(effnn__onnx_subgraphs *out, effnn__onnx_input *self,
                                        const effnn_op_def *def, const effnn__wire_field *node,
                                        const char *name);
void effnn__onnx_subgraphs_clear(effnn__onnx_subgraphs *self);

/* E_UNSUPPORTED if an attribute of a packed node is a graph and the operator has none of its name.
 */
effnn_status effnn__onnx_check_subgraphs(const effnn_op_def *def, const effnn__wire_field *node,
                                         const char *name);

/* Unpack a node without the graphs in its attributes. */
effnn_status effnn__onnx_unpack_node(Onnx__NodeProto **out, const effnn__wire_field *part,
                                     const char *what);

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
