#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Print the polynomial coefficients of libeffnn/kernels/vector_math.h.

Each is a minimax fit in the relative error of the whole function, by Lawson's iteration of weighted
least squares on Chebyshev nodes in high precision, rounded to float32. The error printed is that of
the rounded coefficients in exact arithmetic, in units of 2^-24.

Needs mpmath and numpy.
"""

import mpmath as mp
import numpy as np

mp.mp.dps = 40
N_NODES = 400


def fit(low, high, degree, function, basis, fixed):
    """Coefficients c with fixed(x) + basis(x) * sum c_i x^i close to function(x), relatively."""
    nodes = [(low + high) / 2 + (high - low) / 2 * mp.cos(mp.pi * (i + 0.5) / N_NODES)
             for i in range(N_NODES)]
    values = [function(x) for x in nodes]
    rows = np.array([[float(basis(x) * x**i / v) for i in range(degree + 1)]
                     for x, v in zip(nodes, values)], dtype=np.longdouble)
    target = np.array([float((v - fixed(x)) / v) for x, v in zip(nodes, values)])
    weights = np.ones(N_NODES)
    scale = np.max(np.abs(rows), axis=0).astype(float)
    for _ in range(200):
        root = np.sqrt(weights)[:, None]
        solution = np.linalg.lstsq((rows / scale).astype(float) * root, target * root[:, 0],
                                   rcond=None)[0]
        error = np.abs((rows / scale).astype(float) @ solution - target)
        weights *= np.maximum(error, 1e-30)
        weights /= weights.sum()
    coefficients = [np.float32(c) for c in solution / scale]
    worst = max(abs(fixed(x) + basis(x) * sum(mp.mpf(float(c)) * x**i
                                              for i, c in enumerate(coefficients)) - v) / v
                for x, v in zip(nodes, values))
    return coefficients, worst


def hex_of(value):
    mantissa, exponent = float(value).hex().split("p")
    return mantissa.rstrip("0") + "p" + exponent + "f"


def show(name, low, high, degree, function, basis, fixed):
    coefficients, worst = fit(mp.mpf(low), mp.mpf(high), degree, function, basis, fixed)
    print(f"{name}: [{low}, {high}], error {float(worst * 2**24):.3f}")
    print("   ", ", ".join(hex_of(c) for c in coefficients))


HALF_LN2 = mp.log(2) / 2
# exp(r) = 1 + r + r^2 P(r)
show("exp", -HALF_LN2 * 1.01, HALF_LN2 * 1.01, 4, mp.exp, lambda r: r * r, lambda r: 1 + r)
# tanh(x) = x + x^3 P(x^2), in z = x^2
show("tanh", mp.mpf("1e-6"), mp.mpf("0.4"), 4, lambda z: mp.tanh(mp.sqrt(z)) / mp.sqrt(z),
     lambda z: z, lambda z: 1)
# erf(x) = x P(x^2), in z = x^2
show("erf", mp.mpf("1e-6"), mp.mpf(1), 7, lambda z: mp.erf(mp.sqrt(z)) / mp.sqrt(z),
     lambda z: 1, lambda z: 0)
# erfc(a / sqrt 2) / 2 = exp(-a^2 / 2) t P(t), t = 1 / (1 + a / 4), a from 14.5 down to 0
def tail(t):
    a = (1 / t - 1) * 4
    return mp.erfc(a / mp.sqrt(2)) / 2 * mp.exp(a * a / 2)


show("tail", 1 / (1 + mp.mpf("14.5") / 4), 1, 9, tail, lambda t: t, lambda t: 0)
