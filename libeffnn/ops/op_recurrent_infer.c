/* SPDX-License-Identifier: BSD-3-Clause */
/* What a recurrent layer is told: its directions and activations, and the shapes of its inputs and
 * outputs. */

#include "ops/op_recurrent.h"

#include "base/str.h"

#include <stdio.h>

const char *const effnn__recurrent_directions[] = { "forward", "reverse", "bidirectional", NULL };

size_t effnn__recurrent_direction_count(const effnn__recurrent_attrs *attrs)
{
    return attrs->direction == 2 ? 2 : 1;
}

/* ---- activations ---- */

static effnn_status next_number(double *out, const effnn_string_list *list, size_t *at)
{
    if (*at >= list->n) return EFFNN_OK;
    if (!effnn__parse_f64(list->items[*at], out))
        return effnn__fail(EFFNN_E_ARG, "'%s' is no number", list->items[*at]);
    ++*at;
    return EFFNN_OK;
}

effnn_status effnn__recurrent_activations_of(effnn__activation out[2][EFFNN__RECURRENT_ACTIVATIONS],
                                             const effnn__recurrent_attrs *attrs,
                                             const effnn__recurrent_kind *kind)
{
    const size_t n = kind->n_activations, n_all = n * effnn__recurrent_direction_count(attrs);
    size_t alphas = 0, betas = 0;

    if (attrs->activations.n != 0 && attrs->activations.n < n_all)
        return effnn__fail(EFFNN_E_ARG, "%zu activations, not %zu", attrs->activations.n, n_all);
    for (size_t i = 0; i < n_all; i++) {
        effnn__activation *activation = &out[i / n][i % n];
        const char *name =
            attrs->activations.n ? attrs->activations.items[i] : kind->activations[i % n];

        activation->row = effnn__activation_find(name, &activation->alpha, &activation->beta);
        if (!activation->row)
            return effnn__fail(EFFNN_E_UNSUPPORTED, "activation '%s' is not known", name);
        const size_t n_parameters = effnn__activation_parameters(activation->row);
        if (n_parameters > 0)
            EFFNN_TRY(next_number(&activation->alpha, &attrs->activation_alpha, &alphas));
        if (n_parameters > 1)
            EFFNN_TRY(next_number(&activation->beta, &attrs->activation_beta, &betas));
    }
    return EFFNN_OK;
}

/* ---- shapes ---- */

static effnn_status check_input(const effnn_op_infer *call, size_t input, size_t rank,
                                const effnn__sym *dims)
{
    const effnn__value_info *info = effnn__infer_input(call, input);

    if (!info || !info->has_shape) return EFFNN_OK;
    EFFNN_TRY(effnn__infer_rank(call, input, rank));
    for (size_t i = 0; i < rank; i++) {
        effnn__sym dim;
        char what[48];

        snprintf(what, sizeof what, "input %zu, dimension %zu", input, i);
        EFFNN_TRY(effnn__infer_equal_dims(&dim, call, what, info->dims[i], dims[i]));
    }
    return EFFNN_OK;
}

/* Sizes that everything is made of. */
typedef struct sizes {
    effnn__sym steps, batch, in, hidden, directions, gates, both_biases, peepholes;
} sizes;

static effnn_status find_sizes(sizes *out, const effnn_op_infer *call,
                               const effnn__recurrent_kind *kind, const effnn__sym *x)
{
    const effnn__recurrent_attrs *attrs = call->attrs;
    const effnn__value_info *r = call->inputs[EFFNN__RECURRENT_R];
    const int64_t n_gates = (int64_t)kind->n_gates;
    const bool batch_first = attrs->layout == 1;

    out->steps = x[batch_first];
    out->batch = x[!batch_first];
    out->in = x[2];
    if (out->in.symbol == 0 && out->in.offset < 1)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "inputs of size 0");
    out->hidden = r->has_shape ? r->dims[2] : effnn__sym_constant(attrs->hidden_size);
    if (attrs->hidden_size > 0)
        EFFNN_TRY(effnn__infer_equal_dims(&out->hidden, call, "hidden_size and last size of r",
                                          effnn__sym_constant(attrs->hidden_size), out->hidden));
    out->directions = effnn__sym_constant((int64_t)effnn__recurrent_direction_count(attrs));
    EFFNN_TRY(
        effnn__sym_mul(&out->gates, call->symbols, effnn__sym_constant(n_gates), out->hidden));
    EFFNN_TRY(effnn__sym_mul(&out->both_biases, call->symbols, effnn__sym_constant(2), out->gates));
    return effnn__sym_mul(&out->peepholes, call->symbols, effnn__sym_constant(3), out->hidden);
}

static effnn_status check_inputs(const effnn_op_infer *call, const sizes *s, bool batch_first)
{
    const effnn__sym state[2][3] = { { s->directions, s->batch, s->hidden },
                                     { s->batch, s->directions, s->hidden } };

    EFFNN_TRY(
        check_input(call, EFFNN__RECURRENT_W, 3, (effnn__sym[]){ s->directions, s->gates, s->in }));
    EFFNN_TRY(check_input(call, EFFNN__RECURRENT_R, 3,
                          (effnn__sym[]){ s->directions, s->gates, s->hidden }));
    EFFNN_TRY(
        check_input(call, EFFNN__RECURRENT_B, 2, (effnn__sym[]){ s->directions, s->both_biases }));
    EFFNN_TRY(check_input(call, EFFNN__RECURRENT_LENGTHS, 1, &s->batch));
    EFFNN_TRY(check_input(call, EFFNN__RECURRENT_H, 3, state[batch_first]));
    EFFNN_TRY(check_input(call, EFFNN__RECURRENT_C, 3, state[batch_first]));
    return check_input(call, EFFNN__RECURRENT_P, 2, (effnn__sym[]){ s->directions, s->peepholes });
}

static effnn_status check_dtypes(effnn_op_infer *call)
{
    for (size_t i = 0; i < call->n_inputs; i++) {
        if (i == EFFNN__RECURRENT_LENGTHS) {
            EFFNN_TRY(effnn__infer_dtype(call, i, EFFNN__INTEGERS));
            continue;
        }
        EFFNN_TRY(effnn__infer_dtype(call, i, EFFNN__FLOATS));
        EFFNN_TRY(effnn__infer_same_dtype(call, i, i + 1));
    }
    for (size_t i = 1; i < call->n_outputs; i++) {
        call->outputs[i].has_dtype = call->outputs[0].has_dtype;
        call->outputs[i].dtype = call->outputs[0].dtype;
    }
    return EFFNN_OK;
}

effnn_status effnn__recurrent_infer(effnn_op_infer *call, const effnn__recurrent_kind *kind)
{
    const effnn__recurrent_attrs *attrs = call->attrs;
    const effnn__value_info *x = call->inputs[EFFNN__RECURRENT_X],
                            *r = call->inputs[EFFNN__RECURRENT_R];
    const bool batch_first = attrs->layout == 1;
    effnn__activation activations[2][EFFNN__RECURRENT_ACTIVATIONS];
    sizes s;

    EFFNN_TRY(check_dtypes(call));
    if (effnn__recurrent_activations_of(activations, attrs, kind) != EFFNN_OK) {
        char why[160];

        snprintf(why, sizeof why, "%s", effnn_last_error());
        return effnn__infer_fail(call, EFFNN_E_ARG, "%s", why);
    }
    EFFNN_TRY(effnn__infer_rank(call, EFFNN__RECURRENT_X, 3));
    EFFNN_TRY(effnn__infer_rank(call, EFFNN__RECURRENT_R, 3));
    if (!x->has_shape || (!r->has_shape && attrs->hidden_size == 0)) return EFFNN_OK;
    EFFNN_TRY(find_sizes(&s, call, kind, x->dims));
    EFFNN_TRY(check_inputs(call, &s, batch_first));
    for (size_t i = 0; i < call->n_outputs; i++) {
        const effnn__sym y[2][4] = { { s.steps, s.directions, s.batch, s.hidden },
                                     { s.batch, s.steps, s.directions, s.hidden } };
        const effnn__sym state[2][3] = { { s.directions, s.batch, s.hidden },
                                         { s.batch, s.directions, s.hidden } };

        if (i == 0)
            effnn__info_set_shape(&call->outputs[i], 4, y[batch_first]);
        else
            effnn__info_set_shape(&call->outputs[i], 3, state[batch_first]);
    }
    return EFFNN_OK;
}
