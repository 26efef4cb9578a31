#!/usr/bin/env python3
"""A small ViT and a small BERT of PyTorch's own modules: weights under the names of several training
codes, inputs and outputs, for tests/model/test_zoo_vit.c and test_zoo_bert.c.

torch.nn.TransformerEncoderLayer is the block of both: pre-norm for ViT, post-norm for BERT.
"""
import pathlib

import numpy as np
import torch
from torch import nn

from safetensors_file import write

out = pathlib.Path(__file__).resolve().parent.parent / "zoo"
out.mkdir(exist_ok=True)
torch.manual_seed(23)


def layer(width, heads, hidden, epsilon, first):
    block = nn.TransformerEncoderLayer(width, heads, hidden, dropout=0.0, activation="gelu", batch_first=True,
                                       norm_first=first, layer_norm_eps=epsilon)
    for name, parameter in block.named_parameters():
        nn.init.normal_(parameter, 1.0 if "norm" in name and "weight" in name else 0.0, 0.3)
    return block.double().train()  # train: the fused path has other rounding


def parts(block):
    """Weights and biases of a block by what they do."""
    attention = block.self_attn
    q, k, v = attention.in_proj_weight.chunk(3)
    bq, bk, bv = attention.in_proj_bias.chunk(3)
    get = {"q": (q, bq), "k": (k, bk), "v": (v, bv), "qkv": (attention.in_proj_weight, attention.in_proj_bias)}
    modules = {"proj": attention.out_proj, "norm1": block.norm1, "norm2": block.norm2, "fc1": block.linear1, "fc2": block.linear2}
    return get | {name: (m.weight, m.bias) for name, m in modules.items()}


def named(prefix, names, block):
    both = {}
    for part, name in names.items():
        weight, bias = parts(block)[part]
        both |= {f"{prefix}{name}.weight": weight, f"{prefix}{name}.bias": bias}
    return both


def single(*shape):
    """A parameter that float32 holds exactly."""
    return (torch.randn(*shape) * 0.4).float().double()


def exact(block):
    for parameter in block.parameters():
        parameter.data = parameter.data.float().double()
    return block


# ViT: 8 x 8 pixels, patches of 4, 3 classes.
WIDTH, HEADS, HIDDEN, DEPTH, CLASSES = 12, 3, 20, 2, 3
blocks = [exact(layer(WIDTH, HEADS, HIDDEN, 1e-6, True)) for _ in range(DEPTH)]
patch, patch_bias, token, position = single(WIDTH, 2, 4, 4), single(WIDTH), single(1, 1, WIDTH), single(1, 5, WIDTH)
norm, norm_bias, head, head_bias = 1 + single(WIDTH), single(WIDTH), single(CLASSES, WIDTH), single(CLASSES)
images = torch.randn(3, 2, 8, 8).float().double()
x = nn.functional.conv2d(images, patch, patch_bias, stride=4).flatten(2).transpose(1, 2)
x = torch.cat([token.expand(len(images), 1, WIDTH), x], 1) + position
for block in blocks:
    x = block(x)
x = nn.functional.layer_norm(x, (WIDTH,), norm, norm_bias, 1e-6)[:, 0]
logits = x @ head.T + head_bias
STYLES = {
    "timm": (["patch_embed.proj", "cls_token", "pos_embed", "norm", "head"], "blocks.{}.",
             {"norm1": "norm1", "qkv": "attn.qkv", "proj": "attn.proj", "norm2": "norm2", "fc1": "mlp.fc1", "fc2": "mlp.fc2"}),
    "hf": (["vit.embeddings.patch_embeddings.projection", "vit.embeddings.cls_token", "vit.embeddings.position_embeddings", "vit.layernorm",
            "classifier"], "vit.encoder.layer.{}.",
           {"norm1": "layernorm_before", "q": "attention.attention.query", "k": "attention.attention.key", "v": "attention.attention.value",
            "proj": "attention.output.dense", "norm2": "layernorm_after", "fc1": "intermediate.dense", "fc2": "output.dense"})}
for style, ((p, t, s, n, h), prefix, names) in STYLES.items():
    weights = {p + ".weight": patch, p + ".bias": patch_bias, t: token, s: position, n + ".weight": norm, n + ".bias": norm_bias,
               h + ".weight": head, h + ".bias": head_bias}
    for i, block in enumerate(blocks):
        weights |= named(prefix.format(i), names, block)
    write(out / f"vit_{style}.safetensors", weights, {"heads": str(HEADS)})
np.save(out / "vit_images.npy", images.numpy().astype(np.float32))
np.save(out / "vit_logits.npy", logits.detach().numpy())

# BERT: two texts of 7 tokens, the second with 3 of padding; with and without a classifier.
WIDTH, HEADS, HIDDEN, DEPTH, VOCABULARY, POSITIONS, CLASSES = 16, 4, 24, 2, 31, 9, 3
blocks = [exact(layer(WIDTH, HEADS, HIDDEN, 1e-12, False)) for _ in range(DEPTH)]
words, places, types = single(VOCABULARY, WIDTH), single(POSITIONS, WIDTH), single(2, WIDTH)
norm, norm_bias = 1 + single(WIDTH), single(WIDTH)
pooler, pooler_bias, head, head_bias = single(WIDTH, WIDTH), single(WIDTH), single(CLASSES, WIDTH), single(CLASSES)
tokens = torch.randint(0, VOCABULARY, (2, 7))
mask = torch.tensor([[1] * 7, [1] * 4 + [0] * 3])
kinds = torch.tensor([[0, 0, 0, 1, 1, 1, 1], [0, 0, 1, 1, 0, 0, 0]])
x = nn.functional.layer_norm(words[tokens] + places[:7] + types[kinds], (WIDTH,), norm, norm_bias, 1e-12)
for block in blocks:
    x = block(x, src_key_padding_mask=mask == 0)
pooled = torch.tanh(x[:, 0] @ pooler.T + pooler_bias)
NAMES = {"q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value", "proj": "attention.output.dense",
         "norm1": "attention.output.LayerNorm", "fc1": "intermediate.dense", "fc2": "output.dense", "norm2": "output.LayerNorm"}
weights = {"embeddings.word_embeddings.weight": words, "embeddings.position_embeddings.weight": places, "embeddings.token_type_embeddings.weight": types,
           "embeddings.LayerNorm.weight": norm, "embeddings.LayerNorm.bias": norm_bias, "pooler.dense.weight": pooler, "pooler.dense.bias": pooler_bias}
for i, block in enumerate(blocks):
    weights |= named(f"encoder.layer.{i}.", NAMES, block)
write(out / "bert.safetensors", weights, {"heads": str(HEADS)})
write(out / "bert_classifier.safetensors", {"bert." + name: tensor for name, tensor in weights.items()}
      | {"classifier.weight": head, "classifier.bias": head_bias}, {"heads": str(HEADS)})
for name, array in {"tokens": tokens, "mask": mask, "types": kinds, "hidden": x, "pooled": pooled, "logits": pooled @ head.T + head_bias}.items():
    np.save(out / f"bert_{name}.npy", array.detach().numpy())
