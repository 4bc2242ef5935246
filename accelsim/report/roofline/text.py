"""Rooflines as text for the terminal: the totals, what they are made of, what would help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from accelsim.architecture.devices import Device
from accelsim.report.text import text_table
from accelsim.roofline.bound import timed
from accelsim.roofline.result import Roofline, bound_shares
from accelsim.roofline.row import Row
from accelsim.units import bytes_text, number_text, seconds_text

__all__ = ["layer_rows", "roofline_text", "rooflines_text", "run_rows"]


def roofline_text(run: Roofline, *, layers: bool = False) -> str:
    """One run: totals, then a line for each kind of layer, or each layer.

    Args:
        run: the roofline.
        layers: whether every layer has a line.
    """
    head = [
        ("model", f"{run.model} on {run.device.title} ({run.device.name})"),
        ("stage", _stage(run)),
        ("formats", _formats(run)),
        ("time", _time(run)),
        ("throughput", _throughput(run)),
        ("bound by", _bounds(run)),
        ("memory", _memory(run)),
        ("what helps", _helps(run)),
    ]
    lines = [f"{name:<12} {value}" for name, value in head if value]
    lines += ["", text_table(layer_rows(run.rows) if layers else _kind_rows(run.rows))]
    lines += ["", *(f"note: {note}" for note in run.notes)] if run.notes else []
    return "\n".join(lines)


def _stage(run: Roofline) -> str:
    asked = run.scenario
    if asked is None:
        return ""
    size = {
        "prefill": f"prefill of {asked.positions:,} positions",
        "decode": f"decode of one token, the last of {asked.positions:,}",
        "generate": f"prompt of {asked.positions:,}, then {run.tokens or 0:,} tokens",
    }[run.stage]
    return f"{size}, batch {asked.batch:,}, {asked.attention} attention"


def _formats(run: Roofline) -> str:
    asked = run.scenario
    if asked is None:
        return ""
    return (
        f"weights {asked.weights}, activations {asked.activations}, KV cache {asked.kv_cache}, "
        f"embeddings and head {asked.embeddings}"
    )


def _time(run: Roofline) -> str:
    first, each = run.time_to_first_token_s, run.time_per_output_token_s
    parts = []
    if run.stage == "generate" and first is not None:
        parts.append(f"{seconds_text(first)} to the first token")
        if each is not None:
            parts.append(f"then {seconds_text(each)} a token")
    return seconds_text(run.seconds) + (f": {', '.join(parts)}" if parts else "")


def _throughput(run: Roofline) -> str:
    rate = run.tokens_per_s
    done = run.total("operations") / run.seconds if run.seconds else 0.0
    operations = f"{_short(done)}op/s"
    return f"{rate:,.4g} tokens/s, {operations}" if rate else operations


def _bounds(run: Roofline) -> str:
    shares = bound_shares(run.rows)
    total = sum(shares.values())
    return ", ".join(
        f"{name} {share / total:.0%} of the time"
        for name, share in sorted(shares.items(), key=lambda each: -each[1])
        if total and share / total >= 0.005
    )


def _memory(run: Roofline) -> str:
    needs = run.footprint
    if needs is None:
        return ""
    parts = (
        f"weights {bytes_text(needs.weights)}, KV cache {bytes_text(needs.kv_cache)}, "
        f"activations {bytes_text(needs.activations)}"
    )
    capacity = run.device.memory_bytes
    if capacity is None:
        return f"{bytes_text(needs.total)}: {parts}"
    fits = "" if run.fits else " DOES NOT FIT:"
    return f"{bytes_text(needs.total)} of {bytes_text(capacity)}:{fits} {parts}"


def _helps(run: Roofline) -> str:
    """How much faster twice the bandwidth, or twice every peak, would be."""
    device = run.device
    wider = replace(device, bandwidth_bytes_per_s=2 * device.bandwidth_bytes_per_s)
    return (
        f"twice the bandwidth {_gain(run, wider)}, twice the peaks {_gain(run, device, peaks=2.0)}"
    )


def _gain(run: Roofline, device: Device, *, peaks: float = 1.0) -> str:
    seconds = sum(timed(row.segments, device, peaks=peaks).seconds * row.repeat for row in run.rows)
    return f"{run.seconds / seconds:.2f}x" if seconds else "1.00x"


def _kind_rows(rows: Sequence[Row]) -> list[list[str]]:
    """A line for each kind of layer, of each stage."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.stage, row.kind), []).append(row)
    total = sum(row.seconds * row.repeat for row in rows)
    several = len({row.stage for row in rows}) > 1
    cells = [["kind", "layers", "operations", "bytes", "op/B", "time", "share", "bound"]]
    for (stage, kind), group in groups.items():
        operations = sum(row.operations * row.repeat for row in group)
        moved = sum(row.bytes * row.repeat for row in group)
        seconds = sum(row.seconds * row.repeat for row in group)
        shares = bound_shares(group)
        name = f"{stage} {kind}" if several else kind
        cells.append(
            [
                name,
                f"{len(group)}",
                _short(operations),
                bytes_text(moved),
                _intensity(operations, moved),
                seconds_text(seconds),
                f"{seconds / total:.1%}" if total else "",
                max(shares, key=shares.__getitem__),
            ]
        )
    return cells


_LAYER_HEAD = ("layer", "stage", "kind", "runs", "operations", "bytes", "op/B", "time", "share")


def layer_rows(rows: Sequence[Row]) -> list[list[str]]:
    """A line for each layer; figures are of one run."""
    total = sum(row.seconds * row.repeat for row in rows)
    cells = [[*_LAYER_HEAD, "computes in", "bound"]]
    for row in rows:
        cells.append(
            [
                row.name,
                row.stage,
                row.kind,
                number_text(row.repeat),
                _short(row.operations),
                bytes_text(row.bytes),
                _intensity(row.operations, row.bytes),
                seconds_text(row.seconds),
                f"{row.seconds * row.repeat / total:.1%}" if total else "",
                row.computes_in,
                row.bound,
            ]
        )
    return cells


def rooflines_text(runs: Sequence[Roofline], *, layers: bool = False) -> str:
    """Several runs, one line each; with ``layers`` a table for each."""
    parts = [text_table(run_rows(runs))]
    if layers:
        parts += [f"{run_title(run, runs)}\n{text_table(layer_rows(run.rows))}" for run in runs]
    notes = dict.fromkeys(note for run in runs for note in run.notes)
    if notes:
        parts.append("\n".join(f"note: {note}" for note in notes))
    return "\n\n".join(parts)


_SETTINGS = {
    "batch": "batch",
    "context": "context",
    "attention": "attention",
    "logits": "logits",
    "weights": "weights",
    "activations": "activations",
    "kv_cache": "KV cache",
    "embeddings": "embeddings",
}
_ALWAYS = ("batch", "context", "weights", "activations", "kv_cache")


def _differ(runs: Sequence[Roofline], name: str) -> bool:
    """Whether a setting is not the same in all runs."""
    return len({getattr(run.scenario, name, None) for run in runs}) > 1


def _setting(run: Roofline, name: str) -> str:
    value = getattr(run.scenario, name, None)
    return f"{value:,}" if isinstance(value, int) else str(value or "")


def _stage_of(run: Roofline) -> str:
    return f"{run.stage} {run.tokens:,}" if run.tokens else run.stage


def run_title(run: Roofline, runs: Sequence[Roofline]) -> str:
    """A run among others, by what tells it from them."""
    differ = [
        f"{text} {_setting(run, name)}" for name, text in _SETTINGS.items() if _differ(runs, name)
    ]
    return ", ".join([run.device.title, _stage_of(run), *differ])


def run_rows(runs: Sequence[Roofline]) -> list[list[str]]:
    """Cells of a table with a line for each run."""
    told = [name for name in _SETTINGS if name in _ALWAYS or _differ(runs, name)]
    head = ["device", "stage", *(_SETTINGS[name] for name in told), "time", "tokens/s"]
    cells = [[*head, "first token", "memory", "bound"]]
    for run in runs:
        rate, first, needs = run.tokens_per_s, run.time_to_first_token_s, run.footprint
        fits = " (too much)" if run.fits is False else ""
        cells.append(
            [
                run.device.name,
                _stage_of(run),
                *(_setting(run, name) for name in told),
                seconds_text(run.seconds),
                f"{rate:,.4g}" if rate else "",
                seconds_text(first) if first is not None else "",
                f"{bytes_text(needs.total)}{fits}" if needs else "",
                run.bound,
            ]
        )
    return cells


def _intensity(operations: float, moved: float) -> str:
    return f"{operations / moved:,.4g}" if moved else ""


_STEPS = ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def _short(value: float) -> str:
    """A count with a decimal prefix: ``68.7 G``."""
    for size, prefix in _STEPS:
        if abs(value) >= size:
            return f"{value / size:,.4g} {prefix}"
    return f"{value:,.4g} "
