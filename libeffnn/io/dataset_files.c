/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of dataset kinds: one row a kind, defined in the kind's own file. */

#include "io/dataset_files.h"

#define X(kind) extern const effnn__dataset_kind effnn__dataset_kind_##kind;
#include "dataset_kind_list.inc"
#undef X

static const effnn__dataset_kind *const table[] = {
#define X(kind) &effnn__dataset_kind_##kind,
#include "dataset_kind_list.inc"
#undef X
};

const effnn__dataset_kind *effnn__dataset_kind_at(size_t index)
{
    return index < sizeof table / sizeof table[0] ? table[index] : NULL;
}

effnn__pixel_scale effnn__dataset_scale(const effnn__dataset_spec *spec)
{
    return (effnn__pixel_scale){ .scale = spec->scale > 0.0 ? spec->scale : 255.0,
                                 .n_mean = spec->n_mean,
                                 .n_std = spec->n_std,
                                 .mean = spec->mean,
                                 .std = spec->std };
}
