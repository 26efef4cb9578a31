/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_BASE_CONTEXT_H
#define EFFNN_BASE_CONTEXT_H

/* The context inside: a share counter, the pool or the caller's runner, seed, logger, allocator,
 * and a small table of extensions (registered transforms) that higher layers own. */

#include "base/status.h"

/* The context itself, or the lazily made default for NULL; never NULL but when memory is out
 * (message set). Adds no share. */
effnn_context *effnn__context_resolve(effnn_context *context);

/* Add a share (resolving NULL) / drop one. retain gives NULL, message set, only when out of memory.
 */
effnn_context *effnn__context_retain(effnn_context *context);
void effnn__context_release(effnn_context *context);

/* Tensor storage by the context's allocator, 64-byte aligned; NULL when out of memory. */
void *effnn__context_alloc(effnn_context *context, size_t size);
void effnn__context_free(effnn_context *context, void *memory);

/* Log one line at `level` (printf rules), if the context has a logger and wants that level. */
void effnn__log(const effnn_context *context, effnn_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* One extension by key (a static address): NULL until set. Set once, E_STATE the second time; the
 * context frees it by `destroy` at its end. Safe from several threads. Higher layers keep
 * registered tables here, so that base needs not know of them. */
void *effnn__context_extension(const effnn_context *context, const void *key);
effnn_status effnn__context_set_extension(effnn_context *context, const void *key, void *value,
                                          void (*destroy)(void *value));
#endif
