/* SPDX-License-Identifier: BSD-3-Clause */
/* Fixed-size byte records: a label byte before or behind an image, or no label. The files stay
 * mapped; a batch is converted when it is read, by one table of 256 floats a channel. */

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
    size_t channels, plane; /* bytes of a record's image: channels · plane */
    size_t record, label_at, image_at;
    bool has_label;
    float *levels; /* [channels, LEVELS] */
} records;

static void records_destroy(void *state)
{
    records *self = state;

    if (!self) return;
    for (size_t i = 0; self->files && i < self->n_files; i++) effnn__file_close(&self->files[i]);
    effnn__free(self->files);
    effnn__free(self->first);
    effnn__free(self->levels);
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
    const size_t image = self->channels * self->plane;
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
        for (size_t c = 0; c < self->channels; c++) {
            const float *level = self->levels + c * LEVELS;
            const unsigned char *bytes = record + self->image_at + c * self->plane;
            float *out = pixels + i * image + c * self->plane;

            for (size_t k = 0; k < self->plane; k++) out[k] = level[bytes[k]];
        }
    }
    return EFFNN_OK;
}

static const effnn__dataset_ops ops = { .read = records_read, .destroy = records_destroy };

/* The value for channel c: one for all, or one each. */
static double pick(const double *values, size_t n, size_t c, double otherwise)
{
    return n == 0 ? otherwise : values[n == 1 ? 0 : c];
}

static effnn_status make_levels(records *self, const effnn__records_layout *layout)
{
    self->levels = effnn__alloc_array(self->channels * LEVELS, sizeof(float));
    if (!self->levels) return effnn__fail_nomem("dataset", self->channels * LEVELS * sizeof(float));
    for (size_t c = 0; c < self->channels; c++) {
        const float mean = (float)pick(layout->mean, layout->n_mean, c, 0.0);
        const float std = (float)pick(layout->std, layout->n_std, c, 1.0);
        const float scale = (float)layout->scale;

        for (size_t b = 0; b < LEVELS; b++)
            self->levels[c * LEVELS + b] = ((float)b / scale - mean) / std;
    }
    return EFFNN_OK;
}

static effnn_status check_layout(const effnn__records_layout *layout, size_t channels)
{
    if (layout->rank == 0 || layout->rank >= EFFNN_MAX_RANK)
        return effnn__fail(EFFNN_E_ARG, "records: shape has %zu dimensions, need 1 to %d",
                           layout->rank, EFFNN_MAX_RANK - 1);
    if (channels > MAX_CHANNELS)
        return effnn__fail(EFFNN_E_ARG, "records: %zu channels, at most %d are possible", channels,
                           MAX_CHANNELS);
    if ((layout->n_mean > 1 && layout->n_mean != channels) ||
        (layout->n_std > 1 && layout->n_std != channels))
        return effnn__fail(EFFNN_E_ARG, "records: %zu means and %zu stds for %zu channels",
                           layout->n_mean, layout->n_std, channels);
    if (!(layout->scale > 0.0))
        return effnn__fail(EFFNN_E_ARG, "records: scale %g is not positive", layout->scale);
    for (size_t i = 0; i < layout->n_std; i++)
        if (!(layout->std[i] > 0.0))
            return effnn__fail(EFFNN_E_ARG, "records: std %g is not positive", layout->std[i]);
    return EFFNN_OK;
}

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
    size_t image;
    effnn_status status;

    if (!self) return effnn__fail_nomem("dataset", sizeof *self);
    status = effnn__shape_count(&image, layout->rank, layout->shape);
    if (status == EFFNN_OK && image == 0)
        status = effnn__fail(EFFNN_E_SHAPE, "records: the shape has no elements");
    if (status == EFFNN_OK) status = check_layout(layout, (size_t)layout->shape[0]);
    if (status != EFFNN_OK) goto fail;
    self->context = effnn__context_retain(context);
    self->shape.rank = layout->rank;
    memcpy(self->shape.dims, layout->shape, layout->rank * sizeof *layout->shape);
    self->channels = (size_t)layout->shape[0];
    self->plane = image / self->channels;
    self->has_label = layout->has_label;
    self->record = image + (layout->has_label ? 1 : 0);
    self->label_at = layout->label_last ? image : 0;
    self->image_at = layout->has_label && !layout->label_last ? 1 : 0;
    status = self->context ? make_levels(self, layout) : EFFNN_E_NOMEM;
    if (status == EFFNN_OK) status = open_files(self, layout);
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
        .scale = spec->scale > 0.0 ? spec->scale : 255.0,
        .n_mean = spec->n_mean,
        .n_std = spec->n_std,
        .mean = spec->mean,
        .std = spec->std,
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
    .open = open_kind,
};
