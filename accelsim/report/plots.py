"""Charts of results: a roofline per machine, and the utilisation of its arrays."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING

from accelsim.model.result import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["roofline_png", "utilization_png"]

_MARKERS = "osD^vP*X"


def _png(figure: Figure) -> bytes:
    """The figure as PNG; the same figure gives the same bytes."""
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=140, metadata={"Software": None})
    return buffer.getvalue()


def _dram_bytes(result: Result) -> float:
    return max(sum(layer.dram_bytes for layer in result.layers), 1.0)


def roofline_png(results: Sequence[Result], labels: Sequence[str]) -> bytes:
    """Attainable operations a second over operations per byte of DRAM traffic.

    One roof for each machine (all arrays at one operation per PE and cycle; the slope is the
    bandwidth of the outermost memory) and one point for each result. An operation is one action
    of a functional unit.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.4, 5.2), layout="constrained")
    axes = figure.add_subplot()
    machines = list(dict.fromkeys(result.architecture for result in results))
    intensities = [result.operations / _dram_bytes(result) for result in results]
    low, high = min(intensities) / 8, max(intensities) * 8
    for names, roof in _roofs(results).items():
        low, high = _draw_roof(axes, roof, names, low, high)
    for i, machine in enumerate(machines):
        points = [
            (result.operations / _dram_bytes(result), result.operations / result.seconds, label)
            for result, label in zip(results, labels, strict=True)
            if result.architecture == machine
        ]
        x, y, _ = zip(*points, strict=True)
        marker = _MARKERS[i % len(_MARKERS)]
        axes.scatter(x, y, color=f"C{i}", marker=marker, zorder=3, s=36, label=machine)
        _annotate(axes, points, f"C{i}")
    axes.set(xscale="log", yscale="log")
    axes.set_xlabel("operations per byte of DRAM traffic")
    axes.set_ylabel("operations per second")
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend(loc="lower right", framealpha=0.9)
    return _png(figure)


def _roofs(results: Sequence[Result]) -> dict[str, tuple[float, float | None]]:
    """Names of the machines that share a roof -> its peak and the bandwidth under it."""
    shared: dict[tuple[float, float | None], list[str]] = {}
    for result in {result.architecture: result for result in results}.values():
        peak = sum(result.peak_operations_per_s.values())
        bandwidth = result.bandwidth_bytes_per_s.get(result.outermost_memory)
        shared.setdefault((peak, bandwidth), []).append(result.architecture)
    return {", ".join(names): roof for roof, names in shared.items()}


def _draw_roof(
    axes: Axes, roof: tuple[float, float | None], names: str, low: float, high: float
) -> tuple[float, float]:
    peak, bandwidth = roof
    if bandwidth is None:
        axes.plot([low, high], [peak, peak], color="0.35", label=f"roof of {names}")
        return low, high
    ridge = peak / bandwidth
    low, high = min(low, ridge / 4), max(high, ridge * 4)
    label = f"roof of {names}: ridge at {ridge:,.3g} operations per byte"
    axes.plot([low, ridge, high], [low * bandwidth, peak, peak], color="0.35", label=label)
    return low, high


def _annotate(axes: Axes, points: Sequence[tuple[float, float, str]], color: str) -> None:
    """Name the first and the last point of a series; points that lie together share a name."""
    first, last = points[0], points[-1]
    together = all(0.6 < a / b < 1.6 for a, b in zip(first[:2], last[:2], strict=True))
    if together and len(points) > 1:
        named = [(*last[:2], f"{first[2]} to {last[2]}")]
    else:
        named = list(dict.fromkeys((first, last)))
    for x, y, name in named:
        axes.annotate(
            name, (x, y), textcoords="offset points", xytext=(7, -11), fontsize=8, color=color
        )


def utilization_png(results: Sequence[Result], labels: Sequence[str]) -> bytes:
    """Busy PE-cycles over all PE-cycles: one panel an array, one bar a result."""
    from matplotlib.figure import Figure

    arrays = list(dict.fromkeys(name for result in results for name in result.utilization))
    machines = list(dict.fromkeys(result.architecture for result in results))
    groups = list(dict.fromkeys(labels))
    figure = Figure(figsize=(8.4, 2.6 * len(arrays)), layout="constrained")
    panels = figure.subplots(len(arrays), 1, sharex=True, squeeze=False)[:, 0]
    width = 0.8 / len(machines)
    for axes, array in zip(panels, arrays, strict=True):
        for i, machine in enumerate(machines):
            bars = {
                label: result.utilization.get(array, 0.0)
                for result, label in zip(results, labels, strict=True)
                if result.architecture == machine
            }
            x = [groups.index(label) + (i - (len(machines) - 1) / 2) * width for label in bars]
            drawn = axes.bar(x, list(bars.values()), width, label=machine, color=f"C{i}")
            axes.bar_label(drawn, fmt="%.2f", fontsize=7, padding=1)
        axes.set_ylabel(f"utilisation of {array}")
        axes.set_ylim(0, 1.12)
        axes.set_xticks(range(len(groups)), groups)
        axes.grid(visible=True, axis="y", alpha=0.3)
    panels[0].legend(ncols=min(len(machines), 5), loc="lower center", bbox_to_anchor=(0.5, 1.0))
    return _png(figure)
