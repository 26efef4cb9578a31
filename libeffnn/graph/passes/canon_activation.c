/* SPDX-License-Identifier: BSD-3-Clause */
/* Activations written out, in whatever order of products and sums. Each form has one inner
 * function e = f(p(x)), with f one of erf, tanh, sigmoid and clip, and a result q(x, e); p and q
 * are polynomials. So instead of patterns there are polynomials: from a node that computes f, every
 * x above it is tried until the coefficients of p are the wanted ones, then every result below it
 * until those of q are. The last node becomes the operator, in its place.
 *
 *     GELU (erf)        e = erf(x / sqrt(2))                             0.5 x + 0.5 x e
 *     GELU (tanh)       e = tanh(sqrt(2/pi) (x + 0.044715 x^3))          0.5 x + 0.5 x e
 *     GELU (sigmoid)    e = sigmoid(2 sqrt(2/pi) (x + 0.044715 x^3))     x e
 *     SiLU              e = sigmoid(x)                                   x e
 *     hard swish        e = clip(x + 3, 0, 6)                            x e / 6
 *                       e = clip(x / 6 + 1/2, 0, 1)                      x e
 *                       e = hard_sigmoid(x)  (alpha 1/6, beta 1/2)       x e
 *     hard sigmoid      e = clip(x + 3, 0, 6)                            e / 6
 *
 * (The third is the second, since 1 + tanh(u) = 2 sigmoid(2 u).) Only scalar constants take part.
 */

#include "graph/passes/passes.h"

#include <math.h>
#include <string.h>

#define DEGREE    4  /* coefficients of x^0 to x^3 */
#define MAX_DEPTH 8  /* of an expression */
#define MAX_TRIES 64 /* values looked at above or below a node */
#define ROOT_HALF 0.70710678118654752440
#define ROOT_2_PI 0.79788456080286535588
#define CUBIC     0.044715

/* Sum of c[i][j] x^i e^j. */
typedef struct poly {
    double c[DEGREE][2];
} poly;

typedef struct form {
    const char *inner;
    double high;   /* of a clip from 0 */
    poly argument; /* of the inner function, in x */
    poly result;   /* in x and e */
    const char *op, *attrs;
} form;

static const form forms[] = {
    { "erf", 0, { { { 0 }, { ROOT_HALF } } }, { { { 0 }, { 0.5, 0.5 } } }, "gelu", NULL },
    { "tanh",
      0,
      { { { 0 }, { ROOT_2_PI }, { 0 }, { ROOT_2_PI * CUBIC } } },
      { { { 0 }, { 0.5, 0.5 } } },
      "gelu",
      "approximate=tanh" },
    { "sigmoid",
      0,
      { { { 0 }, { 2 * ROOT_2_PI }, { 0 }, { 2 * ROOT_2_PI * CUBIC } } },
      { { { 0 }, { 0, 1.0 } } },
      "gelu",
      "approximate=tanh" },
    { "sigmoid", 0, { { { 0 }, { 1.0 } } }, { { { 0 }, { 0, 1.0 } } }, "silu", NULL },
    { "clip", 6, { { { 3.0 }, { 1.0 } } }, { { { 0 }, { 0, 1.0 / 6.0 } } }, "hard_swish", NULL },
    { "clip", 1, { { { 0.5 }, { 1.0 / 6.0 } } }, { { { 0 }, { 0, 1.0 } } }, "hard_swish", NULL },
    { "hard_sigmoid", 0, { { { 0 }, { 1.0 } } }, { { { 0 }, { 0, 1.0 } } }, "hard_swish", NULL },
    { "clip",
      6,
      { { { 3.0 }, { 1.0 } } },
      { { { 0, 1.0 / 6.0 } } },
      "hard_sigmoid",
      "alpha=0.16666666666666666" },
};

/* Whether the node is the inner function of a form. */
static bool is_inner(const effnn__node *node, const form *f)
{
    double low = 1.0, high = 0.0, alpha = 0.0, beta = 0.0;

    if (!effnn__match_is(node, f->inner)) return false;
    if (strcmp(f->inner, "clip") == 0)
        return node->n_inputs == 3 && node->inputs[1] && node->inputs[2] &&
               effnn__match_scalar(node->inputs[1], &low) &&
               effnn__match_scalar(node->inputs[2], &high) && low == 0.0 && high == f->high;
    if (strcmp(f->inner, "hard_sigmoid") == 0) /* a sixth is written as f32 or as 0.1666667 */
        return effnn__options_get_f64(node->def->attrs, node->attrs, "alpha", &alpha) == EFFNN_OK &&
               effnn__options_get_f64(node->def->attrs, node->attrs, "beta", &beta) == EFFNN_OK &&
               fabs(alpha * 6.0 - 1.0) <= 1e-6 && beta == 0.5;
    return true;
}

/* ---- polynomials of values ---- */

static bool multiply(poly *out, const poly *a, const poly *b)
{
    poly product = { 0 };

    for (size_t i = 0; i < DEGREE * 2; i++) {
        const double left = a->c[i / 2][i % 2];
        for (size_t j = 0; j < DEGREE * 2 && left != 0.0; j++) {
            const double right = b->c[j / 2][j % 2];
            if (right == 0.0) continue;
            if (i / 2 + j / 2 >= DEGREE || i % 2 + j % 2 > 1) return false;
            product.c[i / 2 + j / 2][i % 2 + j % 2] += left * right;
        }
    }
    *out = product;
    return true;
}

static void add_scaled(poly *out, const poly *a, const poly *b, double factor)
{
    for (size_t i = 0; i < DEGREE * 2; i++)
        out->c[i / 2][i % 2] = a->c[i / 2][i % 2] + factor * b->c[i / 2][i % 2];
}

/* The number that a polynomial is, if it is one. */
static bool is_number(const poly *p, double *out)
{
    for (size_t i = 1; i < DEGREE * 2; i++)
        if (p->c[i / 2][i % 2] != 0.0) return false;
    *out = p->c[0][0];
    return true;
}

static bool combine(poly *out, const effnn__node *node, const poly *a, const poly *b)
{
    double number;

    if (effnn__match_is(node, "add")) {
        add_scaled(out, a, b, 1.0);
    } else if (effnn__match_is(node, "sub")) {
        add_scaled(out, a, b, -1.0);
    } else if (effnn__match_is(node, "mul")) {
        return multiply(out, a, b);
    } else if (effnn__match_is(node, "div")) {
        if (!is_number(b, &number) || number == 0.0) return false;
        add_scaled(out, &(poly){ 0 }, a, 1.0 / number);
    } else if (effnn__match_is(node, "pow")) {
        if (!is_number(b, &number) || (number != 2.0 && number != 3.0)) return false;
        return multiply(out, a, a) && (number == 2.0 || multiply(out, out, a));
    } else {
        return false;
    }
    return true;
}

/* `value` as a polynomial in x and e; false if it is none. */
static bool poly_of(poly *out, const effnn__value *value, const effnn__value *x,
                    const effnn__value *e, int depth)
{
    const effnn__node *node = value->producer;
    poly a, b;

    *out = (poly){ 0 };
    if (value == x || value == e) {
        out->c[value == x][value == e] = 1.0;
        return true;
    }
    if (value->constant) return effnn__match_scalar(value, &out->c[0][0]);
    if (!node || node->n_inputs != 2 || !node->inputs[0] || !node->inputs[1] || depth == 0)
        return false;
    return poly_of(&a, node->inputs[0], x, e, depth - 1) &&
           poly_of(&b, node->inputs[1], x, e, depth - 1) && combine(out, node, &a, &b);
}

/* Whether the coefficients agree up to the rounding of constants in this element type. */
static bool is_near(const poly *got, const poly *wanted, effnn_dtype dtype)
{
    const double tolerance = dtype == EFFNN_BF16 ? 8e-3 : dtype == EFFNN_F16 ? 1e-3 : 1e-6;

    for (size_t i = 0; i < DEGREE * 2; i++) {
        const double w = wanted->c[i / 2][i % 2];
        if (!(fabs(got->c[i / 2][i % 2] - w) <= tolerance * fabs(w))) return false;
    }
    return true;
}

/* ---- search ---- */

/* Values to look at, each once. */
typedef struct tries {
    size_t n;
    effnn__value *items[MAX_TRIES];
} tries;

static void try_too(tries *self, effnn__value *value)
{
    if (!value || value->constant || self->n == MAX_TRIES) return;
    for (size_t i = 0; i < self->n; i++)
        if (self->items[i] == value) return;
    self->items[self->n++] = value;
}

static bool is_arithmetic(const effnn__node *node)
{
    static const char *const ops[] = { "add", "sub", "mul", "div", "pow" };

    for (size_t i = 0; node && i < sizeof ops / sizeof ops[0]; i++)
        if (strcmp(node->def->name, ops[i]) == 0) return true;
    return false;
}

/* The x of which `argument` is the wanted polynomial, or NULL. */
static effnn__value *find_x(effnn__value *argument, const poly *wanted)
{
    tries above = { 0 };
    poly got;

    try_too(&above, argument);
    for (size_t i = 0; i < above.n; i++) {
        effnn__value *x = above.items[i];
        if (effnn__canon_same_kind(x, argument) && poly_of(&got, argument, x, NULL, MAX_DEPTH) &&
            is_near(&got, wanted, x->info.dtype))
            return x;
        if (!is_arithmetic(x->producer)) continue;
        for (size_t j = 0; j < x->producer->n_inputs; j++) try_too(&above, x->producer->inputs[j]);
    }
    return NULL;
}

/* The node whose result is the wanted polynomial in x and e, or NULL. */
static effnn__node *find_result(effnn__value *x, effnn__value *e, const poly *wanted)
{
    tries below = { 0 };
    poly got;

    try_too(&below, e);
    for (size_t i = 0; i < below.n; i++) {
        const effnn__value *value = below.items[i];
        if (value != e && effnn__canon_same_kind(x, value) &&
            poly_of(&got, value, x, e, MAX_DEPTH) && is_near(&got, wanted, x->info.dtype))
            return value->producer;
        for (size_t j = 0; j < value->n_uses; j++)
            if (is_arithmetic(value->uses[j].node) && !effnn__canon_is_dead(value->uses[j].node))
                try_too(&below, value->uses[j].node->outputs[0]);
    }
    return NULL;
}

static effnn_status find_activations(effnn__graph *graph, size_t *changes)
{
    for (size_t i = 0; i < graph->nodes.n; i++) {
        effnn__node *node = effnn__graph_node(graph, i);
        for (size_t k = 0; k < sizeof forms / sizeof forms[0]; k++) {
            effnn__value *x;
            effnn__node *result;
            if (!is_inner(node, &forms[k]) || effnn__canon_is_dead(node)) continue;
            x = find_x(node->inputs[0], &forms[k].argument);
            result = x ? find_result(x, node->outputs[0], &forms[k].result) : NULL;
            if (!result) continue;
            EFFNN_TRY(
                effnn__canon_turn(graph, result, forms[k].op, forms[k].attrs, &x, 1, changes));
            break;
        }
    }
    return EFFNN_OK;
}

const effnn__pass effnn__pass_activation = { .name = "activation", .run = find_activations };
