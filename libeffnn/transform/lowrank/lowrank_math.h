/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_TRANSFORM_LOWRANK_MATH_H
#define EFFNN_TRANSFORM_LOWRANK_MATH_H

/* The equations of activation-aware low rank, as functions on arrays (docs/methods/lowrank.md).
 *
 * Letters of the paper: X [rows, in] one sample's input of a site; W [in, out] its weight; Z = X W.
 * C = E[XᵀX] in the metric at hand. V_r: the top r eigenvectors of M = WᵀCW; Ŵ = W V_r V_rᵀ is kept
 * as U = W V_r [in, r] and V_r [out, r]. λ: eigenvalues of M, largest first. Bases come as rows:
 * v[i] is column i of V.
 *
 * Symmetric matrices are read from their lower triangle. Arrays are row-major. */

#include "base/status.h"

/* Of M itself, which is the Gram matrix of the outputs, E[ZᵀZ]. lambda: [out], v: [out, out]. */
effnn_status effnn__lowrank_basis_of_output_gram(double *lambda, double *v, const double *m,
                                                 size_t out);

/* Of M = WᵀCW by the smaller side, in < out: right singular vectors of C^½ W. c: [in, in];
 * lambda: [k], v: [k, out], k = min(in, out). */
effnn_status effnn__lowrank_basis_of_input_gram(effnn_context *context, double *lambda, double *v,
                                                const double *c, const double *w, size_t in,
                                                size_t out);

/* Of M = WᵀW: plain SVD. lambda, v as above. */
effnn_status effnn__lowrank_basis_of_weight(double *lambda, double *v, const double *w, size_t in,
                                            size_t out);

/* tails[r] = Σ_{i ≥ r} λ_i / Σ λ_i for r = 0 … n: the relative error left at rank r (4.2). All 0 if
 * Σ λ_i is 0. tails: [n + 1]. */
void effnn__lowrank_tails(double *tails, const double *lambda, size_t n);

/* U = W V_r: u [in, r]; v: [r, out]. */
effnn_status effnn__lowrank_project(effnn_context *context, double *u, const double *w,
                                    const double *v, size_t in, size_t out, size_t r);

/* The largest rank whose factors are smaller than the weight: r (in + out) < in · out. */
size_t effnn__lowrank_paying_rank(size_t in, size_t out);
#endif
