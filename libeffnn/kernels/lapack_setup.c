/* SPDX-License-Identifier: BSD-3-Clause */
/* LAPACK's surroundings. Both BLIS and OpenBLAS export dgemm_ and its kin, and LAPACK gets
 * whichever the dynamic linker meets first; we link BLIS first, a host may have put another before
 * it. Ours calls only bli_* of BLIS, so the clash changes LAPACK's speed and last bits, never ours;
 * the names found go into the description.
 *
 * OpenBLAS's liblapack has factorisations of its own that use its threads and split sums by them.
 * Its number of threads is a property of the process (only the newest builds have one for each
 * thread), so it is set to 1 while any of our calls runs and put back after the last; a host that
 * calls OpenBLAS at the same moment then runs on one thread, with the right results. */

#define _GNU_SOURCE /* dladdr, RTLD_DEFAULT */

#include "kernels/lapack_setup.h"

#include "kernels/blis_setup.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

typedef int (*get_threads_fn)(void);
typedef void (*set_threads_fn)(int n);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int n_inside, saved_threads;
static char description[128];
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* A function by name; memcpy because C has no conversion from object to function pointers. */
static void find(const char *name, void *function, size_t size)
{
    void *const symbol = dlsym(RTLD_DEFAULT, name);

    memcpy(function, &symbol, size);
}

void effnn__lapack_begin(void)
{
    get_threads_fn get_threads;
    set_threads_fn set_threads;

    effnn__blis_get();
    find("openblas_get_num_threads", &get_threads, sizeof get_threads);
    find("openblas_set_num_threads", &set_threads, sizeof set_threads);
    pthread_mutex_lock(&lock);
    if (n_inside++ == 0 && get_threads && set_threads) {
        saved_threads = get_threads();
        if (saved_threads > 1) set_threads(1);
    }
    pthread_mutex_unlock(&lock);
}

void effnn__lapack_end(void)
{
    set_threads_fn set_threads;

    find("openblas_set_num_threads", &set_threads, sizeof set_threads);
    pthread_mutex_lock(&lock);
    if (--n_inside == 0 && saved_threads > 1 && set_threads) set_threads(saved_threads);
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
