/* SPDX-License-Identifier: BSD-3-Clause */
/* Images and labels from a pair of idx files, plain or gzip. Plain files stay mapped; others are
 * inflated when they are opened. */

#include "base/alloc.h"
#include "base/context.h"
#include "base/file.h"
#include "io/dataset_files.h"
#include "io/gzip.h"
#include "io/idx.h"
#include "tensor/tensor.h"

#include <string.h>

/* An open file: its bytes as they are or inflated, and what they hold. */
typedef struct source {
    effnn__file file;
    unsigned char *inflated;
    effnn__idx idx;
} source;

typedef struct idx_data {
    effnn_context *context;
    source images, labels;
    bool has_labels;
    effnn__shape shape; /* of a sample */
    effnn__pixels pixels;
} idx_data;

static void close_source(source *self)
{
    effnn__file_close(&self->file);
    effnn__free(self->inflated);
}

static void idx_destroy(void *state)
{
    idx_data *self = state;

    close_source(&self->images);
    close_source(&self->labels);
    effnn__pixels_clear(&self->pixels);
    effnn__context_release(self->context);
    effnn__free(self);
}

static effnn_status open_source(source *self, const char *path)
{
    const unsigned char *data;
    size_t size;

    EFFNN_TRY(effnn__file_open(&self->file, path));
    data = self->file.data;
    size = self->file.size;
    if (effnn__is_gzip(data, size)) {
        EFFNN_TRY(effnn__gzip_inflate(&self->inflated, &size, path, data, size));
        effnn__file_close(&self->file);
        self->file = (effnn__file){ 0 };
        data = self->inflated;
    }
    return effnn__idx_read(&self->idx, path, data, size);
}

static effnn_status idx_read(void *state, uint64_t first, size_t n, effnn_batch *batch)
{
    const idx_data *self = state;
    const size_t image = self->pixels.channels * self->pixels.plane;
    int64_t dims[EFFNN_MAX_RANK], *labels;
    float *pixels;

    dims[0] = (int64_t)n;
    memcpy(dims + 1, self->shape.dims, self->shape.rank * sizeof *dims);
    EFFNN_TRY(effnn_tensor_create(&batch->inputs[0], self->context, EFFNN_F32, self->shape.rank + 1,
                                  dims));
    pixels = effnn__tensor_data(batch->inputs[0]);
    for (size_t i = 0; i < n; i++)
        effnn__pixels_convert(&self->pixels, pixels + i * image,
                              self->images.idx.data + (size_t)(first + i) * image);
    if (!self->has_labels) return EFFNN_OK;
    EFFNN_TRY(effnn_tensor_create(&batch->targets, self->context, EFFNN_I64, 1, dims));
    labels = effnn__tensor_data(batch->targets);
    for (size_t i = 0; i < n; i++) labels[i] = effnn__idx_at(&self->labels.idx, (size_t)first + i);
    return EFFNN_OK;
}

static const effnn__dataset_ops ops = { .read = idx_read, .destroy = idx_destroy };

/* [H, W] becomes [1, H, W]; the URI's shape, of as many pixels, has the say. */
static effnn_status choose_shape(idx_data *self, const effnn__dataset_spec *spec)
{
    const effnn__idx *idx = &self->images.idx;
    effnn__shape *shape = &self->shape;
    size_t have, want;

    for (size_t d = 1; d < idx->rank; d++) shape->dims[shape->rank++] = idx->dims[d];
    EFFNN_TRY(effnn__shape_count(&have, shape->rank, shape->dims));
    if (shape->rank == 2) {
        shape->dims[2] = shape->dims[1];
        shape->dims[1] = shape->dims[0];
        shape->dims[0] = 1;
        shape->rank = 3;
    }
    if (spec->rank) {
        shape->rank = spec->rank;
        memcpy(shape->dims, spec->shape, spec->rank * sizeof *spec->shape);
        EFFNN_TRY(effnn__shape_count(&want, shape->rank, shape->dims));
        if (want != have)
            return effnn__fail(EFFNN_E_SHAPE, "idx: a shape of %zu pixels for images of %zu", want,
                               have);
    }
    if (have == 0 || shape->rank == 0)
        return effnn__fail(EFFNN_E_SHAPE, "idx: '%s' holds no images", spec->paths[0]);
    return EFFNN_OK;
}

static effnn_status fill(idx_data *self, const effnn__dataset_spec *spec)
{
    const effnn__pixel_scale scale = effnn__dataset_scale(spec);
    size_t image;

    EFFNN_TRY(open_source(&self->images, spec->paths[0]));
    if (self->images.idx.type != EFFNN__IDX_U8)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "'%s': pixels of idx type 0x%02X, not bytes",
                           spec->paths[0], (unsigned)self->images.idx.type);
    EFFNN_TRY(choose_shape(self, spec));
    EFFNN_TRY(effnn__shape_count(&image, self->shape.rank, self->shape.dims));
    EFFNN_TRY(effnn__pixels_init(&self->pixels, "idx", (size_t)self->shape.dims[0],
                                 image / (size_t)self->shape.dims[0], &scale));
    if (spec->n_paths < 2) return EFFNN_OK;
    self->has_labels = true;
    EFFNN_TRY(open_source(&self->labels, spec->paths[1]));
    if (self->labels.idx.rank != 1 || self->labels.idx.dims[0] != self->images.idx.dims[0])
        return effnn__fail(EFFNN_E_SHAPE, "'%s' has %lld labels in %zu dimensions for %lld images",
                           spec->paths[1], (long long)self->labels.idx.dims[0],
                           self->labels.idx.rank, (long long)self->images.idx.dims[0]);
    return EFFNN_OK;
}

static effnn_status open_idx(effnn_dataset **out, effnn_context *context,
                             const effnn__dataset_spec *spec)
{
    idx_data *self;
    effnn_status status = EFFNN_E_NOMEM;

    if (spec->n_paths == 0 || spec->n_paths > 2)
        return effnn__fail(EFFNN_E_ARG, "idx: need IMAGES or IMAGES+LABELS, got %zu parts",
                           spec->n_paths);
    self = effnn__zalloc(sizeof *self);
    if (!self) return effnn__fail_nomem("dataset", sizeof *self);
    self->context = effnn__context_retain(context);
    if (self->context) status = fill(self, spec);
    if (status == EFFNN_OK)
        status = effnn__dataset_new(out, context, &ops, self, (uint64_t)self->images.idx.dims[0], 1,
                                    NULL);
    if (status != EFFNN_OK) idx_destroy(self);
    return status;
}

extern const effnn__dataset_kind effnn__dataset_kind_idx;
const effnn__dataset_kind effnn__dataset_kind_idx = {
    .name = "idx",
    .summary = "MNIST's format, plain or gzip: idx:IMAGES[+LABELS]",
    .pixels = true,
    .open = open_idx,
};
