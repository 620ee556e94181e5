# SPDX-License-Identifier: BSL-1.0
"""Makes layers.safetensors: Keras's embedding, einsum, moving and merging layers.

    venv/bin/python make_layers.py           # see make.py for the environment
    venv/bin/python make_layers.py --check   # computes them again and compares with the stored file

For every case: `x` (batch first; of merging layers also `x_1`, `x_2`), the layer's weights,
`cotangent`, `y`, `dx`, `dx_1` and so on, and `d_<weight>` (gradients of sum(cotangent * y)).
"""
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from safetensors.numpy import load_file, save_file  # noqa: E402

SEED = 20240409
BATCH = 3
PATH = pathlib.Path(__file__).resolve().parent / "layers.safetensors"
random = np.random.default_rng(SEED)


def f32(values):
    return np.array(values, dtype=np.float32, order="C")


def case(layer, *inputs):
    """The tensors of one case. `inputs`: for each its values, or the extents of random ones."""
    x = [tf.constant(f32(random.standard_normal((BATCH, *i))) if isinstance(i, tuple) else i)
         for i in inputs]
    given = x[0] if len(x) == 1 else x
    layer(given)
    for v in layer.weights:
        v.assign(f32(random.standard_normal(v.shape)))
    trained = [v.value for v in layer.weights]
    floating = [i for i, value in enumerate(x) if value.dtype.is_floating]
    with tf.GradientTape() as tape:
        tape.watch([x[i] for i in floating] + trained)
        y = layer(given)
    cotangent = f32(random.uniform(-1.0, 1.0, y.shape))
    gradients = tape.gradient(y, [x[i] for i in floating] + trained, output_gradients=cotangent)
    gradients = [None if g is None else tf.convert_to_tensor(g).numpy() for g in gradients]
    tensors = {"y": y.numpy(), "cotangent": cotangent}
    for i, value in enumerate(x):
        name = "x" if i == 0 else f"x_{i}"
        tensors[name] = value.numpy()
        if i in floating and gradients[floating.index(i)] is not None:
            tensors[f"d{name}"] = gradients[floating.index(i)]
    for v, gradient in zip(layer.weights, gradients[len(floating):]):
        tensors[v.name] = v.numpy()
        tensors[f"d_{v.name}"] = gradient
    return tensors


def layers():
    k = keras.layers
    numbers = random.integers(0, 7, (BATCH, 2, 5))
    einsum = k.EinsumDense
    cases = {
        "embedding": case(k.Embedding(7, 4), numbers.astype(np.int32)),
        "embedding_of_floats": case(k.Embedding(7, 4), f32(numbers) + f32(0.75)),
        "permute_3_1_2": case(k.Permute((3, 1, 2)), (2, 3, 4)),
        "repeat_vector_3": case(k.RepeatVector(3), (5,)),
        "concatenate_1": case(k.Concatenate(axis=1), (2, 3), (1, 3), (4, 3)),
        "concatenate_-1": case(k.Concatenate(), (2, 3), (2, 1), (2, 4)),
        "dot_vectors": case(k.Dot(1), (5,), (5,)),
        "dot_vectors_normalize": case(k.Dot(-1, normalize=True), (5,), (5,)),
        "dot_-1": case(k.Dot(-1), (4, 3), (2, 5, 3)),
        "dot_1_2": case(k.Dot((1, 2)), (5, 3), (4, 5)),
        "dot_2_1_normalize": case(k.Dot((2, 1), normalize=True), (2, 5, 3), (5, 4)),
        "einsum_matrix": case(einsum("ab,bc->ac", 4, bias_axes="c"), (5,)),
        "einsum_sequence": case(einsum("abc,cd->abd", (None, 6), activation="tanh"), (2, 5)),
        "einsum_heads": case(einsum("abc,cde->abde", (None, 2, 3), bias_axes="de"), (4, 5)),
        "einsum_merge": case(einsum("abcd,cde->abe", (None, 5), bias_axes="e"), (4, 2, 3)),
        "einsum_each": case(einsum("abc,bcd->abd", (4, 3), bias_axes="bd"), (4, 2)),
        "einsum_turned": case(einsum("abc,cd->adb", (5, None), bias_axes="d"), (4, 3)),
        "einsum_summed": case(einsum("abc,bd->ad", 3), (4, 2)),
        "einsum_before": case(einsum("...x,xy->...y", 4, bias_axes="y"), (2, 3, 5)),
        "einsum_before_none": case(einsum("...ab,bc->...ac", 4, bias_axes="c"), (5,)),
        "einsum_behind": case(einsum("ab...,bc->ac...", 4, bias_axes="c"), (5, 2, 3)),
    }
    return {f"{name}/{key}": value for name, c in cases.items() for key, value in c.items()}


keras.utils.set_random_seed(SEED)
tf.config.experimental.enable_op_determinism()
tensors = {key: f32(value) for key, value in layers().items()}
for key, value in tensors.items():
    assert np.isfinite(value).all(), key
if "--check" in sys.argv[1:]:
    stored = load_file(PATH)
    assert stored.keys() == tensors.keys()
    for key, value in tensors.items():
        assert np.allclose(stored[key], value, rtol=2e-6, atol=2e-6), key
else:
    save_file(tensors, PATH, metadata={"keras": keras.__version__, "seed": str(SEED),
                                       "backend": f"tensorflow {tf.__version__}"})
    PATH.chmod(0o644)
print(f"{PATH.name}: {len(tensors)} tensors, ok")
