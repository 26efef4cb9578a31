/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_TRANSFORM_TRANSFORM_PRIV_H
#define EFFNN_TRANSFORM_TRANSFORM_PRIV_H

/* The handle's body, for transform.c and lifecycle.c. */

#include "transform/transform_def.h"

/* Where a transform is in its life; only lifecycle.c changes it. */
typedef enum effnn__transform_state {
    EFFNN__TRANSFORM_CREATED,
    EFFNN__TRANSFORM_APPLIED,
    EFFNN__TRANSFORM_FITTED,
    EFFNN__TRANSFORM_STEPPED,
    EFFNN__TRANSFORM_FOLDED
} effnn__transform_state;

struct effnn_transform {
    effnn_context *context; /* a share */
    const effnn_transform_def *def;
    void *options; /* def->options_size bytes */
    effnn__transform_state state;
    char *lent; /* what effnn_transform_get() gave last */
};

/* E_STATE unless the transform is as it was created; `what` the caller wants to do. */
effnn_status effnn__transform_need_created(const effnn_transform *self, const char *what);
#endif
