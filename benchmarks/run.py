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


if __name__ == "__main__":
    main()
