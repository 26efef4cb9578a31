/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_KERNELS_LAPACK_SETUP_H
#define EFFNN_KERNELS_LAPACK_SETUP_H

/* What stands between us and LAPACK: which libraries serve it, and the threads of the BLAS
 * underneath. */

/* Around every LAPACK call: BLIS is ready (it may be LAPACK's BLAS), and BLIS and an OpenBLAS in
 * the process work with one thread until the end. Calls of several threads may overlap; one
 * thread's do not nest. */
void effnn__lapack_begin(void);
void effnn__lapack_end(void);

/* "lapack by liblapack.so.3 over libblis.so.4": the files that serve LAPACK and its dgemm.
 * Borrowed, static. */
const char *effnn__lapack_describe(void);
#endif
