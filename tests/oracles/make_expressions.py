# SPDX-License-Identifier: BSL-1.0
"""Makes expressions.safetensors: what NumPy gives for expressions of random arrays.

    python make_expressions.py           # needs numpy and safetensors
    python make_expressions.py --check   # computes them again and compares with the stored file

`a` ... `h` are the operands; every other name is a case of tests/expressions/numpy.cpp. Results are
computed in float64 and stored as float32, row-major.
"""
import pathlib
import sys

import numpy as np
from safetensors.numpy import load_file, save_file

PATH = pathlib.Path(__file__).resolve().parent / "expressions.safetensors"
random = np.random.default_rng(20260301)

f32 = {
    "a": random.standard_normal((3, 1, 5)),
    "b": random.standard_normal((4, 1)),
    "c": random.standard_normal((2, 3, 4)),
    "d": random.standard_normal((4, 5)),
    "e": random.standard_normal((2, 1, 4, 3)),
    "f": random.standard_normal((5, 3, 2)),
    "g": 0.5 + random.random((3, 4)),
    "h": random.standard_normal((7,)),
}
f32 = {name: np.ascontiguousarray(x, dtype=np.float32) for name, x in f32.items()}
a, b, c, d, e, f, g, h = (x.astype(np.float64) for x in f32.values())
i = np.array([[2, 0], [1, -1], [0, 2]])


def softmax(x, axis):
    z = np.exp(x - x.max(axis=axis, keepdims=True))
    return z / z.sum(axis=axis, keepdims=True)


cases = {
    "add": a + b,
    "subtract_row": c - c[0, 0],
    "multiply_three": a * b * a[0],
    "divide": g / (2 + g[:, :1]),
    "power": np.power(g, g - 1),
    "maximum": np.maximum(a, b),
    "minimum": np.minimum(a, b),
    "where": np.where(a > b, a * b, a - b),
    "clip": np.clip(c, -0.5, 0.25),
    "floor_divide": np.floor_divide(c, 0.3),
    "mod": np.mod(c, -0.7),
    "arctan2": np.arctan2(a, b),
    "mathematics": np.log1p(g) * np.tan(g) + np.sqrt(g) * np.expm1(g) - np.arcsinh(g),
    "sum_all": np.sum(c),
    "sum_0_2": np.sum(c, axis=(0, 2)),
    "mean_keep": np.mean(c, axis=1, keepdims=True),
    "max_last": np.max(c, axis=-1),
    "min_first": np.min(c, axis=0),
    "prod": np.prod(g, axis=1),
    "argmax": np.argmax(c, axis=2),
    "argmin_all": np.argmin(c),
    "var": np.var(c, axis=(1, 2)),
    "std": np.std(c, axis=0),
    "norm": np.linalg.norm(c, axis=2),
    "logsumexp": np.log(np.sum(np.exp(c), axis=1)),
    "softmax": softmax(c, -1),
    "softmax_1": softmax(c, 1),
    "matmul": c @ d,
    "matmul_broadcast": e @ f,
    "vector_matrix": h[:4] @ d,
    "matrix_vector": d.T @ h[:4],
    "einsum": np.einsum("bij,jk->kib", c, d),
    "einsum_trace": np.einsum("ii->i", d[:, :4]),
    "outer": np.outer(h, g),
    "tensordot": np.tensordot(c, g, 2),
    "transpose": np.transpose(c, (2, 0, 1)),
    "reshape": np.reshape(c, (4, 6)),
    "slice": c[1:2, ::2, 1:-1],
    "concatenate": np.concatenate([c, 2 * c[:, :1]], axis=1),
    "stack": np.stack([g, -g], axis=1),
    "pad": np.pad(g, ((1, 0), (0, 2)), constant_values=3),
    "pad_reflect": np.pad(g, ((1, 2), (0, 3)), mode="reflect"),
    "pad_symmetric": np.pad(g, ((1, 2), (0, 3)), mode="symmetric"),
    "flip": np.flip(c, axis=(0, 2)),
    "roll": np.roll(c, 3, axis=2),
    "tile": np.tile(g, (2, 1)),
    "repeat": np.repeat(g, 2, axis=1),
    "cumsum": np.cumsum(c, axis=1),
    "cumprod": np.cumprod(g, axis=1),
    "sort": np.sort(c, axis=2),
    "argsort": np.argsort(c, axis=1, kind="stable"),
    "take": np.take(c, i, axis=1),
    "take_along_axis": np.take_along_axis(g, i, axis=1),
}
tensors = dict(f32)
tensors.update({name: np.array(x, dtype=np.float32, order="C") for name, x in cases.items()})

if "--check" in sys.argv:
    stored = load_file(PATH)
    assert stored.keys() == tensors.keys()
    worst = max(np.max(np.abs(stored[k] - tensors[k]) / np.maximum(1, np.abs(tensors[k])))
                for k in tensors)
    print(f"{len(cases)} cases, largest difference {worst:.2g}")
    sys.exit(worst > 1e-6)
save_file(tensors, PATH)
print(f"{len(cases)} cases in {PATH.name}")
