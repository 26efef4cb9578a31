/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading equations. Letters are labels 0 to 51; the axes of an ellipsis are aligned at their ends,
 * so that the last one is label 52 + EFFNN_MAX_RANK - 1 in every term. */

#include "ops/op_einsum.h"

#define FIRST_ELLIPSIS 52

bool effnn__einsum_has(const effnn__einsum_term *term, unsigned label)
{
    for (size_t i = 0; i < term->n; i++)
        if (term->labels[i] == label) return true;
    return false;
}

/* Label of a letter, upper case first as in ASCII; -1: not a letter. */
static int label_of(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    return c >= 'a' && c <= 'z' ? c - 'a' + 26 : -1;
}

typedef struct parser {
    const char *at;
    const char *why;
} parser;

static effnn_status complain(parser *self, const char *why)
{
    self->why = why;
    return EFFNN_E_ARG;
}

static effnn_status push(parser *self, effnn__einsum_term *term, int label)
{
    if (term->n == EFFNN_MAX_RANK) return complain(self, "a term has too many axes");
    term->labels[term->n++] = (unsigned char)label;
    return EFFNN_OK;
}

/* Letters in a term from here on. */
static size_t count_letters(const char *at)
{
    size_t n = 0;

    for (; *at && *at != ',' && *at != '-'; at++) n += label_of(*at) >= 0;
    return n;
}

/* One term; its ellipsis stands for `n_ellipsis` axes. */
static effnn_status parse_term(parser *self, effnn__einsum_term *term, size_t n_ellipsis,
                               bool *has_ellipsis)
{
    *has_ellipsis = false;
    for (; *self->at && *self->at != ',' && *self->at != '-'; self->at++) {
        const int label = label_of(*self->at);

        if (*self->at == ' ') continue;
        if (label >= 0) {
            EFFNN_TRY(push(self, term, label));
            continue;
        }
        if (self->at[0] != '.' || self->at[1] != '.' || self->at[2] != '.')
            return complain(self, "a character is neither a letter nor an ellipsis");
        if (*has_ellipsis) return complain(self, "a term has two ellipses");
        *has_ellipsis = true;
        self->at += 2;
        for (size_t i = 0; i < n_ellipsis; i++)
            EFFNN_TRY(push(self, term, (int)(FIRST_ELLIPSIS + EFFNN_MAX_RANK - n_ellipsis + i)));
    }
    return EFFNN_OK;
}

static effnn_status parse_inputs(parser *self, effnn__einsum *out, const size_t *ranks,
                                 size_t *n_ellipsis)
{
    *n_ellipsis = 0;
    for (size_t i = 0; i < out->n_inputs; i++) {
        effnn__einsum_term *term = &out->inputs[i];
        const size_t letters = count_letters(self->at);
        const size_t rest = letters <= ranks[i] ? ranks[i] - letters : 0;
        bool has_ellipsis;

        EFFNN_TRY(parse_term(self, term, rest, &has_ellipsis));
        if (term->n != ranks[i]) return complain(self, "a term has not the rank of its operand");
        if (has_ellipsis && rest > *n_ellipsis) *n_ellipsis = rest;
        if (i + 1 < out->n_inputs && *self->at++ != ',')
            return complain(self, "it has fewer terms than there are operands");
    }
    return EFFNN_OK;
}

static size_t occurrences(const effnn__einsum *e, unsigned label)
{
    size_t n = 0;

    for (size_t i = 0; i < e->n_inputs; i++)
        for (size_t k = 0; k < e->inputs[i].n; k++) n += e->inputs[i].labels[k] == label;
    return n;
}

/* Without "->": the ellipsis, then the letters that occur once, in order. */
static effnn_status imply_output(parser *self, effnn__einsum *out, size_t n_ellipsis)
{
    for (size_t i = 0; i < n_ellipsis; i++)
        EFFNN_TRY(
            push(self, &out->output, (int)(FIRST_ELLIPSIS + EFFNN_MAX_RANK - n_ellipsis + i)));
    for (int label = 0; label < FIRST_ELLIPSIS; label++)
        if (occurrences(out, (unsigned)label) == 1) EFFNN_TRY(push(self, &out->output, label));
    return EFFNN_OK;
}

static effnn_status parse_output(parser *self, effnn__einsum *out, size_t n_ellipsis)
{
    bool has_ellipsis;

    if (self->at[0] == '\0') return imply_output(self, out, n_ellipsis);
    if (self->at[0] != '-' || self->at[1] != '>')
        return complain(self, "it has more terms than there are operands");
    self->at += 2;
    EFFNN_TRY(parse_term(self, &out->output, n_ellipsis, &has_ellipsis));
    if (*self->at) return complain(self, "something follows the result");
    for (size_t i = 0; i < out->output.n; i++) {
        const unsigned label = out->output.labels[i];

        if (occurrences(out, label) == 0)
            return complain(self, "a label of the result is in no operand");
        for (size_t k = 0; k < i; k++)
            if (out->output.labels[k] == label)
                return complain(self, "the result has a label twice");
    }
    return EFFNN_OK;
}

effnn_status effnn__einsum_parse(effnn__einsum *out, const char *equation, size_t n_inputs,
                                 const size_t *ranks, const char **why)
{
    parser self = { .at = equation };
    size_t n_ellipsis = 0;

    *out = (effnn__einsum){ .n_inputs = n_inputs };
    effnn_status status = parse_inputs(&self, out, ranks, &n_ellipsis);
    if (status == EFFNN_OK) status = parse_output(&self, out, n_ellipsis);
    *why = self.why;
    return status;
}
