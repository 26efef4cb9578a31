/* SPDX-License-Identifier: BSD-3-Clause */
/* Options of lowrank. Defaults are the paper's where it is known (reduction, metric, greedy ranks
 * with local search), else ours; docs/methods/lowrank.md says which. */

#include "transform/lowrank/lowrank_options.h"

static const char *const count_names[] = { "sites", "model", NULL };
const char *const effnn__lowrank_metric_names[] = { "normalized_output", "mean_input", "svd",
                                                    NULL };
static const char *const allocation_names[] = { "greedy", "uniform", NULL };
static const char *const convolution_names[] = { "none", "pointwise", "all", NULL };

#define FIELD(f) offsetof(effnn__lowrank_options, f)
const effnn_option_def effnn__lowrank_option_defs[] = {
    { "reduction", "share of the parameters to cut", EFFNN_OPT_F64, FIELD(reduction), .value = 0.6,
      .min = 0.0, .max = 0.99 },
    { "count", "what reduction is a share of: weights of the treated sites, or the whole model",
      EFFNN_OPT_ENUM, FIELD(count), .value = EFFNN__LOWRANK_COUNT_SITES, .choices = count_names },
    { "metric",
      "error that the factors minimise: of outputs normalised per sample, of the output "
      "of the mean input, or of the weight (plain SVD, needs no data)",
      EFFNN_OPT_ENUM, FIELD(metric), .value = EFFNN__LOWRANK_NORMALIZED_OUTPUT,
      .choices = effnn__lowrank_metric_names },
    { "allocation", "how ranks are chosen: least error for the cut, or the same share of each site",
      EFFNN_OPT_ENUM, FIELD(allocation), .value = EFFNN__LOWRANK_GREEDY,
      .choices = allocation_names },
    { "rank_step", "ranks are multiples of this; 0: 8, less for sites narrower than 512",
      EFFNN_OPT_I64, FIELD(rank_step), .value = 0, .min = 0, .max = 4096 },
    { "local_search", "improve greedy ranks by moves between sites", EFFNN_OPT_BOOL,
      FIELD(local_search), .value = 1 },
    { "samples", "calibration samples used, the first of the data; 0: all", EFFNN_OPT_I64,
      FIELD(samples), .value = 1024, .min = 0, .max = 1e9 },
    { "only", "globs of site names to treat; empty: all", EFFNN_OPT_LIST, FIELD(only), .text = "" },
    { "exclude", "globs of site names to leave alone", EFFNN_OPT_LIST, FIELD(exclude), .text = "" },
    { "skip_first", "leave the first linear site alone (patch embedding, stem)", EFFNN_OPT_BOOL,
      FIELD(skip_first), .value = 1 },
    { "skip_last", "leave the last linear site alone (classifier)", EFFNN_OPT_BOOL,
      FIELD(skip_last), .value = 1 },
    { "convolutions", "which convolutions to treat: none, 1 x 1 only, or all", EFFNN_OPT_ENUM,
      FIELD(convolutions), .value = EFFNN__LOWRANK_CONVOLUTIONS_ALL, .choices = convolution_names },
    EFFNN_OPTIONS_END,
};
