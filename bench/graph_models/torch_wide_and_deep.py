# SPDX-License-Identifier: BSL-1.0
"""PyTorch's side of wide_and_deep.cpp, on one thread: one line for each way of running it."""
import gc
import statistics
import sys
import time
import warnings

import torch
import torch.nn as nn
import torch.nn.functional as F

warnings.filterwarnings("ignore")
torch.set_num_threads(1)
torch.manual_seed(1)
ROWS = 32


class WideAndDeep(nn.Module):
    def __init__(self):
        super().__init__()
        self.deep_1, self.deep_2 = nn.Linear(5, 30), nn.Linear(30, 30)
        self.head, self.auxiliary_head = nn.Linear(33, 1), nn.Linear(30, 1)

    def forward(self, wide, deep):
        deep = F.relu(self.deep_2(F.relu(self.deep_1(deep))))
        return self.head(torch.cat([wide, deep], -1)), self.auxiliary_head(deep)


def training(way):
    """A step; `way`: eager or compile, and whether the optimizer takes all weights together."""
    model = WideAndDeep().train()
    wide, deep = torch.randn(ROWS, 3), torch.randn(ROWS, 5)
    y = wide.sum(-1, keepdim=True) - deep.sum(-1, keepdim=True)
    # Keras's rho and epsilon, though PyTorch adds epsilon after the root
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3, alpha=0.9, eps=1e-7,
                                    foreach="foreach" in way)

    def loss_of(wide, deep, y):
        main, auxiliary = model(wide, deep)
        return 0.9 * F.mse_loss(main, y) + 0.1 * F.mse_loss(auxiliary, y)

    update = optimizer.step
    if way.startswith("compile"):  # forward, losses and their gradient
        loss_of = torch.compile(loss_of, dynamic=False)
    if way == "compile_all":  # and the optimizer
        update = torch.compile(optimizer.step)

    def step():
        optimizer.zero_grad()
        loss = loss_of(wide, deep, y)
        loss.backward()
        update()
        return loss

    return step


def measure(step):
    for _ in range(300):
        step()
    samples, times = [], 20
    gc.disable()
    for _ in range(201):
        start = time.perf_counter()
        for _ in range(times):
            step()
        samples.append((time.perf_counter() - start) / times)
    gc.enable()
    return 1e9 * statistics.median(samples)


def can_compile():
    from torch._inductor import cpu_vec_isa
    return bool(cpu_vec_isa.pick_vec_isa())  # else torch.compile silently makes scalar code


ways = ["eager", "eager_foreach"]
if can_compile():
    ways += ["compile", "compile_foreach", "compile_all"]
else:
    print("torch.compile finds no vector instructions: are g++ and Python's headers there?",
          file=sys.stderr)
for way in ways:
    try:
        step = training(way)
        before = step().item()
        nanoseconds = measure(step)
        assert step().item() < 0.1 * before, "the model does not learn"
        print(f"wide_and_deep_step_{ROWS} torch_{way} {nanoseconds:.3f}", flush=True)
    except Exception as error:  # the comparison goes on without this way
        print(f"torch {way}: {type(error).__name__}: {error}".split("\n")[0], file=sys.stderr)
