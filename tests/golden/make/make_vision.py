#!/usr/bin/env python3
"""Make tests/golden/ops/resize.inc and regions.inc: resizing, sampling and pooling of regions by
PyTorch, ONNX Runtime and ONNX's reference.

    make_vision.py resize > tests/golden/ops/resize.inc
    make_vision.py regions > tests/golden/ops/regions.inc
"""
import sys

import numpy as np
import onnx
import onnxruntime
import torch
import torch.nn.functional as F
from onnx import helper
from onnx.reference import ReferenceEvaluator

from make_ops import case, f32, i64, print_cases, t

RNG = np.random.default_rng(7)


def model_of(op_type, opset, inputs, n_outputs, dtype, attrs):
    names = [f"i{k}" if x is not None else "" for k, x in enumerate(inputs)]
    feeds = {n: x for n, x in zip(names, inputs) if n}
    types = [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(x.dtype), x.shape)
             for n, x in feeds.items()]
    results = [f"o{k}" for k in range(n_outputs)]
    infos = [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)),
                                           None) for n in results]
    graph = helper.make_graph([helper.make_node(op_type, names, results, **attrs)], "g", types,
                              infos)
    model = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", opset)])
    return model, feeds


def by_runtime(op_type, opset, inputs, dtype=np.float32, n_outputs=1, **attrs):
    """The node run by ONNX Runtime."""
    model, feeds = model_of(op_type, opset, inputs, n_outputs, dtype, attrs)
    return onnxruntime.InferenceSession(model.SerializeToString()).run(None, feeds)


def by_reference(op_type, opset, inputs, dtype=np.float32, n_outputs=1, **attrs):
    """The node run by ONNX's reference in Python."""
    model, feeds = model_of(op_type, opset, inputs, n_outputs, dtype, attrs)
    return ReferenceEvaluator(model).run(None, feeds)


def text_of(attrs):
    values = {k: ":".join(map(str, v)) if isinstance(v, list) else v for k, v in attrs.items()}
    return ",".join(f"{k}={v}" for k, v in values.items())


def resizes():
    x = f32(1, 2, 4, 5)
    sizes = i64(1, 2, 7, 3)
    wide = t(x.astype(np.float64))
    for mode, ours in (("bilinear", "linear"), ("bicubic", "cubic")):
        for corners in (False, True):
            rule = "align_corners" if corners else "pytorch_half_pixel"
            case(f"resize {mode}, align_corners {corners}", "resize",
                 f"mode={ours},coordinate_transformation_mode={rule}", 1e-5,
                 [x, None, None, sizes], F.interpolate(wide, (7, 3), mode=mode,
                                                       align_corners=corners).numpy())
    case("resize nearest, rounded down", "resize",
         "coordinate_transformation_mode=asymmetric,nearest_mode=floor", 0, [x, None, None, sizes],
         F.interpolate(t(x), (7, 3), mode="nearest").numpy())
    case("resize to the nearest centre", "resize", "nearest_mode=round_prefer_ceil", 0,
         [x, None, None, sizes], F.interpolate(t(x), (7, 3), mode="nearest-exact").numpy())
    v = f32(1, 1, 2, 3, 4)
    case("resize trilinear", "resize", "mode=linear", 1e-5, [v, None, None, i64(1, 1, 3, 5, 2)],
         F.interpolate(t(v), (3, 5, 2), mode="trilinear").numpy())
    scales = np.array([1, 1, 0.6, 1.7], np.float32)
    for rounding in ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil"):
        for rule in ("half_pixel", "asymmetric", "align_corners"):
            attrs = {"nearest_mode": rounding, "coordinate_transformation_mode": rule}
            case(f"resize nearest {rounding}, {rule}", "resize", text_of(attrs), 0,
                 [x, None, scales], by_reference("Resize", 19, [x, None, scales], **attrs))
    for attrs in ({"mode": "linear", "coordinate_transformation_mode": "asymmetric"},
                  {"mode": "linear", "coordinate_transformation_mode": "half_pixel_symmetric"},
                  {"mode": "cubic", "cubic_coeff_a": -0.5, "exclude_outside": 1},
                  {"mode": "linear", "antialias": 1}, {"mode": "cubic", "antialias": 1},
                  {"mode": "cubic", "antialias": 1, "exclude_outside": 1}):
        case(f"resize by {text_of(attrs).replace(',', ' ')}", "resize", text_of(attrs), 1e-5,
             [x, None, scales], by_reference("Resize", 19, [x, None, scales], **attrs))
    strong = np.array([0.3, 0.4], np.float32)
    y = f32(9, 8)
    case("resize by far less, antialias", "resize", "mode=linear,antialias=1", 1e-5,
         [y, None, strong], by_reference("Resize", 19, [y, None, strong], mode="linear",
                                         antialias=1))
    roi = np.array([0, 0, 0.2, -0.4, 1, 1, 0.9, 1.1], np.float32)
    for mode in ("nearest", "linear", "cubic"):
        attrs = {"mode": mode, "coordinate_transformation_mode": "tf_crop_and_resize",
                 "extrapolation_value": 5.0}
        case(f"resize a crop, {mode}", "resize", text_of(attrs), 1e-5, [x, roi, None, sizes],
             by_reference("Resize", 13, [x, roi, None, sizes], **attrs))
    for policy in ("not_larger", "not_smaller"):
        attrs = {"mode": "linear", "keep_aspect_ratio_policy": policy, "axes": [3, 2]}
        case(f"resize, sizes {policy}", "resize", text_of(attrs), 1e-5, [x, None, None, i64(9, 6)],
             by_reference("Resize", 18, [x, None, None, i64(9, 6)], **attrs))
    n = RNG.integers(0, 256, (1, 1, 3, 4)).astype(np.uint8)
    case("resize bytes", "resize", "mode=linear", 0, [n, None, np.array([1, 1, 2, 2], np.float32)],
         by_reference("Resize", 19, [n, None, np.array([1, 1, 2, 2], np.float32)], np.uint8,
                      mode="linear"))
    for up_down in ([1, 1, 2, 1.5], [1, 1, 0.6, 0.6]):
        s = np.array(up_down, np.float32)
        case(f"resize nearest of opset 10 by {up_down[2]}", "resize",
             "coordinate_transformation_mode=asymmetric,nearest_mode=simple", 0, [x, None, s],
             by_runtime("Resize", 10, [x, s]))


def samplings():
    x = f32(1, 2, 3, 4)
    grid = (RNG.random((1, 3, 3, 2)) * 2.8 - 1.4).astype(np.float32)
    for padding in ("zeros", "border", "reflection"):
        for corners in (0, 1):
            for mode, name in (("linear", "bilinear"), ("nearest", "nearest")):
                y = F.grid_sample(t(x), t(grid), name, padding, bool(corners))
                case(f"grid sample {mode}, {padding}, align_corners {corners}", "grid_sample",
                     f"mode={mode},padding_mode={padding},align_corners={corners}", 1e-5,
                     [x, grid], y.numpy())
            attrs = {"mode": "cubic", "padding_mode": padding, "align_corners": corners}
            case(f"grid sample cubic, {padding}, align_corners {corners}", "grid_sample",
                 text_of(attrs), 1e-5, [x, grid], by_runtime("GridSample", 20, [x, grid], **attrs))
    v = f32(1, 2, 2, 3, 4)
    places = (RNG.random((1, 2, 1, 3, 3)) * 2.6 - 1.3).astype(np.float32)
    for padding in ("zeros", "border", "reflection"):
        case(f"grid sample of a volume, {padding}", "grid_sample", f"padding_mode={padding}", 1e-5,
             [v, places], F.grid_sample(t(v), t(places), "bilinear", padding, False).numpy())
    for corners in (0, 1):
        theta = f32(2, 2, 3)
        case(f"affine grid, align_corners {corners}", "affine_grid", f"align_corners={corners}",
             1e-5, [theta, i64(2, 1, 3, 4)],
             F.affine_grid(t(theta), (2, 1, 3, 4), bool(corners)).numpy())
        theta = f32(1, 3, 4)
        case(f"affine grid of a volume, align_corners {corners}", "affine_grid",
             f"align_corners={corners}", 1e-5, [theta, i64(1, 1, 2, 3, 4)],
             F.affine_grid(t(theta), (1, 1, 2, 3, 4), bool(corners)).numpy())


def regions():
    x = f32(2, 2, 6, 7)
    rois = np.array([[0, 1, 4.5, 5], [1, 2, 6, 9], [-2, 0.3, 3, 1.5]], np.float32)
    batches = i64(1, 0, 1)
    for rule in ("half_pixel", "output_half_pixel"):
        for mode, ratio in (("avg", 2), ("avg", 0), ("max", 2)):
            attrs = {"mode": mode, "output_height": 2, "output_width": 3, "sampling_ratio": ratio,
                     "spatial_scale": 0.75, "coordinate_transformation_mode": rule}
            case(f"roi align {mode}, {ratio} samples, {rule}", "roi_align", text_of(attrs), 1e-5,
                 [x, rois, batches], by_runtime("RoiAlign", 16, [x, rois, batches], **attrs))
    pool = np.concatenate([batches[:, None].astype(np.float32), np.abs(rois)], 1)
    attrs = {"pooled_shape": [2, 3], "spatial_scale": 0.75}
    case("max roi pool", "max_roi_pool", text_of(attrs), 0, [x, pool],
         by_runtime("MaxRoiPool", 16, [x, pool], **attrs))
    y, index = F.max_pool2d(t(x), 2, 2, return_indices=True)
    flat = index + torch.arange(4).reshape(2, 2, 1, 1) * 42
    case("max unpool", "max_unpool", "kernel_shape=2:3,strides=2:2", 0, [y.numpy(), flat.numpy()],
         F.max_unpool2d(y, index, 2, 2, output_size=(6, 7)).numpy())
    columns = f32(2, 18, 6)
    case("col2im", "col2im", "dilations=1:2,pads=1:2:1:2,strides=2:1", 1e-5,
         [columns, i64(4, 3), i64(3, 3)],
         F.fold(t(columns), (4, 3), (3, 3), (1, 2), (1, 2), (2, 1)).numpy())
    boxes = (RNG.random((2, 12, 4)) * 4).astype(np.float32)
    scores = f32(2, 2, 12)
    for centred in (0, 1):
        inputs = [boxes, scores, i64(4), np.array([0.3], np.float32), np.array([-0.5], np.float32)]
        case(f"non max suppression, centred {centred}", "non_max_suppression",
             f"center_point_box={centred}", 0, inputs,
             by_runtime("NonMaxSuppression", 11, inputs, np.int64, center_point_box=centred))


def main():
    for make in ((resizes,) if sys.argv[1] == "resize" else (samplings, regions)):
        make()
    print_cases("make_vision.py")


if __name__ == "__main__":
    main()
