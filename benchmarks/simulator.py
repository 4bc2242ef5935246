"""Times the event simulator, and draws how far it is from the analytic model.

``python benchmarks/simulator.py`` prints a table, ``--json PATH`` writes it too. ``--plots DIR``
draws one head of attention on FuseMax at growing lengths instead, as .png and .svg.
Wall seconds after start-up, the best of three, each in a fresh process without caches; one of the
analytic model first, mapping included in both.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTHS = (36, 17, 9, 9, 10, 9, 6)
HEAD = ("workload", "cycles", "event, x", "events", "analytic s", "event s", "MiB")
LENGTHS = [2**i for i in range(10, 21)]
"""Tokens, of queries and of keys; there are as many of both."""
PLOT = "simulator-fusemax"


@dataclass(frozen=True)
class Problem:
    """What is simulated."""

    name: str
    workload: str
    on: str
    mapper: str | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Played:
    """What is found of it, and what that took."""

    cycles: int
    analytic_cycles: int
    utilization: Mapping[str, float]
    """Array -> busy share of the time."""
    events: int
    analytic_seconds: float
    seconds: float
    peak_bytes: int

    @property
    def ratio(self) -> float:
        """Cycles over those of the analytic model."""
        return self.cycles / self.analytic_cycles


def head(length: int) -> Problem:
    """One head of BERT's attention on FuseMax."""
    sizes = {"B": 1, "H": 1, "E": 64, "F": 64, "M": length, "P": length}
    return Problem(f"1 head, {length:,} tokens", "attention/one-pass", "fusemax", None, sizes)


def attention(length: int) -> Problem:
    """All heads of a batch of 64 of BERT-Base."""
    sizes = {"B": 64, "H": 12, "E": 64, "F": 64, "M": length, "P": length}
    return Problem(f"BERT attention, {length:,}", "attention/one-pass", "fusemax", None, sizes)


PROBLEMS = (
    head(2**10),
    head(2**20),
    attention(2**10),
    attention(2**20),
    Problem("BERT-Base encoder, 512", "bert-base", "fusemax", None, {"P": 512}),
    Problem("BERT-Base encoder, 16,384", "bert-base", "fusemax", None, {"P": 2**14}),
    Problem("matmul 1024 on systolic-ws", "matmul", "systolic-ws"),
    Problem("ResNet-50 on systolic-ws", "resnet-50", "systolic-ws"),
    Problem("ResNet-50 on ref3, optimal", "resnet-50", "ref3", "optimal"),
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Time what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="of each problem; the best counts")
    parser.add_argument("--only", default="", help="problems whose name holds this text")
    parser.add_argument("--json", type=Path, help="write what is found to a file")
    parser.add_argument("--plots", type=Path, help="draw lengths, into this folder")
    options = parser.parse_args(arguments)
    if options.plots:
        problems = [head(length) for length in LENGTHS if options.only in f"{length:,}"]
        found = table(problems, runs=1)
        lengths = [problem.sizes["M"] for problem in problems]
        draw(dict(zip(lengths, found, strict=True)), [options.plots / f"{PLOT}.{kind}"
                                                      for kind in ("png", "svg")])  # fmt: skip
    else:
        problems = [problem for problem in PROBLEMS if options.only in problem.name]
        found = table(problems, runs=options.runs)
    if options.json:
        import accelsim

        rows = [{"name": p.name, **asdict(f)} for p, f in zip(problems, found, strict=True)]
        text = json.dumps({"accelsim": accelsim.__version__, "found": rows}, indent=1)
        options.json.write_text(text + "\n", "utf-8")


def table(problems: Iterable[Problem], *, runs: int) -> list[Played]:
    """Play every problem and print its line."""
    print(_row(HEAD))
    found = []
    for problem in problems:
        each = min((timed(problem) for _ in range(runs)), key=lambda played: played.seconds)
        cells = (
            problem.name,
            f"{each.cycles:,}",
            f"{each.ratio:.4f}",
            f"{each.events:,}",
            f"{each.analytic_seconds:.2f}",
            f"{each.seconds:.2f}",
            f"{each.peak_bytes / 2**20:.0f}",
        )
        print(_row(cells), flush=True)
        found.append(each)
    return found


def _row(cells: Sequence[str]) -> str:
    first, *others = zip(cells, WIDTHS, strict=True)
    return " ".join((f"{first[0]:<{first[1]}}", *(f"{text:>{width}}" for text, width in others)))


def timed(problem: Problem) -> Played:
    """One problem, each fidelity in a process of its own."""
    analytic, event = (_child(problem, fidelity) for fidelity in ("analytic", "event"))
    return Played(**{**event, "analytic_seconds": analytic["seconds"]})


def _child(problem: Problem, fidelity: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, __file__],
        input=json.dumps({"fidelity": fidelity, **asdict(problem)}),
        capture_output=True,
        text=True,
        env={**os.environ, "ACCELSIM_CACHE": "off", _CHILD: "1"},
    )
    if done.returncode:
        raise RuntimeError(f"{problem.name}: exit code {done.returncode}: {done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


# ---- in the process of its own --------------------------------------------------------------

_CHILD = "ACCELSIM_BENCHMARK_CHILD"


def _play() -> None:
    problem = json.load(sys.stdin)
    print(json.dumps(played(Problem(**{k: v for k, v in problem.items() if k != "fidelity"}),
                            problem["fidelity"])))  # fmt: skip


def played(problem: Problem, fidelity: str) -> dict[str, Any]:
    """Simulate in this process.

    Args:
        problem: what.
        fidelity: ``analytic`` or ``event``.
    """
    import accelsim

    # Modules load on first use; loading is no part of what is measured.
    warm = {"M": 8, "N": 8, "K": 8}
    accelsim.simulate("matmul", on="systolic-ws", set=warm, fidelity="event")
    start = perf_counter()
    result = accelsim.simulate(
        problem.workload,
        on=problem.on,
        set=problem.sizes,
        mapper=problem.mapper,
        fidelity=fidelity,
    )
    seconds = perf_counter() - start
    timing = result.timing or {"analytic_cycles": result.cycles, "events": 0}
    return {
        "cycles": result.cycles,
        "analytic_cycles": timing["analytic_cycles"],
        "utilization": dict(result.utilization),
        "events": timing["events"],
        "seconds": seconds,
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


# ---- the picture ----------------------------------------------------------------------------


def draw(found: Mapping[int, Played], paths: Iterable[Path]) -> None:
    """Utilisation of the 2D array by both models, and how much longer it takes.

    Args:
        found: length -> what was played.
        paths: pictures, each a .png or .svg; the same figures give the same bytes.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"svg.hashsalt": "simulator", "svg.fonttype": "path", "font.size": 9}):
        figure = Figure(figsize=(9.2, 3.6), layout="constrained")
        axes: Any = figure.subplots(1, 2)
        _utilisation(axes[0], found)
        _difference(axes[1], found)
        for each in axes:
            each.set_xscale("log", base=2)
            ticks = [length for length in found if (length.bit_length() - 1) % 2 == 0]
            each.set_xticks(ticks, [_length(length) for length in ticks])
            each.set_xlabel("tokens")
            each.minorticks_off()
            each.grid(visible=True, alpha=0.3)
        figure.suptitle("one head of attention on FuseMax", fontsize=10)
        for path in paths:
            none = {"Date": None} if path.suffix == ".svg" else {"Software": None}
            figure.savefig(path, dpi=130, metadata=none)


def _utilisation(axes: Axes, found: Mapping[int, Played]) -> None:
    event = {length: 100 * each.utilization["array_2d"] for length, each in found.items()}
    # The array is busy for as many cycles in both.
    analytic = [event[length] * each.ratio for length, each in found.items()]
    axes.plot(list(event), analytic, label="analytic", color="C1", marker="s", markersize=4.5)
    axes.plot(list(event), list(event.values()), label="event", color="C0", marker="o",
              markersize=4.5)  # fmt: skip
    axes.set(ylabel="2D array in use, %", ylim=(0, 105))
    axes.legend(loc="lower right", framealpha=0.9)


def _difference(axes: Axes, found: Mapping[int, Played]) -> None:
    more = [100 * (each.ratio - 1) for each in found.values()]
    axes.plot(list(found), more, color="C0", marker="o", markersize=4.5)
    axes.set(ylabel="event over analytic, % more cycles", yscale="log")
    # A label at every other point is enough, and none covers another.
    for length, percent in list(zip(found, more, strict=True))[::2]:
        text = f"{percent:.0f} %" if percent >= 10 else f"{percent:.2g} %"
        axes.annotate(text, (length, percent), xytext=(4, 5), textcoords="offset points",
                      fontsize=8)  # fmt: skip
    ticks = [10**i for i in range(-3, 4) if min(more) / 3 <= 10**i <= max(more) * 3]
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.margins(x=0.17, y=0.14)


def _length(tokens: int) -> str:
    return f"{tokens >> 20}M" if tokens >= 2**20 else f"{tokens >> 10}K"


if __name__ == "__main__":
    if os.environ.get(_CHILD):
        _play()
    else:
        main()
