#!/usr/bin/env python3
"""Make tests/golden/ops/index.inc: operators that index, order and lay out, by NumPy, PyTorch and
ONNX Runtime.

    make_index.py > tests/golden/ops/index.inc
"""
import numpy as np
import torch
import torch.nn.functional as F

from make_ops import case, f32, i64, print_cases, t
from make_vision import by_reference, by_runtime

RNG = np.random.default_rng(11)


def whole(low, high, *dims):
    return RNG.integers(low, high, dims).astype(np.int64)


def gathers():
    x = f32(3, 4, 2)
    index = whole(0, 4, 2, 5, 2)
    case("gather elements of the middle", "gather_elements", "axis=1", 0, [x, index],
         torch.gather(t(x), 1, t(index)).numpy())
    case("gather elements, counted from the end", "gather_elements", "axis=-2", 0, [x, index - 4],
         torch.gather(t(x), 1, t(index)).numpy())
    pairs = np.stack([whole(-3, 3, 2, 3), whole(-4, 4, 2, 3)], -1)
    case("gather by pairs", "gather_nd", None, 0, [x, pairs], x[pairs[..., 0], pairs[..., 1]])
    places = whole(0, 2, 3, 2, 1)
    case("gather in a batch", "gather_nd", "batch_dims=1", 0, [x[:, :2].copy(), places],
         by_runtime("GatherND", 13, [x[:, :2].copy(), places], batch_dims=1))


def scatters():
    x, updates = f32(3, 4, 2), f32(3, 6, 2)
    index = whole(0, 4, 3, 6, 2)
    for reduction, torch_name in (("add", "sum"), ("mul", "prod"), ("max", "amax"),
                                  ("min", "amin")):
        y = torch.scatter_reduce(t(x), 1, t(index), t(updates), torch_name)
        case(f"scatter elements, {reduction}", "scatter_elements", f"axis=1,reduction={reduction}",
             1e-6, [x, index, updates], y.numpy())
        pairs = np.stack([whole(-3, 3, 7), whole(-4, 4, 7)], -1)
        slices = f32(7, 2)
        case(f"scatter slices, {reduction}", "scatter_nd", f"reduction={reduction}", 1e-6,
             [x, pairs, slices],
             by_runtime("ScatterND", 18, [x, pairs, slices], reduction=reduction))
    index = np.stack([np.stack([RNG.permutation(4)[:2] for _ in range(2)], -1) for _ in range(3)])
    case("scatter elements", "scatter_elements", "axis=1", 0,
         [x, index.astype(np.int64), updates[:, :2].copy()],
         torch.scatter(t(x), 1, t(index), t(updates[:, :2].copy())).numpy())
    cache, new, at = f32(2, 3, 5, 2), f32(2, 3, 2, 2), i64(3, 4)
    y = cache.copy()
    for b in range(2):
        for k in range(2):
            y[b, :, (at[b] + k) % 5] = new[b, :, k]
    case("write a cache going round", "tensor_scatter", "mode=circular", 0, [cache, new, at], y)


def orders():
    x = np.round(f32(3, 9, 2), 1)
    for largest in (0, 1):
        order = np.argsort(-x if largest else x, axis=1, kind="stable")[:, :4]
        case(f"top k, largest {largest}", "topk", f"axis=1,largest={largest}", 0, [x, i64(4)],
             [np.take_along_axis(x, order, 1), order])
    big = np.array([3, 2**52, 0, 2**52 + 1, 7], np.uint64)
    case("top k of large integers", "topk", None, 0, [big, i64(3)], [big[[3, 1, 4]], i64(3, 1, 4)])
    values = whole(-2, 3, 4, 3)
    for dtype in (np.float32, np.int8):
        x = values.astype(dtype)
        y, first, inverse, counts = np.unique(x, True, True, True)
        case(f"unique elements, {np.dtype(dtype)}", "unique", None, 0, [x],
             [y, first, inverse.reshape(-1), counts])
    rows = np.array([[1, 2], [0, 5], [1, 2], [0, 4], [0, 5]], np.float32)
    y, first, inverse, counts = np.unique(rows, True, True, True, axis=0)
    case("unique rows", "unique", "axis=0", 0, [rows], [y, first, inverse.reshape(-1), counts])
    met = np.argsort(first)
    case("unique rows as they come", "unique", "axis=0,sorted=0", 0, [rows],
         [y[met], first[met], np.argsort(met)[inverse.reshape(-1)], counts[met]])
    case("unique with NaN", "unique", None, 0, [np.array([np.nan, 1, np.nan, -1], np.float32)],
         [np.array([-1, 1, np.nan], np.float32), i64(3, 1, 0), i64(2, 1, 2, 0), i64(1, 1, 2)])
    case("nonzero", "nonzero", None, 0, [values], np.stack(np.nonzero(values)))
    keep = np.array([True, False, True])
    x = f32(2, 4, 3)
    case("compress the last axis", "compress", "axis=-1", 0, [x, keep], np.compress(keep, x, 2))
    case("compress all", "compress", None, 0, [x, keep], np.compress(keep, x))


def layouts():
    x = f32(2, 3, 2)
    case("tile", "tile", None, 0, [x, i64(2, 1, 3)], np.tile(x, (2, 1, 3)))
    for k in (-1, 0, 2):
        m = f32(2, 3, 4)
        case(f"upper triangle {k}", "trilu", None, 0, [m, np.int64(k)], np.triu(m, k))
        case(f"lower triangle {k}", "trilu", "upper=0", 0, [m, np.int64(k)], np.tril(m, k))
        case(f"eye {k}", "eye_like", f"k={k}", 0, [m[0]], np.eye(3, 4, k, dtype=np.float32))
    deep = f32(2, 12, 2, 3)
    case("depth to space DCR", "depth_to_space", "blocksize=2", 0, [deep],
         by_runtime("DepthToSpace", 13, [deep], blocksize=2))
    case("depth to space CRD", "depth_to_space", "blocksize=2,mode=CRD", 0, [deep],
         F.pixel_shuffle(t(deep), 2).numpy())
    wide = f32(1, 3, 4, 6)
    case("space to depth", "space_to_depth", "blocksize=2", 0, [wide],
         by_runtime("SpaceToDepth", 13, [wide], blocksize=2))
    x, lengths = f32(4, 3, 2), i64(4, 1, 3)
    case("reverse sequences", "reverse_sequence", None, 0, [x, lengths],
         by_runtime("ReverseSequence", 10, [x, lengths]))
    case("reverse sequences, batch first", "reverse_sequence", "batch_axis=0,time_axis=1", 0,
         [x.transpose(1, 0, 2).copy(), lengths],
         by_runtime("ReverseSequence", 10, [x.transpose(1, 0, 2).copy(), lengths], batch_axis=0,
                    time_axis=1))
    for sizes in ((2, 5), (7, 2), (3, 3)):
        x = f32(4, 5)
        case(f"crop or pad to {sizes}", "center_crop_pad", None, 0, [x, i64(*sizes)],
             by_reference("CenterCropPad", 18, [x, i64(*sizes)]))
    index, values = whole(-4, 6, 2, 3), np.array([-1, 2], np.float32)
    for axis in (0, 1, -1):
        case(f"one hot at {axis}", "one_hot", f"axis={axis}", 0, [index, i64(4), values],
             by_runtime("OneHot", 11, [index, i64(4), values], axis=axis))


def sums():
    for equation, *shapes in (("bhid,bhjd->bhij", (2, 2, 3, 4), (2, 2, 5, 4)),
                              ("abc,dca->dba", (4, 2, 3), (5, 3, 4)),
                              ("...ij,...jk", (2, 1, 3, 4), (3, 4, 2)),
                              ("nchw,cd->nhwd", (2, 3, 2, 2), (3, 4)),
                              ("ij,k->kji", (2, 3), (4,)), ("i,i->", (5,), (5,)),
                              ("ij,ij->j", (3, 4), (3, 4)), ("bij->b", (2, 3, 4)),
                              ("...ii->...i", (2, 3, 3)), ("ij,jk,kl->il", (2, 3), (3, 4), (4, 2)),
                              ("ij,ik->k", (3, 2), (3, 4)), ("ba", (2, 3))):
        operands = [f32(*s) for s in shapes]
        y = np.einsum(equation, *[x.astype(np.float64) for x in operands])
        escaped = equation.replace(",", "\\\\,")
        case(f"einsum {equation}", "einsum", f"equation={escaped}", 1e-5, operands, np.asarray(y))


def main():
    for make in (gathers, scatters, orders, layouts, sums):
        make()
    print_cases("make_index.py")


if __name__ == "__main__":
    main()
