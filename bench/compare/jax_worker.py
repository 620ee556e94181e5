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

print(f"JAX {jax.__version__}, {THREADS} thread(s), {jax.devices()}", file=sys.stderr)
timing.serve(cases, THREADS, after_drop=jax.clear_caches)
