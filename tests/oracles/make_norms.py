# SPDX-License-Identifier: BSL-1.0
"""Makes norms.safetensors: Keras's normalization layers, and training with batch normalization.

    venv/bin/python make_norms.py           # see make.py for the environment
    venv/bin/python make_norms.py --check   # computes them again and compares with the stored file

For every layer case: `x` (batch first), its weights, `cotangent`, `y` in training, `dx` and
`d_<weight>` (gradients of sum(cotangent * y)); for batch normalization also `<state>_after` the call
and `predicted`, what the layer gives for x outside of training then. `train/...`: a model trained
for 5 steps, `train_frozen/...`: the same with its first normalization frozen; weights after every
step.
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

SEED = 20240301
PATH = pathlib.Path(__file__).resolve().parent / "norms.safetensors"
random = np.random.default_rng(SEED)


def f32(values):
    return np.array(values, dtype=np.float32, order="C")


def layer_case(layer, shape, batch=4):
    layer.build((None, *shape))
    for v in layer.weights:
        value = 0.5 * random.standard_normal(v.shape)
        v.assign(f32(0.5 + np.abs(value) if "variance" in v.name else value))
    tensors = {v.name: v.numpy() for v in layer.weights}
    states = [v for v in layer.weights if not v.trainable]
    trained = [v.value for v in layer.trainable_weights]
    x = tf.constant(f32(1.5 * random.standard_normal((batch, *shape)) + 0.7))
    with tf.GradientTape() as tape:
        tape.watch([x, *trained])
        y = layer(x, training=True) if states else layer(x)
    cotangent = f32(random.uniform(-1.0, 1.0, y.shape))
    gradients = tape.gradient(y, [x, *trained], output_gradients=cotangent)
    tensors |= {"x": x.numpy(), "y": y.numpy(), "cotangent": cotangent, "dx": gradients[0].numpy()}
    for v, gradient in zip(layer.trainable_weights, gradients[1:]):
        tensors[f"d_{v.name}"] = gradient.numpy()
    for v in states:
        tensors[f"{v.name}_after"] = v.numpy()
    if states:
        tensors["predicted"] = layer(x, training=False).numpy()
    return tensors


def layers():
    k = keras.layers
    cases = {  # name: (layer, extents of a sample)
        "batch": (k.BatchNormalization(), (3, 2, 5)),
        "batch_vector": (k.BatchNormalization(momentum=0.7, epsilon=0.01), (7,)),
        "batch_axis_1": (k.BatchNormalization(axis=1), (3, 2, 4)),
        "batch_plain": (k.BatchNormalization(center=False, scale=False), (2, 6)),
        "layer": (k.LayerNormalization(), (3, 5)),
        "layer_vector": (k.LayerNormalization(epsilon=0.1), (9,)),
        "layer_axes_2_3": (k.LayerNormalization(axis=[2, 3]), (2, 3, 4)),
        "layer_axis_1": (k.LayerNormalization(axis=1), (4, 3)),
        "layer_plain": (k.LayerNormalization(center=False, scale=False), (2, 6)),
        "group_2": (k.GroupNormalization(2), (3, 2, 6)),
        "group_each": (k.GroupNormalization(-1, epsilon=0.01), (3, 4, 3)),
        "group_4_vector": (k.GroupNormalization(4), (8,)),
        "group_1": (k.GroupNormalization(1, center=False), (5, 4)),
        "rms": (k.RMSNormalization(), (3, 6)),
        "rms_epsilon": (k.RMSNormalization(epsilon=0.1), (5,)),
        "unit": (k.UnitNormalization(), (3, 4)),
        "unit_axis_1": (k.UnitNormalization(axis=1), (3, 4)),
    }
    return {f"{name}/{key}": value for name, (layer, shape) in cases.items()
            for key, value in layer_case(layer, shape).items()}


def training():
    steps, rows = 5, 6
    x = f32(2.0 * random.standard_normal((steps, rows, 4, 3)) + 1.0)
    y = f32(random.integers(0, 3, (steps, rows)))
    tensors = {"train/x": x, "train/y": y}
    start = None
    for name in ("train", "train_frozen"):
        k = keras.layers
        model = keras.Sequential([
            keras.Input((4, 3)), k.BatchNormalization(), k.Dense(5, "relu"),
            k.BatchNormalization(momentum=0.9), k.Flatten(), k.Dense(3)])
        paths = [f"{layer}/{weight}"
                 for layer, weights in (
                     ("batch_normalization", "gamma beta moving_mean moving_variance"),
                     ("dense", "kernel bias"),
                     ("batch_normalization_1", "gamma beta moving_mean moving_variance"),
                     ("dense_1", "kernel bias"))
                 for weight in weights.split()]
        if start is None:
            start = [f32(0.3 * random.standard_normal(w.shape) + (
                1 if "gamma" in path or "variance" in path else 0))
                for path, w in zip(paths, model.get_weights())]
            tensors |= {f"train/start/{path}": w for path, w in zip(paths, start)}
        model.layers[0].trainable = name == "train"
        variables = [v for layer in model.layers for v in layer.weights]
        order = [v.path.split("/")[-1] for v in variables]
        assert order == [path.split("/")[-1] for path in paths], order
        for v, value in zip(variables, start):
            v.assign(value)
        model.compile(optimizer=keras.optimizers.SGD(learning_rate=0.1, momentum=0.9),
                      loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        losses, after = [], {path: [] for path in paths}
        for step in range(steps):
            model.reset_metrics()
            losses.append(model.train_on_batch(x[step], y[step]))
            for path, v in zip(paths, variables):
                after[path].append(v.numpy().copy())
        tensors[f"{name}/loss"] = f32(losses)
        tensors[f"{name}/evaluated"] = f32(model.evaluate(x[0], y[0], verbose=0))
        tensors |= {f"{name}/{path}": np.stack(value) for path, value in after.items()}
    return tensors


keras.utils.set_random_seed(SEED)
tf.config.experimental.enable_op_determinism()
tensors = {key: f32(value) for key, value in (layers() | training()).items()}
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
