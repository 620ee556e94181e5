# SPDX-License-Identifier: BSL-1.0
"""Makes the stored numbers in this folder: inputs with Keras's outputs and gradients, in float32.

    python -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python make.py             # writes *.safetensors beside this file
    venv/bin/python make.py conv        # writes that one
    venv/bin/python make.py --check     # computes them again and compares with the stored files
    venv/bin/python check_with_pytorch.py

The layout of every file is in README.md. Everything is float32, class numbers too (0.0, 1.0, ...).
Gradients are those of the back end's automatic differentiation (TensorFlow's GradientTape).
"""
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras  # noqa: E402
import numpy as np  # noqa: E402
import safetensors  # noqa: E402
import tensorflow as tf  # noqa: E402
from safetensors.numpy import load_file, save_file  # noqa: E402

SEED = 20240229
HERE = pathlib.Path(__file__).resolve().parent
CHECKING = "--check" in sys.argv[1:]
failures = []


def f32(values):
    return np.array(values, dtype=np.float32, order="C")


def write(name, tensors, **metadata):
    """Stores `tensors`; with --check, compares them with what is stored instead."""
    path = HERE / f"{name}.safetensors"
    tensors = {key: f32(value) for key, value in tensors.items()}
    for key, value in tensors.items():
        if not np.isfinite(value).all():
            raise SystemExit(f"{name}: {key} is not finite")
    if CHECKING:
        stored = load_file(path)
        if stored.keys() != tensors.keys():
            failures.append(f"{name}: other tensors: {sorted(stored.keys() ^ tensors.keys())}")
            return
        for key, value in tensors.items():
            if stored[key].shape != value.shape or not np.allclose(
                    stored[key], value, rtol=2e-6, atol=2e-7):
                failures.append(f"{name}: {key} differs from the stored values")
        print(f"{path.name}: {len(tensors)} tensors compared")
        return
    metadata = {key: str(value) for key, value in metadata.items()}
    metadata |= {"keras": keras.__version__, "backend": f"tensorflow {tf.__version__}",
                 "seed": str(SEED)}
    save_file(tensors, path, metadata=metadata)
    path.chmod(0o644)
    print(f"{path.name}: {len(tensors)} tensors, {path.stat().st_size} bytes")


def with_gradient(function, x, cotangent=None):
    """function(x) and its gradient at x: of sum(cotangent * function(x)), or of a scalar."""
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return y.numpy(), tape.gradient(y, x, output_gradients=cotangent).numpy()


# ------------------------------------------------------------------------------------- activations
def sparsemax(x):
    """Martins and Astudillo's (2016, algorithm 1), which Keras's documentation names.

    Keras 3.15.1's own gives that only where one entry is kept: with several its threshold takes the
    sum of the cumulated sums instead of the last of them, and its rows do not sum to 1.
    """
    z = tf.sort(x, direction="DESCENDING", axis=-1)
    sums = tf.cumsum(z, axis=-1)
    k = tf.range(1, x.shape[-1] + 1, dtype=x.dtype)
    kept = tf.reduce_sum(tf.cast(1 + k * z > sums, tf.int32), axis=-1, keepdims=True)
    threshold = (tf.gather(sums, kept - 1, batch_dims=1) - 1) / tf.cast(kept, x.dtype)
    y = tf.maximum(x - threshold, 0.0)
    theirs = keras.activations.sparsemax(x)
    one = kept[:, 0] == 1
    assert np.allclose(y[one], theirs[one]) and np.allclose(tf.reduce_sum(y, -1), 1, atol=3e-6)
    return y


def activations():
    random = np.random.default_rng(SEED)
    a = keras.activations
    table = {name: getattr(a, name) for name in (
        "relu sigmoid tanh softmax linear elu selu silu leaky_relu softplus softsign hard_sigmoid "
        "exponential log_softmax relu6 mish hard_silu hard_tanh hard_shrink soft_shrink "
        "tanh_shrink log_sigmoid sparse_plus sparse_sigmoid squareplus").split()}
    table |= {
        "sparsemax": sparsemax,
        "celu": a.celu,
        "gelu": lambda x: a.gelu(x, approximate=False),
        "gelu_tanh": lambda x: a.gelu(x, approximate=True),
        "threshold": lambda x: a.threshold(x, 1.0, -0.25),
        # the same functions with options that are not the default
        "relu_slope_0.1_max_6_threshold_1": lambda x: a.relu(
            x, negative_slope=0.1, max_value=6.0, threshold=1.0),
        "leaky_relu_slope_0.3": lambda x: a.leaky_relu(x, negative_slope=0.3),
        "elu_alpha_0.5": lambda x: a.elu(x, alpha=0.5),
        "celu_alpha_2": lambda x: a.celu(x, alpha=2.0),
        "soft_shrink_threshold_0.25": lambda x: a.soft_shrink(x, threshold=0.25),
        "hard_shrink_threshold_0.25": lambda x: a.hard_shrink(x, threshold=0.25),
        "squareplus_b_1": lambda x: a.squareplus(x, b=1),
    }
    x = f32(2.0 * random.standard_normal((7, 11)))
    x[0] = [0.0, 30.0, -30.0, 1e-3, -1e-3, 1e-6, -1e-6, 5.0, -5.0, 10.0, -10.0]
    x[1] = [0.25 * v + 0.03 for v in range(-5, 6)]  # close together: sparsemax keeps several
    x[2] = 20.0 + x[2]  # a row far from zero: softmax has to subtract its maximum
    cotangent = f32(random.uniform(-1.0, 1.0, x.shape))
    tensors = {"x": x, "cotangent": cotangent}
    for name, function in table.items():
        y, dx = with_gradient(function, x, cotangent)
        tensors |= {f"{name}/y": y, f"{name}/dx": dx}
    # Keras writes celu as max(x, 0) + alpha * expm1(min(x, 0) / alpha). At exactly x = 0 the back
    # end sends the whole gradient through both, which gives 2; the derivative is 1.
    for name in ("celu", "celu_alpha_2"):
        assert x[0, 0] == 0.0
        tensors[f"{name}/dx"] = tensors[f"{name}/dx"].copy()
        assert np.isclose(tensors[f"{name}/dx"][0, 0], 2 * cotangent[0, 0])
        tensors[f"{name}/dx"][0, 0] = cotangent[0, 0]
    # glu halves the last axis, which has to be even
    x = f32(2.0 * random.standard_normal((7, 12)))
    x[0] = [0.0, 30.0, -30.0, 1e-3, 5.0, -5.0, 0.0, 30.0, -30.0, 2.0, -1e-3, 10.0]
    cotangent = f32(random.uniform(-1.0, 1.0, (7, 6)))
    y, dx = with_gradient(a.glu, x, cotangent)
    tensors |= {"glu/x": x, "glu/cotangent": cotangent, "glu/y": y, "glu/dx": dx}
    write("activations", tensors)


# ------------------------------------------------------------------------------------------ losses
def losses():
    random = np.random.default_rng(SEED + 1)
    rows, columns = 6, 5

    def softmax(z):
        e = np.exp(z - z.max(-1, keepdims=True))
        return f32(e / e.sum(-1, keepdims=True))

    logits = f32(2.0 * random.standard_normal((rows, columns)))
    logits[0] += 40.0  # a row far from zero
    classes = f32(random.integers(0, columns, rows))
    soft_targets = softmax(random.standard_normal((rows, columns)))
    binary_logits = f32(3.0 * random.standard_normal((rows, columns)))
    binary_logits[0, 0], binary_logits[0, 1] = 25.0, -25.0
    zero_one = f32(random.integers(0, 2, (rows, columns)))
    probability = f32(random.uniform(0.02, 0.98, (rows, columns)))
    saturated = probability.copy()
    saturated[0] = [0.0, 1.0, 0.0, 1.0, 0.5]
    saturated_zero_one = zero_one.copy()
    saturated_zero_one[0] = [0.0, 1.0, 1.0, 0.0, 1.0]
    saturated_rows = softmax(logits)
    saturated_rows[0] = [0.0, 1.0, 0.0, 0.0, 0.0]
    saturated_rows[1] = [0.0, 0.0, 1.0, 0.0, 0.0]
    saturated_one_hot = np.eye(columns, dtype=np.float32)[classes.astype(int)]
    saturated_one_hot[:2] = np.eye(columns, dtype=np.float32)[[1, 4]]
    one_hot = np.eye(columns, dtype=np.float32)[classes.astype(int)]
    values = f32(random.standard_normal((rows, columns)))
    targets = f32(values + 1.5 * random.standard_normal((rows, columns)))
    weight = f32(random.uniform(0.0, 2.0, rows))
    weight[2] = 0.0
    unnormalised = f32(softmax(logits) * random.uniform(0.5, 1.5, (rows, 1)))

    k = keras.losses
    cases = {  # name: (loss, predictions, targets)
        "mean_squared_error": (k.MeanSquaredError(), values, targets),
        "mean_absolute_error": (k.MeanAbsoluteError(), values, targets),
        "huber_delta_1": (k.Huber(), values, targets),
        "huber_delta_2": (k.Huber(delta=2.0), values, targets),
        "binary_crossentropy": (k.BinaryCrossentropy(), probability, zero_one),
        "binary_crossentropy_saturated": (k.BinaryCrossentropy(), saturated, saturated_zero_one),
        "binary_crossentropy_smoothing_0.1": (
            k.BinaryCrossentropy(label_smoothing=0.1), probability, zero_one),
        "binary_crossentropy_from_logits": (
            k.BinaryCrossentropy(from_logits=True), binary_logits, zero_one),
        "binary_crossentropy_from_logits_smoothing_0.1": (
            k.BinaryCrossentropy(from_logits=True, label_smoothing=0.1), binary_logits, zero_one),
        "categorical_crossentropy": (k.CategoricalCrossentropy(), softmax(logits), one_hot),
        "categorical_crossentropy_unnormalised": (
            k.CategoricalCrossentropy(), unnormalised, soft_targets),
        "categorical_crossentropy_saturated": (
            k.CategoricalCrossentropy(), saturated_rows, saturated_one_hot),
        "categorical_crossentropy_smoothing_0.1": (
            k.CategoricalCrossentropy(label_smoothing=0.1), softmax(logits), one_hot),
        "categorical_crossentropy_from_logits": (
            k.CategoricalCrossentropy(from_logits=True), logits, soft_targets),
        "categorical_crossentropy_from_logits_smoothing_0.1": (
            k.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1), logits, one_hot),
        "sparse_categorical_crossentropy": (
            k.SparseCategoricalCrossentropy(), softmax(logits), classes),
        "sparse_categorical_crossentropy_unnormalised": (
            k.SparseCategoricalCrossentropy(), unnormalised, classes),
        "sparse_categorical_crossentropy_from_logits": (
            k.SparseCategoricalCrossentropy(from_logits=True), logits, classes),
    }
    tensors = {"sample_weight": weight}
    for name, (loss, predictions, target) in cases.items():
        tensors |= {f"{name}/predictions": predictions, f"{name}/targets": target}
        value, gradient = with_gradient(lambda p: loss(target, p), predictions)
        tensors |= {f"{name}/loss": value, f"{name}/gradient": gradient}
        value, gradient = with_gradient(
            lambda p: loss(target, p, sample_weight=weight), predictions)
        tensors |= {f"{name}/weighted_loss": value, f"{name}/weighted_gradient": gradient}
    write("losses", tensors)


# ----------------------------------------------------------------------------------------- metrics
def metrics():
    random = np.random.default_rng(SEED + 2)
    batches, rows, columns = 3, 8, 5
    scores = f32(random.uniform(0.0, 1.0, (batches, rows, columns)))
    scores[0, 0] = [0.2, 0.9, 0.1, 0.9, 0.3]  # a tie: the first largest counts
    classes = f32(random.integers(0, columns, (batches, rows)))
    classes[0, 0] = 1.0
    classes[1, ::2] = scores[1, ::2].argmax(-1)
    one_hot = np.eye(columns, dtype=np.float32)[classes.astype(int)]
    probability = f32(random.uniform(0.0, 1.0, (batches, rows, 1)))
    probability[0, :2, 0] = 0.5  # exactly at the threshold: class 0
    zero_one = f32(random.integers(0, 2, (batches, rows, 1)))
    zero_one[0, :2, 0] = [0.0, 1.0]
    values = f32(random.standard_normal((batches, rows, 2)))
    targets = f32(values + random.standard_normal(values.shape))
    weight = f32(random.uniform(0.0, 2.0, (batches, rows)))
    weight[0, 0] = 0.0
    k = keras.metrics
    cases = {
        "binary_accuracy": (k.BinaryAccuracy, probability, zero_one),
        "categorical_accuracy": (k.CategoricalAccuracy, scores, one_hot),
        "sparse_categorical_accuracy": (k.SparseCategoricalAccuracy, scores, classes),
        "mean_squared_error": (k.MeanSquaredError, values, targets),
        "mean_absolute_error": (k.MeanAbsoluteError, values, targets),
    }
    tensors = {"sample_weight": weight}
    for name, (make, predictions, target) in cases.items():
        tensors |= {f"{name}/predictions": predictions, f"{name}/targets": target}
        plain, weighted, results, weighted_results = make(), make(), [], []
        for b in range(batches):
            plain.update_state(target[b], predictions[b])
            weighted.update_state(target[b], predictions[b], sample_weight=weight[b])
            results.append(float(plain.result()))
            weighted_results.append(float(weighted.result()))
        tensors |= {f"{name}/result": results, f"{name}/weighted_result": weighted_results}
    write("metrics", tensors)


# -------------------------------------------------------------------------------------- optimizers
def optimizers():
    random = np.random.default_rng(SEED + 3)
    steps = 5
    start = {"kernel": f32(random.standard_normal((3, 4))),
             "bias": f32(random.standard_normal(4))}
    gradient = {"kernel": f32(random.standard_normal((steps, 3, 4))),
                "bias": f32(random.standard_normal((steps, 4)))}
    gradient["kernel"][1] *= 0.01  # small: a norm limit does not bind in every step
    gradient["bias"][1] *= 0.01
    gradient["kernel"][3] *= 10.0
    gradient["bias"][2, 0] = 0.0
    o = keras.optimizers
    cases = {
        "sgd_default": o.SGD(),
        "sgd": o.SGD(learning_rate=0.05),
        "sgd_momentum_0.9": o.SGD(learning_rate=0.05, momentum=0.9),
        "sgd_nesterov_0.9": o.SGD(learning_rate=0.05, momentum=0.9, nesterov=True),
        "sgd_weight_decay_0.1": o.SGD(learning_rate=0.05, weight_decay=0.1),
        "sgd_clipnorm_1": o.SGD(learning_rate=0.05, clipnorm=1.0),
        "sgd_global_clipnorm_1": o.SGD(learning_rate=0.05, global_clipnorm=1.0),
        "sgd_clipvalue_0.5": o.SGD(learning_rate=0.05, clipvalue=0.5),
        "adam_default": o.Adam(),
        "adam": o.Adam(learning_rate=0.05, beta_1=0.8, beta_2=0.95, epsilon=1e-5),
        "adam_amsgrad": o.Adam(learning_rate=0.05, beta_1=0.8, beta_2=0.95, amsgrad=True),
        "adam_clipnorm_1": o.Adam(learning_rate=0.05, clipnorm=1.0),
        "adam_global_clipnorm_1": o.Adam(learning_rate=0.05, global_clipnorm=1.0),
        "adam_clipvalue_0.5": o.Adam(learning_rate=0.05, clipvalue=0.5),
        "adamw_default": o.AdamW(),
        "adamw_weight_decay_0.1": o.AdamW(learning_rate=0.05, weight_decay=0.1),
        "rmsprop_default": o.RMSprop(),
        "rmsprop": o.RMSprop(learning_rate=0.05, rho=0.8, epsilon=1e-5),
        "rmsprop_momentum_0.9": o.RMSprop(learning_rate=0.01, momentum=0.9),
        "rmsprop_centered": o.RMSprop(learning_rate=0.01, centered=True),
        "rmsprop_centered_momentum_0.9": o.RMSprop(
            learning_rate=0.01, momentum=0.9, centered=True),
    }
    tensors = {f"start/{key}": value for key, value in start.items()}
    tensors |= {f"gradient/{key}": value for key, value in gradient.items()}
    options = {}
    shown = ("learning_rate", "weight_decay", "clipnorm", "global_clipnorm", "clipvalue",
             "momentum", "nesterov", "beta_1", "beta_2", "epsilon", "amsgrad", "rho", "centered")
    for name, optimizer in cases.items():
        config = optimizer.get_config()
        options[name] = " ".join(
            f"{key}={config[key]:.9g}" if not isinstance(config[key], bool)
            else f"{key}={str(config[key]).lower()}"
            for key in shown if config.get(key) is not None)
        variables = {key: keras.Variable(value, name=key) for key, value in start.items()}
        after = {key: [] for key in start}
        for step in range(steps):
            optimizer.apply([tf.constant(gradient[key][step]) for key in start],
                            list(variables.values()))
            for key, variable in variables.items():
                after[key].append(variable.numpy().copy())
        tensors |= {f"{name}/{key}": np.stack(value) for key, value in after.items()}
    write("optimizers", tensors, **options)


# ---------------------------------------------------------------------------------------- training
def training():
    random = np.random.default_rng(SEED + 4)
    steps, rows = 5, 6
    x = f32(random.standard_normal((steps, rows, 8)))
    y = f32(random.integers(0, 4, (steps, rows)))
    weight = f32(random.uniform(0.0, 2.0, (steps, rows)))
    start = {"dense/kernel": f32(0.5 * random.standard_normal((8, 16))),
             "dense/bias": f32(0.1 * random.standard_normal(16)),
             "dense_1/kernel": f32(0.5 * random.standard_normal((16, 4))),
             "dense_1/bias": f32(0.1 * random.standard_normal(4))}
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def make():
        model = keras.Sequential([
            keras.Input((8,)),
            keras.layers.Dense(16, "relu", kernel_regularizer=keras.regularizers.L2(0.01)),
            keras.layers.Dense(4)])
        model.set_weights(list(start.values()))
        return model

    tensors = {"x": x, "y": y, "sample_weight": weight}
    tensors |= {f"start/{key}": value for key, value in start.items()}

    model = make()
    with tf.GradientTape() as tape:
        total = loss(y[0], model(x[0], training=True)) + sum(model.losses)
    gradients = tape.gradient(total, [v.value for v in model.trainable_variables])
    tensors |= {f"first_gradient/{key}": g.numpy() for key, g in zip(start, gradients)}
    tensors["first_logits"] = model(x[0]).numpy()

    cases = {
        "sgd_momentum": (keras.optimizers.SGD(learning_rate=0.1, momentum=0.9), False),
        "adam": (keras.optimizers.Adam(learning_rate=0.01), False),
        "sgd_momentum_weighted": (keras.optimizers.SGD(learning_rate=0.1, momentum=0.9), True),
    }
    for name, (optimizer, weighted) in cases.items():
        model = make()
        model.compile(optimizer=optimizer, loss=loss)
        batch_losses, after = [], {key: [] for key in start}
        for step in range(steps):
            model.reset_metrics()  # else train_on_batch returns the mean over all batches so far
            batch_losses.append(model.train_on_batch(
                x[step], y[step], sample_weight=weight[step] if weighted else None))
            for key, value in zip(start, model.get_weights()):
                after[key].append(value.copy())
        tensors[f"{name}/loss"] = np.asarray(batch_losses)
        tensors |= {f"{name}/{key}": np.stack(value) for key, value in after.items()}
    write("training", tensors,
          model="Sequential: input 8, Dense 16 relu with L2(0.01) on its kernel, Dense 4",
          loss="SparseCategoricalCrossentropy from logits, plus the penalty",
          sgd_momentum="learning_rate=0.1 momentum=0.9", adam="learning_rate=0.01",
          sgd_momentum_weighted="learning_rate=0.1 momentum=0.9, with sample_weight")


# ---------------------------------------------------------------------------------- convolutions
def layer_case(layer, shape, random, batch=2):
    """A layer built for samples of `shape`, with random weights: its inputs, outputs, gradients."""
    layer.build((None, *shape))
    for variable in layer.weights:
        variable.assign(f32(0.5 * random.standard_normal(variable.shape)))
    x = tf.constant(f32(random.standard_normal((batch, *shape))))
    trained = [v.value for v in layer.weights]
    with tf.GradientTape() as tape:
        tape.watch([x, *trained])
        y = layer(x)
    cotangent = f32(random.uniform(-1.0, 1.0, y.shape))
    gradients = tape.gradient(y, [x, *trained], output_gradients=cotangent)
    tensors = {"x": x.numpy(), "y": y.numpy(), "cotangent": cotangent, "dx": gradients[0].numpy()}
    for variable, gradient in zip(layer.weights, gradients[1:]):
        tensors |= {variable.name: variable.numpy(), f"d_{variable.name}": gradient.numpy()}
    return tensors


def conv():
    random = np.random.default_rng(SEED + 5)
    k = keras.layers
    cases = {  # name: (layer, extents of a sample)
        "conv1d": (k.Conv1D(3, 3), (8, 2)),
        "conv1d_same_even": (k.Conv1D(3, 4, padding="same"), (7, 2)),
        "conv1d_strides_3_same": (k.Conv1D(2, 4, strides=3, padding="same"), (11, 2)),
        "conv1d_causal": (k.Conv1D(2, 3, padding="causal"), (6, 2)),
        "conv1d_causal_dilation_2": (
            k.Conv1D(2, 3, padding="causal", dilation_rate=2, use_bias=False), (7, 2)),
        "conv1d_causal_strides_2": (k.Conv1D(2, 4, padding="causal", strides=2), (9, 2)),
        "conv1d_groups_2": (k.Conv1D(4, 3, groups=2), (6, 4)),
        "conv2d": (k.Conv2D(3, 3), (5, 6, 2)),
        "conv2d_same_relu": (k.Conv2D(3, 3, padding="same", activation="relu"), (4, 5, 2)),
        "conv2d_same_even": (k.Conv2D(2, (2, 4), padding="same"), (4, 5, 2)),
        "conv2d_size_3_5_no_bias": (k.Conv2D(2, (3, 5), use_bias=False), (5, 7, 2)),
        "conv2d_strides_2": (k.Conv2D(2, 3, strides=2), (6, 7, 2)),
        "conv2d_strides_2_same": (k.Conv2D(2, 3, strides=2, padding="same"), (6, 7, 2)),
        "conv2d_strides_1_3_same": (k.Conv2D(2, 2, strides=(1, 3), padding="same"), (3, 7, 2)),
        "conv2d_strides_3_size_2": (k.Conv2D(2, 2, strides=3), (6, 8, 2)),
        "conv2d_dilation_2": (k.Conv2D(2, 3, dilation_rate=2), (6, 7, 2)),
        "conv2d_dilation_1_3_same": (
            k.Conv2D(2, 3, dilation_rate=(1, 3), padding="same"), (4, 7, 2)),
        "conv2d_groups_2": (k.Conv2D(4, 3, groups=2), (4, 5, 4)),
        "conv2d_groups_3_strides_2_same": (
            k.Conv2D(6, 3, groups=3, strides=2, padding="same"), (5, 4, 6)),
        "conv2d_size_1": (k.Conv2D(3, 1), (3, 4, 2)),
        "conv2d_size_1_strides_2": (k.Conv2D(3, 1, strides=2), (5, 4, 2)),
        "conv3d": (k.Conv3D(2, 2), (3, 4, 3, 2)),
        "conv3d_strides_2_same": (k.Conv3D(2, 3, strides=2, padding="same"), (3, 4, 5, 2)),
        "conv3d_size_1_2_3_strides_1_1_2": (
            k.Conv3D(2, (1, 2, 3), strides=(1, 1, 2)), (2, 3, 5, 2)),
        "depthwise_conv1d_strides_2_same": (
            k.DepthwiseConv1D(3, strides=2, padding="same"), (8, 3)),
        "depthwise_conv2d": (k.DepthwiseConv2D(3), (4, 5, 3)),
        "depthwise_conv2d_multiplier_2_same": (
            k.DepthwiseConv2D(3, depth_multiplier=2, padding="same", activation="tanh"),
            (4, 3, 3)),
        "depthwise_conv2d_strides_2_same_no_bias": (
            k.DepthwiseConv2D((2, 3), strides=2, padding="same", use_bias=False), (5, 6, 2)),
        "depthwise_conv2d_dilation_2": (k.DepthwiseConv2D(2, dilation_rate=2), (5, 4, 2)),
        "separable_conv1d_dilation_2": (k.SeparableConv1D(3, 3, dilation_rate=2), (7, 2)),
        "separable_conv2d": (k.SeparableConv2D(3, 3), (5, 4, 2)),
        "separable_conv2d_multiplier_2_strides_2_same": (
            k.SeparableConv2D(3, (3, 2), strides=2, padding="same", depth_multiplier=2,
                              activation="tanh", use_bias=False), (5, 4, 2)),
        "conv1d_transpose": (k.Conv1DTranspose(2, 3), (4, 2)),
        "conv1d_transpose_strides_2_same": (
            k.Conv1DTranspose(2, 3, strides=2, padding="same"), (4, 2)),
        "conv1d_transpose_strides_3_size_2": (k.Conv1DTranspose(2, 2, strides=3), (4, 2)),
        "conv2d_transpose": (k.Conv2DTranspose(2, 3), (3, 4, 3)),
        "conv2d_transpose_same": (k.Conv2DTranspose(2, (3, 2), padding="same"), (3, 4, 3)),
        "conv2d_transpose_strides_2": (k.Conv2DTranspose(2, 3, strides=2), (3, 2, 3)),
        "conv2d_transpose_strides_2_same": (
            k.Conv2DTranspose(2, 4, strides=2, padding="same", activation="tanh"), (3, 2, 3)),
        "conv2d_transpose_strides_3_size_2_same": (
            k.Conv2DTranspose(2, 2, strides=3, padding="same", use_bias=False), (3, 2, 3)),
        "conv2d_transpose_strides_2_output_padding_1": (
            k.Conv2DTranspose(2, 3, strides=2, output_padding=1), (3, 2, 3)),
        "conv2d_transpose_strides_2_same_output_padding_1_0": (
            k.Conv2DTranspose(2, 3, strides=2, padding="same", output_padding=(1, 0)), (3, 2, 3)),
        "conv2d_transpose_strides_3_size_5_same_output_padding_2": (
            k.Conv2DTranspose(2, 5, strides=3, padding="same", output_padding=2), (3, 2, 2)),
        "conv3d_transpose_strides_2_same": (
            k.Conv3DTranspose(2, 3, strides=2, padding="same"), (2, 2, 1, 2)),
        "conv3d_transpose_strides_1_2_2": (
            k.Conv3DTranspose(2, 2, strides=(1, 2, 2)), (2, 1, 2, 2)),
        "max_pooling1d": (k.MaxPooling1D(), (7, 3)),
        "max_pooling1d_3_strides_2_same": (k.MaxPooling1D(3, strides=2, padding="same"), (8, 3)),
        "max_pooling2d": (k.MaxPooling2D(), (5, 6, 3)),
        "max_pooling2d_3_strides_2_same": (
            k.MaxPooling2D(3, strides=2, padding="same"), (5, 6, 3)),
        "max_pooling2d_2_3_strides_1": (k.MaxPooling2D((2, 3), strides=1), (4, 5, 2)),
        "max_pooling3d_strides_1_2_1_same": (
            k.MaxPooling3D(2, strides=(1, 2, 1), padding="same"), (2, 3, 3, 2)),
        "average_pooling1d_3_strides_2_same": (
            k.AveragePooling1D(3, strides=2, padding="same"), (8, 3)),
        "average_pooling2d_2": (k.AveragePooling2D(2), (5, 6, 3)),
        "average_pooling2d_3_strides_1_same": (
            k.AveragePooling2D(3, strides=1, padding="same"), (4, 5, 2)),
        "average_pooling2d_4_2_strides_3_same": (
            k.AveragePooling2D((4, 2), strides=3, padding="same"), (5, 7, 2)),
        "average_pooling3d_2_same": (k.AveragePooling3D(2, padding="same"), (3, 3, 2, 2)),
        "global_max_pooling1d": (k.GlobalMaxPooling1D(), (5, 3)),
        "global_max_pooling2d_keepdims": (k.GlobalMaxPooling2D(keepdims=True), (3, 4, 3)),
        "global_max_pooling3d": (k.GlobalMaxPooling3D(), (2, 3, 2, 3)),
        "global_average_pooling1d_keepdims": (k.GlobalAveragePooling1D(keepdims=True), (5, 3)),
        "global_average_pooling2d": (k.GlobalAveragePooling2D(), (3, 4, 3)),
        "global_average_pooling3d": (k.GlobalAveragePooling3D(), (2, 3, 2, 3)),
        "zero_padding1d": (k.ZeroPadding1D(), (4, 2)),
        "zero_padding2d_1_2": (k.ZeroPadding2D((1, 2)), (3, 4, 2)),
        "zero_padding2d_1_0_0_3": (k.ZeroPadding2D(((1, 0), (0, 3))), (3, 4, 2)),
        "zero_padding3d_1_2_0": (k.ZeroPadding3D((1, 2, 0)), (2, 1, 2, 2)),
        "cropping1d_1_2": (k.Cropping1D((1, 2)), (6, 2)),
        "cropping2d_1": (k.Cropping2D(1), (4, 5, 2)),
        "cropping2d_1_0_0_2": (k.Cropping2D(((1, 0), (0, 2))), (4, 5, 2)),
        "cropping3d": (k.Cropping3D(), (3, 4, 3, 2)),
        "up_sampling1d_3": (k.UpSampling1D(3), (4, 2)),
        "up_sampling2d": (k.UpSampling2D(), (3, 4, 2)),
        "up_sampling2d_2_3": (k.UpSampling2D((2, 3)), (3, 2, 2)),
        "up_sampling2d_bilinear": (k.UpSampling2D(interpolation="bilinear"), (3, 4, 2)),
        "up_sampling2d_3_1_bilinear": (k.UpSampling2D((3, 1), interpolation="bilinear"), (3, 2, 2)),
        "up_sampling2d_4_5_bilinear": (k.UpSampling2D((4, 5), interpolation="bilinear"), (1, 3, 2)),
        "up_sampling3d_1_2_3": (k.UpSampling3D((1, 2, 3)), (2, 2, 1, 2)),
        "conv3d_dilation_1_2_2": (k.Conv3D(2, 2, dilation_rate=(1, 2, 2)), (2, 4, 3, 2)),
        "conv3d_groups_2_same": (k.Conv3D(4, 2, groups=2, padding="same"), (2, 2, 3, 4)),
        "depthwise_conv2d_strides_2_1": (k.DepthwiseConv2D(3, strides=(2, 1)), (6, 4, 2)),
        "conv1d_transpose_dilation_2": (k.Conv1DTranspose(2, 3, dilation_rate=2), (4, 2)),
        "conv2d_transpose_dilation_2": (k.Conv2DTranspose(2, 2, dilation_rate=2), (3, 4, 2)),
        "conv2d_transpose_dilation_3_1_same": (
            k.Conv2DTranspose(2, (2, 3), dilation_rate=(3, 1), padding="same"), (3, 4, 2)),
    }
    tensors = {}
    for name, (layer, shape) in cases.items():
        for key, value in layer_case(layer, shape, random).items():
            tensors[f"{name}/{key}"] = value
    write("conv", tensors)


keras.utils.set_random_seed(SEED)
tf.config.experimental.enable_op_determinism()
parts = {part.__name__: part
         for part in (activations, losses, metrics, optimizers, training, conv)}
wanted = [name for name in sys.argv[1:] if name != "--check"] or parts
for name in wanted:
    parts[name]()
if failures:
    raise SystemExit("\n".join(failures))
print(f"safetensors {safetensors.__version__}: ok")
