#!/usr/bin/env python3
"""Make the cases of scalar functions, reductions and quantised operators by PyTorch, NumPy and ONNX
Runtime.

    make_math.py scalars > tests/golden/ops/scalars.inc
    make_math.py quantized > tests/golden/ops/quantized.inc

One file a group, named as the function below that makes it. The form is that of make_ops.py, whose
helpers serve here too; the expected outputs never come from libeffnn.
"""
import sys

import numpy as np
import torch
import torch.nn.functional as F

import make_ops
from make_nets import run
from make_ops import RNG, case, f32, i64, t

WIDE = np.array([-100, -20, -3, -1, -0.5, -1e-4, 0, 1e-4, 0.5, 1, 3, 20, 100], np.float32)
NARROW = np.array([-1, -0.99, -0.5, -1e-4, 0, 1e-4, 0.3, 0.75, 1], np.float32)


def d(x):
    return torch.from_numpy(x.astype(np.float64))


def ints(low, high, *dims, dtype=np.uint8):
    return RNG.integers(low, high, dims, endpoint=True).astype(dtype)


def scalar(value, dtype=np.float32):
    return np.array(value, dtype)


def functions():
    for name, x, f in (("acos", NARROW, torch.acos), ("asin", NARROW, torch.asin),
                       ("atanh", NARROW, torch.atanh), ("atan", WIDE, torch.atan),
                       ("asinh", WIDE, torch.asinh), ("tan", WIDE, torch.tan),
                       ("acosh", np.abs(WIDE) + 1, torch.acosh), ("sinh", WIDE / 2, torch.sinh),
                       ("cosh", WIDE / 2, torch.cosh), ("mish", WIDE, F.mish),
                       ("softplus", WIDE, lambda x: F.softplus(x, threshold=1000)),
                       ("softsign", WIDE, F.softsign), ("hard_swish", WIDE, F.hardswish),
                       ("selu", WIDE, F.selu)):
        case(name, name, None, 1e-6, [x], f(d(x)).numpy())
    case("round", "round", None, 0, [WIDE * 2.5], np.round(WIDE * 2.5))
    case("celu", "celu", "alpha=1.7", 1e-6, [WIDE], F.celu(d(WIDE), 1.7).numpy())
    case("elu", "elu", "alpha=0.6", 1e-6, [WIDE], F.elu(d(WIDE), 0.6).numpy())
    case("thresholded relu", "thresholded_relu", "alpha=0.5", 0, [WIDE],
         F.threshold(t(WIDE), 0.5, 0).numpy())
    case("shrink hard", "shrink", "lambd=0.75", 0, [WIDE], F.hardshrink(t(WIDE), 0.75).numpy())
    case("shrink soft", "shrink", "lambd=0.75,bias=0.75", 1e-6, [WIDE],
         F.softshrink(d(WIDE), 0.75).numpy())
    x, slope = f32(2, 3, 4), f32(3, 1)
    case("prelu by channels", "prelu", None, 1e-6, [x, slope],
         F.prelu(t(x), t(slope.reshape(3))).numpy())
    y = d(x)
    case("swish", "silu", "alpha=1.3", 1e-6, [x], (y * torch.sigmoid(1.3 * y)).numpy())
    b = f32(2, 3, 4)
    case("swi_glu", "swi_glu", "alpha=0.7", 1e-6, [x, b],
         (y * torch.sigmoid(0.7 * y) * d(b)).numpy())
    special = np.array([0, np.nan, np.inf, -np.inf, 1], np.float32)
    case("is_nan", "is_nan", None, 0, [special], np.isnan(special))
    case("is_inf, positive", "is_inf", "detect_negative=0", 0, [special], np.isposinf(special))
    case("sign", "sign", None, 0, [WIDE], np.sign(WIDE))


def remainders():
    a = np.array([7.5, -7.5, 7.5, -7.5, 3, -3], np.float32)
    b = np.array([2, 2, -2, -2, np.inf, np.inf], np.float32)
    case("mod of floats", "mod", None, 0, [a, b], np.mod(a, b))
    case("fmod of floats", "mod", "fmod=1", 0, [a, b], np.fmod(a, b))
    for dtype in (np.int8, np.int16, np.int32, np.int64):
        low = np.iinfo(dtype).min if dtype != np.int64 else -2**40
        a = np.array([7, -7, 7, -7, low, low, 0], dtype)
        b = np.array([3, 3, -3, -3, -1, 7, -5], dtype)
        case(f"mod of {dtype.__name__}", "mod", None, 0, [a, b], np.mod(a, b))
        case(f"fmod of {dtype.__name__}", "mod", "fmod=1", 0, [a, b], np.fmod(a, b))
    a, b = ints(0, 255, 6), ints(1, 20, 6)
    case("mod of uint8", "mod", None, 0, [a, b], np.mod(a, b))


def bits():
    for dtype in (np.uint8, np.int16, np.int32):
        info = np.iinfo(dtype)
        a, b = (RNG.integers(info.min, info.max, 5, endpoint=True).astype(dtype) for _ in range(2))
        for name, f in (("and", np.bitwise_and), ("or", np.bitwise_or), ("xor", np.bitwise_xor)):
            case(f"bitwise {name} of {dtype.__name__}", "bitwise_" + name, None, 0, [a, b], f(a, b))
        case(f"bitwise not of {dtype.__name__}", "bitwise_not", None, 0, [a], np.invert(a))
        n = np.array([0, 1, 3, 5, 7], dtype)
        for name, f in (("LEFT", np.left_shift), ("RIGHT", np.right_shift)):
            case(f"shift {name} of {dtype.__name__}", "bit_shift", f"direction={name}", 0, [a, n],
                 f(a, n))


def reductions():
    x = f32(2, 3, 2, 3)
    y = d(x)
    axes = (("1", (1,)), ("0,2", (0, 2)), ("1,-1", (1, 3)), ("0,1,2,3", (0, 1, 2, 3)))
    for text, a in axes:
        at = i64(*(int(k) for k in text.split(",")))
        squares = (y * y).sum(a, True)
        for name, r in (("l1", y.abs().sum(a, True)), ("l2", squares.sqrt()),
                        ("sum_square", squares), ("log_sum_exp", torch.logsumexp(y, a, True))):
            case(f"reduce_{name} over {text}", f"reduce_{name}", None, 1e-5, [x, at], r.numpy())
        case(f"reduce_prod over {text}", "reduce_prod", "keepdims=0", 1e-4, [x, at],
             np.prod(x.astype(np.float64), a))
        p = np.abs(x) + np.float32(0.1)
        case(f"reduce_log_sum over {text}", "reduce_log_sum", "keepdims=0", 1e-5, [p, at],
             np.log(np.sum(p.astype(np.float64), a)))
    far = np.array([[1000, 1001, 999], [-2000, -np.inf, -2001]], np.float32)
    case("reduce_log_sum_exp far from zero", "reduce_log_sum_exp", "keepdims=0", 1e-6,
         [far, i64(1)], torch.logsumexp(d(far), 1).numpy())
    whole = ints(-9, 9, 3, 4, dtype=np.int32)
    case("reduce_prod of integers", "reduce_prod", None, 0, [whole, i64(1)],
         np.prod(whole, 1, keepdims=True, dtype=np.int32))
    case("reduce_l1 of integers", "reduce_l1", None, 0, [whole, i64(0)],
         np.abs(whole).sum(0, keepdims=True).astype(np.int32))
    ties = np.array([[3, 1, 1, 2], [np.nan, 0, np.nan, 1]], np.float32)
    case("argmin", "argmin", "axis=1,keepdims=0", 0, [ties], np.argmin(ties, 1))
    case("argmin, the last", "argmin", "axis=1,keepdims=0,select_last_index=1", 0, [ties[:1]],
         3 - np.argmin(ties[:1, ::-1], 1))


def lines():
    x = f32(2, 3, 4)
    y = x.astype(np.float64)
    flipped = np.flip(y, 1)
    case("cumsum", "cumsum", None, 1e-6, [x, scalar(1, np.int64)], np.cumsum(y, 1))
    case("cumsum backward", "cumsum", "reverse=1", 1e-6, [x, scalar(-2, np.int32)],
         np.flip(np.cumsum(flipped, 1), 1))
    case("cumsum of those before", "cumsum", "exclusive=1", 1e-6, [x, scalar(1, np.int64)],
         np.cumsum(y, 1) - y)
    case("cumprod", "cumprod", None, 1e-6, [x, scalar(2, np.int64)], np.cumprod(y, 2))
    one = np.ones((2, 1, 4))
    case("cumprod of those behind", "cumprod", "exclusive=1,reverse=1", 1e-6,
         [x, scalar(1, np.int64)],
         np.flip(np.concatenate([one, np.cumprod(flipped, 1)[:, :-1]], 1), 1))
    small = ints(-9, 9, 6, dtype=np.int32)
    case("cumsum of integers", "cumsum", None, 0, [small, scalar(0, np.int64)],
         np.cumsum(small, dtype=np.int32))
    case("hardmax", "hardmax", "axis=1", 0, [x], run("Hardmax", 13, [x], axis=1))
    for n in (1, 2, 5):
        m = f32(3, n, n)
        case(f"det of {n} rows", "det", None, 1e-5, [m], np.linalg.det(m.astype(np.float64)))
    singular = np.array([[1, 2], [2, 4]], np.float32)
    case("det of a singular matrix", "det", None, 1e-6, [singular], scalar(0.0))
    case("mean of three", "mean", None, 1e-6, [x, x[:1], x[0, 0]], (y + y[:1] + y[0, 0]) / 3)


def losses():
    x, labels, w = f32(4, 5, 2), ints(0, 4, 4, 2, dtype=np.int64), np.abs(f32(5)) + np.float32(0.1)
    for reduction in ("mean", "sum", "none"):
        text = f"reduction={reduction},ignore_index=2"
        rest = {"weight": d(w), "reduction": reduction, "ignore_index": 2}
        case(f"cross entropy, {reduction}", "softmax_cross_entropy_loss", text, 1e-5,
             [x, labels, w], [F.cross_entropy(d(x), t(labels), **rest).numpy(),
                              F.log_softmax(d(x), 1).numpy()])
        case(f"negative log likelihood, {reduction}", "negative_log_likelihood_loss", text, 1e-5,
             [x, labels, w], F.nll_loss(d(x), t(labels), **rest).numpy())


def scalars():
    for make in (functions, remainders, bits, reductions, lines, losses):
        make()


def linear():
    x = np.concatenate([f32(2, 3, 5) * 50, np.full((2, 3, 1), 1e6, np.float32)], 2)
    for dtype, zero in ((np.uint8, 120), (np.int8, -5)):
        name = np.dtype(dtype).name
        s, z = scalar(0.37), scalar(zero, dtype)
        case(f"quantize to {name}", "quantize_linear", None, 0, [x, s, z],
             run("QuantizeLinear", 13, [x, s, z]))
        s, z = np.abs(f32(3)) + 0.1, ints(0, 9, 3, dtype=dtype)
        case(f"quantize to {name} by channels", "quantize_linear", "axis=-2", 0, [x, s, z],
             run("QuantizeLinear", 13, [x, s, z], axis=-2))
        q = ints(np.iinfo(dtype).min, np.iinfo(dtype).max, 2, 3, 6, dtype=dtype)
        case(f"dequantize {name} by channels", "dequantize_linear", "axis=1", 1e-6, [q, s, z],
             run("DequantizeLinear", 13, [q, s, z], axis=1))
        s, z = np.abs(f32(2, 3, 3)) + 0.1, ints(0, 9, 2, 3, 3, dtype=dtype)
        case(f"quantize to {name} by blocks", "quantize_linear", "axis=2,block_size=2", 0,
             [x, s, z], run("QuantizeLinear", 21, [x, s, z], axis=2, block_size=2))
        case(f"dequantize {name} by blocks", "dequantize_linear", "axis=2,block_size=2", 1e-6,
             [q, s, z], run("DequantizeLinear", 21, [q, s, z], axis=2, block_size=2))
        s = np.abs(f32(2, 1, 6)) + 0.1
        case(f"dequantize {name} by uneven blocks inside", "dequantize_linear",
             "axis=1,block_size=4", 1e-6, [q, s], run("DequantizeLinear", 21, [q, s], axis=1,
                                                      block_size=4))
    s, z = scalar(0.5), scalar(200, np.uint16)
    case("quantize to uint16", "quantize_linear", None, 0, [x, s, z],
         run("QuantizeLinear", 21, [x, s, z]))
    for name, low in (("above zero", 1.0), ("below zero", -9.0), ("around zero", -3.0)):
        x = (low + 8 * RNG.random((3, 4))).astype(np.float32)
        case(f"dynamic quantization {name}", "dynamic_quantize_linear", None, 0, [x],
             run("DynamicQuantizeLinear", 11, [x], 3))


def products():
    for depth in (5, 300):
        a, b = ints(0, 255, 2, depth), ints(0, 255, depth, 2)
        zeros = [scalar(255, np.uint8), scalar(0, np.uint8)]
        exact = (a.astype(np.int64) - 255) @ b.astype(np.int64)
        case(f"integer product of depth {depth}, far zeros", "matmul_integer", None, 0,
             [a, b, *zeros], exact.astype(np.int32))
        b = ints(-128, 127, depth, 2, dtype=np.int8)
        zeros = [scalar(128, np.uint8), ints(-9, 9, 2, dtype=np.int8)]
        case(f"integer product of depth {depth}, zeros by columns", "matmul_integer", None, 0,
             [a, b, *zeros], run("MatMulInteger", 10, [a, b, *zeros]))
    for dtype in (np.uint8, np.int8):
        low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
        a, b = ints(0, 255, 2, 3, 40), ints(-128, 127, 40, 4, dtype=np.int8)
        rest = [scalar(0.02), scalar((low + high) // 2 + 3, dtype)]
        inputs = [a, scalar(0.031), scalar(117, np.uint8), b, np.abs(f32(4)) / 50 + 0.01,
                  np.zeros(4, np.int8), *rest]
        if dtype == np.int8:
            inputs[0] = (a.astype(np.int16) - 128).astype(np.int8)
            inputs[2] = scalar(-11, np.int8)
        inputs[6] = scalar(1.7)
        case(f"quantised product of {np.dtype(dtype).name}", "qlinear_matmul", None, 0, inputs,
             run("QLinearMatMul", 10, inputs))


def convolutions():
    for name, dims, filters, group in (("", (2, 3, 6, 5), (4, 3, 3, 3), 1),
                                       (" of many channels", (1, 40, 5, 4), (3, 40, 3, 3), 1),
                                       (" in groups of many channels", (1, 64, 4, 4),
                                        (2, 32, 3, 3), 2),
                                       (" by channels", (1, 4, 7, 6), (4, 1, 3, 3), 4)):
        attrs = {"pads": [1, 0, 1, 1], "strides": [1, 2], "group": group}
        text = f"pads=1:0:1:1,strides=1:2,group={group}"
        x, w = ints(0, 255, *dims), ints(-128, 127, *filters, dtype=np.int8)
        exact = F.conv2d(F.pad(d(x) - 3, (0, 1, 1, 1)), d(w) - 7, None, (1, 2), 0, 1, group)
        case("integer convolution" + name, "conv_integer", text, 0,
             [x, w, scalar(3, np.uint8), scalar(7, np.int8)], exact.numpy().astype(np.int32))
        m = filters[0]
        if "many" in name:
            continue
        inputs = [x, scalar(0.021), scalar(131, np.uint8), w, np.abs(f32(m)) / 40 + 0.01,
                  np.zeros(m, np.int8), scalar(2.3), scalar(90, np.uint8),
                  ints(-9999, 9999, m, dtype=np.int32)]
        case("quantised convolution" + name, "qlinear_conv", text, 0, inputs,
             run("QLinearConv", 10, inputs, **attrs))


def quantized():
    for make in (linear, products, convolutions):
        make()


def main():
    torch.manual_seed(20)
    globals()[sys.argv[1]]()
    make_ops.print_cases("make_math.py")


if __name__ == "__main__":
    main()
