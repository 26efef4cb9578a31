#!/usr/bin/env python3
"""f32 bit patterns and their f16 and bf16 codes by NumPy and PyTorch, for tests/num/test_half.c.

Random bit patterns (every exponent, NaN included) and, around each, what rounding is about: values
at, just below and just above the midpoint of two neighbouring codes.
"""
import pathlib

import numpy as np
import torch

out = pathlib.Path(__file__).resolve().parent.parent / "half"
out.mkdir(exist_ok=True)
rng = np.random.default_rng(20240817)


def around_midpoints(values):
    """The bit patterns of `values` (f32) and of their neighbours on both sides."""
    bits = values.view(np.uint32)
    return np.concatenate([bits - 1, bits, bits + 1])


f16 = rng.integers(0, 0x7C00, 400).astype(np.uint16)
middle16 = (f16.view(np.float16).astype(np.float64) + (f16 + 1).astype(np.uint16).view(np.float16).astype(np.float64)) / 2
middle16 = middle16[np.isfinite(middle16)].astype(np.float32)
middle_bf16 = rng.integers(1, 0x7F7F, 400).astype(np.uint32) << 16 | 0x8000
bits = np.concatenate([
    rng.integers(0, 2**32, 2400, dtype=np.uint64).astype(np.uint32),
    around_midpoints(middle16),
    around_midpoints(middle_bf16.astype(np.uint32).view(np.float32)),
    np.array([0, 1, 0x7F800000, 0x7FC00000, 0x7F800001, 0x477FEFFF, 0x477FF000, 0x33000000, 0x33000001], np.uint32),
])
bits = np.concatenate([bits, bits ^ 0x80000000]).astype(np.uint32)
values = bits.view(np.float32)
with np.errstate(over="ignore", invalid="ignore"):
    np.save(out / "f16.npy", values.astype(np.float16).view(np.uint16))
np.save(out / "bf16.npy", torch.from_numpy(values).to(torch.bfloat16).view(torch.uint16).numpy())
np.save(out / "f32.npy", bits)
print(len(bits))
