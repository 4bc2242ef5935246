"""A report in a folder: Markdown, CSV and PNG."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from accelsim.errors import UnsupportedError
from accelsim.files import write_files
from accelsim.model.result import Result
from accelsim.report.text import markdown_table
from accelsim.simulator.timing import LayerTiming
from accelsim.units import bytes_text, energy_text, number_text, seconds_text
from accelsim.version import __version__

__all__ = ["FILES", "comparison_rows", "require_report_packages", "write_report"]

_DRAWN = tuple(f"{name}.{kind}" for name in ("timeline", "stalls") for kind in ("png", "svg"))
FILES = (
    "report.md",
    "results.csv",
    "einsums.csv",
    "roofline.png",
    "utilization.png",
    *_DRAWN,
)
"""What a report consists of; the last four where there is a timing."""


def require_report_packages() -> None:
    """Check for the packages that reports need, before anything is computed for one.

    Raises:
        UnsupportedError: naming the first that is missing, and how to install it.
    """
    for package in ("matplotlib", "pandas"):
        if find_spec(package) is None:
            raise UnsupportedError(
                f"reports need the package '{package}'; install it with "
                "pip install 'accelsim[report]'"
            )


def comparison_rows(
    results: Sequence[Result], labels: Sequence[str], *, baseline: str | None = None
) -> list[list[str]]:
    """Cells of a comparison: one row a result, with the speed-up over a machine of that label.

    Args:
        results: what was simulated.
        labels: one for each result; results with the same label are compared.
        baseline: architecture that the others are compared with.
    """
    reference = {
        label: result.seconds
        for result, label in zip(results, labels, strict=True)
        if result.architecture == baseline
    }
    arrays = list(dict.fromkeys(name for result in results for name in result.utilization))
    head = ["size", "architecture", "time", "energy", "DRAM", *arrays]
    rows = [[*head, f"speed-up over {baseline}"] if baseline else head]
    for result, label in zip(results, labels, strict=True):
        traffic = sum(layer.dram_bytes for layer in result.layers)
        energy = "unknown" if result.energy_pj is None else energy_text(result.energy_pj)
        used = [
            f"{result.utilization[name]:.1%}" if name in result.utilization else ""
            for name in arrays
        ]
        row = [label, result.architecture, seconds_text(result.seconds), energy]
        row += [bytes_text(traffic), *used]
        if baseline:
            row.append(f"{reference[label] / result.seconds:.2f}" if label in reference else "")
        rows.append(row)
    return rows


def write_report(
    results: Sequence[Result],
    folder: Path,
    *,
    title: str,
    labels: Sequence[str] | None = None,
    baseline: str | None = None,
    timings: Sequence[LayerTiming] = (),
) -> list[Path]:
    """Write ``report.md``, ``results.csv``, ``einsums.csv``, ``roofline.png``, ``utilization.png``.

    With a timing of the result's layers also ``timeline`` (of the longest layer) and ``stalls``,
    each as PNG and SVG.

    Args:
        results: what was simulated, at least one.
        folder: made if it is not there.
        title: first line of the report.
        labels: one for each result; the workload's name where None.
        baseline: architecture that the others are compared with.
        timings: how the layers pass in time, where one result was played out.

    Returns:
        The files that were written.

    Raises:
        UnsupportedError: where the packages for reports are not installed.
        InputError: where the folder cannot be written.
    """
    require_report_packages()
    from accelsim.report.plots import roofline_png, utilization_png
    from accelsim.report.tables import einsum_table, result_table

    names = list(labels) if labels is not None else [result.workload for result in results]
    files: dict[str, bytes] = {
        "results.csv": result_table(results, names).to_csv(index=False).encode(),
        "einsums.csv": einsum_table(results, names).to_csv(index=False).encode(),
        "roofline.png": roofline_png(results, names),
        "utilization.png": utilization_png(results, names),
    }
    text = _markdown(results, names, title, baseline, _timing_parts(timings))
    files["report.md"] = text.encode()
    written = write_files(folder, files)
    return [*written, *(_draw(timings, folder) if timings else [])]


def _draw(timings: Sequence[LayerTiming], folder: Path) -> list[Path]:
    from accelsim.report.timeline import draw_stalls, draw_timeline
    from accelsim.simulator.timing import stall_table

    paths = [folder / name for name in _DRAWN]
    longest = max(timings, key=lambda layer: layer.cycles_once * layer.repeat)
    draw_timeline(longest, paths[0], paths[1])
    draw_stalls(stall_table(timings), paths[2], paths[3])
    return paths


def _timing_parts(timings: Sequence[LayerTiming]) -> list[str]:
    if not timings:
        return []
    from accelsim.report.stalls import timing_text

    return [
        "## What waits for what",
        "![stalls](stalls.png)",
        f"```\n{timing_text(timings)}\n```",
        "The beginning of the longest layer:",
        "![timeline](timeline.png)",
    ]


def _markdown(
    results: Sequence[Result],
    labels: Sequence[str],
    title: str,
    baseline: str | None,
    timing: Sequence[str],
) -> str:
    parts = [
        f"# {title}",
        f"accelsim {__version__}, fidelity {results[0].fidelity}.",
        markdown_table(comparison_rows(results, labels, baseline=baseline)),
        "![roofline](roofline.png)",
        "![utilisation](utilization.png)",
        "## Where the time goes",
        markdown_table(_block_rows(results, labels)),
        *timing,
        "## Where the energy goes",
        markdown_table(_energy_rows(results, labels)),
        "Every number of this page, and one row for each Einsum, are in `results.csv` and "
        "`einsums.csv`.",
        "## Sources",
        "\n".join(_sources(results)),
    ]
    return "\n\n".join(parts) + "\n"


def _block_rows(results: Sequence[Result], labels: Sequence[str]) -> list[list[str]]:
    rows = [["size", "architecture", "block", "cycles", "bound by"]]
    for result, label in zip(results, labels, strict=True):
        for layer in result.layers:
            for block in layer.blocks:
                cycles = number_text(block.cycles * layer.repeat)
                rows.append([label, result.architecture, block.name, cycles, block.limiting])
    return rows


def _energy_rows(results: Sequence[Result], labels: Sequence[str]) -> list[list[str]]:
    components = list(dict.fromkeys(c for r in results for c in r.energy_breakdown_pj))
    rows = [["size", "architecture", *components]]
    for result, label in zip(results, labels, strict=True):
        total = sum(sum(actions.values()) for actions in result.energy_breakdown_pj.values())
        cells = []
        for component in components:
            part = sum(result.energy_breakdown_pj.get(component, {}).values())
            cells.append(f"{energy_text(part)} ({part / total:.0%})" if total else "")
        rows.append([label, result.architecture, *cells])
    return rows


def _sources(results: Sequence[Result]) -> list[str]:
    lines = []
    for result in {result.architecture: result for result in results}.values():
        lines.append(f"- {result.architecture}")
        lines += [f"  - {figure}: {source}" for figure, source in result.sources.items()]
    return lines
