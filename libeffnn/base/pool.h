/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_BASE_POOL_H
#define EFFNN_BASE_POOL_H

/* Deterministic parallelism. A job is cut into pieces whose number depends on the problem only,
 * never on the threads; each piece writes its own part of the result, and reductions combine the
 * pieces' partial results in index order. So 1, 2 and 16 threads give the same bits. */

#include "base/sizes.h"
#include "base/status.h"

/* One piece: [begin, end) of n items, piece number `piece`. */
typedef effnn_status (*effnn__piece_fn)(void *job, size_t piece, size_t begin, size_t end);

/*
 * Cut n items into pieces of `grain` items (the last may be shorter) and run them all, on the
 * context's pool or runner; the caller works too. Nested calls run serially on their own thread.
 *
 * All pieces run even if one fails; the failure with the lowest piece number is returned, its
 * message carried to the calling thread. n == 0 is EFFNN_OK without a call. grain ≥ 1.
 * Allocates nothing once the pool's threads exist.
 */
effnn_status effnn__parallel_for(effnn_context *context, size_t n, size_t grain,
                                 effnn__piece_fn piece, void *job);

/* One of n items, with slot `slot` of the caller's scratch: no other item has it at the time. */
typedef void (*effnn__item_fn)(void *job, size_t slot, size_t item);

/* Run n items, each as a whole by one thread, handed out one by one: for work that needs scratch of
 * its own. What an item computes must depend neither on its slot nor on the items before it. */
effnn_status effnn__parallel_items(effnn_context *context, size_t n, effnn__item_fn item,
                                   void *job);

/* Slots that n items are given: one for each thread that works on them. */
size_t effnn__slot_count(const effnn_context *context, size_t n);

/* Number of pieces that effnn__parallel_for() makes. */
static inline size_t effnn__piece_count(size_t n, size_t grain)
{
    return effnn__ceil_div(n, grain);
}

/* Items of a piece when each takes about `work` simple steps. */
static inline size_t effnn__grain(size_t work)
{
    return 32768 / (work ? work : 1) + 1;
}
#endif
