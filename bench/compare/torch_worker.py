# SPDX-License-Identifier: BSL-1.0
"""PyTorch's side: torch_worker.py THREADS [PARTS], serving compare.py; case names are CASE/VARIANT.
With PARTS (separated by commas), only the cases whose name contains one of them.

`compare.py` sets the environment: malloc keeps freed memory (else glibc gives gradients back to the
system in every step), OpenMP and MKL have THREADS threads, and the compiler's cache has a folder.
"""
import sys
import warnings

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch._inductor import cpu_vec_isa

import timing
import torch_cnn

warnings.filterwarnings("ignore")
THREADS = int(sys.argv[1])
torch.set_num_threads(THREADS)
torch.set_num_interop_threads(1)
torch.manual_seed(0)
torch._dynamo.config.recompile_limit = 512

# Without g++ or Python's headers torch.compile silently makes scalar code.
isa = cpu_vec_isa.pick_vec_isa()
if not isa:
    sys.exit("torch.compile finds no vector instructions: are g++ and Python's headers there?")
print(f"PyTorch {torch.__version__}, {THREADS} thread(s), torch.compile for {isa}", file=sys.stderr)


def compiled(function):
    return torch.compile(function, dynamic=False)


def mlp(*widths):
    layers = []
    for i, (a, b) in enumerate(zip(widths, widths[1:])):
        layers.append(nn.Linear(a, b))
        if i < len(widths) - 2:
            layers.append(nn.ReLU())
    return nn.Sequential(*layers)


def training(widths, batch, variant):
    model = mlp(*widths).train()
    x, y = torch.randn(batch, widths[0]), torch.randint(0, widths[-1], (batch,))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, fused="fused" in variant or None)

    def loss_of(x, y):
        return F.cross_entropy(model(x), y)

    if variant.startswith("compile"):  # forward, loss and their gradient; the optimizer stays eager
        loss_of = compiled(loss_of)

    def step():
        optimizer.zero_grad()
        loss_of(x, y).backward()
        optimizer.step()

    return step


def inference(widths, batch, variant):
    model, x = mlp(*widths).eval(), torch.randn(batch, widths[0])
    call, mode = model, torch.inference_mode
    if variant == "compile":
        call, mode = compiled(model), torch.no_grad

    def step():
        with mode():
            return call(x)

    return step


def chain(gradient, variant):
    def function(x, a, b):
        return torch.tanh(x * a + b) * torch.sigmoid(x)

    if variant == "compile":
        function = compiled(function)
    x, a, b = (torch.randn(1 << 20) for _ in range(3))
    if not gradient:
        return lambda: function(x, a, b)
    for t in (x, a, b):
        t.requires_grad_()
    cotangent = torch.ones(1 << 20)

    def step():
        x.grad = a.grad = b.grad = None
        function(x, a, b).backward(cotangent)

    return step


def softmax(variant):
    x = torch.randn(1024, 1000)
    call = (lambda x: torch.softmax(x, -1)) if variant == "eager" else compiled(
        lambda x: torch.softmax(x, -1))
    return lambda: call(x)


def layer_norm(variant):
    x, scale, shift = torch.randn(1024, 512), torch.ones(512), torch.zeros(512)

    def function(x):
        return F.layer_norm(x, (512,), scale, shift)

    call = function if variant == "eager" else compiled(function)
    return lambda: call(x)


def adam(variant):
    parameter = nn.Parameter(torch.randn(10_000_000))
    parameter.grad = torch.randn(10_000_000)
    optimizer = torch.optim.Adam([parameter], lr=1e-3, fused=variant == "fused" or None)
    return torch.compile(optimizer.step) if variant == "compile" else optimizer.step


cases = {}
for batch, widths in ((32, (784, 128, 10)), (128, (784, 512, 256, 10))):
    name = "train_mlp_" + "_".join(map(str, widths)) + f"_b{batch}"
    for variant in ("eager", "compile", "eager_fused", "compile_fused"):
        cases[f"{name}/{variant}"] = lambda w=widths, b=batch, v=variant: training(w, b, v)
for widths in ((784, 128, 10), (784, 512, 256, 10)):
    for batch in (1, 256):
        name = "infer_mlp_" + "_".join(map(str, widths)) + f"_b{batch}"
        for variant in ("eager", "compile"):
            cases[f"{name}/{variant}"] = lambda w=widths, b=batch, v=variant: inference(w, b, v)
for variant in ("eager", "compile"):
    cases[f"chain_forward_1m/{variant}"] = lambda v=variant: chain(False, v)
    cases[f"chain_gradient_1m/{variant}"] = lambda v=variant: chain(True, v)
    cases[f"softmax_1024x1000/{variant}"] = lambda v=variant: softmax(v)
    cases[f"layer_norm_1024x512/{variant}"] = lambda v=variant: layer_norm(v)
for variant in ("default", "fused", "compile"):
    cases[f"adam_10m/{variant}"] = lambda v=variant: adam(v)
cases |= torch_cnn.cases()

parts = sys.argv[2].split(",") if len(sys.argv) > 2 else [""]
cases = {name: case for name, case in cases.items() if any(part in name for part in parts)}
timing.serve(cases, THREADS, after_drop=torch._dynamo.reset)
