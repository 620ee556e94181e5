# SPDX-License-Identifier: BSL-1.0
"""PyTorch's side: serves compare.py, which describes the protocol; case names are CASE/VARIANT.

  eager           op by op, with PyTorch's fused optimizer
  compiled        torch.compile(mode="max-autotune"), with the CUDA graphs that mode makes
  graph           the whole eager step, optimizer included, captured as one CUDA graph
  compiled_graph  the whole step on max-autotune's kernels, captured as one CUDA graph
  products_...    the matrix products of gemm_mlp_bf16* alone, by cuBLAS or cuBLASLt

`_channels_last` has model and input in that format, `eager_fused` the fused Adam.
"""
import argparse
import gc
import os
import statistics
import sys
import time
import warnings

import torch
import torch.nn as nn
import torch.nn.functional as F

parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
parser.add_argument("--serve", action="store_true", help="serve compare.py")
parser.add_argument("--warm", type=float, metavar="SECONDS",
                    help="compile into Inductor's cache for about so long, and end")
parser.add_argument("--host", action="store_true", help="tiny and eager, on the processor")
parser.add_argument("--without-compile", action="store_true")
parser.add_argument("--compile-all", action="store_true", help="compile more than the networks")
options = parser.parse_args()

warnings.filterwarnings("ignore")
DEVICE = "cpu" if options.host else "cuda"
NETWORK_VARIANTS = ["eager", "graph", "compiled", "compiled_graph"]
CNN_VARIANTS = ["eager", "eager_channels_last", "graph", "graph_channels_last", "compiled",
                "compiled_graph"]


def size(full, tiny):
    return tiny if options.host else full


def random(*extents, dtype=torch.float32):
    return torch.randn(*extents, device=DEVICE, dtype=dtype)


# --- how a step is timed: microseconds a step of a run of `times` steps ---

def wall(step, times):
    """What the processor takes to launch is in it; one synchronisation for the whole run."""
    if not options.host:
        torch.cuda.synchronize()
    start = time.perf_counter()
    for _ in range(times):
        step()
    if not options.host:
        torch.cuda.synchronize()
    return 1e6 * (time.perf_counter() - start) / times


def events(step, times):
    if options.host:
        return wall(step, times)
    start, stop = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    start.record()
    for _ in range(times):
        step()
    stop.record()
    stop.synchronize()
    return 1e3 * start.elapsed_time(stop) / times


def measure(step, clock, seconds):
    """Median of samples of at least 5 ms, after warming for a quarter of `seconds`."""
    quickest, start = 1e9, time.perf_counter()
    while quickest == 1e9 or time.perf_counter() - start < 0.25 * seconds:
        quickest = min(quickest, clock(step, 1))
    times = max(1, min(1000, int(5e3 / quickest)))
    samples, start = [], time.perf_counter()
    gc.disable()
    while len(samples) < 5 or time.perf_counter() - start < seconds:
        samples.append(clock(step, times))
    gc.enable()
    return statistics.median(samples)


# --- forms of a step ---

def captured(step):
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):  # compiles, and lets libraries allocate, outside the capture
            step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()

    def replay(graph=graph, what_it_reads=step):
        graph.replay()

    return replay


def form(function, variant):
    """The function, compiled where the variant says so; a capture of ours wants no graph inside."""
    if not variant.startswith("compiled"):
        return function
    mode = "max-autotune" if variant == "compiled" else "max-autotune-no-cudagraphs"
    return torch.compile(function, mode=mode, dynamic=False)


def stay(variant, *tensors):
    """Else max-autotune's graph copies what it reads, first thing in every step."""
    if variant == "compiled":
        for tensor in tensors:
            torch._dynamo.mark_static_address(tensor)


def finished(step, variant):
    if "graph" in variant:
        return captured(step), events
    return step, wall


# --- the cases: each gives a step and the clock for it ---

def mlp(*widths):
    layers = []
    for i, (a, b) in enumerate(zip(widths, widths[1:])):
        layers.append(nn.Linear(a, b))
        if i < len(widths) - 2:
            layers.append(nn.ReLU())
    return nn.Sequential(*layers)


def keras_cnn():
    return nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Dropout(0.25), nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Dropout(0.5),
        nn.Linear(128, 10))


def training(network, x, classes, variant):
    """Forward, crossentropy of logits and integer labels, gradients, SGD; all that it reads lies on
    the card."""
    model = network().to(DEVICE, x.dtype).train()
    if "channels_last" in variant:
        model, x = (t.to(memory_format=torch.channels_last) for t in (model, x))
    y = torch.randint(0, classes, (len(x),), device=DEVICE)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, fused=True)
    stay(variant, x, y)
    loss_of = form(lambda x, y: F.cross_entropy(model(x), y), variant)

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss_of(x, y).backward()
        optimizer.step()

    def marked_step():
        torch.compiler.cudagraph_mark_step_begin()
        step()

    return finished(marked_step if variant == "compiled" else step, variant)


def inference(network, x, variant):
    model = network().to(DEVICE, x.dtype).eval()
    stay(variant, x)
    call = form(model, variant)

    def step():
        with torch.no_grad():
            call(x)

    return finished(step, variant)[0], events


GEMM_WIDTHS = (size(4096, 32),) * 3


def gemm_mlp(train, variant):
    x = random(size(4096, 32), GEMM_WIDTHS[0], dtype=torch.bfloat16)
    if train:
        return training(lambda: mlp(*GEMM_WIDTHS), x, GEMM_WIDTHS[-1], variant)
    return inference(lambda: mlp(*GEMM_WIDTHS), x, variant)


def gemm_products(train, library):
    """The products of gemm_mlp and nothing else: two forward; with train, three more of the
    gradients (the one for the network's input is not needed)."""
    n = GEMM_WIDTHS[0]
    x, first, second, gradient = (random(n, n, dtype=torch.bfloat16) for _ in range(4))
    hidden, y, to_first, to_second, to_hidden = (torch.empty_like(x) for _ in range(5))

    def step():
        torch.mm(x, first, out=hidden)
        torch.mm(hidden, second, out=y)
        if train:
            torch.mm(hidden.t(), gradient, out=to_second)
            torch.mm(gradient, second.t(), out=to_hidden)
            torch.mm(x.t(), to_hidden, out=to_first)

    if options.host:
        return step, events
    torch.backends.cuda.preferred_blas_library(library)
    try:
        return captured(step), events  # the capture keeps the library's kernels
    finally:
        torch.backends.cuda.preferred_blas_library("default")


def chain_of(x, a, b):
    return torch.tanh(x * a + b) * torch.sigmoid(x)


def chain(gradient, variant):
    x, a, b = (random(size(1 << 26, 1 << 10)) for _ in range(3))
    if not gradient:
        call = streaming(chain_of, variant)
        return lambda: call(x, a, b), events
    if variant == "compiled":  # one kernel gives the three gradients
        def gradients(x, a, b):
            y, pull = torch.func.vjp(chain_of, x, a, b)
            return pull(torch.ones_like(y))

        call = streaming(gradients, variant)
        return lambda: call(x, a, b), events
    upstream = torch.ones_like(x)
    for t in (x, a, b):
        t.requires_grad_()
    return lambda: torch.autograd.grad(chain_of(x, a, b), (x, a, b), upstream), events


def streaming(function, variant):
    """Compiled, if so, without CUDA graphs: those would copy the large inputs."""
    return form(function, "compiled_graph" if variant == "compiled" else variant)


def softmax(variant):
    x = random(size(16384, 8), size(1000, 10))
    call = streaming(lambda x: torch.softmax(x, -1), variant)
    return lambda: call(x), events


def layer_norm(variant):
    width = size(1024, 16)
    x, scale, shift = random(size(16384, 8), width), random(width), random(width)
    call = streaming(lambda x: F.layer_norm(x, (width,), scale, shift), variant)
    return lambda: call(x), events


def adam(variant):
    parameter = nn.Parameter(random(size(100_000_000, 1000)))
    parameter.grad = random(*parameter.shape)
    optimizer = torch.optim.Adam([parameter], lr=1e-3, fused=variant == "eager_fused" or None)
    return streaming(optimizer.step, variant), events


def copy():
    source = random(size(1 << 29, 1 << 10))  # 2 GiB
    target = torch.empty_like(source)
    return lambda: target.copy_(source), events


def cases():
    found = {"copy/eager": copy}

    def add(case, make, variants):
        for v in variants:
            if options.host and v not in ("eager", "products_cublaslt"):
                continue
            if options.without_compile and v.startswith("compiled"):
                continue
            found[f"{case}/{v}"] = lambda v=v: make(v)

    elementwise = ["eager"] + ["compiled"] * options.compile_all
    add("chain_forward", lambda v: chain(False, v), elementwise)
    add("chain_gradient", lambda v: chain(True, v), elementwise)
    add("softmax", softmax, elementwise)
    add("layer_norm", layer_norm, elementwise)
    add("adam_100m", adam, ["eager", "eager_fused"] + ["compiled"] * options.compile_all)
    for ending in ("", "_tf32"):
        for case, batch, widths in (("mlp_128_b32", 32, (784, 128, 10)),
                                    ("mlp_512_256_b128", 128, (784, 512, 256, 10)),
                                    ("mlp_64_b16384", 16384, (64, 64, 64, 64, 10))):
            add(case + ending, lambda v, batch=batch, widths=widths: training(
                lambda: mlp(*widths), random(batch, widths[0]), widths[-1], v), NETWORK_VARIANTS)
        add("keras_cnn_b128" + ending, lambda v: training(
            keras_cnn, random(size(128, 2), 1, 28, 28), 10, v), CNN_VARIANTS)
    for train in (False, True):
        case = "gemm_mlp_bf16" + "_train" * train
        add(case, lambda v, train=train: gemm_mlp(train, v), NETWORK_VARIANTS)
        for library in ("cublas", "cublaslt"):
            add(case, lambda v, train=train, library=library: gemm_products(train, library),
                [f"products_{library}"])
    return found


# --- serving ---

def set_precision(case):
    """Stated for every case: what a product of float32 may be rounded to."""
    tf32 = case.endswith("_tf32")
    torch.backends.cudnn.allow_tf32 = tf32
    torch.backends.cuda.matmul.allow_tf32 = tf32


def free(prepared):
    prepared.clear()
    if "torch._dynamo" in sys.modules:
        torch._dynamo.reset()
    gc.collect()
    if not options.host:
        torch.cuda.empty_cache()


def prepare(name, make):
    set_precision(name.partition("/")[0])
    step, clock = make()
    for _ in range(5):
        step()
    return step, clock


def reason(error):
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]


def serve(found):
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a library prints is no answer
    print("ready", *found, file=out)
    prepared, current = {}, None
    for line in sys.stdin:
        name, seconds = line.split()
        case = name.partition("/")[0]
        try:
            if case != current:
                current = case
                free(prepared)
            if name not in prepared:
                prepared[name] = prepare(name, found[name])
            set_precision(case)  # compiled code is guarded by it
            step, clock = prepared[name]
            print(name, f"{measure(step, clock, float(seconds)):.3f}", file=out)
        except Exception as error:  # the comparison goes on without this case
            print(name, "error", reason(error), file=out)


def warm(found, seconds):
    start, longest = time.monotonic(), 0.0
    for name in sorted(found, key=lambda n: ("_train/" in n, "_tf32/" in n)):  # in order of worth
        if "/compiled" not in name or time.monotonic() + longest > start + seconds:
            continue
        begun = time.monotonic()
        try:
            prepare(name, found[name])
            state = "compiled"
        except Exception as error:
            state = reason(error)
        free({})
        longest = max(longest, time.monotonic() - begun)
        print(f"{name}: {state}, {time.monotonic() - begun:.1f} s", file=sys.stderr)


def main():
    if not options.host and not torch.cuda.is_available():
        sys.exit("PyTorch sees no CUDA device: see --without-torch and --host")
    torch.manual_seed(0)
    torch.backends.cudnn.benchmark = True
    if options.warm is not None:
        warm(cases(), options.warm)
    elif options.serve:
        serve(cases())
    else:
        parser.error("--serve or --warm?")


if __name__ == "__main__":
    main()
