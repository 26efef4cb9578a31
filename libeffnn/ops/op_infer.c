/* SPDX-License-Identifier: BSD-3-Clause */
/* Shared parts of the operators' `infer` functions. Everything works on symbolic dimensions; a
 * dimension that is a symbol is never an error by itself, it is checked when a plan binds it. */

#include "ops/op_infer.h"

#include "tensor/dtype.h"

#include <stdarg.h>
#include <stdio.h>

const char *const effnn__dtype_choices[] = { "f32",  "f64", "f16", "bf16", "i8",  "i16",
                                             "i32",  "i64", "u8",  "u16",  "u32", "u64",
                                             "bool", "i4",  "u4",  NULL };

/* ---- messages ---- */

static effnn_status fail_named(effnn_status status, const effnn_op_def *def, const char *node,
                               const char *format, va_list args)
{
    char text[400];

    vsnprintf(text, sizeof text, format, args);
    return effnn__fail(status, "%s '%s': %s", def->name, node ? node : "", text);
}

effnn_status effnn__infer_fail(const effnn_op_infer *call, effnn_status status, const char *format,
                               ...)
{
    va_list args;

    va_start(args, format);
    fail_named(status, call->def, call->node, format, args);
    va_end(args);
    return status;
}

effnn_status effnn__call_fail(const effnn_op_call *call, effnn_status status, const char *format,
                              ...)
{
    va_list args;

    va_start(args, format);
    fail_named(status, call->def, call->node, format, args);
    va_end(args);
    return status;
}

const char *effnn__infer_print(char *buffer, const effnn_op_infer *call,
                               const effnn__value_info *info)
{
    size_t n = 0;

    if (!info->has_shape) return "unknown";
    buffer[0] = '\0';
    for (size_t i = 0; i < info->rank && n < EFFNN__INFO_TEXT - 2; i++) {
        char dim[64];

        n += (size_t)snprintf(buffer + n, EFFNN__INFO_TEXT - 2 - n, "%s%s", i == 0 ? "[" : ", ",
                              effnn__sym_print(dim, sizeof dim, call->symbols, info->dims[i]));
        if (n > EFFNN__INFO_TEXT - 3) n = EFFNN__INFO_TEXT - 3;
    }
    snprintf(buffer + n, EFFNN__INFO_TEXT - n, info->rank == 0 ? "[]" : "]");
    return buffer;
}

const char *effnn__call_print(char *buffer, const effnn_tensor *tensor)
{
    return effnn__shape_print(buffer, EFFNN__INFO_TEXT, effnn_tensor_rank(tensor),
                              effnn_tensor_dims(tensor));
}

/* ---- inputs ---- */

const effnn__value_info *effnn__infer_input(const effnn_op_infer *call, size_t i)
{
    return i < call->n_inputs ? call->inputs[i] : NULL;
}

const effnn_tensor *effnn__call_input(const effnn_op_call *call, size_t i)
{
    return i < call->n_inputs ? call->inputs[i] : NULL;
}

bool effnn__call_is_idle(const effnn_op_call *call)
{
    for (size_t i = 0; i < call->n_outputs; i++)
        if (call->outputs[i] && effnn_tensor_count(call->outputs[i]) > 0) return false;
    return true;
}

static unsigned kind_of(effnn_dtype dtype)
{
    if (effnn_dtype_bits(dtype) == 4) return EFFNN__PACKED;
    if (dtype == EFFNN_BOOL) return EFFNN__BOOLS;
    return effnn__dtype_is_float(dtype) ? EFFNN__FLOATS : EFFNN__INTEGERS;
}

effnn_status effnn__infer_dtype(const effnn_op_infer *call, size_t i, unsigned kinds)
{
    const effnn__value_info *info = effnn__infer_input(call, i);

    if (!info || !info->has_dtype || (kind_of(info->dtype) & kinds)) return EFFNN_OK;
    return effnn__infer_fail(call, EFFNN_E_UNSUPPORTED, "input %zu of type %s is not supported", i,
                             effnn_dtype_name(info->dtype));
}

effnn_status effnn__infer_same_dtype(effnn_op_infer *call, size_t first, size_t last)
{
    effnn__value_info *out = &call->outputs[0];
    size_t from = 0;

    for (size_t i = first; i < last; i++) {
        const effnn__value_info *info = effnn__infer_input(call, i);

        if (!info || !info->has_dtype) continue;
        if (out->has_dtype && out->dtype != info->dtype)
            return effnn__infer_fail(call, EFFNN_E_ARG, "input %zu is %s but input %zu is %s", from,
                                     effnn_dtype_name(out->dtype), i,
                                     effnn_dtype_name(info->dtype));
        out->has_dtype = true;
        out->dtype = info->dtype;
        from = i;
    }
    return EFFNN_OK;
}

effnn_status effnn__infer_rank(const effnn_op_infer *call, size_t i, size_t rank)
{
    const effnn__value_info *info = effnn__infer_input(call, i);
    char text[EFFNN__INFO_TEXT];

    if (!info || !info->has_shape || info->rank == rank) return EFFNN_OK;
    return effnn__infer_fail(call, EFFNN_E_SHAPE, "input %zu is %s but must have rank %zu", i,
                             effnn__infer_print(text, call, info), rank);
}

effnn_status effnn__infer_same(effnn_op_infer *call, unsigned kinds)
{
    const effnn__value_info *in = call->inputs[0];

    EFFNN_TRY(effnn__infer_dtype(call, 0, kinds));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, 1));
    if (in->has_shape) effnn__info_set_shape(&call->outputs[0], in->rank, in->dims);
    return EFFNN_OK;
}

effnn_status effnn__infer_same_floats(effnn_op_infer *call)
{
    return effnn__infer_same(call, EFFNN__FLOATS);
}

effnn_status effnn__infer_axis(size_t *out, const effnn_op_infer *call, int64_t axis, size_t rank)
{
    const int64_t r = (int64_t)rank;

    if (axis < -r || axis >= r)
        return effnn__infer_fail(call, EFFNN_E_ARG, "axis %lld is outside [%lld, %lld]",
                                 (long long)axis, (long long)-r, (long long)r - 1);
    *out = (size_t)(axis < 0 ? axis + r : axis);
    return EFFNN_OK;
}

/* More axes than there are would have one twice. */
static effnn_status check_axes_count(const effnn_op_infer *call, size_t i, size_t rank)
{
    const effnn__value_info *info = call->inputs[i];
    const int64_t most = rank ? (int64_t)rank : 1;

    if (!info->has_shape || info->rank != 1 || !effnn__sym_is_constant(info->dims[0]) ||
        info->dims[0].offset <= most)
        return EFFNN_OK;
    return effnn__infer_fail(call, EFFNN_E_SHAPE, "%lld axes for an input of rank %zu",
                             (long long)info->dims[0].offset, rank);
}

effnn_status effnn__infer_axes(const effnn_op_infer *call, size_t i, size_t rank, bool *known,
                               size_t *n, size_t *axes)
{
    int64_t items[EFFNN__MAX_CONTENT];
    size_t count = 0;

    *n = 0;
    *known = true;
    if (!effnn__infer_input(call, i)) return EFFNN_OK;
    EFFNN_TRY(effnn__infer_dtype(call, i, EFFNN__INTEGERS));
    EFFNN_TRY(check_axes_count(call, i, rank));
    *known = effnn__infer_ints(call, i, &count, items);
    if (!*known && rank == 0) /* the result's shape is known all the same: nobody looks again */
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "axes of a scalar that are no constant");
    if (!*known) return EFFNN_OK;
    for (size_t k = 0; k < count; k++) {
        size_t axis = 0;

        EFFNN_TRY(effnn__infer_axis(&axis, call, items[k], rank));
        for (size_t j = 0; j < *n; j++)
            if (axes[j] == axis)
                return effnn__infer_fail(call, EFFNN_E_ARG, "axis %zu is given twice", axis);
        axes[(*n)++] = axis;
    }
    return EFFNN_OK;
}

/* ---- shapes ---- */

void effnn__info_set_shape(effnn__value_info *info, size_t rank, const effnn__sym *dims)
{
    info->has_shape = true;
    info->rank = rank;
    for (size_t i = 0; i < rank; i++) info->dims[i] = dims[i];
}

/* out = out broadcast with info. */
static effnn_status broadcast_into(effnn_op_infer *call, effnn__value_info *out,
                                   const effnn__value_info *info)
{
    effnn__sym dims[EFFNN_MAX_RANK];
    const size_t rank = out->rank > info->rank ? out->rank : info->rank;
    const size_t a_skip = rank - out->rank, b_skip = rank - info->rank;

    for (size_t i = 0; i < rank; i++) {
        const effnn__sym one = effnn__sym_constant(1);
        const effnn__sym a = i < a_skip ? one : out->dims[i - a_skip];
        const effnn__sym b = i < b_skip ? one : info->dims[i - b_skip];
        char text[2][EFFNN__INFO_TEXT];

        if (a.symbol == 0 && b.symbol == 0 && a.offset != b.offset && a.offset != 1 &&
            b.offset != 1)
            return effnn__infer_fail(call, EFFNN_E_SHAPE, "%s does not broadcast with %s",
                                     effnn__infer_print(text[0], call, out),
                                     effnn__infer_print(text[1], call, info));
        EFFNN_TRY(effnn__sym_broadcast(&dims[i], call->symbols, a, b));
    }
    effnn__info_set_shape(out, rank, dims);
    return EFFNN_OK;
}

effnn_status effnn__infer_broadcast(effnn_op_infer *call, size_t first, size_t last)
{
    effnn__value_info out = { .has_shape = true };

    for (size_t i = first; i < last; i++) {
        const effnn__value_info *info = effnn__infer_input(call, i);

        if (!info) continue;
        if (!info->has_shape) return EFFNN_OK;
        EFFNN_TRY(broadcast_into(call, &out, info));
    }
    effnn__info_set_shape(&call->outputs[0], out.rank, out.dims);
    return EFFNN_OK;
}

effnn_status effnn__infer_equal_dims(effnn__sym *out, const effnn_op_infer *call, const char *what,
                                     effnn__sym a, effnn__sym b)
{
    if (a.symbol == 0 && b.symbol == 0 && a.offset != b.offset)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "%s: %lld is not %lld", what,
                                 (long long)a.offset, (long long)b.offset);
    *out = a.symbol == 0 ? a : b.symbol == 0 ? b : a;
    return EFFNN_OK;
}

effnn_status effnn__infer_within(const effnn_op_infer *call, size_t i, size_t of, size_t except)
{
    const effnn__value_info *inner = call->inputs[i], *outer = call->inputs[of];

    if (!inner->has_shape || !outer->has_shape) return EFFNN_OK;
    for (size_t k = 0; k < inner->rank; k++) {
        const effnn__sym a = inner->dims[k], b = outer->dims[k];

        if (k != except && a.symbol == 0 && b.symbol == 0 && a.offset > b.offset)
            return effnn__infer_fail(call, EFFNN_E_SHAPE,
                                     "axis %zu: %lld exceeds %lld, the size of input %zu", k,
                                     (long long)a.offset, (long long)b.offset, of);
    }
    return EFFNN_OK;
}

effnn_status effnn__infer_count(effnn__sym *out, const effnn_op_infer *call,
                                const effnn__value_info *info, size_t first, size_t last)
{
    effnn__sym count = effnn__sym_constant(1);

    for (size_t i = first; i < last; i++)
        EFFNN_TRY(effnn__sym_mul(&count, call->symbols, count, info->dims[i]));
    *out = count;
    return EFFNN_OK;
}

/* ---- contents ---- */

bool effnn__infer_content(const effnn_op_infer *call, size_t i, size_t *n, effnn__sym *items)
{
    const effnn__value_info *info = effnn__infer_input(call, i);

    if (!info) return false;
    if (info->has_content) {
        *n = info->n_content;
        for (size_t k = 0; k < *n; k++) items[k] = info->content[k];
        return true;
    }
    const effnn_tensor *tensor = call->constants ? call->constants[i] : NULL;
    if (!tensor || effnn_tensor_rank(tensor) > 1 ||
        effnn_tensor_count(tensor) > EFFNN__MAX_CONTENT ||
        effnn__dtype_is_float(effnn_tensor_dtype(tensor)))
        return false;
    *n = effnn_tensor_count(tensor);
    for (size_t k = 0; k < *n; k++)
        items[k] = effnn__sym_constant(effnn__tensor_load_i64(tensor, k));
    return true;
}

bool effnn__infer_ints(const effnn_op_infer *call, size_t i, size_t *n, int64_t *items)
{
    effnn__sym symbols[EFFNN__MAX_CONTENT];

    if (!effnn__infer_content(call, i, n, symbols)) return false;
    for (size_t k = 0; k < *n; k++) {
        if (symbols[k].symbol != 0) return false;
        items[k] = symbols[k].offset;
    }
    return true;
}

/* Number of elements of output 0 if its contents are followed, else more than can be. */
static size_t followed_count(const effnn__value_info *out)
{
    const bool followed = out->has_dtype && (out->dtype == EFFNN_I64 || out->dtype == EFFNN_I32 ||
                                             out->dtype == EFFNN_BOOL);

    if (!followed || !out->has_shape || out->rank > 1) return SIZE_MAX;
    if (out->rank == 0) return 1;
    return out->dims[0].symbol == 0 ? (size_t)out->dims[0].offset : SIZE_MAX;
}

static bool fits_i32(effnn__sym s)
{
    return s.symbol != 0 || (s.offset >= INT32_MIN && s.offset <= INT32_MAX);
}

void effnn__infer_set_content(effnn_op_infer *call, size_t n, const effnn__sym *items)
{
    effnn__value_info *out = &call->outputs[0];
    const size_t count = followed_count(out);

    if (count > EFFNN__MAX_CONTENT || (n != 1 && n != count)) return;
    for (size_t i = 0; i < n; i++)
        if (out->dtype == EFFNN_I32 && !fits_i32(items[i])) return;
    out->has_content = true;
    out->n_content = count;
    for (size_t i = 0; i < count; i++) out->content[i] = items[n == 1 ? 0 : i];
}

void effnn__infer_pass_content(effnn_op_infer *call)
{
    effnn__sym items[EFFNN__MAX_CONTENT];
    size_t n;

    if (effnn__infer_content(call, 0, &n, items)) effnn__infer_set_content(call, n, items);
}

effnn_status effnn__infer_target(const effnn_op_infer *call, size_t i, bool *known, size_t *rank,
                                 effnn__sym *dims)
{
    EFFNN_TRY(effnn__infer_dtype(call, i, EFFNN__INTEGERS));
    EFFNN_TRY(effnn__infer_rank(call, i, 1));
    *known = effnn__infer_content(call, i, rank, dims);
    if (!*known) return EFFNN_OK;
    EFFNN_TRY(effnn__infer_check_rank(call, *rank));
    for (size_t k = 0; k < *rank; k++)
        if (dims[k].symbol == 0 && dims[k].offset < 0)
            return effnn__infer_fail(call, EFFNN_E_SHAPE, "size %zu is %lld", k,
                                     (long long)dims[k].offset);
    return EFFNN_OK;
}

effnn_status effnn__infer_check_rank(const effnn_op_infer *call, size_t rank)
{
    if (rank <= EFFNN_MAX_RANK) return EFFNN_OK;
    return effnn__infer_fail(call, EFFNN_E_UNSUPPORTED, "rank %zu is above %d", rank,
                             EFFNN_MAX_RANK);
}

bool effnn__infer_length(const effnn_op_infer *call, size_t i, size_t *n)
{
    const effnn__value_info *info = effnn__infer_input(call, i);

    if (!info || !info->has_shape || info->rank != 1 || info->dims[0].symbol != 0 ||
        info->dims[0].offset < 0)
        return false;
    *n = (size_t)info->dims[0].offset;
    return true;
}
