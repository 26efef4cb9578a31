/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_BASE_STATUS_H
#define EFFNN_BASE_STATUS_H

/* Failing and passing failures on. The function that detects a failure calls effnn__fail() with the
 * object's name and the numbers; everything above it uses EFFNN_TRY and says nothing more. */

#include <effnn/base.h>

/* Record the message for this thread and return `status`; never allocates. The arguments may be
 * effnn_last_error(). Control characters (from names in files) become "?". */
effnn_status effnn__fail(effnn_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3), cold));

/* effnn__fail for an allocation of `size` bytes for `what` ("arena of session 'x'"). */
effnn_status effnn__fail_nomem(const char *what, size_t size) __attribute__((cold));

/* Make sure that a message is set before a call that must set one (tests, workers). */
void effnn__clear_error(void);

#define EFFNN_TRY(call)                                \
    do {                                               \
        const effnn_status effnn_try_ = (call);        \
        if (effnn_try_ != EFFNN_OK) return effnn_try_; \
    } while (0)

/* Check a public function's argument. */
#define EFFNN_CHECK_ARG(cond)                                                         \
    do {                                                                              \
        if (!(cond)) return effnn__fail(EFFNN_E_ARG, "%s: need %s", __func__, #cond); \
    } while (0)

/* Own invariants only; checked in debug builds and CI. */
#include <assert.h>
#define EFFNN_ASSERT(cond) assert(cond)
#endif
