/* SPDX-License-Identifier: BSD-3-Clause */
/* Decompositions by LAPACK. LAPACK is column-major, so it sees our row-major arrays transposed;
 * each function is arranged so that this costs no copy: a symmetric matrix's lower triangle is its
 * upper one, and aᵀ = v diag(s) uᵀ has the factors of a = u diag(s) vᵀ in the other order.
 *
 * Before editing: only LAPACKE_*_work calls, in column-major layout, because the others allocate
 * and print; arguments are checked first, because xerbla stops the process; not-a-number is refused
 * first, because the iterations may not end on it. Results are written when all has succeeded. */

#include "base/alloc.h"
#include "kernels/kernels_priv.h"
#include "kernels/lapack_setup.h"
#include "kernels/linalg.h"

#include <lapacke.h>
#include <limits.h>
#include <math.h>
#include <string.h>

/* LAPACK's integers have 32 bits and count workspace of up to 4 n² + … elements. */
#define MAX_SIDE 20000

typedef struct workspace {
    double *work;
    lapack_int *iwork;
    lapack_int n_work, n_iwork;
} workspace;

static void workspace_free(workspace *self)
{
    effnn__free(self->work);
    effnn__free(self->iwork);
}

/* n_work as LAPACK's query told it, in a double. */
static effnn_status workspace_make(workspace *self, const char *what, double n_work, size_t n_iwork)
{
    if (n_work > INT_MAX)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "%s: LAPACK would need %.0f words of workspace",
                           what, n_work);
    self->n_work = n_work < 1.0 ? 1 : (lapack_int)n_work;
    self->n_iwork = (lapack_int)n_iwork;
    self->work = effnn__alloc_array((size_t)self->n_work, sizeof *self->work);
    self->iwork = effnn__alloc_array(n_iwork, sizeof *self->iwork);
    if (self->work && self->iwork) return EFFNN_OK;
    return effnn__fail_nomem(what, (size_t)self->n_work * sizeof *self->work +
                                       n_iwork * sizeof *self->iwork);
}

/* Rows of `a` from `first` on, or its lower triangle, hold finite numbers only. */
static effnn_status check_finite(const char *what, const double *a, size_t m, size_t n, bool lower)
{
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < (lower ? i + 1 : n); j++)
            if (!isfinite(a[i * n + j]))
                return effnn__fail(EFFNN_E_NUMERIC, "%s: element (%zu, %zu) is %f", what, i, j,
                                   a[i * n + j]);
    return EFFNN_OK;
}

static effnn_status check_side(const char *what, size_t side, size_t limit)
{
    if (side <= limit) return EFFNN_OK;
    return effnn__fail(EFFNN_E_UNSUPPORTED, "%s: %zu rows or columns, at most %zu are supported",
                       what, side, limit);
}

/* True if the element of largest magnitude among n, `stride` apart, is negative; the first of
 * equals. */
static bool points_down(const double *x, size_t n, size_t stride)
{
    double best = 0.0;

    for (size_t i = 0; i < n; i++)
        if (fabs(x[i * stride]) > fabs(best)) best = x[i * stride];
    return best < 0.0;
}

static void negate(double *x, size_t n, size_t stride)
{
    for (size_t i = 0; i < n; i++) x[i * stride] = -x[i * stride];
}

static void *copy_of(const double *a, size_t n)
{
    double *const copy = effnn__alloc_array(n, sizeof *copy);

    if (copy) memcpy(copy, a, n * sizeof *copy);
    return copy;
}

/* dsyevd on v, whose column-major upper triangle is the matrix: eigenvalues ascending, vector i in
 * v's row i. */
static effnn_status eigh_in_place(double *w, double *v, lapack_int n)
{
    const char *const what = "eigenvalues of a symmetric matrix";
    workspace space = { 0 };
    lapack_int n_iwork = 0, info;
    double n_work = 0.0;
    effnn_status status;

    effnn__lapack_begin();
    LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, 'V', 'U', n, v, n, w, &n_work, -1, &n_iwork, -1);
    status = workspace_make(&space, what, n_work, (size_t)n_iwork);
    if (status == EFFNN_OK) {
        info = LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, 'V', 'U', n, v, n, w, space.work, space.n_work,
                                   space.iwork, space.n_iwork);
        if (info != 0)
            status = effnn__fail(EFFNN_E_NUMERIC, "%s: no convergence at order %d (info %d)", what,
                                 (int)n, (int)info);
    }
    effnn__lapack_end();
    workspace_free(&space);
    return status;
}

effnn_status effnn__eigh_f64(double *w, double *v, const double *a, size_t n)
{
    const char *const what = "eigenvalues of a symmetric matrix";
    double *vectors, *values;
    effnn_status status;

    if (n == 0) return EFFNN_OK;
    EFFNN_TRY(check_side(what, n, MAX_SIDE));
    EFFNN_TRY(check_finite(what, a, n, n, true));
    vectors = copy_of(a, n * n);
    values = effnn__alloc_array(n, sizeof *values);
    status = vectors && values ? eigh_in_place(values, vectors, (lapack_int)n)
                               : effnn__fail_nomem(what, (n + 1) * n * sizeof *vectors);
    for (size_t i = 0; status == EFFNN_OK && i < n; i++) {
        const double *const vector = vectors + (n - 1 - i) * n;

        w[i] = values[n - 1 - i];
        memcpy(v + i * n, vector, n * sizeof *v);
        if (points_down(vector, n, 1)) negate(v + i * n, n, 1);
    }
    effnn__free(vectors);
    effnn__free(values);
    return status;
}

/* The arrays of one singular value decomposition; u and vt are NULL for values only. */
typedef struct svd_result {
    double *u, *s, *vt;
} svd_result;

/* dgesdd of `a`, which it sees as its transpose n × m and destroys. */
static effnn_status svd_destroying(const svd_result *out, double *a, size_t m, size_t n)
{
    const char *const what = "singular value decomposition";
    const lapack_int rows = (lapack_int)n, cols = (lapack_int)m, k = rows < cols ? rows : cols;
    const char job = out->u ? 'S' : 'N';
    workspace space = { 0 };
    double n_work = 0.0;
    lapack_int unused = 0, info;
    effnn_status status;

    effnn__lapack_begin();
    LAPACKE_dgesdd_work(LAPACK_COL_MAJOR, job, rows, cols, a, rows, out->s, out->vt, rows, out->u,
                        k, &n_work, -1, &unused);
    status = workspace_make(&space, what, n_work, 8 * (size_t)k);
    if (status == EFFNN_OK) {
        info = LAPACKE_dgesdd_work(LAPACK_COL_MAJOR, job, rows, cols, a, rows, out->s, out->vt,
                                   rows, out->u, k, space.work, space.n_work, space.iwork);
        if (info != 0)
            status = effnn__fail(EFFNN_E_NUMERIC, "%s: no convergence for %zu x %zu (info %d)",
                                 what, m, n, (int)info);
    }
    effnn__lapack_end();
    workspace_free(&space);
    return status;
}

static void fix_signs(const svd_result *r, size_t m, size_t n, size_t k)
{
    for (size_t i = 0; i < k; i++) {
        if (!points_down(r->u + i, m, k)) continue;
        negate(r->u + i, m, k);
        negate(r->vt + i * n, n, 1);
    }
}

effnn_status effnn__svd_f64(double *u, double *s, double *vt, const double *a, size_t m, size_t n)
{
    const char *const what = "singular value decomposition";
    const size_t k = m < n ? m : n;
    svd_result result = { 0 };
    double *copy = NULL;
    effnn_status status;

    if (k == 0) return EFFNN_OK;
    EFFNN_TRY(check_side(what, k, MAX_SIDE));
    EFFNN_TRY(check_side(what, m < n ? n : m, INT_MAX));
    EFFNN_TRY(check_finite(what, a, m, n, false));
    copy = copy_of(a, m * n);
    result.s = effnn__alloc_array(k, sizeof *s);
    if (u) result.u = effnn__alloc_array(m * k, sizeof *u);
    if (u) result.vt = effnn__alloc_array(k * n, sizeof *vt);
    status = copy && result.s && (!u || (result.u && result.vt))
                 ? svd_destroying(&result, copy, m, n)
                 : effnn__fail_nomem(what, (m * n + m * k + k * n + k) * sizeof *a);
    if (status == EFFNN_OK) {
        memcpy(s, result.s, k * sizeof *s);
        if (u) fix_signs(&result, m, n, k);
        if (u) memcpy(u, result.u, m * k * sizeof *u);
        if (u) memcpy(vt, result.vt, k * n * sizeof *vt);
    }
    effnn__free(result.u);
    effnn__free(result.vt);
    effnn__free(result.s);
    effnn__free(copy);
    return status;
}

effnn_status effnn__solve_spd_f64(double *x, const double *a, const double *b, size_t n, size_t k)
{
    const char *const what = "solving a symmetric positive definite system";
    double *factor;
    lapack_int info;
    effnn_status status = EFFNN_OK;

    if (n == 0 || k == 0) return EFFNN_OK;
    EFFNN_TRY(check_side(what, n, MAX_SIDE));
    EFFNN_TRY(check_finite(what, a, n, n, true));
    EFFNN_TRY(check_finite(what, b, n, k, false));
    factor = copy_of(a, n * n);
    if (!factor) return effnn__fail_nomem(what, n * n * sizeof *factor);
    effnn__lapack_begin();
    info = LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'U', (lapack_int)n, factor, (lapack_int)n);
    effnn__lapack_end();
    if (info == 0) {
        if (x != b) memcpy(x, b, n * k * sizeof *x);
        effnn__substitute_f64(x, factor, n, k);
    } else {
        status = effnn__fail(EFFNN_E_NUMERIC, "%s: not positive definite at row %d of %zu", what,
                             (int)info - 1, n);
    }
    effnn__free(factor);
    return status;
}
