/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_H
#define EFFNN_OPS_OP_H

/* The operator table, heart of the library: one constant row an operator, one file op_<name>.c and
 * one word in ops/meson.build. Everything else (planning, training, ONNX, tests, documentation)
 * reads the rows. Operators follow ONNX semantics, so that import and export are one to one.
 *
 * Contract with whoever calls a row (op_run.h, graph/run):
 * - Inputs are contiguous, or absent (NULL); outputs are allocated with the shape that `infer`
 * gave.
 * - Output 0 may share its buffer with input 0 only if EFFNN_OP_IN_PLACE is set and both have one
 *   dtype and number of bytes; no other input may then lie there, unless it is input 0 itself.
 * - `scratch`, `aux` and `cost` see tensors whose data may be NULL: they look at shapes only. */

#include "base/context.h"
#include "base/option.h"
#include "base/status.h"
#include "kernels/kernels.h"
#include "ops/onnx_row.h"
#include "ops/symbol.h"
#include "tensor/shape.h"
#include "tensor/tensor.h"

#include <stdbool.h>

/* No limit on the number of inputs or outputs. */
#define EFFNN_ANY (-1)

/* Integer contents of a value that `infer` may know: shapes, axes, slice bounds. */
#define EFFNN__MAX_CONTENT 16

/* What is known of a value before it is computed. */
typedef struct effnn__value_info {
    bool has_dtype, has_shape, has_content;
    effnn_dtype dtype;
    size_t rank; /* with has_shape */
    effnn__sym dims[EFFNN_MAX_RANK];
    size_t n_content; /* with has_content: an integer value of rank 0 or 1 and its elements */
    effnn__sym content[EFFNN__MAX_CONTENT];
} effnn__value_info;

enum {
    EFFNN_OP_IN_PLACE = 1 << 0,         /* output 0 may be computed over input 0's buffer */
    EFFNN_OP_RESHAPES = 1 << 1,         /* output 0 has the bytes of input 0, under another shape */
    EFFNN_OP_DYNAMIC_SHAPE = 1 << 2,    /* the output shape may depend on data: forward_alloc */
    EFFNN_OP_TRAINING_DIFFERS = 1 << 3, /* forward behaves otherwise in training */
    EFFNN_OP_RANDOM = 1 << 4,           /* never folded */
    EFFNN_OP_OPTIONAL_OUTPUTS = 1 << 5, /* any output may be absent; else the first min_outputs are
                                         * always there */
    EFFNN_OP_TAKES_BOUNDS = 1 << 6,     /* forward honours call->after.clamp, in f32 */
    EFFNN_OP_TAKES_BIAS = 1 << 7,       /* … and call->after.bias, along the last dimension */
    EFFNN_OP_ADDS = 1 << 8              /* output 0 is input 0 + input 1 */
};

typedef enum effnn_op_mode { EFFNN_OP_INFERENCE, EFFNN_OP_TRAINING } effnn_op_mode;
typedef enum effnn_op_phase { EFFNN_OP_FORWARD, EFFNN_OP_BACKWARD } effnn_op_phase;

typedef struct effnn_op_def effnn_op_def;

/* Graphs that a node holds as attributes (the branches of `if`), by index into def->subgraphs.
 * Opaque here: the layer that owns the node gives these functions. A graph's inputs are the node's
 * inputs from number `first` on, its outputs are the node's. */
typedef struct effnn_op_subgraphs effnn_op_subgraphs;
typedef struct effnn_op_infer effnn_op_infer;
typedef struct effnn_op_call effnn_op_call;
struct effnn_op_subgraphs {
    void *host;
    /* outputs: [call->n_outputs], filled. */
    effnn_status (*infer)(const effnn_op_subgraphs *self, size_t index, const effnn_op_infer *call,
                          size_t first, effnn__value_info *outputs);
    /* outputs: [call->n_outputs]: tensors that are there are written (contiguous, of the shape that
     * comes out, undefined on failure); others are made, owned by the caller, NULL on failure. */
    effnn_status (*run)(const effnn_op_subgraphs *self, size_t index, const effnn_op_call *call,
                        size_t first, effnn_tensor **outputs);
};

/* infer: shapes, dtypes and small known integers, in → out. Inputs whose info is incomplete give
 * incomplete outputs, not errors. Fails with E_SHAPE, E_ARG or E_UNSUPPORTED, naming the node. */
struct effnn_op_infer {
    const effnn_op_def *def;
    const void *attrs;
    const char *node; /* its name, for messages */
    effnn__symbols *symbols;
    const effnn__value_info *const *inputs; /* [n_inputs], NULL: absent */
    const effnn_tensor *const *constants;   /* [n_inputs], contents where constant, else NULL */
    size_t n_inputs;
    effnn__value_info *outputs; /* [n_outputs], zeroed before the call */
    size_t n_outputs;
    const effnn_op_subgraphs *subgraphs; /* with def->subgraphs */
};

struct effnn_op_call {
    const effnn_op_def *def;
    const void *attrs;
    const char *node;
    effnn_context *context;
    effnn_op_mode mode;
    const effnn_tensor *const *inputs; /* [n_inputs], NULL: absent */
    size_t n_inputs;
    effnn_tensor *const *outputs; /* [n_outputs], NULL: not wanted */
    size_t n_outputs;
    void *const *aux;   /* [def->n_aux], NULL entries where the backward needs none */
    void *scratch;      /* of the size that `scratch` gave, 64-byte aligned */
    const void *packed; /* what `prepack` made, or NULL */
    const effnn_op_subgraphs *subgraphs; /* with def->subgraphs */
    effnn__epilogue after;               /* what forward does besides, with EFFNN_OP_TAKES_… */
};

/* Gradients of one call: outputs given, inputs added into; NULL where not wanted. */
typedef struct effnn_op_grads {
    const effnn_tensor *const *outputs;
    effnn_tensor *const *inputs;
} effnn_op_grads;

/* Which tensors a backward needs, as bit masks, for the input gradients in `wanted`. */
typedef struct effnn_op_saves {
    uint32_t wanted; /* in: bit i: the gradient of input i is wanted */
    uint32_t inputs, outputs, aux;
} effnn_op_saves;

/* Constant inputs in a kernel's own layout, which depends on them alone and serves calls of every
 * shape; freed by `destroy`. */
typedef struct effnn_op_packed {
    void *data;
    void (*destroy)(void *data);
    size_t bytes;    /* for the memory report */
    uint32_t inputs; /* bit i: with this, forward does not look at the elements of input i */
} effnn_op_packed;

typedef struct effnn_op_cost {
    double macs;          /* multiply-accumulates */
    double flops;         /* other floating-point operations */
    double read, written; /* bytes */
} effnn_op_cost;

/* One case for test_all_ops: inputs as "f32[2,3]" (random normal), "f32[2,3]>0" (positive),
 * "i64{1,2}" (given, rank 1), "i64{1,2}[2,1]" (given), "i64:3" (given, rank 0), "" (absent). */
typedef struct effnn_op_sample {
    const char *inputs[10]; /* NULL ends */
    const char *attrs;      /* "axis=1,keepdims=0" or NULL */
    int n_outputs;          /* 0: min_outputs */
    double tolerance;       /* relative, forward against reference; 0: exact */
    double avoid;           /* gradients are not tested within 1e-2 of this point … */
    bool has_avoid;         /* … if set (kinks) */
    const char *refused;    /* not NULL: infer must fail, its message holding this text */
} effnn_op_sample;
#define EFFNN_SAMPLES_END                   \
    {                                       \
        .inputs = { NULL }, .n_outputs = -1 \
    }

struct effnn_op_def {
    const char *name;    /* key in files, Python and messages */
    const char *summary; /* one line for docs */
    const effnn_option_def *attrs;
    size_t attrs_size;
    const char *const *subgraphs; /* attributes that are graphs, NULL-terminated; NULL: none */
    int min_inputs, max_inputs, min_outputs, max_outputs;
    unsigned flags;
    size_t n_aux; /* auxiliary results for the backward (norm statistics, masks) */
    effnn_status (*infer)(effnn_op_infer *call);
    effnn_status (*forward)(const effnn_op_call *call);
    /* With EFFNN_OP_DYNAMIC_SHAPE, for calls whose output shapes infer cannot know though it knows
     * the contents of all inputs: makes the outputs, too. call->outputs is not to be used; outputs:
     * [n_outputs], NULL at first, all filled with new contiguous tensors on success; what a failing
     * call has made the caller releases. `forward` may be NULL if no call has known shapes. */
    effnn_status (*forward_alloc)(const effnn_op_call *call, effnn_tensor **outputs);
    effnn_status (*backward)(const effnn_op_call *call, const effnn_op_grads *grads); /* or NULL */
    void (*saves)(const effnn_op_call *call, effnn_op_saves *out);      /* NULL: none */
    size_t (*aux)(const effnn_op_call *call, size_t index);             /* bytes; NULL: none */
    size_t (*scratch)(const effnn_op_call *call, effnn_op_phase phase); /* bytes; NULL: none */
    effnn_status (*prepack)(const effnn_op_call *call, effnn_op_packed *out); /* or NULL */
    /* Whether y = x within [lo, hi] is all that the call does (NULL: never). */
    bool (*bounds)(const effnn_op_call *call, float *lo, float *hi);
    void (*cost)(const effnn_op_call *call, effnn_op_cost *out); /* NULL: reads + writes only */
    const effnn_onnx_row *onnx;     /* newest first, ended by EFFNN_ONNX_END; NULL: not in ONNX */
    const effnn_op_sample *samples; /* ended by EFFNN_SAMPLES_END; at least one */
};

/* Room for packed constants, zeroed and aligned to 64 bytes; 0 bytes: *out stays empty. */
effnn_status effnn__op_packed_alloc(effnn_op_packed *out, size_t bytes, const char *node);

const effnn_op_def *effnn__op_at(size_t index); /* NULL past the last */
const effnn_op_def *effnn__op_find(const char *name);

/* The operator and the row that read an ONNX node of this opset; NULL: none. */
const effnn_op_def *effnn__op_find_onnx(const char *name, const char *domain, int64_t opset,
                                        const effnn_onnx_row **row);

/* The row that writes an operator at this opset, or NULL if none can. */
const effnn_onnx_row *effnn__op_onnx_row_to_write(const effnn_op_def *def, int64_t opset);
#endif
