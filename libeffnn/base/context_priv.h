/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_BASE_CONTEXT_PRIV_H
#define EFFNN_BASE_CONTEXT_PRIV_H

/* What pool.c and context.c know of each other. */

#include "base/status.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

/* Threads that wait for jobs; started at the first job, and again in a forked child. All but the
 * first three fields belong to the process that started them. */
typedef struct effnn__pool {
    uint32_t size;      /* threads that work on a job, the caller included */
    pthread_t *threads; /* [size - 1], of which n_threads run */
    atomic_uint owner;  /* process number (pool.c) that started them, one more while it does so;
                           0: none yet */
    uint32_t n_threads;
    pthread_mutex_t job_lock; /* one job at a time */
    pthread_mutex_t lock;     /* of what follows */
    pthread_cond_t wake, idle;
    bool stop;
    atomic_ullong generation; /* of the job below; workers wait for another one */
    atomic_uint busy;         /* workers that have not left the job */
    struct effnn__job *job;
} effnn__pool;

effnn_status effnn__pool_init(effnn__pool *self, uint32_t size);
void effnn__pool_stop(effnn__pool *self); /* all zeros is allowed */

const effnn_context_options *effnn__context_options(const effnn_context *self);
effnn__pool *effnn__context_pool(effnn_context *self);
#endif
