# SPDX-License-Identifier: BSL-1.0
"""Plays typegrad and PyTorch against each other on one GPU and writes the table and results.json.

Each side is a process of its own that lives for the whole run and measures one case when asked, on
a GPU that is otherwise idle. A round measures a case once in every form, one after the other,
forwards in even rounds and backwards in odd ones. Reported are medians over the rounds; a ratio is
the median of each round's ratio PyTorch's time / typegrad's.

The protocol, in lines of text. A side is started with `--serve`:

  it prints   ready NAME NAME ...            the cases that it has, once it can measure
  it reads    NAME SECONDS                   measure this case for about so long
  it prints   NAME MEDIAN_MICROSECONDS       of one step, or:
              NAME error TEXT                what went wrong; the comparison goes on
  it ends at the end of its input.

A side sets a case up, compiles and warms when its name first comes, outside the timing, and may
keep it until another case's name comes. What a case is, float32 without tf32 unless its name ends
in _tf32, with all that a step reads on the card:

  mlp_128_b32, mlp_512_256_b128       training step of 784-128-10 and 784-512-256-10: relu, softmax
                                      crossentropy of integer labels, SGD with rate 0.01
  mlp_64_b16384                       the same of 64-64-64-64-10
  keras_cnn_b128                      the same of the CNN of Keras's tutorial, with dropout
  chain_forward                       y = tanh(x*a+b)*sigmoid(x), each 2^26 floats
  chain_gradient                      of its sum, for x, a and b: three arrays are the result
  softmax, layer_norm                 of the rows of 16384x1000, of 16384x1024 with scale and shift
  gemm_mlp_bf16                       forward of 4096-4096-4096, relu between, batch 4096, bfloat16:
                                      two products
  gemm_mlp_bf16_train                 its training step as above: five products
  adam_100m                           one step on 10^8 float32 parameters
  copy                                2 GiB from device memory to device memory

A program built with TYPEGRAD_BENCH_TINY (`run --host`) has the same names with any small sizes.
PyTorch's names have a variant after a slash: see torch_gpu.py.
"""
import argparse
import dataclasses
import importlib.metadata
import json
import os
import pathlib
import select
import shutil
import signal
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
BUILT = HERE / ".build"
RESERVE = 12.0   # seconds kept for each case still to come, when one wants to compile
SET_UP = 60.0    # seconds that a form may take to be set up, if it is not compiled
COMPILE = 150.0  # and if it is
LEAST = 10.0     # with less time left than this nothing is begun

# The columns of the table, and which of PyTorch's variants count for each.
COLUMNS = {"eager": ("eager",), "compiled": ("compiled",), "graph": ("graph", "compiled_graph")}


@dataclasses.dataclass(frozen=True)
class Target:
    """A ratio, or a share of the limit, that is wanted; against columns or a limit."""
    wanted: float
    against: tuple


@dataclasses.dataclass(frozen=True)
class Row:
    title: str
    case: str
    targets: tuple = ()
    bytes: int = 0  # that a step moves at least: its rate stands beside that of copy
    flops: int = 0  # of its products: its rate stands beside that of the products alone


COPY = Row("copy", "copy", bytes=2 << 31)
MLP = (Target(3, ("compiled", "graph")), Target(10, ("eager",)))
CNN = (Target(1.5, ("eager", "compiled", "graph")),)
FLOATS, PARAMETERS, PRODUCT = 4 << 26, 100_000_000, 2 * 4096**3

ROWS = [
    *(Row(f"{title}{', tf32' * bool(ending)}", case + ending, targets)
      for ending in ("", "_tf32")
      for title, case, targets in (
          ("MLP 784-128-10, training step, batch 32", "mlp_128_b32", MLP),
          ("MLP 784-512-256-10, training step, batch 128", "mlp_512_256_b128", MLP),
          ("MLP 64-64-64-64-10, training step, batch 16384", "mlp_64_b16384", MLP),
          ("Keras CNN, training step, batch 128", "keras_cnn_b128", CNN))),
    Row("tanh(x*a+b)*sigmoid(x), 64M floats", "chain_forward", (Target(0.90, ("copy",)),),
        bytes=4 * FLOATS),
    Row("its gradients for x, a, b", "chain_gradient", (Target(0.90, ("copy",)),),
        bytes=6 * FLOATS),
    Row("softmax 16384x1000", "softmax", (Target(0.85, ("copy",)),), bytes=8 * 16384 * 1000),
    Row("layer normalisation 16384x1024", "layer_norm", (Target(0.85, ("copy",)),),
        bytes=8 * 16384 * 1024),
    Row("MLP 4096-4096-4096, bf16, forward, batch 4096", "gemm_mlp_bf16",
        (Target(0.95, ("products",)),), flops=2 * PRODUCT),
    Row("the same, training step", "gemm_mlp_bf16_train", (Target(0.95, ("products",)),),
        flops=5 * PRODUCT),
    Row("Adam, 100M parameters", "adam_100m", (Target(0.90, ("copy",)),), bytes=28 * PARAMETERS),
    COPY,
]


class Side:
    """A process that measures cases when asked. One that hangs or breaks is started anew."""

    def __init__(self, name, command, environment=()):
        self.name, self.command = name, command
        self.environment = dict(os.environ, **dict(environment))
        self.log = BUILT / f"{name}.log"
        self.log.unlink(missing_ok=True)
        self.broken = ""  # why it cannot be started again
        self.start()

    def start(self):
        self.unread = b""
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                cwd=HERE, env=self.environment, start_new_session=True)
        try:
            self.cases = self.answer("ready", 120).split()
        except (EOFError, TimeoutError) as error:
            self.close(at_once=True)
            raise SystemExit(f"{self.name} does not start: {error}; see {self.log}")

    def answer(self, word, seconds):
        """The rest of the next line that begins with this word."""
        end = time.monotonic() + seconds
        while True:
            line, found, rest = self.unread.partition(b"\n")
            if found:
                self.unread = rest
                first, _, answer = line.decode(errors="replace").strip().partition(" ")
                if first == word:
                    return answer
                continue
            left = max(0.0, end - time.monotonic())
            if not select.select([self.process.stdout], [], [], left)[0]:
                raise TimeoutError(f"no answer in {seconds:.0f} s")
            part = os.read(self.process.stdout.fileno(), 1 << 16)
            if not part:
                raise EOFError(f"ended with {self.process.wait()}")
            self.unread += part

    def measure(self, case, seconds, patience):
        """Microseconds, or a sentence on why there are none."""
        if self.broken:
            return self.broken
        try:
            self.process.stdin.write(f"{case} {seconds}\n".encode())
            self.process.stdin.flush()
            answer = self.answer(case, patience)
        except (BrokenPipeError, EOFError, TimeoutError) as error:
            self.restart()
            return str(error)
        kind, _, text = answer.partition(" ")
        if kind == "error":
            if "cuda" in text.lower():  # such an error can outlive its case
                self.restart()
            return text or "error"
        try:
            return float(kind) if float(kind) > 0 else f"measured {kind}"
        except ValueError:
            return f"answered {answer}"

    def restart(self):
        self.close(at_once=True)
        try:
            self.start()
        except SystemExit as error:
            self.broken = str(error)

    def close(self, at_once=False):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            self.process.wait(0 if at_once else 20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process.stdout.close()


class Clock:
    def __init__(self, options):
        self.end = options.started + 60 * options.minutes - 10

    def left(self):
        return self.end - time.time()


def play(case, sides, options, clock, cases_left):
    """({label: [us of each round]}, {label: why there are none}); a label is typegrad or a variant
    of PyTorch's."""
    players, notes = {}, {}
    for side in sides:
        for name in side.cases:
            if name.partition("/")[0] != case:
                continue
            label, patience = name.partition("/")[2] or side.name, min(SET_UP, clock.left())
            if label.startswith("compiled"):
                patience = min(COMPILE, clock.left() - RESERVE * cases_left)
            if patience < LEAST:
                notes[label] = "skipped, no time left"
                continue
            result = side.measure(name, 0.01, patience)  # sets up, compiles, warms
            if isinstance(result, str):
                notes[label] = result
            else:
                players[label] = side, name
    times = {label: [] for label in players}
    for number in range(options.rounds):
        order = [label for label in players if label in times]
        for label in order if number % 2 == 0 else order[::-1]:
            side, name = players[label]
            result = side.measure(name, options.seconds, SET_UP)
            if isinstance(result, str):
                notes[label] = result
                del times[label]
            else:
                times[label].append(result)
    return times, notes


def compare(rows, sides, options):
    """{case: (times, notes)}: copy first, the networks last, for they may run out of time."""
    clock, found = Clock(options), {}
    order = sorted(rows, key=lambda r: (r.case != "copy", not r.bytes, r.case.endswith("_train"),
                                        r.case.endswith("_tf32")))
    for i, row in enumerate(order):
        begun = time.monotonic()
        found[row.case] = play(row.case, sides, options, clock, len(order) - i)
        times, notes = found[row.case]
        if times or notes:
            said = [f"{label} {duration(statistics.median(t))}" for label, t in times.items()]
            said += [f"{label}: {note[:90]}" for label, note in notes.items()]
            print(f"  {row.case}: " + ", ".join(said) + f" ({time.monotonic() - begun:.0f} s)",
                  file=sys.stderr, flush=True)
    return found


def columns_of(label):
    """Names of the columns that a variant stands in; `products` has none of its own."""
    if label.startswith("products"):
        return ["products"]
    base = label.removesuffix("_channels_last").removesuffix("_fused")
    return [column for column, bases in COLUMNS.items() if base in bases]


def fastest(times, columns):
    labels = [l for l in times if set(columns_of(l)) & set(columns)]
    return min(labels, key=lambda l: statistics.median(times[l]), default=None)


def ratio(times, label):
    """How many times as fast as this variant typegrad is: the median of the rounds."""
    return statistics.median(t / o for t, o in zip(times[label], times["typegrad"]))


def evaluate(row, times, notes, copy_us, measured):
    """What a row of the table says; `measured`: it had its full size."""
    entry = {"title": row.title, "case": row.case, "us": times, "notes": notes, "targets": []}
    ours = statistics.median(times["typegrad"]) if "typegrad" in times else None
    best = fastest(times, COLUMNS)
    entry |= {"typegrad_us": ours, "best": best,
              "ratio": ratio(times, best) if best and ours else None}
    share = {}
    if measured and (row.bytes or row.flops):
        limit_us, limit = copy_us, COPY.bytes
        if row.flops:
            label, limit = fastest(times, ["products"]), row.flops
            limit_us = statistics.median(times[label]) if label else None
        unit, scale = ("TFLOP/s", 1e-6) if row.flops else ("GB/s", 1e-3)
        rate = (row.flops or row.bytes) / ours * scale if ours else None
        most = limit / limit_us * scale if limit_us else None
        entry |= {"unit": unit, "rate": rate, "limit": most}
        if rate and most:
            share["products" if row.flops else "copy"] = entry["share"] = rate / most
    for target in row.targets if measured else ():
        value = None
        missing = [c for c in target.against if c in COLUMNS and not fastest(times, [c])]
        if target.against[0] in ("copy", "products"):
            value = share.get(target.against[0])
        elif ours:
            label = fastest(times, target.against)
            value = ratio(times, label) if label else None
        entry["targets"].append({"wanted": target.wanted, "against": " or ".join(target.against),
                                 "missing": missing, "value": value,
                                 "met": value >= target.wanted if value else None})
    return entry


def duration(us):
    return f"{us:.1f} µs" if us < 100 else f"{us:.0f} µs" if us < 1e4 else f"{us / 1e3:.1f} ms"


def said_target(target):
    percent = target["wanted"] < 1

    def said(value):
        return f"{100 * value:.1f} %" if percent else f"{value:.2f}×"

    wanted = f"{100 * target['wanted']:.0f} %" if percent else f"{target['wanted']:g}×"
    against = "" if target["against"] in ("copy", "products") else " " + target["against"]
    verdict = {True: "**yes**", False: "no", None: "?"}[target["met"]]
    if not target["value"]:
        return f"≥ {wanted}{against}: {verdict}"
    without = "".join(f", without {column}" for column in target["missing"])
    return f"≥ {wanted}{against}: {verdict} ({said(target['value'])}{without})"


def table(entries):
    """Markdown, with the notes below."""
    lines = ["| case | typegrad | torch eager | torch compiled (max-autotune) "
             "| torch whole-step graph | ratio to best | rate | limit | target |",
             "|---|--:|--:|--:|--:|--:|--:|--:|---|"]
    remarks = []

    def remarked(entry, wanted):
        marks = []
        for label, note in entry["notes"].items():
            if label == wanted or wanted in columns_of(label):
                remarks.append(f"[{len(remarks) + 1}] {entry['case']}, {label}: {note}")
                marks.append(f"[{len(remarks)}]")
        return marks

    def cell(entry, wanted):
        us = entry["us"]
        best = wanted if wanted == "typegrad" and wanted in us else fastest(us, [wanted])
        said = [duration(statistics.median(us[best]))] if best else []
        if best and best != wanted:
            said.append(f"({best})")
        return " ".join(said + remarked(entry, wanted))

    def limit(entry):
        said = []
        if entry.get("limit"):
            said.append(f"{entry['limit']:.0f}")
        if entry.get("share"):
            said.append(f"({100 * entry['share']:.1f} %)")
        return " ".join(said + remarked(entry, "products"))

    for e in entries:
        cells = [e["title"], cell(e, "typegrad"), *(cell(e, c) for c in COLUMNS)]
        cells.append(f"**{e['ratio']:.2f}×**" if e["ratio"] else "")
        cells.append(f"{e['rate']:.0f} {e['unit']}" if e.get("rate") else "")
        cells.append(limit(e))
        cells.append("; ".join(said_target(t) for t in e["targets"]))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines + [""] * bool(remarks) + remarks)


def machine():
    """The card and the versions, and nothing that tells whose they are."""
    found = {}
    if shutil.which("nvidia-smi"):
        asked = subprocess.run(["nvidia-smi", "--query-gpu=name,driver_version",
                                "--format=csv,noheader"], capture_output=True, text=True)
        if asked.returncode == 0 and asked.stdout.strip():
            found["device"], found["driver"] = asked.stdout.splitlines()[0].split(", ")
    try:
        found["pytorch"] = importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        pass
    return found


def started_sides(options):
    yield Side("typegrad", [options.binary, "--serve"])
    if not options.without_torch:
        command = [sys.executable, "torch_gpu.py", "--serve"]
        command += ["--host"] * options.host + ["--compile-all"] * options.compile_all
        command += ["--without-compile"] * options.quick
        try:
            yield Side("torch", command, {"TORCHINDUCTOR_CACHE_DIR": str(BUILT / "inductor")})
        except SystemExit as error:
            print(f"{error}\ngoing on without PyTorch", file=sys.stderr)
            options.without_torch = True


def main():
    parser = argparse.ArgumentParser(prog="bench/gpu/run", description=__doc__.split("\n")[0])
    parser.add_argument("--binary", required=True, help="typegrad's side, built")
    parser.add_argument("--rounds", type=int, default=7, help="rounds of each case (default: 7)")
    parser.add_argument("--seconds", type=float, default=0.1, help="of each measurement")
    parser.add_argument("--only", default="", help="cases named like one of these (a,b)")
    parser.add_argument("--without-torch", action="store_true")
    parser.add_argument("--compile-all", action="store_true",
                        help="torch.compile for the rows that are no networks, too")
    parser.add_argument("--quick", action="store_true",
                        help="short rounds and no torch.compile, to see that it works")
    parser.add_argument("--host", action="store_true", help="tiny, on the processor")
    parser.add_argument("--minutes", type=float, default=10, help="for everything (default: 10)")
    parser.add_argument("--started", type=float, default=time.time(),
                        help="when they began, in seconds of Unix time")
    parser.add_argument("--json", type=pathlib.Path, help="where to write the figures, instead of "
                        "results.json here after whole runs")
    options = parser.parse_args()
    if options.quick or options.host:
        options.rounds, options.seconds = 3, 0.03

    BUILT.mkdir(exist_ok=True)
    parts = options.only.split(",")
    rows = [row for row in ROWS if any(part in row.case for part in parts)]
    if any(row.bytes for row in rows) and COPY not in rows:
        rows.append(COPY)
    sides = []
    try:
        sides.extend(started_sides(options))
        rows = [row for row in rows if row.case in sides[0].cases]
        found = compare(rows, sides, options)
    finally:
        for side in sides:
            side.close()

    copies = [statistics.median(t) for t in found.get("copy", ({}, {}))[0].values()]
    copy_us = min(copies, default=None)
    entries = [evaluate(row, *found[row.case], copy_us, not options.host) for row in rows]
    about = machine()
    print(f"{about.get('device', 'no GPU')}, PyTorch {about.get('pytorch', 'not there')}\n")
    print(table(entries))
    if options.host:
        print("\nTiny sizes on the processor: these figures mean nothing.")
    if options.quick or options.host or options.only or options.without_torch:
        path = options.json
    else:
        path = options.json or HERE / "results.json"
    if path:
        about |= {"rounds": options.rounds, "seconds": options.seconds, "full": not options.host}
        path.write_text(json.dumps({"machine": about, "rows": entries}, indent=1) + "\n")
        print(f"\nwritten: {path}", file=sys.stderr)


if __name__ == "__main__":
    main()
