/* SPDX-License-Identifier: BSD-3-Clause */
/* NumPy's .npy files: a magic number, a version, the header's length, a Python dict literal with
 * element type, order and shape, then the elements. The dict is read by a cursor that knows just
 * the three keys and cannot run past the header; a file is not trusted in anything else either:
 * sizes are checked against the file before memory is asked for. */

#include "base/file.h"
#include "tensor/tensor_priv.h"

#include <stdio.h>
#include <string.h>

static const char magic[6] = { '\x93', 'N', 'U', 'M', 'P', 'Y' };

/* Header lengths are multiples of this, so that mapped elements are aligned. */
#define HEADER_ALIGNMENT 64

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define NATIVE_ORDER '<'
#else
#define NATIVE_ORDER '>'
#endif

static const struct {
    effnn_dtype dtype;
    char kind, size;
} dtype_map[] = {
    { EFFNN_F32, 'f', '4' }, { EFFNN_F64, 'f', '8' }, { EFFNN_F16, 'f', '2' },
    { EFFNN_I8, 'i', '1' },  { EFFNN_I16, 'i', '2' }, { EFFNN_I32, 'i', '4' },
    { EFFNN_I64, 'i', '8' }, { EFFNN_U8, 'u', '1' },  { EFFNN_U16, 'u', '2' },
    { EFFNN_U32, 'u', '4' }, { EFFNN_U64, 'u', '8' }, { EFFNN_BOOL, 'b', '1' },
};

#define N_DTYPE_MAP (sizeof dtype_map / sizeof dtype_map[0])

/* What a header says, and where the elements begin. */
typedef struct npy_header {
    const char *path; /* for messages */
    effnn_dtype dtype;
    bool swapped, fortran;
    effnn__shape shape;
    size_t offset;
} npy_header;

/* The part of a header that is not read yet. */
typedef struct cursor {
    const char *at, *end;
} cursor;

static void skip_blanks(cursor *self)
{
    while (self->at < self->end && (*self->at == ' ' || *self->at == '\n' || *self->at == '\t'))
        self->at++;
}

/* Skip blanks, then take `c` if it is next. */
static bool take(cursor *self, char c)
{
    skip_blanks(self);
    if (self->at == self->end || *self->at != c) return false;
    self->at++;
    return true;
}

/* Take a word like True. */
static bool take_word(cursor *self, const char *word)
{
    const size_t n = strlen(word);

    skip_blanks(self);
    if ((size_t)(self->end - self->at) < n || memcmp(self->at, word, n) != 0) return false;
    self->at += n;
    return true;
}

/* A quoted string without escapes, cut to the buffer. */
static bool take_string(cursor *self, char *out, size_t size)
{
    const char quote = take(self, '\'') ? '\'' : take(self, '"') ? '"' : '\0';
    size_t n = 0;

    if (!quote) return false;
    while (self->at < self->end && *self->at != quote) {
        if (n + 1 < size) out[n++] = *self->at;
        self->at++;
    }
    out[n] = '\0';
    return take(self, quote);
}

/* A size; false also if it overflows. */
static bool take_size(cursor *self, int64_t *out)
{
    int64_t value = 0;
    const char *first;

    skip_blanks(self);
    for (first = self->at; self->at < self->end && *self->at >= '0' && *self->at <= '9';
         self->at++) {
        if (value > (INT64_MAX - 9) / 10) return false;
        value = value * 10 + (*self->at - '0');
    }
    if (self->at == first) return false;
    take(self, 'L'); /* Python 2 wrote long integers so */
    *out = value;
    return true;
}

static effnn_status malformed(const npy_header *self, const char *what)
{
    return effnn__fail(EFFNN_E_FORMAT, "npy file '%s': %s", self->path, what);
}

static effnn_status read_descr(npy_header *self, cursor *text)
{
    char descr[16];

    if (take(text, '['))
        return effnn__fail(EFFNN_E_UNSUPPORTED, "npy file '%s': structured elements", self->path);
    if (!take_string(text, descr, sizeof descr))
        return malformed(self, "'descr' holds no element type");
    for (size_t i = 0; i < N_DTYPE_MAP && strlen(descr) == 3; i++)
        if (strchr("<>=|", descr[0]) && descr[1] == dtype_map[i].kind &&
            descr[2] == dtype_map[i].size) {
            self->dtype = dtype_map[i].dtype;
            self->swapped = (descr[0] == '<' || descr[0] == '>') && descr[0] != NATIVE_ORDER;
            return EFFNN_OK;
        }
    return effnn__fail(EFFNN_E_UNSUPPORTED, "npy file '%s': element type '%s'", self->path, descr);
}

static effnn_status read_order(npy_header *self, cursor *text)
{
    if (take_word(text, "True"))
        self->fortran = true;
    else if (!take_word(text, "False"))
        return malformed(self, "'fortran_order' is neither True nor False");
    return EFFNN_OK;
}

static effnn_status read_shape(npy_header *self, cursor *text)
{
    int64_t size;

    if (!take(text, '(')) return malformed(self, "'shape' is no tuple");
    self->shape.rank = 0;
    while (!take(text, ')')) {
        if (!take_size(text, &size)) return malformed(self, "'shape' holds no whole number");
        if (self->shape.rank == EFFNN_MAX_RANK)
            return effnn__fail(EFFNN_E_UNSUPPORTED, "npy file '%s': more than %d dimensions",
                               self->path, EFFNN_MAX_RANK);
        self->shape.dims[self->shape.rank++] = size;
        if (!take(text, ',') && (text->at == text->end || *text->at != ')'))
            return malformed(self, "'shape' does not end");
    }
    return EFFNN_OK;
}

static const struct {
    const char *key;
    effnn_status (*read)(npy_header *self, cursor *text);
} entries[] = {
    { "descr", read_descr },
    { "fortran_order", read_order },
    { "shape", read_shape },
};

#define N_ENTRIES (sizeof entries / sizeof entries[0])

/* One key and its value; the key's bit is set in *seen. */
static effnn_status read_entry(npy_header *self, cursor *text, unsigned *seen)
{
    char key[16];
    size_t i = 0;

    if (!take_string(text, key, sizeof key) || !take(text, ':'))
        return malformed(self, "its header has no key where one should be");
    while (i < N_ENTRIES && strcmp(entries[i].key, key) != 0) i++;
    if (i == N_ENTRIES) return malformed(self, "its header has an unknown key");
    if (*seen >> i & 1) return malformed(self, "its header has a key twice");
    *seen |= 1u << i;
    return entries[i].read(self, text);
}

/* The dict literal. */
static effnn_status read_dict(npy_header *self, cursor text)
{
    unsigned seen = 0;

    if (!take(&text, '{')) return malformed(self, "its header is no dict");
    while (!take(&text, '}')) {
        EFFNN_TRY(read_entry(self, &text, &seen));
        if (!take(&text, ',') && (text.at == text.end || *text.at != '}'))
            return malformed(self, "its header does not end");
    }
    return seen == (1u << N_ENTRIES) - 1 ? EFFNN_OK : malformed(self, "its header lacks a key");
}

static effnn_status read_header(npy_header *self, const effnn__file *file)
{
    const unsigned char *data = file->data;

    if (file->size < 10 || memcmp(data, magic, sizeof magic) != 0)
        return malformed(self, "no NumPy array");
    if (data[6] < 1 || data[6] > 3)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "npy file '%s': format version %d.%d", self->path,
                           data[6], data[7]);

    const size_t start = data[6] == 1 ? 10 : 12;
    size_t length = (size_t)data[8] | (size_t)data[9] << 8;

    if (file->size < start) return malformed(self, "truncated in its header");
    if (data[6] != 1) length |= (size_t)data[10] << 16 | (size_t)data[11] << 24;
    if (length > file->size - start) return malformed(self, "truncated in its header");
    self->offset = start + length;

    const char *text = (const char *)data + start;

    return read_dict(self, (cursor){ .at = text, .end = text + length });
}

/* Bytes that the elements take; E_FORMAT if the file has fewer. */
static effnn_status check_size(size_t *out, const npy_header *self, const effnn__file *file)
{
    const size_t have = file->size - self->offset;
    size_t count, need;

    if (effnn__shape_count(&count, self->shape.rank, self->shape.dims) != EFFNN_OK ||
        !effnn__dtype_bytes(self->dtype, count, &need))
        return malformed(self, "its shape has too many elements");
    if (need > have)
        return effnn__fail(EFFNN_E_FORMAT, "npy file '%s': truncated: %zu bytes of elements of %zu",
                           self->path, have, need);
    *out = need;
    return EFFNN_OK;
}

static void swap_bytes(unsigned char *data, size_t bytes, size_t size)
{
    for (size_t at = 0; at < bytes; at += size)
        for (size_t i = 0; i < size / 2; i++) {
            const unsigned char byte = data[at + i];

            data[at + i] = data[at + size - 1 - i];
            data[at + size - 1 - i] = byte;
        }
}

/* Row-major from column-major: a tensor of the reversed shape, seen with its axes reversed. */
static effnn_status reverse_axes(effnn_tensor **out, effnn_tensor *stored)
{
    size_t axes[EFFNN_MAX_RANK] = { 0 };
    effnn_tensor *view = NULL;
    effnn_status status;

    for (size_t i = 0; i < stored->rank; i++) axes[i] = stored->rank - 1 - i;
    EFFNN_TRY(effnn_tensor_view_permute(&view, stored, axes));
    status = effnn_tensor_copy(out, view);
    effnn_tensor_release(view);
    return status;
}

static effnn_status read_elements(effnn_tensor **out, effnn_context *context,
                                  const npy_header *header, const effnn__file *file)
{
    effnn__shape shape = header->shape;
    effnn_tensor *stored = NULL;
    effnn_status status = EFFNN_OK;
    size_t bytes = 0;

    EFFNN_TRY(check_size(&bytes, header, file));
    for (size_t i = 0; i < shape.rank && header->fortran; i++)
        shape.dims[i] = header->shape.dims[shape.rank - 1 - i];
    EFFNN_TRY(effnn__tensor_create_unset(&stored, context, header->dtype, shape.rank, shape.dims));
    unsigned char *data = effnn__tensor_data(stored);
    memcpy(data, file->data + header->offset, bytes);
    if (header->swapped) swap_bytes(data, bytes, effnn__element_size(header->dtype));
    for (size_t i = 0; i < bytes && header->dtype == EFFNN_BOOL; i++) data[i] = data[i] != 0;
    if (!header->fortran || shape.rank < 2) {
        *out = stored;
        return EFFNN_OK;
    }
    status = reverse_axes(out, stored);
    effnn_tensor_release(stored);
    return status;
}

effnn_status effnn_tensor_read_npy(effnn_tensor **out, effnn_context *context, const char *path)
{
    npy_header header = { .path = path };
    effnn__file file = { 0 };
    effnn_status status;

    EFFNN_CHECK_ARG(out && path);
    EFFNN_TRY(effnn__file_open(&file, path));
    status = read_header(&header, &file);
    if (status == EFFNN_OK) status = read_elements(out, context, &header, &file);
    effnn__file_close(&file);
    return status;
}

/* Magic number, version 1.0, length and dict, padded to the alignment; returns its size. */
static size_t make_header(char *out, size_t size, char kind, char width, const effnn_tensor *self)
{
    const size_t start = 10;
    size_t n = start;

    n += (size_t)snprintf(out + n, size - n,
                          "{'descr': '%c%c%c', 'fortran_order': False, 'shape': (",
                          width == '1' ? '|' : NATIVE_ORDER, kind, width);
    for (size_t i = 0; i < self->rank; i++)
        n += (size_t)snprintf(out + n, size - n, "%s%lld%s", i ? ", " : "",
                              (long long)self->dims[i], self->rank == 1 ? "," : "");
    n += (size_t)snprintf(out + n, size - n, "), }");
    while ((n + 1) % HEADER_ALIGNMENT) out[n++] = ' ';
    out[n++] = '\n';
    memcpy(out, magic, sizeof magic);
    out[6] = 1;
    out[7] = 0;
    out[8] = (char)((n - start) & 0xff);
    out[9] = (char)((n - start) >> 8);
    return n;
}

static effnn_status write_file(const char *path, const char *header, size_t n,
                               const effnn_tensor *elements)
{
    effnn__writer *writer = NULL;
    effnn_status status;

    EFFNN_TRY(effnn__writer_create(&writer, path));
    status = effnn__writer_add(writer, header, n);
    if (status == EFFNN_OK)
        status = effnn__writer_add(writer, elements->data, effnn_tensor_bytes(elements));
    if (status == EFFNN_OK) return effnn__writer_commit(writer);
    effnn__writer_abandon(writer);
    return status;
}

effnn_status effnn_tensor_write_npy(const effnn_tensor *self, const char *path)
{
    char header[512]; /* eight sizes of 19 digits and 80 characters around them */
    effnn_tensor *elements = NULL;
    effnn_status status;
    size_t i = 0;

    EFFNN_CHECK_ARG(self && path);
    while (i < N_DTYPE_MAP && dtype_map[i].dtype != self->dtype) i++;
    if (i == N_DTYPE_MAP)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "npy file '%s': NumPy has no type for %s", path,
                           effnn_dtype_name(self->dtype));
    EFFNN_TRY(effnn__tensor_contiguous(&elements, self));
    const size_t n = make_header(header, sizeof header, dtype_map[i].kind, dtype_map[i].size, self);
    status = write_file(path, header, n, elements);
    effnn_tensor_release(elements);
    return status;
}
