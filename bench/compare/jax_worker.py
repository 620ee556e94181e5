# SPDX-License-Identifier: BSL-1.0
"""JAX's side (`run --jax`): jax_worker.py THREADS. Every step is one jitted function whose state is
donated, and is waited for. XLA takes its number of threads from the processors it may use."""
import os
import sys

THREADS = int(sys.argv[1])
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402

import timing  # noqa: E402

KEY = jax.random.key(0)


def normal(*shape):
    global KEY
    KEY, key = jax.random.split(KEY)
    return jax.random.normal(key, shape)


def mlp(widths):
    return [(normal(a, b) / a**0.5, jnp.zeros(b)) for a, b in zip(widths, widths[1:])]


def forward(weights, x):
    for kernel, bias in weights[:-1]:
        x = jax.nn.relu(x @ kernel + bias)
    return x @ weights[-1][0] + weights[-1][1]


def conv(x, kernel, stride=1, border=0):
    """Channels last; the kernel as (rows, columns, channels, filters)."""
    return jax.lax.conv_general_dilated(x, kernel, (stride, stride), ((border, border),) * 2,
                                        dimension_numbers=("NHWC", "HWIO", "NHWC"))


def max_pool(x):
    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def filters(size, channels, count):
    return normal(size, size, channels, count) * (2 / (size * size * channels))**0.5


def small_network(name):
    """(weights, function(weights, x, key or None for inference) -> logits)"""
    if name == "lenet5":
        kernels = [filters(5, 1, 6), filters(5, 6, 16)]
        tops, borders = mlp((400, 120, 84, 10)), (2, 0)
    else:
        kernels = [filters(3, 1, 32), filters(3, 32, 64)]
        tops, borders = mlp((1600, 10)), (0, 0)

    def call(weights, x, key):
        convolutions, tops = weights
        for (kernel, bias), border in zip(convolutions, borders):
            x = max_pool(jax.nn.relu(conv(x, kernel, border=border) + bias))
        x = x.reshape(x.shape[0], -1)
        if name == "keras_cnn" and key is not None:
            x = jnp.where(jax.random.bernoulli(key, 0.5, x.shape), 2 * x, 0)
        return forward(tops, x)

    return ([(k, jnp.zeros(k.shape[-1])) for k in kernels], tops), call


def normalized(x, weights, training):
    """The values, and in training the moving statistics as they are after the batch."""
    scale, shift, mean, variance = weights
    moved = (mean, variance)
    if training:
        m, v = x.mean((0, 1, 2)), x.var((0, 1, 2))
        moved = (0.9 * mean + 0.1 * m, 0.9 * variance + 0.1 * v)
        mean, variance = m, v
    return (x - mean) * (jax.lax.rsqrt(variance + 1e-5) * scale) + shift, moved


BLOCKS = ((64, 1), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1))


def resnet18():
    """(learned, moving), function(learned, moving, x, training) -> (logits, moving)"""
    learned, moving = [], []

    def made(size, channels, count):
        learned.append((filters(size, channels, count), jnp.ones(count), jnp.zeros(count)))
        moving.append((jnp.zeros(count), jnp.ones(count)))

    made(3, 3, 64)
    channels = 64
    for count, stride in BLOCKS:
        made(3, channels, count)
        made(3, count, count)
        if stride != 1 or channels != count:
            made(1, channels, count)
        channels = count

    def call(learned, moving, x, training):
        (layers, top), moved, at = learned, [], iter(range(len(moving)))

        def layer(x, stride=1):
            i = next(at)
            kernel, scale, shift = layers[i]
            y, after = normalized(conv(x, kernel, stride, kernel.shape[0] // 2),
                                  (scale, shift, *moving[i]), training)
            moved.append(after)
            return y

        x = jax.nn.relu(layer(x))
        channels = 64
        for count, stride in BLOCKS:
            y = layer(jax.nn.relu(layer(x, stride)))
            shortcut = layer(x, stride) if stride != 1 or channels != count else x
            x, channels = jax.nn.relu(y + shortcut), count
        return forward(top, x.mean((1, 2))), moved

    return ((learned, mlp((512, 10))), moving), call


def crossentropy(logits, y):
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], 1).mean()


def descended(weights, gradient):
    return jax.tree.map(lambda w, g: w - 0.01 * g, weights, gradient)


def training_network(name, batch):
    y = jnp.arange(batch) % 10
    if name == "resnet18":
        state, call = resnet18()

        def update(state, x, y):
            def loss(learned):
                logits, moved = call(learned, state[1], x, True)
                return crossentropy(logits, y), moved

            gradient, moved = jax.grad(loss, has_aux=True)(state[0])
            return descended(state[0], gradient), moved

        return with_state(update, state, normal(batch, 32, 32, 3), y)
    weights, call = small_network(name)

    def update(state, x, y):
        weights, key = state
        key, now = jax.random.split(key)
        gradient = jax.grad(lambda w: crossentropy(call(w, x, now), y))(weights)
        return descended(weights, gradient), key

    return with_state(update, (weights, jax.random.key(1)), normal(batch, 28, 28, 1), y)


def infer_network(name, batch):
    if name == "resnet18":
        (learned, moving), call = resnet18()
        return plain(lambda learned, moving, x: call(learned, moving, x, False)[0], learned, moving,
                     normal(batch, 32, 32, 3))
    weights, call = small_network(name)
    return plain(lambda weights, x: call(weights, x, None), weights, normal(batch, 28, 28, 1))


def with_state(function, state, *arguments):
    """A step that replaces its state: function(state, *arguments) -> state."""
    jitted = jax.jit(function, donate_argnums=0)
    kept = [state]

    def step():
        kept[0] = jax.block_until_ready(jitted(kept[0], *arguments))

    return step


def plain(function, *arguments):
    jitted = jax.jit(function)
    return lambda: jax.block_until_ready(jitted(*arguments))


def training(widths, batch):
    x, y = normal(batch, widths[0]), jnp.arange(batch) % widths[-1]

    def loss(weights, x, y):
        scores = jax.nn.log_softmax(forward(weights, x))
        return -jnp.take_along_axis(scores, y[:, None], 1).mean()

    def update(weights, x, y):
        gradient = jax.grad(loss)(weights, x, y)
        return jax.tree.map(lambda w, g: w - 0.01 * g, weights, gradient)

    return with_state(update, mlp(widths), x, y)


def chain(x, a, b):
    return jnp.tanh(x * a + b) * jax.nn.sigmoid(x)


def chain_gradient(x, a, b, cotangent):
    y, back = jax.vjp(chain, x, a, b)
    return y, back(cotangent)


def layer_norm(x, scale, shift):
    mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(variance + 1e-5) * scale + shift


def adam(state, gradient):
    w, m, v, t = state
    t = t + 1
    m = 0.9 * m + 0.1 * gradient
    v = 0.999 * v + 0.001 * gradient**2
    rate = 1e-3 * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    return w - rate * m / (jnp.sqrt(v) + 1e-8), m, v, t


MILLION, TEN = 1 << 20, 10_000_000
cases = {
    "chain_forward_1m/": lambda: plain(chain, *(normal(MILLION) for _ in range(3))),
    "chain_gradient_1m/": lambda: plain(
        chain_gradient, *(normal(MILLION) for _ in range(3)), jnp.ones(MILLION)),
    "softmax_1024x1000/": lambda: plain(jax.nn.softmax, normal(1024, 1000)),
    "layer_norm_1024x512/": lambda: plain(
        layer_norm, normal(1024, 512), jnp.ones(512), jnp.zeros(512)),
    "adam_10m/": lambda: with_state(
        adam, (normal(TEN), jnp.zeros(TEN), jnp.zeros(TEN), jnp.float32(0)), normal(TEN)),
}
for widths, batch in (((784, 128, 10), 32), ((784, 512, 256, 10), 128)):
    name = "train_mlp_" + "_".join(map(str, widths)) + f"_b{batch}/"
    cases[name] = lambda w=widths, b=batch: training(w, b)
for widths in ((784, 128, 10), (784, 512, 256, 10)):
    for batch in (1, 256):
        name = "infer_mlp_" + "_".join(map(str, widths)) + f"_b{batch}/"
        cases[name] = lambda w=widths, b=batch: plain(forward, mlp(w), normal(b, w[0]))
for name, batches in (("lenet5", (1, 32, 128)), ("keras_cnn", (1, 32, 128)), ("resnet18", (32,))):
    for batch in batches:
        if batch != 1:
            cases[f"train_{name}_b{batch}/"] = lambda n=name, b=batch: training_network(n, b)
        cases[f"infer_{name}_b{batch}/"] = lambda n=name, b=batch: infer_network(n, b)

print(f"JAX {jax.__version__}, {THREADS} thread(s), {jax.devices()}", file=sys.stderr)
timing.serve(cases, THREADS, after_drop=jax.clear_caches)
