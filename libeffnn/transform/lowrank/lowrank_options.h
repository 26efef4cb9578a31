/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_TRANSFORM_LOWRANK_OPTIONS_H
#define EFFNN_TRANSFORM_LOWRANK_OPTIONS_H

/* What can be chosen of lowrank; the table in lowrank_options.c has help, defaults and ranges. */

#include "base/option.h"

enum { EFFNN__LOWRANK_COUNT_SITES, EFFNN__LOWRANK_COUNT_MODEL };
enum { EFFNN__LOWRANK_NORMALIZED_OUTPUT, EFFNN__LOWRANK_MEAN_INPUT, EFFNN__LOWRANK_SVD };
enum { EFFNN__LOWRANK_GREEDY, EFFNN__LOWRANK_UNIFORM };
enum {
    EFFNN__LOWRANK_CONVOLUTIONS_NONE,
    EFFNN__LOWRANK_CONVOLUTIONS_POINTWISE,
    EFFNN__LOWRANK_CONVOLUTIONS_ALL
};

typedef struct effnn__lowrank_options {
    double reduction;
    int count, metric, allocation, convolutions;
    int64_t rank_step, samples;
    bool local_search, skip_first, skip_last;
    effnn_string_list only, exclude;
} effnn__lowrank_options;

extern const effnn_option_def effnn__lowrank_option_defs[];
extern const char *const effnn__lowrank_metric_names[];
#endif
