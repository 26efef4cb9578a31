/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_IO_DATASET_FILES_H
#define EFFNN_IO_DATASET_FILES_H

/* Dataset readers over files: one kind a file, one row in the table (dataset_files.c). Files stay
 * mapped; samples are made when read. */

#include "base/option.h"
#include "io/dataset_pixels.h"
#include "model/dataset.h"

#include <stdbool.h>

/* What a URI says after its path, parsed by api/dataset_uri.c; NULL or 0 where it says nothing. */
typedef struct effnn__dataset_spec {
    size_t n_paths;
    const char *const *paths; /* split at '+' */
    const char *split;        /* "train" or "test" */
    size_t rank;
    int64_t shape[EFFNN_MAX_RANK]; /* of one sample */
    const char *label;             /* "first", "last" or "none" (records) */
    size_t n_mean, n_std;
    const double *mean, *std; /* per channel, after division by scale */
    double scale;             /* 0: the kind's default */
    uint64_t count;           /* of random samples */
    const effnn_model *model; /* shapes of random samples, inputs of texts; may be NULL */
    const void *options;      /* the kind's own */
} effnn__dataset_spec;

typedef struct effnn__dataset_kind {
    const char *name;                /* "cifar10" */
    const char *summary;             /* one line for docs */
    bool pixels;                     /* takes mean, std and scale */
    const effnn_option_def *options; /* keys of its own; NULL: none */
    size_t options_size;
    effnn_status (*open)(effnn_dataset **out, effnn_context *context,
                         const effnn__dataset_spec *spec);
} effnn__dataset_kind;

const effnn__dataset_kind *effnn__dataset_kind_at(size_t index); /* NULL past the last */

/* Scale, mean and std of a URI; the usual scale of bytes where it gives none. */
effnn__pixel_scale effnn__dataset_scale(const effnn__dataset_spec *spec);

/* Fixed-size records of a label byte and a byte image [channels, …], over one or more files; what
 * cifar10 and records both are. Pixels become (byte / scale - mean) / std in f32. */
typedef struct effnn__records_layout {
    size_t n_paths;
    const char *const *paths;
    size_t rank;
    int64_t shape[EFFNN_MAX_RANK];
    bool has_label, label_last;
    effnn__pixel_scale scale;
} effnn__records_layout;
effnn_status effnn__records_open(effnn_dataset **out, effnn_context *context,
                                 const effnn__records_layout *layout);
#endif
