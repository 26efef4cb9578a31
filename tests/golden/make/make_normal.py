#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Inverse of the standard normal distribution for tests/base/test_rng.c, by mpmath at 400 digits.

Solved from the complementary error function, so it shares neither formula nor coefficients with the
library. Points: the middle, both tails down to 1e-300, and both sides of where AS 241 changes its
formula (|p - 1/2| = 0.425, p = exp(-25)). Every p is a double, and the result is of that double.
"""
import math
import pathlib

import mpmath as mp

mp.mp.dps = 400
out = pathlib.Path(__file__).resolve().parent.parent / "base" / "inverse_normal.inc"


def inverse(p):
    """x with P(X <= x) = p, by Newton's method on the logarithm of the lower tail."""
    p = mp.mpf(p)
    if p > 0.5:
        return -inverse(1 - p)
    x = -mp.sqrt(-2 * mp.log(p)) if p < 0.1 else mp.mpf(0)
    for _ in range(60):
        tail = mp.erfc(-x / mp.sqrt(2)) / 2
        step = mp.log(tail / p) * tail / (mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi))
        x -= step
        if abs(step) <= mp.mpf(10) ** -60:
            return x
    raise ArithmeticError(f"no convergence at {p}")


points = [k / 64 for k in range(1, 64)]
points += [10.0 ** -k for k in (2, 3, 4, 5, 7, 9, 11, 12, 15, 20, 40, 80, 160, 300)]
points += [1 - 10.0 ** -k for k in (2, 3, 5, 9, 12, 15)]
points += [2.0 ** -53, 1 - 2.0 ** -53, 0.5 - 2.0 ** -40, 0.5 + 2.0 ** -40]
for border in (0.075, 0.925, math.exp(-25)):
    points += [math.nextafter(border, 0), border, math.nextafter(border, 1)]
with out.open("w") as f:
    f.write("/* SPDX-License-Identifier: BSD-3-Clause */\n/* Made by make/make_normal.py: p, x. */\n")
    for p in sorted(set(points)):
        f.write(f"{{ {p.hex()}, {float(inverse(p)).hex()} }},\n")
