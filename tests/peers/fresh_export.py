#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""`lowrank` on graphs exported by PyTorch a moment ago; needs torch, onnx, onnxscript, onnxruntime.

    fresh_export.py EFFNN

Each net is exported, compressed by the command, and run in ONNX Runtime: the outputs must be those
of libeffnn's own run. Both of PyTorch's exporters must give the same ranks. A net with grouped
convolutions and a weight used twice must be treated but for those sites, which are named.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnxruntime
import torch
from torch import nn

TOLERANCE = 1e-4


class Attention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads, self.q, self.kv, self.out = heads, nn.Linear(dim, dim), nn.Linear(dim, 2 * dim), \
            nn.Linear(dim, dim)

    def forward(self, x):
        n, s, d = x.shape
        q = self.q(x).reshape(n, s, self.heads, d // self.heads).transpose(1, 2)
        k, v = self.kv(x).chunk(2, dim=-1)
        k = k.reshape(n, s, self.heads, d // self.heads).transpose(1, 2)
        v = v.reshape(n, s, self.heads, d // self.heads).transpose(1, 2)
        y = nn.functional.scaled_dot_product_attention(q, k, v)
        return self.out(y.transpose(1, 2).reshape(n, s, d))


class Encoder(nn.Module):
    """A post-norm encoder over sequences: other names and another order than the ViTs'."""

    def __init__(self, dim=64, layers=3):
        super().__init__()
        self.embed = nn.Linear(12, dim)
        self.layers = nn.ModuleList(nn.ModuleDict({
            "attn": Attention(dim, 4), "ln1": nn.LayerNorm(dim), "up": nn.Linear(dim, 4 * dim),
            "down": nn.Linear(4 * dim, dim), "ln2": nn.LayerNorm(dim)}) for _ in range(layers))
        self.classify = nn.Linear(dim, 5)

    def forward(self, x):
        x = self.embed(x)
        for layer in self.layers:
            x = layer["ln1"](x + layer["attn"](x))
            x = layer["ln2"](x + layer["down"](nn.functional.gelu(layer["up"](x))))
        return self.classify(x.mean(dim=1))


class Grouped(nn.Module):
    """Grouped and depthwise convolutions, and one linear layer used twice."""

    def __init__(self):
        super().__init__()
        self.stem, self.grouped = nn.Conv2d(3, 32, 3, padding=1), nn.Conv2d(32, 32, 3, padding=1, groups=4)
        self.depthwise, self.point = nn.Conv2d(32, 32, 3, padding=1, groups=32), nn.Conv2d(32, 64, 1)
        self.wide = nn.Conv2d(64, 64, 3, stride=2, padding=1)
        self.shared, self.head = nn.Linear(64, 64), nn.Linear(64, 5)

    def forward(self, x):
        x = torch.relu(self.grouped(torch.relu(self.stem(x))))
        x = torch.relu(self.point(self.depthwise(x)))
        x = torch.relu(self.wide(x)).mean(dim=(2, 3))
        return self.head(torch.relu(self.shared(torch.relu(self.shared(x)))))


def export(net, example, path, dynamo):
    if dynamo:
        torch.onnx.export(net, (example,), path, dynamo=True, input_names=["x"],
                          output_names=["y"], dynamic_shapes={"x": {0: torch.export.Dim("N")}},
                          external_data=False)
    else:
        torch.onnx.export(net, (example,), path, dynamo=False, opset_version=17, input_names=["x"],
                          output_names=["y"], dynamic_axes={"x": {0: "N"}, "y": {0: "N"}})


def effnn(command, *args):
    done = subprocess.run([command, *map(str, args)], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"effnn {' '.join(map(str, args))}: {done.stderr}")
    return done.stdout


def compress(command, folder, name, data):
    """Apply lowrank; check the result in ONNX Runtime; the report's rows."""
    small = folder / f"{name}_small.onnx"
    report = json.loads(effnn(command, "apply", "lowrank", folder / f"{name}.onnx", "-o", small,
                              "--set", "reduction=0.5", "--data", f"npy:{data}", "--json"))
    effnn(command, "run", small, "--input", data, "--output", folder / "y.npy")
    ours = np.load(folder / "y.npy")
    session = onnxruntime.InferenceSession(str(small), providers=["CPUExecutionProvider"])
    theirs = session.run(None, {"x": np.load(data)})[0]
    error = np.abs(ours - theirs).max() / np.abs(theirs).max()
    if error > TOLERANCE:
        sys.exit(f"{name}: ONNX Runtime differs by {error:.2e}")
    before, after = report["before"]["parameters"], report["after"]["parameters"]
    print(f"{name}: {before} -> {after} parameters, {error:.1e} from ONNX Runtime")
    if after >= before:
        sys.exit(f"{name}: nothing was cut")
    return report["sites"]


def main():
    command = sys.argv[1]
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        encoder, sequences = Encoder().eval(), torch.randn(64, 10, 12)
        np.save(folder / "x.npy", sequences.numpy())
        rows = []
        for exporter in ("dynamo", "script"):
            export(encoder, sequences[:2], folder / f"encoder_{exporter}.onnx", exporter == "dynamo")
            rows.append(compress(command, folder, f"encoder_{exporter}", folder / "x.npy"))
        ranks = [[(r["name"], r.get("rank")) for r in row] for row in rows]
        if ranks[0] != ranks[1]:
            sys.exit(f"the two exporters' ranks differ:\n{ranks[0]}\n{ranks[1]}")

        images = torch.randn(64, 3, 16, 16)
        np.save(folder / "x.npy", images.numpy())
        export(Grouped().eval(), images[:2], folder / "grouped.onnx", True)
        rows = compress(command, folder, "grouped", folder / "x.npy")
        left = {r["name"]: r["reason"] for r in rows if r["treatment"] == "refused"}
        print("left alone:", left)
        if not any("shared" in reason for reason in left.values()):
            sys.exit("the shared weight was not named")
        if not {"grouped", "depthwise"} <= set(left):
            sys.exit("the grouped convolutions were not named")
    return 0


if __name__ == "__main__":
    sys.exit(main())
