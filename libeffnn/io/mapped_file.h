/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_IO_MAPPED_FILE_H
#define EFFNN_IO_MAPPED_FILE_H

/* A mapped file that tensors lie over: it stays mapped as long as one of them lives. */

#include "base/file.h"
#include "tensor/tensor.h"

typedef struct effnn__mapped effnn__mapped;

/* One share of the mapping. E_IO, E_NOMEM. */
effnn_status effnn__mapped_open(effnn__mapped **out, const char *path);
void effnn__mapped_release(effnn__mapped *self); /* drop a share; NULL is allowed */

const effnn__file *effnn__mapped_file(const effnn__mapped *self);

/* A tensor over `size` bytes at `data` in the file, or a copy of them where the address does not
 * suit the type. */
effnn_status effnn__mapped_tensor(effnn_tensor **out, effnn_context *context, effnn__mapped *self,
                                  effnn_dtype dtype, const effnn__shape *shape,
                                  const unsigned char *data, size_t size);
#endif
