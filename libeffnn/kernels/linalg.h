/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_KERNELS_LINALG_H
#define EFFNN_KERNELS_LINALG_H

/* Decompositions in double by LAPACK, deterministic: workspace is ours, arguments are checked for
 * NaN first, signs of eigenvectors are fixed (largest component positive, lowest index on a tie).
 * Unlike kernels these allocate their workspace. E_NUMERIC: not finite or no convergence. */

#include "base/status.h"

/* Eigenvalues w[n], largest first, and eigenvectors (rows of v [n, n], row i to w[i]) of a
 * symmetric matrix whose lower triangle is a[n, n] (row-major; not changed). */
effnn_status effnn__eigh_f64(double *w, double *v, const double *a, size_t n);

/* Thin SVD a = u · diag(s) · vt: a [m, n] (not changed), k = min(m, n), u [m, k], s [k] largest
 * first, vt [k, n]. u and vt may both be NULL: values only. Signs: u's columns as above. */
effnn_status effnn__svd_f64(double *u, double *s, double *vt, const double *a, size_t m, size_t n);

/* x [n, k] solves a · x = b for a symmetric positive definite a [n, n] (its lower triangle) and
 * b [n, k], which x may alias. E_NUMERIC also where a is not positive definite. */
effnn_status effnn__solve_spd_f64(double *x, const double *a, const double *b, size_t n, size_t k);
#endif
