#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Write tests/golden/kernels/*.npy: results of PyTorch in double, rounded to float.

Needs torch and numpy. Inputs are small multiples of 1/8 where sums matter, so that they are exact in
float in any order.
"""

import pathlib

import numpy as np
import torch
import torch.nn.functional as F

OUT = pathlib.Path(__file__).parents[1] / "kernels"
OUT.mkdir(exist_ok=True)
torch.manual_seed(20240611)


def save(name, tensor):
    array = tensor.numpy()
    floats = array.astype(np.float32, casting="unsafe")
    np.save(OUT / f"{name}.npy", array if array.dtype == np.int64 else floats)


def eighths(*shape):
    return torch.randint(-16, 17, shape).double() / 8


def conv(name, n, c_in, h, w, c_out, kernel, stride, dilation, pad, groups):
    x, weight = eighths(n, c_in, h, w), eighths(c_out, c_in // groups, *kernel)
    bias = eighths(c_out)
    y = F.conv2d(F.pad(x, pad), weight, bias, stride=stride, dilation=dilation, groups=groups)
    for part, tensor in (("x", x), ("weight", weight), ("bias", bias), ("y", y)):
        save(f"conv_{name}_{part}", tensor)


conv("plain", 2, 3, 6, 5, 4, (3, 3), (1, 1), (1, 1), (1, 1, 1, 1), 1)
conv("odd", 1, 4, 9, 8, 6, (3, 2), (2, 3), (2, 1), (2, 0, 1, 3), 2)
conv("depthwise", 1, 3, 7, 7, 3, (3, 3), (2, 2), (1, 1), (1, 1, 1, 1), 3)

x = eighths(2, 7, 6)
save("pool_x", x)
y, index = F.max_pool2d(x, (3, 2), (2, 2), (1, 1), (1, 2), return_indices=True)
save("pool_max", y)
save("pool_max_index", index)
# The average over the input's part of a window, and over its part within the padding.
save("pool_average", torch.stack([F.avg_pool2d(x, 3, 2, 1, ceil_mode=True, count_include_pad=pad)
                                  for pad in (False, True)]))

x = torch.randn(3, 5, 4, dtype=torch.float32).double() * 4
# x; softmax along the last axis and the middle one; their logarithms.
save("softmax", torch.stack([x, F.softmax(x, 2), F.softmax(x, 1), F.log_softmax(x, 2),
                             F.log_softmax(x, 1)]))
scale, bias = eighths(20), eighths(20)
save("norm_scale_bias", torch.stack([scale, bias]))
# x; layer norm; RMS norm; of rows of 20, eps 1e-3.
x = x.reshape(3, 20)
save("norm", torch.stack([x, F.layer_norm(x, (20,), scale, bias, 1e-3),
                          F.rms_norm(x, (20,), scale, 1e-3)]))

x = torch.cat([torch.linspace(-12, 12, 97), torch.linspace(-1, 1, 23),
               torch.tensor([0.0, -0.0, 1e-20, -1e-6, 88.5, -87.5, -100.0, 200.0, -200.0,
                             float("inf"), float("-inf"), float("nan")])]).float().double()
gelu = 0.5 * x * torch.erfc(-x / 2**0.5)  # F.gelu would cancel in the negative tail
gelu_tanh = x * torch.sigmoid(2 * (2 / torch.pi)**0.5 * (x + 0.044715 * x**3))
save("unary", torch.stack([x, x.exp(), x.log(), x.tanh(), x.sigmoid(), x.erf(), gelu, gelu_tanh,
                           x * torch.sigmoid(x), x.relu()]))
