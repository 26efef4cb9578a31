/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_IO_IDX_H
#define EFFNN_IO_IDX_H

/* idx files, as MNIST comes in: an array of numbers with its sizes in front, all big-endian. */

#include "base/status.h"

#include <stdint.h>

enum { EFFNN__IDX_MAX_RANK = 7 };

typedef struct effnn__idx {
    size_t rank;
    int64_t dims[EFFNN__IDX_MAX_RANK];
    size_t width;              /* bytes of a number */
    int type;                  /* as the file has it: 0x08 is unsigned bytes */
    const unsigned char *data; /* over the caller's bytes */
} effnn__idx;

enum { EFFNN__IDX_U8 = 0x08, EFFNN__IDX_I8 = 0x09, EFFNN__IDX_I16 = 0x0B, EFFNN__IDX_I32 = 0x0C };

/* Read a whole file's bytes (not compressed); `name` for messages. E_FORMAT; E_UNSUPPORTED for
 * numbers that are no integers. */
effnn_status effnn__idx_read(effnn__idx *out, const char *name, const void *data, size_t size);

/* Number i in the order of the file. */
int64_t effnn__idx_at(const effnn__idx *self, size_t i);
#endif
