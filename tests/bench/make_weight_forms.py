#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Write an ONNX model again with its weights in other forms, for timing what loading them takes.

    make_weight_forms.py MODEL.onnx FOLDER

FOLDER gets constants.onnx (each initialiser as a Constant node), lists.onnx (float_data instead of raw
data) and turned.onnx (each matrix stored turned over, behind a Transpose). Needs the onnx package.
"""
import pathlib
import sys

import numpy as np
import onnx
from onnx import helper, numpy_helper


def constants(graph):
    nodes = [helper.make_node("Constant", [], [t.name], name=f"{t.name}_constant", value=t)
             for t in graph.initializer]
    del graph.initializer[:]
    for node in reversed(nodes):
        graph.node.insert(0, node)


def lists(graph):
    for tensor in graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT:
            values = numpy_helper.to_array(tensor)
            tensor.ClearField("raw_data")
            tensor.float_data.extend(values.ravel())


def turned(graph):
    nodes = []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.ndim == 2 and values.dtype == np.float32:
            stored = numpy_helper.from_array(np.ascontiguousarray(values.T), f"{tensor.name}_turned")
            nodes.append(helper.make_node("Transpose", [stored.name], [tensor.name], perm=[1, 0]))
            tensor.CopyFrom(stored)
    for node in reversed(nodes):
        graph.node.insert(0, node)


def main():
    folder = pathlib.Path(sys.argv[2])
    for form in constants, lists, turned:
        model = onnx.load(sys.argv[1])
        form(model.graph)
        onnx.save(model, folder / f"{form.__name__}.onnx")


if __name__ == "__main__":
    main()
