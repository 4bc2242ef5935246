"""Times what users wait for, in CPU seconds, each several times; prints a table.

Run with `make bench`. Machines are noisy: compare ratios within one run, or medians.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
from pathlib import Path

RUNS = 5

ALL_PAIRS = """
import accelsim
for heads, size in ((12, 64), (16, 64), (8, 64), (16, 128)):
    for length in (2**10, 2**12, 2**14, 2**16, 2**18, 2**20):
        sizes = {"H": heads, "E": size, "F": size, "M": length, "P": length}
        accelsim.simulate("attention/one-pass", on="fusemax", set=sizes)
"""

ALL_ENCODERS = """
import accelsim
for model in ("bert-base", "trxl-wt103", "t5-small", "xlm"):
    for length in (2**10, 2**12, 2**14, 2**16, 2**18, 2**20):
        accelsim.simulate(model, on="fusemax", set={"P": length})
"""

CHAINS = """
import time
from accelsim.einsum.fusion import Fusion
from accelsim.einsum.passes import analyse
from accelsim.workload import cascade_from_text
for count in (50, 400):
    lines = ["T0[m,p] = A[m,p] * 2"]
    for i in range(1, count):
        # A third of them sum, a third use the sum again along the same fiber.
        kind = (f"T{i}[p] = T{i-1}[m,p]", f"T{i}[m,p] = T{i-1}[p] * T{i-2}[m,p]",
                f"T{i}[m,p] = exp(T{i-1}[m,p])")[(i - 1) % 3]
        lines.append(kind)
    cascade = cascade_from_text(
        "\\n".join(lines), ranks={"M": 64, "P": 8}, tensors={"A": ["M", "P"]})
    start = time.process_time()
    fusion = Fusion(analyse(cascade))
    fusion.fusable, fusion.footprint
    print(count, fusion.passes.max_passes, round(time.process_time() - start, 3))
"""

CANDIDATES = """
import time
import numpy as np
import accelsim
from accelsim.architecture import load_architecture
from accelsim.search.candidates import Coster
from accelsim.search.problem import problem_of
from accelsim.search.store_order import StoreOrder
machine = load_architecture("ref3")
cascade = accelsim.cascade_from_text("Z[m,n] = A[m,k] * B[k,n]",
    ranks=dict.fromkeys("MNK", 1024), tensors={"A": ["M", "K"], "B": ["K", "N"]})
problem = problem_of("Z", cascade, machine, machine.arrays["PEs"], bits=lambda _: 8)
order = StoreOrder(((1, 0), (1, 1), (1, 2), (0, 2), (0, 0), (0, 1)), frozenset({0, 1, 2}))
random = np.random.default_rng(0)
tiles = np.exp(random.uniform(0, np.log(1024.99), (100_000, 6, 3))).astype(np.int64)
tiles = -np.sort(-tiles, axis=1)  # Any sizes, ragged in each other.
rows = random.integers(1, 17, (100_000, 3)) ** [1, 0, 0]
columns = random.integers(1, 17, (100_000, 3)) ** [0, 1, 0]
coster = Coster(problem, order)
start = time.process_time()
for _ in range(10):
    coster(tiles, rows, columns)
print(round(1e6 / (time.process_time() - start)), "candidates a second")
"""

CASES = {
    "python -c pass (the floor)": [sys.executable, "-c", "pass"],
    "accelsim --help": ["accelsim", "--help"],
    "accelsim simulate attention/one-pass --on fusemax --json -": [
        "accelsim", "simulate", "attention/one-pass", "--on", "fusemax", "--json", "-",
    ],
    "24 pairs of attention on fusemax, one process": [sys.executable, "-c", ALL_PAIRS],
    "24 encoder layers on fusemax, one process": [sys.executable, "-c", ALL_ENCODERS],
    "accelsim simulate conv2d --on systolic-ws": [
        "accelsim", "simulate", "conv2d", "--on", "systolic-ws",
    ],
    "accelsim passes attention/one-pass --json -": [
        "accelsim", "passes", "attention/one-pass", "--json", "-",
    ],
    "accelsim check workloads mappers": ["accelsim", "check", "workloads", "mappers"],
    "accelsim check --format --diff workloads mappers": [
        "accelsim", "check", "--format", "--diff", "workloads", "mappers",
    ],
    "passes of a chain of 50 and of 400 Einsums": [sys.executable, "-c", CHAINS],
    "1,000,000 candidates of a product of 1024 on ref3": [sys.executable, "-c", CANDIDATES],
    "accelsim validate": ["accelsim", "validate", "--report", "/tmp", "--json", "/dev/null"],
}  # fmt: skip


def cpu_seconds(command: list[str]) -> float:
    """CPU time, user and system, of one run of a command and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main() -> None:
    """Run every case once to warm up, then several times."""
    beside = Path(sys.executable).parent / "accelsim"
    print(f"{'CPU seconds':<62} {'min':>6} {'median':>7} {'max':>6}")
    for name, command in CASES.items():
        if command[0] == "accelsim" and beside.exists():
            command = [str(beside), *command[1:]]
        cpu_seconds(command)
        times = [cpu_seconds(command) for _ in range(RUNS)]
        low, middle, high = min(times), statistics.median(times), max(times)
        print(f"{name:<62} {low:6.2f} {middle:7.2f} {high:6.2f}")
    print(flush=True)
    subprocess.run([sys.executable, str(Path(__file__).with_name("mapper.py"))], check=True)


if __name__ == "__main__":
    main()
