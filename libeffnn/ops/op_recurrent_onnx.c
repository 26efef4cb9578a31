/* SPDX-License-Identifier: BSD-3-Clause */
/* Recurrent layers in ONNX: lists of strings and floats beside the plain attributes, hidden_size
 * always written (runtimes want it), and for opset 13, which has no layout, a batch-first layer as
 * a time-first one between transposes. */

#include "base/alloc.h"
#include "base/option.h"
#include "base/str.h"
#include "ops/op.h"
#include "ops/op_recurrent.h"

/* ---- reading ---- */

/* A list attribute as the text of a list option. */
static effnn_status join(effnn__str *out, const effnn_onnx_attr *attr)
{
    for (size_t i = 0; i < attr->n; i++) {
        char number[32];

        if (i > 0) EFFNN_TRY(effnn__str_add(out, ":"));
        if (attr->kind == EFFNN_ONNX_FLOATS)
            effnn__format_f64(number, sizeof number, attr->floats[i]);
        EFFNN_TRY(effnn__str_add(out, attr->kind == EFFNN_ONNX_FLOATS ? number : attr->strings[i]));
    }
    return EFFNN_OK;
}

static effnn_status read_list(effnn_onnx_reader *reader, const char *name, effnn_onnx_kind kind)
{
    const effnn_op_def *def = reader->op_def;
    const effnn_onnx_attr *attr = effnn__onnx_attr(reader, name);
    effnn__str text = { 0 };

    if (!attr || attr->n == 0) return EFFNN_OK;
    if (attr->kind != kind)
        return effnn__fail(EFFNN_E_FORMAT, "%s '%s': attribute '%s' is not a list of %s",
                           reader->op_type, reader->node ? reader->node : "", name,
                           kind == EFFNN_ONNX_FLOATS ? "floats" : "strings");
    effnn_status status = join(&text, attr);
    if (status == EFFNN_OK)
        status = effnn__options_set(def->attrs, reader->op_attrs, name, text.text);
    effnn__str_clear(&text);
    return status;
}

effnn_status effnn__recurrent_read(effnn_onnx_reader *reader)
{
    EFFNN_TRY(read_list(reader, "activations", EFFNN_ONNX_STRINGS));
    EFFNN_TRY(read_list(reader, "activation_alpha", EFFNN_ONNX_FLOATS));
    EFFNN_TRY(read_list(reader, "activation_beta", EFFNN_ONNX_FLOATS));
    return effnn__onnx_read_attrs(reader, (const char *const[]){ "activations", "activation_alpha",
                                                                 "activation_beta", NULL });
}

/* ---- writing ---- */

static effnn_status write_numbers(effnn_onnx_writer *writer, const char *name,
                                  const effnn_string_list *list)
{
    if (list->n == 0) return EFFNN_OK;
    double *numbers = effnn__alloc_array(list->n, sizeof *numbers);

    if (!numbers) return effnn__fail_nomem(name, list->n);
    for (size_t i = 0; i < list->n; i++)
        if (!effnn__parse_f64(list->items[i], &numbers[i])) numbers[i] = 0.0; /* infer refused it */
    const effnn_status status = writer->set_attr(
        writer, &(effnn_onnx_attr){
                    .name = name, .kind = EFFNN_ONNX_FLOATS, .n = list->n, .floats = numbers });
    effnn__free(numbers);
    return status;
}

static effnn_status write_attrs(effnn_onnx_writer *writer)
{
    const effnn__recurrent_attrs *attrs = writer->op_attrs;
    const effnn_tensor *r = writer->constant(writer, 2);
    int64_t hidden_size = attrs->hidden_size;

    if (attrs->activations.n > 0)
        EFFNN_TRY(writer->set_attr(
            writer,
            &(effnn_onnx_attr){ .name = "activations",
                                .kind = EFFNN_ONNX_STRINGS,
                                .n = attrs->activations.n,
                                .strings = (const char *const *)attrs->activations.items }));
    EFFNN_TRY(write_numbers(writer, "activation_alpha", &attrs->activation_alpha));
    EFFNN_TRY(write_numbers(writer, "activation_beta", &attrs->activation_beta));
    if (hidden_size == 0 && r) hidden_size = effnn_tensor_dims(r)[2];
    if (hidden_size > 0) EFFNN_TRY(effnn__onnx_set_int(writer, "hidden_size", hidden_size));
    return effnn__onnx_write_attrs(
        writer, false,
        (const char *const[]){ "activations", "activation_alpha", "activation_beta", "hidden_size",
                               writer->opset < 14 ? "layout" : NULL, NULL });
}

effnn_status effnn__recurrent_write(effnn_onnx_writer *writer)
{
    EFFNN_TRY(effnn__onnx_begin_plain(writer));
    return write_attrs(writer);
}

static effnn_status transpose(effnn_onnx_writer *writer, const char **to, const char *from,
                              size_t n, const int64_t *perm)
{
    EFFNN_TRY(effnn__onnx_add(writer, to, "Transpose", from, NULL));
    return effnn__onnx_set_ints(writer, "perm", n, perm);
}

effnn_status effnn__recurrent_write_older(effnn_onnx_writer *writer)
{
    static const int64_t swap[] = { 1, 0, 2 }, y_back[] = { 2, 0, 1, 3 };
    static const bool is_swapped[8] = { [0] = true, [5] = true, [6] = true };
    const effnn__recurrent_attrs *attrs = writer->op_attrs;
    const char *inputs[8] = { NULL }, *outputs[3] = { NULL };

    if (attrs->layout == 0) return effnn__recurrent_write(writer);
    for (size_t i = 0; i < writer->n_inputs; i++) {
        inputs[i] = writer->inputs[i];
        if (!inputs[i] || !is_swapped[i]) continue;
        inputs[i] = NULL;
        EFFNN_TRY(transpose(writer, &inputs[i], writer->inputs[i], 3, swap));
    }
    for (size_t i = 0; i < writer->n_outputs; i++)
        if (writer->outputs[i]) EFFNN_TRY(writer->fresh_name(writer, &outputs[i], "time_first"));
    EFFNN_TRY(writer->begin(writer, writer->onnx_name, NULL, inputs, writer->n_inputs, outputs,
                            writer->n_outputs));
    EFFNN_TRY(write_attrs(writer));
    for (size_t i = 0; i < writer->n_outputs; i++) {
        const char *to = writer->outputs[i];

        if (!to) continue;
        EFFNN_TRY(transpose(writer, &to, outputs[i], i == 0 ? 4 : 3, i == 0 ? y_back : swap));
    }
    return EFFNN_OK;
}
