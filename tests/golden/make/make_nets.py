#!/usr/bin/env python3
"""Make the cases of larger operators by ONNX Runtime, PyTorch and NumPy.

    make_nets.py recurrent > tests/golden/ops/recurrent.inc

One file a group, named as the function below that makes it. The form is that of make_ops.py, whose
helpers serve here too; the expected outputs never come from libeffnn.
"""
import sys

import numpy as np
import onnx
import onnxruntime
import torch
import torch.nn.functional as F
from onnx import helper

import make_ops
from make_ops import case, f32, i64, t


def run(op_type, opset, inputs, n_outputs=1, domain="", **attrs):
    """One node run by ONNX Runtime; inputs may be None, outputs are all given."""
    names = ["" if x is None else f"i{k}" for k, x in enumerate(inputs)]
    feeds = {n: x for n, x in zip(names, inputs) if n}
    types = [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(x.dtype), x.shape)
             for n, x in feeds.items()]
    outputs = [f"o{k}" for k in range(n_outputs)]
    results = [onnx.ValueInfoProto(name=n) for n in outputs]
    graph = helper.make_graph([helper.make_node(op_type, names, outputs, domain=domain, **attrs)],
                              "g", types, results)
    model = helper.make_model(graph, ir_version=10,
                              opset_imports=[helper.make_opsetid("", opset)])
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(None, feeds)


def recurrent():
    steps, batch, n_in, hidden = 4, 3, 2, 3
    lengths = np.array([4, 0, 2], np.int32)
    for op, gates, n_out, extra in (("LSTM", 4, 3, {"input_forget": 1}), ("GRU", 3, 2, {}),
                                    ("RNN", 1, 2, {})):
        for direction, d in (("forward", 1), ("reverse", 1), ("bidirectional", 2)):
            x, w = f32(steps, batch, n_in), f32(d, gates * hidden, n_in)
            r, b = f32(d, gates * hidden, hidden), f32(d, 2 * gates * hidden)
            h, c, p = f32(d, batch, hidden), f32(d, batch, hidden), f32(d, 3 * hidden)
            inputs = [x, w, r, b, lengths, h] + ([c, p] if op == "LSTM" else [])
            case(f"{op} {direction}", op.lower(), f"direction={direction}", 1e-5, inputs,
                 run(op, 14, inputs, n_out, direction=direction, hidden_size=hidden))
        attrs = {"clip": 0.4, **extra}
        text = ",".join(f"{k}={v}" for k, v in attrs.items())
        case(f"{op} clipped", op.lower(), "direction=bidirectional," + text, 1e-5, inputs,
             run(op, 14, inputs, n_out, direction=direction, hidden_size=hidden, **attrs))
    names = {"LSTM": ["HardSigmoid", "LeakyRelu", "Elu"], "GRU": ["HardSigmoid", "Softsign"],
             "RNN": ["Softplus"]}
    for op, gates, n_out in (("LSTM", 4, 3), ("GRU", 3, 2), ("RNN", 1, 2)):
        inputs = [f32(2, 2, 2), f32(1, gates * 3, 2), f32(1, gates * 3, 3)]
        case(f"{op} of other activations", op.lower(),
             "activation_alpha=0.3:0.7,activation_beta=0.4,activations=" + ":".join(names[op]),
             1e-5, inputs, run(op, 14, inputs, n_out, hidden_size=3, activations=names[op],
                               activation_alpha=[0.3, 0.7], activation_beta=[0.4]))
    inputs = [f32(3, 2, 2), f32(1, 9, 2), f32(1, 9, 3), f32(1, 18)]
    case("GRU linear before reset", "gru", "linear_before_reset=1", 1e-5, inputs,
         run("GRU", 14, inputs, 2, hidden_size=3, linear_before_reset=1))
    torch_lstm()


def torch_lstm():
    """Batch first, by PyTorch, whose gates come in another order."""
    net = torch.nn.LSTM(2, 3, batch_first=True, bidirectional=True)
    x = f32(2, 4, 2)
    with torch.no_grad():
        y, (h, c) = net(t(x))
    order = np.r_[0:3, 9:12, 3:6, 6:9]

    def both(name):
        return np.stack([getattr(net, name + end).detach().numpy()[order]
                         for end in ("_l0", "_l0_reverse")])
    bias = np.concatenate([both("bias_ih"), both("bias_hh")], 1)
    case("LSTM of PyTorch, batch first", "lstm", "direction=bidirectional,layout=1", 1e-5,
         [x, both("weight_ih"), both("weight_hh"), bias],
         [y.numpy().reshape(2, 4, 2, 3), h.numpy().transpose(1, 0, 2),
          c.numpy().transpose(1, 0, 2)])


def main():
    torch.manual_seed(20)
    globals()[sys.argv[1]]()
    make_ops.print_cases("make_nets.py")


if __name__ == "__main__":
    main()
