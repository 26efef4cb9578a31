#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The zoo's networks, saved as ONNX, in ONNX's checker and ONNX Runtime. Argument: libeffnn.so."""
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime

from effnn_ctypes import Library

NETWORKS = ["bert,vocabulary=101,positions=7,types=3,width=8,depth=1,heads=2,hidden=12", "mobilenet_v2,multiplier=0.25,image=64",
            "resnet,depth=18,image=64", "resnet,depth=50,image=64", "resnet,depth=20", "vit,depth=2",
            "llama,vocabulary=101,width=8,depth=2,heads=2,kv_heads=1,hidden=12,context=16"]
OPEN = {"N": 2, "S": 5, "C": 4}
library, worst = Library(sys.argv[1]), 0.0
rng = np.random.default_rng(0)


def random_input(value):
    shape = [OPEN.get(size, size) for size in value.shape]
    if value.type == "tensor(int64)":
        return rng.integers(0, 2, shape) if shape else np.array(2)
    return rng.standard_normal(shape).astype(np.float32)


for network in NETWORKS:
    model = library.load("zoo:" + network)
    for opset in (13, 17, 21):
        with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
            model.save(file.name, opset)
            onnx.checker.check_model(onnx.load(file.name), full_check=True)
            session = onnxruntime.InferenceSession(file.name, providers=["CPUExecutionProvider"])
        feeds = {value.name: random_input(value) for value in session.get_inputs()}
        want, got = session.run(None, feeds), model.run([feeds[name] for name, _, _ in model.inputs])
        worst = max([worst] + [float(np.abs(a - b).max() / np.abs(a).max()) for a, b in zip(want, got)])
print(f"{len(NETWORKS)} networks at 3 opsets: largest difference {worst:.2g} of the largest value")
sys.exit(worst > 1e-5)
