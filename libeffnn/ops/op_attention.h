/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_ATTENTION_H
#define EFFNN_OPS_OP_ATTENTION_H

/* The operator attention in its parts: attributes and shapes (op_attention.c), computing
 * (op_attention_run.c), and writing as smaller ONNX nodes (op_attention_write.c). */

#include "ops/op_infer.h"

enum {
    EFFNN__ATTENTION_Q,
    EFFNN__ATTENTION_K,
    EFFNN__ATTENTION_V,
    EFFNN__ATTENTION_MASK,
    EFFNN__ATTENTION_PAST_K,
    EFFNN__ATTENTION_PAST_V,
    EFFNN__ATTENTION_LENGTHS
};

enum {
    EFFNN__ATTENTION_Y,
    EFFNN__ATTENTION_PRESENT_K,
    EFFNN__ATTENTION_PRESENT_V,
    EFFNN__ATTENTION_SCORES
};

/* What output 3 shows. */
enum { EFFNN__SCORES_RAW, EFFNN__SCORES_CAPPED, EFFNN__SCORES_MASKED, EFFNN__SCORES_SOFTMAX };

typedef struct effnn__attention_attrs {
    bool is_causal;
    int64_t q_num_heads, kv_num_heads, qk_matmul_output_mode, softmax_precision;
    int64_t left_window_size, right_window_size; /* -1: no limit */
    double scale, softcap;                       /* 0: 1/√size, none */
} effnn__attention_attrs;

/* Sizes of a call. Inputs and output of rank 3 hold their heads side by side (`flat`). */
typedef struct effnn__attention {
    size_t batch, q_heads, kv_heads, q_len, past_len, new_len, total_len, size, v_size;
    bool flat;
    double scale;
} effnn__attention;

void effnn__attention_of(effnn__attention *out, const effnn_op_call *call);
effnn_status effnn__attention_forward(const effnn_op_call *call);
size_t effnn__attention_scratch(const effnn_op_call *call, effnn_op_phase phase);

/* write for opsets that lack the operator. */
effnn_status effnn__attention_expand(effnn_onnx_writer *writer);
#endif
