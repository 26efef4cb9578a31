#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Time libeffnn beside ONNX Runtime: interleaved runs, medians, ratios.

    compare_speed.py libeffnn.so [--threads N] [--rounds N] [--table FILE] [NAME ...]

Each case is one model at one batch size. A round has some runs of ours and of theirs, in an order that
changes, without the first of each; the ratio is that of the medians. Models come from the catalogue
($EFFNN_DATA), from installed packages, and from libeffnn's own zoo (random weights, saved as ONNX for the
peer). What is not there is left out and named. OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE are unset.
"""
import argparse
import os
import pathlib
import sys
import sysconfig
import tempfile

for variable in "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE":
    os.environ.pop(variable, None)

import numpy as np  # noqa: E402
import onnxruntime  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "peers"))
from effnn_ctypes import Library  # noqa: E402
from turns import medians  # noqa: E402

DATA = pathlib.Path(os.environ.get("EFFNN_DATA", ROOT.parent / "shared" / "data")) / "models"
SITE = pathlib.Path(sysconfig.get_paths()["purelib"])
OCR = SITE / "rapidocr_onnxruntime" / "models"
RNG = np.random.default_rng(3)


def floats(*dims):
    return lambda b: [RNG.standard_normal([b, *dims]).astype(np.float32)]


def speech(b):
    return [RNG.standard_normal((b, 576)).astype(np.float32), np.zeros((2, b, 128), np.float32)]


def tokens(n):
    return lambda b: [RNG.integers(1000, 20000, (b, n)), np.ones((b, n), np.int64)]


IMAGE = floats(3, 224, 224)
# name, file or zoo URI, inputs of a batch, batches
CASES = [
    ("vit96", DATA / "vit-cifar10-gelu" / "vit96_opset17.onnx", floats(3, 32, 32), (1, 8)),
    ("resnet20", DATA / "resnet-cifar10" / "resnet20.onnx", floats(3, 32, 32), (1, 8)),
    ("deit_ti", "zoo:vit,image=224,patch=16,width=192,depth=12,heads=3", IMAGE, (1, 8)),
    ("deit_s", "zoo:vit,image=224,patch=16,width=384,depth=12,heads=6", IMAGE, (1, 8)),
    ("deit_b", "zoo:vit,image=224,patch=16,width=768,depth=12,heads=12", IMAGE, (1, 8)),
    ("resnet50", "zoo:resnet,depth=50", IMAGE, (1, 8)),
    ("mobilenet_v2", "zoo:mobilenet_v2", IMAGE, (1, 8)),
    ("minilm", "zoo:bert,depth=6,width=384,heads=12", tokens(64), (1, 8)),
    ("silero", SITE / "silero_vad" / "data" / "silero_vad_openvino_16k.onnx", speech, (1,)),
    ("pp_ocr_rec", DATA / "pp-ocr-rec" / "ch_PP-OCRv4_rec_infer.onnx", floats(3, 48, 320), (1, 8)),
    ("pp_ocr_det", OCR / "ch_PP-OCRv4_det_infer.onnx", floats(3, 320, 320), (1,)),
    ("pp_ocr_cls", OCR / "ch_ppocr_mobile_v2.0_cls_infer.onnx", floats(3, 48, 192), (1, 8)),
]


def peer_session(path, threads):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def run_case(library, threads, case, folder, args):
    name, source, make, batches = case
    model = library.load(source, threads=threads)
    path = source
    if str(source).startswith("zoo:"):
        path = pathlib.Path(folder) / f"{name}.onnx"
        model.save(path, 17)
    peer = peer_session(path, threads)
    names = [i.name for i in peer.get_inputs()]
    for batch in batches:
        arrays = make(batch)
        if len(arrays) < len(names):
            arrays += [np.zeros_like(arrays[0])] * (len(names) - len(arrays))
        feeds = dict(zip(names, arrays))
        call = model.prepare(arrays)
        ours, theirs = medians(call, lambda: peer.run(None, feeds), args.rounds, args.seconds)
        yield name, batch, ours, theirs


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--table")
    parser.add_argument("names", nargs="*")
    args = parser.parse_intermixed_args()
    library = Library(args.library)
    lines = ["| model | batch | libeffnn, ms | ONNX Runtime, ms | ratio |", "|---|---|---|---|---|"]
    logs = []
    with tempfile.TemporaryDirectory() as folder:
        for case in CASES:
            if args.names and case[0] not in args.names:
                continue
            try:
                for name, batch, ours, theirs in run_case(library, args.threads, case, folder, args):
                    logs.append(np.log(ours / theirs))
                    lines.append(f"| {name} | {batch} | {ours * 1e3:.2f} | {theirs * 1e3:.2f} "
                                 f"| {ours / theirs:.2f} |")
                    print(lines[-1], flush=True)
            except (RuntimeError, onnxruntime.capi.onnxruntime_pybind11_state.NoSuchFile) as error:
                print(f"left out: {case[0]}: {error}", flush=True)
    if logs:
        lines.append(f"| geometric mean, {args.threads} thread(s) | | | | {np.exp(np.mean(logs)):.2f} |")
        print(lines[-1])
    if args.table:
        pathlib.Path(args.table).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
