/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_ZOO_H
#define EFFNN_ZOO_H

/** @file
 * The zoo: builders of common networks, each under a name.
 *
 * effnn_zoo_create() builds a model from a name and options, with weights from a loaded
 * .safetensors file under the names that the usual training codes give them (docs/zoo.md), or with
 * seeded random ones. The result is a model like any other.
 */

#include <effnn/model.h>
#include <effnn/option.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Number of networks. */
EFFNN_API size_t effnn_zoo_count(void);
/** Name of network i ("vit"); borrowed, static; NULL past the last. */
EFFNN_API const char *effnn_zoo_name_at(size_t i);
/** One line about network i; borrowed, static; NULL past the last. */
EFFNN_API const char *effnn_zoo_summary_at(size_t i);
/** Row `option` of network i's options; borrowed, static; NULL past the last of either. */
EFFNN_API const effnn_option_def *effnn_zoo_option_at(size_t i, size_t option);

/**
 * Build a network.
 *
 * A size that is left at 0 is taken from the weights, or is a usual one. Without weights the
 * parameters are random from the context's seed, the same for a name on every machine.
 *
 * @param[out] out      new model in canonical form, owned by the caller; untouched on failure.
 * @param      context  NULL: the default; the model keeps a share.
 * @param      name     "vit", "llama", …
 * @param      options  "depth=12,width=192"; NULL: all at their defaults.
 * @param      weights  a model that holds the weights, as effnn_model_load() gives for a
 *                      .safetensors file; not changed and not kept (storage may be shared); NULL:
 *                      random ones.
 * @return EFFNN_OK; EFFNN_E_NOTFOUND for an unknown name or option, or weights that lack a tensor
 *         (the message names it); EFFNN_E_ARG for a bad option; EFFNN_E_SHAPE for a weight of
 *         another shape; EFFNN_E_NOMEM.
 */
EFFNN_API effnn_status effnn_zoo_create(effnn_model **out, effnn_context *context, const char *name,
                                        const char *options, const effnn_model *weights);

#ifdef __cplusplus
}
#endif
#endif
