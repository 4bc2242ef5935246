"""Times the systolic hardware: emission of its Verilog, and simulated cycles a second.

``python benchmarks/hardware.py`` prints a table, in CPU seconds: emission with elaboration, and
simulated cycles a second of a product of 128 x 256 x 256, each the best of several. Simulations are
built first where they are not kept.
"""

from __future__ import annotations

import argparse
from time import process_time

import numpy as np

from accelsim.accelerators.bench.runner import Runner
from accelsim.accelerators.systolic.bench.layers import layer_trial
from accelsim.accelerators.systolic.gateware import Systolic
from accelsim.accelerators.systolic.parameters import SystolicParameters
from accelsim.accelerators.systolic.verilog import systolic_verilog

SIZES = (4, 8, 16)
DATAFLOWS = ("weight-stationary", "output-stationary")
PRODUCT = (128, 256, 256)
WIDTHS = (18, 8, 8, 14, 16)
HEAD = ("dataflow", "PEs", "lines", "emission, s", "kcycles/s")


def emission(parameters: SystolicParameters, times: int) -> tuple[int, float]:
    """Lines of Verilog, and CPU seconds for them."""
    best = float("inf")
    for _ in range(times):
        begin = process_time()
        text = systolic_verilog(parameters)
        best = min(best, process_time() - begin)
    return text.count("\n"), best


def cycles_per_second(parameters: SystolicParameters, times: int) -> float:
    """Of the compiled simulation."""
    runner = Runner(lambda: Systolic(parameters), "cxxrtl").prepare()
    trial = layer_trial(parameters, PRODUCT, np.random.default_rng(0))
    best = 0.0
    for _ in range(times):
        begin = process_time()
        run = trial.run(runner)
        best = max(best, run.cycles / (process_time() - begin))
        assert not trial.wrong_values(run)
    return best


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=3)
    times = parser.parse_args().times
    print("  ".join(word.rjust(width) for word, width in zip(HEAD, WIDTHS, strict=True)))
    for dataflow in DATAFLOWS:
        for size in SIZES:
            parameters = SystolicParameters(dataflow=dataflow, rows=size, columns=size)
            lines, seconds = emission(parameters, times)
            rate = cycles_per_second(parameters, times) / 1000
            cells = (dataflow, f"{size}x{size}", str(lines), f"{seconds:.1f}", f"{rate:.0f}")
            print("  ".join(word.rjust(width) for word, width in zip(cells, WIDTHS, strict=True)))


if __name__ == "__main__":
    main()
