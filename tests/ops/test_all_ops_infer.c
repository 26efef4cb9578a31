/* SPDX-License-Identifier: BSD-3-Clause */
/* What `infer` must keep where sizes and contents are open, tried on every sample of every row of
 * the operator table. */

#include "support/alloc_fail.h"
#include "support/hand_run.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>

/* Value of a printed symbol in which "d7" stands for 7; NaN if a fresh symbol is in it. */
typedef struct sym_reader {
    const char *at;
} sym_reader;

static double read_expression(sym_reader *r);

static double read_primary(sym_reader *r)
{
    double value;
    char *end;

    if (*r->at == '(') {
        r->at++;
        value = read_expression(r);
        ck_assert_int_eq(*r->at, ')');
        r->at++;
        return value;
    }
    if (*r->at == '?') {
        r->at++;
        strtol(r->at, &end, 10);
        r->at = end;
        return NAN;
    }
    if (*r->at == 'd') r->at++;
    value = (double)strtol(r->at, &end, 10);
    ck_assert_ptr_ne(end, r->at);
    r->at = end;
    return value;
}

static double read_term(sym_reader *r)
{
    double value = read_primary(r);

    while (*r->at == '*' || *r->at == '/') {
        const char op = *r->at++;
        const double right = read_primary(r);

        value = op == '*' ? value * right : trunc(value / right);
    }
    return value;
}

static double read_expression(sym_reader *r)
{
    const bool negative = *r->at == '-' && !isdigit((unsigned char)r->at[1]);
    if (negative) r->at++;
    double value = read_term(r);

    if (negative) value = -value;
    while (*r->at == '+' || *r->at == '-' || *r->at == ' ') {
        if (*r->at == ' ') {
            r->at += strlen(" or ");
            const double other = read_term(r);

            value = value == 1.0 ? other : value;
            continue;
        }
        const char op = *r->at++;
        const double right = read_term(r);

        value = op == '+' ? value + right : value - right;
    }
    return value;
}

static double value_of(const effnn__symbols *symbols, effnn__sym s)
{
    char text[512];
    sym_reader reader = { .at = effnn__sym_print(text, sizeof text, symbols, s) };

    return read_expression(&reader);
}

/* Sizes above 1 of operands whose contents are free become symbols named by the size; `only`: those
 * of this size alone (0: all). */
static void open_sizes(hand_run *run, effnn__symbols *symbols, int64_t only)
{
    for (size_t i = 0; i < run->sample->n_inputs; i++) {
        effnn__value_info *info = &run->input_infos[i];

        if (!run->info_pointers[i] || run->sample->given[i]) continue;
        for (size_t k = 0; k < info->rank; k++) {
            char name[32];

            if (info->dims[k].offset <= 1 || (only && info->dims[k].offset != only)) continue;
            snprintf(name, sizeof name, "d%lld", (long long)info->dims[k].offset);
            ck_assert_ok(effnn__symbols_named(&info->dims[k], symbols, name));
        }
        info->has_content = false;
    }
}

static void assert_agrees(const hand_run *run, const effnn__symbols *symbols, size_t output,
                          const effnn__value_info *symbolic)
{
    const effnn__value_info *concrete = &run->infos[output];
    const char *name = run->sample->name;
    char text[256];

    ck_assert_msg(symbolic->has_dtype && symbolic->dtype == concrete->dtype, "%s: dtype", name);
    if (!symbolic->has_shape) return;
    ck_assert_uint_eq(symbolic->rank, concrete->rank);
    for (size_t k = 0; k < concrete->rank; k++) {
        const double value = value_of(symbols, symbolic->dims[k]);

        ck_assert_msg(isnan(value) || value == (double)concrete->dims[k].offset,
                      "%s: output %zu, dimension %zu is %s, %lld in fact", name, output, k,
                      effnn__sym_print(text, sizeof text, symbols, symbolic->dims[k]),
                      (long long)concrete->dims[k].offset);
    }
    for (size_t k = 0; symbolic->has_content && k < symbolic->n_content; k++) {
        const double value = value_of(symbols, symbolic->content[k]);

        ck_assert_msg(isnan(value) ||
                          (concrete->has_content && value == (double)concrete->content[k].offset),
                      "%s: element %zu is %s", name, k,
                      effnn__sym_print(text, sizeof text, symbols, symbolic->content[k]));
    }
}

static void try_open_sizes(sample_call *sample, int64_t only)
{
    effnn__value_info outputs[SAMPLE_OUTPUTS];
    effnn__symbols *symbols = NULL;
    hand_run run;

    hand_open(&run, sample, 0);
    ck_assert_ok(effnn__symbols_create(&symbols));
    open_sizes(&run, symbols, only);
    ck_assert_ok(sample_infer(sample, symbols, run.info_pointers, false, outputs));
    for (size_t k = 0; k < sample->n_outputs; k++) assert_agrees(&run, symbols, k, &outputs[k]);
    effnn__symbols_destroy(symbols);
    hand_close(&run);
}

START_TEST(symbolic_sizes_agree_with_concrete_ones)
{
    const effnn_op_def *def = effnn__op_at((size_t)_i);

    for (size_t i = 0; i < sample_count(def); i++) {
        sample_call sample;

        if (!sample_runs_by_hand(def, i)) continue;
        sample_open(&sample, def, i, false);
        try_open_sizes(&sample, 0);
        for (size_t k = 0; sample.inputs[0] && k < effnn_tensor_rank(sample.inputs[0]); k++)
            try_open_sizes(&sample, effnn_tensor_dims(sample.inputs[0])[k]);
        sample_close(&sample);
    }
}
END_TEST

START_TEST(what_is_not_known_of_an_input_is_no_error)
{
    const effnn_op_def *def = effnn__op_at((size_t)_i);

    for (size_t i = 0; i < sample_count(def); i++) {
        sample_call sample;
        hand_run run;

        if (!sample_runs_by_hand(def, i)) continue;
        sample_open(&sample, def, i, false);
        hand_open(&run, &sample, 0);
        for (size_t k = 0; k < sample.n_inputs; k++) {
            const effnn__value_info whole = run.input_infos[k];

            for (int known = 0; known < 3 && run.info_pointers[k]; known++) {
                effnn__value_info outputs[SAMPLE_OUTPUTS], *info = &run.input_infos[k];
                effnn__symbols *symbols = NULL;

                info->has_dtype = known == 1;
                info->has_shape = known == 2;
                info->has_content = false;
                ck_assert_ok(effnn__symbols_create(&symbols));
                ck_assert_ok(sample_infer(&sample, symbols, run.info_pointers, false, outputs));
                effnn__symbols_destroy(symbols);
                *info = whole;
            }
        }
        hand_close(&run);
        sample_close(&sample);
    }
}
END_TEST

LOOP_SUITE("all_ops_infer", NULL, NULL, sample_op_count(), symbolic_sizes_agree_with_concrete_ones,
           what_is_not_known_of_an_input_is_no_error)
