"""Runs of a roofline as short JSON: equal columns, rows of text and devices are written once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

__all__ = ["DIMENSIONS", "pack"]

Run = Mapping[str, Any]

DIMENSIONS: tuple[tuple[str, str], ...] = (
    ("model", "Model"),
    ("device", "Device"),
    ("stage", "Stage"),
    ("batch", "Batch"),
    ("context", "Context"),
    ("weights", "Weights"),
    ("activations", "Activations"),
    ("kv_cache", "KV cache"),
    ("embeddings", "Embeddings"),
    ("attention", "Attention"),
    ("variant", "Variant"),
)
"""What tells runs apart: name and title, in the order of the page's selectors."""

_NONE = "-"  # A setting that a run does not have; assets/state.js knows it too.
_TEXTS = ("name", "kind", "stage", "bound", "computes_in")
_NUMBERS = ("repeat", "operations", "bytes", "dequantize_operations")
_CLASSES = ("weights", "activations", "kv_cache")


class _Table:
    """Distinct values in the order in which they came."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._places: dict[str, int] = {}

    def place(self, value: Any) -> int:
        """Where the value stands; 1 and 1.0 are two values, and a list equals its copy."""
        key = json.dumps(value, sort_keys=True)
        if key not in self._places:
            self._places[key] = len(self.values)
            self.values.append(value)
        return self._places[key]


def pack(runs: Sequence[Run]) -> dict[str, Any]:
    """What the page reads; ``assets/model.js`` unpacks it.

    Args:
        runs: documents of runs, as the verb ``roofline`` writes them.

    Returns:
        ``strings``, ``columns`` and ``roofs``: distinct values; ``runs``: what each is
        called, its totals, and where its columns stand. A point of a segment is its bytes,
        its vector operations, and pairs of a format and its matrix operations.
    """
    strings, columns, roofs = _Table(), _Table(), _Table()
    seen: dict[tuple[str, ...], int] = {}
    packed = []
    for run in runs:
        key = _key(run)
        seen[key] = seen.get(key, 0) + 1
        packed.append(
            {
                "key": [*key, str(seen[key])],
                "title": run["device_title"],
                "notes": list(run.get("notes", ())),
                "roofs": roofs.place(run["roofs"]),
                "total": run["total"],
                "columns": _columns(run["layers"], strings.place, columns.place),
            }
        )
    return {
        "schema_version": 1,
        "version": runs[0]["version"],
        "dimensions": DIMENSIONS,
        "strings": strings.values,
        "columns": columns.values,
        "roofs": roofs.values,
        "runs": packed,
    }


def _key(run: Run) -> tuple[str, ...]:
    """The run's value in each dimension but the last, which counts runs that are called alike."""
    given = {name: run.get(name) for name, _ in DIMENSIONS[:-1]}
    values = {name: _NONE if value is None else str(value) for name, value in given.items()}
    if run["tokens"] is not None:
        # Only some stages have a number of tokens; a selector of its own would mostly be void.
        values["stage"] = f"{run['stage']} {run['tokens']} tokens"
    return tuple(values.values())


def _columns(
    layers: Sequence[Run], string: Callable[[Any], int], column: Callable[[Any], int]
) -> dict[str, int]:
    packed = {name: column([string(layer[name]) for layer in layers]) for name in _TEXTS}
    packed |= {name: column([layer[name] for layer in layers]) for name in _NUMBERS}
    for name in _CLASSES:
        packed[f"{name}_bytes"] = column([layer["bytes_by_class"][name] for layer in layers])
    segments = [[_segment(segment, string) for segment in layer["segments"]] for layer in layers]
    return packed | {"segments": column(segments)}


def _segment(segment: Run, string: Callable[[Any], int]) -> list[Any]:
    first, last = (_point(segment[end], string) for end in ("first", "last"))
    return [segment["steps"], first] if first == last else [segment["steps"], first, last]


def _point(point: Run, string: Callable[[Any], int]) -> list[Any]:
    packed = [point["bytes"], point["vector_operations"]]
    for format_name, operations in point["matrix_operations"].items():
        packed += [string(format_name), operations]
    return packed
