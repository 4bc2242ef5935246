"""A mapped block as an indented tree for the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

from accelsim.report.nest_view import (
    GLUE,
    BlockView,
    EinsumView,
    KeepView,
    LoopView,
    NestView,
    Tile,
)

__all__ = ["WIDTH", "nest_lines", "wrapped"]

WIDTH = 100
"""Columns of a line."""
_DEEPEST = 48
"""Columns that indentation takes at most, so that there is room to say something at any depth."""


def wrapped(text: str, first: str = "", rest: str | None = None) -> list[str]:
    """Lines of at most ``WIDTH`` columns.

    Args:
        text: what is said.
        first: in front of the first line.
        rest: in front of the others, which go on further in; the same where None.
    """
    rest = first if rest is None else rest
    lines = textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first[:_DEEPEST],
        subsequent_indent=f"{rest[:_DEEPEST]}    ",
        break_on_hyphens=False,
    )
    return [line.replace(GLUE, " ").rstrip() for line in lines]


def _glued(tiles: Sequence[Tile]) -> str:
    """Tiles one after the other, none broken between lines."""
    return ", ".join(str(tile).replace(" ", GLUE) for tile in tiles)


def nest_lines(
    view: BlockView, notes: Mapping[str, str] | None = None, *, prefix: str = ""
) -> list[str]:
    """The nest of a block as a tree, outermost first; nests side by side hang on a line each.

    Args:
        view: the block.
        notes: Einsum -> what is said behind it.
        prefix: in front of every line.
    """
    parts = [
        f"{what} {_glued(tiles)}"
        for what, tiles in (("gives", view.inputs), ("takes", view.outputs))
        if tiles
    ]
    head = wrapped(f"{view.root} {'; '.join(parts) or 'is not used'}", prefix)
    return head + _nest(view.nest, prefix, prefix, notes or {})


def _nest(nest: NestView, first: str, rest: str, notes: Mapping[str, str]) -> list[str]:
    """Lines of a nest; ``first`` stands in front of the first one, ``rest`` of the others."""
    lines: list[str] = []
    for step in nest.steps:
        text = str(step) if isinstance(step, LoopView) else _keep_text(step)
        lines += wrapped(text, rest if lines else first, rest)
        if isinstance(step, LoopView):
            rest += "  "
    for part in nest.body:
        head = rest if lines else first
        if isinstance(part, EinsumView):
            lines += wrapped(_einsum_text(part, notes.get(part.name, "")), head, rest)
        elif len(nest.body) == 1:
            lines += _nest(part, head, rest, notes)
        else:
            lines += _nest(part, f"{head}+ ", f"{rest}| ", notes)
    return lines


def _keep_text(keep: KeepView) -> str:
    each = " in each PE" if keep.each_pe else ""
    return f"{keep.memory}{each} keeps {_glued(keep.tiles) or 'nothing'}"


def _einsum_text(einsum: EinsumView, note: str) -> str:
    parts = [f"{einsum.name} on {einsum.array}: {einsum.spread}", *einsum.details]
    return "; ".join([*parts, note] if note else parts)
