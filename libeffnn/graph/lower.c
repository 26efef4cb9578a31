/* SPDX-License-Identifier: BSD-3-Clause */
/* The passes of a session's own copy, in their order. Folding comes first, so that a graph that was
 * not made canonical runs too: exporters compute shapes and pads that a plan must know. */

#include "graph/lower.h"

#include "graph/passes/passes.h"

effnn_status effnn__lower(effnn__graph *graph)
{
    static const effnn__pass *const passes[] = {
        &effnn__pass_contents,        &effnn__pass_fold,
        &effnn__pass_batch_norm,      &effnn__pass_attention,
        &effnn__pass_layout,          &effnn__pass_cache,
        &effnn__pass_lower_subgraphs, NULL,
    };

    return effnn__passes_run(graph, passes);
}
