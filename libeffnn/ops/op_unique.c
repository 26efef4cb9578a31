/* SPDX-License-Identifier: BSD-3-Clause */
/* The different elements (or entries along an axis), in ascending or in first-come order. Further
 * outputs: where each is first met, which of them every element is, how often each occurs. Entries
 * compare like words, element by element; all NaNs are one.
 *
 * Sorting the entries' indices puts equal ones next to each other, the first met first. */

#include "ops/op_move.h"
#include "ops/op_order.h"

#include <string.h>

typedef struct unique_attrs {
    int64_t axis;
    bool sorted;
} unique_attrs;

#define ALL_ELEMENTS EFFNN_MAX_RANK

#define FIELD(f) offsetof(unique_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "axis", "axis of the entries; negative: from the end; the default takes single elements",
      EFFNN_OPT_I64, FIELD(axis), .value = ALL_ELEMENTS },
    { "sorted", "ascending, else as they first come", EFFNN_OPT_BOOL, FIELD(sorted), .value = 1 },
    EFFNN_OPTIONS_END,
};

static effnn_status infer(effnn_op_infer *call)
{
    const unique_attrs *attrs = call->attrs;
    const effnn__value_info *in = call->inputs[0];
    const bool all = attrs->axis == ALL_ELEMENTS;
    effnn__sym n_unique, n_all = { 0 };
    size_t axis = 0;

    EFFNN_TRY(effnn__infer_dtype(call, 0, EFFNN__UNPACKED));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, 1));
    for (size_t i = 1; i < call->n_outputs; i++) {
        call->outputs[i].has_dtype = true;
        call->outputs[i].dtype = EFFNN_I64;
    }
    if (!in->has_shape) return EFFNN_OK;
    EFFNN_TRY(effnn__symbols_fresh(&n_unique, call->symbols));
    if (all) {
        EFFNN_TRY(effnn__infer_count(&n_all, call, in, 0, in->rank));
        effnn__info_set_shape(&call->outputs[0], 1, &n_unique);
    } else {
        EFFNN_TRY(effnn__infer_axis(&axis, call, attrs->axis, in->rank));
        n_all = in->dims[axis];
        effnn__info_set_shape(&call->outputs[0], in->rank, in->dims);
        call->outputs[0].dims[axis] = n_unique;
    }
    for (size_t i = 1; i < call->n_outputs; i++)
        effnn__info_set_shape(&call->outputs[i], 1, i == 2 ? &n_all : &n_unique);
    return EFFNN_OK;
}

/* The entries, and what is found of them; arrays of shape.axis elements in the scratch. */
typedef struct entries {
    const effnn__dtype_row *row;
    const void *x;
    effnn__axis shape;
    size_t n_unique;
    int64_t *order;  /* entries sorted */
    int64_t *group;  /* of each entry: which of the unique ones it is */
    int64_t *first;  /* of each unique one: the entry where it is first met */
    int64_t *counts; /* of each unique one */
} entries;

static effnn__axis shape_of(const effnn_op_call *call)
{
    const unique_attrs *attrs = call->attrs;
    const effnn_tensor *x = call->inputs[0];

    if (attrs->axis == ALL_ELEMENTS)
        return (effnn__axis){ .outer = 1, .axis = effnn_tensor_count(x), .inner = 1 };
    return effnn__split_at(x, effnn__resolve_axis(attrs->axis, effnn_tensor_rank(x)));
}

static int compare(const entries *self, int64_t a, int64_t b)
{
    const effnn__axis *s = &self->shape;

    for (size_t outer = 0; outer < s->outer; outer++)
        for (size_t inner = 0; inner < s->inner; inner++) {
            const size_t base = outer * s->axis * s->inner + inner;
            const int order = effnn__compare_elements(
                self->row, self->x, base + (size_t)a * s->inner, base + (size_t)b * s->inner);

            if (order != 0) return order;
        }
    return 0;
}

static bool before(const void *user, int64_t a, int64_t b)
{
    const int order = compare(user, a, b);

    return order < 0 || (order == 0 && a < b);
}

/* Number the groups in the order in which they are first met. */
static void number_as_met(entries *self)
{
    size_t n = 0;

    /* `order` is free by now: the new number of each old group. */
    for (size_t i = 0; i < self->shape.axis; i++)
        if (self->first[self->group[i]] == (int64_t)i) self->order[self->group[i]] = (int64_t)n++;
    for (size_t i = 0; i < self->shape.axis; i++) self->group[i] = self->order[self->group[i]];
    for (size_t i = self->shape.axis; i-- > 0;) self->first[self->group[i]] = (int64_t)i;
}

static void find_groups(entries *self, bool sorted)
{
    const size_t n = self->shape.axis;

    for (size_t i = 0; i < n; i++) self->order[i] = (int64_t)i;
    effnn__sort(self->order, n, before, self);
    self->n_unique = 0;
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || compare(self, self->order[i - 1], self->order[i]) != 0)
            self->first[self->n_unique++] = self->order[i];
        self->group[self->order[i]] = (int64_t)self->n_unique - 1;
    }
    if (!sorted) number_as_met(self);
    for (size_t i = 0; i < self->n_unique; i++) self->counts[i] = 0;
    for (size_t i = 0; i < n; i++) self->counts[self->group[i]]++;
}

static size_t scratch(const effnn_op_call *call, effnn_op_phase phase)
{
    (void)phase;
    return 4 * shape_of(call).axis * sizeof(int64_t);
}

static effnn_status make_values(const effnn_op_call *call, const entries *self, effnn_tensor **out)
{
    const unique_attrs *attrs = call->attrs;
    const effnn_tensor *x = call->inputs[0];
    const bool all = attrs->axis == ALL_ELEMENTS;
    const size_t rank = all ? 1 : effnn_tensor_rank(x);
    const size_t axis = all ? 0 : effnn__resolve_axis(attrs->axis, rank);
    const size_t row = self->shape.inner * effnn__element_size(x);
    int64_t dims[EFFNN_MAX_RANK];

    for (size_t i = 0; i < rank; i++)
        dims[i] = i == axis ? (int64_t)self->n_unique : effnn_tensor_dims(x)[i];
    EFFNN_TRY(effnn_tensor_create(out, call->context, effnn_tensor_dtype(x), rank, dims));
    for (size_t i = 0; i < self->n_unique && effnn_tensor_count(*out) > 0; i++) {
        const effnn__blocks blocks = { .to = (char *)effnn__tensor_data(*out) + i * row,
                                       .from = (const char *)self->x + (size_t)self->first[i] * row,
                                       .n = self->shape.outer,
                                       .size = row,
                                       .to_stride = self->n_unique * row,
                                       .from_stride = self->shape.axis * row };

        EFFNN_TRY(effnn__copy_blocks(call->context, &blocks));
    }
    return EFFNN_OK;
}

static effnn_status forward_alloc(const effnn_op_call *call, effnn_tensor **outputs)
{
    const unique_attrs *attrs = call->attrs;
    const effnn_tensor *x = call->inputs[0];
    entries self = { .row = effnn__dtype_row_of(effnn_tensor_dtype(x)),
                     .x = effnn_tensor_data(x),
                     .shape = shape_of(call),
                     .order = call->scratch };
    const size_t n = self.shape.axis;

    if (n > 0) {
        self.group = self.order + n;
        self.first = self.group + n;
        self.counts = self.first + n;
        find_groups(&self, attrs->sorted);
    }
    const int64_t *const lists[] = { self.first, self.group, self.counts };
    EFFNN_TRY(make_values(call, &self, &outputs[0]));
    for (size_t i = 1; i < call->n_outputs; i++)
        EFFNN_TRY(effnn__tensor_from_i64(&outputs[i], call->context, i == 2 ? n : self.n_unique,
                                         lists[i - 1]));
    return EFFNN_OK;
}

static const effnn_onnx_row onnx[] = {
    { .name = "Unique", .since = 11 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32{2,1,1,3,4,3}" }, .n_outputs = 4 },
    { .inputs = { "i64{2,1,1,3,4,3}" }, .attrs = "sorted=0", .n_outputs = 4 },
    { .inputs = { "f64{1,0,0,1,0,0,2,3,4}[3,3]" }, .attrs = "axis=0", .n_outputs = 4 },
    { .inputs = { "u8{1,0,1,2,0,2}[2,3]" }, .attrs = "axis=-1,sorted=0", .n_outputs = 3 },
    { .inputs = { "bool[7]" } },
    { .inputs = { "f16[0]" }, .n_outputs = 4 },
    { .inputs = { "f32[2]" }, .attrs = "axis=1", .refused = "outside" },
    { .inputs = { "i4[4]" }, .refused = "i4" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_unique = {
    .name = "unique",
    .summary = "the different elements or entries",
    .attrs = attr_defs,
    .attrs_size = sizeof(unique_attrs),
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 1,
    .max_outputs = 4,
    .flags = EFFNN_OP_DYNAMIC_SHAPE,
    .infer = infer,
    .forward_alloc = forward_alloc,
    .scratch = scratch,
    .onnx = onnx,
    .samples = samples,
};
