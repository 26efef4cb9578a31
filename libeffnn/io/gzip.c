/* SPDX-License-Identifier: BSD-3-Clause */
/* Inflating by zlib with the library's allocator. The result grows as data come, never by what a
 * file claims. */

#define ZLIB_CONST /* the input is not written */

#include "io/gzip.h"

#include "base/alloc.h"
#include "base/vec.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

#define WINDOW_BITS (15 + 16) /* the largest window; 16: a gzip header */

bool effnn__is_gzip(const void *data, size_t size)
{
    return size >= 2 && memcmp(data, "\x1f\x8b", 2) == 0;
}

static void *take(void *user, unsigned n, unsigned size)
{
    (void)user;
    return effnn__alloc_array(n, size);
}

static void give(void *user, void *memory)
{
    (void)user;
    effnn__free(memory);
}

/* Images shrink to a fifth; a few bytes can stand for any number of zeros. */
#define MAX_GROWTH 8
#define FREE_BYTES (16u << 20)

typedef struct inflater {
    z_stream stream;
    const char *name;
    const unsigned char *data; /* what zlib has not been given yet */
    size_t left;
    unsigned char *out;
    size_t n, capacity;
    size_t size, limit; /* of all data, and of what may come of it */
} inflater;

static effnn_status fail(const inflater *self, int code)
{
    if (code == Z_MEM_ERROR) return effnn__fail_nomem(self->name, self->n);
    return effnn__fail(EFFNN_E_FORMAT, "'%s': gzip data are damaged behind %zu bytes: %s",
                       self->name, self->n, self->stream.msg ? self->stream.msg : "they end early");
}

/* One call of zlib, with room for its results; Z_STREAM_END at the end of a member. */
static effnn_status step(inflater *self, int *code)
{
    size_t room;

    if (self->stream.avail_in == 0) {
        const size_t n = self->left < UINT_MAX ? self->left : UINT_MAX;

        self->stream.next_in = self->data;
        self->stream.avail_in = (unsigned)n;
        self->data += n;
        self->left -= n;
    }
    EFFNN_TRY(effnn__grow(&self->out, &self->capacity, self->n + 1, 1));
    room = self->capacity - self->n < UINT_MAX ? self->capacity - self->n : UINT_MAX;
    self->stream.next_out = self->out + self->n;
    self->stream.avail_out = (unsigned)room;
    *code = inflate(&self->stream, Z_NO_FLUSH);
    self->n += room - self->stream.avail_out;
    if (self->n > self->limit)
        return effnn__fail(EFFNN_E_UNSUPPORTED,
                           "'%s': more than %zu bytes out of %zu: unpack it to a file", self->name,
                           self->limit, self->size);
    return *code == Z_OK || *code == Z_STREAM_END ? EFFNN_OK : fail(self, *code);
}

static effnn_status inflate_all(inflater *self)
{
    int code = Z_OK;

    for (;;) {
        EFFNN_TRY(step(self, &code));
        if (code != Z_STREAM_END) continue;
        if (self->left == 0 && self->stream.avail_in == 0) return EFFNN_OK;
        if (inflateReset(&self->stream) != Z_OK) return fail(self, Z_DATA_ERROR);
    }
}

effnn_status effnn__gzip_inflate(unsigned char **out, size_t *n_out, const char *name,
                                 const void *data, size_t size)
{
    inflater self = { .name = name,
                      .data = data,
                      .left = size,
                      .size = size,
                      .limit = MAX_GROWTH * size + FREE_BYTES };
    effnn_status status;
    int code;

    self.stream.zalloc = take;
    self.stream.zfree = give;
    code = inflateInit2(&self.stream, WINDOW_BITS);
    if (code != Z_OK) return fail(&self, code);
    status = inflate_all(&self);
    inflateEnd(&self.stream);
    if (status != EFFNN_OK) {
        effnn__free(self.out);
        return status;
    }
    *out = self.out;
    *n_out = self.n;
    return EFFNN_OK;
}
