#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Compare libeffnn with ONNX Runtime on models that Python packages carry, and on PP-OCR.

    pip_models.py libeffnn.so

Needs onnxruntime and the packages silero-vad and rapidocr-onnxruntime (installed with --no-deps: only
their files are used). Every model runs as loaded and as saved again at opsets 13, 17 and 21 (by
ONNX Runtime); recurrent state is fed back for some steps. Largest difference over largest value within
1e-4. Exits with 1 on a miss.
"""
import os
import pathlib
import sys
import sysconfig
import tempfile

import numpy as np
import onnx
import onnxruntime

from compare_onnxruntime import TOLERANCE, difference, peer_session
from effnn_ctypes import Library

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = pathlib.Path(os.environ.get("EFFNN_DATA", ROOT.parent / "shared" / "data"))
SITE = pathlib.Path(sysconfig.get_paths()["purelib"])
RNG = np.random.default_rng(7)
OPSETS = 13, 17, 21


def voice(n):
    """Some seconds of a sound whose loudness comes and goes."""
    t = np.arange(n) / 16000
    return (np.sin(2 * np.pi * 220 * t) * np.sin(2 * np.pi * 3 * t) ** 2 * 0.3
            + RNG.standard_normal(n) * 0.01).astype(np.float32)


def silero_steps(names, window=576, n_steps=20, sr=16000):
    """Inputs of each step; None stands for the output of that place of the step before."""
    sound = voice(window * n_steps).reshape(n_steps, 1, window)
    for i in range(n_steps):
        feeds = {"input": sound[i], "sr": np.array(sr, np.int64),
                 "state": None if i else np.zeros((2, 1, 128), np.float32)}
        yield {n: feeds[n] for n in names}


def silero(names):
    yield from silero_steps(names)


def silero_8k(names):
    yield from silero_steps(names, window=288, sr=8000)


def silero_sequence(names):
    for n in 1, 7, 30:
        yield {"input": voice(576 * n).reshape(n, 576), "h": np.zeros((1, 1, 128), np.float32),
               "c": np.zeros((1, 1, 128), np.float32)}


def picture(*shapes):
    def make(names):
        for shape in shapes:
            yield {names[0]: RNG.standard_normal(shape).astype(np.float32)}
    return make


def page(*shapes):
    """White pictures with lines of dark strokes, as writing looks from afar. (On noise the detector says
    1e-5 everywhere, where ONNX Runtime's sigmoid has an error of 5e-4 of the value.)"""
    def make(names):
        for shape in shapes:
            x = np.full(shape, 2.2, np.float32)
            for top in range(8, shape[2] - 16, 24):
                for left in range(8, shape[3] - 8, 6):
                    height, width = RNG.integers(6, 15), RNG.integers(2, 5)
                    x[:, :, top:top + height, left:left + width] = -2.0
            yield {names[0]: x}
    return make


OCR = SITE / "rapidocr_onnxruntime" / "models"
SILERO = SITE / "silero_vad" / "data"
CASES = [
    (SILERO / "silero_vad.onnx", silero), (SILERO / "silero_vad.onnx", silero_8k),
    (SILERO / "silero_vad_16k_op15.onnx", silero),
    (SILERO / "silero_vad_16k_sequence.onnx", silero_sequence),
    (SILERO / "silero_vad_half.onnx", silero), (SILERO / "silero_vad_op18_ifless.onnx", silero),
    (SILERO / "silero_vad_op18_ifless.onnx", silero_8k),
    (SILERO / "silero_vad_openvino_16k.onnx", silero),
    (OCR / "ch_PP-OCRv4_det_infer.onnx", page((1, 3, 64, 96), (1, 3, 320, 320))),
    (OCR / "ch_PP-OCRv4_rec_infer.onnx", picture((1, 3, 48, 100), (3, 3, 48, 320))),
    (OCR / "ch_ppocr_mobile_v2.0_cls_infer.onnx", picture((1, 3, 48, 192), (6, 3, 48, 192))),
    (DATA / "models" / "pp-ocr-rec" / "ch_PP-OCRv4_rec_infer.onnx",
     picture((1, 3, 48, 100), (3, 3, 48, 320))),
]


def compare(names, run, peer, make):
    worst, before = 0.0, None
    for feeds in make(names):
        for i, name in enumerate(names):
            if feeds[name] is None:
                feeds[name] = before[1]
        expected = peer.run(None, feeds)
        worst = max(worst, difference(run(feeds), expected))
        before = expected
    return worst


def compare_file(library, path, make, folder):
    peer = peer_session(path)
    try:
        model = library.load(path)
    except RuntimeError as error:
        yield f"not loaded: {error}", float("inf")
        return
    names = [i.name for i in peer.get_inputs()]
    order = [n for n, _, _ in model.inputs]
    yield "as loaded", compare(names, lambda f: model.run([f[n] for n in order]), peer, make)
    for opset in OPSETS:
        saved = pathlib.Path(folder) / "saved.onnx"
        try:
            model.save(saved, opset)
        except RuntimeError as error:
            yield f"saved at {opset}: {error}", float("inf")
            continue
        onnx.checker.check_model(str(saved), full_check=True)
        again = peer_session(saved)
        yield f"saved at {opset}", compare(names, lambda f: again.run(None, f), peer, make)


def main():
    library = Library(sys.argv[1])
    misses = n = 0
    with tempfile.TemporaryDirectory() as folder:
        for path, make in CASES:
            if not path.exists():
                print(f"skipped: {path.name} is not there (its package, or the catalogue)")
                continue
            for what, worst in compare_file(library, path, make, folder):
                missed = not worst <= TOLERANCE
                misses += missed
                n += 1
                print(f"{path.stem:32} {make.__name__:16} {what:>14} {worst:10.2e}"
                      f"{'  MISSED' if missed else ''}", flush=True)
    print(f"{n - misses} passed, {misses} failed")
    return misses > 0 or n == 0


if __name__ == "__main__":
    sys.exit(main())
