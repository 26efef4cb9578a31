/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_IO_ONNX_WRITE_H
#define EFFNN_IO_ONNX_WRITE_H

/* From a graph to the messages of a file. */

#include "base/file.h"
#include "base/vec.h"
#include "model/model.h"
#include "onnx.pb-c.h"

/* A graph while it is made, the file's or one that a node holds: its messages. The memory and
 * tensors that they point into are the file's. */
typedef struct effnn__onnx_output effnn__onnx_output;
struct effnn__onnx_output {
    const effnn_model *model;
    const effnn__graph *graph;
    uint32_t opset;
    effnn__vec nodes, initialisers; /* Onnx__NodeProto *, Onnx__TensorProto * */
    const effnn__node *node;        /* being written */
    Onnx__NodeProto *proto;         /* of it, begun last; NULL: none yet */
    bool named;                     /* one of its ONNX nodes has its name */
    effnn__map captured;            /* names that graphs of its nodes read */
    effnn__onnx_output *outer;      /* NULL: this is the file's graph */

    /* The file's: in `root` only. */
    effnn__onnx_output *root;
    effnn__vec owned;   /* by effnn__free */
    effnn__vec tensors; /* by effnn_tensor_release */
    effnn__vec imports; /* Onnx__OperatorSetIdProto *, the default domain first */
    effnn__map taken;   /* names made here */
    effnn__vec outside; /* Onnx__TensorProto * whose elements go into another file */
};

/* Write one node: by its row, as one or more ONNX nodes. */
effnn_status effnn__onnx_write_node(effnn__onnx_output *self, const effnn__node *node);

/* Fill in a GraphProto; `name` stays as long as the file is being made. */
effnn_status effnn__onnx_write_graph(effnn__onnx_output *self, Onnx__GraphProto *out, char *name);

/* Give the elements of large initialisers a place in the file `location` beside the model's, and
 * write that file. */
effnn_status effnn__onnx_place_outside(effnn__onnx_output *self, const char *location);
effnn_status effnn__onnx_write_outside(const effnn__onnx_output *self, effnn__writer *writer);

/* Give the ONNX node begun last the graphs that the node being written holds. */
effnn_status effnn__onnx_write_subgraphs(effnn__onnx_output *self);

/* Whether a name is taken in this graph or one around it. */
bool effnn__onnx_is_taken(const effnn__onnx_output *self, const char *name);

/* A further attribute of the ONNX node begun last, without a value yet. */
effnn_status effnn__onnx_add_attr(effnn__onnx_output *self, Onnx__AttributeProto **out,
                                  const char *name);

/* Zeroed memory for n elements, and a copy of a text, as long as the file is being made. */
effnn_status effnn__onnx_own(effnn__onnx_output *self, void **out, size_t n, size_t size);
effnn_status effnn__onnx_own_text(effnn__onnx_output *self, char **out, const char *text);

/* A tensor as raw data that points into the tensor, which is kept meanwhile. */
effnn_status effnn__onnx_write_tensor(effnn__onnx_output *self, Onnx__TensorProto **out,
                                      const char *name, const effnn_tensor *tensor);

/* See that the file imports a domain (NULL or "": the default) at this version at least. */
effnn_status effnn__onnx_write_import(effnn__onnx_output *self, const char *domain,
                                      int64_t version);
#endif
