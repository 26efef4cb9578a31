/* SPDX-License-Identifier: BSD-3-Clause */
/* Mixed-radix transform (Cooley and Tukey, 1965), out of place and recursive: the p interleaved
 * parts of a line, p its smallest prime factor, are transformed one behind the other, then combined
 * p numbers at a time. All roots of unity of length n lie in one table. */

#include "ops/op_fourier.h"

#include "base/pool.h"

#include <math.h>
#include <stdatomic.h>

#define TWO_PI 6.283185307179586476925286766559

/* Numbers of one thread: the line, its transform, and p of them while they are combined. */
#define LINES_A_SLOT 3

typedef struct fourier_job {
    const effnn__fourier *lines;
    const double *roots; /* [n]: e^(∓2πi k / n) */
    double *slots;
} fourier_job;

size_t effnn__fourier_scratch(const effnn_context *context, size_t n)
{
    return (1 + LINES_A_SLOT * effnn_context_threads(context)) * 2 * n * sizeof(double);
}

static size_t smallest_factor(size_t n)
{
    for (size_t p = 2; p <= n / p; p++)
        if (n % p == 0) return p;
    return n;
}

/* Outputs k, k + m, …, k + (p - 1) m of a line of n = p · m from the transforms of its parts. */
static void combine(const fourier_job *job, double *out, size_t n, size_t p, size_t k,
                    double *parts)
{
    const size_t m = n / p, step = job->lines->n / n;

    for (size_t q = 0; q < p; q++) {
        parts[2 * q] = out[2 * (q * m + k)];
        parts[2 * q + 1] = out[2 * (q * m + k) + 1];
    }
    for (size_t r = 0; r < p; r++) {
        const size_t to = k + r * m;
        double real = 0.0, imaginary = 0.0;
        size_t turn = 0; /* q · to modulo n */

        for (size_t q = 0; q < p; q++) {
            const double *root = job->roots + 2 * turn * step;

            real += parts[2 * q] * root[0] - parts[2 * q + 1] * root[1];
            imaginary += parts[2 * q] * root[1] + parts[2 * q + 1] * root[0];
            turn += to;
            if (turn >= n) turn -= n;
        }
        out[2 * to] = real;
        out[2 * to + 1] = imaginary;
    }
}

/* The n numbers of `in` that are `stride` apart. The depth is at most log2 of the length. */
static void transform(const fourier_job *job, double *out, const double *in, size_t n,
                      size_t stride, double *parts)
{
    if (n == 1) {
        out[0] = in[0];
        out[1] = in[1];
        return;
    }
    const size_t p = smallest_factor(n), m = n / p;
    for (size_t q = 0; q < p; q++)
        transform(job, out + 2 * q * m, in + 2 * q * stride, m, stride * p, parts);
    for (size_t k = 0; k < m; k++) combine(job, out, n, p, k, parts);
}

static void run_line(void *job_, size_t slot, size_t i)
{
    const fourier_job *job = job_;
    const size_t n = job->lines->n;
    double *line = job->slots + slot * LINES_A_SLOT * 2 * n;
    double *result = line + 2 * n, *parts = result + 2 * n;

    job->lines->load(job->lines->user, i, line);
    transform(job, result, line, n, 1, parts);
    for (size_t k = 0; k < 2 * n && job->lines->inverse; k++) result[k] /= (double)n;
    job->lines->store(job->lines->user, i, result);
}

effnn_status effnn__fourier_run(effnn_context *context, const effnn__fourier *lines, void *scratch)
{
    const size_t n = lines->n;
    double *roots = scratch;
    fourier_job job = { .lines = lines, .roots = roots, .slots = roots + 2 * n };

    if (n == 0 || lines->n_lines == 0) return EFFNN_OK;
    for (size_t k = 0; k < n; k++) {
        const double angle = TWO_PI * (double)k / (double)n;

        roots[2 * k] = cos(angle);
        roots[2 * k + 1] = lines->inverse ? sin(angle) : -sin(angle);
    }
    return effnn__parallel_items(context, lines->n_lines, run_line, &job);
}
