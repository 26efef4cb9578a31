/* SPDX-License-Identifier: BSD-3-Clause */
/* Stage 1 in closed form. The paper takes U = X⁺ U_r Σ_r with the SVD X W = U_z Σ V_zᵀ; because
 * U_r Σ_r = X W V_r, that is W V_r where X has full column rank, and no pseudo-inverse is needed.
 * V_r needs only M = WᵀCW, and the smaller side decides how it is computed: from E[ZᵀZ], which is
 * M, or from C^½ W, whose right singular vectors are M's eigenvectors. */

#include "transform/lowrank/lowrank_math.h"

#include "base/alloc.h"
#include "kernels/kernels.h"
#include "kernels/linalg.h"

#include <math.h>

/* c [m, n] = a [m, k] · b, where b is [k, n], or [n, k] if b_transposed. */
static effnn_status multiply(effnn_context *context, double *c, const double *a, const double *b,
                             size_t m, size_t k, size_t n, int b_transposed)
{
    const effnn__gemm gemm = {
        .m = m,
        .n = n,
        .k = k,
        .a = a,
        .b = b,
        .c = c,
        .a_row = (int64_t)k,
        .a_col = 1,
        .b_row = b_transposed ? 1 : (int64_t)n,
        .b_col = b_transposed ? (int64_t)k : 1,
        .c_row = (int64_t)n,
        .c_col = 1,
        .alpha = 1.0,
        .n_batch = 1,
    };

    return effnn__kernels_get()->gemm_f64(context, &gemm);
}

effnn_status effnn__lowrank_basis_of_output_gram(double *lambda, double *v, const double *m,
                                                 size_t out)
{
    EFFNN_TRY(effnn__eigh_f64(lambda, v, m, out));
    for (size_t i = 0; i < out; i++) lambda[i] = fmax(lambda[i], 0.0); /* rounding */
    return EFFNN_OK;
}

effnn_status effnn__lowrank_basis_of_weight(double *lambda, double *v, const double *w, size_t in,
                                            size_t out)
{
    const size_t k = in < out ? in : out;
    double *u = effnn__alloc_array(in * k, sizeof *u);
    effnn_status status =
        u ? effnn__svd_f64(u, lambda, v, w, in, out) : effnn__fail_nomem("SVD", in * k * sizeof *u);

    for (size_t i = 0; i < k && status == EFFNN_OK; i++) lambda[i] *= lambda[i];
    effnn__free(u);
    return status;
}

effnn_status effnn__lowrank_basis_of_input_gram(effnn_context *context, double *lambda, double *v,
                                                const double *c, const double *w, size_t in,
                                                size_t out)
{
    double *d = effnn__alloc_array(in, sizeof *d);
    double *q = effnn__alloc_array(in * in, sizeof *q);
    double *root_w = effnn__alloc_array(in * out, sizeof *root_w);
    effnn_status status = d && q && root_w ? effnn__eigh_f64(d, q, c, in)
                                           : effnn__fail_nomem("SVD", in * out * sizeof *root_w);

    /* C = Qᵀ D Q with eigenvectors as rows of Q, so D^½ Q W has the singular vectors of C^½ W. */
    if (status == EFFNN_OK) status = multiply(context, root_w, q, w, in, in, out, 0);
    for (size_t i = 0; i < in && status == EFFNN_OK; i++) {
        const double root = sqrt(fmax(d[i], 0.0));

        for (size_t j = 0; j < out; j++) root_w[i * out + j] *= root;
    }
    if (status == EFFNN_OK) status = effnn__lowrank_basis_of_weight(lambda, v, root_w, in, out);
    effnn__free(root_w);
    effnn__free(q);
    effnn__free(d);
    return status;
}

void effnn__lowrank_tails(double *tails, const double *lambda, size_t n)
{
    double sum = 0.0;

    tails[n] = 0.0;
    for (size_t i = n; i-- > 0;) {
        sum += lambda[i];
        tails[i] = sum;
    }
    for (size_t i = 0; i < n; i++) tails[i] = sum > 0.0 ? tails[i] / sum : 0.0;
}

effnn_status effnn__lowrank_project(effnn_context *context, double *u, const double *w,
                                    const double *v, size_t in, size_t out, size_t r)
{
    return multiply(context, u, w, v, in, out, r, 1);
}

size_t effnn__lowrank_paying_rank(size_t in, size_t out)
{
    return in == 0 || out == 0 ? 0 : (in * out - 1) / (in + out);
}
