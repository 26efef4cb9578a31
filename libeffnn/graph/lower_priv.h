/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_GRAPH_LOWER_PRIV_H
#define EFFNN_GRAPH_LOWER_PRIV_H

/* The passes of lower.c, one file each. */

#include "graph/canon.h"

extern const effnn__pass effnn__pass_batch_norm;
extern const effnn__pass effnn__pass_attention;
extern const effnn__pass effnn__pass_lower_subgraphs; /* in canon_subgraph.c */
#endif
