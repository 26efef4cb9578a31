#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Make tests/golden/onnx: small ONNX files in every form that exporters write, and what ONNX Runtime
computes from them; below bad/, files that must be refused. Needs onnx, onnxruntime and numpy.

    make_onnx.py [folder]
"""
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto as T
from onnx import helper, numpy_helper

FOLDER = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else
                      pathlib.Path(__file__).resolve().parents[1] / "onnx")
BAD = FOLDER / "bad"
X_SHAPE = [2, 3, 4, 6]
node = helper.make_node
info = helper.make_tensor_value_info


def model(nodes, inputs, outputs, opset, initializer=(), ir=None, **more):
    graph = helper.make_graph(nodes, "main", inputs, outputs, initializer=list(initializer))
    imports = [helper.make_opsetid("", opset)] if opset is not None else []
    made = helper.make_model(graph, opset_imports=imports, producer_name="maker",
                             producer_version="1.0", **more)
    made.ir_version = ir or (10 if (opset or 0) > 20 else 8)
    return made


def write(name, made, folder=FOLDER):
    data = made if isinstance(made, bytes) else made.SerializeToString()
    (folder / f"{name}.onnx").write_bytes(data)


def ints(name, *values):
    return numpy_helper.from_array(np.array(values, np.int64), name)


def floats(name, value):
    return numpy_helper.from_array(np.array(value, np.float32), name)


# ---- one network, spelled as each opset has it ----

def weights(rng):
    shapes = {"scale": [3], "shift": [3], "mean": [3], "var": [3], "w": [5, 12], "c": [5]}
    arrays = {k: rng.standard_normal(s).astype(np.float32) for k, s in shapes.items()}
    arrays["var"] = np.abs(arrays["var"]) + np.float32(0.5)
    return [numpy_helper.from_array(a, k) for k, a in arrays.items()]


def network(opset, rng):
    """Pad, batch norm, clip, slice, squeeze, unsqueeze, split, mean, softmax, gemm."""
    constants = weights(rng)

    def by_attribute_or_input(op, source, target, since, attributes, dtype=np.int64):
        """A node whose attributes are inputs from the opset `since` on, in this order."""
        if opset < since:
            return node(op, [source], [target], name=f"{op}_node", **attributes)
        names = []
        for key, value in attributes.items():
            names.append(f"{target}_{key}")
            constants.append(numpy_helper.from_array(np.array(value, dtype), names[-1]))
        return node(op, [source, *names], [target], name=f"{op}_node")

    parts = ["first", "second"]
    nodes = [
        by_attribute_or_input("Pad", "x", "padded", 11, {"pads": [0, 0, 1, 0, 0, 0, 1, 2]}),
        node("BatchNormalization", ["padded", "scale", "shift", "mean", "var"], ["normal"],
             epsilon=1e-3),
        node("Dropout", ["normal"], ["kept"]),
        by_attribute_or_input("Clip", "kept", "clipped", 11, {"min": -1.0, "max": 1.5},
                              np.float32),
        by_attribute_or_input("Slice", "clipped", "sliced", 10,
                              {"starts": [1, -8], "ends": [5, 1000], "axes": [2, 3]}),
        node("ReduceMean", ["sliced", "means_axes"] if opset >= 18 else ["sliced"], ["means"],
             keepdims=1, **({} if opset >= 18 else {"axes": [3]})),
        by_attribute_or_input("Squeeze", "means", "squeezed", 13, {"axes": [3]}),
        by_attribute_or_input("Unsqueeze", "squeezed", "unsqueezed", 13, {"axes": [0]}),
    ]
    if opset >= 18:
        constants.append(ints("means_axes", 3))
        nodes.append(node("Split", ["unsqueezed"], parts, axis=3, num_outputs=2))
    elif opset >= 13:
        constants.append(ints("sizes", 2, 2))
        nodes.append(node("Split", ["unsqueezed", "sizes"], parts, axis=3))
    else:
        nodes.append(node("Split", ["unsqueezed"], parts, axis=3, split=[2, 2]))
    nodes += [
        node("Concat", ["second", "first"], ["turned"], axis=3),
        node("Softmax", ["turned"], ["soft"], axis=3),
        node("Flatten", ["soft"], ["flat"], axis=2),
        node("Gemm", ["flat", "w", "c"], ["y"], transB=1, alpha=0.5),
    ]
    return model(nodes, [info("x", T.FLOAT, ["N", *X_SHAPE[1:]])], [info("y", T.FLOAT, None)],
                 opset, constants)


def run(made, feeds):
    session = onnxruntime.InferenceSession(made.SerializeToString(),
                                           providers=["CPUExecutionProvider"])
    return session.run(None, feeds)


def write_networks():
    x = np.random.default_rng(7).standard_normal(X_SHAPE).astype(np.float32)
    np.save(FOLDER / "forms_x.npy", x)
    for opset in 9, 11, 13, 18, 21:
        made = network(opset, np.random.default_rng(8))
        write(f"forms_{opset}", made)
        (y,) = run(made, {"x": x})
    np.save(FOLDER / "forms_y.npy", y)  # the same for all: one network
    (first,) = run(network(9, np.random.default_rng(8)), {"x": x})
    assert np.allclose(first, y, rtol=1e-5, atol=1e-6)


# ---- operators in their first forms ----

def first_forms():
    """(opset, nodes, constants): attributes where inputs are today, rules of their own."""
    yield 7, [node("Upsample", ["x"], ["a"], mode="nearest", scales=[1.0, 1.0, 2.0, 3.0]),
              node("Pad", ["a"], ["b"], pads=[0, 0, 1, 0, 0, 0, 0, 2], mode="constant", value=0.5),
              node("Slice", ["b"], ["c"], axes=[2, 3], starts=[0, -9], ends=[7, 100]),
              node("Tile", ["c", "times"], ["d"]),
              node("TopK", ["d"], ["y", "places"], axis=3, k=4)], [ints("times", 1, 2, 1, 1)]
    yield 9, [node("Upsample", ["x", "scales"], ["a"], mode="linear"),
              node("Scatter", ["a", "at", "new"], ["y"], axis=3)], [
                  floats("scales", [1, 1, 2, 2]),
                  numpy_helper.from_array(np.array([[[[3, 0]]]], np.int64), "at"),
                  floats("new", [[[[7, 8]]]])]
    yield 10, [node("Resize", ["x", "less"], ["a"], mode="nearest"),
               node("Resize", ["a", "more"], ["b"], mode="linear"),
               node("RoiAlign", ["b", "regions", "whose"], ["y"], output_height=2,
                    output_width=2)], [floats("less", [1, 1, 0.6, 0.7]),
                                       floats("more", [1, 1, 2, 2]),
                                       floats("regions", [[0, 0, 3, 2.5], [1, 1, 5, 3]]),
                                       ints("whose", 1, 0)]


def write_first_forms():
    x = np.load(FOLDER / "forms_x.npy")
    for opset, nodes, constants in first_forms():
        made = model(nodes, [info("x", T.FLOAT, X_SHAPE)], [info("y", T.FLOAT, None)], opset,
                     constants)
        write(f"first_{opset}", made)
        np.save(FOLDER / f"first_{opset}.npy", run(made, {"x": x})[0])


# ---- initialisers and constants ----

TYPES = {"f32": T.FLOAT, "f64": T.DOUBLE, "f16": T.FLOAT16, "bf16": T.BFLOAT16, "i8": T.INT8,
         "i16": T.INT16, "i32": T.INT32, "i64": T.INT64, "u8": T.UINT8, "u16": T.UINT16,
         "u32": T.UINT32, "u64": T.UINT64, "bool": T.BOOL, "i4": T.INT4, "u4": T.UINT4}


def values_of(name, n):
    """i/2 - 1 for floats, i - 2 for signed, i for unsigned, odd for bool."""
    if name in ("f32", "f64", "f16", "bf16"):
        return [i / 2 - 1 for i in range(n)]
    if name == "bool":
        return [i % 2 == 1 for i in range(n)]
    return [i - 2 if name[0] == "i" else i for i in range(n)]


def through():
    return [node("Identity", ["x"], ["y"])], [info("x", T.FLOAT, [1])], [info("y", T.FLOAT, [1])]


def write_initialisers():
    typed, raw = [], []
    for name, number in TYPES.items():
        for suffix, dims in ("", [5]), ("_scalar", []), ("_empty", [3, 0]):
            n = int(np.prod(dims))
            tensor = helper.make_tensor(name + suffix, number, dims, values_of(name, n))
            assert not tensor.HasField("raw_data")
            typed.append(tensor)
            packed = numpy_helper.from_array(numpy_helper.to_array(tensor), name + suffix)
            assert packed.data_type == number and packed.HasField("raw_data")
            raw.append(packed)
    write("initialisers_typed", model(*through(), 21, typed))
    write("initialisers_raw", model(*through(), 21, raw))


def write_constants():
    tensor = helper.make_tensor("t", T.INT32, [2], [7, -7])
    nodes = [node("Constant", [], ["tensor"], value=tensor),
             node("Constant", [], ["float"], value_float=0.5),
             node("Constant", [], ["floats"], value_floats=[0.5, -1.5]),
             node("Constant", [], ["int"], value_int=-3),
             node("Constant", [], ["ints"], value_ints=[4, 5, 6]),
             node("Identity", ["x"], ["y"])]
    write("constants", model(nodes, *through()[1:], 13))


def sparse_tensor(name, dims, values, indices, number=T.FLOAT):
    """indices: flattened, or one row for each value."""
    flat = np.array(indices, np.int64)
    return helper.make_sparse_tensor(
        helper.make_tensor(name, number, [len(values)], values),
        helper.make_tensor("", T.INT64, flat.shape, flat.ravel()), dims)


def write_sparse():
    made = model(*through(), 13)
    made.graph.sparse_initializer.extend([
        sparse_tensor("flat", [3, 4], [1.5, -2, 4], [1, 6, 11]),
        sparse_tensor("rows", [3, 4], [1.5, -2, 4], [[0, 1], [1, 2], [2, 3]]),
        sparse_tensor("bytes", [2, 2], [-1, 7], [0, 3], T.INT8),
        sparse_tensor("nothing", [2, 3], [], [])])
    made.graph.node.append(node("Constant", [], ["constant"], name="c",
                                sparse_value=sparse_tensor("", [5], [8, 9], [[0], [4]])))
    write("sparse", made)
    bad = {"outside": ([3, 4], [1], [12]), "negative": ([3, 4], [1], [-1]),
           "row_outside": ([3, 4], [1], [[0, 4]]), "twice": ([3, 4], [1, 2], [5, 5]),
           "out_of_order": ([3, 4], [1, 2], [[1, 0], [0, 3]]),
           "too_few_indices": ([3, 4], [1, 2], [5]), "wrong_rank": ([3, 4], [1], [[0, 0, 0]]),
           "huge": ([2**14, 2**14], [1], [5]), "impossible": ([2**40, 2**40], [1], [5]),
           "rank_9": ([1] * 9, [1], [0])}
    for name, (dims, values, indices) in bad.items():
        made = model(*through(), 13)
        made.graph.sparse_initializer.append(sparse_tensor("w", dims, values, indices))
        write(f"sparse_{name}", made, BAD)


def external(name, **entries):
    tensor = T(name=name, data_type=T.FLOAT, dims=[3], data_location=T.EXTERNAL)
    for key, value in entries.items():
        tensor.external_data.add(key=key, value=str(value))
    return tensor


def write_external():
    data = np.arange(6, dtype=np.float32)
    (FOLDER / "external.bin").write_bytes(bytes(4) + data.tobytes())
    write("external", model(*through(), 13, [
        external("first", location="external.bin", offset=4, length=12),
        external("second", location="external.bin", offset=16)]))
    cases = {
        "absolute": dict(location="/etc/hostname"), "climbing": dict(location="../forms_x.npy"),
        "hidden_climb": dict(location="a/../../forms_x.npy"), "missing": dict(location="none.bin"),
        "past_end": dict(location="external.bin", offset=20),
        "huge_offset": dict(location="external.bin", offset=2**63 - 1),
        "negative": dict(location="external.bin", offset=-4),
        "text": dict(location="external.bin", offset="four"),
        "short": dict(location="external.bin", length=8), "nowhere": dict(offset=0)}
    (BAD / "external.bin").write_bytes(bytes(28))
    for name, entries in cases.items():
        write(f"external_{name}", model(*through(), 13, [external("w", **entries)]), BAD)


def write_odd():
    """What is odd and yet has a meaning: names that are no UTF-8, nodes named alike."""
    made = model([node("Relu", ["x"], ["h_"], name="same"), node("Abs", ["h_"], ["y"], name="same")],
                 [info("x", T.FLOAT, [1])], [info("y", T.FLOAT, [1])], 13)
    data = made.SerializeToString()
    assert data.count(b"h_") == 2
    write("odd_names", data.replace(b"h_", b"\xff\xfe"))


def write_metadata():
    made = model([node("Relu", ["x"], [""], name="dead"), node("Relu", ["x"], ["h"], name="same"),
                  node("Abs", ["h"], ["y"], name="same"), node("Neg", ["x"], ["z"])],
                 [info("x", T.FLOAT, ["batch", None, "?", 4])],
                 [info("z", T.FLOAT, None), info("y", T.FLOAT, None)], 13)
    made.graph.input[0].type.tensor_type.shape.dim[2].dim_value = -1
    helper.set_model_props(made, {"author": "somebody", "note": "ünïcode"})
    write("metadata", made)
    nodes, inputs, outputs = [node("Add", ["x", "w"], ["y"])], *through()[1:]
    write("inputs_with_values", model(nodes, [info("w", T.FLOAT, [1]), *inputs], outputs, 9,
                                      [floats("w", [2.0])], ir=3))


# ---- files to be refused ----

def tensor_cases():
    raw = numpy_helper.from_array(np.zeros(3, np.float32), "w")
    yield "string_tensor", helper.make_tensor("w", T.STRING, [1], [b"a"])
    yield "float8_tensor", T(name="w", data_type=T.FLOAT8E4M3FN, dims=[1], raw_data=b"\0")
    yield "complex_tensor", T(name="w", data_type=T.COMPLEX64, dims=[1], float_data=[0, 0])
    yield "type_99_tensor", T(name="w", data_type=99, dims=[1], raw_data=b"\0")
    yield "untyped_tensor", T(name="w", dims=[1], raw_data=b"\0")
    yield "short_raw", T(name="w", data_type=T.FLOAT, dims=[4], raw_data=raw.raw_data)
    yield "short_typed", T(name="w", data_type=T.FLOAT, dims=[4], float_data=[1, 2, 3])
    yield "no_data", T(name="w", data_type=T.FLOAT, dims=[4])
    yield "wrong_list", T(name="w", data_type=T.FLOAT, dims=[1], int32_data=[1])
    yield "two_kinds", T(name="w", data_type=T.FLOAT, dims=[1], float_data=[1], raw_data=bytes(4))
    yield "wide_value", T(name="w", data_type=T.UINT8, dims=[1], int32_data=[256])
    yield "bool_value", T(name="w", data_type=T.BOOL, dims=[1], raw_data=b"\2")
    yield "negative_dim", T(name="w", data_type=T.FLOAT, dims=[-1], raw_data=b"")
    yield "overflowing_dims", T(name="w", data_type=T.FLOAT, dims=[2**40, 2**40], raw_data=b"")
    yield "huge_dims", T(name="w", data_type=T.FLOAT, dims=[2**40], raw_data=bytes(8))
    yield "rank_9", T(name="w", data_type=T.FLOAT, dims=[1] * 9, raw_data=bytes(4))
    yield "nameless_tensor", T(data_type=T.FLOAT, dims=[1], raw_data=bytes(4))
    segment = T(name="w", data_type=T.FLOAT, dims=[1], raw_data=bytes(4))
    segment.segment.begin = 0
    yield "segment", segment


def graph_cases():
    x, y = [info("x", T.FLOAT, [1])], [info("y", T.FLOAT, [1])]

    def nodes(*made, inputs=x, outputs=y, opset=13, **more):
        return model(list(made), inputs, outputs, opset, **more)

    relu = node("Relu", ["x"], ["y"], name="r")
    branch = helper.make_graph([node("Relu", ["x"], ["z"])], "b", [], [info("z", T.FLOAT, [1])])
    yield "no_opset", nodes(relu, opset=None)
    yield "opset_0", nodes(relu, opset=0)
    yield "operator_since", nodes(relu, opset=5)
    yield "opset_29", nodes(relu, opset=29)
    yield "opset_billion", nodes(relu, opset=10**9)
    negative = nodes(relu)
    negative.opset_import[0].version = -1
    yield "opset_negative", negative
    yield "type_99_input", nodes(relu, inputs=[info("x", 99, [1])])
    yield "impossible_input", nodes(relu, inputs=[info("x", T.FLOAT, [2**40, 2**40])])
    yield "float_for_int", nodes(node("Flatten", ["x"], ["y"], name="r", axis=1.5))
    yield "ints_for_int", nodes(node("Flatten", ["x"], ["y"], name="r", axis=[1, 1]))
    yield "int_for_ints", nodes(node("Transpose", ["x"], ["y"], name="r", perm=0))
    yield "text_for_float", nodes(node("LeakyRelu", ["x"], ["y"], name="r", alpha="a"))
    yield "nan_attribute", nodes(node("LeakyRelu", ["x"], ["y"], name="r", alpha=float("nan")))
    yield "many_attributes", nodes(node(
        "Relu", ["x"], ["y"], name="r", **{f"a{i}": i for i in range(1001)}))
    yield "unknown_operator", nodes(node("Foo", ["x"], ["y"], name="foo"))
    yield "unknown_domain", nodes(node("Relu", ["x"], ["y"], name="foo", domain="my.own"))
    yield "subgraph", nodes(node("Relu", ["x"], ["y"], name="r", branch=branch))
    yield "out_of_order", nodes(node("Relu", ["h"], ["y"], name="r"), node("Abs", ["x"], ["h"]))
    yield "cycle", nodes(node("Add", ["x", "y"], ["y"], name="r"))
    yield "unknown_input", nodes(node("Relu", ["nowhere"], ["y"], name="r"))
    yield "made_twice", nodes(relu, node("Abs", ["x"], ["y"]))
    yield "input_made_again", nodes(node("Relu", ["x"], ["x"]), relu)
    yield "output_nowhere", nodes(relu, outputs=[info("q", T.FLOAT, [1])])
    yield "no_outputs", nodes(relu, outputs=[])
    yield "two_inputs_of_one_name", nodes(relu, inputs=x * 2)
    yield "shapeless_input", nodes(relu, inputs=[info("x", T.FLOAT, None)])
    yield "rank_9_input", nodes(relu, inputs=[info("x", T.FLOAT, [1] * 9)])
    yield "string_input", nodes(relu, inputs=[info("x", T.STRING, [1])])
    yield "sequence_input", nodes(relu, inputs=[
        helper.make_tensor_sequence_value_info("x", T.FLOAT, [1])])
    yield "too_many_inputs", nodes(node("Relu", ["x", "x"], ["y"], name="r"))
    yield "too_few_inputs", nodes(node("Add", ["x"], ["y"], name="r"))
    yield "too_many_outputs", nodes(node("Relu", ["x"], ["y", "z"], name="r"))
    yield "too_many_axes", nodes(node("ReduceMean", ["x", "a"], ["y"], name="r"), opset=18,
                                 initializer=[ints("a", *range(100))])
    yield "axes_of_a_scalar", nodes(
        node("ReduceMean", ["s", "a"], ["y"], name="r"), opset=18,
        inputs=[info("s", T.FLOAT, []), info("a", T.INT64, [1])])
    yield "unknown_attribute", nodes(node("Relu", ["x"], ["y"], name="r", shape=3))
    yield "attribute_twice", attribute_twice(nodes)
    yield "slice_of_a_scalar", nodes(
        node("Slice", ["s", "a", "b"], ["y"], name="r"),
        inputs=[info("s", T.FLOAT, []), info("a", T.INT64, [1]), info("b", T.INT64, [1])])
    yield "bad_axis", nodes(node("Flatten", ["x"], ["y"], name="r", axis=5))
    yield "constant_string", nodes(node("Constant", [], ["s"], name="c", value_string="s"), relu)
    yield "constant_empty", nodes(node("Constant", [], ["s"], name="c"), relu)
    yield "initialiser_twice", nodes(relu, initializer=[floats("w", 1), floats("w", 2)])
    sparse = nodes(relu)
    sparse.graph.sparse_initializer.add().dims.append(1)
    yield "sparse_initialiser", sparse
    two = nodes(relu)
    two.opset_import.add(domain="ai.onnx", version=14)
    yield "two_versions", two
    no_graph = nodes(relu)
    no_graph.ClearField("graph")
    yield "no_graph", no_graph
    yield "two_graphs", nodes(relu).SerializeToString() * 2
    yield from branch_cases(nodes)


def branch_cases(nodes):
    c = [info("c", T.BOOL, []), info("x", T.FLOAT, [1])]

    def branch(*made, inputs=(), kind=T.FLOAT):
        return helper.make_graph(list(made), "b", list(inputs), [info("z", kind, [1])])

    def choice(then, other, inputs=("c",)):
        more = {"else_branch": other} if other else {}
        return nodes(node("If", list(inputs), ["y"], name="r", then_branch=then, **more), inputs=c)

    def nested(depth):
        inner = relu
        for _ in range(depth):
            inner = branch(node("If", ["c"], ["z"], then_branch=inner, else_branch=relu))
        return choice(inner, relu)
    relu = branch(node("Relu", ["x"], ["z"]))
    yield "if_without_else", choice(relu, None)
    yield "if_of_two_inputs", choice(relu, relu, ("c", "x"))
    yield "if_branch_with_input", choice(branch(node("Relu", ["z"], ["z"]),
                                                inputs=[info("z", T.FLOAT, [1])]), relu)
    yield "if_branch_out_of_order", choice(branch(node("Relu", ["later"], ["z"]),
                                                  node("Abs", ["x"], ["later"])), relu)
    yield "if_too_deep", nested(17)
    yield "if_types_differ", choice(relu, branch(node("Cast", ["x"], ["z"], to=T.INT64),
                                                 kind=T.INT64))
    yield "if_1000_deep", deep_bytes(1000)


def deep_bytes(depth):
    """protobuf itself refuses to make this: messages put together by hand."""
    def field(number, data):
        size, n = b"", len(data)
        while n > 127:
            size, n = size + bytes([n & 127 | 128]), n >> 7
        return bytes([number << 3 | 2]) + size + bytes([n]) + data
    graph = b""
    for _ in range(depth):
        attribute = field(1, b"then_branch") + field(6, graph) + bytes([20 << 3 & 127 | 128, 1, 5])
        graph = field(1, field(1, b"c") + field(2, b"z") + field(4, b"If") + field(5, attribute))
    return field(8, bytes([16, 13])) + field(7, graph)


def attribute_twice(nodes):
    made = node("Flatten", ["x"], ["y"], name="r", axis=1)
    made.attribute.append(made.attribute[0])
    return nodes(made)


def branches(rng):
    """An If whose branches read values and weights around them, of other rank each, one with an If
    in it; the names inside repeat."""
    x, c, d = info("x", T.FLOAT, ["N", 3]), info("c", T.BOOL, []), info("d", T.BOOL, [1])
    w = floats("w", rng.standard_normal((3, 3)))

    def graph(name, nodes, output, initializer=()):
        return helper.make_graph(nodes, name, [], [info(output, T.FLOAT, None)],
                                 initializer=list(initializer))
    inner_then = graph("inner_then", [node("Add", ["h", "t"], ["r"])], "r")
    inner_else = graph("inner_else", [node("MatMul", ["h", "w"], ["t2"]),
                                      node("Sub", ["t2", "x"], ["r"])], "r")
    then = graph("then", [node("Mul", ["h", "k"], ["t"]),
                          node("If", ["d"], ["inner"], name="inner", then_branch=inner_then,
                               else_branch=inner_else)], "inner", [floats("k", 3.0)])
    other = graph("other", [node("ReduceSum", ["h", "axes"], ["t"], keepdims=0)], "t",
                  [ints("axes", 1)])
    made = model([node("MatMul", ["x", "w"], ["h"], name="h"),
                  node("If", ["c"], ["y"], name="outer", then_branch=then, else_branch=other),
                  node("Relu", ["y"], ["z"], name="z")],
                 [x, c, d], [info("z", T.FLOAT, None)], 13, [w])
    write("branches", made)
    session = onnxruntime.InferenceSession(made.SerializeToString())
    value = rng.standard_normal((2, 3)).astype(np.float32)
    np.save(FOLDER / "branches_x.npy", value)
    for i in range(3):
        feeds = {"x": value, "c": np.array(i < 2), "d": np.array([i == 0])}
        np.save(FOLDER / f"branches_{i}.npy", session.run(None, feeds)[0])


def open_shapes():
    """Sizes that are open without a name, and outputs whose shape depends on data."""
    x = info("x", T.FLOAT, ["?", "?", "-1", "N"])
    made = model([node("NonZero", ["x"], ["z"], name="z"), node("Relu", ["x"], ["y"], name="y"),
                  node("Compress", ["x", "c"], ["w"], name="w")],
                 [x, info("c", T.BOOL, ["M"])],
                 [info("y", T.FLOAT, None), info("z", T.INT64, [4, "K"]), info("w", T.FLOAT, ["L"])],
                 13)
    write("open_shapes", made)


def main():
    BAD.mkdir(parents=True, exist_ok=True)
    write_networks()
    write_first_forms()
    write_initialisers()
    write_constants()
    write_external()
    write_sparse()
    write_odd()
    write_metadata()
    branches(np.random.default_rng(15))
    open_shapes()
    for name, tensor in tensor_cases():
        write(name, model(*through(), 13, [tensor]), BAD)
    for name, made in graph_cases():
        write(name, made, BAD)


if __name__ == "__main__":
    main()
