/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_IO_GZIP_H
#define EFFNN_IO_GZIP_H

/* gzip files in memory. */

#include "base/status.h"

#include <stdbool.h>

/* True if the bytes begin as a gzip file does. */
bool effnn__is_gzip(const void *data, size_t size);

/* All members of a gzip file, one behind the other, checksums verified; *out by effnn__free. `name`
 * for messages. E_FORMAT; E_UNSUPPORTED for more than 8 times the data and 16 MB; E_NOMEM. */
effnn_status effnn__gzip_inflate(unsigned char **out, size_t *n_out, const char *name,
                                 const void *data, size_t size);
#endif
