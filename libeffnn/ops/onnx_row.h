/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_ONNX_ROW_H
#define EFFNN_OPS_ONNX_ROW_H

/* How an operator is read from and written to ONNX, without ONNX's own types: io turns protobuf
 * messages into these neutral ones and back. A row without functions maps attributes to options of
 * the same name (aliases and defaults by the option table) and inputs and outputs one to one. */

#include "base/status.h"

#include <effnn/tensor.h>
#include <stdbool.h>

typedef enum effnn_onnx_kind {
    EFFNN_ONNX_INT,
    EFFNN_ONNX_FLOAT,
    EFFNN_ONNX_STRING,
    EFFNN_ONNX_INTS,
    EFFNN_ONNX_FLOATS,
    EFFNN_ONNX_STRINGS,
    EFFNN_ONNX_TENSOR,
    EFFNN_ONNX_OTHER /* graphs, types: the reader of a row refuses or ignores them */
} effnn_onnx_kind;

typedef struct effnn_onnx_attr {
    const char *name;
    effnn_onnx_kind kind;
    int64_t i;
    double f;
    const char *s; /* NUL-terminated */
    size_t n;      /* of ints, floats, strings */
    const int64_t *ints;
    const double *floats;
    const char *const *strings;
    effnn_tensor *tensor; /* borrowed */
} effnn_onnx_attr;

/* A value while a graph is being read; opaque here. NULL stands for an absent input. */
typedef struct effnn_onnx_value effnn_onnx_value;

/* One ONNX node being read. The fields say what the file holds; the row's `read` sets what differs
 * from one-to-one and may add constants and nodes in front of or behind its own. */
typedef struct effnn_onnx_reader effnn_onnx_reader;
struct effnn_onnx_reader {
    const char *op_type, *node; /* "Clip", the node's name */
    int64_t opset;              /* of the node's domain */
    const effnn_onnx_attr *attrs;
    size_t n_attrs;
    const effnn_onnx_value **inputs; /* [n_inputs]; read may replace, drop (n_inputs) or add, … */
    size_t n_inputs, inputs_capacity; /* … up to the capacity */
    size_t n_outputs;
    const void *op_def; /* the effnn_op_def; its attribute struct: */
    void *op_attrs;     /* set by effnn__onnx_read_attrs() and by `read` itself */

    /* Services of io. Constants and added nodes' outputs are values of the graph being read. */
    void *io;
    effnn_status (*add_constant)(effnn_onnx_reader *self, const effnn_onnx_value **out,
                                 effnn_tensor *tensor); /* the tensor is shared */
    /* Contents of an input that is constant, borrowed; NULL if it is not. */
    effnn_tensor *(*constant)(const effnn_onnx_reader *self, size_t input);
    /* A further node of ours (op name, attributes as option text) with one output. */
    effnn_status (*add_node)(effnn_onnx_reader *self, const effnn_onnx_value **out, const char *op,
                             const char *attrs, const effnn_onnx_value *const *inputs,
                             size_t n_inputs);
    /* dtype of an input if known so far, else -1 / its rank if known, else -1. */
    int (*input_dtype)(const effnn_onnx_reader *self, size_t input);
    int (*input_rank)(const effnn_onnx_reader *self, size_t input);
};

/* One node of ours being written as one or more ONNX nodes. Values are ONNX names. */
typedef struct effnn_onnx_writer effnn_onnx_writer;
struct effnn_onnx_writer {
    const char *node;
    int64_t opset; /* being written */
    const void *op_def;
    const void *op_attrs;
    const char *const *inputs; /* [n_inputs], NULL: absent */
    size_t n_inputs;
    const char *const *outputs; /* [n_outputs], NULL: absent */
    size_t n_outputs;
    const char *onnx_name, *onnx_domain; /* of the row chosen */

    void *io;
    /* Begin an ONNX node; attributes set after it belong to it. NULL names are absent inputs. */
    effnn_status (*begin)(effnn_onnx_writer *self, const char *op_type, const char *domain,
                          const char *const *inputs, size_t n_inputs, const char *const *outputs,
                          size_t n_outputs);
    effnn_status (*set_attr)(effnn_onnx_writer *self, const effnn_onnx_attr *attr);
    /* A constant of the file / a fresh value name ending in `hint`; names are io's until the end.
     */
    effnn_status (*add_constant)(effnn_onnx_writer *self, const char **out, const char *hint,
                                 effnn_tensor *tensor);
    effnn_status (*fresh_name)(effnn_onnx_writer *self, const char **out, const char *hint);
    effnn_tensor *(*constant)(const effnn_onnx_writer *self, size_t input); /* borrowed or NULL */
    int (*input_dtype)(const effnn_onnx_writer *self, size_t input);
    int (*input_rank)(const effnn_onnx_writer *self, size_t input);
    /* A size of an input if it is known and constant, else -1; negative axes count from the end. */
    int64_t (*input_dim)(const effnn_onnx_writer *self, size_t input, int axis);
};

typedef struct effnn_onnx_row {
    const char *name;                                 /* ONNX operator */
    const char *domain;                               /* NULL: the default one */
    int64_t since;                                    /* first opset with this form */
    effnn_status (*read)(effnn_onnx_reader *reader);  /* NULL: one to one */
    effnn_status (*write)(effnn_onnx_writer *writer); /* NULL: one to one */
    bool read_only;                                   /* never chosen for writing */
    bool write_only; /* an expansion into other operators: never chosen for reading */
} effnn_onnx_row;
#define EFFNN_ONNX_END \
    {                  \
        .name = NULL   \
    }

/* Set every option of the operator that has an attribute of its name; an attribute without an
 * option is E_UNSUPPORTED, unless it is in `ignored` (NULL-terminated; may be NULL). */
effnn_status effnn__onnx_read_attrs(effnn_onnx_reader *reader, const char *const *ignored);

/* The attribute of a name, or NULL. */
const effnn_onnx_attr *effnn__onnx_attr(const effnn_onnx_reader *reader, const char *name);

/* Fail with "<ONNX operator> '<node>' at opset N: " in front / "<operator> '<node>' …". */
effnn_status effnn__onnx_read_fail(const effnn_onnx_reader *reader, effnn_status status,
                                   const char *what);
effnn_status effnn__onnx_write_fail(const effnn_onnx_writer *writer, effnn_status status,
                                    const char *what);

/* TensorProto.DataType ↔ dtype; -1: none of ours. */
int effnn__dtype_from_onnx(int64_t type);
int64_t effnn__dtype_to_onnx(effnn_dtype dtype);

/* write of opsets before the operator's newest row, where nothing stands for it: E_UNSUPPORTED,
 * saying from which opset on ONNX has it. */
effnn_status effnn__onnx_write_newer(effnn_onnx_writer *writer);

/* Write one node with attributes from the options (those that differ from their default, or all
 * with `all`) under the row's name. */
effnn_status effnn__onnx_write_plain(effnn_onnx_writer *writer, bool all);

/* The parts of it: begin the node / its attributes but those `omitted` (NULL-terminated; or NULL).
 */
effnn_status effnn__onnx_begin_plain(effnn_onnx_writer *writer);
effnn_status effnn__onnx_write_attrs(effnn_onnx_writer *writer, bool all,
                                     const char *const *omitted);

/* Conveniences for `write` functions. */

/* A node of one or two inputs (b NULL: one) and one output: *out if not NULL, else a fresh name
 * that is left in *out. */
effnn_status effnn__onnx_add(effnn_onnx_writer *writer, const char **out, const char *op_type,
                             const char *a, const char *b);
/* The same with integers as the second input (axes, a shape). */
effnn_status effnn__onnx_add_ints(effnn_onnx_writer *writer, const char **out, const char *op_type,
                                  const char *a, size_t n, const int64_t *values);
effnn_status effnn__onnx_set_int(effnn_onnx_writer *writer, const char *name, int64_t value);
effnn_status effnn__onnx_set_float(effnn_onnx_writer *writer, const char *name, double value);
effnn_status effnn__onnx_set_string(effnn_onnx_writer *writer, const char *name, const char *value);
effnn_status effnn__onnx_set_ints(effnn_onnx_writer *writer, const char *name, size_t n,
                                  const int64_t *values);
effnn_status effnn__onnx_constant_i64(effnn_onnx_writer *writer, const char **out, const char *hint,
                                      size_t n, const int64_t *values);
effnn_status effnn__onnx_constant_f32(effnn_onnx_writer *writer, const char **out, const char *hint,
                                      float value); /* rank 0 */
/* The same in the dtype of an input (f32 if that is not known). */
effnn_status effnn__onnx_constant_like(effnn_onnx_writer *writer, const char **out,
                                       const char *hint, size_t input, double value);

/* For `read`. Put a value at this place; places skipped are absent. */
effnn_status effnn__onnx_set_input(effnn_onnx_reader *reader, size_t at,
                                   const effnn_onnx_value *value);
/* Turn an attribute of ints into a constant input at this place (Squeeze before 13). No attribute:
 * no change. */
effnn_status effnn__onnx_input_from_ints(effnn_onnx_reader *reader, const char *attr, size_t at);
/* The same of floats, as f32 (Upsample before 9). */
effnn_status effnn__onnx_input_from_floats(effnn_onnx_reader *reader, const char *attr, size_t at);

/* Whole `read` functions of forms older than the operator's inputs: the attributes of these names
 * (ints, or one float, which takes input 0's dtype) become constant inputs 1, 2, …, the others
 * options. read_axes: of "axes" alone. */
effnn_status effnn__onnx_read_as_inputs(effnn_onnx_reader *reader, const char *const *names);
effnn_status effnn__onnx_read_axes(effnn_onnx_reader *reader);
#endif
