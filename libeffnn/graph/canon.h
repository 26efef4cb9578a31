/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_GRAPH_CANON_H
#define EFFNN_GRAPH_CANON_H

/* Canonical form, made once at load; lossless up to rounding of folded constants. Folds constants
 * and shape arithmetic (with an open batch), turns the patterns that exporters write into operators
 * of ours (layer norm, GELU, softmax, …), drops identities and dead nodes. Transforms, training and
 * export see canonical graphs. One pattern family a file (canon_<family>.c), one word in the list.
 */

#include "graph/graph.h"

/* One pass: changes the graph where it can and adds the number of changes to *changes. */
typedef struct effnn__pass {
    const char *name;
    effnn_status (*run)(effnn__graph *graph, size_t *changes);
} effnn__pass;

/* Run all canonical passes until none changes anything. On failure the graph may be half rewritten
 * but passes effnn__graph_check(); callers work on a graph of their own. */
effnn_status effnn__canonicalise(effnn__graph *graph);

/* Run a NULL-terminated list of passes so (shared with lower.h). */
effnn_status effnn__passes_run(effnn__graph *graph, const effnn__pass *const *passes);
#endif
