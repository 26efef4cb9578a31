#!/usr/bin/env python3
"""Accuracies of the catalogue's models in libeffnn, held to the PyTorch baselines to the image.

    accuracy.py EFFNN DATA      prints a Markdown table; exit 1 if a count is off by more than the
                                images whose two best reference logits are less than 1e-3 apart
"""
import json
import pathlib
import subprocess
import sys

RESNET = "mean=.485/.456/.406,std=.229/.224/.225"
VIT = "mean=.4914/.4822/.4465,std=.2023/.1994/.2010"
VIT96 = "mean=.4914/.4822/.4465,std=.2470/.2435/.2616"
# model, preprocessing, correct of 5,000 in PyTorch, images that may flip (CATALOGUE.md)
CASES = [
    ("resnet-cifar10/resnet20", RESNET, 4051, 0),
    ("resnet-cifar10/resnet32", RESNET, 4145, 0),
    ("resnet-cifar10/resnet20_jpeg_finetuned", RESNET, 4372, 0),
    ("vit-cifar10/ibp_3_3_8", VIT, 3121, 3),
    ("vit-cifar10/vit_2_6", VIT, 2508, 8),
    ("vit-cifar10-gelu/vit96_opset13", VIT96, 3918, 1),
    ("vit-cifar10-gelu/vit96_opset17", VIT96, 3918, 1),
    ("vit-cifar10-gelu/vit96_opset18", VIT96, 3918, 1),
]


def evaluate(effnn, data, model, preprocessing):
    uri = f"cifar10:{data / 'cifar10/test_first5000.bin'},{preprocessing}"
    done = subprocess.run([effnn, "eval", data / f"models/{model}.onnx", "--data", uri, "--json"],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{model}: {done.stderr}")
    return json.loads(done.stdout)


def main():
    effnn, data = sys.argv[1], pathlib.Path(sys.argv[2])
    off = 0
    print("| model | PyTorch | libeffnn | top-1 | images a second |\n|---|---|---|---|---|")
    for model, preprocessing, expected, may_flip in CASES:
        got = evaluate(effnn, data, model, preprocessing)
        print(f"| {model} | {expected} | {got['correct']} | {100 * got['top1']:.2f} % | "
              f"{got['images_per_second']:.0f} |", flush=True)
        off += abs(got["correct"] - expected) > may_flip
    return off > 0


if __name__ == "__main__":
    sys.exit(main())
