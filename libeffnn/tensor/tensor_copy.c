/* SPDX-License-Identifier: BSD-3-Clause */
/* Strided copies, and what is built on them: contiguous tensors and the write rule.
 *
 * A copy may visit elements in any order, so the dimensions are sorted by the target's strides and
 * merged where both sides allow it; what is left is mostly one or two dimensions. The last two are
 * copied as a plane: in whole lines where both sides run along them, else in square tiles, so that
 * a transpose reuses the cache lines that it reads. */

#include "tensor/tensor_priv.h"

#include <string.h>

/* Elements on a side of a tile: a 4-byte element's 16 fill a cache line. */
#define TILE 16

/* What is left to copy; strides in bytes. */
typedef struct copy_plan {
    size_t n;
    int64_t dims[EFFNN_MAX_RANK + 2], to[EFFNN_MAX_RANK + 2], from[EFFNN_MAX_RANK + 2];
} copy_plan;

/* The last two dimensions of a plan. */
typedef struct copy_plane {
    int64_t rows, row_to, row_from;
    int64_t columns, column_to, column_from;
} copy_plane;

static int64_t magnitude(int64_t stride)
{
    return stride < 0 ? -stride : stride;
}

/* Insert a dimension so that the target's strides fall. */
static void plan_add(copy_plan *plan, int64_t dim, int64_t to, int64_t from)
{
    size_t at = plan->n++;

    for (; at > 0 && magnitude(plan->to[at - 1]) < magnitude(to); at--) {
        plan->dims[at] = plan->dims[at - 1];
        plan->to[at] = plan->to[at - 1];
        plan->from[at] = plan->from[at - 1];
    }
    plan->dims[at] = dim;
    plan->to[at] = to;
    plan->from[at] = from;
}

/* Merge neighbours that both sides walk as one dimension. */
static void plan_merge(copy_plan *plan)
{
    size_t last = 0;

    for (size_t i = 1; i < plan->n; i++) {
        const int64_t dim = plan->dims[i];

        if (plan->to[last] == dim * plan->to[i] && plan->from[last] == dim * plan->from[i])
            plan->dims[last] *= dim;
        else
            plan->dims[++last] = dim;
        plan->to[last] = plan->to[i];
        plan->from[last] = plan->from[i];
    }
    plan->n = plan->n ? last + 1 : 0;
}

static void plan_swap(copy_plan *plan, size_t i, size_t j)
{
    const int64_t dim = plan->dims[i], to = plan->to[i], from = plan->from[i];

    plan->dims[i] = plan->dims[j];
    plan->to[i] = plan->to[j];
    plan->from[i] = plan->from[j];
    plan->dims[j] = dim;
    plan->to[j] = to;
    plan->from[j] = from;
}

/* Move the dimension along which the source lies densest next to the last. */
static void plan_pair(copy_plan *plan)
{
    const size_t last = plan->n - 1;
    size_t best = last;

    for (size_t i = 0; i < last; i++)
        if (magnitude(plan->from[i]) < magnitude(plan->from[best])) best = i;
    if (best != last) plan_swap(plan, best, last - 1);
}

static void plan_make(copy_plan *plan, const int64_t *to_strides, const int64_t *from_strides,
                      const effnn__shape *shape, size_t size)
{
    plan->n = 0;
    for (size_t i = 0; i < shape->rank; i++)
        if (shape->dims[i] != 1)
            plan_add(plan, shape->dims[i], to_strides[i] * (int64_t)size,
                     from_strides[i] * (int64_t)size);
    plan_merge(plan);
    while (plan->n < 2) plan_add(plan, 1, PTRDIFF_MAX, PTRDIFF_MAX); /* in front */
    plan_pair(plan);
}

/* One tile or line, element by element; `size` is a constant at each call, so that the compiler
 * makes loads and stores of the memcpy. */
static inline void copy_elements(const copy_plane *plane, char *to, const char *from, size_t size)
{
    for (int64_t i = 0; i < plane->rows; i++) {
        char *row_to = to + i * plane->row_to;
        const char *row_from = from + i * plane->row_from;

        for (int64_t j = 0; j < plane->columns; j++)
            memcpy(row_to + j * plane->column_to, row_from + j * plane->column_from, size);
    }
}

static void copy_tile(const copy_plane *plane, char *to, const char *from, size_t size)
{
    switch (size) {
    case 1: copy_elements(plane, to, from, 1); break;
    case 2: copy_elements(plane, to, from, 2); break;
    case 4: copy_elements(plane, to, from, 4); break;
    default: copy_elements(plane, to, from, 8); break;
    }
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void copy_tiles(const copy_plane *plane, char *to, const char *from, size_t size)
{
    copy_plane tile = *plane;

    for (int64_t i = 0; i < plane->rows; i += TILE) {
        tile.rows = least(TILE, plane->rows - i);
        for (int64_t j = 0; j < plane->columns; j += TILE) {
            tile.columns = least(TILE, plane->columns - j);
            copy_tile(&tile, to + i * plane->row_to + j * plane->column_to,
                      from + i * plane->row_from + j * plane->column_from, size);
        }
    }
}

static void copy_plane_of(const copy_plane *plane, char *to, const char *from, size_t size)
{
    const int64_t step = (int64_t)size;

    if (plane->column_to == step && plane->column_from == step)
        for (int64_t i = 0; i < plane->rows; i++)
            memcpy(to + i * plane->row_to, from + i * plane->row_from,
                   (size_t)plane->columns * size);
    else if (magnitude(plane->row_from) < magnitude(plane->column_from))
        copy_tiles(plane, to, from, size);
    else
        copy_tile(plane, to, from, size);
}

void effnn__strided_copy(void *to, const int64_t *to_strides, const void *from,
                         const int64_t *from_strides, const effnn__shape *shape, size_t size)
{
    int64_t index[EFFNN_MAX_RANK + 2] = { 0 };
    char *target = to;
    const char *source = from;
    copy_plan plan;

    for (size_t i = 0; i < shape->rank; i++)
        if (shape->dims[i] == 0) return;
    plan_make(&plan, to_strides, from_strides, shape, size);
    const size_t r = plan.n - 2, c = plan.n - 1;
    const copy_plane plane = { .rows = plan.dims[r],
                               .row_to = plan.to[r],
                               .row_from = plan.from[r],
                               .columns = plan.dims[c],
                               .column_to = plan.to[c],
                               .column_from = plan.from[c] };

    for (;;) {
        size_t axis = r;

        copy_plane_of(&plane, target, source, size);
        while (axis > 0 && ++index[axis - 1] == plan.dims[axis - 1]) {
            axis--;
            target -= (plan.dims[axis] - 1) * plan.to[axis];
            source -= (plan.dims[axis] - 1) * plan.from[axis];
            index[axis] = 0;
        }
        if (axis == 0) return;
        target += plan.to[axis - 1];
        source += plan.from[axis - 1];
    }
}

void effnn__tensor_copy_out(void *to, const effnn_tensor *from)
{
    const effnn__shape shape = effnn__tensor_shape(from);
    int64_t strides[EFFNN_MAX_RANK];

    if (from->contiguous) {
        if (from->count) memcpy(to, from->data, effnn_tensor_bytes(from));
        return;
    }
    effnn__shape_strides(strides, from->rank, from->dims);
    effnn__strided_copy(to, strides, from->data, from->strides, &shape,
                        effnn__element_size(from->dtype));
}

effnn_status effnn_tensor_copy(effnn_tensor **out, const effnn_tensor *self)
{
    effnn_tensor *copy = NULL;

    EFFNN_CHECK_ARG(out && self);
    EFFNN_TRY(effnn__tensor_create_unset(&copy, effnn__tensor_context(self), self->dtype,
                                         self->rank, self->dims));
    effnn__tensor_copy_out(copy->data, self);
    *out = copy;
    return EFFNN_OK;
}

effnn_status effnn__tensor_contiguous(effnn_tensor **out, const effnn_tensor *self)
{
    return self->contiguous ? effnn__tensor_share(out, self) : effnn_tensor_copy(out, self);
}

/* True unless the strides prove that no two elements lie at one place: each dimension, from the
 * densest on, must step over all that the denser ones span. */
static bool may_overlap(const effnn_tensor *self)
{
    copy_plan plan = { .n = 0 };
    int64_t span = 0;

    for (size_t i = 0; i < self->rank; i++)
        if (self->dims[i] != 1) plan_add(&plan, self->dims[i], self->strides[i], 0);
    for (size_t i = plan.n; i-- > 0;) {
        if (magnitude(plan.to[i]) <= span) return true;
        span += (plan.dims[i] - 1) * magnitude(plan.to[i]);
    }
    return false;
}

static bool is_writable(const effnn_tensor *self)
{
    if (self->storage && !effnn__storage_is_writable(self->storage)) return false;
    return self->contiguous || !may_overlap(self);
}

/* Give `self` unset storage of its own; the old elements go to *old, to be released. */
static effnn_status renew_storage(effnn_tensor **old, effnn_tensor *self)
{
    effnn__storage *storage = NULL;

    EFFNN_TRY(effnn__tensor_share(old, self));
    const effnn_status status =
        effnn__storage_create(&storage, effnn__tensor_context(self), effnn_tensor_bytes(self));
    if (status != EFFNN_OK) {
        effnn_tensor_release(*old);
        return status;
    }
    effnn__storage_release(self->storage);
    self->storage = storage;
    self->data = effnn__storage_data(storage);
    effnn__shape_strides(self->strides, self->rank, self->dims);
    self->contiguous = true;
    return EFFNN_OK;
}

effnn_status effnn__tensor_make_unique(effnn_tensor *self)
{
    effnn_tensor *old = NULL;

    if (is_writable(self)) return EFFNN_OK;
    EFFNN_TRY(renew_storage(&old, self));
    effnn__tensor_copy_out(self->data, old);
    effnn_tensor_release(old);
    return EFFNN_OK;
}

effnn_status effnn_tensor_data_mut(void **out, effnn_tensor *self)
{
    EFFNN_CHECK_ARG(out && self);
    EFFNN_TRY(effnn__tensor_make_unique(self));
    *out = self->data;
    return EFFNN_OK;
}

effnn_status effnn__tensor_copy_into(effnn_tensor *to, const effnn_tensor *from)
{
    const effnn__shape shape = effnn__tensor_shape(to), other = effnn__tensor_shape(from);
    char to_text[EFFNN__SHAPE_TEXT], from_text[EFFNN__SHAPE_TEXT];
    effnn_tensor *old = NULL;

    if (to->dtype != from->dtype)
        return effnn__fail(EFFNN_E_ARG, "copy of %s into %s", effnn_dtype_name(from->dtype),
                           effnn_dtype_name(to->dtype));
    if (!effnn__shape_equal(&shape, &other))
        return effnn__fail(EFFNN_E_SHAPE, "copy of shape %s into %s",
                           effnn__shape_print(from_text, sizeof from_text, from->rank, from->dims),
                           effnn__shape_print(to_text, sizeof to_text, to->rank, to->dims));
    if (to == from) return EFFNN_OK;
    if (!is_writable(to)) {
        EFFNN_TRY(renew_storage(&old, to)); /* all elements are written: no need to copy them */
        effnn_tensor_release(old);
    }
    if (to->contiguous)
        effnn__tensor_copy_out(to->data, from);
    else
        effnn__strided_copy(to->data, to->strides, from->data, from->strides, &shape,
                            effnn__element_size(to->dtype));
    return EFFNN_OK;
}
