"""How the time of an exact search grows with its problem, measured and drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mapper_problems import Problem, chain, product
from mapper_run import MOST_BYTES, Timing, timed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["MOST_SECONDS", "Line", "draw", "measured"]

MOST_SECONDS = 60
"""CPU seconds after which a search is stopped."""

_QUICK_SECONDS = 2.0
"""What takes less is measured three times."""

_SEARCHES: Mapping[str, Mapping[str, object]] = {
    "all kept": {},
    "bypass": {"bypass": True},
    "imperfect tiles": {"tiles": "imperfect"},
}

_MEMORIES = (
    "bandwidth_bytes_per_s: 256.0e+9, size_bytes: 524288, energy_pj: {read: 2, write: 2}",
    "bandwidth_bytes_per_s: 192.0e+9, size_bytes: 4194304, energy_pj: {read: 6, write: 6}",
    "bandwidth_bytes_per_s: 128.0e+9, size_bytes: 33554432, energy_pj: {read: 18, write: 18}",
)
"""Buffers on the chip, innermost first; the first is that of ref3."""


@dataclass(frozen=True)
class Line:
    """One line of one panel."""

    panel: str
    label: str
    points: tuple[tuple[int, Timing], ...]
    """The last one may have been stopped; there are none beyond it."""


def _sizes() -> Iterable[tuple[str, Iterable[tuple[int, Problem]]]]:
    for label, search in _SEARCHES.items():
        yield label, [(2**i, product(2**i, **search)) for i in range(6, 15)]


def _levels() -> Iterable[tuple[str, Iterable[tuple[int, Problem]]]]:
    for label, search in _SEARCHES.items():
        problem = product(4096, **search)
        yield label, [(n, replace(problem, machine=machine(n))) for n in range(2, 6)]


def machine(levels: int) -> str:
    """The text of ref3 with another number of memories, DRAM and registers included.

    Args:
        levels: 2 (DRAM and registers) to 5.
    """
    figures = "access_bits: 8, bandwidth_bytes_per_s: 64.0e+9, energy_pj: {read: 64, write: 64}"
    lines = [
        "name: reference machine with other memories",
        "clock_hz: 1.0e+9",
        "word_bits: 8",
        "mapper: auto",
        "components:",
        f"  DRAM: {{kind: memory, {figures}}}",
    ]
    parent = "DRAM"
    for i in reversed(range(levels - 2)):
        lines.append(
            f"  L{i + 1}: {{kind: memory, parent: {parent}, access_bits: 8, {_MEMORIES[i]}}}"
        )
        parent = f"L{i + 1}"
    array = "rows: 16, columns: 16, operations: {multiply-add: {actions: {mac: 1}}}"
    lines += [
        f"  PEs: {{kind: array, parent: {parent}, {array}, energy_pj: {{mac: 0.1}}}}",
        "  RF: {kind: memory, parent: PEs, size_bytes: 512, access_bits: 8, "
        "energy_pj: {read: 0.2, write: 0.2}}",
    ]
    return "\n".join(lines) + "\n"


def _einsums() -> Iterable[tuple[str, Iterable[tuple[int, Problem]]]]:
    for rows, width in ((1024, 64), (256, 256)):
        problems = [(n, chain(n, rows, width)) for n in range(1, 9)]
        yield f"{rows:,} x {width}, fused where better", problems
    apart = [(n, replace(chain(n, 256, 256), search={"fuse": False})) for n in range(1, 9)]
    yield "256 x 256, never fused", apart


def _ranks() -> Iterable[tuple[str, Iterable[tuple[int, Problem]]]]:
    yield "products", [(n, _contraction(n)) for n in range(2, 10)]
    yield "convolutions", [(len(ranks.split()), _window(ranks)) for ranks in _CONVOLUTIONS]


_CONVOLUTIONS = ("p r", "k p r", "k c p r", "p q r s c", "k c p q r s", "n k c p q r s",
                 "k c p q t r s u", "n k c p q t r s u")  # fmt: skip
_LENGTHS = {"P": 56, "Q": 56, "T": 56, "R": 3, "S": 3, "U": 3, "K": 64, "C": 64, "G": 4, "N": 4}


def _contraction(count: int) -> Problem:
    """A product of two tensors with this many ranks of 64: m n k, m n k, and so on."""
    ranks = [f"{'mnk'[i % 3]}{i // 3}" for i in range(count)]
    groups = {kind: [rank for rank in ranks if rank[0] == kind] for kind in "mnk"}
    made = groups["m"] + groups["n"]
    left, right = groups["m"] + groups["k"], groups["k"] + groups["n"]
    text = f"Z[{','.join(made)}] = A[{','.join(left)}] * B[{','.join(right)}]"
    tensors = {"A": [rank.upper() for rank in left], "B": [rank.upper() for rank in right]}
    return Problem("", text, dict.fromkeys(map(str.upper, ranks), 64), tensors)


def _window(indices: str) -> Problem:
    """A convolution with these ranks."""
    ranks = indices.split()
    pairs = [(o, f) for o, f in (("p", "r"), ("q", "s"), ("t", "u")) if o in ranks]
    made = [i for i in ranks if i in "gnkpqt"]
    weights = [i for i in ranks if i in "gkcrsu"]
    plain = [i for i in ranks if i in "gnc"]
    read = plain + [f"{o}+{f}" for o, f in pairs]
    long = {f"{o}{f}".upper(): _LENGTHS[o.upper()] + _LENGTHS[f.upper()] - 1 for o, f in pairs}
    text = f"O[{','.join(made)}] = I[{','.join(read)}] * W[{','.join(weights)}]"
    tensors = {"I": [*map(str.upper, plain), *long], "W": [*map(str.upper, weights)]}
    return Problem("", text, {**{i.upper(): _LENGTHS[i.upper()] for i in ranks}, **long}, tensors)


_PANELS: dict[str, Callable[[], Iterable[tuple[str, Iterable[tuple[int, Problem]]]]]] = {
    "size of a matrix product: M = N = K": _sizes,
    "memories, DRAM and registers included; matrix product of 4,096": _levels,
    "Einsums in a chain of products": _einsums,
    "ranks of a single Einsum": _ranks,
}


def measured(only: str = "") -> list[Line]:
    """Time every line until it ends or a search is stopped.

    Args:
        only: panels whose name holds this text.
    """
    lines = []
    for panel, series in _PANELS.items():
        for label, problems in series() if only in panel else ():
            points: list[tuple[int, Timing]] = []
            for at, problem in problems:
                points.append((at, _timing(problem)))
                seconds, stopped = points[-1][1].seconds, points[-1][1].stopped
                took = f"stopped: {stopped}" if seconds is None else f"{seconds:.3f} s"
                print(f"{panel}: {label}: {at}: {took}", flush=True)
                if stopped:
                    break
            lines.append(Line(panel, label, tuple(points)))
    return lines


def _timing(problem: Problem) -> Timing:
    timing = timed(problem, runs=1, most_seconds=MOST_SECONDS)
    if timing.seconds is None or timing.seconds > _QUICK_SECONDS:
        return timing
    return timed(problem, most_seconds=MOST_SECONDS)


# ---- the picture ----------------------------------------------------------------------------


def draw(lines: Sequence[Line], paths: Sequence[Path]) -> None:
    """Draw a panel for each question; the same figure gives the same bytes.

    Args:
        lines: what was measured.
        paths: pictures, each a .png or .svg.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    panels = list(dict.fromkeys(line.panel for line in lines))
    with rc_context({"svg.hashsalt": "mapper", "svg.fonttype": "path", "font.size": 9}):
        figure = Figure(figsize=(10.4, 6.8), layout="constrained")
        drawn: Any = figure.subplots(2, 2, squeeze=False)
        for axes, panel in zip(drawn.flat, panels, strict=False):
            _panel(axes, panel, [line for line in lines if line.panel == panel])
        for axes in drawn.flat[len(panels) :]:
            axes.set_axis_off()
        for path in paths:
            none = {"Date": None} if path.suffix == ".svg" else {"Software": None}
            figure.savefig(path, dpi=130, metadata=none)


def _panel(axes: Axes, panel: str, lines: Sequence[Line]) -> None:
    for i, line in enumerate(lines):
        done = [(at, timing.seconds) for at, timing in line.points if timing.seconds is not None]
        x, y = zip(*done, strict=True)
        axes.plot(x, y, label=line.label, color=f"C{i}", marker="osD^"[i], markersize=4.5)
        last, timing = line.points[-1]
        if timing.stopped:
            _stopped(axes, done[-1], last, timing.stopped, f"C{i}")
    axes.axhline(MOST_SECONDS, color="0.6", linewidth=0.8, linestyle="--")
    axes.set(yscale="log", ylim=(0.008, 150), xlabel=panel, ylabel="CPU seconds")
    axes.set_yticks([0.01, 0.1, 1, 10, 60], ["0.01", "0.1", "1", "10", f"{MOST_SECONDS}"])
    axes.margins(x=0.08)
    ticks = sorted({at for line in lines for at, _ in line.points})
    if ticks[-1] > 100:
        axes.set_xscale("log", base=2)
    axes.set_xticks(ticks, [f"{at:,}" for at in ticks])
    axes.minorticks_off()
    axes.grid(visible=True, alpha=0.3)
    axes.legend(loc="best", framealpha=0.9, fontsize=8)


def _stopped(axes: Axes, before: tuple[int, float], at: int, why: str, colour: str) -> None:
    """A hollow triangle at the top, whatever limit it was."""
    axes.plot([before[0], at], [before[1], MOST_SECONDS], color=colour, linestyle=":")
    axes.plot([at], [MOST_SECONDS], marker="^", color=colour, fillstyle="none", markersize=8)
    text = f"> {MOST_SECONDS} s" if why == "time" else f"> {MOST_BYTES / 2**30:.0f} GiB"
    axes.annotate(text, (at, MOST_SECONDS), xytext=(0, 6), textcoords="offset points",
                  ha="center", fontsize=8, color=colour)  # fmt: skip
