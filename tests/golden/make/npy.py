#!/usr/bin/env python3
"""Small .npy files by NumPy itself, for tests/tensor/test_npy.c.

Each holds the array that ramp() gives for its shape and type, in some layout: the test computes the
same values by hand.
"""
import pathlib

import numpy as np
from numpy.lib import format as npy

out = pathlib.Path(__file__).resolve().parent.parent / "npy"
out.mkdir(exist_ok=True)


def ramp(shape, dtype):
    """Element i in row-major order is 3 i - 7 (bool: i is even)."""
    i = np.arange(np.prod(shape, dtype=int))
    values = i % 2 == 0 if dtype == "?" else 3 * i - 7
    return values.reshape(shape).astype(dtype)


def save(name, array, version=(1, 0)):
    with open(out / f"{name}.npy", "wb") as file:
        npy.write_array(file, array, version=version)


for code in ["f2", "f4", "f8", "i1", "i2", "i4", "i8"]:
    save(f"little_{code}", ramp((2, 3), "<" + code))
    save(f"big_{code}", ramp((2, 3), ">" + code))
for code in ["u1", "u2", "u4", "u8"]:
    save(f"little_{code}", ramp((2, 3), "i8").clip(0).astype("<" + code))
save("bool", ramp((5,), "?"))
save("fortran", np.asfortranarray(ramp((2, 3, 4), "<f4")))
save("fortran_big", np.asfortranarray(ramp((3, 2), ">i2")))
save("version_2", ramp((2, 3), "<f4"), (2, 0))
save("version_3", ramp((2, 3), "<f4"), (3, 0))
save("scalar", ramp((), "<f8"))
save("empty", ramp((0, 3), "<f4"))
save("complex", ramp((2,), "<c8"))
save("records", np.zeros(2, [("a", "<f4"), ("b", "<i4")]))
