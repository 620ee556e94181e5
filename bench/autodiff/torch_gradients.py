# SPDX-License-Identifier: BSL-1.0
"""PyTorch's side of the cases of gradients.cpp, eager and on one thread: one line a case."""
import statistics
import time

import torch

torch.set_num_threads(1)
torch.manual_seed(1)


def measure(name, step):
    for _ in range(20):
        step()
    samples = []
    for _ in range(51):
        times = 20
        start = time.perf_counter()
        for _ in range(times):
            step()
        samples.append((time.perf_counter() - start) / times)
    print(f"{name} torch {1e9 * statistics.median(samples):.3f}", flush=True)


def gemv():
    a, b = torch.randn(512, 512), torch.randn(512)
    x = torch.randn(512, requires_grad=True)

    def step():
        x.grad = None
        torch.sum(torch.square(a @ x - b)).backward()

    measure("gemv_512", step)


def rosenbrock():
    x = (2 * torch.rand(64, dtype=torch.float64) - 1).requires_grad_()

    def step():
        x.grad = None
        head, tail = x[:-1], x[1:]
        (100 * torch.square(tail - torch.square(head)) + torch.square(1 - head)).sum().backward()

    measure("rosenbrock_64", step)


def perceptron():
    x, y = torch.randn(32, 784), torch.randn(32, 10)
    weights = [(0.05 * torch.randn(shape)).requires_grad_()
               for shape in [(784, 128), (128,), (128, 64), (64,), (64, 10), (10,)]]
    w1, b1, w2, b2, w3, b3 = weights

    def step():
        for w in weights:
            w.grad = None
        h = torch.tanh(x @ w1 + b1)
        h = torch.tanh(h @ w2 + b2)
        torch.mean(torch.square(h @ w3 + b3 - y)).backward()

    measure("perceptron_784_128_64_10", step)


gemv()
rosenbrock()
perceptron()
