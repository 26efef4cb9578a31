#!/usr/bin/env python3
"""Make tests/golden/ops/cases.inc: operators' results by NumPy, PyTorch and ONNX Runtime.

    make_ops.py > tests/golden/ops/cases.inc

Each case is (name, operator, attributes, tolerance, inputs, outputs); the expected outputs never come
from libeffnn. Needs numpy, torch, onnx and onnxruntime.
"""
import numpy as np
import onnx
import onnxruntime
import torch
import torch.nn.functional as F
from onnx import helper

RNG = np.random.default_rng(20)
DTYPES = {"float32": "F32", "float64": "F64", "float16": "F16", "int8": "I8", "int16": "I16",
          "int32": "I32", "int64": "I64", "uint8": "U8", "uint16": "U16", "uint32": "U32",
          "uint64": "U64", "bool": "BOOL"}
cases = []


def case(name, op, attrs, tolerance, inputs, outputs):
    cases.append((name, op, attrs, tolerance, inputs,
                  [np.asarray(o) for o in (outputs if isinstance(outputs, list) else [outputs])]))


def f32(*dims):
    return RNG.standard_normal(dims).astype(np.float32)


def i64(*values):
    return np.array(values, np.int64)


def t(x):
    return torch.from_numpy(x)


def onnx_result(op_type, opset, inputs, **attrs):
    """One node run by ONNX Runtime."""
    names = [f"i{k}" for k in range(len(inputs))]
    types = [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(x.dtype), x.shape)
             for n, x in zip(names, inputs)]
    result = helper.make_tensor_value_info("o", onnx.TensorProto.FLOAT, None)
    graph = helper.make_graph([helper.make_node(op_type, names, ["o"], **attrs)], "g", types,
                              [result])
    model = helper.make_model(graph, ir_version=8,
                              opset_imports=[helper.make_opsetid("", opset)])
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(None, dict(zip(names, inputs)))


def convolutions():
    x, w, b = f32(2, 4, 7, 6), f32(6, 2, 3, 2), f32(6)
    y = F.conv2d(F.pad(t(x), (0, 2, 1, 1)), t(w), t(b), (2, 1), 0, (1, 2), 2)
    case("conv grouped, strided, dilated, unevenly padded", "conv",
         "group=2,strides=2:1,pads=1:0:1:2,dilations=1:2", 1e-5, [x, w, b], y.numpy())
    x, w, b = f32(1, 3, 5, 5), f32(3, 1, 3, 3), f32(3)
    case("conv depthwise", "conv", "group=3,pads=1:1:1:1", 1e-5, [x, w, b],
         F.conv2d(t(x), t(w), t(b), 1, 1, 1, 3).numpy())
    x, w = f32(2, 3, 9), f32(4, 3, 4)
    case("conv of one axis", "conv", "strides=2,pads=1:2", 1e-5, [x, w],
         F.conv1d(F.pad(t(x), (1, 2)), t(w), None, 2).numpy())
    x, w = f32(1, 2, 6, 7), f32(3, 2, 3, 2)
    for rule in ("SAME_UPPER", "SAME_LOWER", "VALID"):
        case(f"conv padded {rule}", "conv", f"auto_pad={rule},strides=2:3", 1e-5, [x, w],
             onnx_result("Conv", 11, [x, w], auto_pad=rule, strides=[2, 3]))


def pools():
    x = f32(1, 2, 7, 8)
    y = F.max_pool2d(t(x), (3, 2), (2, 3), (1, 1), (1, 2), True)
    case("max pool padded, dilated, ceiling", "max_pool",
         "kernel_shape=3:2,strides=2:3,pads=1:1:1:1,dilations=1:2,ceil_mode=1", 0, [x], y.numpy())
    for rule in ("SAME_UPPER", "SAME_LOWER"):
        case(f"max pool padded {rule}", "max_pool",
             f"kernel_shape=3:3,strides=2:2,auto_pad={rule}", 0, [x],
             onnx_result("MaxPool", 12, [x], kernel_shape=[3, 3], strides=[2, 2], auto_pad=rule))
        case(f"average pool padded {rule}", "average_pool",
             f"kernel_shape=3:2,strides=2:2,auto_pad={rule}", 1e-6, [x],
             onnx_result("AveragePool", 19, [x], kernel_shape=[3, 2], strides=[2, 2],
                       auto_pad=rule))
    for ceiling in (False, True):
        for pads_count in (False, True):
            y = F.avg_pool2d(t(x), 3, 2, 1, ceiling, pads_count)
            case(f"average pool, ceiling {ceiling}, pads count {pads_count}", "average_pool",
                 f"kernel_shape=3:3,strides=2:2,pads=1:1:1:1,ceil_mode={int(ceiling)},"
                 f"count_include_pad={int(pads_count)}", 1e-6, [x], y.numpy())
    x = f32(1, 1, 6, 6)
    case("average pool dilated", "average_pool", "kernel_shape=2:3,dilations=3:2", 1e-6, [x],
         onnx_result("AveragePool", 19, [x], kernel_shape=[2, 3], dilations=[3, 2]))
    x = f32(2, 2, 9)
    case("max pool of one axis", "max_pool", "kernel_shape=4,strides=2", 0, [x],
         F.max_pool1d(t(x), 4, 2).numpy())
    case("average pool of one axis", "average_pool", "kernel_shape=4,strides=2", 1e-6, [x],
         F.avg_pool1d(t(x), 4, 2).numpy())
    x = f32(1, 1, 4, 4)
    x[0, 0, 1, 1] = np.nan
    case("max pool with NaN", "max_pool", "kernel_shape=2:2,strides=2:2", 0, [x],
         F.max_pool2d(t(x), 2).numpy())
    x = f32(2, 3, 4, 5)
    case("global average pool", "global_average_pool", None, 1e-6, [x],
         x.mean((2, 3), keepdims=True, dtype=np.float64))


def norms():
    x, s, b, m, v = f32(2, 3, 2, 2), f32(3), f32(3), f32(3), np.abs(f32(3)) + 0.1
    case("batch normalization", "batch_normalization", "epsilon=0.01", 1e-5, [x, s, b, m, v],
         F.batch_norm(t(x), t(m), t(v), t(s), t(b), False, 0.0, 0.01).numpy())
    x, s, b = f32(2, 3, 4), f32(3, 4), f32(3, 4)
    case("layer normalization over two axes", "layer_normalization", "axis=1,epsilon=0.001", 1e-5,
         [x, s, b], F.layer_norm(t(x), (3, 4), t(s), t(b), 1e-3).numpy())
    x, s = f32(3, 5) + 100, f32(5)
    case("layer normalization far from zero", "layer_normalization", None, 1e-4, [x, s],
         F.layer_norm(t(x.astype(np.float64)), (5,), t(s.astype(np.float64))).numpy())
    x, s = f32(3, 5), f32(5)
    d = x.astype(np.float64)
    case("rms normalization", "rms_normalization", "epsilon=0.02", 1e-5, [x, s],
         d / np.sqrt((d * d).mean(-1, keepdims=True) + 0.02) * s)
    x = f32(2, 3, 4) * 50
    for axis in (0, 1, -1):
        case(f"softmax along {axis}", "softmax", f"axis={axis}", 1e-5, [x],
             torch.softmax(t(x), axis).numpy())
        case(f"log softmax along {axis}", "log_softmax", f"axis={axis}", 1e-5, [x],
             torch.log_softmax(t(x), axis).numpy())
    case("softmax of opset 9", "softmax", "axis=1,flatten=1", 1e-5, [x],
         onnx_result("Softmax", 9, [x.reshape(2, 12)], axis=1)[0].reshape(2, 3, 4))
    case("log softmax of opset 9", "log_softmax", "axis=1,flatten=1", 1e-5, [x],
         torch.log_softmax(t(x).reshape(2, 12), 1).reshape(2, 3, 4).numpy())


def products():
    a, b = f32(2, 1, 3, 4), f32(3, 4, 2)
    case("matmul of broadcast stacks", "matmul", None, 1e-5, [a, b], a @ b)
    for sa, sb in (((4,), (4,)), ((4,), (2, 4, 3)), ((2, 3, 4), (4,)), ((2, 3, 4), (4, 5)),
                   ((3, 4), (2, 4, 2))):
        a, b = f32(*sa), f32(*sb)
        case(f"matmul {sa} {sb}", "matmul", None, 1e-5, [a, b], np.asarray(a @ b))
    a, b = (RNG.integers(-128, 128, (3, 4)).astype(np.int32) for _ in range(2))
    case("matmul of integers", "matmul", None, 0, [a, b.T.copy()], a @ b.T)
    a, b, c = f32(4, 3), f32(2, 4), f32(3, 1)
    case("gemm transposed and scaled", "gemm", "transA=1,transB=1,alpha=0.5,beta=2", 1e-5,
         [a, b, c], 0.5 * (a.T @ b.T) + 2 * c)
    a, b, c = f32(2, 3), f32(3, 4), f32(4)
    case("gemm with a row", "gemm", None, 1e-5, [a, b, c], a @ b + c)
    case("gemm without C", "gemm", "alpha=-1", 1e-5, [a, b], -(a @ b))


def movement():
    x = f32(4, 5)
    big = 2**63 - 1
    for name, starts, ends, axes, steps, y in (
            ("forward", [1, 0], [3, 4], None, None, x[1:3, 0:4]),
            ("backward", [-1, 4], [-big, 0], [0, 1], [-1, -2], x[::-1, 4:0:-2]),
            ("clamped", [-100], [100], [1], [3], x[:, -100:100:3]),
            ("open end", [2], [big], [-1], None, x[:, 2:]),
            ("empty", [3], [1], [0], None, x[3:1])):
        inputs = [x, i64(*starts), i64(*ends), None if axes is None else i64(*axes),
                  None if steps is None else i64(*steps)]
        while inputs[-1] is None:
            inputs.pop()
        case(f"slice {name}", "slice", None, 0, inputs, y)
    x = f32(3, 4)
    case("pad constant", "pad", None, 0, [x, i64(1, 0, 2, 3), np.float32(7)],
         np.pad(x, ((1, 2), (0, 3)), constant_values=7))
    for mode in ("reflect", "edge", "wrap"):
        case(f"pad {mode}", "pad", f"mode={mode}", 0, [x, i64(2, 3, 1, 2)],
             np.pad(x, ((2, 1), (3, 2)), mode=mode))
    case("pad reflect several times over", "pad", "mode=reflect", 0, [x, i64(0, 7, 5, 9)],
         np.pad(x, ((0, 5), (7, 9)), mode="reflect"))
    case("pad negative", "pad", None, 0, [x, i64(-1, 2, 1, -1)],
         np.pad(x, ((0, 1), (2, 0)))[1:, :-1])
    case("pad one axis", "pad", None, 0, [x, i64(1, 2), None, i64(-1)],
         np.pad(x, ((0, 0), (1, 2))))
    index = np.array([[0, -1], [2, -3]], np.int64)
    case("gather negative indices", "gather", "axis=0", 0, [x, index], x[index])
    case("gather along the last axis", "gather", "axis=-1", 0, [x, index],
         np.take(x, index, axis=-1))
    x = f32(2, 7)
    case("split unevenly", "split", "axis=1", 0, [x], np.split(x, [3, 6], 1))
    case("split by sizes", "split", "axis=-1", 0, [x, i64(2, 0, 5)], np.split(x, [2, 2], 1))
    x = f32(3, 1)
    case("expand both ways", "expand", None, 0, [x, i64(2, 1, 4)], np.broadcast_to(x, (2, 3, 4)))
    x = f32(2, 3, 4)
    case("transpose", "transpose", "perm=2:0:1", 0, [x], x.transpose(2, 0, 1))
    case("transpose reversed", "transpose", None, 0, [x], x.T)
    case("concat", "concat", "axis=1", 0, [x, f32(2, 1, 4)],
         None)
    cases[-1][5][0] = np.concatenate(cases[-1][4], 1)
    case("flatten", "flatten", "axis=-1", 0, [x], x.reshape(6, 4))
    case("reshape with 0 and -1", "reshape", None, 0, [x, i64(0, -1)], x.reshape(2, 12))
    case("shape from -2", "shape", "start=-2", 0, [x], i64(3, 4))
    case("constant of shape", "constant_of_shape", None, 0, [i64(2, 3), np.array([7], np.int32)],
         np.full((2, 3), 7, np.int32))
    case("range down", "range", None, 0, [np.int64(10), np.int64(1), np.int64(-4)],
         np.arange(10, 1, -4))
    case("range of floats", "range", None, 1e-6,
         [np.float32(1), np.float32(2), np.float32(0.3)], np.arange(1, 2, 0.3, dtype=np.float32))
    c = np.array([[True], [False]])
    a, b = f32(3), f32(1, 3)
    case("where", "where", None, 0, [c, a, b], np.where(c, a, b))


def reductions():
    x = f32(2, 3, 4, 3)
    for name, fn in (("reduce_sum", np.sum), ("reduce_mean", np.mean), ("reduce_max", np.max),
                     ("reduce_min", np.min)):
        tolerance = 1e-5 if name in ("reduce_sum", "reduce_mean") else 0
        d = x.astype(np.float64) if tolerance else x
        case(f"{name} of the middle", name, None, tolerance, [x, i64(1, 2)],
             fn(d, (1, 2), keepdims=True))
        case(f"{name} of outer and inner", name, "keepdims=0", tolerance, [x, i64(0, -1)],
             fn(d, (0, 3)))
        case(f"{name} of all", name, "keepdims=0", tolerance, [x], np.asarray(fn(d)))
    n = RNG.integers(-9, 9, (3, 5)).astype(np.int64)
    case("reduce_sum of integers", "reduce_sum", None, 0, [n, i64(0)], n.sum(0, keepdims=True))
    case("reduce_max of integers", "reduce_max", None, 0, [n, i64(1)], n.max(1, keepdims=True))
    y = x.copy()
    y[1, 2, 1, 1] = np.nan
    case("reduce_max with NaN", "reduce_max", "keepdims=0", 0, [y, i64(1, 3)], y.max((1, 3)))
    case("reduce_min with NaN", "reduce_min", "keepdims=0", 0, [y, i64(3)], y.min(3))
    ties = np.array([[2, 5, 5, 1], [7, 7, 0, 7]], np.float32)
    case("argmax of ties", "argmax", "axis=1", 0, [ties], ties.argmax(1)[:, None])
    case("argmax of ties, the last", "argmax", "axis=-1,keepdims=0,select_last_index=1", 0, [ties],
         3 - ties[:, ::-1].argmax(1))
    nan = np.array([1, np.nan, 3, np.nan], np.float32)
    case("argmax with NaN", "argmax", "keepdims=0", 0, [nan], np.asarray(nan.argmax()))


def elements():
    special = np.array([-np.inf, -1e5, -3.5, -1.5, -0.5, 0, 0.25, 0.5, 2.5, 90, np.inf, np.nan],
                       np.float32)
    wide = torch.from_numpy(special.astype(np.float64))
    for name, fn in (("relu", F.relu), ("exp", torch.exp), ("erf", torch.erf),
                     ("tanh", torch.tanh), ("sigmoid", torch.sigmoid), ("abs", torch.abs),
                     ("neg", torch.neg), ("ceil", torch.ceil), ("floor", torch.floor),
                     ("reciprocal", torch.reciprocal), ("log", torch.log), ("sqrt", torch.sqrt)):
        y = fn(wide).numpy()
        with np.errstate(over="ignore"):
            case(f"{name} of special values", name, None, 2e-6, [special], y.astype(np.float32))
    x = f32(3, 5) * 3
    d = t(x.astype(np.float64))
    case("gelu", "gelu", None, 1e-5, [x], F.gelu(d).numpy())
    case("gelu by tanh", "gelu", "approximate=tanh", 1e-5, [x], F.gelu(d, approximate="tanh").numpy())
    case("silu", "silu", None, 1e-5, [x], F.silu(d).numpy())
    case("sin", "sin", None, 1e-6, [x], torch.sin(d).numpy())
    case("cos", "cos", None, 1e-6, [x], torch.cos(d).numpy())
    case("hard sigmoid", "hard_sigmoid", None, 1e-6, [x], onnx_result("HardSigmoid", 6, [x]))
    case("leaky relu", "leaky_relu", "alpha=0.2", 1e-6, [x], F.leaky_relu(d, 0.2).numpy())
    a = np.array([1, np.nan, 3, -0.5], np.float32)
    b = np.array([[2], [np.nan]], np.float32)
    case("max with NaN", "max", None, 0, [a, b], np.maximum(a, b))
    case("min with NaN", "min", None, 0, [a, b], np.minimum(a, b))
    case("max of three", "max", None, 0, [x, x[:1] + 1, x[:, :1]],
         np.maximum(np.maximum(x, x[:1] + 1), x[:, :1]))
    case("clip", "clip", None, 0, [special, np.float32(-1), np.float32(2)],
         np.clip(special, -1, 2))
    case("clip with low above high", "clip", None, 0, [x, np.float32(2), np.float32(-1)],
         np.clip(x, 2, -1))
    p, q = np.array([7, -7, 7, -7, 0], np.int32), np.array([2, 2, -2, -2, 5], np.int32)
    case("div of integers goes toward zero", "div", None, 0, [p, q],
         torch.div(t(p), t(q), rounding_mode="trunc").numpy())
    u, v = np.array([200, 3], np.uint8), np.array([100, 250], np.uint8)
    case("add wraps", "add", None, 0, [u, v], u + v)
    case("sub wraps", "sub", None, 0, [v, u], v - u)
    case("mul wraps", "mul", None, 0, [u, v], u * v)
    i, e = np.array([-3, 2, 5], np.int64), np.array([3, 10, 0], np.int64)
    case("pow of integers", "pow", None, 0, [i, e], i**e)
    case("pow with integer exponents", "pow", None, 1e-5, [x, np.int64(3)],
         x.astype(np.float64) ** 3)
    case("equal with NaN", "equal", None, 0, [special, special], special == special)
    case("less with NaN", "less", None, 0, [special, special[::-1].copy()],
         special < special[::-1])
    case("greater or equal with NaN", "greater_or_equal", None, 0,
         [special, special[::-1].copy()], special >= special[::-1])
    f = np.array([-3.7, -0.5, 0.5, 2.5, 1e3], np.float32)
    case("cast to integers goes toward zero", "cast", "to=i16", 0, [f], f.astype(np.int16))
    case("cast to bool", "cast", "to=bool", 0, [f * np.float32([0, 1, 1, 0, 1])],
         np.array([False, True, True, False, True]))
    n = np.array([0, 255, 256, -1, 70000], np.int64)
    case("cast between integers keeps the low bits", "cast", "to=u8", 0, [n], n.astype(np.uint8))
    case("cast to half", "cast", "to=f16", 0, [x], x.astype(np.float16))
    big = np.array([2**24 + 1, 2**53 - 1, -(2**40) - 3], np.int64)
    case("cast of large integers", "cast", "to=f32", 0, [big], big.astype(np.float32))


def number(x):
    """As C text: the shortest that reads back to the same number of its type."""
    if np.issubdtype(x.dtype, np.floating):
        if np.isnan(x):
            return "NAN"
        if np.isinf(x):
            return "INFINITY" if x > 0 else "-INFINITY"
        return str(x)
    # Integers beyond 2^53 stand for the ends of their type's range, to which they saturate.
    return str(int(x)) if abs(int(x)) < 2**53 else repr(float(x))


def operand(x):
    if x is None:
        return "{ .rank = -1 }"
    x = np.asarray(x)
    if x.dtype == np.float64:
        x = x.astype(np.float32)  # computed in double, compared with f32
    dims = ", ".join(map(str, x.shape)) or "0"
    values = ", ".join(number(v) for v in x.reshape(-1)) or "0"
    return (f"{{ EFFNN_{DTYPES[x.dtype.name]}, {x.ndim}, {{ {dims} }},\n"
            f"      (const double[]){{ {values} }} }}")


def wrap(text, width=98):
    """Break at commas so that no line is longer than a source line may be."""
    lines = []
    for line in text.split("\n"):
        indent = " " * (len(line) - len(line.lstrip()) + 2)
        while len(line) > width:
            cut = line.rfind(", ", len(indent), width)
            if cut < 0:
                cut = line.find(", ", width)  # a long string stays whole
            if cut < 0:
                break
            lines.append(line[:cut + 1])
            line = indent + line[cut + 2:]
        lines.append(line)
    return "\n".join(lines)


def print_cases(maker):
    print("/* SPDX-License-Identifier: BSD-3-Clause */")
    print("/* Made by tests/golden/make/%s with numpy %s, torch %s, onnxruntime %s. */" %
          (maker, np.__version__, torch.__version__.split("+")[0], onnxruntime.__version__))
    for name, op, attrs, tolerance, inputs, outputs in cases:
        quoted = "NULL" if attrs is None else f'"{attrs}"'
        ins = ",\n    ".join(operand(x) for x in inputs)
        outs = ",\n    ".join(operand(x) for x in outputs)
        print(wrap(f'{{ "{name}", "{op}", {quoted}, {tolerance}, {len(inputs)},\n'
                   f"  {{ {ins} }},\n  {len(outputs)},\n  {{ {outs} }} }},"))


def main():
    for make in (convolutions, pools, norms, products, movement, reductions, elements):
        make()
    print_cases("make_ops.py")


if __name__ == "__main__":
    main()
