/* SPDX-License-Identifier: BSD-3-Clause */
/* Values of one dimension, and the place of each: its index in the flattened tensor, or one index
 * for each dimension. ONNX wants places in order without repetition; that is checked, for a file
 * that breaks it may mean anything. A few bytes can stand for a tensor of any size, so what all of
 * a file's sparse tensors take is bounded. */

#include "io/onnx/onnx_sparse.h"

#include "io/onnx/onnx_list.h"
#include "io/onnx/onnx_tensor.h"
#include "tensor/dtype.h"

#include <string.h>

enum { SPARSE_VALUES = 1, SPARSE_INDICES = 2, SPARSE_DIMS = 3 };

/* What dense tensors may take beyond twice the file. */
#define FREE_BYTES ((size_t)32 << 20)

typedef struct sparse {
    const char *name;
    effnn_tensor *values, *indices;
    effnn__shape shape;
    size_t count; /* of the dense tensor */
} sparse;

static effnn_status malformed(const sparse *self, const char *what)
{
    return effnn__fail(EFFNN_E_FORMAT, "sparse tensor '%s': %s", self->name, what);
}

static effnn_status check_parts(const sparse *self)
{
    const size_t n = effnn_tensor_count(self->values), rank = effnn_tensor_rank(self->indices);
    const int64_t *dims = effnn_tensor_dims(self->indices);

    if (effnn_tensor_rank(self->values) != 1) return malformed(self, "values are not of rank 1");
    if (effnn_tensor_dtype(self->indices) != EFFNN_I64)
        return malformed(self, "indices are not INT64");
    if (effnn_dtype_bits(effnn_tensor_dtype(self->values)) < 8)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "sparse tensor '%s': elements of %s", self->name,
                           effnn_dtype_name(effnn_tensor_dtype(self->values)));
    if ((rank != 1 && rank != 2) || dims[0] != (int64_t)n ||
        (rank == 2 && dims[1] != (int64_t)self->shape.rank))
        return effnn__fail(EFFNN_E_FORMAT,
                           "sparse tensor '%s': indices do not fit %zu values of rank %zu",
                           self->name, n, self->shape.rank);
    return EFFNN_OK;
}

/* Count the dense tensor and see that there is room for it. */
static effnn_status take_room(sparse *self, effnn__onnx_input *input)
{
    effnn__onnx_input *root = input->root;
    const effnn_dtype dtype = effnn_tensor_dtype(self->values);
    char text[EFFNN__SHAPE_TEXT];
    size_t bytes;

    effnn__shape_print(text, sizeof text, self->shape.rank, self->shape.dims);
    if (effnn__shape_count(&self->count, self->shape.rank, self->shape.dims) != EFFNN_OK ||
        !effnn__dtype_bytes(dtype, self->count, &bytes))
        return effnn__fail(EFFNN_E_FORMAT, "sparse tensor '%s': no tensor can have shape %s",
                           self->name, text);
    if (bytes > 2 * root->file->size + FREE_BYTES - root->sparse_bytes)
        return effnn__fail(
            EFFNN_E_UNSUPPORTED,
            "sparse tensor '%s': dense, it would take %zu bytes, with %zu of others, "
            "which is too much for a file of %zu",
            self->name, bytes, root->sparse_bytes, root->file->size);
    root->sparse_bytes += bytes;
    return EFFNN_OK;
}

/* Place of value i in the flattened tensor; false if it has none. */
static bool find_place(size_t *out, const sparse *self, size_t i)
{
    const int64_t *indices = effnn_tensor_data(self->indices);
    size_t place = 0;

    if (effnn_tensor_rank(self->indices) == 1) {
        *out = (size_t)indices[i];
        return indices[i] >= 0 && *out < self->count;
    }
    for (size_t d = 0; d < self->shape.rank; d++) {
        const int64_t index = indices[i * self->shape.rank + d], size = self->shape.dims[d];

        if (index < 0 || index >= size) return false;
        place = place * (size_t)size + (size_t)index;
    }
    *out = place;
    return true;
}

static effnn_status scatter(unsigned char *to, const sparse *self)
{
    const size_t unit = effnn_dtype_bits(effnn_tensor_dtype(self->values)) / 8;
    const unsigned char *values = effnn_tensor_data(self->values);
    size_t previous = 0;

    for (size_t i = 0; i < effnn_tensor_count(self->values); i++) {
        size_t place = 0;

        if (!find_place(&place, self, i))
            return effnn__fail(EFFNN_E_FORMAT,
                               "sparse tensor '%s': the index of value %zu is outside", self->name,
                               i);
        if (i && place <= previous)
            return effnn__fail(EFFNN_E_FORMAT,
                               "sparse tensor '%s': the index of value %zu, %zu, comes after %zu",
                               self->name, i, place, previous);
        memcpy(to + place * unit, values + i * unit, unit);
        previous = place;
    }
    return EFFNN_OK;
}

/* Make the dense tensor; the parts are released in any case. */
static effnn_status expand(effnn_tensor **out, effnn__onnx_input *input, sparse *self)
{
    effnn_tensor *dense = NULL;
    effnn_status status = check_parts(self);

    if (status == EFFNN_OK) status = take_room(self, input);
    if (status == EFFNN_OK)
        status =
            effnn_tensor_create(&dense, input->model->context, effnn_tensor_dtype(self->values),
                                self->shape.rank, self->shape.dims);
    if (status == EFFNN_OK) status = scatter(effnn__tensor_data(dense), self);
    if (status == EFFNN_OK)
        *out = dense;
    else
        effnn_tensor_release(dense);
    effnn_tensor_release(self->values);
    effnn_tensor_release(self->indices);
    return status;
}

static effnn_status add_dim(sparse *self, int64_t size)
{
    if (self->shape.rank == EFFNN_MAX_RANK)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "sparse tensor '%s': more than %d dimensions",
                           self->name, EFFNN_MAX_RANK);
    self->shape.dims[self->shape.rank++] = size;
    return EFFNN_OK;
}

/* The last field of this number that is a message. */
static bool find_part(effnn__wire_field *out, const effnn__wire_field *field, uint32_t number)
{
    effnn__wire wire = effnn__wire_over(field->data, field->size);
    effnn__wire_field part;
    bool found = false;

    while (effnn__wire_find(&wire, number, &part)) {
        *out = part;
        found = true;
    }
    return found;
}

bool effnn__onnx_sparse_values(effnn__wire_field *out, const effnn__wire_field *field)
{
    return find_part(out, field, SPARSE_VALUES);
}

effnn_status effnn__onnx_read_packed_sparse(effnn_tensor **out, effnn__onnx_input *self,
                                            const effnn__wire_field *field, const char *name)
{
    effnn__onnx_list dims = effnn__onnx_list_over(field, SPARSE_DIMS, PROTOBUF_C_WIRE_TYPE_VARINT);
    effnn__wire_field values, indices;
    sparse made = { .name = name };
    uint64_t size;
    effnn_status status;

    while (effnn__onnx_list_next(&dims, &size)) EFFNN_TRY(add_dim(&made, (int64_t)size));
    if (dims.bad || !find_part(&values, field, SPARSE_VALUES) ||
        !find_part(&indices, field, SPARSE_INDICES))
        return malformed(&made, "values, indices or dimensions are missing");
    EFFNN_TRY(effnn__onnx_read_packed_tensor(&made.values, self->model->context,
                                             &self->root->external, &values, name));
    status = effnn__onnx_read_packed_tensor(&made.indices, self->model->context,
                                            &self->root->external, &indices, name);
    if (status == EFFNN_OK) return expand(out, self, &made);
    effnn_tensor_release(made.values);
    return status;
}

effnn_status effnn__onnx_read_sparse(effnn_tensor **out, effnn__onnx_input *self,
                                     const Onnx__SparseTensorProto *proto, const char *name)
{
    sparse made = { .name = name };
    effnn_status status;

    for (size_t i = 0; i < proto->n_dims; i++) EFFNN_TRY(add_dim(&made, proto->dims[i]));
    if (!proto->values || !proto->indices) return malformed(&made, "values or indices are missing");
    EFFNN_TRY(effnn__onnx_read_tensor(&made.values, self->model->context, &self->root->external,
                                      proto->values, name));
    status = effnn__onnx_read_tensor(&made.indices, self->model->context, &self->root->external,
                                     proto->indices, name);
    if (status == EFFNN_OK) return expand(out, self, &made);
    effnn_tensor_release(made.values);
    return status;
}
