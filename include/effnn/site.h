/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_SITE_H
#define EFFNN_SITE_H

/** @file
 * Sites: the places in a model that transforms may change, in execution order.
 *
 * A list is made from a model by effnn_site_list_create(), read, and freed; it describes the model
 * as it was then.
 */

#include <effnn/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What kind of place a site is. */
typedef enum effnn_site_kind {
    EFFNN_SITE_LINEAR = 0,    /**< convolution, gemm or matmul with a constant weight */
    EFFNN_SITE_NONLINEAR = 1, /**< layer norm, RMS norm, softmax, GELU, SiLU */
    EFFNN_SITE_ACTIVATION = 2 /**< value that leaves an analog array: a linear site's result */
} effnn_site_kind;

/** One site. */
typedef struct effnn_site_info {
    uint32_t version;     /**< 1; set by the caller */
    const char *name;     /**< "blocks.0.qkv"; the same for every export of one net; borrowed */
    const char *op;       /**< operator of the node; borrowed, static */
    const char *node;     /**< name of the node; borrowed */
    const char *weight;   /**< linear: name of the weight; else NULL; borrowed */
    effnn_site_kind kind; /**< kind */
    int64_t in;           /**< linear: rows of the weight as a matrix [in, out], of one group */
    int64_t out;          /**< linear: columns of that matrix */
    int64_t groups;       /**< linear: groups; else 1 */
    uint64_t parameters;  /**< elements of weight and bias (or scale and bias) */
    double macs;          /**< of one sample, open dimensions 1; NaN: unknown */
    const char *refused;  /**< why transforms must leave it ("weight shared with …"), or NULL */
} effnn_site_info;

/** A model's sites. */
typedef struct effnn_site_list effnn_site_list;

/** List the sites of a model. @param[out] out  owned by the caller.
 *  @param model  not changed.
 *  @return EFFNN_OK; EFFNN_E_ARG; EFFNN_E_NOMEM. */
EFFNN_API effnn_status effnn_site_list_create(effnn_site_list **out, const effnn_model *model);
/** Free; NULL is allowed. */
EFFNN_API void effnn_site_list_destroy(effnn_site_list *self);
/** Number of sites. */
EFFNN_API size_t effnn_site_list_count(const effnn_site_list *self);
/** Describe site i; strings are borrowed, as long as the list. @return EFFNN_OK; EFFNN_E_ARG. */
EFFNN_API effnn_status effnn_site_list_at(effnn_site_info *out, const effnn_site_list *self,
                                          size_t i);

#ifdef __cplusplus
}
#endif
#endif
