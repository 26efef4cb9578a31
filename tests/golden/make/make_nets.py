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


RNG_BYTES = np.random.default_rng(21)


def run(op_type, opset, inputs, n_outputs=1, domain="", **attrs):
    """One node run by ONNX Runtime; inputs may be None, outputs are all given."""
    names = ["" if x is None else f"i{k}" for k, x in enumerate(inputs)]
    feeds = {n: np.asarray(x) for n, x in zip(names, inputs) if n}
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


def windows():
    transposed()
    x, w, b = f32(1, 4, 4, 3, 5), f32(2, 2, 2, 3, 2), f32(2)
    case("conv of three axes", "conv",
         "group=2,strides=1:2:1,pads=1:1:0:1:1:0,dilations=2:1:2", 1e-5, [x, w, b],
         F.conv3d(t(x), t(w), t(b), (1, 2, 1), (1, 1, 0), (2, 1, 2), 2).numpy())
    x = f32(1, 1, 4, 4, 5)
    case("max pool of three axes", "max_pool", "kernel_shape=2:2:3,strides=1:2:2,pads=1:0:1:1:0:1",
         0, [x], F.max_pool3d(t(x), (2, 2, 3), (1, 2, 2), (1, 0, 1)).numpy())
    for pads_count in (False, True):
        case(f"average pool of three axes, pads count {pads_count}", "average_pool",
             "kernel_shape=2:2:3,strides=1:2:2,pads=1:0:1:1:0:1,count_include_pad="
             f"{int(pads_count)}", 1e-6, [x],
             F.avg_pool3d(t(x), (2, 2, 3), (1, 2, 2), (1, 0, 1), False, pads_count).numpy())
    x = f32(1, 2, 5, 6)
    for order in (0, 1):
        case(f"max pool with places, order {order}", "max_pool",
             f"kernel_shape=3:2,strides=2:2,pads=1:1:1:1,storage_order={order}", 0, [x],
             run("MaxPool", 12, [x], 2, kernel_shape=[3, 2], strides=[2, 2], pads=[1, 1, 1, 1],
                 storage_order=order))
    x = RNG_BYTES.integers(0, 256, (1, 2, 5, 5)).astype(np.uint8)
    case("max pool of bytes with places", "max_pool", "kernel_shape=2:2,strides=2:2", 0, [x],
         run("MaxPool", 12, [x], 2, kernel_shape=[2, 2], strides=[2, 2]))
    x = f32(1, 2, 6, 7)
    for p in (1, 2, 3):
        case(f"{p}-norm pool", "lp_pool", f"p={p},kernel_shape=3:2,strides=2:2,pads=1:1:0:1", 1e-5,
             [x], run("LpPool", 18, [x], p=p, kernel_shape=[3, 2], strides=[2, 2],
                      pads=[1, 1, 0, 1]))
        case(f"global {p}-norm pool", "global_lp_pool", f"p={p}", 1e-5, [x],
             run("GlobalLpPool", 13, [x], p=p))
    case("global max pool", "global_max_pool", None, 0, [x], x.max((2, 3), keepdims=True))


def transposed():
    x, w, b = f32(1, 4, 3, 4), f32(4, 3, 3, 2), f32(6)
    case("transposed conv grouped, strided, dilated, padded", "conv_transpose",
         "group=2,strides=2:3,pads=1:2:1:2,dilations=2:1,output_padding=1:2", 1e-5, [x, w, b],
         F.conv_transpose2d(t(x), t(w), t(b), (2, 3), (1, 2), (1, 2), 2, (2, 1)).numpy())
    x, w = f32(1, 3, 4, 3), f32(3, 1, 4, 4)
    case("transposed conv of single channels", "conv_transpose",
         "group=3,strides=2:2,pads=1:1:1:1", 1e-5, [x, w],
         F.conv_transpose2d(t(x), t(w), None, 2, 1, 0, 3).numpy())
    x, w = f32(1, 3, 5), f32(3, 2, 4)
    case("transposed conv of one axis", "conv_transpose", "strides=3,pads=1:1", 1e-5, [x, w],
         F.conv_transpose1d(t(x), t(w), None, 3, 1).numpy())
    x, w, b = f32(1, 2, 2, 3, 2), f32(2, 2, 2, 3, 2), f32(2)
    case("transposed conv of three axes", "conv_transpose", "strides=2:1:2,pads=0:1:0:0:1:0", 1e-5,
         [x, w, b], F.conv_transpose3d(t(x), t(w), t(b), (2, 1, 2), (0, 1, 0)).numpy())
    x, w = f32(1, 2, 3, 4), f32(2, 2, 4, 3)
    for rule in ("SAME_UPPER", "SAME_LOWER", "VALID"):
        case(f"transposed conv padded {rule}", "conv_transpose", f"auto_pad={rule},strides=2:2",
             1e-5, [x, w], run("ConvTranspose", 11, [x, w], auto_pad=rule, strides=[2, 2]))
    for shape in ([7, 9], [8, 10], [9, 8]):
        case(f"transposed conv to {shape}", "conv_transpose",
             f"output_shape={shape[0]}:{shape[1]},strides=2:2", 1e-5, [x, w],
             run("ConvTranspose", 11, [x, w], output_shape=shape, strides=[2, 2]))


def softmax(x):
    with np.errstate(invalid="ignore"):
        e = np.exp(x - x.max(-1, keepdims=True))
    return np.nan_to_num(e / e.sum(-1, keepdims=True))


def attend(q, k, v, visible, bias=0.0, cap=0.0):
    """By NumPy in double, q [b, h, l, d] and keys of fewer heads; also scores at every stage."""
    q, k, v = (x.astype(np.float64) for x in (q, k, v))
    k, v = (np.repeat(x, q.shape[1] // x.shape[1], 1) for x in (k, v))
    raw = q @ k.swapaxes(2, 3) / np.sqrt(q.shape[3])
    capped = cap * np.tanh(raw / cap) if cap else raw
    masked = np.where(visible, capped + bias, -np.inf)
    weights = softmax(masked)
    return weights @ v, [raw, capped, masked, weights]


def attention():
    q, k, v = f32(2, 4, 3, 6), f32(2, 2, 5, 6), f32(2, 2, 5, 4)
    y = F.scaled_dot_product_attention(t(q), t(k), t(v), enable_gqa=True).numpy()
    case("attention of shared heads", "attention", None, 1e-5, [q, k, v], y)
    mask = RNG_BYTES.random((2, 1, 3, 5)) < 0.6
    mask[..., 0] = True
    y = F.scaled_dot_product_attention(t(q), t(k), t(v), t(mask), scale=0.3, enable_gqa=True)
    case("attention masked and scaled", "attention", "scale=0.3", 1e-5, [q, k, v, mask],
         y.numpy())
    flat = [x.transpose(0, 2, 1, 3).reshape(2, x.shape[2], -1).copy() for x in (q, k, v)]
    case("attention of flat heads", "attention", "q_num_heads=4,kv_num_heads=2,softcap=0.5", 1e-5,
         flat, run("Attention", 23, flat, q_num_heads=4, kv_num_heads=2, softcap=0.5))
    q, k, v, pk, pv = f32(1, 2, 3, 4), f32(1, 2, 3, 4), f32(1, 2, 3, 4), f32(1, 2, 2, 4), \
        f32(1, 2, 2, 4)
    i, j = np.arange(3)[:, None], np.arange(5)
    y, stages = attend(q, np.concatenate([pk, k], 2), np.concatenate([pv, v], 2), j <= i + 2)
    case("attention behind a past", "attention", "is_causal=1", 1e-5, [q, k, v, None, pk, pv],
         [y, np.concatenate([pk, k], 2), np.concatenate([pv, v], 2)])
    bias = f32(2, 3, 5)
    bias[1, 2] = -np.inf
    bias[0, 0, 1] = -np.inf
    k, v = f32(1, 2, 5, 4), f32(1, 2, 5, 4)
    for mode in range(4):
        y, stages = attend(q, k, v, True, bias, 1.5)
        case(f"attention, scores of mode {mode}", "attention",
             f"softcap=1.5,qk_matmul_output_mode={mode}", 1e-5, [q, k, v, bias],
             [y, k, v, stages[mode]])
    q, k, v = f32(2, 1, 3, 4), f32(2, 1, 5, 4), f32(2, 1, 5, 4)
    counts = i64(4, 2)
    place = counts[:, None, None, None] - 3 + i
    y, _ = attend(q, k, v, (j < counts[:, None, None, None]) & (j <= place))
    case("attention to counted keys", "attention", "is_causal=1", 1e-5,
         [q, k, v, None, None, None, counts], y)
    y, _ = attend(q, k, v, (j >= i - 1) & (j <= i + 2))
    case("attention in a window", "attention", "left_window_size=1,right_window_size=2", 1e-5,
         [q, k, v], y)
    rotations()


def rotations():
    """ONNX Runtime, and the halves as complex numbers turned."""
    angles = RNG_BYTES.random((7, 3)).astype(np.float32) * 6
    cos, sin, x = np.cos(angles), np.sin(angles), f32(2, 2, 4, 6)
    place = np.array([[0, 1, 2, 3], [3, 6, 4, 5]], np.int64)
    for interleaved in (0, 1):
        case(f"rotation by places, interleaved {interleaved}", "rotary_embedding",
             f"interleaved={interleaved}", 1e-5, [x, cos, sin, place],
             run("RotaryEmbedding", 23, [x, cos, sin, place], interleaved=interleaved))
    z = (x[..., :3] + 1j * x[..., 3:]) * np.exp(1j * angles[place].astype(np.float64))[:, None]
    case("rotation of complex numbers", "rotary_embedding", None, 1e-5, [x, cos, sin, place],
         np.concatenate([z.real, z.imag], -1))
    flat, cos, sin = f32(2, 4, 16), cos[place][..., :2].copy(), sin[place][..., :2].copy()
    case("rotation of a part of flat heads", "rotary_embedding",
         "num_heads=2,rotary_embedding_dim=4", 1e-5, [flat, cos, sin],
         run("RotaryEmbedding", 23, [flat, cos, sin], num_heads=2, rotary_embedding_dim=4))


def norms():
    x, s, b = f32(2, 6, 3, 2) + 5, f32(6), f32(6)
    case("group normalization", "group_normalization", "num_groups=3,epsilon=0.01", 1e-5,
         [x, s, b], F.group_norm(t(x), 3, t(s), t(b), 0.01).numpy())
    case("group normalization, parameters of groups", "group_normalization",
         "num_groups=3,scale_per_group=1", 1e-5, [x, s[:3], b[:3]],
         F.group_norm(t(x), 3, t(s[:3].repeat(2)), t(b[:3].repeat(2))).numpy())
    case("instance normalization", "instance_normalization", "epsilon=0.01", 1e-5, [x, s, b],
         F.instance_norm(t(x), None, None, t(s), t(b), True, 0.1, 0.01).numpy())
    x, s, b = f32(2, 3, 4), f32(3, 4), f32(3, 4)
    case("layer normalization with its statistics", "layer_normalization", "axis=1,epsilon=0.01",
         1e-5, [x, s, b], run("LayerNormalization", 17, [x, s, b], 3, axis=1, epsilon=0.01))
    for p in (1, 2):
        case(f"division by the {p}-norm", "lp_normalization", f"axis=1,p={p}", 1e-6, [x],
             F.normalize(t(x), p, 1).numpy())
    x = f32(2, 6, 2, 2) * 3
    case("local response normalization", "lrn", "size=3,alpha=0.5,beta=0.6,bias=1.5", 1e-5, [x],
         run("LRN", 13, [x], size=3, alpha=0.5, beta=0.6, bias=1.5))
    square = np.pad(x.astype(np.float64) ** 2, ((0, 0), (1, 2), (0, 0), (0, 0)))
    sums = sum(square[:, k:k + 6] for k in range(4))
    case("local response normalization over an even number", "lrn", "size=4,alpha=0.5", 1e-5, [x],
         x / (1 + 0.5 / 4 * sums) ** 0.75)
    case("mean variance normalization", "mean_variance_normalization", None, 1e-5, [x],
         run("MeanVarianceNormalization", 13, [x], axes=[0, 2, 3]))
    y = x.astype(np.float64)
    case("mean variance normalization over two axes", "mean_variance_normalization", "axes=1:-1",
         1e-5, [x], (y - y.mean((1, 3), keepdims=True)) / y.std((1, 3), keepdims=True))


def parts(z):
    return np.stack([z.real, z.imag], -1)


def signals():
    x = f32(2, 7, 2)
    z = x[..., 0].astype(np.float64) + 1j * x[..., 1]
    case("DFT of length 7", "dft", None, 1e-5, [x], parts(np.fft.fft(z)))
    case("inverse DFT, filled up to 12", "dft", "inverse=1", 1e-5, [x, np.int64(12)],
         parts(np.fft.ifft(z, 12)))
    x = f32(30, 2, 1)
    y = x[..., 0].astype(np.float64)
    case("DFT of real numbers along the first axis", "dft", "onesided=1", 1e-5,
         [x, None, np.int64(0)], parts(np.fft.rfft(y, axis=0)))
    for n in (8, 9):
        z = np.fft.rfft(f32(2, n).astype(np.float64))
        case(f"inverse DFT to {n} real numbers", "dft", "onesided=1,inverse=1", 1e-5,
             [parts(z).astype(np.float32), np.int64(n)], np.fft.irfft(z, n)[..., None])
    x, w = f32(2, 25), f32(10)
    y = torch.stft(t(x), 10, 4, 10, t(w), center=False, return_complex=True).numpy()
    case("STFT with a window", "stft", None, 1e-5, [x[..., None], np.int64(4), w],
         parts(y.swapaxes(1, 2)))
    for name, op in (("hann", "HannWindow"), ("hamming", "HammingWindow"),
                     ("blackman", "BlackmanWindow")):
        for periodic in (0, 1):
            case(f"{name} window, periodic {periodic}", f"{name}_window", f"periodic={periodic}",
                 1e-6, [np.int64(9)], run(op, 17, [np.int64(9)], periodic=periodic))
    inputs = [np.int64(5), np.int64(64), np.int64(16000), np.float32(100), np.float32(7000)]
    case("mel weights", "mel_weight_matrix", None, 1e-5, inputs,
         run("MelWeightMatrix", 17, inputs))
    deformed()
    x, w, b, p = f32(2, 3, 5), f32(3, 1, 4), f32(3), f32(2, 3, 3)
    whole = np.concatenate([p, x], 2)
    y = F.silu(F.conv1d(t(whole), t(w), t(b), groups=3)).numpy()
    case("causal convolution", "causal_conv_with_state", "activation=silu", 1e-5, [x, w, b, p],
         [y, whole[..., -3:]])
    linear_attentions()


def deformed():
    """Taps read by PyTorch's grid_sample, one at a time, and multiplied by einsum."""
    n, c, h, w, k, groups = 1, 4, 5, 6, 2, 2
    x, weight, mask = f32(n, c, h, w), f32(3, c, k, k), f32(n, groups * k * k, 4, 5)
    offset, bias = f32(n, groups * k * k * 2, 4, 5), f32(3)
    read = np.zeros((n, c, k * k, 4, 5))
    for g in range(groups):
        for tap in range(k * k):
            at = (g * k * k + tap) * 2
            y = np.arange(4)[:, None] + tap // k + offset[:, at]
            z = np.arange(5)[None, :] + tap % k + offset[:, at + 1]
            grid = np.stack([2 * z / (w - 1) - 1, 2 * y / (h - 1) - 1], -1).astype(np.float64)
            some = slice(g * c // groups, (g + 1) * c // groups)
            read[:, some, tap] = F.grid_sample(t(x[:, some].astype(np.float64)), t(grid),
                                               align_corners=True).numpy() * \
                mask[:, None, g * k * k + tap]
    y = np.einsum("mck,nckyx->nmyx", weight.reshape(3, c, k * k), read) + bias[:, None, None]
    case("deformable convolution", "deform_conv", "offset_group=2", 1e-5,
         [x, weight, offset, bias, mask], y)


def linear_attentions():
    """Delta rule with gates, the state written as a matrix recurrence over tokens."""
    tokens, heads, d, e = 4, 2, 3, 2
    q, k, v = f32(1, tokens, 4 * d), f32(1, tokens, heads * d), f32(1, tokens, heads * e)
    decay, rate, past = -np.abs(f32(1, tokens, heads)), f32(1, tokens, heads), \
        f32(1, heads, d, e)
    y, last = np.zeros((1, tokens, 4, e)), np.zeros((1, heads, d, e))
    for h in range(heads):
        s = past[0, h].astype(np.float64)
        for i in range(tokens):
            key, value = k[0, i].reshape(heads, d)[h], v[0, i].reshape(heads, e)[h]
            s = (np.eye(d) - rate[0, i, h] * np.outer(key, key)) @ (np.exp(decay[0, i, h]) * s) \
                + rate[0, i, h] * np.outer(key, value)
            for r in (2 * h, 2 * h + 1):
                y[0, i, r] = q[0, i].reshape(4, d)[r] @ s / np.sqrt(d)
        last[0, h] = s
    case("gated delta rule", "linear_attention", "q_num_heads=4,kv_num_heads=2", 1e-5,
         [q, k, v, past, decay, rate], [y.reshape(1, tokens, 4 * e), last])


def main():
    torch.manual_seed(20)
    globals()[sys.argv[1]]()
    make_ops.print_cases("make_nets.py")


if __name__ == "__main__":
    main()
