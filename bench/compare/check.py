# SPDX-License-Identifier: BSL-1.0
"""check.py FOLDER: do typegrad's numbers (`typegrad_bench --write FOLDER`) agree with PyTorch's?

With typegrad's weights in PyTorch's layout: the logits, the loss, and what a step of stochastic
gradient descent adds to each weight. PyTorch computes in float64. Prints the largest differences
and fails where one is too large.
"""
import json
import pathlib
import struct
import sys

import numpy
import torch
import torch.nn as nn
import torch.nn.functional as F

import torch_cnn


def tensors(path):
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + length])
    order = header.pop("__metadata__")["order"].split()
    types = {"F32": "<f4", "F64": "<f8"}
    found = {}
    for name, t in header.items():
        begin, end = (8 + length + offset for offset in t["data_offsets"])
        values = numpy.frombuffer(data[begin:end], types[t["dtype"]])
        found[name] = values.reshape(t["shape"]).astype(numpy.float32)
    return found, order


class BorderAtTheEnd(nn.Module):
    """Keras's `same` where the stride is 2."""

    def __init__(self, conv):
        super().__init__()
        self.conv = conv
        conv.padding = (0, 0)

    def forward(self, x):
        return self.conv(F.pad(x, (0, 1, 0, 1)))


def places(model):
    """(parameter or statistic, kind) in typegrad's order: the layers', a block's shortcut where it
    is called: after the second convolution."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            yield module.weight, "conv"
        elif isinstance(module, nn.Linear):
            yield module.weight, "dense"
        elif isinstance(module, nn.BatchNorm2d):
            yield module.weight, ""
            yield module.bias, ""
            yield module.running_mean, ""
            yield module.running_var, "variance"
            continue
        else:
            continue
        if module.bias is not None:
            yield module.bias, ""


def in_layout(array, kind, place, flattened):
    """A weight in PyTorch's layout; rows of a dense layer after flattening move with the channels."""
    t = torch.from_numpy(array).double()
    if kind == "conv":
        return t.permute(3, 2, 0, 1)
    if kind == "dense":
        if flattened and t.shape[0] == numpy.prod(flattened):
            t = t.reshape(*flattened, -1).permute(2, 0, 1, 3).reshape(t.shape)
        return t.T
    return t.reshape(place.shape)


def difference(a, b):
    """By their norms: a few elements may lie on different sides of a relu's corner."""
    return float((a - b).norm() / b.norm().clamp(min=1e-6))


def check(name, network, folder):
    found, order = tensors(folder / f"{name}.safetensors")
    model = network().double()
    flattened = {"lenet5": (5, 5, 16), "keras_cnn": (5, 5, 64)}.get(name)
    for block in model:
        if isinstance(block, torch_cnn.Block) and block.conv1.stride == (2, 2):
            block.conv1 = BorderAtTheEnd(block.conv1)
    all_places = list(places(model))
    assert len(order) == len(all_places)
    for path, (place, kind) in zip(order, all_places):
        place.data.copy_(in_layout(found["before/" + path], kind, place, flattened))
    x = torch.from_numpy(found["x"]).double()
    if x.dim() == 3:
        x = x[..., None]
    x = x.permute(0, 3, 1, 2).contiguous()
    y = torch.from_numpy(found["y"]).long()
    model.eval()
    with torch.no_grad():
        worst = {"logits": difference(torch.from_numpy(found["logits"]), model(x))}
    if name != "keras_cnn":  # whose dropout is random
        model.train()
        before = [p.detach().clone() for p, _ in all_places]
        loss = F.cross_entropy(model(x), y)
        worst["loss"] = abs(float(found["loss"][0]) - loss.item()) / loss.item()
        loss.backward()
        torch.optim.SGD(model.parameters(), lr=0.01).step()
        for path, (place, kind), old in zip(order, all_places, before):
            mine = in_layout(found["after/" + path], kind, place, flattened)
            change = place.detach() - old
            if kind == "variance":  # PyTorch's moving variance is the unbiased one
                continue
            worst["step"] = max(worst.get("step", 0), difference(mine - old, change))
    print(f"  {name}: " + ", ".join(f"{k} differ by {v:.1e}" for k, v in worst.items()))
    return all(v < (3e-2 if k == "step" else 1e-4) for k, v in worst.items())


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    agreed = [check(name, network, folder) for name, (network, _, _) in torch_cnn.NETWORKS.items()]
    sys.exit(0 if all(agreed) else "the numbers differ from PyTorch's")
