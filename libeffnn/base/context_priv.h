/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_BASE_CONTEXT_PRIV_H
#define EFFNN_BASE_CONTEXT_PRIV_H

/* What pool.c and context.c know of each other. */

#include "base/status.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

/* Threads that wait for jobs; started at the first job, and again in a forked child. */
typedef struct effnn__pool {
    uint32_t size; /* threads that work on a job, the caller included */
    pthread_mutex_t lock;
    pthread_cond_t wake, idle;
    pthread_mutex_t job_lock; /* one job at a time */
    pthread_t *threads;
    uint32_t n_threads; /* running */
    atomic_long owner;  /* process that started them; 0: none yet */
    bool stop;
    uint64_t generation; /* of the job below; workers wait for a new one */
    uint32_t busy;       /* workers that have not left the job */
    struct effnn__job *job;
} effnn__pool;

void effnn__pool_init(effnn__pool *self, uint32_t size);
void effnn__pool_stop(effnn__pool *self);

const effnn_context_options *effnn__context_options(const effnn_context *self);
effnn__pool *effnn__context_pool(effnn_context *self);
#endif
