#!/usr/bin/env python3
"""idx files of random numbers, plain and by Python's gzip (two members), for tests/io/test_gzip.c,
test_idx.c and test_dataset_idx.c, with the numbers as .npy."""
import gzip
import pathlib
import struct

import numpy as np

out = pathlib.Path(__file__).resolve().parent.parent / "idx"
out.mkdir(exist_ok=True)
rng = np.random.default_rng(3)
TYPES = {"uint8": 8, "int8": 9, "int16": 11, "int32": 12}


def idx(array):
    header = struct.pack(f">HBB{array.ndim}I", 0, TYPES[array.dtype.name], array.ndim, *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


images = rng.integers(0, 256, (7, 4, 5)).astype(np.uint8)
images[3:] = 9
data = idx(images)
(out / "images.idx").write_bytes(data)
(out / "images.idx.gz").write_bytes(gzip.compress(data, mtime=0))
(out / "members.gz").write_bytes(gzip.compress(data[:50], mtime=0) + gzip.compress(data[50:], mtime=0))
np.save(out / "images.npy", images)
for name in ("uint8", "int8", "int16", "int32"):
    labels = rng.integers(*((0, 10) if name == "uint8" else (-100, 100)), 7).astype(name)
    (out / f"labels_{name}.idx").write_bytes(idx(labels))
    np.save(out / f"labels_{name}.npy", labels.astype(np.int64))
