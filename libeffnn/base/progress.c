/* SPDX-License-Identifier: BSD-3-Clause */
/* Asks a caller's progress function and turns its answer into a status. */

#include "base/progress.h"

effnn_status effnn__progress_tell(const effnn__progress *self, const char *stage, uint64_t done,
                                  uint64_t total)
{
    effnn_progress progress = { .version = 1, .stage = stage, .done = done, .total = total };
    int answer;

    if (!self || !self->fn) return EFFNN_OK;
    answer = self->fn(self->user, &progress);
    if (answer > 0)
        return effnn__fail(EFFNN_E_CANCELLED, "%s: stopped at %llu of %llu", stage,
                           (unsigned long long)done, (unsigned long long)total);
    if (answer < 0) return effnn__fail(EFFNN_E_USER, "%s: the progress callback failed", stage);
    return EFFNN_OK;
}
