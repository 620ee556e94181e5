# SPDX-License-Identifier: BSL-1.0
"""Makes networks.safetensors: models of two inputs and two outputs, with losses and training steps.

    venv/bin/python make_networks.py           # see make.py for the environment
    venv/bin/python make_networks.py --check   # computes them again, compares with the stored file

README.md has the layout. Everything is computed in float32 and, for comparison, in float64: stored
numbers must be within 1e-6 of those, relative to max(1, |number|). No relu is computed within 1e-4
of its kink, where another order of additions could change a gradient.
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
from keras import layers, losses, ops  # noqa: E402
from safetensors.numpy import load_file, save_file  # noqa: E402

SEED = 20240307
STEPS = 3
PATH = pathlib.Path(__file__).resolve().parent / "networks.safetensors"


def f32(values):
    return np.array(values, dtype=np.float32, order="C")


# Each gives inputs, outputs, layers in the order of their first call, and what its relus see.
def wide_and_deep(penalty):
    l2 = keras.regularizers.L2(0.01) if penalty else None
    deep_1, deep_2 = layers.Dense(30, kernel_regularizer=l2), layers.Dense(30)
    head, auxiliary_head = layers.Dense(1), layers.Dense(1)
    wide, deep = keras.Input((3,), name="wide_in"), keras.Input((5,), name="deep_in")
    a = deep_1(deep)
    b = deep_2(ops.relu(a))
    h = ops.relu(b)
    return ({"wide_in": wide, "deep_in": deep},
            {"main": head(ops.concatenate([wide, h], -1)), "auxiliary": auxiliary_head(h)},
            {"dense": deep_1, "dense_1": deep_2, "dense_2": head, "dense_3": auxiliary_head},
            [a, b])


def two_towers(penalty):
    l2 = keras.regularizers.L2(0.01) if penalty else None
    tower_1, tower_2 = layers.Dense(8, kernel_regularizer=l2), layers.Dense(4)
    head = layers.Dense(3, "softmax")
    left, right = keras.Input((6,), name="left"), keras.Input((6,), name="right")
    a, b = tower_1(left), tower_1(right)
    u, v = tower_2(ops.relu(a)), tower_2(ops.relu(b))
    return ({"left": left, "right": right},
            {"distance": ops.sum(ops.square(u - v), -1, keepdims=True),
             "classes": head(ops.concatenate([u, v], -1))},
            {"dense": tower_1, "dense_1": tower_2, "dense_2": head}, [a, b])


def embedded(penalty):
    l2 = keras.regularizers.L2(0.01) if penalty else None
    embedding, flatten = layers.Embedding(12, 4, embeddings_regularizer=l2), layers.Flatten()
    hidden, inner, normalize = layers.Dense(8, "tanh"), layers.Dense(8), layers.BatchNormalization()
    mean, scores = layers.Dense(1), layers.Dense(2)
    ids, numbers = keras.Input((3,), dtype="int32", name="ids"), keras.Input((2,), name="numbers")
    h = hidden(ops.concatenate([flatten(embedding(ids)), numbers], -1))
    h = normalize(inner(h) + h)
    return ({"ids": ids, "numbers": numbers}, {"mean": mean(h), "class": scores(h)},
            {"embedding": embedding, "dense": hidden, "dense_1": inner,
             "batch_normalization": normalize, "dense_2": mean, "dense_3": scores}, [])


def data(random):
    """For each model: its batches, the losses and metrics of its outputs, and how it is built."""
    wide, deep = random.standard_normal((STEPS, 7, 3)), random.standard_normal((STEPS, 7, 5))
    y = wide.sum(-1, keepdims=True) - deep.sum(-1, keepdims=True)
    left, right = random.standard_normal((2, STEPS, 5, 6))
    numbers = random.standard_normal((STEPS, 6, 2))
    return {
        "wide_and_deep": (
            wide_and_deep, {"wide_in": wide, "deep_in": deep},
            {"main": y, "auxiliary": y + 0.3 * random.standard_normal(y.shape)},
            {"main": losses.MeanSquaredError, "auxiliary": losses.MeanSquaredError},
            {"main": ["mae"], "auxiliary": []}),
        "two_towers": (
            two_towers, {"left": left, "right": right},
            {"distance": random.uniform(0.0, 2.0, (STEPS, 5, 1)),
             "classes": random.integers(0, 3, (STEPS, 5))},
            {"distance": losses.MeanSquaredError, "classes": losses.SparseCategoricalCrossentropy},
            {"distance": [], "classes": ["accuracy"]}),
        "embedded": (
            embedded, {"ids": random.integers(0, 12, (STEPS, 6, 3)), "numbers": numbers},
            {"mean": numbers.mean(-1, keepdims=True), "class": random.integers(0, 2, (STEPS, 6))},
            {"mean": losses.MeanSquaredError,
             "class": lambda: losses.SparseCategoricalCrossentropy(from_logits=True)},
            {"mean": ["mae"], "class": ["accuracy"]}),
    }


class RMSprop(keras.optimizers.RMSprop):
    """Keras's, with an embedding's gradient summed up first where an integer occurs repeatedly.

    Keras 3.15.1 squares the contributions one by one there and adds the squares, because TensorFlow
    gives them apart (IndexedSlices); Keras before version 3 summed first.
    """

    def apply(self, gradients, variables=None):
        super().apply([tf.convert_to_tensor(g) for g in gradients], variables)


CASES = {  # name: (weights of the losses, weights of the samples, penalty)
    "plain": (None, "", False),
    "weights_0.9_0.1": ((0.9, 0.1), "", False),
    "weights_0.7_0.3": ((0.7, 0.3), "", False),
    "weighted": (None, "one", False),
    "weighted_each": ((0.7, 0.3), "each", False),
    "penalty": ((0.9, 0.1), "", True),
}
RUNS = {  # name: (optimizer, weights of the samples)
    "sgd": (lambda: keras.optimizers.SGD(learning_rate=0.1), ""),
    "sgd_weighted": (lambda: keras.optimizers.SGD(learning_rate=0.1), "one"),
    "rmsprop": (lambda: RMSprop(learning_rate=1e-3), ""),
}


class network:
    """One of the models, ready to be computed from its stored start."""

    def __init__(self, make, start, penalty=False):
        inputs, outputs, named, relus = make(penalty)
        self.model = keras.Model(inputs, outputs)
        self.relus = keras.Model(inputs, relus) if relus else None
        self.variables = {f"{path}/{v.name}": v for path, layer in named.items()
                          for v in layer.weights}
        assert len(self.variables) == len(self.model.weights)
        for path, v in self.variables.items():
            v.assign(start[path])

    def check_margin(self, x):
        if self.relus:
            assert all(float(ops.min(ops.abs(v))) > 1e-4 for v in self.relus(x))


def compute(dtype, metadata):
    """All numbers of the file, computed in `dtype`."""
    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)
    random = np.random.default_rng(SEED)
    tensors = {}

    def typed(values, kind=dtype):
        return tf.constant(f32(values).astype(kind))

    for name, (make, x, y, loss_of, metrics) in data(random).items():
        rows = len(next(iter(x.values()))[0])
        weights = {"one": random.uniform(0.0, 2.0, (STEPS, rows)),
                   "each": {k: random.uniform(0.0, 2.0, (STEPS, rows)) for k in y}}
        weights["one"][:, 1] = 0.0
        inputs, _, named, _ = make(penalty=False)
        kinds = {k: v.dtype for k, v in inputs.items()}
        start = {}
        for path, layer in named.items():
            for v in layer.weights:
                value = 0.7 * random.standard_normal(v.shape) / max(v.shape[0], 4) ** 0.5
                start[f"{path}/{v.name}"] = f32(
                    0.5 + np.abs(value) if "variance" in v.name else
                    1 + value if "gamma" in v.name else value)
        tensors |= {f"{name}/input/{k}": v for k, v in x.items()}
        tensors |= {f"{name}/target/{k}": v for k, v in y.items()}
        tensors |= {f"{name}/sample_weight": weights["one"]}
        tensors |= {f"{name}/sample_weight/{k}": v for k, v in weights["each"].items()}
        tensors |= {f"{name}/start/{k}": v for k, v in start.items()}

        def batch(step):
            return {k: typed(v[step], kinds[k]) for k, v in x.items()}

        def targets(step):
            return {k: typed(v[step]) for k, v in y.items()}

        def sample_weights(which, step):
            if not which:
                return None
            each = weights["each"] if which == "each" else {k: weights["one"] for k in y}
            return {k: typed(v[step]) for k, v in each.items()}

        for case, (loss_weights, which, penalty) in CASES.items():
            n = network(make, start, penalty)
            n.check_margin(batch(0))
            trained = {k: v.value for k, v in n.variables.items() if v.trainable}
            if case == "plain":
                for k, v in n.model(batch(0), training=False).items():
                    tensors[f"{name}/predicted/{k}"] = v
            with tf.GradientTape() as tape:
                out = n.model(batch(0), training=True)
                each = {}
                for k, v in targets(0).items():
                    w = sample_weights(which, 0)
                    each[k] = loss_of[k]()(v, out[k], sample_weight=w and w[k])
                total = sum(ops.cast(w, dtype) * v
                            for w, v in zip(loss_weights or (1.0, 1.0), each.values()))
                if penalty:
                    assert len(n.model.losses) == 1
                    total = total + sum(n.model.losses)
            gradients = tape.gradient(total, list(trained.values()))
            if case == "plain":
                tensors |= {f"{name}/output/{k}": v for k, v in out.items()}
            tensors[f"{name}/{case}/loss"] = total
            tensors |= {f"{name}/{case}/loss/{k}": v for k, v in each.items()}
            for k, g in zip(trained, gradients):
                tensors[f"{name}/{case}/gradient/{k}"] = tf.convert_to_tensor(g)

        for run, (optimizer, which) in RUNS.items():
            n = network(make, start)
            n.model.compile(optimizer=optimizer(), loss={k: v() for k, v in loss_of.items()},
                            loss_weights=dict(zip(y, (0.9, 0.1))), metrics=metrics)
            logs, after = [], {k: [] for k in n.variables}
            for step in range(STEPS):
                n.check_margin(batch(step))
                n.model.reset_metrics()
                w = sample_weights(which, step)
                logs.append(n.model.train_on_batch(batch(step), targets(step), sample_weight=w,
                                                   return_dict=True))
                for k, v in n.variables.items():
                    after[k].append(v.numpy().copy())
            metadata[f"{name}/keras_logs"] = " ".join(logs[0])
            names = ["loss"] + [f"{k}_loss" for k in y]  # the order of Keras before version 3
            names += [f"{k}_{v}" for k in y for v in metrics[k]]
            assert sorted(names) == list(logs[0]), (names, list(logs[0]))
            metadata[f"{name}/logs"] = " ".join(names)
            tensors |= {f"{name}/{run}/log/{k}": [v[k] for v in logs] for k in names}
            tensors |= {f"{name}/{run}/{k}": np.stack(v) for k, v in after.items()}
            for k, v in n.model(batch(0), training=False).items():
                tensors[f"{name}/{run}/predicted/{k}"] = v
            if run == "sgd":  # Keras's own step does what the gradients say
                assert np.allclose(logs[0]["loss"], tensors[f"{name}/weights_0.9_0.1/loss"], 1e-6)
                for k, v in trained.items():
                    expected = start[k] - 0.1 * tensors[f"{name}/weights_0.9_0.1/gradient/{k}"]
                    assert np.allclose(after[k][0], expected, rtol=1e-5, atol=1e-6), (name, k)
    return {key: np.array(value) for key, value in tensors.items()}


keras.utils.set_random_seed(SEED)
tf.config.experimental.enable_op_determinism()
metadata = {"keras": keras.__version__, "backend": f"tensorflow {tf.__version__}",
            "seed": str(SEED)}
tensors = {key: f32(value) for key, value in compute("float32", metadata).items()}
precise = compute("float64", metadata)
assert precise.keys() == tensors.keys()
worst = 0.0
for key, value in tensors.items():
    assert np.isfinite(value).all(), key
    errors = np.abs(value - precise[key]) / np.maximum(1.0, np.abs(precise[key]))
    assert errors.max() <= 1e-6, (key, errors.max())
    worst = max(worst, errors.max())
if "--check" in sys.argv[1:]:
    stored = load_file(PATH)
    assert stored.keys() == tensors.keys()
    for key, value in tensors.items():
        assert stored[key].shape == value.shape, key
        assert np.allclose(stored[key], value, rtol=2e-6, atol=2e-6), key
else:
    save_file(tensors, PATH, metadata=metadata)
    PATH.chmod(0o644)
print(f"{PATH.name}: {len(tensors)} tensors, {PATH.stat().st_size} bytes, "
      f"within {worst:.2g} of float64")
