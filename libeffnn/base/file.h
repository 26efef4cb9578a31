/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_BASE_FILE_H
#define EFFNN_BASE_FILE_H

/* Files: mapped for reading, written atomically (a temporary beside the target, fsync, rename). A
 * file must not be made shorter in place by others while it is open here. */

#include "base/status.h"

/* A whole file in memory, read-only: mapped where it can be, else read. */
typedef struct effnn__file {
    const unsigned char *data;
    size_t size;
    int mapped;
} effnn__file;

/* E_IO names the path and the system's reason; a directory is refused, and what is no file and
 * gives more than a gigabyte. A pipe is waited for. */
effnn_status effnn__file_open(effnn__file *out, const char *path);

/* See that a path that somebody else chose is a regular file which, all links followed, lies in
 * `directory` or in the directory that `model` (NULL: none) really lies in. E_FORMAT if not, E_IO.
 */
effnn_status effnn__file_check_beside(const char *path, const char *directory, const char *model);
void effnn__file_close(effnn__file *self); /* all zeros is allowed */

/* Let go of the memory of the pages around `size` bytes of a mapped file, which come back from the
 * file when they are read again. Of a file that was read nothing goes, and of
 * other memory neither. */
void effnn__file_let_go(const effnn__file *self, const void *from, size_t size);

/* A file being written. Nothing is seen under `path` until commit; abandon leaves no trace. Links
 * are followed, permissions of a replaced file kept. A pipe or a device is written as it comes. */
typedef struct effnn__writer effnn__writer;
effnn_status effnn__writer_create(effnn__writer **out, const char *path);
effnn_status effnn__writer_add(effnn__writer *self, const void *data, size_t size);
effnn_status effnn__writer_finish(effnn__writer *self); /* all is on disk, not under `path` yet */
effnn_status
effnn__writer_commit(effnn__writer *self); /* finishes; frees in any case; on failure no file */
void effnn__writer_abandon(effnn__writer *self); /* frees; NULL is allowed */
#endif
