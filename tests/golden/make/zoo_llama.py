#!/usr/bin/env python3
"""A small decoder of the LLaMA-2 type in PyTorch: weights under Meta's and under Hugging Face's names,
tokens, and logits of all tokens, for tests/model/test_zoo_llama.c and test_decoder.c.

Hugging Face's files hold query and key rows in the order that turns elements half a head apart; the
logits are the same.
"""
import pathlib

import numpy as np
import torch
from torch.nn import functional as F

from safetensors_file import write

WIDTH, DEPTH, HEADS, KV_HEADS, HIDDEN, VOCABULARY, TOKENS = 16, 2, 4, 2, 24, 29, 11
HEAD = WIDTH // HEADS
out = pathlib.Path(__file__).resolve().parent.parent / "zoo"
out.mkdir(exist_ok=True)
torch.manual_seed(7)
torch.set_default_dtype(torch.float64)


def draw(*shape, scale=1.0, offset=0.0):
    return (torch.randn(*shape) * scale + offset).to(torch.float32).double()


weights = {"tok_embeddings.weight": draw(VOCABULARY, WIDTH), "norm.weight": draw(WIDTH, scale=.2, offset=1),
           "output.weight": draw(VOCABULARY, WIDTH, scale=.4)}
for i in range(DEPTH):
    p = f"layers.{i}."
    weights |= {p + "attention_norm.weight": draw(WIDTH, scale=.2, offset=1),
                p + "ffn_norm.weight": draw(WIDTH, scale=.2, offset=1),
                p + "attention.wq.weight": draw(HEADS * HEAD, WIDTH, scale=.5),
                p + "attention.wk.weight": draw(KV_HEADS * HEAD, WIDTH, scale=.5),
                p + "attention.wv.weight": draw(KV_HEADS * HEAD, WIDTH, scale=.5),
                p + "attention.wo.weight": draw(WIDTH, HEADS * HEAD, scale=.3),
                p + "feed_forward.w1.weight": draw(HIDDEN, WIDTH, scale=.4),
                p + "feed_forward.w2.weight": draw(WIDTH, HIDDEN, scale=.3),
                p + "feed_forward.w3.weight": draw(HIDDEN, WIDTH, scale=.4)}


def norm(x, weight):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * weight


def rotate(x):
    """x [tokens, heads, head] as complex numbers of neighbours, times e^(i position frequency)."""
    frequency = 10000.0 ** (-torch.arange(0, HEAD, 2) / HEAD)
    angle = torch.outer(torch.arange(x.shape[0]), frequency)[:, None, :]
    z = torch.view_as_complex(x.reshape(*x.shape[:-1], -1, 2)) * torch.polar(torch.ones_like(angle), angle)
    return torch.view_as_real(z).flatten(-2)


def forward(tokens):
    w = weights
    x = w["tok_embeddings.weight"][tokens]
    for i in range(DEPTH):
        p = f"layers.{i}."
        h = norm(x, w[p + "attention_norm.weight"])
        q = rotate((h @ w[p + "attention.wq.weight"].T).view(-1, HEADS, HEAD))
        k = rotate((h @ w[p + "attention.wk.weight"].T).view(-1, KV_HEADS, HEAD))
        v = (h @ w[p + "attention.wv.weight"].T).view(-1, KV_HEADS, HEAD)
        k, v = (t.repeat_interleave(HEADS // KV_HEADS, 1) for t in (k, v))
        y = F.scaled_dot_product_attention(q.transpose(0, 1), k.transpose(0, 1), v.transpose(0, 1), is_causal=True)
        x = x + y.transpose(0, 1).flatten(1) @ w[p + "attention.wo.weight"].T
        h = norm(x, w[p + "ffn_norm.weight"])
        x = x + (F.silu(h @ w[p + "feed_forward.w1.weight"].T) * (h @ w[p + "feed_forward.w3.weight"].T)) @ w[p + "feed_forward.w2.weight"].T
    return norm(x, w["norm.weight"]) @ w["output.weight"].T


def halves(weight, heads):
    """Rows of each head: first elements of all pairs, then second ones."""
    return weight.view(heads, HEAD // 2, 2, WIDTH).transpose(1, 2).reshape(heads * HEAD, WIDTH)


NAMES = {"tok_embeddings": "model.embed_tokens", "norm": "model.norm", "output": "lm_head"}
PARTS = {"attention_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm", "attention.wq": "self_attn.q_proj",
         "attention.wk": "self_attn.k_proj", "attention.wv": "self_attn.v_proj", "attention.wo": "self_attn.o_proj",
         "feed_forward.w1": "mlp.gate_proj", "feed_forward.w2": "mlp.down_proj", "feed_forward.w3": "mlp.up_proj"}
hugging_face = {}
for name, tensor in weights.items():
    scope = name.removesuffix(".weight")
    if scope in NAMES:
        hugging_face[NAMES[scope] + ".weight"] = tensor
        continue
    _, layer, part = scope.split(".", 2)
    heads = {"attention.wq": HEADS, "attention.wk": KV_HEADS}.get(part)
    hugging_face[f"model.layers.{layer}.{PARTS[part]}.weight"] = halves(tensor, heads) if heads else tensor
tokens = torch.randint(0, VOCABULARY, (TOKENS,))
logits = forward(tokens)
write(out / "llama_meta.safetensors", weights, {"n_heads": str(HEADS), "max_seq_len": "64"})
write(out / "llama_hf.safetensors", hugging_face)
np.save(out / "llama_tokens.npy", tokens.numpy()[None])
np.save(out / "llama_logits.npy", logits.numpy()[None])
