/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading by mapping, writing by a temporary file beside the target that is renamed over it when it
 * is whole and on disk. A reader so never sees half a file, and a failed write leaves the old one.
 * What is not a regular file (a pipe, a device) must not be replaced and is written in place. */

#define _DEFAULT_SOURCE /* madvise */

#include "base/file.h"

#include "base/alloc.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_SIZE (256u * 1024u)
#define MAX_STREAM  ((size_t)1 << 30)

static effnn_status fail_io(const char *path, const char *what)
{
    return effnn__fail(EFFNN_E_IO, "'%s': %s: %s", path, what, strerror(errno));
}

/* Read what cannot be mapped: a pipe, a file of /proc, whose size is said to be 0. */
static effnn_status read_all(effnn__file *out, int fd, const char *path)
{
    effnn__str text = { 0 };
    char block[4096];
    effnn_status status = EFFNN_OK;
    ssize_t n = 1;

    while (status == EFFNN_OK && n != 0) {
        n = read(fd, block, sizeof block);
        if (n > 0 && text.n > MAX_STREAM)
            status = effnn__fail(EFFNN_E_IO, "'%s': no file, and it gives more than %zu bytes",
                                 path, MAX_STREAM);
        else if (n > 0 && effnn__str_add_bytes(&text, block, (size_t)n) != EFFNN_OK)
            status = effnn__fail_nomem(path, text.n + (size_t)n);
        else if (n < 0 && errno != EINTR)
            status = fail_io(path, "cannot read");
    }
    if (status != EFFNN_OK) {
        effnn__str_clear(&text);
        return status;
    }
    *out = (effnn__file){ .data = (unsigned char *)text.text, .size = text.n };
    return EFFNN_OK;
}

effnn_status effnn__file_open(effnn__file *out, const char *path)
{
    struct stat info;
    void *data = MAP_FAILED;
    effnn_status status = EFFNN_OK;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) return fail_io(path, "cannot open");
    if (fstat(fd, &info) != 0) {
        status = fail_io(path, "cannot open");
    } else if (S_ISDIR(info.st_mode)) {
        errno = EISDIR;
        status = fail_io(path, "cannot read");
    } else {
        if (S_ISREG(info.st_mode) && info.st_size > 0)
            data = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (data == MAP_FAILED)
            status = read_all(out, fd, path);
        else
            *out = (effnn__file){ .data = data, .size = (size_t)info.st_size, .mapped = 1 };
    }
    close(fd);
    return status;
}

/* Whether a resolved path lies below a resolved directory. */
static bool is_below(const char *path, const char *directory)
{
    const size_t n = strlen(directory);

    return strncmp(path, directory, n) == 0 && (path[n] == '/' || (n && directory[n - 1] == '/'));
}

effnn_status effnn__file_check_beside(const char *path, const char *directory, const char *model)
{
    char *file = realpath(path, NULL), *folder = realpath(directory, NULL);
    char *home = model ? realpath(model, NULL) : NULL;
    effnn_status status = EFFNN_OK;
    struct stat info;

    if (home && strrchr(home, '/')) *strrchr(home, '/') = '\0';
    if (!file || stat(file, &info) != 0)
        status = fail_io(path, "cannot open");
    else if (!S_ISREG(info.st_mode))
        status = effnn__fail(EFFNN_E_FORMAT, "'%s' is not a regular file", path);
    else if (!(folder && is_below(file, folder)) && !(home && is_below(file, home)))
        status = effnn__fail(EFFNN_E_FORMAT,
                             "'%s' is a link to '%s', outside the model's directory", path, file);
    free(file);
    free(folder);
    free(home);
    return status;
}

void effnn__file_close(effnn__file *self)
{
    if (self->mapped)
        munmap((void *)(uintptr_t)self->data, self->size);
    else
        effnn__free((void *)(uintptr_t)self->data);
    *self = (effnn__file){ 0 };
}

void effnn__file_let_go(const effnn__file *self, const void *from, size_t size)
{
    const size_t offset = (uintptr_t)from - (uintptr_t)self->data;
    const size_t skew = offset % (size_t)sysconf(_SC_PAGESIZE);

    if (!self->mapped || offset > self->size || size > self->size - offset) return;
    /* Only a hint: where it fails, the pages stay. */
    (void)madvise((void *)(uintptr_t)(self->data + offset - skew), size + skew, MADV_DONTNEED);
}

struct effnn__writer {
    int fd;
    bool failed;     /* some bytes are missing */
    bool finished;   /* all bytes are on disk */
    char *path;      /* symbolic links followed */
    char *temporary; /* NULL: written in place */
    size_t n;        /* bytes in the buffer */
    unsigned char *buffer;
};

/* The file that a path stands for, symbolic links followed, so that a link stays a link even if
 * what it points to is not there yet. NULL when out of memory. */
static char *real_target(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *resolved = realpath(path, NULL), *next, *target;
    char link[4096];
    ssize_t n = -1;

    if (!resolved && errno == ENOENT) n = readlink(path, link, sizeof link - 1);
    if (n <= 0) {
        target = effnn__strdup(resolved ? resolved : path);
        free(resolved);
        return target;
    }
    link[n] = '\0';
    if (link[0] == '/' || !slash) return real_target(link);
    next = effnn__strprintf("%.*s/%s", (int)(slash - path), path, link);
    target = next ? real_target(next) : NULL;
    effnn__free(next);
    return target;
}

/* Make the temporary file: a hidden name of this process and call in the folder of the target. */
static effnn_status make_temporary(effnn__writer *self)
{
    static atomic_uint counter;
    const char *slash = strrchr(self->path, '/');
    const char *name = slash ? slash + 1 : self->path;

    for (int attempt = 0; attempt < 100; attempt++) {
        self->temporary =
            effnn__strprintf("%.*s.%.200s.%ld-%u.tmp", (int)(name - self->path), self->path, name,
                             (long)getpid(), atomic_fetch_add(&counter, 1));
        if (!self->temporary) return effnn__fail_nomem(self->path, strlen(self->path));
        self->fd = open(self->temporary, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
        if (self->fd >= 0) return EFFNN_OK;
        effnn__free(self->temporary);
        self->temporary = NULL;
        if (errno != EEXIST) break;
    }
    return fail_io(self->path, "cannot create");
}

/* Open what the bytes go to. A file that will be replaced hands its permissions on; else they are
 * what the umask leaves. */
static effnn_status open_target(effnn__writer *self)
{
    struct stat info;

    if (stat(self->path, &info) != 0) return make_temporary(self);
    if (!S_ISREG(info.st_mode)) { /* a folder cannot be opened so: EISDIR */
        self->fd = open(self->path, O_WRONLY | O_CLOEXEC);
        return self->fd < 0 ? fail_io(self->path, "cannot write") : EFFNN_OK;
    }
    EFFNN_TRY(make_temporary(self));
    if (fchmod(self->fd, info.st_mode & 0777) != 0) return fail_io(self->path, "cannot create");
    return EFFNN_OK;
}

effnn_status effnn__writer_create(effnn__writer **out, const char *path)
{
    effnn__writer *self = effnn__zalloc(sizeof *self);
    effnn_status status;

    if (!self) return effnn__fail_nomem(path, sizeof *self);
    self->fd = -1;
    self->path = real_target(path);
    self->buffer = effnn__alloc(BUFFER_SIZE);
    status = self->path && self->buffer ? open_target(self) : effnn__fail_nomem(path, BUFFER_SIZE);
    if (status != EFFNN_OK) {
        effnn__writer_abandon(self);
        return status;
    }
    *out = self;
    return EFFNN_OK;
}

static effnn_status write_out(effnn__writer *self, const unsigned char *data, size_t size)
{
    while (size) {
        const ssize_t n = write(self->fd, data, size);

        if (n < 0 && errno != EINTR) {
            self->failed = true;
            return fail_io(self->path, "cannot write");
        }
        if (n > 0) {
            data += n;
            size -= (size_t)n;
        }
    }
    return EFFNN_OK;
}

static effnn_status flush(effnn__writer *self)
{
    const size_t n = self->n;

    self->n = 0;
    return write_out(self, self->buffer, n);
}

effnn_status effnn__writer_add(effnn__writer *self, const void *data, size_t size)
{
    if (self->n + size > BUFFER_SIZE) EFFNN_TRY(flush(self));
    if (size > BUFFER_SIZE) return write_out(self, data, size);
    if (size) memcpy(self->buffer + self->n, data, size);
    self->n += size;
    return EFFNN_OK;
}

effnn_status effnn__writer_finish(effnn__writer *self)
{
    if (self->failed)
        return effnn__fail(EFFNN_E_IO, "'%s': bytes are missing after a write that failed",
                           self->path);
    if (self->finished) return EFFNN_OK;
    EFFNN_TRY(flush(self));
    if (self->temporary && fsync(self->fd) != 0) return fail_io(self->path, "cannot write");
    self->finished = true;
    return EFFNN_OK;
}

effnn_status effnn__writer_commit(effnn__writer *self)
{
    effnn_status status = effnn__writer_finish(self);

    if (close(self->fd) != 0 && status == EFFNN_OK) status = fail_io(self->path, "cannot write");
    self->fd = -1;
    if (status == EFFNN_OK && self->temporary && rename(self->temporary, self->path) != 0)
        status = fail_io(self->path, "cannot replace");
    if (status == EFFNN_OK) { /* the temporary is the target: there is nothing to remove */
        effnn__free(self->temporary);
        self->temporary = NULL;
    }
    effnn__writer_abandon(self);
    return status;
}

void effnn__writer_abandon(effnn__writer *self)
{
    if (!self) return;
    if (self->fd >= 0) close(self->fd);
    if (self->temporary) unlink(self->temporary);
    effnn__free(self->temporary);
    effnn__free(self->path);
    effnn__free(self->buffer);
    effnn__free(self);
}
