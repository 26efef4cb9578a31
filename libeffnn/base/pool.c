/* SPDX-License-Identifier: BSD-3-Clause */
/* A job is an atomic counter of pieces: the caller and the pool's threads take the next piece until
 * none is left. Which thread runs a piece is chance; what a piece computes is not.
 *
 * One job at a time has the threads. A job that finds them taken (another application thread, or a
 * nested call) runs all its pieces on its own thread: same bits, no deadlock. Every thread that
 * works on pieces has the default floating-point environment meanwhile (nearest rounding, no
 * flushing of subnormals, no traps), so results do not depend on what the host program has set.
 *
 * A forked child has a copy of the pool but none of its threads, and locks in any state. Processes
 * are therefore numbered by a fork handler; a pool whose threads another process started is made
 * anew, locks included, at the first job. Nobody may fork from within a piece and go on in it. */

#include "base/pool.h"

#include "base/alloc.h"
#include "base/context.h"
#include "base/context_priv.h"

#include <fenv.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define MESSAGE_SIZE 512
#define SPINS        4000 /* some tens of microseconds */

typedef struct effnn__job {
    effnn__piece_fn piece;
    void *user;
    size_t n, grain, n_pieces;
    atomic_size_t next;   /* piece to be taken */
    atomic_size_t n_run;  /* pieces that a caller's runner has run */
    pthread_mutex_t lock; /* of the failure */
    size_t failed_piece;
    effnn_status status;
    char message[MESSAGE_SIZE];
} job;

/* Depth of jobs on this thread: a nested call runs by itself. */
static _Thread_local int depth;

/* Even, and another one in each forked child; odd numbers stand for "being started". */
static atomic_uint process_number = 2;
static pthread_once_t watch_forks_once = PTHREAD_ONCE_INIT;

static void number_child(void)
{
    atomic_fetch_add(&process_number, 2);
}

static void watch_forks(void)
{
    pthread_atfork(NULL, NULL, number_child);
}

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

/* Begin work on pieces; the value of the floating-point environment goes to leave_job(). */
static void enter_job(fenv_t *before)
{
    if (depth++) return;
    fegetenv(before);
    fesetenv(FE_DFL_ENV);
}

static void leave_job(const fenv_t *before)
{
    if (--depth == 0) fesetenv(before);
}

/* Run pieces until none is left. */
static void run_pieces(job *self)
{
    fenv_t before;
    size_t piece;

    enter_job(&before);
    while ((piece = atomic_fetch_add_explicit(&self->next, 1, memory_order_relaxed)) <
           self->n_pieces)
        run_piece(self, piece);
    leave_job(&before);
}

/* Tell the processor that this is a loop that waits. */
static void breathe(void)
{
#if defined(__x86_64__) && defined(__GNUC__)
    __builtin_ia32_pause();
#endif
}

/* Jobs of one network follow each other within microseconds, and a thread that sleeps takes longer
 * than that to wake: look for a while before sleeping. The lock is not held meanwhile. */
static void watch_for_job(const effnn__pool *self, unsigned long long seen)
{
    for (int i = 0; i < SPINS && atomic_load(&self->generation) == seen; i++) breathe();
}

static void watch_for_end(const effnn__pool *self)
{
    for (int i = 0; i < SPINS && atomic_load(&self->busy) != 0; i++) breathe();
}

static void *work(void *user)
{
    effnn__pool *self = user;
    unsigned long long seen = 0;
    bool has_watched = false;

    pthread_mutex_lock(&self->lock);
    while (!self->stop) {
        if (self->generation == seen || !self->job) {
            seen = self->generation; /* that job ended before this thread came */
            if (has_watched) {
                pthread_cond_wait(&self->wake, &self->lock);
            } else {
                pthread_mutex_unlock(&self->lock);
                watch_for_job(self, seen);
                pthread_mutex_lock(&self->lock);
            }
            has_watched = !has_watched;
            continue;
        }
        job *current = self->job;

        seen = self->generation;
        has_watched = false;
        self->busy++;
        pthread_mutex_unlock(&self->lock);
        run_pieces(current);
        pthread_mutex_lock(&self->lock);
        if (--self->busy == 0) pthread_cond_signal(&self->idle);
    }
    pthread_mutex_unlock(&self->lock);
    return NULL;
}

effnn_status effnn__pool_init(effnn__pool *self, uint32_t size)
{
    *self = (effnn__pool){ .size = size };
    pthread_once(&watch_forks_once, watch_forks);
    self->threads = effnn__alloc_array(size - 1, sizeof *self->threads);
    if (!self->threads) return effnn__fail_nomem("threads", (size - 1) * sizeof *self->threads);
    return EFFNN_OK;
}

void effnn__pool_stop(effnn__pool *self)
{
    /* A forked child that had no job has no threads to join, only the memory of the parent's. */
    if (self->owner && self->owner == process_number) {
        pthread_mutex_lock(&self->lock);
        self->stop = true;
        pthread_cond_broadcast(&self->wake);
        pthread_mutex_unlock(&self->lock);
        for (uint32_t i = 0; i < self->n_threads; i++) pthread_join(self->threads[i], NULL);
        pthread_cond_destroy(&self->idle);
        pthread_cond_destroy(&self->wake);
        pthread_mutex_destroy(&self->lock);
        pthread_mutex_destroy(&self->job_lock);
    }
    effnn__free(self->threads);
    self->threads = NULL;
}

/* Start the threads. Fewer than wanted (or none) is no failure: the caller does all the pieces that
 * nobody takes. */
static void start_threads(effnn__pool *self)
{
    sigset_t all, before;

    pthread_mutex_init(&self->job_lock, NULL);
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->wake, NULL);
    pthread_cond_init(&self->idle, NULL);
    self->stop = false;
    self->busy = 0;
    self->job = NULL;
    self->generation = 0;
    self->n_threads = 0;
    sigfillset(&all); /* signals are the host program's business */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (self->n_threads < self->size - 1 &&
           pthread_create(&self->threads[self->n_threads], NULL, work, self) == 0)
        self->n_threads++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* Take the pool for one job; false if another thread has it or is starting it. */
static bool take_pool(effnn__pool *self)
{
    const unsigned here = atomic_load(&process_number);
    unsigned owner = atomic_load(&self->owner);

    if (owner != here) {
        if (owner == here + 1 || !atomic_compare_exchange_strong(&self->owner, &owner, here + 1))
            return false;
        start_threads(self);
        atomic_store(&self->owner, here);
    }
    return pthread_mutex_trylock(&self->job_lock) == 0;
}

static void run_on_pool(effnn__pool *self, job *current)
{
    const size_t helpers = current->n_pieces - 1;

    pthread_mutex_lock(&self->lock);
    self->job = current;
    self->generation++;
    if (helpers < self->n_threads)
        for (size_t i = 0; i < helpers; i++) pthread_cond_signal(&self->wake);
    else
        pthread_cond_broadcast(&self->wake);
    pthread_mutex_unlock(&self->lock);
    run_pieces(current);
    pthread_mutex_lock(&self->lock);
    self->job = NULL; /* a worker that wakes late finds nothing */
    if (self->busy) {
        pthread_mutex_unlock(&self->lock);
        watch_for_end(self);
        pthread_mutex_lock(&self->lock);
    }
    while (self->busy) pthread_cond_wait(&self->idle, &self->lock);
    pthread_mutex_unlock(&self->lock);
    pthread_mutex_unlock(&self->job_lock);
}

/* One call of a caller's runner. */
static void run_task(void *user, size_t index)
{
    job *current = user;
    fenv_t before;

    if (index >= current->n_pieces) return;
    enter_job(&before);
    run_piece(current, index);
    leave_job(&before);
    atomic_fetch_add_explicit(&current->n_run, 1, memory_order_relaxed);
}

static effnn_status run_on_runner(const effnn_context_options *options, job *current)
{
    const size_t n = current->n_pieces;
    const int answer = options->runner(options->runner_user, run_task, current, n);

    if (answer != 0) return effnn__fail(EFFNN_E_USER, "the caller's runner gave %d", answer);
    if (current->n_run != n)
        return effnn__fail(EFFNN_E_USER, "the caller's runner ran %zu of %zu pieces",
                           (size_t)current->n_run, n);
    return EFFNN_OK;
}

effnn_status effnn__parallel_for(effnn_context *context, size_t n, size_t grain,
                                 effnn__piece_fn piece, void *user)
{
    const effnn_context_options *options;
    effnn__pool *pool;
    effnn_status status = EFFNN_OK;
    job current = { .piece = piece, .user = user, .n = n, .grain = grain };

    EFFNN_ASSERT(grain > 0);
    if (n == 0) return EFFNN_OK;
    context = effnn__context_resolve(context);
    if (!context) return EFFNN_E_NOMEM;
    options = effnn__context_options(context);
    pool = effnn__context_pool(context);
    current.n_pieces = effnn__piece_count(n, grain);
    pthread_mutex_init(&current.lock, NULL);
    if (depth || current.n_pieces == 1)
        run_pieces(&current);
    else if (options->runner)
        status = run_on_runner(options, &current);
    else if (pool->size > 1 && take_pool(pool))
        run_on_pool(pool, &current);
    else
        run_pieces(&current);
    pthread_mutex_destroy(&current.lock);
    if (status != EFFNN_OK || current.status == EFFNN_OK) return status;
    return effnn__fail(current.status, "%s", current.message);
}

/* ---- items with scratch ---- */

typedef struct item_job {
    effnn__item_fn item;
    void *user;
    size_t n;
    atomic_size_t next;
} item_job;

static effnn_status run_slot(void *job_, size_t slot, size_t begin, size_t end)
{
    item_job *self = job_;
    size_t item;

    (void)begin;
    (void)end;
    while ((item = atomic_fetch_add_explicit(&self->next, 1, memory_order_relaxed)) < self->n)
        self->item(self->user, slot, item);
    return EFFNN_OK;
}

size_t effnn__slot_count(const effnn_context *context, size_t n)
{
    const size_t threads = effnn_context_threads(context);

    return threads < n ? threads : n;
}

effnn_status effnn__parallel_items(effnn_context *context, size_t n, effnn__item_fn item,
                                   void *user)
{
    item_job self = { .item = item, .user = user, .n = n };

    return effnn__parallel_for(context, effnn__slot_count(context, n), 1, run_slot, &self);
}
