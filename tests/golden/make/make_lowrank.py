#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Write tests/golden/lowrank/*.npy: stage 1 by numpy in double, the way the paper states it.

With the stacked, normalised inputs X (rows of sample i divided by ||X_i W||_F) the paper takes the SVD
X W = U S V' and, at rank r, W^ = X^+ U_r S_r V_r'. The pseudo-inverse is numpy's. Two sites: a wide
input (in > out) and a wide output (in < out). Everything is f64.
"""
import pathlib

import numpy as np

OUT = pathlib.Path(__file__).parents[1] / "lowrank"
OUT.mkdir(exist_ok=True)


def make(name, n_in, n_out, ranks, seed):
    random = np.random.default_rng(seed)
    samples, rows = 6, 9
    mix = random.standard_normal((n_in, n_in)) * 0.85 ** np.arange(n_in)
    x = (random.standard_normal((samples, rows, n_in)) @ mix.T).astype(np.float32).astype(float)
    w = random.standard_normal((n_in, n_out)).astype(np.float32).astype(float)
    norms = np.linalg.norm(x @ w, axis=(1, 2))
    stacked = (x / norms[:, None, None]).reshape(-1, n_in)
    u, s, vt = np.linalg.svd(stacked @ w, full_matrices=False)
    k = min(n_in, n_out)
    inverse = np.linalg.pinv(stacked)
    w_hat = np.stack([inverse @ u[:, :r] * s[:r] @ vt[:r] for r in ranks])
    # Error measured, not derived: the mean over samples of ||X_i W^ - X_i W||^2 / ||X_i W||^2.
    error = [np.mean([np.linalg.norm(xi @ wr - xi @ w) ** 2 / n ** 2 for xi, n in zip(x, norms)])
             for wr in w_hat]
    mean = x.mean(axis=0)
    for part, array in {"x": x, "w": w, "lambda": s[:k] ** 2 / samples, "w_hat": w_hat,
                        "ranks": np.array(ranks), "error": np.array(error),
                        "mean_singular": np.linalg.svd(mean @ w, compute_uv=False)[:k],
                        "weight_singular": np.linalg.svd(w, compute_uv=False)}.items():
        np.save(OUT / f"{name}_{part}.npy", array)


make("wide_input", 20, 12, [1, 4, 7, 12], 1)
make("wide_output", 10, 24, [1, 3, 6, 10], 2)
