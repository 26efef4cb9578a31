/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading and writing rows: the one-to-one rule between ONNX attributes and option tables, and the
 * conveniences that the operators' own `read` and `write` functions are made of. */

#include "ops/onnx_row.h"

#include "base/alloc.h"
#include "base/option.h"
#include "ops/op.h"
#include "tensor/tensor.h"

#include <string.h>

/* ONNX's TensorProto.DataType for each dtype, in the order of effnn_dtype. */
static const int64_t onnx_types[] = { 1, 11, 10, 16, 3, 5, 6, 7, 2, 4, 12, 13, 9, 22, 21 };
#define N_TYPES (sizeof onnx_types / sizeof onnx_types[0])

int effnn__dtype_from_onnx(int64_t type)
{
    for (size_t i = 0; i < N_TYPES; i++)
        if (onnx_types[i] == type) return (int)i;
    return -1;
}

int64_t effnn__dtype_to_onnx(effnn_dtype dtype)
{
    return onnx_types[dtype];
}

/* ---- reading ---- */

static const effnn_op_def *reader_def(const effnn_onnx_reader *reader)
{
    return reader->op_def;
}

effnn_status effnn__onnx_read_fail(const effnn_onnx_reader *reader, effnn_status status,
                                   const char *what)
{
    return effnn__fail(status, "%s '%s' at opset %lld: %s", reader->op_type,
                       reader->node ? reader->node : "", (long long)reader->opset, what);
}

const effnn_onnx_attr *effnn__onnx_attr(const effnn_onnx_reader *reader, const char *name)
{
    for (size_t i = 0; i < reader->n_attrs; i++)
        if (strcmp(reader->attrs[i].name, name) == 0) return &reader->attrs[i];
    return NULL;
}

static bool is_listed(const char *const *names, const char *name)
{
    for (; names && *names; names++)
        if (strcmp(*names, name) == 0) return true;
    return false;
}

static effnn_status read_attr(effnn_onnx_reader *reader, const effnn_onnx_attr *attr)
{
    const effnn_option_def *defs = reader_def(reader)->attrs;
    void *opts = reader->op_attrs;

    switch (attr->kind) {
    case EFFNN_ONNX_INT: return effnn__options_set_i64(defs, opts, attr->name, attr->i);
    case EFFNN_ONNX_FLOAT: return effnn__options_set_f64(defs, opts, attr->name, attr->f);
    case EFFNN_ONNX_STRING: return effnn__options_set(defs, opts, attr->name, attr->s);
    case EFFNN_ONNX_INTS:
        return effnn__options_set_ints(defs, opts, attr->name, attr->ints, attr->n);
    default:
        return effnn__fail(EFFNN_E_UNSUPPORTED, "attribute '%s' has an unsupported kind",
                           attr->name);
    }
}

effnn_status effnn__onnx_read_attrs(effnn_onnx_reader *reader, const char *const *ignored)
{
    const effnn_option_def *defs = reader_def(reader)->attrs;

    for (size_t i = 0; i < reader->n_attrs; i++) {
        const effnn_onnx_attr *attr = &reader->attrs[i];
        bool known = false;

        if (is_listed(ignored, attr->name)) continue;
        for (const effnn_option_def *d = defs; d && d->name && !known; d++)
            known = strcmp(d->name, attr->name) == 0;
        if (!known)
            return effnn__fail(EFFNN_E_UNSUPPORTED, "%s '%s': attribute '%s' is not supported",
                               reader->op_type, reader->node ? reader->node : "", attr->name);
        const effnn_status status = read_attr(reader, attr);
        if (status != EFFNN_OK) return effnn__onnx_read_fail(reader, status, effnn_last_error());
    }
    return EFFNN_OK;
}

effnn_status effnn__onnx_set_input(effnn_onnx_reader *reader, size_t at,
                                   const effnn_onnx_value *value)
{
    if (at >= reader->inputs_capacity)
        return effnn__onnx_read_fail(reader, EFFNN_E_UNSUPPORTED, "too many inputs");
    while (reader->n_inputs <= at) reader->inputs[reader->n_inputs++] = NULL;
    reader->inputs[at] = value;
    return EFFNN_OK;
}

/* Add a tensor as a constant input; takes the caller's reference over. */
static effnn_status input_from_tensor(effnn_onnx_reader *reader, size_t at, effnn_tensor *tensor)
{
    const effnn_onnx_value *value = NULL;
    effnn_status status = reader->add_constant(reader, &value, tensor);

    effnn_tensor_release(tensor);
    if (status == EFFNN_OK) status = effnn__onnx_set_input(reader, at, value);
    return status;
}

effnn_status effnn__onnx_input_from_ints(effnn_onnx_reader *reader, const char *name, size_t at)
{
    const effnn_onnx_attr *attr = effnn__onnx_attr(reader, name);
    effnn_tensor *tensor = NULL;

    if (!attr) return EFFNN_OK;
    if (attr->kind != EFFNN_ONNX_INTS)
        return effnn__fail(EFFNN_E_FORMAT, "%s '%s': attribute '%s' is not a list of integers",
                           reader->op_type, reader->node ? reader->node : "", name);
    EFFNN_TRY(effnn__tensor_from_i64(&tensor, NULL, attr->n, attr->ints));
    return input_from_tensor(reader, at, tensor);
}

effnn_status effnn__onnx_input_from_floats(effnn_onnx_reader *reader, const char *name, size_t at)
{
    const effnn_onnx_attr *attr = effnn__onnx_attr(reader, name);
    effnn_tensor *tensor = NULL;

    if (!attr) return EFFNN_OK;
    if (attr->kind != EFFNN_ONNX_FLOATS)
        return effnn__fail(EFFNN_E_FORMAT, "%s '%s': attribute '%s' is not a list of numbers",
                           reader->op_type, reader->node ? reader->node : "", name);
    EFFNN_TRY(effnn_tensor_create(&tensor, NULL, EFFNN_F32, 1, (int64_t[]){ (int64_t)attr->n }));
    float *items = effnn__tensor_data(tensor);
    for (size_t i = 0; i < attr->n; i++) items[i] = (float)attr->floats[i];
    return input_from_tensor(reader, at, tensor);
}

/* A tensor of one element and rank 0. */
static effnn_status make_scalar(effnn_tensor **out, effnn_dtype dtype, double value)
{
    effnn_tensor *tensor = NULL;

    EFFNN_TRY(effnn_tensor_create(&tensor, NULL, dtype, 0, NULL));
    const effnn_status status = effnn_tensor_set_f64(tensor, (int64_t[]){ 0 }, value);
    if (status != EFFNN_OK) {
        effnn_tensor_release(tensor);
        return status;
    }
    *out = tensor;
    return EFFNN_OK;
}

static effnn_status input_from_float(effnn_onnx_reader *reader, const effnn_onnx_attr *attr,
                                     size_t at)
{
    const int dtype = reader->input_dtype(reader, 0);
    effnn_tensor *tensor = NULL;

    EFFNN_TRY(make_scalar(&tensor, dtype < 0 ? EFFNN_F32 : (effnn_dtype)dtype, attr->f));
    return input_from_tensor(reader, at, tensor);
}

effnn_status effnn__onnx_read_as_inputs(effnn_onnx_reader *reader, const char *const *names)
{
    EFFNN_TRY(effnn__onnx_read_attrs(reader, names));
    for (size_t i = 0; names[i]; i++) {
        const effnn_onnx_attr *attr = effnn__onnx_attr(reader, names[i]);

        if (attr && attr->kind == EFFNN_ONNX_FLOAT)
            EFFNN_TRY(input_from_float(reader, attr, i + 1));
        else
            EFFNN_TRY(effnn__onnx_input_from_ints(reader, names[i], i + 1));
    }
    return EFFNN_OK;
}

effnn_status effnn__onnx_read_axes(effnn_onnx_reader *reader)
{
    return effnn__onnx_read_as_inputs(reader, (const char *const[]){ "axes", NULL });
}

/* ---- writing ---- */

effnn_status effnn__onnx_write_fail(const effnn_onnx_writer *writer, effnn_status status,
                                    const char *what)
{
    const effnn_op_def *def = writer->op_def;

    return effnn__fail(status, "%s '%s' at opset %lld: %s", def->name,
                       writer->node ? writer->node : "", (long long)writer->opset, what);
}

effnn_status effnn__onnx_write_newer(effnn_onnx_writer *writer)
{
    const effnn_op_def *def = writer->op_def;
    const effnn_onnx_row *first = def->onnx;

    for (const effnn_onnx_row *row = def->onnx; row->name; row++)
        if (!row->write_only) first = row;
    return effnn__fail(EFFNN_E_UNSUPPORTED, "%s '%s' at opset %lld: ONNX has %s from opset %lld on",
                       def->name, writer->node ? writer->node : "", (long long)writer->opset,
                       first->name, (long long)first->since);
}

effnn_status effnn__onnx_set_int(effnn_onnx_writer *writer, const char *name, int64_t value)
{
    return writer->set_attr(writer,
                            &(effnn_onnx_attr){ .name = name, .kind = EFFNN_ONNX_INT, .i = value });
}

effnn_status effnn__onnx_set_float(effnn_onnx_writer *writer, const char *name, double value)
{
    return writer->set_attr(
        writer, &(effnn_onnx_attr){ .name = name, .kind = EFFNN_ONNX_FLOAT, .f = value });
}

effnn_status effnn__onnx_set_string(effnn_onnx_writer *writer, const char *name, const char *value)
{
    return writer->set_attr(
        writer, &(effnn_onnx_attr){ .name = name, .kind = EFFNN_ONNX_STRING, .s = value });
}

effnn_status effnn__onnx_set_ints(effnn_onnx_writer *writer, const char *name, size_t n,
                                  const int64_t *values)
{
    return writer->set_attr(
        writer,
        &(effnn_onnx_attr){ .name = name, .kind = EFFNN_ONNX_INTS, .n = n, .ints = values });
}

/* Write one option as an attribute; `field` is its place in the attribute struct. */
static effnn_status write_option(effnn_onnx_writer *writer, const effnn_option_def *def,
                                 const void *field)
{
    switch (def->type) {
    case EFFNN_OPT_BOOL: return effnn__onnx_set_int(writer, def->name, *(const bool *)field);
    case EFFNN_OPT_I64: return effnn__onnx_set_int(writer, def->name, *(const int64_t *)field);
    case EFFNN_OPT_F64: return effnn__onnx_set_float(writer, def->name, *(const double *)field);
    case EFFNN_OPT_ENUM:
        return effnn__onnx_set_string(writer, def->name, def->choices[*(const int *)field]);
    case EFFNN_OPT_STRING: return effnn__onnx_set_string(writer, def->name, *(char *const *)field);
    case EFFNN_OPT_INTS: {
        const effnn_int_list *list = field;

        return effnn__onnx_set_ints(writer, def->name, list->n, list->items);
    }
    default: return effnn__onnx_write_fail(writer, EFFNN_E_UNSUPPORTED, "option of an odd type");
    }
}

static effnn_status differs_from_default(bool *out, const effnn_option_def *defs, const void *opts,
                                         const effnn_option_def *def)
{
    char *value = NULL, *usual = NULL;
    effnn_status status = effnn__options_get_text(defs, opts, def->name, &value);

    if (status == EFFNN_OK) status = effnn__option_default_text(def, &usual);
    if (status == EFFNN_OK) *out = strcmp(value, usual) != 0;
    effnn__free(value);
    effnn__free(usual);
    return status;
}

effnn_status effnn__onnx_write_attrs(effnn_onnx_writer *writer, bool all,
                                     const char *const *omitted)
{
    const effnn_op_def *def = writer->op_def;

    for (const effnn_option_def *d = def->attrs; d && d->name; d++) {
        bool wanted = true;

        if (is_listed(omitted, d->name)) continue;
        if (!all) EFFNN_TRY(differs_from_default(&wanted, def->attrs, writer->op_attrs, d));
        if (wanted) EFFNN_TRY(write_option(writer, d, (const char *)writer->op_attrs + d->offset));
    }
    return EFFNN_OK;
}

effnn_status effnn__onnx_begin_plain(effnn_onnx_writer *writer)
{
    return writer->begin(writer, writer->onnx_name, writer->onnx_domain, writer->inputs,
                         writer->n_inputs, writer->outputs, writer->n_outputs);
}

effnn_status effnn__onnx_write_plain(effnn_onnx_writer *writer, bool all)
{
    EFFNN_TRY(effnn__onnx_begin_plain(writer));
    return effnn__onnx_write_attrs(writer, all, NULL);
}

effnn_status effnn__onnx_add(effnn_onnx_writer *writer, const char **out, const char *op_type,
                             const char *a, const char *b)
{
    const char *const inputs[] = { a, b };

    if (!*out) EFFNN_TRY(writer->fresh_name(writer, out, op_type));
    return writer->begin(writer, op_type, NULL, inputs, b ? 2 : 1, out, 1);
}

/* Add a tensor to the file; takes the caller's reference over. */
static effnn_status add_tensor(effnn_onnx_writer *writer, const char **out, const char *hint,
                               effnn_tensor *tensor)
{
    const effnn_status status = writer->add_constant(writer, out, hint, tensor);

    effnn_tensor_release(tensor);
    return status;
}

effnn_status effnn__onnx_constant_i64(effnn_onnx_writer *writer, const char **out, const char *hint,
                                      size_t n, const int64_t *values)
{
    effnn_tensor *tensor = NULL;

    EFFNN_TRY(effnn__tensor_from_i64(&tensor, NULL, n, values));
    return add_tensor(writer, out, hint, tensor);
}

effnn_status effnn__onnx_constant_f32(effnn_onnx_writer *writer, const char **out, const char *hint,
                                      float value)
{
    effnn_tensor *tensor = NULL;

    EFFNN_TRY(make_scalar(&tensor, EFFNN_F32, value));
    return add_tensor(writer, out, hint, tensor);
}

effnn_status effnn__onnx_constant_like(effnn_onnx_writer *writer, const char **out,
                                       const char *hint, size_t input, double value)
{
    const int dtype = writer->input_dtype(writer, input);
    effnn_tensor *tensor = NULL;

    EFFNN_TRY(make_scalar(&tensor, dtype < 0 ? EFFNN_F32 : (effnn_dtype)dtype, value));
    return add_tensor(writer, out, hint, tensor);
}

effnn_status effnn__onnx_add_ints(effnn_onnx_writer *writer, const char **out, const char *op_type,
                                  const char *a, size_t n, const int64_t *values)
{
    const char *constant = NULL;

    EFFNN_TRY(effnn__onnx_constant_i64(writer, &constant, op_type, n, values));
    return effnn__onnx_add(writer, out, op_type, a, constant);
}
