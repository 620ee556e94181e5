# SPDX-License-Identifier: BSL-1.0
"""Plays typegrad and its peers against each other and writes the table, results.json and the charts.

Each side is a process of its own that stays alive and waits (harness.hpp, torch_worker.py). A round
measures a case once on every side, one after the other, forwards in even rounds and backwards in
odd ones; a round in which other programs used the machine is thrown away and played again, within
limits. Reported is the median, over the rounds, of each round's ratio peer's time / typegrad's.
A variant of a peer that takes half as long again as another one, in a round that counts, is not
played again, if it has no line of its own.
"""
import argparse
import dataclasses
import datetime
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

import chart

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILT = HERE / ".build" / "cmake"
BUSY = 0.06  # of one processor, by other programs: a round with more does not count


@dataclasses.dataclass(frozen=True)
class Row:
    """A line of the table: typegrad's case against the fastest of some of the peers' variants."""
    title: str
    case: str
    peers: tuple  # "SIDE:VARIANT": see commands()
    peer: str     # what they are called in the table


EITHER = ("torch:eager", "torch:compile")
AS_INSTALLED = ("torch_as_installed:eager", "torch_as_installed:compile")  # only where it differs
SMALL, LARGE = "784-128-10", "784-512-256-10"


def mlp_rows(kind, widths, batch):
    case = f"{kind}_mlp_{widths.replace('-', '_')}_b{batch}"
    title = f"MLP {widths}, {'training step' if kind == 'train' else 'inference'}, batch {batch}"
    rows = [Row(title, case, EITHER, "PyTorch"),
            Row(title, case, AS_INSTALLED, "PyTorch as installed")]
    if kind == "train":
        rows.append(Row(title, case, ("torch:eager_fused", "torch:compile_fused"),
                        "PyTorch, fused SGD"))
    return rows + [Row(title, case, ("libtorch:",), "libtorch"), Row(title, case, ("jax:",), "JAX")]


# torch_cnn.py says what these are.
TRAINED = tuple(f"torch:{mode}{layout}" for mode in ("eager", "compile")
                for layout in ("", "_channels_last"))
INFERRED = TRAINED + ("torch:compile_frozen", "torch:compile_channels_last_frozen")


def network_rows(name, title, batches):
    rows = []
    for kind, batch in batches:
        case = f"{kind}_{name}_b{batch}"
        said = f"{title}, {'training step' if kind == 'train' else 'inference'}, batch {batch}"
        rows.append(Row(said, case, TRAINED if kind == "train" else INFERRED, "PyTorch"))
        rows.append(Row(said, case, ("libtorch:", "libtorch:channels_last"), "libtorch"))
        rows.append(Row(said, case, ("jax:",), "JAX"))
    return rows


SMALL_NETWORK = [("train", 32), ("train", 128), ("infer", 1), ("infer", 32), ("infer", 128)]


def both_rows(title, case):
    return [Row(title, case, ("torch:eager",), "PyTorch eager"),
            Row(title, case, AS_INSTALLED[:1], "PyTorch eager as installed"),
            Row(title, case, ("torch:compile",), "torch.compile"),
            Row(title, case, ("jax:",), "JAX")]


ROWS = [
    *mlp_rows("train", SMALL, 32), *mlp_rows("train", LARGE, 128),
    *(row for widths in (SMALL, LARGE) for batch in (1, 256)
      for row in mlp_rows("infer", widths, batch)),
    *network_rows("lenet5", "LeNet-5", SMALL_NETWORK),
    *network_rows("keras_cnn", "Keras CNN", SMALL_NETWORK),
    *network_rows("resnet18", "ResNet-18 for 32x32", [("train", 32), ("infer", 32)]),
    *both_rows("tanh(x*a+b)*sigmoid(x), 1M floats", "chain_forward_1m"),
    *both_rows("its value and gradients, 1M floats", "chain_gradient_1m"),
    *both_rows("softmax 1024x1000", "softmax_1024x1000"),
    *both_rows("layer normalisation 1024x512", "layer_norm_1024x512"),
    Row("Adam, 10M parameters", "adam_10m", ("torch:default",), "PyTorch, default"),
    Row("Adam, 10M parameters", "adam_10m", ("torch:fused",), "PyTorch, fused"),
    Row("Adam, 10M parameters", "adam_10m", ("torch:compile",), "PyTorch, compiled"),
    Row("Adam, 10M parameters", "adam_10m", ("jax:",), "JAX"),
]


class Side:
    """A process that measures cases when asked."""

    def __init__(self, name, command, threads, extra):
        keep = "1000000000"  # glibc: freed memory stays with the process, for every side alike
        environment = dict(
            os.environ, MALLOC_TRIM_THRESHOLD_=keep, MALLOC_MMAP_THRESHOLD_=keep,
            OMP_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads), CUDA_VISIBLE_DEVICES="",
            TORCHINDUCTOR_CACHE_DIR=str(HERE / ".build" / "inductor"), JAX_PLATFORMS="cpu", **extra)
        self.name = name
        self.log = open(HERE / ".build" / f"{name}_{threads}.log", "w")
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.log, text=True, env=environment, cwd=HERE)
        self.cases = set(self.ask("names").split())

    def ask(self, line):
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise SystemExit(f"{self.name} has ended; see {self.log.name}")
        return answer.strip()

    def measure(self, case, seconds):
        """(median, minimum) in microseconds, or None after saying why."""
        answer = self.ask(f"measure {case} {seconds}")
        if answer.startswith("failed"):
            print(f"  {self.name}: {answer}", file=sys.stderr)
            return None
        _, _, median, minimum, _ = answer.split()
        return float(median), float(minimum)

    def cpu_seconds(self):
        stat = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text()
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.log.close()


def busy_seconds():
    """Processor time that the whole machine has used, and what the host took from it."""
    fields = [int(v) for v in pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


def outclassed(case, result):
    """The variants that a rival beats by half in each line of the table that they stand in."""
    out = set()
    for label, (median, _) in result.items():
        rivals = [[result[p][0] for p in row.peers if p in result]
                  for row in ROWS if row.case == case and label in row.peers]
        if rivals and all(median > 1.5 * min(times) for times in rivals):
            out.add(label)
    return out


def play(case, players, options):
    """Rounds of one case: [{player: (median, minimum)}], and the share of one processor that
    others used. players: (label, side, the side's name of the case)."""
    for label, side, name in list(players):  # sets up, compiles, warms
        if side.measure(name, 0.01) is None:
            players.remove((label, side, name))
    sides = {side for _, side, _ in players}
    kept, noisy = [], []
    for attempt in range(3 * options.rounds):
        if len(kept) == options.rounds:
            break
        start, busy, own = time.monotonic(), busy_seconds(), sum(s.cpu_seconds() for s in sides)
        result = {}
        for label, side, name in players if attempt % 2 == 0 else players[::-1]:
            time.sleep(0.01)  # the last side's threads stop spinning
            result[label] = side.measure(name, options.seconds)
            if result[label] is None:
                raise SystemExit(f"{label} failed in the middle of {name}")
        own = sum(s.cpu_seconds() for s in sides) - own
        others = max(0.0, (busy_seconds() - busy - own) / (time.monotonic() - start))
        if others <= BUSY or options.quick:
            kept.append((others, result))
            out = outclassed(case, result)
            players = [p for p in players if p[0] not in out]
        else:
            noisy.append((others, result))
    quiet = len(kept)
    kept += sorted(noisy, key=lambda r: r[0])[:options.rounds - quiet]
    for side in sides:
        side.ask("drop")
    return [r for _, r in kept], statistics.median(o for o, _ in kept) if kept else 0.0


def mkl_shim():
    """The environment in which PyTorch's MKL uses what a processor that is not Intel's can do."""
    library = BUILT / "libmkl_as_on_intel.so"
    if "GenuineIntel" in pathlib.Path("/proc/cpuinfo").read_text() or not library.exists():
        return {}
    return {"LD_PRELOAD": str(library)}


def commands(options, threads):
    """(side, its command, its environment)"""
    yield "typegrad", [str(BUILT / "typegrad_bench"), "--serve", "--threads", str(threads)], {}
    if not options.without_torch:
        shim, worker = mkl_shim(), [sys.executable, "torch_worker.py", str(threads)]
        yield "torch", worker, shim
        yield "libtorch", [str(BUILT / "libtorch_bench"), "--serve", "--threads", str(threads)], shim
        if shim:
            yield "torch_as_installed", [*worker, "mlp,1m/eager,1000/eager,512/eager"], {}
    if options.jax:
        yield "jax", [sys.executable, "jax_worker.py", str(threads)], {}


def compare(options, threads):
    """{case: {"times": {player: [median us of each round]}, "minima": ..., "others": share}}"""
    sides = {name: Side(name, command, threads, extra)
             for name, command, extra in commands(options, threads)}
    found = {}
    for case in dict.fromkeys(row.case for row in ROWS):
        if not any(part in case for part in options.only.split(",")):
            continue
        players = []
        for name, side in sides.items():
            for own in sorted(side.cases):
                if own.partition("/")[0] == case:
                    players.append((f"{name}:{own.partition('/')[2]}", side, own))
        if not players:
            continue
        rounds, others = play(case, players, options)
        labels = [label for label, _, _ in players]
        found[case] = {"others": round(others, 3),
                       "times": {l: [r[l][0] for r in rounds if l in r] for l in labels},
                       "minima": {l: min(r[l][1] for r in rounds if l in r) for l in labels}}
        print(f"  {threads} thread(s) {case}: " + ", ".join(
            f"{l.rstrip(':')} {statistics.median(found[case]['times'][l]):.1f} us" for l in labels)
            + (f" (others used {100 * others:.0f} %)" if others > BUSY else ""), file=sys.stderr)
    for side in sides.values():
        side.close()
    return found


def evaluate(row, found):
    """A row's numbers for one number of threads, or None where a side is missing."""
    times = found.get(row.case, {}).get("times", {})
    peers = [p for p in row.peers if p in times]
    if not peers:
        return None
    best = min(peers, key=lambda p: statistics.median(times[p]))
    entry = {"peer": best, "peer_us": statistics.median(times[best]),
             "noisy": found[row.case]["others"] > BUSY}
    ours = times.get("typegrad:")
    if ours:
        ratios = sorted(t / o for t, o in zip(times[best], ours))
        entry |= {"typegrad_us": statistics.median(ours), "ratio": statistics.median(ratios),
                  "ratio_low": ratios[0], "ratio_high": ratios[-1]}
    return entry


def duration(us):
    return f"{us:.1f} µs" if us < 100 else f"{us:.0f} µs" if us < 1e4 else f"{us / 1e3:.1f} ms"


def table(results, threads):
    """Markdown: for each number of threads both times, and how many times as fast we are."""
    head = ["case", "peer"]
    head += [f"{t} thread{'s' * (t > 1)}: typegrad | peer | ratio" for t in threads]
    lines = ["| " + " | ".join(head) + " |", "|---|---|" + "--:|--:|--:|" * len(threads)]
    for row in results:
        cells = [row["title"], row["name"]]
        for t in threads:
            e = row["threads"].get(str(t))
            if not e:
                cells += ["", "", ""]
                continue
            noisy = " (noisy)" if e["noisy"] else ""
            variant = e["peer"].partition(":")[2]
            shown = f" ({variant.replace('_fused', '')})" if row["choice"] and variant else ""
            ours = e.get("typegrad_us")
            cells += [duration(ours) if ours else "", duration(e["peer_us"]) + shown,
                      f"**{e['ratio']:.2f}×**{noisy}" if ours else ""]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def machine():
    names = [line.partition(":")[2].strip()
             for line in pathlib.Path("/proc/cpuinfo").read_text().split("\n")
             if line.startswith("model name")]
    compiler = subprocess.run(["g++", "--version"], capture_output=True, text=True).stdout
    found = {"processor": names[0] if names else platform.machine(), "processors": os.cpu_count(),
             "compiler": compiler.split("\n")[0], "python": platform.python_version(),
             "date": datetime.date.today().isoformat()}
    from importlib import metadata
    for package in ("torch", "jax"):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            pass
    return found


def least(results, counts):
    """For each case and number of threads the least of the ratios in the rows that count."""
    cases = {}
    for row in results:
        if not counts(row["name"]):
            continue
        found = cases.setdefault(row["case"], {"title": row["title"], "threads": {}})["threads"]
        for t, entry in row["threads"].items():
            if "ratio" in entry:
                found[t] = min(found.get(t, entry), entry, key=lambda e: e["ratio"])
    return [c for c in cases.values() if c["threads"]]


def draw(results, threads, about):
    machine = f"{about['processor']}, fp32, same threads; PyTorch {about.get('torch')}"
    charts = [
        ("comparison.svg", "How many times as fast as PyTorch typegrad is",
         machine + ": the fastest of eager, compiled, channels_last, fused",
         least(results, lambda name: "torch" in name.lower() and name != "libtorch"
               and "as installed" not in name)),
        ("comparison_libtorch.svg", "How many times as fast as libtorch (C++) typegrad is",
         machine, least(results, lambda name: name == "libtorch"))]
    for file, title, subtitle, rows in charts:
        if rows:
            (ROOT / "docs" / file).write_text(chart.bars(rows, threads, title, subtitle))
            print(f"written: docs/{file}", file=sys.stderr)


def check_numbers():
    """Typegrad's and PyTorch's networks must give the same numbers, or their times mean nothing."""
    folder = HERE / ".build" / "check"
    folder.mkdir(exist_ok=True)
    subprocess.run([str(BUILT / "typegrad_bench"), "--write", str(folder)], check=True)
    environment = dict(os.environ, CUDA_VISIBLE_DEVICES="")
    done = subprocess.run([sys.executable, "check.py", str(folder)], cwd=HERE, env=environment,
                          capture_output=True, text=True)
    print(done.stdout, end="", file=sys.stderr)
    if done.returncode:
        raise SystemExit(done.stderr.rpartition("\n\n")[2] + "typegrad's numbers are not PyTorch's")


def main():
    parser = argparse.ArgumentParser(prog="bench/compare/run", description=__doc__.split("\n")[0])
    parser.add_argument("--threads", default="1,2", help="numbers of threads (default: 1,2)")
    parser.add_argument("--rounds", type=int, default=7, help="rounds of each case (default: 7)")
    parser.add_argument("--seconds", type=float, default=0.15, help="of each measurement")
    parser.add_argument("--only", default="", help="cases named like one of these (a,b); writes no files")
    parser.add_argument("--jax", action="store_true", help="JAX too")
    parser.add_argument("--without-torch", action="store_true")
    parser.add_argument("--quick", action="store_true",
                        help="short rounds, noise allowed, to see that it works; no files")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = 3, 0.03
    threads = [int(t) for t in options.threads.split(",")]
    if not options.without_torch:
        check_numbers()
    found = {str(t): compare(options, t) for t in threads}

    results = []
    for row in ROWS:
        entries = {t: evaluate(row, cases) for t, cases in found.items()}
        entries = {t: e for t, e in entries.items() if e}
        if entries:
            results.append({"title": row.title, "case": row.case, "name": row.peer,
                            "choice": len(row.peers) > 1, "threads": entries})
    print(table(results, threads))
    if options.quick or options.only:
        return
    about = machine() | {"rounds": options.rounds, "seconds": options.seconds}
    (HERE / "results.json").write_text(json.dumps(
        {"machine": about, "rows": results, "cases": found}, indent=1) + "\n")
    print("\nwritten: bench/compare/results.json", file=sys.stderr)
    if any(e["noisy"] for r in results for e in r["threads"].values()):
        print("Other programs kept the machine busy in the cases marked noisy: do not quote them. "
              "The charts in docs/ are left as they were; run again on a quiet machine.",
              file=sys.stderr)
        return
    draw(results, threads, about)


if __name__ == "__main__":
    main()
