/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_KERNELS_LAPACK_SETUP_H
#define EFFNN_KERNELS_LAPACK_SETUP_H

/* What stands between us and LAPACK: which libraries serve it, and the threads of an OpenBLAS
 * underneath. */

/* Around every LAPACK call: BLIS is ready (it may be LAPACK's BLAS), and an OpenBLAS in the process
 * works with one thread until the last end. Calls may overlap and nest. */
void effnn__lapack_begin(void);
void effnn__lapack_end(void);

/* "lapack by liblapack.so.3 over libblis.so.4": the files that serve LAPACK and its dgemm.
 * Borrowed, static. */
const char *effnn__lapack_describe(void);
#endif
