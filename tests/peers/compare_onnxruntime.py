#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Compare libeffnn with ONNX Runtime on real models; needs the onnx and onnxruntime packages.

Each model runs on random inputs in both, at batch 1 and 32 where the batch is open; then the file
that libeffnn saves at each opset passes onnx.checker and runs in ONNX Runtime. Largest difference
over largest value must stay within 1e-4. Exits with 1 on a miss.

    compare_onnxruntime.py libeffnn.so [FILE.onnx ...]     default: $EFFNN_DATA/models/*/*.onnx
"""
import os
import pathlib
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime

from effnn_ctypes import Library

TOLERANCE = 1e-4
OPSETS = 13, 17, 21
LEFT_OUT = {"pp-ocr-rec"}  # other inputs than a batch of images: has a test of its own
RUNS = {1: 100, 32: 4}     # batch: runs


def peer_session(path):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 2
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def make_inputs(specs, batch, rng):
    for name, dtype, dims in specs:
        shape = [batch if d < 0 else d for d in dims]
        yield name, rng.standard_normal(shape).astype(dtype)


def difference(ours, theirs):
    """Largest |a-b| over the largest |b| of all outputs; infinite where shapes or NaNs differ."""
    worst = 0.0
    for a, b in zip(ours, theirs, strict=True):
        if a.shape != b.shape or not np.isfinite(a).all():
            return float("inf")
        worst = max(worst, np.abs(a - b).max() / np.abs(b).max())
    return worst


def compare(model, peer, batch, runs, seed=1):
    rng = np.random.default_rng(seed)
    worst = 0.0
    for _ in range(runs):
        inputs = dict(make_inputs(model.inputs, batch, rng))
        worst = max(worst, difference(model.run(list(inputs.values())), peer.run(None, inputs)))
    return worst


def batches_of(model):
    is_open = all(dims and dims[0] < 0 for _, _, dims in model.inputs)
    return [b for b in RUNS if b == 1 or is_open]


def compare_saved(model, batch, path):
    """Difference between what libeffnn computes and what the file it saved does in the peer."""
    onnx.checker.check_model(str(path), full_check=True)
    return compare(model, peer_session(path), batch, 3)


def main():
    library = Library(sys.argv[1])
    root = pathlib.Path(__file__).resolve().parents[2]
    data = pathlib.Path(os.environ.get("EFFNN_DATA", root.parent / "shared" / "data"))
    files = [pathlib.Path(f) for f in sys.argv[2:]] or sorted(
        p for p in data.glob("models/*/*.onnx") if p.parent.name not in LEFT_OUT)
    if not files:
        sys.exit(f"no models in {data}")
    misses = 0
    print(f"{'model':32} {'what':>12} {'batch':>5} {'difference':>10}")
    with tempfile.TemporaryDirectory() as folder:
        for file in files:
            rows = []
            model = library.load(file)
            for batch in batches_of(model):
                rows.append(("as loaded", batch,
                             compare(model, peer_session(file), batch, RUNS[batch])))
            for opset in OPSETS:
                path = pathlib.Path(folder) / f"{file.stem}_{opset}.onnx"
                model.save(path, opset)
                rows.append((f"saved at {opset}", 1, compare_saved(model, 1, path)))
            for what, batch, worst in rows:
                missed = not worst <= TOLERANCE
                misses += missed
                print(f"{file.stem:32} {what:>12} {batch:5} {worst:10.2e}"
                      f"{'  MISSED' if missed else ''}", flush=True)
    print(f"{misses} misses")
    return misses > 0


if __name__ == "__main__":
    sys.exit(main())
