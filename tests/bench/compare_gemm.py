#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Time libeffnn's products of matrices in f32 beside OpenBLAS (numpy from pip): interleaved, medians, ratios.

    compare_gemm.py libeffnn.so [--threads N] [--seconds S] [--table FILE]

Each case is the product [m, k] · [k, n] of a layer. "weight" is how a session does it: B is a constant,
packed beforehand, as it is in a linear layer; "both" has two inputs, nothing packed. "conv" is the
convolution itself, without im2col, beside OpenBLAS's product alone of the weights with columns that
somebody has made before. Times of libeffnn include a session's overhead. OPENBLAS_CORETYPE and
OPENBLAS_L2_SIZE are unset.
"""
import argparse
import os
import pathlib
import sys

for variable in "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE":
    os.environ.pop(variable, None)
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("library")
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--seconds", type=float, default=0.6)
parser.add_argument("--table")
ARGS = parser.parse_args()
os.environ["OPENBLAS_NUM_THREADS"] = str(ARGS.threads)  # read when numpy is loaded

import numpy as np  # noqa: E402
import onnx  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "peers"))
from effnn_ctypes import Library  # noqa: E402
from turns import medians  # noqa: E402

RNG = np.random.default_rng(3)
PRODUCTS = [  # layer, m, k, n
    ("DeiT-Ti qkv", 197, 192, 576), ("DeiT-Ti fc1", 197, 192, 768), ("DeiT-Ti fc2", 197, 768, 192),
    ("DeiT-S qkv", 197, 384, 1152), ("DeiT-S fc1", 197, 384, 1536), ("DeiT-S fc2", 197, 1536, 384),
    ("DeiT-B qkv", 197, 768, 2304), ("DeiT-B fc1", 197, 768, 3072), ("DeiT-B fc2", 197, 3072, 768),
    ("DeiT-S fc2, batch 8", 1576, 1536, 384), ("BERT 128 x 384", 128, 384, 384),
    ("BERT fc1", 128, 384, 1536), ("BERT fc2", 128, 1536, 384), ("BERT-base fc1", 128, 768, 3072),
]
CONVOLUTIONS = [  # layer, channels in, side, channels out, kernel, stride
    ("ResNet-50 stem", 3, 224, 64, 7, 2), ("ResNet-50 56", 64, 56, 64, 3, 1), ("ResNet-50 28", 128, 28, 128, 3, 1),
    ("ResNet-50 14", 256, 14, 256, 3, 1), ("ResNet-50 7", 512, 7, 512, 3, 1),
    ("ResNet-50 1 x 1", 256, 56, 64, 1, 1), ("ResNet-20 32", 16, 32, 16, 3, 1),
]


def floats(*dims):
    return RNG.standard_normal(dims).astype(np.float32)


def model_of(op, inputs, constants, out_dims, **attributes):
    """The bytes of a model with one node."""
    names = [f"x{i}" for i in range(len(inputs))]
    weights = [f"w{i}" for i in range(len(constants))]
    values = [helper.make_tensor_value_info(n, TensorProto.FLOAT, a.shape) for n, a in zip(names, inputs)]
    graph = helper.make_graph(
        [helper.make_node(op, names + weights, ["y"], **attributes)], "product", values,
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, out_dims)],
        [numpy_helper.from_array(a, n) for n, a in zip(weights, constants)])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


def cases(library):
    def ours(data, inputs):
        model = library.load_bytes(data, threads=ARGS.threads)
        return model.prepare(inputs)

    for layer, m, k, n in PRODUCTS:
        a, b, c = floats(m, k), floats(k, n), np.empty((m, n), np.float32)

        def theirs(a=a, b=b, c=c):
            np.matmul(a, b, out=c)
        flops = 2.0 * m * k * n
        yield layer, f"{m} x {k} x {n}", "weight", flops, ours(model_of("MatMul", [a], [b], c.shape), [a]), theirs
        yield layer, f"{m} x {k} x {n}", "both", flops, ours(model_of("MatMul", [a, b], [], c.shape), [a, b]), theirs
    for layer, c_in, side, c_out, kernel, stride in CONVOLUTIONS:
        out = (side - 1) // stride + 1
        x, w = floats(1, c_in, side, side), floats(c_out, c_in, kernel, kernel)
        k, n, pad = c_in * kernel * kernel, out * out, kernel // 2
        rows, columns, c = w.reshape(c_out, k), floats(k, n), np.empty((c_out, n), np.float32)

        def product(a=rows, b=columns, c=c):
            np.matmul(a, b, out=c)
        data = model_of("Conv", [x], [w], (1, c_out, out, out), strides=[stride, stride],
                        pads=[pad, pad, pad - (side + 2 * pad - kernel) % stride, pad - (side + 2 * pad - kernel) % stride])
        yield layer, f"{c_out} x {k} x {n}", "conv", 2.0 * c_out * k * n, ours(data, [x]), product


def main():
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    print(f"{blas['name']} {blas['version']}, {ARGS.threads} thread(s)")
    library = Library(ARGS.library)
    lines = ["| layer | m x k x n | form | libeffnn, GFLOP/s | OpenBLAS, GFLOP/s | of OpenBLAS |", "|---|---|---|---|---|---|"]
    logs = {}
    for layer, size, form, flops, ours, theirs in cases(library):
        mine, other = medians(ours, theirs, 4, ARGS.seconds)
        logs.setdefault(form, []).append(np.log(other / mine))
        lines.append(f"| {layer} | {size} | {form} | {flops / mine / 1e9:.1f} | {flops / other / 1e9:.1f} "
                     f"| {100 * other / mine:.0f} % |")
        print(lines[-1], flush=True)
    for form, values in logs.items():
        lines.append(f"| geometric mean | | {form} | | | {100 * np.exp(np.mean(values)):.0f} % |")
        print(lines[-1])
    if ARGS.table:
        pathlib.Path(ARGS.table).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
