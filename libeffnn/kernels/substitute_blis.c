/* SPDX-License-Identifier: BSD-3-Clause */
/* Triangular solves by BLIS, beside the factorisation that LAPACK makes (linalg_lapack.c): BLIS
 * takes row-major arrays as they are. A file of its own because blis.h and lapack.h declare lsame_
 * differently. */

#include "kernels/blis_setup.h"
#include "kernels/kernels_priv.h"

#include <blis.h>

void effnn__substitute_f64(double *x, double *l, size_t n, size_t k)
{
    double one = 1.0;
    rntm_t rntm = BLIS_RNTM_INITIALIZER;
    rntm_t *const own = effnn__blis_get()->same_version ? &rntm : NULL;
    const inc_t col = k == 1 ? (inc_t)n : 1; /* strides 1 and 1 would say nothing */

    bli_rntm_set_num_threads(1, &rntm);
    bli_dtrsm_ex(BLIS_LEFT, BLIS_LOWER, BLIS_NO_TRANSPOSE, BLIS_NONUNIT_DIAG, (dim_t)n, (dim_t)k,
                 &one, l, (inc_t)n, 1, x, (inc_t)k, col, NULL, own);
    bli_dtrsm_ex(BLIS_LEFT, BLIS_LOWER, BLIS_TRANSPOSE, BLIS_NONUNIT_DIAG, (dim_t)n, (dim_t)k, &one,
                 l, (inc_t)n, 1, x, (inc_t)k, col, NULL, own);
}
