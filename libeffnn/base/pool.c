/* SPDX-License-Identifier: BSD-3-Clause */
/* A job is an atomic counter of pieces: the caller and the pool's threads take the next piece until
 * none is left. Which thread runs a piece is chance; what a piece computes is not.
 *
 * One job at a time has the threads. A job that finds them taken (another application thread, or a
 * nested call) runs all its pieces on its own thread: same bits, no deadlock. Every thread that
 * works on pieces has the processor's floating-point control word at its default meanwhile, so
 * results do not depend on what the host program has set.
 *
 * After a fork the child starts threads of its own at its first job. Two threads of the child must
 * not make that first job at the same time. */

#include "base/pool.h"

#include "base/alloc.h"
#include "base/context.h"
#include "base/context_priv.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#if defined(__SSE2__)
#include <xmmintrin.h>
#define DEFAULT_MXCSR 0x1F80u /* all exceptions masked, nearest even, no flushing of denormals */
static unsigned enter_default_float(void)
{
    const unsigned before = _mm_getcsr();

    _mm_setcsr(DEFAULT_MXCSR);
    return before;
}
static void leave_default_float(unsigned before)
{
    _mm_setcsr(before);
}
#else
static unsigned enter_default_float(void)
{
    return 0;
}
static void leave_default_float(unsigned before)
{
    (void)before;
}
#endif

#define MESSAGE_SIZE 512

typedef struct effnn__job {
    effnn__piece_fn piece;
    void *user;
    size_t n, grain, n_pieces;
    atomic_size_t next;
    pthread_mutex_t lock; /* of the failure */
    size_t failed_piece;
    effnn_status status;
    char message[MESSAGE_SIZE];
} job;

/* Depth of jobs on this thread: a nested call runs by itself. */
static _Thread_local int depth;

static void run_piece(job *self, size_t piece)
{
    const size_t begin = piece * self->grain;
    const size_t end = self->n - begin < self->grain ? self->n : begin + self->grain;
    const effnn_status status = self->piece(self->user, piece, begin, end);

    if (status == EFFNN_OK) return;
    pthread_mutex_lock(&self->lock);
    if (self->status == EFFNN_OK || piece < self->failed_piece) {
        self->failed_piece = piece;
        self->status = status;
        snprintf(self->message, sizeof self->message, "%s", effnn_last_error());
    }
    pthread_mutex_unlock(&self->lock);
}

static void run_pieces(job *self)
{
    const unsigned before = enter_default_float();
    size_t piece;

    depth++;
    while ((piece = atomic_fetch_add_explicit(&self->next, 1, memory_order_relaxed)) <
           self->n_pieces)
        run_piece(self, piece);
    depth--;
    leave_default_float(before);
}

static void *work(void *user)
{
    effnn__pool *self = user;
    uint64_t seen = 0;

    pthread_mutex_lock(&self->lock);
    while (!self->stop) {
        if (self->generation == seen || !self->job) {
            pthread_cond_wait(&self->wake, &self->lock);
            continue;
        }
        job *current = self->job;

        seen = self->generation;
        self->busy++;
        pthread_mutex_unlock(&self->lock);
        run_pieces(current);
        pthread_mutex_lock(&self->lock);
        if (--self->busy == 0) pthread_cond_signal(&self->idle);
    }
    pthread_mutex_unlock(&self->lock);
    return NULL;
}

void effnn__pool_init(effnn__pool *self, uint32_t size)
{
    memset(self, 0, sizeof *self);
    self->size = size;
    pthread_mutex_init(&self->lock, NULL);
    pthread_mutex_init(&self->job_lock, NULL);
    pthread_cond_init(&self->wake, NULL);
    pthread_cond_init(&self->idle, NULL);
}

void effnn__pool_stop(effnn__pool *self)
{
    /* A forked child has no threads to join: only the parent's memory of them. */
    if (self->n_threads && self->owner == (long)getpid()) {
        pthread_mutex_lock(&self->lock);
        self->stop = true;
        pthread_cond_broadcast(&self->wake);
        pthread_mutex_unlock(&self->lock);
        for (uint32_t i = 0; i < self->n_threads; i++) pthread_join(self->threads[i], NULL);
    }
    effnn__free(self->threads);
    self->threads = NULL;
    self->n_threads = 0;
}

/* Start the threads if this process has none yet. Fewer than wanted (or none) is no failure: the
 * caller does all the pieces that nobody takes. Called with the job lock held. */
static void start_threads(effnn__pool *self)
{
    sigset_t all, before;

    if (self->owner != (long)getpid()) {
        effnn__free(self->threads);
        effnn__pool_init(self, self->size);
        pthread_mutex_lock(&self->job_lock);
        self->owner = (long)getpid();
    }
    if (self->threads || self->size < 2) return;
    self->threads = effnn__alloc_array(self->size - 1, sizeof *self->threads);
    if (!self->threads) return;
    sigfillset(&all); /* signals are the host program's business */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (self->n_threads < self->size - 1 &&
           pthread_create(&self->threads[self->n_threads], NULL, work, self) == 0)
        self->n_threads++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* Run with the pool's help; false if it is taken. */
static bool run_on_pool(effnn__pool *self, job *current)
{
    /* In a forked child the lock may be held by a thread that does not exist here: never wait. */
    if (self->owner == 0 || self->owner == (long)getpid()) {
        if (pthread_mutex_trylock(&self->job_lock) != 0) return false;
        if (self->owner == 0) self->owner = (long)getpid();
    }
    start_threads(self);
    pthread_mutex_lock(&self->lock);
    self->job = current;
    self->generation++;
    pthread_cond_broadcast(&self->wake);
    pthread_mutex_unlock(&self->lock);
    run_pieces(current);
    pthread_mutex_lock(&self->lock);
    self->job = NULL; /* a worker that wakes late finds nothing */
    while (self->busy) pthread_cond_wait(&self->idle, &self->lock);
    pthread_mutex_unlock(&self->lock);
    pthread_mutex_unlock(&self->job_lock);
    return true;
}

static void run_task(void *user, size_t index)
{
    job *current = user;
    const unsigned before = enter_default_float();

    depth++;
    run_piece(current, index);
    depth--;
    leave_default_float(before);
}

effnn_status effnn__parallel_for(effnn_context *context, size_t n, size_t grain,
                                 effnn__piece_fn piece, void *user)
{
    const effnn_context_options *options;
    effnn__pool *pool;
    job current = { .piece = piece, .user = user, .n = n, .grain = grain };

    EFFNN_ASSERT(grain > 0);
    if (n == 0) return EFFNN_OK;
    context = effnn__context_resolve(context);
    if (!context) return EFFNN_E_NOMEM;
    options = effnn__context_options(context);
    pool = effnn__context_pool(context);
    current.n_pieces = effnn__piece_count(n, grain);
    atomic_init(&current.next, 0);
    pthread_mutex_init(&current.lock, NULL);
    if (depth || current.n_pieces == 1) {
        run_pieces(&current);
    } else if (options->runner) {
        if (options->runner(options->runner_user, run_task, &current, current.n_pieces) != 0) {
            pthread_mutex_destroy(&current.lock);
            return effnn__fail(EFFNN_E_USER, "the caller's runner failed on %zu pieces",
                               current.n_pieces);
        }
    } else if (pool->size < 2 || !run_on_pool(pool, &current)) {
        run_pieces(&current);
    }
    pthread_mutex_destroy(&current.lock);
    if (current.status == EFFNN_OK) return EFFNN_OK;
    return effnn__fail(current.status, "%s", current.message);
}
