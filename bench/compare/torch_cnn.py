# SPDX-License-Identifier: BSL-1.0
"""The convolutional networks of torch_worker.py: models, and cases as CASE/VARIANT.

Variants are eager or compile, then options: _channels_last for model and input in that format,
_frozen for inference with weights as constants of the compiled code (Inductor's freezing: batch
normalisation folded, weights in oneDNN's blocked layouts).
"""
import torch
import torch.nn as nn
import torch.nn.functional as F


def lenet5():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(),
        nn.Linear(84, 10))


def keras_cnn():
    return nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(0.5), nn.Linear(1600, 10))


class Block(nn.Module):
    def __init__(self, channels, filters, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, filters, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(filters)
        self.shortcut = nn.Sequential()
        if stride != 1 or channels != filters:
            self.shortcut = nn.Sequential(nn.Conv2d(channels, filters, 1, stride, bias=False),
                                          nn.BatchNorm2d(filters))

    def forward(self, x):
        y = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm2(self.conv2(y)) + self.shortcut(x))


def resnet18():
    layers = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
    channels = 64
    for filters, stride in ((64, 1), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2),
                            (512, 1)):
        layers.append(Block(channels, filters, stride))
        channels = filters
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))


def made(network, image, batch, variant):
    model, x = network(), torch.randn(batch, *image)
    if "channels_last" in variant:
        model = model.to(memory_format=torch.channels_last)
        x = x.to(memory_format=torch.channels_last)
    return model, x


def training(network, image, batch, variant):
    model, x = made(network, image, batch, variant)
    y = torch.randint(0, 10, (batch,))
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)

    def loss_of(x, y):
        return F.cross_entropy(model(x), y)

    if variant.startswith("compile"):
        loss_of = torch.compile(loss_of, dynamic=False)

    def step():
        optimizer.zero_grad()
        loss_of(x, y).backward()
        optimizer.step()

    return step


def inference(network, image, batch, variant):
    model, x = made(network, image, batch, variant)
    model.eval()
    if variant.startswith("eager"):
        def step():
            with torch.inference_mode():
                return model(x)
        return step

    call = torch.compile(model, dynamic=False)

    def step():
        with torch.no_grad():
            return call(x)

    with torch._inductor.config.patch(freezing="frozen" in variant):
        step()  # compiles
    return step


NETWORKS = {"lenet5": (lenet5, (1, 28, 28), (32, 128)),
            "keras_cnn": (keras_cnn, (1, 28, 28), (32, 128)),
            "resnet18": (resnet18, (3, 32, 32), (32,))}
TRAINING = ["eager", "eager_channels_last", "compile", "compile_channels_last"]
INFERENCE = TRAINING + ["compile_frozen", "compile_channels_last_frozen"]


def cases():
    found = {}

    def add(kind, make, name, batch, variants):
        network, image, _ = NETWORKS[name]
        for v in variants:
            found[f"{kind}_{name}_b{batch}/{v}"] = lambda v=v: make(network, image, batch, v)

    for name, (_, _, batches) in NETWORKS.items():
        for batch in batches:
            add("train", training, name, batch, TRAINING)
        for batch in (1, *batches) if name != "resnet18" else batches:
            add("infer", inference, name, batch, INFERENCE)
    return found
