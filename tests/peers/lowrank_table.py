#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""lowrank beside its baselines on real models: the table of docs/methods/lowrank.md.

    lowrank_table.py EFFNN DATA [--write lowrank.md] [--onnxruntime]

Calibration: 1,024 training images (data_batch_1). Judged on test_first5000. Exits with 1 where vit96
misses what the method must reach: KL to the float model at -40 % at most 0.04, at -60 % 0.27.
--onnxruntime also runs every result in ONNX Runtime (needs the package) and holds the outputs to
ours. --write puts the table between the page's marks.
"""
import argparse
import datetime
import json
import pathlib
import subprocess
import sys
import tempfile

VIT = "mean=.4914/.4822/.4465,std=.2023/.1994/.2010"
MODELS = {
    "vit96": ("vit-cifar10-gelu/vit96_opset17.onnx",
              "mean=.4914/.4822/.4465,std=.2470/.2435/.2616"),
    "vit_2_6": ("vit-cifar10/vit_2_6.onnx", VIT),
    "resnet20_jpeg_finetuned": ("resnet-cifar10/resnet20_jpeg_finetuned.onnx",
                                "mean=.485/.456/.406,std=.229/.224/.225"),
}
REDUCTIONS = 0.4, 0.5, 0.6, 0.7
VARIANTS = [("normalized_output", "greedy"), ("svd", "greedy"),
            ("normalized_output", "uniform"), ("svd", "uniform")]
BARS = {("vit96", "normalized_output", "greedy", 0.4): 0.04,
        ("vit96", "normalized_output", "greedy", 0.6): 0.27}
BEGIN, END = "<!-- table by tests/peers/lowrank_table.py -->\n", "<!-- end of table -->\n"


def cpu_model():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown processor"


def apply(args, name, metric, allocation, reduction, output):
    path, preprocessing = MODELS[name]
    done = subprocess.run(
        [args.effnn, "apply", "lowrank", args.data / "models" / path, "-o", output, "--json",
         "--quiet", "--set", f"reduction={reduction}", "--set", f"metric={metric}",
         "--set", f"allocation={allocation}",
         "--data", f"cifar10:{args.data / 'cifar10/data_batch_1.bin'},count=1024,{preprocessing}",
         "--eval", f"cifar10:{args.data / 'cifar10/test_first5000.bin'},{preprocessing}"],
        capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{name}: {done.stderr}")
    return json.loads(done.stdout)


def check_onnxruntime(args, name, output):
    """Largest difference to ONNX Runtime over the largest value, on one random input."""
    import numpy as np
    import onnxruntime
    session = onnxruntime.InferenceSession(str(output), providers=["CPUExecutionProvider"])
    x = np.random.default_rng(1).standard_normal((1, 3, 32, 32)).astype(np.float32)
    theirs, = session.run(None, {session.get_inputs()[0].name: x})
    folder = output.parent
    np.save(folder / "x.npy", x)
    subprocess.run([args.effnn, "run", output, "--input", folder / "x.npy", "--output",
                    folder / "y.npy", "--json"], check=True, capture_output=True)
    difference = np.abs(np.load(folder / "y.npy") - theirs).max() / np.abs(theirs).max()
    if not difference <= 1e-4:
        sys.exit(f"{name}: ONNX Runtime differs by {difference:.2e}")


def table(args, folder):
    """Lines of the table, and whether all bars are reached."""
    reached = True
    for name in MODELS:
        yield f"\n**{name}**: top-1 % / KL / agreement %\n"
        for i, (metric, allocation) in enumerate(VARIANTS):
            cells = []
            for reduction in REDUCTIONS:
                got = apply(args, name, metric, allocation, reduction, folder / "small.onnx")
                after = got["after"]
                if args.onnxruntime:
                    check_onnxruntime(args, name, folder / "small.onnx")
                bar = BARS.get((name, metric, allocation, reduction), float("inf"))
                reached &= after["kl"] <= bar
                cells.append(f"{100 * after['top1']:.2f} / {after['kl']:.4f} / "
                             f"{100 * after['agreement']:.1f}")
            if i == 0:
                yield (f"| float: {100 * got['before']['top1']:.2f} | "
                       + " | ".join(f"−{100 * r:.0f} %" for r in REDUCTIONS) + " |\n"
                       + "|---" * (len(REDUCTIONS) + 1) + "|")
            yield f"| `{metric}`, {allocation} | " + " | ".join(cells) + " |"
    if not reached:
        yield "\nA bar was missed."


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("effnn")
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--write", type=pathlib.Path)
    parser.add_argument("--onnxruntime", action="store_true")
    args = parser.parse_args()
    lines = [f"Measured {datetime.date.today()} on {cpu_model()} (results do not depend on the "
             "number of threads) by `tests/peers/lowrank_table.py build/bindings/cli/effnn DATA`."]
    with tempfile.TemporaryDirectory() as folder:
        for line in table(args, pathlib.Path(folder)):
            print(line, flush=True)
            lines.append(line)
    if args.write:
        page = args.write.read_text()
        before, rest = page.split(BEGIN)
        after = rest.split(END)[1]
        args.write.write_text(before + BEGIN + "\n".join(lines) + "\n" + END + after)
    return lines[-1].endswith("missed.")


if __name__ == "__main__":
    sys.exit(main())
