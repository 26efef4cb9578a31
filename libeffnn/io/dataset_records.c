/* SPDX-License-Identifier: BSD-3-Clause */
/* Fixed-size byte records: a label byte before or behind an image, or no label. The files stay
 * mapped; a batch is converted when it is read. */

#include "base/alloc.h"
#include "base/context.h"
#include "base/file.h"
#include "io/dataset_files.h"
#include "tensor/tensor.h"

#include <math.h>
#include <string.h>

#define LEVELS       256 /* of a byte */
#define MAX_CHANNELS 65536

typedef struct records {
    effnn_context *context;
    size_t n_files;
    effnn__file *files;
    uint64_t *first; /* [n_files + 1]: index of each file's first record */
    effnn__shape shape;
    effnn__pixels pixels;
    size_t record, label_at, image_at;
    bool has_label;
} records;

static void records_destroy(void *state)
{
    records *self = state;

    if (!self) return;
    for (size_t i = 0; self->files && i < self->n_files; i++) effnn__file_close(&self->files[i]);
    effnn__free(self->files);
    effnn__free(self->first);
    effnn__pixels_clear(&self->pixels);
    effnn__context_release(self->context);
    effnn__free(self);
}

static const unsigned char *record_at(const records *self, uint64_t index)
{
    size_t f = 0;

    while (index >= self->first[f + 1]) f++;
    return self->files[f].data + (size_t)(index - self->first[f]) * self->record;
}

static effnn_status records_read(void *state, uint64_t first, size_t n, effnn_batch *batch)
{
    const records *self = state;
    int64_t dims[EFFNN_MAX_RANK];
    const size_t image = self->pixels.channels * self->pixels.plane;
    float *pixels;
    int64_t *labels = NULL;

    dims[0] = (int64_t)n;
    memcpy(dims + 1, self->shape.dims, self->shape.rank * sizeof *dims);
    EFFNN_TRY(effnn_tensor_create(&batch->inputs[0], self->context, EFFNN_F32, self->shape.rank + 1,
                                  dims));
    if (self->has_label) {
        EFFNN_TRY(effnn_tensor_create(&batch->targets, self->context, EFFNN_I64, 1, dims));
        labels = effnn__tensor_data(batch->targets);
    }
    pixels = effnn__tensor_data(batch->inputs[0]);
    for (size_t i = 0; i < n; i++) {
        const unsigned char *record = record_at(self, first + i);

        if (labels) labels[i] = record[self->label_at];
        effnn__pixels_convert(&self->pixels, pixels + i * image, record + self->image_at);
    }
    return EFFNN_OK;
}

static const effnn__dataset_ops ops = { .read = records_read, .destroy = records_destroy };

static effnn_status open_files(records *self, const effnn__records_layout *layout)
{
    self->files = effnn__alloc_array(layout->n_paths, sizeof *self->files);
    self->first = effnn__alloc_array(layout->n_paths + 1, sizeof *self->first);
    if (!self->files || !self->first) return effnn__fail_nomem("dataset", layout->n_paths);
    for (; self->n_files < layout->n_paths; self->n_files++) {
        const char *path = layout->paths[self->n_files];
        effnn__file *file = &self->files[self->n_files];

        EFFNN_TRY(effnn__file_open(file, path));
        self->first[self->n_files + 1] = self->first[self->n_files] + file->size / self->record;
        if (file->size % self->record != 0 || file->size == 0) {
            const size_t size = file->size;

            effnn__file_close(file);
            return effnn__fail(EFFNN_E_FORMAT, "'%s': %zu bytes are not whole records of %zu", path,
                               size, self->record);
        }
    }
    return EFFNN_OK;
}

effnn_status effnn__records_open(effnn_dataset **out, effnn_context *context,
                                 const effnn__records_layout *layout)
{
    records *self = effnn__zalloc(sizeof *self);
    size_t image = 0;
    effnn_status status;

    if (!self) return effnn__fail_nomem("dataset", sizeof *self);
    if (layout->rank == 0 || layout->rank >= EFFNN_MAX_RANK)
        status = effnn__fail(EFFNN_E_ARG, "records: shape has %zu dimensions, need 1 to %d",
                             layout->rank, EFFNN_MAX_RANK - 1);
    else
        status = effnn__shape_count(&image, layout->rank, layout->shape);
    if (status == EFFNN_OK && image == 0)
        status = effnn__fail(EFFNN_E_SHAPE, "records: the shape has no elements");
    if (status == EFFNN_OK)
        status = effnn__pixels_init(&self->pixels, "records", (size_t)layout->shape[0],
                                    image / (size_t)layout->shape[0], &layout->scale);
    if (status != EFFNN_OK) goto fail;
    self->context = effnn__context_retain(context);
    self->shape.rank = layout->rank;
    memcpy(self->shape.dims, layout->shape, layout->rank * sizeof *layout->shape);
    self->has_label = layout->has_label;
    self->record = image + (layout->has_label ? 1 : 0);
    self->label_at = layout->label_last ? image : 0;
    self->image_at = layout->has_label && !layout->label_last ? 1 : 0;
    status = self->context ? open_files(self, layout) : EFFNN_E_NOMEM;
    if (status == EFFNN_OK)
        status = effnn__dataset_new(out, context, &ops, self, self->first[self->n_files], 1, NULL);
    if (status == EFFNN_OK) return EFFNN_OK;

fail:
    records_destroy(self);
    return status;
}

static effnn_status open_kind(effnn_dataset **out, effnn_context *context,
                              const effnn__dataset_spec *spec)
{
    const char *label = spec->label ? spec->label : "none";
    effnn__records_layout layout = {
        .n_paths = spec->n_paths,
        .paths = spec->paths,
        .rank = spec->rank,
        .has_label = strcmp(label, "none") != 0,
        .label_last = strcmp(label, "last") == 0,
        .scale = effnn__dataset_scale(spec),
    };

    if (spec->rank == 0) return effnn__fail(EFFNN_E_ARG, "records: needs shape=C/H/W");
    if (layout.has_label && !layout.label_last && strcmp(label, "first") != 0)
        return effnn__fail(EFFNN_E_ARG, "records: label '%s' is none of first, last, none", label);
    memcpy(layout.shape, spec->shape, spec->rank * sizeof *spec->shape);
    return effnn__records_open(out, context, &layout);
}

extern const effnn__dataset_kind effnn__dataset_kind_records;
const effnn__dataset_kind effnn__dataset_kind_records = {
    .name = "records",
    .summary = "raw byte records: records:FILE,shape=3/32/32,label=first|last|none",
    .pixels = true,
    .open = open_kind,
};
