#!/usr/bin/env python3
"""Train a small vision transformer on digits.bin and export digits_vit.onnx (PyTorch 2.13, CPU).

Patch 2x2, 16 tokens of dimension 48 and a class token, 4 pre-norm blocks, 4 heads, MLP ratio 2,
GELU. Trained on records 0 to 1296; records 1297 to 1796 are never looked at but to print the final
accuracy. Pixels are divided by 16. Needs torch and onnx; writes into this folder.
"""
import pathlib

import numpy as np
import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
DIM, DEPTH, HEADS, EPOCHS, N_TRAIN = 48, 4, 4, 60, 1297


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.n1, self.n2 = nn.LayerNorm(DIM, eps=1e-6), nn.LayerNorm(DIM, eps=1e-6)
        self.qkv, self.proj = nn.Linear(DIM, 3 * DIM), nn.Linear(DIM, DIM)
        self.fc1, self.fc2 = nn.Linear(DIM, 2 * DIM), nn.Linear(2 * DIM, DIM)

    def forward(self, x):
        n, s, _ = x.shape
        q, k, v = self.qkv(self.n1(x)).view(n, s, 3, HEADS, DIM // HEADS).permute(2, 0, 3, 1, 4)
        attention = torch.softmax(q @ k.transpose(-2, -1) * (DIM // HEADS) ** -0.5, dim=-1)
        x = x + self.proj((attention @ v).transpose(1, 2).reshape(n, s, DIM))
        return x + self.fc2(nn.functional.gelu(self.fc1(self.n2(x))))


class DigitsViT(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(1, DIM, 2, 2)
        self.cls = nn.Parameter(torch.zeros(1, 1, DIM))
        self.pos = nn.Parameter(torch.randn(1, 17, DIM) * 0.02)
        self.blocks = nn.Sequential(*[Block() for _ in range(DEPTH)])
        self.norm, self.head = nn.LayerNorm(DIM, eps=1e-6), nn.Linear(DIM, 10)

    def forward(self, image):
        x = self.patch(image).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(x.shape[0], -1, -1), x], dim=1) + self.pos
        return self.head(self.norm(self.blocks(x))[:, 0])


def shifted(images, generator):
    """Move each image by up to one pixel, zeros coming in."""
    dy, dx = torch.randint(-1, 2, (2,), generator=generator).tolist()
    padded = nn.functional.pad(images, (1, 1, 1, 1))
    return padded[:, :, 1 + dy:9 + dy, 1 + dx:9 + dx]


def main():
    torch.manual_seed(1)
    torch.set_num_threads(1)
    records = np.fromfile(HERE / "digits.bin", np.uint8).reshape(-1, 65)
    x = torch.tensor(records[:, 1:].reshape(-1, 1, 8, 8) / 16.0, dtype=torch.float32)
    y = torch.tensor(records[:, 0].astype(np.int64))
    model, generator = DigitsViT(), torch.Generator().manual_seed(1)
    steps = EPOCHS * (N_TRAIN // 32)
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=steps)
    for _ in range(EPOCHS):
        order = torch.randperm(N_TRAIN, generator=generator)
        for i in range(N_TRAIN // 32):
            batch = order[32 * i:32 * i + 32]
            loss = nn.functional.cross_entropy(model(shifted(x[batch], generator)), y[batch],
                                               label_smoothing=0.1)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    model.eval()
    with torch.no_grad():
        correct = int((model(x[N_TRAIN:]).argmax(1) == y[N_TRAIN:]).sum())
    print(f"{correct} of {len(x) - N_TRAIN} test records right")
    torch.onnx.export(model, x[:2], HERE / "digits_vit.onnx", opset_version=17, dynamo=False,
                      input_names=["image"], output_names=["logits"],
                      dynamic_axes={"image": {0: "N"}, "logits": {0: "N"}})


if __name__ == "__main__":
    main()
