/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_MODEL_SITE_H
#define EFFNN_MODEL_SITE_H

/* Sites inside: how transforms find what they change, one view for convolutions, gemms and matmuls.
 *
 * A linear site computes, per group, Y = X · W (+ bias) with X [rows, in], W [in, out]: a matmul's
 * rows are tokens, a convolution's are output pixels and its `in` is c_in/groups · kernel area, in
 * the order of the weight tensor (c, kh, kw).
 *
 * Names: of the weight parameter without its last part ("blocks.0.qkv.weight" → "blocks.0.qkv"); if
 * the exporter renamed the weight (a name with "::" or without a dot), of the bias that is added;
 * for sites without parameters, the scope of the linear site before them and the operator
 * ("blocks.0.softmax"); else the node's name. Made unique by "_1", "_2", …. So the exports of one
 * net give the same names. */

#include "model/model.h"

#include <effnn/site.h>

typedef struct effnn__site {
    char *name;
    effnn_site_kind kind;
    effnn__node *node;
    effnn__value *input, *output; /* what is multiplied / the product (with the bias, if `fused`) */
    effnn__value *weight;         /* linear: the constant */
    effnn__value *bias;           /* constant that is added, or NULL */
    effnn__node *bias_node; /* the add behind a matmul, or NULL; NULL too if the node adds it */
    bool weight_out_in;     /* stored [out, in] (gemm transB, conv) rather than [in, out] */
    int64_t in, out, groups;
    uint64_t parameters;
    double macs;
    char *refused; /* why it must be left alone, or NULL */
} effnn__site;

struct effnn_site_list {
    size_t n, capacity;
    effnn__site *items; /* in execution order; a linear site's result as an activation behind it */
    effnn_model *owned; /* clone that a public list describes, or NULL */
};

/* List the sites of a model; pointers are valid until its graph changes. */
effnn_status effnn__site_list(effnn_site_list **out, const effnn_model *model);

/* A selection: kinds, name globs (empty: all), exclusions, whether the first and last linear site
 * count. chosen: [list->n] set to 0 or 1. E_NOTFOUND if a glob matches no site. */
typedef struct effnn__site_filter {
    unsigned kinds;                          /* bit 1 << effnn_site_kind */
    const effnn_string_list *only, *exclude; /* may be NULL */
    bool skip_first, skip_last;
} effnn__site_filter;
effnn_status effnn__site_select(unsigned char *chosen, const effnn_site_list *list,
                                const effnn__site_filter *filter);

/* Give the site a name by the rules above; the name need not be unique yet. `previous`: name of the
 * last linear site, or NULL. */
effnn_status effnn__site_name(char **out, const effnn__site *site, const char *previous);

/* Fill in what a linear node's site says of itself, but its name and costs; false if the node has
 * no constant weight. */
effnn_status effnn__site_linear(bool *found, effnn__site *site, effnn__node *node);

/* Weight of group g as doubles [in, out], row-major. */
void effnn__site_weight(double *out, const effnn__site *site, int64_t group);
#endif
