/* SPDX-License-Identifier: BSD-3-Clause */
/* Median speed of the chosen kernels: products and convolutions in GFLOP/s, element-wise work in
 * 10^9 elements a second. Threads by the first argument (default 1). The first line names the
 * kernels. */

#include "base/clock.h"
#include "kernels/kernels.h"
#include "kernels/packed.h"

#include <stdio.h>
#include <stdlib.h>

enum { N_REPEATS = 9, N_LARGEST = 1536 * 3072 };

typedef struct bench {
    effnn_context *context;
    const effnn__kernels *kernels;
    float *a, *b, *c, *packed;
} bench;

typedef void (*run_fn)(const bench *self, const size_t *size);

static int compare(const void *x, const void *y)
{
    const double a = *(const double *)x, b = *(const double *)y;

    return a < b ? -1 : a > b;
}

/* Seconds of one call, on average over so many. */
static double time_of(const bench *self, run_fn run, const size_t *size, size_t calls)
{
    const double begin = effnn__seconds();

    for (size_t i = 0; i < calls; i++) run(self, size);
    return (effnn__seconds() - begin) / (double)calls;
}

/* Prints the median and `work` divided by it, in 10^9 a second. */
static void measure(const bench *self, const char *name, run_fn run, const size_t *size,
                    double work)
{
    double times[N_REPEATS];
    size_t calls = 1;

    while (time_of(self, run, size, calls) * (double)calls < 5e-3) calls *= 2;
    for (size_t r = 0; r < N_REPEATS; r++) times[r] = time_of(self, run, size, calls);
    qsort(times, N_REPEATS, sizeof times[0], compare);
    printf("%-34s %9.3f ms %8.2f\n", name, times[N_REPEATS / 2] * 1e3,
           work / times[N_REPEATS / 2] * 1e-9);
}

/* size: m, n, k, whether B is stored by columns, as a linear layer's weight is; then the batch. */
static void run_gemm(const bench *self, const size_t *size)
{
    const size_t m = size[0], n = size[1], k = size[2];
    size_t a[64], b[64], c[64];
    const effnn__gemm gemm = { .m = m,
                               .n = n,
                               .k = k,
                               .a = self->a,
                               .b = self->b,
                               .c = self->c,
                               .a_row = (int64_t)k,
                               .a_col = 1,
                               .b_row = size[3] ? 1 : (int64_t)n,
                               .b_col = size[3] ? (int64_t)k : 1,
                               .c_row = (int64_t)n,
                               .c_col = 1,
                               .alpha = 1.0,
                               .n_batch = size[4],
                               .a_offset = a,
                               .b_offset = b,
                               .c_offset = c };

    for (size_t i = 0; i < size[4]; i++) {
        a[i] = i * m * k;
        b[i] = i * k * n;
        c[i] = i * m * n;
    }
    self->kernels->gemm_f32(self->context, &gemm);
}

/* size: m, n, k; the weights are packed beforehand. */
static void run_packed(const bench *self, const size_t *size)
{
    const size_t m = size[0], n = size[1], k = size[2];

    effnn__gemm_f32_packed(self->context, &(effnn__packed_gemm){ .m = m,
                                                                 .n = n,
                                                                 .k = k,
                                                                 .a = self->a,
                                                                 .b = self->packed,
                                                                 .c = self->c,
                                                                 .a_row = k,
                                                                 .a_col = 1,
                                                                 .c_row = n });
}

/* size: batch, c_in, side, c_out, kernel, stride, groups. */
static void run_conv(const bench *self, const size_t *size)
{
    const size_t out = (size[2] - 1) / size[5] + 1;
    const effnn__conv2d conv = { .n = size[0],
                                 .c_in = size[1],
                                 .h = size[2],
                                 .w = size[2],
                                 .c_out = size[3],
                                 .kernel_h = size[4],
                                 .kernel_w = size[4],
                                 .out_h = out,
                                 .out_w = out,
                                 .groups = size[6],
                                 .stride_h = size[5],
                                 .stride_w = size[5],
                                 .dilation_h = 1,
                                 .dilation_w = 1,
                                 .pad_top = size[4] / 2,
                                 .pad_left = size[4] / 2 };
    void *const scratch = malloc(self->kernels->conv2d_scratch(self->context, &conv) + 1);

    if (self->kernels->conv2d_pack_bytes(&conv)) /* the same work whatever the packed weights are */
        self->kernels->conv2d_packed_f32(self->context, &conv, self->a, self->packed, NULL, self->c,
                                         scratch);
    else
        self->kernels->conv2d_f32(self->context, &conv, self->a, self->b, NULL, self->c, scratch);
    free(scratch);
}

static void run_gelu(const bench *self, const size_t *size)
{
    self->kernels->gelu_f32(self->c, self->a, size[0] * size[1]);
}

static void run_exp(const bench *self, const size_t *size)
{
    self->kernels->exp_f32(self->c, self->a, size[0] * size[1]);
}

static void run_tanh(const bench *self, const size_t *size)
{
    self->kernels->tanh_f32(self->c, self->a, size[0] * size[1]);
}

static void run_softmax(const bench *self, const size_t *size)
{
    const effnn__axis shape = { size[0], size[1], 1 };

    self->kernels->softmax_f32(self->context, shape, self->a, self->c);
}

static void run_layer_norm(const bench *self, const size_t *size)
{
    self->kernels->layer_norm_f32(self->context, size[0], size[1], self->a, self->b, self->b, 1e-5f,
                                  self->c, NULL, NULL);
}

static void run_sum(const bench *self, const size_t *size)
{
    const effnn__axis shape = { size[0], size[1], 1 };

    self->kernels->reduce_sum_f32(self->context, shape, self->a, self->c);
}

/* x is [size[0], size[1]]; scratch and result share b and c, which are larger than they need. */
static void run_gram(const bench *self, const size_t *size)
{
    self->kernels->gram_f32(self->context, (double *)self->c, self->a, size[0], size[1], 1.0,
                            self->b);
}

static float *filled(void)
{
    float *const x = malloc(N_LARGEST * sizeof *x);

    for (size_t i = 0; x && i < N_LARGEST; i++) x[i] = (float)(i * 7919 % 2003) / 1001.0f - 1.0f;
    return x;
}

static void bench_gemm(const bench *self)
{
    static const size_t sizes[][5] = {
        { 1536, 1536, 1536, 0, 1 }, { 197, 768, 768, 1, 1 },  { 197, 2304, 768, 1, 1 },
        { 197, 3072, 768, 1, 1 },   { 197, 768, 3072, 1, 1 }, { 197, 768, 768, 0, 1 },
        { 197, 197, 64, 1, 12 },    { 197, 64, 197, 0, 12 },  { 1, 3072, 768, 1, 1 },
        { 65, 192, 64, 1, 1 },
    };
    char name[64];

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const size_t *const s = sizes[i];

        snprintf(name, sizeof name, "gemm %zu x %zu x %zu%s, %zu", s[0], s[1], s[2],
                 s[3] ? " B^T" : "", s[4]);
        measure(self, name, run_gemm, s, 2.0 * (double)(s[0] * s[1] * s[2] * s[4]));
    }
}

static void bench_packed(const bench *self)
{
    static const size_t sizes[][3] = {
        { 197, 576, 192 },  { 197, 192, 768 },  { 197, 1152, 384 }, { 197, 384, 384 },
        { 197, 1536, 384 }, { 197, 384, 1536 }, { 197, 2304, 768 }, { 197, 3072, 768 },
        { 197, 768, 3072 }, { 128, 384, 384 },  { 128, 1536, 384 }, { 128, 384, 1536 },
        { 65, 192, 64 },    { 1, 3072, 768 },   { 1, 512, 128 },
    };
    char name[64];

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const size_t *const s = sizes[i];

        effnn__pack_f32(self->packed, self->b, (int64_t)s[1], 1, s[2], s[1]);
        snprintf(name, sizeof name, "packed %zu x %zu x %zu", s[0], s[1], s[2]);
        measure(self, name, run_packed, s, 2.0 * (double)(s[0] * s[1] * s[2]));
    }
}

static void bench_conv(const bench *self)
{
    static const size_t sizes[][7] = {
        { 1, 3, 224, 64, 7, 2, 1 },   { 1, 64, 56, 64, 3, 1, 1 },  { 1, 128, 28, 128, 3, 1, 1 },
        { 1, 256, 14, 256, 3, 1, 1 }, { 1, 512, 7, 512, 3, 1, 1 }, { 1, 256, 56, 64, 1, 1, 1 },
        { 1, 512, 14, 256, 1, 2, 1 }, { 32, 16, 32, 16, 3, 1, 1 }, { 1, 96, 56, 96, 3, 1, 96 },
        { 1, 96, 112, 96, 3, 2, 96 },
    };
    char name[64];

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const size_t *const s = sizes[i], out = (s[2] - 1) / s[5] + 1;

        snprintf(name, sizeof name, "conv %zu x %zu x %zu^2 to %zu, %zu^2/%zu, g %zu", s[0], s[1],
                 s[2], s[3], s[4], s[5], s[6]);
        measure(self, name, run_conv, s,
                2.0 * (double)(s[0] * s[1] / s[6] * s[3] * out * out * s[4] * s[4]));
    }
}

static void bench_rows(const bench *self)
{
    static const size_t mlp[] = { 197, 3072 }, scores[] = { 12 * 197, 197 },
                        tokens[] = { 197, 768 };
    static const size_t samples[] = { 788, 768 };

    measure(self, "gelu 197 x 3072", run_gelu, mlp, 197.0 * 3072.0);
    measure(self, "exp 197 x 3072", run_exp, mlp, 197.0 * 3072.0);
    measure(self, "tanh 197 x 3072", run_tanh, mlp, 197.0 * 3072.0);
    measure(self, "softmax 2364 x 197", run_softmax, scores, 2364.0 * 197.0);
    measure(self, "layer norm 197 x 768", run_layer_norm, tokens, 197.0 * 768.0);
    measure(self, "sum 197 x 3072", run_sum, mlp, 197.0 * 3072.0);
    measure(self, "gram 788 x 768 (GFLOP/s)", run_gram, samples, 788.0 * 768.0 * 768.0);
}

int main(int argc, char **argv)
{
    effnn_context_options options = EFFNN_CONTEXT_OPTIONS_INIT;
    bench self = { .kernels = effnn__kernels_get() };
    int result = EXIT_FAILURE;

    options.threads = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1;
    self.a = filled();
    self.b = filled();
    self.c = filled();
    self.packed = filled();
    if (effnn_context_create(&self.context, &options) == EFFNN_OK && self.a && self.b && self.c &&
        self.packed) {
        printf("%s; %u threads\n", effnn__kernels_describe(), options.threads);
        bench_gemm(&self);
        bench_packed(&self);
        bench_conv(&self);
        bench_rows(&self);
        result = EXIT_SUCCESS;
    }
    free(self.a);
    free(self.b);
    free(self.c);
    free(self.packed);
    effnn_context_destroy(self.context);
    return result;
}
