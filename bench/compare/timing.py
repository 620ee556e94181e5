# SPDX-License-Identifier: BSL-1.0
"""The Python peers' half of harness.hpp: the same protocol, the same way of measuring."""
import gc
import os
import sys
import time


def measure(step, seconds):
    """Median and minimum of a step in microseconds, and the number of samples; see harness.hpp."""
    clock = time.perf_counter
    quickest, warmed, start = 1e9, 0, clock()
    while warmed < 2 or clock() - start < 0.25 * seconds:
        a = clock()
        step()
        quickest = min(quickest, clock() - a)
        warmed += 1
    times = max(1, int(1e-3 / quickest))
    samples, start = [], clock()
    gc.disable()
    while len(samples) < 5 or clock() - start < seconds:
        a = clock()
        for _ in range(times):
            step()
        samples.append(1e6 * (clock() - a) / times)
    gc.enable()
    samples.sort()
    return samples[len(samples) // 2], samples[0], len(samples)


def serve(cases, threads, after_drop=lambda: None):
    """Answers `names`, `measure NAME SECONDS`, `drop`. cases: name -> function giving a step."""
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a library prints is no answer
    prepared = {}
    for line in sys.stdin:
        command, *words = line.split()
        if command == "names":
            print(*cases, file=out)
        elif command == "drop":
            prepared.clear()
            after_drop()
            gc.collect()
            print("dropped", file=out)
        elif command == "measure":
            name, seconds = words[0], float(words[1])
            try:
                if name not in prepared:
                    prepared[name] = cases[name]()
                    for _ in range(3):
                        prepared[name]()
                median, minimum, samples = measure(prepared[name], seconds)
                print(f"{name} {threads} {median:.3f} {minimum:.3f} {samples}", file=out)
            except Exception as error:  # the comparison goes on without this case
                reason = f"{type(error).__name__}: {error}".split("\n")[0][:200]
                print(f"failed {name} {reason}", file=out)
