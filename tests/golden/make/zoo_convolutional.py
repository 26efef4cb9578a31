#!/usr/bin/env python3
"""Small ResNets of both shapes and a small MobileNetV2 in PyTorch: weights under torchvision's names,
images and logits, for tests/model/test_zoo_resnet.c and test_zoo_mobilenet_v2.c."""
import pathlib

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from safetensors_file import write

out = pathlib.Path(__file__).resolve().parent.parent / "zoo"
out.mkdir(exist_ok=True)
torch.manual_seed(5)


def conv(n_in, n_out, kernel, stride=1, groups=1):
    return nn.Conv2d(n_in, n_out, kernel, stride, kernel // 2, groups=groups, bias=False)


class Basic(nn.Module):
    expansion = 1

    def __init__(self, n_in, width, stride, padded):
        super().__init__()
        self.conv1, self.bn1 = conv(n_in, width, 3, stride), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = conv(width, width, 3), nn.BatchNorm2d(width)
        self.add = width - n_in if padded else 0
        if not padded and (stride != 1 or n_in != width):
            self.downsample = nn.Sequential(conv(n_in, width, 1, stride), nn.BatchNorm2d(width))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.add:
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.add // 2, self.add // 2))
        elif hasattr(self, "downsample"):
            x = self.downsample(x)
        return F.relu(x + y)


class Bottleneck(nn.Module):
    expansion = 4

    def __init__(self, n_in, width, stride, padded):
        super().__init__()
        self.conv1, self.bn1 = conv(n_in, width, 1), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = conv(width, width, 3, stride), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = conv(width, 4 * width, 1), nn.BatchNorm2d(4 * width)
        if stride != 1 or n_in != 4 * width:
            self.downsample = nn.Sequential(conv(n_in, 4 * width, 1, stride), nn.BatchNorm2d(4 * width))

    def forward(self, x):
        y = F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))
        return F.relu(self.bn3(self.conv3(y)) + (self.downsample(x) if hasattr(self, "downsample") else x))


class ResNet(nn.Module):
    def __init__(self, kind, blocks, width, classes, imagenet):
        super().__init__()
        self.imagenet, n_in = imagenet, width
        self.conv1, self.bn1 = conv(3, width, 7 if imagenet else 3, 2 if imagenet else 1), nn.BatchNorm2d(width)
        self.stages = []
        for s, n in enumerate(blocks):
            row = []
            for b in range(n):
                row.append(kind(n_in, width << s, 2 if s and b == 0 else 1, not imagenet))
                n_in = kind.expansion * (width << s)
            setattr(self, f"layer{s + 1}", nn.Sequential(*row))
            self.stages.append(f"layer{s + 1}")
        setattr(self, "fc" if imagenet else "linear", nn.Linear(n_in, classes))

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        if self.imagenet:
            x = F.max_pool2d(x, 3, 2, 1)
        for name in self.stages:
            x = getattr(self, name)(x)
        return getattr(self, "fc" if self.imagenet else "linear")(x.mean((2, 3)))


def block(n_in, n_out, kernel, stride=1, groups=1):
    return nn.Sequential(conv(n_in, n_out, kernel, stride, groups), nn.BatchNorm2d(n_out), nn.ReLU6())


class Inverted(nn.Module):
    def __init__(self, n_in, n_out, stride, expansion):
        super().__init__()
        inner = n_in * expansion
        layers = [block(n_in, inner, 1)] if expansion != 1 else []
        layers += [block(inner, inner, 3, stride, inner), conv(inner, n_out, 1), nn.BatchNorm2d(n_out)]
        self.conv, self.adds = nn.Sequential(*layers), stride == 1 and n_in == n_out

    def forward(self, x):
        return x + self.conv(x) if self.adds else self.conv(x)


class MobileNet(nn.Module):
    TABLE = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]

    def __init__(self, multiplier, last, classes):
        super().__init__()

        def scaled(n):
            n *= multiplier
            near = max(8, int(n + 4) // 8 * 8)
            return near + 8 if near < .9 * n else near
        n_in = scaled(32)
        features = [block(3, n_in, 3, 2)]
        for expansion, channels, n, stride in self.TABLE:
            for b in range(n):
                features.append(Inverted(n_in, scaled(channels), stride if b == 0 else 1, expansion))
                n_in = scaled(channels)
        features.append(block(n_in, last, 1))
        self.features = nn.Sequential(*features)
        self.classifier = nn.Sequential(nn.Dropout(), nn.Linear(last, classes))

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


def save(name, net, size, dtype=np.float32):
    net = net.double().eval()
    images = torch.randn(2, 3, size, size).float().double()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):  # statistics that the net really has, disturbed
            module.momentum = 1.0
            nn.init.normal_(module.weight, 1.0, 0.2)
            nn.init.normal_(module.bias, 0.0, 0.2)
    net.train()
    net(torch.randn(16, 3, size, size).double())
    net.eval()
    kept = {k: v for k, v in net.state_dict().items() if not k.endswith("num_batches_tracked")}
    kept = {k: torch.from_numpy(v.numpy().astype(dtype).astype(np.float64)) for k, v in kept.items()}
    net.load_state_dict(kept, strict=False)
    write(out / f"{name}.safetensors", kept, dtype=dtype)
    np.save(out / f"{name}_images.npy", images.numpy().astype(np.float32))
    np.save(out / f"{name}_logits.npy", net(images).detach().numpy())


save("resnet8", ResNet(Basic, [1, 1, 1], 4, 5, False), 16)
save("resnet18", ResNet(Basic, [2, 2, 2, 2], 2, 5, True), 40, np.float16)
save("resnet50", ResNet(Bottleneck, [3, 4, 6, 3], 1, 5, True), 40, np.float16)
save("mobilenet_v2", MobileNet(.05, 100, 2), 40, np.float16)
