/* SPDX-License-Identifier: BSD-3-Clause */
/* The passes of a session's own copy, in their order. */

#include "graph/lower.h"

#include "graph/canon.h"
#include "graph/lower_priv.h"

effnn_status effnn__lower(effnn__graph *graph)
{
    static const effnn__pass *const passes[] = { &effnn__pass_batch_norm, NULL };

    return effnn__passes_run(graph, passes);
}
