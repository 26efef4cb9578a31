/* SPDX-License-Identifier: BSD-3-Clause */
/* LAPACK's surroundings. Both BLIS and OpenBLAS export dgemm_ and its kin, and LAPACK gets
 * whichever the dynamic linker meets first; we link BLIS first, a host may have put another before
 * it. We call only bli_* of BLIS, so the clash changes LAPACK's speed and last bits, never ours;
 * the names found go into the description.
 *
 * Threads underneath: OpenBLAS's liblapack has factorisations of its own that use its threads and
 * split sums by them; BLIS keeps its bits, but many small calls on threads asked for by
 * OMP_NUM_THREADS take ten times as long as on one. So while any of our calls runs, both work with
 * one thread, and get their number back after the last. The number belongs to the process (to each
 * thread since BLIS 1.0): a host that calls them at the same moment then runs on one thread, with
 * the right results. */

#define _GNU_SOURCE /* dladdr, RTLD_DEFAULT */

#include "kernels/lapack_setup.h"

#include "kernels/blis_setup.h"

#include <blis.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

typedef int (*get_threads_fn)(void);
typedef void (*set_threads_fn)(int n);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int n_inside, openblas_threads;
static dim_t process_blis_threads;              /* BLIS before 1.0 */
static _Thread_local dim_t thread_blis_threads; /* since then */
static char description[128];
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* A function by name; memcpy because C has no conversion from object to function pointers. */
static void find(const char *name, void *function, size_t size)
{
    void *const symbol = dlsym(RTLD_DEFAULT, name);

    memcpy(function, &symbol, size);
}

static bool blis_counts_by_thread(void)
{
    return effnn__blis_get()->version[0] != '0';
}

/* BLIS to one thread; gives what it had, 0 if that needs no restoring. */
static dim_t pin_blis(void)
{
    const dim_t before = bli_thread_get_num_threads();

    if (before <= 1) return 0; /* one, or -1: not set */
    bli_thread_set_num_threads(1);
    return before;
}

static void pin_process(void)
{
    get_threads_fn get_threads;
    set_threads_fn set_threads;

    find("openblas_get_num_threads", &get_threads, sizeof get_threads);
    find("openblas_set_num_threads", &set_threads, sizeof set_threads);
    openblas_threads = get_threads && set_threads ? get_threads() : 0;
    if (openblas_threads > 1) set_threads(1);
    if (!blis_counts_by_thread()) process_blis_threads = pin_blis();
}

static void unpin_process(void)
{
    set_threads_fn set_threads;

    find("openblas_set_num_threads", &set_threads, sizeof set_threads);
    if (openblas_threads > 1 && set_threads) set_threads(openblas_threads);
    if (process_blis_threads > 1) bli_thread_set_num_threads(process_blis_threads);
}

void effnn__lapack_begin(void)
{
    if (blis_counts_by_thread()) thread_blis_threads = pin_blis();
    pthread_mutex_lock(&lock);
    if (n_inside++ == 0) pin_process();
    pthread_mutex_unlock(&lock);
}

void effnn__lapack_end(void)
{
    if (thread_blis_threads > 1) bli_thread_set_num_threads(thread_blis_threads);
    pthread_mutex_lock(&lock);
    if (--n_inside == 0) unpin_process();
    pthread_mutex_unlock(&lock);
}

/* The file that serves a symbol, without its folders. */
static const char *file_of(const char *name)
{
    void *const symbol = dlsym(RTLD_DEFAULT, name);
    const char *slash;
    Dl_info info;

    if (!symbol || !dladdr(symbol, &info) || !info.dli_fname) return "an unknown library";
    slash = strrchr(info.dli_fname, '/');
    return slash ? slash + 1 : info.dli_fname;
}

static void describe(void)
{
    snprintf(description, sizeof description, "lapack by %s over %s%s", file_of("dsyevd_"),
             file_of("dgemm_"),
             dlsym(RTLD_DEFAULT, "openblas_set_num_threads") ? ", openblas on one thread" : "");
}

const char *effnn__lapack_describe(void)
{
    pthread_once(&once, describe);
    return description;
}
