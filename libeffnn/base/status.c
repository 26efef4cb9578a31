/* SPDX-License-Identifier: BSD-3-Clause */
/* The thread's last message and the status texts. The message is a fixed buffer, so that failing
 * never allocates and needs no fallback when memory is out. */

#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MESSAGE_SIZE 512
#define NO_ERROR     "no error"

static _Thread_local char last_message[MESSAGE_SIZE] = NO_ERROR;

const char *effnn_status_name(effnn_status status)
{
    switch (status) {
#define X(id, value, text) \
    case EFFNN_##id: return text;
        EFFNN_STATUS_MAP(X)
#undef X
    }
    return "unknown status";
}

const char *effnn_last_error(void)
{
    return last_message;
}

effnn_status effnn__fail(effnn_status status, const char *format, ...)
{
    char text[MESSAGE_SIZE] = ""; /* the arguments may hold the last message */
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    for (char *p = text; *p; p++) /* names come from files: one line, no terminal codes */
        if ((unsigned char)*p < 0x20 || *p == 0x7f) *p = '?';
    memcpy(last_message, text, sizeof text);
    return status;
}

effnn_status effnn__fail_nomem(const char *what, size_t size)
{
    return effnn__fail(EFFNN_E_NOMEM, "%s: cannot allocate %zu bytes", what, size);
}

void effnn__clear_error(void)
{
    effnn__fail(EFFNN_OK, NO_ERROR);
}
