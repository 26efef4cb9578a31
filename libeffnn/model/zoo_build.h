/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_MODEL_ZOO_BUILD_H
#define EFFNN_MODEL_ZOO_BUILD_H

/* What the zoo's builders share: one table row a network, and calls that add a layer with its
 * weights. The first failure stays in zoo->status; from then on every call does nothing and gives
 * NULL, so that a builder reads as the network it builds. A "pattern" is a name whose '#'s stand
 * for zoo->i and zoo->j, in this order. */

#include "base/option.h"
#include "base/rng.h"
#include "model/model.h"

enum { EFFNN__ZOO_STYLES = 3, EFFNN__ZOO_NAME = 256 };

/* A parameter under our name and in the files of each style of naming; "a+b" is two tensors, one
 * behind the other along the first axis; NULL: not there in this style. Patterns, by longest
 * beginning: the row "head" maps "head.weight" and "head.bias". */
typedef struct effnn__zoo_name {
    const char *ours;
    const char *theirs[EFFNN__ZOO_STYLES];
} effnn__zoo_name;

typedef struct effnn__zoo effnn__zoo;

typedef struct effnn__zoo_def {
    const char *name, *summary; /* summary: one line */
    const effnn_option_def *options;
    size_t options_size;
    const char *key;              /* pattern of a parameter that tells the style of a file */
    const effnn__zoo_name *names; /* ends with ours == NULL; names that no row maps are kept */
    void (*build)(effnn__zoo *zoo, const void *options);
} effnn__zoo_def;

struct effnn__zoo {
    effnn_status status;
    effnn_model *model;
    const effnn_model *weights; /* NULL: random */
    const effnn__zoo_def *def;
    size_t style; /* column of the names */
    int i, j;     /* what '#' stands for */
};

/* How a parameter without weights begins. */
typedef enum effnn__zoo_fill {
    EFFNN__ZOO_ZEROS,
    EFFNN__ZOO_ONES,
    EFFNN__ZOO_NORMAL
} effnn__zoo_fill;

const effnn__zoo_def *effnn__zoo_at(size_t i); /* NULL past the last */

/* Find the style of the weights' names; E_NOTFOUND if they have none. */
effnn_status effnn__zoo_find_style(effnn__zoo *zoo);

/* ---- names and weights (zoo_weights.c) ---- */

/* A pattern with its indices, into a buffer of EFFNN__ZOO_NAME bytes. */
void effnn__zoo_spell(char *buffer, const char *pattern, int i, int j);
/* "key=1e-05" as attribute text, whatever the locale, into a buffer of at least 64 bytes. */
void effnn__zoo_print_f64(char *buffer, const char *key, double value);
/* New f32 tensor of a parameter: from the weights (storage shared where it can be), or filled. */
effnn_status effnn__zoo_weight(effnn_tensor **out, const effnn__zoo *zoo, const char *pattern,
                               effnn__zoo_fill fill, size_t rank, const int64_t *dims);
/* True if the weights have this tensor. */
bool effnn__zoo_has(const effnn__zoo *zoo, const char *pattern);

/* Size of a weight along an axis; 0: no weights, no such tensor or axis. */
int64_t effnn__zoo_size(const effnn__zoo *zoo, const char *pattern, size_t axis);
/* How many numbers from 0 on the last '#' of the pattern can stand for. */
int64_t effnn__zoo_layers(effnn__zoo *zoo, const char *pattern);
/* The option if it is set (not 0), else `found` if not 0, else the weights' metadata `key`, else
 * `otherwise`. */
int64_t effnn__zoo_choose(const effnn__zoo *zoo, int64_t option, int64_t found, const char *key,
                          int64_t otherwise);
/* Fail with EFFNN_E_ARG unless `whole` is a multiple of `part`, both positive. */
void effnn__zoo_check_multiple(effnn__zoo *zoo, const char *what, int64_t whole, int64_t part);

/* ---- values ---- */

/* An input; a name of each open dimension. */
effnn__value *effnn__zoo_input(effnn__zoo *zoo, const char *pattern, effnn_dtype dtype, size_t rank,
                               const int64_t *dims, const char *const *symbols);
/* A parameter of this shape, as the file has it (f16 and bf16 become f32). NORMAL: of deviation
 * 1 / sqrt(elements of one row). */
effnn__value *effnn__zoo_param(effnn__zoo *zoo, const char *pattern, effnn__zoo_fill fill,
                               size_t rank, const int64_t *dims);
/* Constants that are no parameters. */
effnn__value *effnn__zoo_ints(effnn__zoo *zoo, const char *name, size_t rank, const int64_t *dims,
                              const int64_t *items);
effnn__value *effnn__zoo_int(effnn__zoo *zoo, const char *name, int64_t item); /* rank 0 */
effnn__value *effnn__zoo_float(effnn__zoo *zoo, const char *name, double item);
/* Note a whole number in the model's metadata. */
void effnn__zoo_note(effnn__zoo *zoo, const char *key, int64_t value);
/* Make a value an output of this name. */
void effnn__zoo_output(effnn__zoo *zoo, effnn__value *value, const char *pattern);

/* ---- nodes; pattern NULL: named after the operator ---- */

effnn__value *effnn__zoo_op(effnn__zoo *zoo, const char *op, const char *pattern, const char *attrs,
                            effnn__value *const *inputs, size_t n_inputs);
#define EFFNN__ZOO_OP(zoo, op, pattern, attrs, ...)                           \
    effnn__zoo_op(zoo, op, pattern, attrs, (effnn__value *[]){ __VA_ARGS__ }, \
                  sizeof((effnn__value *[]){ __VA_ARGS__ }) / sizeof(effnn__value *))

effnn__value *effnn__zoo_reshape(effnn__zoo *zoo, effnn__value *x, size_t rank,
                                 const int64_t *dims);
#define EFFNN__ZOO_RESHAPE(zoo, x, ...)                                              \
    effnn__zoo_reshape(zoo, x, sizeof((int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t), \
                       (const int64_t[]){ __VA_ARGS__ })
effnn__value *effnn__zoo_transpose(effnn__zoo *zoo, effnn__value *x, const char *perm);
/* n equal parts of the last axis; out: [n]. */
void effnn__zoo_split(effnn__value **out, effnn__zoo *zoo, effnn__value *x, size_t n);
/* Size of x along an axis, as i64 of rank 0. */
effnn__value *effnn__zoo_size_of(effnn__zoo *zoo, effnn__value *x, int64_t axis);
/* The numbers 0 … limit - 1. */
effnn__value *effnn__zoo_count_up(effnn__zoo *zoo, effnn__value *limit);

/* x [..., in] → [..., out]: weight "<pattern>.weight" [out, in] in the file, [in, out] in the
 * model; with `bias`, "<pattern>.bias" [out] is added. */
effnn__value *effnn__zoo_linear(effnn__zoo *zoo, effnn__value *x, const char *pattern, int64_t in,
                                int64_t out, bool bias);
effnn__value *effnn__zoo_layer_norm(effnn__zoo *zoo, effnn__value *x, const char *pattern,
                                    int64_t width, double epsilon);
/* x / rms(x) · "<pattern>.weight". */
effnn__value *effnn__zoo_rms_norm(effnn__zoo *zoo, effnn__value *x, const char *pattern,
                                  int64_t width, double epsilon);
/* Multi-head attention on q, k, v [N, tokens, width]; `mask`, added to the scores [N, heads,
 * tokens, tokens], or NULL. The result is [N, tokens, width], before any projection. */
effnn__value *effnn__zoo_attention(effnn__zoo *zoo, effnn__value *q, effnn__value *k,
                                   effnn__value *v, int64_t width, int64_t heads,
                                   effnn__value *mask, const char *pattern);

/* ---- positions (zoo_positions.c); query [S]: the positions of the tokens ---- */

/* Cosines and sines [S, head / 2] of position · theta^(-2 k / head), for rotary positions. */
void effnn__zoo_turn(effnn__value *out[2], effnn__zoo *zoo, effnn__value *query, int64_t head,
                     double theta);
/* What is added to scores [..., group · S, C + S]: rows are `group` query heads one behind the
 * other, columns a past [.., .., C, ..] of which the first `position` entries are filled, and the
 * tokens. Hides what is not filled, and later tokens. past NULL: there is none. */
effnn__value *effnn__zoo_hide(effnn__zoo *zoo, effnn__value *query, effnn__value *past,
                              effnn__value *position, int64_t group);

/* ---- convolutional layers ---- */

typedef struct effnn__zoo_window {
    int64_t in, out, kernel, stride, pad, groups;
    bool bias;
} effnn__zoo_window;
/* Square convolution, "<pattern>.weight" [out, in / groups, kernel, kernel]. */
effnn__value *effnn__zoo_conv(effnn__zoo *zoo, effnn__value *x, const char *pattern,
                              const effnn__zoo_window *window);
/* Batch normalisation in inference form: weight, bias, running_mean, running_var. */
effnn__value *effnn__zoo_batch_norm(effnn__zoo *zoo, effnn__value *x, const char *pattern,
                                    int64_t channels);
#endif
