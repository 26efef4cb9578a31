/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_INFER_H
#define EFFNN_OPS_OP_INFER_H

/* What the `infer` functions of operators share: messages that name the node, checks of dtypes and
 * axes, broadcasting of symbolic shapes, known integer contents. A helper whose input is not known
 * leaves the output unknown and succeeds. */

#include "ops/op.h"

/* Element types by kind, as a mask. Packed 4-bit types are integers only with EFFNN__PACKED. */
enum {
    EFFNN__FLOATS = 1 << 0,
    EFFNN__INTEGERS = 1 << 1,
    EFFNN__BOOLS = 1 << 2,
    EFFNN__PACKED = 1 << 3,
    EFFNN__NUMBERS = EFFNN__FLOATS | EFFNN__INTEGERS,
    EFFNN__UNPACKED = EFFNN__NUMBERS | EFFNN__BOOLS,
    EFFNN__ALL_TYPES = EFFNN__UNPACKED | EFFNN__PACKED
};

/* Names of all dtypes in the order of effnn_dtype, NULL-terminated: choices of an option. */
extern const char *const effnn__dtype_choices[];

/* effnn__fail with "<operator> '<node>': " in front. */
effnn_status effnn__infer_fail(const effnn_op_infer *call, effnn_status status, const char *format,
                               ...) __attribute__((format(printf, 3, 4), cold));
effnn_status effnn__call_fail(const effnn_op_call *call, effnn_status status, const char *format,
                              ...) __attribute__((format(printf, 3, 4), cold));

/* Room for a printed shape in a message. */
#define EFFNN__INFO_TEXT EFFNN__SHAPE_TEXT

/* "[N, 3]" of an info ("unknown" without a shape) / of a tensor into a buffer of that size. */
const char *effnn__infer_print(char *buffer, const effnn_op_infer *call,
                               const effnn__value_info *info);
const char *effnn__call_print(char *buffer, const effnn_tensor *tensor);

/* Info of input i, NULL if absent. */
const effnn__value_info *effnn__infer_input(const effnn_op_infer *call, size_t i);
/* Tensor of input i, NULL if absent. */
const effnn_tensor *effnn__call_input(const effnn_op_call *call, size_t i);

/* True if no output that is wanted has an element: there is nothing to compute. */
bool effnn__call_is_idle(const effnn_op_call *call);

/* E_UNSUPPORTED if the dtype of input i is known and none of `kinds`. */
effnn_status effnn__infer_dtype(const effnn_op_infer *call, size_t i, unsigned kinds);

/* E_ARG if two of inputs [first, last) are known to differ in dtype; output 0 takes theirs. */
effnn_status effnn__infer_same_dtype(effnn_op_infer *call, size_t first, size_t last);

/* E_SHAPE if input i is known to have another rank. */
effnn_status effnn__infer_rank(const effnn_op_infer *call, size_t i, size_t rank);

/* Output 0 has the dtype and shape of input 0, whose kind is among `kinds` / is a float. */
effnn_status effnn__infer_same(effnn_op_infer *call, unsigned kinds);
effnn_status effnn__infer_same_floats(effnn_op_infer *call);

/* Axis in [-rank, rank) as [0, rank); E_ARG otherwise. */
effnn_status effnn__infer_axis(size_t *out, const effnn_op_infer *call, int64_t axis, size_t rank);

/* Shape of output 0 = inputs [first, last) broadcast together. */
effnn_status effnn__infer_broadcast(effnn_op_infer *call, size_t first, size_t last);

/* Two dimensions that must be equal: *out is the more exact one; E_SHAPE if both are constants and
 * differ. `what` names them in the message. */
effnn_status effnn__infer_equal_dims(effnn__sym *out, const effnn_op_infer *call, const char *what,
                                     effnn__sym a, effnn__sym b);

/* E_SHAPE if a size of input i is known to exceed that of input `of`, `except` one axis (SIZE_MAX:
 * none); the two have one rank. */
effnn_status effnn__infer_within(const effnn_op_infer *call, size_t i, size_t of, size_t except);

/* Product of dims [first, last) of an info. */
effnn_status effnn__infer_count(effnn__sym *out, const effnn_op_infer *call,
                                const effnn__value_info *info, size_t first, size_t last);

/* Give an info this shape. */
void effnn__info_set_shape(effnn__value_info *info, size_t rank, const effnn__sym *dims);

/* Integer contents of input i (rank 0 or 1, at most EFFNN__MAX_CONTENT): as symbols / as constants;
 * false if not known. items: [EFFNN__MAX_CONTENT]. */
bool effnn__infer_content(const effnn_op_infer *call, size_t i, size_t *n, effnn__sym *items);
bool effnn__infer_ints(const effnn_op_infer *call, size_t i, size_t *n, int64_t *items);

/* Content of output 0, one item standing for all; kept only where contents are followed (i32, i64,
 * bool; rank ≤ 1; few) and the items fit the dtype. dtype and shape must be set before. */
void effnn__infer_set_content(effnn_op_infer *call, size_t n, const effnn__sym *items);

/* Output 0 has the content of input 0, if that is known. */
void effnn__infer_pass_content(effnn_op_infer *call);

/* Number of elements of a content-like input if its shape is a known rank 1: the rank of a shape
 * whose contents are not known. */
bool effnn__infer_length(const effnn_op_infer *call, size_t i, size_t *n);

/* A shape given as input i: sizes that are not negative, at most EFFNN_MAX_RANK of them. *known is
 * false if the contents are not. dims: [EFFNN__MAX_CONTENT]. */
effnn_status effnn__infer_target(const effnn_op_infer *call, size_t i, bool *known, size_t *rank,
                                 effnn__sym *dims);

/* E_UNSUPPORTED if a rank is above EFFNN_MAX_RANK. */
effnn_status effnn__infer_check_rank(const effnn_op_infer *call, size_t rank);

/* Fill an axes list from input i (constant), each normalised to [0, rank) and none twice; absent:
 * n = 0. *known is false if the contents are not known. */
effnn_status effnn__infer_axes(const effnn_op_infer *call, size_t i, size_t rank, bool *known,
                               size_t *n, size_t *axes);
#endif
