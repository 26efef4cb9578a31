/* SPDX-License-Identifier: BSD-3-Clause */
/* The element-wise arithmetic of recurrent layers, in f32 and in f64, and their activations: those
 * that ONNX names, with its defaults. f32 goes through the kernels where there is one. */

#include "kernels/kernels.h"
#include "ops/op_recurrent.h"

#include <ctype.h>
#include <math.h>

/* ---- activations ---- */

struct effnn__activation_row {
    const char *name;
    size_t n_parameters;
    double alpha, beta;
    double (*f64)(double x, double alpha, double beta);
    void (*f32)(float *y, const float *x, size_t n); /* NULL: by f64 */
};

static double affine(double x, double alpha, double beta)
{
    return alpha * x + beta;
}

static double relu(double x, double alpha, double beta)
{
    (void)alpha;
    (void)beta;
    return x < 0.0 ? 0.0 : x;
}

static double leaky_relu(double x, double alpha, double beta)
{
    (void)beta;
    return x < 0.0 ? alpha * x : x;
}

static double thresholded_relu(double x, double alpha, double beta)
{
    (void)beta;
    return x < alpha ? 0.0 : x;
}

static double hyperbolic(double x, double alpha, double beta)
{
    (void)alpha;
    (void)beta;
    return tanh(x);
}

static double scaled_tanh(double x, double alpha, double beta)
{
    return alpha * tanh(beta * x);
}

static double sigmoid(double x, double alpha, double beta)
{
    (void)alpha;
    (void)beta;
    return 1.0 / (1.0 + exp(-x));
}

static double hard_sigmoid(double x, double alpha, double beta)
{
    const double y = alpha * x + beta;

    return y < 0.0 ? 0.0 : y > 1.0 ? 1.0 : y;
}

static double elu(double x, double alpha, double beta)
{
    (void)beta;
    return x < 0.0 ? alpha * expm1(x) : x;
}

static double softsign(double x, double alpha, double beta)
{
    (void)alpha;
    (void)beta;
    return x / (1.0 + fabs(x));
}

static double softplus(double x, double alpha, double beta)
{
    (void)alpha;
    (void)beta;
    return x > 0.0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

static void tanh_f32(float *y, const float *x, size_t n)
{
    effnn__kernels_get()->tanh_f32(y, x, n);
}

static void sigmoid_f32(float *y, const float *x, size_t n)
{
    effnn__kernels_get()->sigmoid_f32(y, x, n);
}

static void relu_f32(float *y, const float *x, size_t n)
{
    effnn__kernels_get()->relu_f32(y, x, n);
}

static const effnn__activation_row rows[] = {
    { "Affine", 2, 1.0, 0.0, affine, NULL },
    { "Elu", 1, 1.0, 0.0, elu, NULL },
    { "HardSigmoid", 2, 0.2, 0.5, hard_sigmoid, NULL },
    { "LeakyRelu", 1, 0.01, 0.0, leaky_relu, NULL },
    { "Relu", 0, 0.0, 0.0, relu, relu_f32 },
    { "ScaledTanh", 2, 1.0, 1.0, scaled_tanh, NULL },
    { "Sigmoid", 0, 0.0, 0.0, sigmoid, sigmoid_f32 },
    { "Softplus", 0, 0.0, 0.0, softplus, NULL },
    { "Softsign", 0, 0.0, 0.0, softsign, NULL },
    { "Tanh", 0, 0.0, 0.0, hyperbolic, tanh_f32 },
    { "ThresholdedRelu", 1, 1.0, 0.0, thresholded_relu, NULL },
};

static bool same_letters(const char *a, const char *b)
{
    for (; *a && *b; a++, b++)
        if (tolower((unsigned char)*a) != tolower((unsigned char)*b)) return false;
    return *a == *b;
}

const effnn__activation_row *effnn__activation_find(const char *name, double *alpha, double *beta)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!same_letters(rows[i].name, name)) continue;
        *alpha = rows[i].alpha;
        *beta = rows[i].beta;
        return &rows[i];
    }
    return NULL;
}

size_t effnn__activation_parameters(const effnn__activation_row *row)
{
    return row->n_parameters;
}

/* ---- f32 ---- */

static void multiply_f32(void *y_, const void *a_, const void *b_, size_t n)
{
    float *y = y_;
    const float *a = a_, *b = b_;

    for (size_t i = 0; i < n; i++) y[i] = a[i] * b[i];
}

static void multiply_add_f32(void *y_, const void *a_, const void *b_, size_t n)
{
    float *y = y_;
    const float *a = a_, *b = b_;

    for (size_t i = 0; i < n; i++) y[i] += a[i] * b[i];
}

static void blend_f32(void *y_, const void *z_, const void *a_, const void *b_, size_t n)
{
    float *y = y_;
    const float *z = z_, *a = a_, *b = b_;

    for (size_t i = 0; i < n; i++) y[i] = (1.0f - z[i]) * a[i] + z[i] * b[i];
}

static void complement_f32(void *y_, const void *a_, size_t n)
{
    float *y = y_;
    const float *a = a_;

    for (size_t i = 0; i < n; i++) y[i] = 1.0f - a[i];
}

static void clip_f32(void *y_, size_t n, double limit)
{
    float *y = y_;
    const float most = (float)limit;

    for (size_t i = 0; i < n; i++) y[i] = y[i] > most ? most : y[i] < -most ? -most : y[i];
}

static void activate_f32(void *y_, const void *x_, size_t n, const effnn__activation *by)
{
    float *y = y_;
    const float *x = x_;

    if (by->row->f32) {
        by->row->f32(y, x, n);
        return;
    }
    for (size_t i = 0; i < n; i++) y[i] = (float)by->row->f64(x[i], by->alpha, by->beta);
}

/* ---- f64 ---- */

static void multiply_f64(void *y_, const void *a_, const void *b_, size_t n)
{
    double *y = y_;
    const double *a = a_, *b = b_;

    for (size_t i = 0; i < n; i++) y[i] = a[i] * b[i];
}

static void multiply_add_f64(void *y_, const void *a_, const void *b_, size_t n)
{
    double *y = y_;
    const double *a = a_, *b = b_;

    for (size_t i = 0; i < n; i++) y[i] += a[i] * b[i];
}

static void blend_f64(void *y_, const void *z_, const void *a_, const void *b_, size_t n)
{
    double *y = y_;
    const double *z = z_, *a = a_, *b = b_;

    for (size_t i = 0; i < n; i++) y[i] = (1.0 - z[i]) * a[i] + z[i] * b[i];
}

static void complement_f64(void *y_, const void *a_, size_t n)
{
    double *y = y_;
    const double *a = a_;

    for (size_t i = 0; i < n; i++) y[i] = 1.0 - a[i];
}

static void clip_f64(void *y_, size_t n, double limit)
{
    double *y = y_;

    for (size_t i = 0; i < n; i++) y[i] = y[i] > limit ? limit : y[i] < -limit ? -limit : y[i];
}

static void activate_f64(void *y_, const void *x_, size_t n, const effnn__activation *by)
{
    double *y = y_;
    const double *x = x_;

    for (size_t i = 0; i < n; i++) y[i] = by->row->f64(x[i], by->alpha, by->beta);
}

const effnn__reals *effnn__reals_of(effnn_dtype dtype)
{
    static const effnn__reals f32 = {
        EFFNN_F32, sizeof(float),  multiply_f32, multiply_add_f32,
        blend_f32, complement_f32, clip_f32,     activate_f32,
    };
    static const effnn__reals f64 = {
        EFFNN_F64, sizeof(double), multiply_f64, multiply_add_f64,
        blend_f64, complement_f64, clip_f64,     activate_f64,
    };

    return dtype == EFFNN_F32 ? &f32 : &f64;
}
