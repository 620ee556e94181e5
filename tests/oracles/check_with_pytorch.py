# SPDX-License-Identifier: BSL-1.0
"""Holds the stored numbers against PyTorch in float64: a second opinion on Keras's in float32.

Prints, for each group, the largest error of a stored number relative to max(1, |number|), and fails
if one is above 1e-5. Formulas are PyTorch's own functions where it has them, else written out.
"""
import pathlib
import re

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.numpy import load_file

HERE = pathlib.Path(__file__).resolve().parent
LIMIT = 1e-5
bad = []


def load(name):
    return {k: torch.from_numpy(v).double() for k, v in load_file(HERE / f"{name}.safetensors").items()}


def error(name, ours, stored):
    ours = torch.as_tensor(ours).detach()
    assert ours.shape == stored.shape, (name, ours.shape, stored.shape)
    e = ((ours - stored).abs() / stored.abs().clamp(min=1.0)).max().item()
    if not e <= LIMIT:
        bad.append(f"{name}: {e:.3g}")
    return e


def with_gradient(function, x, cotangent=None):
    x = x.clone().requires_grad_()
    y = function(x)
    return y, torch.autograd.grad(y, x, cotangent)[0]


def sparsemax(x):
    z = x.sort(dim=-1, descending=True).values
    k = torch.arange(1, x.shape[-1] + 1, dtype=x.dtype)
    support = (1 + k * z > z.cumsum(-1)).sum(-1, keepdim=True)
    tau = (z.cumsum(-1).gather(-1, support - 1) - 1) / support
    return (x - tau).clamp(min=0)


def activations():
    t = load("activations")

    def relu(x, slope=0.0, top=float("inf"), low=0.0):
        return torch.where(x >= top, top + 0 * x, torch.where(x >= low, x, slope * (x - low)))

    def selu(x):  # F.selu's derivative at exactly 0 is the left one, TensorFlow's the right one
        return 1.0507009873554804934 * torch.where(
            x >= 0, x, 1.6732632423543772848 * torch.expm1(x.clamp(max=0)))

    table = {
        "relu": F.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh,
        "softmax": lambda x: x.softmax(-1), "linear": lambda x: 1 * x, "elu": F.elu, "selu": selu,
        "silu": F.silu, "leaky_relu": lambda x: F.leaky_relu(x, 0.2),
        "softplus": lambda x: F.softplus(x, threshold=1e9), "softsign": F.softsign,
        "hard_sigmoid": F.hardsigmoid, "exponential": torch.exp,
        "log_softmax": lambda x: x.log_softmax(-1), "relu6": F.relu6, "mish": F.mish,
        "hard_silu": F.hardswish, "hard_tanh": F.hardtanh, "hard_shrink": F.hardshrink,
        "soft_shrink": F.softshrink, "tanh_shrink": F.tanhshrink, "log_sigmoid": F.logsigmoid,
        "sparse_plus": lambda x: torch.where(
            x <= -1, 0 * x, torch.where(x < 1, 0.25 * (x + 1) ** 2, x)),
        "sparse_sigmoid": lambda x: torch.where(
            x <= -1, 0 * x, torch.where(x >= 1, 1 + 0 * x, 0.5 * (x + 1))),
        "sparsemax": sparsemax, "squareplus": lambda x: 0.5 * (x + (x * x + 4).sqrt()),
        "celu": F.celu, "gelu": F.gelu, "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
        "threshold": lambda x: F.threshold(x, 1.0, -0.25),
        "relu_slope_0.1_max_6_threshold_1": lambda x: relu(x, 0.1, 6.0, 1.0),
        "leaky_relu_slope_0.3": lambda x: F.leaky_relu(x, 0.3),
        "elu_alpha_0.5": lambda x: F.elu(x, 0.5), "celu_alpha_2": lambda x: F.celu(x, 2.0),
        "soft_shrink_threshold_0.25": lambda x: F.softshrink(x, 0.25),
        "hard_shrink_threshold_0.25": lambda x: F.hardshrink(x, 0.25),
        "squareplus_b_1": lambda x: 0.5 * (x + (x * x + 1).sqrt()),
        "glu": F.glu,
    }
    assert {k.split("/")[0] for k in t} == set(table) | {"x", "cotangent"}
    worst = 0.0
    for name, function in table.items():
        y, dx = with_gradient(function, t.get(f"{name}/x", t["x"]),
                              t.get(f"{name}/cotangent", t["cotangent"]))
        worst = max(worst, error(f"{name}/y", y, t[f"{name}/y"]),
                    error(f"{name}/dx", dx, t[f"{name}/dx"]))
    return worst


def losses():
    t = load("losses")
    eps = float(np.float32(1e-7))
    one = float(np.float32(1.0) - np.float32(1e-7))  # what the upper limit is in float32

    def smooth(y, by, of):
        return y * (1 - by) + by / of

    def binary(p, y, by=0.0):
        p = p.clamp(eps, one)
        y = smooth(y, by, 2)
        return -(y * p.log() + (1 - y) * (1 - p).log()).mean(-1)

    def categorical(p, y, by=0.0):
        p = (p / p.sum(-1, keepdim=True)).clamp(eps, one)
        return -(smooth(y, by, p.shape[-1]) * p.log()).sum(-1)

    table = {
        "mean_squared_error": lambda p, y: ((p - y) ** 2).mean(-1),
        "mean_absolute_error": lambda p, y: (p - y).abs().mean(-1),
        "huber_delta_1": lambda p, y: F.huber_loss(p, y, reduction="none").mean(-1),
        "huber_delta_2": lambda p, y: F.huber_loss(p, y, reduction="none", delta=2.0).mean(-1),
        "binary_crossentropy": binary, "binary_crossentropy_saturated": binary,
        "binary_crossentropy_smoothing_0.1": lambda p, y: binary(p, y, 0.1),
        "binary_crossentropy_from_logits": lambda p, y: F.binary_cross_entropy_with_logits(
            p, y, reduction="none").mean(-1),
        "binary_crossentropy_from_logits_smoothing_0.1":
            lambda p, y: F.binary_cross_entropy_with_logits(
                p, smooth(y, 0.1, 2), reduction="none").mean(-1),
        "categorical_crossentropy": categorical,
        "categorical_crossentropy_unnormalised": categorical,
        "categorical_crossentropy_saturated": categorical,
        "categorical_crossentropy_smoothing_0.1": lambda p, y: categorical(p, y, 0.1),
        "categorical_crossentropy_from_logits": lambda p, y: F.cross_entropy(
            p, y, reduction="none"),
        "categorical_crossentropy_from_logits_smoothing_0.1": lambda p, y: F.cross_entropy(
            p, y, reduction="none", label_smoothing=0.1),
        "sparse_categorical_crossentropy": lambda p, y: categorical(
            p, F.one_hot(y.long(), p.shape[-1])),
        "sparse_categorical_crossentropy_unnormalised": lambda p, y: categorical(
            p, F.one_hot(y.long(), p.shape[-1])),
        "sparse_categorical_crossentropy_from_logits": lambda p, y: F.cross_entropy(
            p, y.long(), reduction="none"),
    }
    assert {k.split("/")[0] for k in t} == set(table) | {"sample_weight"}
    worst = 0.0
    for name, function in table.items():
        p, y = t[f"{name}/predictions"], t[f"{name}/targets"]
        for prefix, weight in (("", torch.ones(len(p), dtype=p.dtype)),
                               ("weighted_", t["sample_weight"])):
            value, gradient = with_gradient(lambda p: (function(p, y) * weight).mean(), p)
            worst = max(worst, error(f"{name}/{prefix}loss", value, t[f"{name}/{prefix}loss"]),
                        error(f"{name}/{prefix}gradient", gradient,
                              t[f"{name}/{prefix}gradient"]))
    return worst


def metrics():
    t = load("metrics")
    table = {
        "binary_accuracy": lambda p, y: ((p > 0.5) == (y == 1)).double().mean(-1),
        "categorical_accuracy": lambda p, y: (p.argmax(-1) == y.argmax(-1)).double(),
        "sparse_categorical_accuracy": lambda p, y: (p.argmax(-1) == y).double(),
        "mean_squared_error": lambda p, y: ((p - y) ** 2).mean(-1),
        "mean_absolute_error": lambda p, y: (p - y).abs().mean(-1),
    }
    worst = 0.0
    for name, function in table.items():
        values = function(t[f"{name}/predictions"], t[f"{name}/targets"])
        for prefix, weight in (("", torch.ones_like(values)), ("weighted_", t["sample_weight"])):
            running = (values * weight).sum(-1).cumsum(0) / weight.sum(-1).cumsum(0)
            worst = max(worst, error(f"{name}/{prefix}result", running,
                                     t[f"{name}/{prefix}result"]))
    return worst


def clip(gradients, clipnorm=None, global_clipnorm=None, clipvalue=None):
    if clipnorm:
        return [g * clipnorm / max(g.norm(), clipnorm) for g in gradients]
    if global_clipnorm:
        norm = torch.stack([g.norm() for g in gradients]).norm()
        return [g * global_clipnorm / max(norm, global_clipnorm) for g in gradients]
    if clipvalue:
        return [g.clamp(-clipvalue, clipvalue) for g in gradients]
    return gradients


def sgd(w, g, slot, t, learning_rate, momentum=0, nesterov=False):
    slot["v"] = momentum * slot.get("v", 0) - learning_rate * g
    return w + (momentum * slot["v"] - learning_rate * g if nesterov else slot["v"])


def adam(w, g, slot, t, learning_rate, beta_1, beta_2, epsilon, amsgrad=False):
    slot["m"] = beta_1 * slot.get("m", 0) + (1 - beta_1) * g
    slot["v"] = beta_2 * slot.get("v", 0) + (1 - beta_2) * g * g
    v = slot["v"]
    if amsgrad:
        v = slot["top"] = torch.maximum(slot.get("top", torch.zeros_like(v)), v)
    rate = learning_rate * (1 - beta_2**t) ** 0.5 / (1 - beta_1**t)
    return w - rate * slot["m"] / (v.sqrt() + epsilon)


def rmsprop(w, g, slot, t, learning_rate, rho, epsilon, momentum=0, centered=False):
    slot["v"] = rho * slot.get("v", 0) + (1 - rho) * g * g
    variance = slot["v"]
    if centered:
        slot["mean"] = rho * slot.get("mean", 0) + (1 - rho) * g
        variance = variance - slot["mean"] ** 2
    slot["b"] = momentum * slot.get("b", 0) + learning_rate * g / (variance + epsilon).sqrt()
    return w - slot["b"]


def optimizers():
    """Against the formulas written out above; options are read from the file's metadata."""
    t = load("optimizers")
    options = safe_open(HERE / "optimizers.safetensors", "np").metadata()
    rules = {"sgd": sgd, "adam": adam, "adamw": adam, "rmsprop": rmsprop}
    cases = {k.split("/")[0] for k in t} - {"start", "gradient"}
    assert cases == set(options) - {"keras", "backend", "seed"}
    worst = 0.0
    for name in sorted(cases):
        o = {k: v == "true" if v in ("true", "false") else float(v)
             for k, v in (item.split("=") for item in options[name].split())}
        clipping = {k: o.pop(k, None) for k in ("clipnorm", "global_clipnorm", "clipvalue")}
        decay = o.pop("weight_decay", 0)
        w, slots = [t["start/kernel"], t["start/bias"]], [{}, {}]
        for step in range(5):
            gradients = clip([t["gradient/kernel"][step], t["gradient/bias"][step]], **clipping)
            w = [v * (1 - decay * o["learning_rate"]) for v in w]
            w = [rules[name.split("_")[0]](v, g, slot, step + 1, **o)
                 for v, g, slot in zip(w, gradients, slots)]
            for v, k in zip(w, ("kernel", "bias")):
                worst = max(worst, error(f"{name}/{k} step {step + 1}", v, t[f"{name}/{k}"][step]))
    return worst


def training():
    t = load("training")
    names = ("dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias")
    worst = 0.0
    for case, weighted in (("sgd_momentum", False), ("sgd_momentum_weighted", True),
                           ("adam", False)):
        w = [t[f"start/{k}"].clone().requires_grad_() for k in names]
        optimizer, slots = torch.optim.SGD(w, lr=0.1, momentum=0.9), [{} for _ in w]
        for step in range(5):
            x, y = t["x"][step], t["y"][step].long()
            weight = t["sample_weight"][step] if weighted else torch.ones(len(y)).double()
            logits = F.relu(x @ w[0] + w[1]) @ w[2] + w[3]
            loss = ((F.cross_entropy(logits, y, reduction="none") * weight).mean()
                    + 0.01 * (w[0] ** 2).sum())
            optimizer.zero_grad()
            loss.backward()  # by PyTorch's own differentiation
            worst = max(worst, error(f"{case}/loss {step}", loss, t[f"{case}/loss"][step]))
            if step == 0 and not weighted:
                worst = max(worst, error("first_logits", logits, t["first_logits"]))
                for k, v in zip(names, w):
                    worst = max(worst, error(f"gradient {k}", v.grad, t[f"first_gradient/{k}"]))
            if case == "adam":  # PyTorch's Adam puts epsilon elsewhere
                for v, slot in zip(w, slots):
                    v.data = adam(v.data, v.grad, slot, step + 1, 0.01, 0.9, 0.999, 1e-7)
            else:
                optimizer.step()
            for k, v in zip(names, w):
                worst = max(worst, error(f"{case}/{k} step {step}", v, t[f"{case}/{k}"][step]))
    return worst


def conv():
    """The options of a case are read off its name, as README.md says."""
    t = load("conv")
    cases = sorted({key.split("/")[0] for key in t})
    worst = 0.0

    def numbers(name, word, d, default):
        found = re.search(rf"_{word}((?:_\d+)+)_", f"_{name}_")
        given = [int(n) for n in found[1].split("_")[1:]] if found else [default]
        return given * d if len(given) == 1 else given

    def padded(x, name, sizes, strides, dilations, value=0.0):
        """x (batch, channels, spatial...) with the padding of the case around it."""
        amounts = []
        for n, k, s, r in zip(x.shape[2:], sizes, strides, dilations):
            reach = r * (k - 1) + 1
            total = max((-(-n // s) - 1) * s + reach - n, 0) if "same" in name else 0
            low = total // 2
            if "causal" in name:
                low = total = reach - 1
            amounts = [low, total - low] + amounts
        return F.pad(x, amounts, value=value)

    def first(x):  # the channels behind the batch
        return x.movedim(-1, 1)

    def convolution(name, d, x, kernel, groups):
        strides, rates = numbers(name, "strides", d, 1), numbers(name, "dilation", d, 1)
        x = padded(x, name, kernel.shape[:d], strides, rates)
        return (F.conv1d, F.conv2d, F.conv3d)[d - 1](
            x, kernel.movedim(-1, 0).movedim(-1, 1), None, strides, 0, rates, groups)

    def depthwise(name, d, x, kernel):
        channels = kernel.shape[-2]
        return convolution(name, d, x, kernel.reshape(*kernel.shape[:d], 1, -1), channels)

    def transposed(name, d, x, kernel):
        strides, rates = numbers(name, "strides", d, 1), numbers(name, "dilation", d, 1)
        y = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[d - 1](
            x, kernel.movedim(-1, 0).movedim(-1, 1), None, strides, 0, 0, 1, rates)
        more = numbers(name, "output_padding", d, 0)
        for i, (n, k, s, r) in enumerate(zip(x.shape[2:], kernel.shape, strides, rates)):
            reach = r * (k - 1) + 1
            if "output_padding" in name:
                length = (n - 1) * s + (reach % 2 if "same" in name else reach) + more[i]
            else:
                length = n * s if "same" in name else (n - 1) * s + max(reach, s)
            have = y.shape[2 + i]
            low = max(have - length, 0) // 2
            amounts = [0] * (2 * (d - 1 - i)) + [0, max(length - have, 0)]
            y = F.pad(y.narrow(2 + i, low, min(length, have - low)), amounts)
        return y

    def pooled(name, d, x):
        sizes = numbers(name, r"pooling\dd", d, 2)
        strides = [int(n) for n in numbers(name, "strides", d, 0)]
        strides = strides if strides[0] else sizes
        least = float("-inf") if "max" in name else 0.0
        windows = padded(x, name, sizes, strides, [1] * d, least)
        ones = padded(torch.ones_like(x), name, sizes, strides, [1] * d)
        for i in range(d):  # a window's elements become the last axes
            windows, ones = (v.unfold(2 + i, sizes[i], strides[i]) for v in (windows, ones))
        within = tuple(range(-d, 0))
        return windows.amax(within) if "max" in name else windows.sum(within) / ones.sum(within)

    def result(name, x, w):
        d = int(re.search(r"(\d)d", name)[1])
        if name.startswith("global"):
            axes = tuple(range(1, 1 + d))
            return (x.amax if "max" in name else x.mean)(axes, keepdim="keepdims" in name)
        x = first(x)
        if name.startswith("depthwise"):
            y = depthwise(name, d, x, w["kernel"])
        elif name.startswith("separable"):
            y = depthwise(name, d, x, w["depthwise_kernel"])
            y = torch.einsum("nc...,cf->nf...", y, w["pointwise_kernel"].flatten(0, d))
        elif "transpose" in name:
            y = transposed(name, d, x, w["kernel"])
        elif name.startswith("conv"):
            y = convolution(name, d, x, w["kernel"], numbers(name, "groups", 1, 1)[0])
        elif "pooling" in name:
            y = pooled(name, d, x)
        elif name.startswith("up_sampling"):
            factors = numbers(name, r"sampling\dd", d, 2)
            y = F.interpolate(x, scale_factor=factors, mode="bilinear", align_corners=False) \
                if "bilinear" in name else F.interpolate(x, scale_factor=factors, mode="nearest")
        else:  # zero padding and cropping: before and after each axis
            amounts = numbers(name, r"(?:padding|cropping)\dd", d, 1)
            if name.startswith("zero_padding2d_1_2") or name.startswith("zero_padding3d"):
                amounts = [n for n in amounts for _ in range(2)]
            amounts = amounts * 2 if len(amounts) < 2 * d else amounts
            ends = [amounts[2 * i + j] for i in reversed(range(d)) for j in range(2)]
            y = F.pad(x, ends if "padding" in name else [-n for n in ends])
        y = y.movedim(1, -1)
        y = y + w["bias"] if "bias" in w else y
        return F.relu(y) if "relu" in name else torch.tanh(y) if name in tanh else y

    tanh = ("depthwise_conv2d_multiplier_2_same", "conv2d_transpose_strides_2_same",
            "separable_conv2d_multiplier_2_strides_2_same")
    others = ("x", "y", "cotangent", "dx")
    for name in cases:
        of = {key.split("/")[1]: v for key, v in t.items() if key.split("/")[0] == name}
        w = {k: v.clone().requires_grad_() for k, v in of.items()
             if k not in others and not k.startswith("d_")}
        x = of["x"].clone().requires_grad_()
        y = result(name, x, w)
        assert y.shape == of["y"].shape, (name, y.shape)
        gradients = torch.autograd.grad(y, [x, *w.values()], of["cotangent"])
        worst = max(worst, error(f"{name}/y", y, of["y"]))
        worst = max(worst, error(f"{name}/dx", gradients[0], of["dx"]))
        for k, g in zip(w, gradients[1:]):
            worst = max(worst, error(f"{name}/d_{k}", g, of[f"d_{k}"]))
    return worst


def norms():
    t = load("norms")

    def batch(x, w, momentum=0.99, epsilon=1e-3, axis=-1):
        mean, variance = w["moving_mean"].detach(), w["moving_variance"].detach()
        y = F.batch_norm(x.movedim(axis, 1), None, None, w.get("gamma"), w.get("beta"), True,
                         eps=epsilon).movedim(1, axis)
        others = [i for i in range(x.dim()) if i != axis % x.dim()]
        after = (mean * momentum + x.detach().mean(others) * (1 - momentum),
                 variance * momentum + x.detach().var(others, correction=0) * (1 - momentum))
        predicted = F.batch_norm(x.movedim(axis, 1), *after, w.get("gamma"), w.get("beta"), False,
                                 eps=epsilon).movedim(1, axis)
        return y, *after, predicted

    def layer(x, w, axes=(-1,), epsilon=1e-3):
        x, back = x.movedim(axes, tuple(range(-len(axes), 0))), axes
        y = F.layer_norm(x, x.shape[-len(axes):], w.get("gamma"), w.get("beta"), epsilon)
        return (y.movedim(tuple(range(-len(axes), 0)), back),)

    def group(x, w, groups, epsilon=1e-3):
        return (F.group_norm(x.movedim(-1, 1), groups, w.get("gamma"), w.get("beta"),
                             epsilon).movedim(1, -1),)

    def rms(x, w, epsilon=1e-6):
        return (F.rms_norm(x, x.shape[-1:], w["scale"], epsilon),)

    cases = {
        "batch": batch, "batch_plain": batch,
        "batch_vector": lambda x, w: batch(x, w, 0.7, 0.01),
        "batch_axis_1": lambda x, w: batch(x, w, axis=1),
        "layer": layer, "layer_plain": layer,
        "layer_vector": lambda x, w: layer(x, w, epsilon=0.1),
        "layer_axes_2_3": lambda x, w: layer(x, w, (2, 3)),
        "layer_axis_1": lambda x, w: layer(x, w, (1,)),
        "group_2": lambda x, w: group(x, w, 2),
        "group_each": lambda x, w: group(x, w, 3, 0.01),
        "group_4_vector": lambda x, w: group(x, w, 4),
        "group_1": lambda x, w: group(x, w, 1),
        "rms": rms, "rms_epsilon": lambda x, w: rms(x, w, 0.1),
        "unit": lambda x, w: (F.normalize(x, dim=-1),),
        "unit_axis_1": lambda x, w: (F.normalize(x, dim=1),),
    }
    assert set(cases) == {k.split("/")[0] for k in t if not k.startswith("train")}
    weights = ("gamma", "beta", "scale", "moving_mean", "moving_variance")
    worst = 0.0
    for name, function in cases.items():
        of = {key.split("/")[1]: v for key, v in t.items() if key.split("/")[0] == name}
        w = {k: of[k].clone().requires_grad_() for k in weights if k in of}
        x = of["x"].clone().requires_grad_()
        y, *others = function(x, w)
        trained = [k for k in w if not k.startswith("moving")]
        gradients = torch.autograd.grad(y, [x, *(w[k] for k in trained)], of["cotangent"],
                                        retain_graph=True)
        got = {"y": y, "dx": gradients[0]} | {f"d_{k}": g for k, g in zip(trained, gradients[1:])}
        got |= dict(zip(("moving_mean_after", "moving_variance_after", "predicted"), others))
        assert set(got) | set(w) | {"x", "cotangent"} == set(of), name
        worst = max(worst, *(error(f"{name}/{k}", v, of[k]) for k, v in got.items()))
    return worst


def layers():
    t = load("layers")

    def embedding(x, embeddings):
        return F.embedding(x.long(), embeddings)

    def einsum(equation, activation=lambda y: y):
        return lambda x, kernel, bias=None: activation(
            torch.einsum(equation, x, kernel) + (0 if bias is None else bias))

    def product(equation, axes=None):
        def of(a, b):
            if axes is not None:
                a, b = F.normalize(a, dim=axes[0]), F.normalize(b, dim=axes[1])
            return torch.einsum(equation, a, b)
        return of

    cases = {
        "embedding": embedding, "embedding_of_floats": embedding,
        "permute_3_1_2": lambda x: x.permute(0, 3, 1, 2),
        "repeat_vector_3": lambda x: x[:, None].expand(-1, 3, -1),
        "concatenate_1": lambda *x: torch.cat(x, 1),
        "concatenate_-1": lambda *x: torch.cat(x, -1),
        "dot_vectors": lambda a, b: product("bi,bi->b")(a, b)[:, None],
        "dot_vectors_normalize": lambda a, b: product("bi,bi->b", (1, 1))(a, b)[:, None],
        "dot_-1": product("bip,bjkp->bijk"),
        "dot_1_2": product("bpi,bjp->bij"),
        "dot_2_1_normalize": product("bipj,bpk->bijk", (2, 1)),
        "einsum_matrix": einsum("ab,bc->ac"),
        "einsum_sequence": einsum("abc,cd->abd", torch.tanh),
        "einsum_heads": einsum("abc,cde->abde"),
        "einsum_merge": einsum("abcd,cde->abe"),
        "einsum_each": einsum("abc,bcd->abd"),
        "einsum_turned": einsum("abc,cd->adb"),
        "einsum_summed": einsum("abc,bd->ad"),
        "einsum_before": einsum("...x,xy->...y"),
        "einsum_before_none": einsum("...ab,bc->...ac"),
        "einsum_behind": einsum("ab...,bc->ac..."),
    }
    assert set(cases) == {k.split("/")[0] for k in t}
    worst = 0.0
    for name, function in cases.items():
        of = {key.split("/")[1]: v for key, v in t.items() if key.split("/")[0] == name}
        operands = {k: of[k].clone().requires_grad_()
                    for k in ("x", "x_1", "x_2", "embeddings", "kernel", "bias") if k in of}
        inputs = [v for k, v in operands.items() if k.startswith("x")]
        y = function(*inputs, **{k: v for k, v in operands.items() if not k.startswith("x")})
        gradients = {("d" if k.startswith("x") else "d_") + k: v for k, v in operands.items()}
        gradients = {k: v for k, v in gradients.items() if k in of}
        got = {"y": y} | dict(zip(gradients, torch.autograd.grad(
            y, list(gradients.values()), of["cotangent"])))
        assert set(got) | set(operands) | {"cotangent"} == set(of), name
        worst = max(worst, *(error(f"{name}/{k}", v, of[k]) for k, v in got.items()))


def networks():
    """Cases of make_networks.py and its runs; the steps are those of sgd() and rmsprop() above."""
    t = load("networks")
    worst, seen = 0.0, set()

    def of(prefix):
        return {k[len(prefix):]: v for k, v in t.items() if k.startswith(prefix)}

    def dense(w, name, x):
        return x @ w[f"{name}/kernel"] + w[f"{name}/bias"]

    def wide_and_deep(w, x, training):
        h = F.relu(dense(w, "dense_1", F.relu(dense(w, "dense", x["deep_in"]))))
        return (dense(w, "dense_2", torch.cat([x["wide_in"], h], -1)), dense(w, "dense_3", h))

    def two_towers(w, x, training):
        u, v = (dense(w, "dense_1", F.relu(dense(w, "dense", x[k]))) for k in ("left", "right"))
        return (((u - v) ** 2).sum(-1, keepdim=True),
                dense(w, "dense_2", torch.cat([u, v], -1)).softmax(-1))

    def embedded(w, x, training):
        e = w["embedding/embeddings"][x["ids"].long()].flatten(1)
        h = torch.tanh(dense(w, "dense", torch.cat([e, x["numbers"]], -1)))
        h = dense(w, "dense_1", h) + h
        mean, variance, gamma, beta = (
            w[f"batch_normalization/{k}"]
            for k in ("moving_mean", "moving_variance", "gamma", "beta"))
        if training:  # PyTorch's own running variance has another divisor
            mean.data = 0.99 * mean + 0.01 * h.detach().mean(0)
            variance.data = 0.99 * variance + 0.01 * h.detach().var(0, correction=0)
            mean = variance = None
        h = F.batch_norm(h, mean, variance, gamma, beta, training, eps=1e-3)
        return dense(w, "dense_2", h), dense(w, "dense_3", h)

    def squared(p, y):
        return ((p - y) ** 2).mean(-1)

    def mae(p, y):
        return (p - y).abs().mean()

    def accuracy(p, y):
        return (p.argmax(-1) == y).double().mean()

    models = {  # outputs, in their order: the loss, and the metrics
        wide_and_deep: {"main": (squared, [mae]), "auxiliary": (squared, [])},
        two_towers: {"distance": (squared, []), "classes": (
            lambda p, y: F.nll_loss(p.log(), y.long(), reduction="none"), [accuracy])},
        embedded: {"mean": (squared, [mae]), "class": (
            lambda p, y: F.cross_entropy(p, y.long(), reduction="none"), [accuracy])},
    }
    cases = {"plain": (1, 1), "weights_0.9_0.1": (0.9, 0.1), "weights_0.7_0.3": (0.7, 0.3),
             "weighted": (1, 1), "weighted_each": (0.7, 0.3), "penalty": (0.9, 0.1)}
    runs = {"sgd": (sgd, {"learning_rate": 0.1}), "sgd_weighted": (sgd, {"learning_rate": 0.1}),
            "rmsprop": (rmsprop, {"learning_rate": 1e-3, "rho": 0.9, "epsilon": 1e-7})}
    for model, outputs in models.items():
        name = model.__name__

        def compare(key, value):
            nonlocal worst
            seen.add(f"{name}/{key}")
            worst = max(worst, error(f"{name}/{key}", value, t[f"{name}/{key}"]))

        def fresh():
            return {k: v.clone().requires_grad_("moving" not in k)
                    for k, v in of(f"{name}/start/").items()}

        def results(w, step, training):
            x = {k: v[step] for k, v in of(f"{name}/input/").items()}
            return dict(zip(outputs, model(w, x, training)))

        def evaluate(w, case, step, weights):
            """The outputs, their losses, the total and its gradients."""
            out, each = results(w, step, True), {}
            for k, (loss, _) in outputs.items():
                values = loss(out[k], t[f"{name}/target/{k}"][step])
                given = (t[f"{name}/sample_weight/{k}"] if case.endswith("each")
                         else t[f"{name}/sample_weight"])[step]
                each[k] = (values * given if "weighted" in case else values).mean()
            total = sum(a * b for a, b in zip(weights, each.values()))
            if case == "penalty":
                first = "embedding/embeddings" if model is embedded else "dense/kernel"
                total = total + 0.01 * (w[first] ** 2).sum()
            trained = {k: v for k, v in w.items() if v.requires_grad}
            gradients = torch.autograd.grad(total, list(trained.values()), allow_unused=True,
                                            materialize_grads=True)
            return out, each, total, dict(zip(trained, gradients))

        for k, value in results(fresh(), 0, False).items():
            compare(f"predicted/{k}", value)
        for case, weights in cases.items():
            out, each, total, gradients = evaluate(fresh(), case, 0, weights)
            compare(f"{case}/loss", total)
            for k in outputs:
                compare(f"output/{k}", out[k])
                compare(f"{case}/loss/{k}", each[k])
            for k, g in gradients.items():
                compare(f"{case}/gradient/{k}", g)
        for run, (rule, options) in runs.items():
            w, slots, logs, after = fresh(), {}, [], []
            for step in range(3):
                out, each, total, gradients = evaluate(w, run, step, (0.9, 0.1))
                logs.append({"loss": total} | {f"{k}_loss": v for k, v in each.items()})
                for k, (_, metrics) in outputs.items():
                    logs[-1] |= {f"{k}_{metric.__name__}": metric(
                        out[k], t[f"{name}/target/{k}"][step]) for metric in metrics}
                for k, g in gradients.items():
                    w[k].data = rule(w[k].data, g, slots.setdefault(k, {}), step + 1, **options)
                after.append({k: v.detach().clone() for k, v in w.items()})
            for k in logs[0]:
                compare(f"{run}/log/{k}", torch.stack([v[k].detach() for v in logs]))
            for k in w:
                compare(f"{run}/{k}", torch.stack([v[k] for v in after]))
            for k, value in results(w, 0, False).items():
                compare(f"{run}/predicted/{k}", value)
    given = {k for k in t if k.split("/")[1] in ("input", "target", "sample_weight", "start")}
    assert seen | given == set(t), set(t) - seen - given
    return worst


print(f"PyTorch {torch.__version__}; stored by",
      safe_open(HERE / "training.safetensors", "np").metadata()["keras"])
for part in (activations, losses, metrics, optimizers, training, conv, norms, layers,
             networks):
    print(f"{part.__name__}: largest error {part():.2g}")
if bad:
    raise SystemExit("too far:\n" + "\n".join(bad))
