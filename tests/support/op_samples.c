/* SPDX-License-Identifier: BSD-3-Clause */
/* Operands from their short text: "f32[2,3]" random, "f32[2,3]>0" random and positive, "i64{1,2}",
 * "i64{1,2,3,4}[2,2]" and "i64:3" with given elements, "" absent. */

#include "support/op_samples.h"

#include "base/option.h"
#include "support/tensor_assert.h"
#include "tensor/dtype.h"
#include "tensor/tensor.h"

#include <math.h>
#include <stdio.h>

size_t sample_op_count(void)
{
    size_t n = 0;

    while (effnn__op_at(n)) n++;
    return n;
}

size_t sample_count(const effnn_op_def *def)
{
    size_t n = 0;

    while (def->samples[n].n_outputs >= 0) n++;
    return n;
}

/* Numbers after the opening bracket: "2,3]". */
static size_t parse_numbers(const char *text, size_t capacity, double *out)
{
    size_t n = 0;

    while (*text && *text != ']' && *text != '}') {
        char *end;

        ck_assert_uint_lt(n, capacity);
        out[n++] = strtod(text, &end);
        ck_assert_msg(end != text, "bad number in sample: %s", text);
        text = *end == ',' ? end + 1 : end;
    }
    return n;
}

static effnn_tensor *random_operand(effnn_dtype dtype, const char *text, uint64_t seed)
{
    double sizes[EFFNN_MAX_RANK + 1];
    int64_t dims[EFFNN_MAX_RANK + 1];
    const size_t rank = parse_numbers(text, EFFNN_MAX_RANK, sizes);

    for (size_t i = 0; i < rank; i++) dims[i] = (int64_t)sizes[i];
    effnn_tensor *tensor = test_tensor_random(NULL, dtype, rank, dims, seed);
    if (strstr(text, ">0")) {
        const effnn__dtype_row *row = effnn__dtype_row_of(dtype);
        void *data;

        ck_assert_ok(effnn_tensor_data_mut(&data, tensor));
        for (size_t i = 0; i < effnn_tensor_count(tensor); i++)
            row->store_f64(data, i, fabs(row->load_f64(data, i)) + 0.125);
    }
    return tensor;
}

static effnn_tensor *given_operand(effnn_dtype dtype, const char *text)
{
    double values[64];
    const bool is_scalar = text[0] == ':';
    const size_t n = parse_numbers(text + 1, 64, values);
    const char *shape = strchr(text, '[');
    int64_t dims[EFFNN_MAX_RANK] = { (int64_t)n };
    size_t rank = is_scalar ? 0 : 1;
    effnn_tensor *tensor = NULL;
    void *data;

    if (shape) {
        double sizes[EFFNN_MAX_RANK];

        rank = parse_numbers(shape + 1, EFFNN_MAX_RANK, sizes);
        for (size_t i = 0; i < rank; i++) dims[i] = (int64_t)sizes[i];
    }
    ck_assert_ok(effnn_tensor_create(&tensor, NULL, dtype, rank, dims));
    ck_assert_uint_eq(effnn_tensor_count(tensor), n);
    ck_assert_ok(effnn_tensor_data_mut(&data, tensor));
    for (size_t i = 0; i < n; i++) effnn__dtype_row_of(dtype)->store_f64(data, i, values[i]);
    return tensor;
}

static void open_input(sample_call *call, size_t i, const char *text, bool as_f64)
{
    const size_t n = strcspn(text, "[{:");
    char type[16];

    snprintf(type, sizeof type, "%.*s", (int)n, text);
    const int dtype = effnn__dtype_find(type);
    ck_assert_msg(dtype >= 0 && text[n] != '\0', "%s: bad operand '%s'", call->name, text);
    call->given[i] = text[n] != '[' || strcmp(text + n, "[0]") == 0;
    effnn_tensor *tensor = call->given[i] && text[n] != '['
                               ? given_operand((effnn_dtype)dtype, text + n)
                               : random_operand((effnn_dtype)dtype, text + n + 1, i + 1);
    if (as_f64 && dtype == EFFNN_F32) {
        ck_assert_ok(effnn_tensor_cast(&call->inputs[i], tensor, EFFNN_F64));
        effnn_tensor_release(tensor);
    } else {
        call->inputs[i] = tensor;
    }
}

void sample_open(sample_call *out, const effnn_op_def *def, size_t index, bool as_f64)
{
    const effnn_op_sample *sample = &def->samples[index];

    *out = (sample_call){ .def = def, .sample = sample };
    snprintf(out->name, sizeof out->name, "%s[%zu]", def->name, index);
    out->n_outputs = (size_t)(sample->n_outputs > 0 ? sample->n_outputs : def->min_outputs);
    out->attrs = calloc(1, def->attrs_size + 1);
    ck_assert_ptr_nonnull(out->attrs);
    ck_assert_ok(effnn__options_init(def->attrs, out->attrs));
    if (sample->attrs) ck_assert_ok(effnn__options_parse(def->attrs, out->attrs, sample->attrs));
    while (out->n_inputs < SAMPLE_INPUTS && sample->inputs[out->n_inputs]) {
        const char *text = sample->inputs[out->n_inputs];

        if (text[0] != '\0') open_input(out, out->n_inputs, text, as_f64);
        out->n_inputs++;
    }
}

void sample_close(sample_call *self)
{
    for (size_t i = 0; i < self->n_inputs; i++) effnn_tensor_release(self->inputs[i]);
    effnn__options_clear(self->def->attrs, self->attrs);
    free(self->attrs);
}

bool sample_runs_by_hand(const effnn_op_def *def, size_t index)
{
    effnn__value_info infos[SAMPLE_INPUTS], outputs[SAMPLE_OUTPUTS];
    const effnn__value_info *pointers[SAMPLE_INPUTS] = { NULL };
    effnn__symbols *symbols = NULL;
    sample_call sample;
    bool all_known = true;

    if (sample_is_refused(def, index)) return false;
    if (!def->forward) return false;
    sample_open(&sample, def, index, false);
    for (size_t i = 0; i < sample.n_inputs; i++) {
        if (!sample.inputs[i]) continue;
        effnn__value_info_of(&infos[i], sample.inputs[i]);
        pointers[i] = &infos[i];
    }
    ck_assert_ok(effnn__symbols_create(&symbols));
    ck_assert_ok(sample_infer(&sample, symbols, pointers, true, outputs));
    effnn__symbols_destroy(symbols);
    for (size_t i = 0; i < sample.n_outputs; i++)
        all_known = all_known && effnn__value_info_is_concrete(&outputs[i]);
    sample_close(&sample);
    return all_known;
}

effnn_status sample_run(const sample_call *self, effnn_context *context, effnn_tensor **outputs)
{
    return effnn__op_run(context, self->def, self->attrs, self->name,
                         (const effnn_tensor *const *)self->inputs, self->n_inputs, outputs,
                         self->n_outputs);
}

void sample_release(effnn_tensor **outputs, size_t n)
{
    for (size_t i = 0; i < n; i++) effnn_tensor_release(outputs[i]);
}

effnn_status sample_infer(const sample_call *self, effnn__symbols *symbols,
                          const effnn__value_info *const *inputs, bool known,
                          effnn__value_info *outputs)
{
    const effnn_tensor *const nothing[SAMPLE_INPUTS] = { NULL };
    effnn_op_infer infer = { .def = self->def,
                             .attrs = self->attrs,
                             .node = self->name,
                             .symbols = symbols,
                             .inputs = inputs,
                             .constants =
                                 known ? (const effnn_tensor *const *)self->inputs : nothing,
                             .n_inputs = self->n_inputs,
                             .outputs = outputs,
                             .n_outputs = self->n_outputs };

    return effnn__op_infer(&infer);
}
