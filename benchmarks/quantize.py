"""Times the quantiser on one core: ``python benchmarks/quantize.py`` prints a table.

Each problem runs in a fresh process; time is that of ``quantize`` alone, the best of several, and
memory what it takes above the weights. Weights are seeded: Student's t with 5 degrees of freedom.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys

FORMATS = ("bitmod-fp4", "bitmod-fp3", "int4", "int8", "ant4", "olive4")
WIDTHS = (18, 12, 8, 10, 8, 8)
HEAD = ("format", "shape", "s", "M/s", "MiB", "SNR dB")
ONE_CORE = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

PROGRAM = """
import json, resource, sys, time
import numpy as np
from accelsim.quantization import error_report, quantize
name, channels, features, runs, search = json.loads(sys.argv[1])
rng = np.random.default_rng(0)
weights = np.empty((channels, features), np.float32)
for row in weights:
    row[:] = rng.standard_t(5, features)
weights *= 0.02
clips = None if search else (1.0,)
quantize(weights[:8], name, clips=clips)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
times = []
for _ in range(runs):
    start = time.perf_counter()
    found = quantize(weights, name, clips=clips)
    times.append(time.perf_counter() - start)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
snr = error_report(weights, found).snr_db
print(json.dumps([min(times), (after - before) / 1024, snr]))
"""


def measured(
    name: str, shape: tuple[int, int], runs: int, *, search: bool
) -> tuple[float, float, float]:
    """Seconds, MiB above the weights, and the signal-to-noise ratio, on one core."""
    request = json.dumps([name, *shape, runs, search])
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, request],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **ONE_CORE},
    )
    seconds, mebibytes, snr = json.loads(done.stdout)
    return seconds, mebibytes, snr


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", default="4096x11008", help="channels x features")
    parser.add_argument("--formats", default=",".join(FORMATS))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--search", action="store_true", help="the published search of scales")
    arguments = parser.parse_args()
    channels, features = map(int, arguments.shape.split("x"))
    print("".join(cell.rjust(width) for cell, width in zip(HEAD, WIDTHS, strict=True)))
    for name in arguments.formats.split(","):
        seconds, mebibytes, snr = measured(
            name, (channels, features), arguments.runs, search=arguments.search
        )
        rate = channels * features / seconds / 1e6
        cells = (name, arguments.shape, f"{seconds:.2f}", f"{rate:.1f}", f"{mebibytes:.0f}")
        row = (*cells, f"{snr:.2f}")
        print("".join(cell.rjust(width) for cell, width in zip(row, WIDTHS, strict=True)))


if __name__ == "__main__":
    main()
