/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_BASE_H
#define EFFNN_BASE_H

/** @file
 * Export macro, version, status codes, the last error's text, and the context.
 *
 * A context is made once, handed to whatever creates or loads an object, and destroyed when the
 * caller needs it no longer; objects keep what they need of it alive.
 */

#include <stddef.h>
#include <stdint.h>

/** @def EFFNN_API
 * Marks what the library exports. */
#if defined(SWIG)
#define EFFNN_API
#elif defined(_WIN32)
#define EFFNN_API __declspec(dllexport)
#else
#define EFFNN_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** Major version of this header. */
#define EFFNN_VERSION_MAJOR 0
/** Minor version. */
#define EFFNN_VERSION_MINOR 1
/** Patch level. */
#define EFFNN_VERSION_PATCH 0

/** Every status there is: identifier, value, meaning. Bindings are made from this one list. */
#define EFFNN_STATUS_MAP(X)                 \
    X(OK, 0, "success")                     \
    X(E_NOMEM, -1, "out of memory")         \
    X(E_ARG, -2, "invalid argument")        \
    X(E_SHAPE, -3, "shapes do not fit")     \
    X(E_NOTFOUND, -4, "no such name")       \
    X(E_UNSUPPORTED, -5, "not supported")   \
    X(E_FORMAT, -6, "malformed file")       \
    X(E_IO, -7, "system call failed")       \
    X(E_STATE, -8, "not in this state")     \
    X(E_CANCELLED, -9, "stopped by caller") \
    X(E_USER, -10, "callback failed")       \
    X(E_NUMERIC, -11, "not a finite result")

/** Result of a call that can fail: EFFNN_OK (0) or a negative value. */
typedef enum effnn_status {
/** @cond */
#define X(id, value, text) EFFNN_##id = value,
    EFFNN_STATUS_MAP(X)
#undef X
    /** @endcond */
} effnn_status;

/** Meaning of a status in words ("invalid argument"); borrowed, static. */
EFFNN_API const char *effnn_status_name(effnn_status status);

/**
 * Message of the last failure on this thread: one line that names the object and the numbers.
 *
 * Borrowed, valid until the next libeffnn call on this thread. What it holds after a call that
 * succeeded is undefined.
 */
EFFNN_API const char *effnn_last_error(void);

/** Version of the library in use, "major.minor.patch"; borrowed, static. */
EFFNN_API const char *effnn_version(void);

/** Threads, logger, seed, allocator, registered transforms. NULL stands for the default context. */
typedef struct effnn_context effnn_context;

/** How much a log line matters. */
typedef enum effnn_log_level {
    EFFNN_LOG_ERROR = 0,
    EFFNN_LOG_WARNING = 1,
    EFFNN_LOG_INFO = 2,
    EFFNN_LOG_DEBUG = 3
} effnn_log_level;

/** Receives one log line, without a line end. May be called from any thread that uses the context.
 */
typedef void (*effnn_log_fn)(void *user, effnn_log_level level, const char *line);

/** One piece of a parallel job: piece `index` of `job`. */
typedef void (*effnn_task_fn)(void *job, size_t index);

/**
 * A caller's own thread pool. Must call `task(job, i)` exactly once for each i in [0, count), on
 * any threads, and return only when all have returned. Nonzero: the runner itself failed. That, or
 * more or fewer calls than `count`, ends the call with EFFNN_E_USER.
 */
typedef int (*effnn_runner_fn)(void *user, effnn_task_fn task, void *job, size_t count);

/** Storage for tensors: `size` bytes at a multiple of `alignment`, or NULL. */
typedef void *(*effnn_alloc_fn)(void *user, size_t size, size_t alignment);

/** Frees what the effnn_alloc_fn beside it gave. */
typedef void (*effnn_free_fn)(void *user, void *memory);

/** Options of effnn_context_create(). Append-only; set `version` by EFFNN_CONTEXT_OPTIONS_INIT. */
typedef struct effnn_context_options {
    uint32_t version;          /**< 1 */
    uint32_t threads;          /**< threads that work on one call; 0: one for each core that the
                                    process may use */
    uint64_t seed;             /**< of everything random; default 0 */
    effnn_log_fn log;          /**< NULL: no log */
    void *log_user;            /**< first argument of `log` */
    effnn_log_level log_level; /**< lines above it are not made; default warnings */
    effnn_runner_fn runner;    /**< NULL: the context's own pool of `threads` threads */
    void *runner_user;         /**< first argument of `runner` */
    effnn_alloc_fn alloc;      /**< storage of tensors; NULL: the C library's. Both or neither */
    effnn_free_fn free;        /**< partner of `alloc` */
    void *alloc_user;          /**< first argument of `alloc` and `free` */
} effnn_context_options;

/** Defaults: all cores, seed 0, no log, own pool, the C library's allocator. */
#define EFFNN_CONTEXT_OPTIONS_INIT                                           \
    {                                                                        \
        1, 0, 0, NULL, NULL, EFFNN_LOG_WARNING, NULL, NULL, NULL, NULL, NULL \
    }

/**
 * Create a context.
 *
 * Threads start at the first parallel call and again after a fork.
 *
 * @param[out] out      new context, owned by the caller; untouched on failure.
 * @param      options  NULL: EFFNN_CONTEXT_OPTIONS_INIT.
 * @return EFFNN_OK; EFFNN_E_ARG for a version this library does not know, for more than 1024
 *         threads, or for only one of `alloc` and `free`; EFFNN_E_NOMEM.
 */
EFFNN_API effnn_status effnn_context_create(effnn_context **out,
                                            const effnn_context_options *options);

/** Drop the owner's share; storage, models and sessions keep the rest alive. NULL is allowed. */
EFFNN_API void effnn_context_destroy(effnn_context *self);

/** Number of threads that a call on this context works with, at least 1. NULL: the default's. */
EFFNN_API uint32_t effnn_context_threads(const effnn_context *self);

/** The seed. NULL: the default's, 0. */
EFFNN_API uint64_t effnn_context_seed(const effnn_context *self);

/** Where a long call stands. */
typedef struct effnn_progress {
    uint32_t version;  /**< 1 */
    const char *stage; /**< what is being done, for people; borrowed, valid during the callback */
    uint64_t done;     /**< units of work done in this stage */
    uint64_t total;    /**< units of work in this stage; 0: unknown */
} effnn_progress;

/**
 * Told about progress on the calling thread only.
 *
 * @return 0: go on; positive: stop, the call ends with EFFNN_E_CANCELLED; negative: the callback
 *         itself failed, the call ends with EFFNN_E_USER.
 */
typedef int (*effnn_progress_fn)(void *user, const effnn_progress *progress);

#ifdef __cplusplus
}
#endif
#endif
