"""The comparison of designs as a page, a table and a plot."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from math import isinf
from typing import Any

from accelsim.accelerators.bitmod.comparison import CONTEXT, MODEL, Outcome

__all__ = ["csv_text", "markdown_text", "pareto_figure"]

_MARKERS = {"output-stationary": "o", "weight-stationary": "s"}
_COLOURS = {"FP16": "0.35", "INT8": "C3", "ANT": "C4", "OliVe": "C2", "BitMoD": "C0"}
_SIZES = {1: 46, 2: 22, 4: 46, 8: 82, 16: 130}
_EXACT_DB = 48.0
"""Where designs without error stand in the plot."""


def csv_text(outcomes: Sequence[Outcome]) -> str:
    """A row for each design; units are in the names of columns."""
    rows = [each.as_row() for each in outcomes]
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def markdown_text(outcomes: Sequence[Outcome]) -> str:
    """A page: what is compared, the table, and what it shows."""
    head = (
        "| design | PE rows, prompt / token | prompt, ms | token, ms | prompt, mJ | token, mJ | "
        "SNR of weights, dB | front |",
        "|---|--:|--:|--:|--:|--:|--:|---|",
    )
    return _PAGE.format(
        model=MODEL,
        context=CONTEXT,
        table="\n".join((*head, *map(_row, outcomes))),
        shows="\n".join(f"- {line}" for line in _findings(outcomes)),
    )


def _row(each: Outcome) -> str:
    design = each.design
    snr = "exact" if isinf(each.snr_db) else f"{each.snr_db:.1f}"
    cells = (
        design.name,
        f"{design.rows('prefill')} / {design.rows('decode')}",
        f"{each.prompt_ms:,.1f}",
        f"{each.token_ms:,.1f}",
        f"{each.prompt_mj:,.0f}",
        f"{each.token_mj:,.0f}",
        snr,
        "yes" if each.pareto else "",
    )
    return f"| {' | '.join(cells)} |"


def _findings(outcomes: Sequence[Outcome]) -> list[str]:
    """What the figures say, in figures."""
    by_name = {each.design.name: each for each in outcomes}
    four = "BitMoD {} lanes, bitmod-fp4, {}"
    kept, held = "output-stationary", "weight-stationary"
    gains = [
        by_name[four.format(lanes, held)].token_mj / by_name[four.format(lanes, kept)].token_mj - 1
        for lanes in (2, 4, 8, 16)
    ]
    two, sixteen = by_name[four.format(2, kept)], by_name[four.format(16, kept)]
    dense, whole = by_name[f"INT8, int8, {kept}"], by_name[f"BitMoD 4 lanes, int8, {kept}"]
    floats = by_name[f"FP16, fp16, {kept}"]
    ours = by_name[four.format(4, kept)]
    return [
        f"Weights that stay in the PEs save {-max(gains):.0%} to {-min(gains):.0%} of the energy "
        "of a token at 4 bits, for the same time: where results stay, one token keeps one column "
        "in 16 busy, and all are clocked.",
        f"Sixteen lanes in place of two make a prompt {two.prompt_ms / sixteen.prompt_ms:.1f} "
        "times as fast in the same area, since what a PE's lanes share is paid for once.",
        f"A dense INT8 array of the same area, which takes INT8 activations too, does a prompt "
        f"{whole.prompt_ms / dense.prompt_ms:.1f} times as fast as BitMoD of 4 lanes at 8 bits; a "
        "token takes as long on both, for DRAM sets its time.",
        f"Against FP16 in the same area, BitMoD of 4 lanes at 4 bits takes "
        f"{floats.token_mj / ours.token_mj:.1f} times less energy for a token and "
        f"{floats.prompt_ms / ours.prompt_ms:.1f} times less time for a prompt.",
    ]


def pareto_figure(outcomes: Sequence[Outcome]) -> Any:
    """Error of the weights against energy a token, with the front; a Matplotlib figure."""
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    figure = Figure(figsize=(9, 5.5), layout="constrained")
    axes = figure.add_subplot()
    for each in outcomes:
        design = each.design
        axes.scatter(
            each.token_mj,
            min(each.snr_db, _EXACT_DB),
            s=_SIZES[design.lanes],
            marker=_MARKERS[design.skeleton],
            facecolors=_COLOURS[design.kind] if each.pareto else "none",
            edgecolors=_COLOURS[design.kind],
        )
    front = sorted((e.token_mj, min(e.snr_db, _EXACT_DB)) for e in outcomes if e.pareto)
    axes.step(*zip(*front, strict=True), where="post", color="0.7", linewidth=1, zorder=0)
    axes.set_xscale("log")
    ticks = (400, 500, 700, 1000, 1500, 2000)
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.set_xticks([], minor=True)
    marks = (10, 20, 30, 40, _EXACT_DB)
    axes.set_yticks(marks, [*(f"{mark:g}" for mark in marks[:-1]), "exact"])
    axes.set_xlabel("energy of a token, mJ")
    axes.set_ylabel("signal over error of the weights, dB")
    axes.set_title(f"{MODEL}, one token behind {CONTEXT}, PEs of equal area; filled: on the front")
    legend = [
        Line2D([], [], color=colour, marker="o", linestyle="", label=kind)
        for kind, colour in _COLOURS.items()
    ]
    legend += [
        Line2D([], [], color="k", marker=mark, linestyle="", fillstyle="none", label=skeleton)
        for skeleton, mark in _MARKERS.items()
    ]
    legend += [
        Line2D(
            [],
            [],
            color="C0",
            marker="o",
            linestyle="",
            fillstyle="none",
            markersize=_SIZES[lanes] ** 0.5,
            label=f"{lanes} lanes",
        )
        for lanes in (2, 4, 8, 16)
    ]
    axes.legend(handles=legend, ncols=2, frameon=False, loc="lower right")
    axes.grid(alpha=0.25)
    return figure


_PAGE = """\
# BitMoD in both skeletons, with 2 to 16 lanes, beside dense arrays of the same area

`python scripts/report-bitmod.py` writes this page, `bitmod-designs.csv` and the plot.

{model}, a prompt of {context} tokens and one token behind it, batch 1. Every design has as many
PEs as fit into the area of BitMoD's FP16 array (28 nm), in 32 columns for prompts and 16 for
tokens, and the same buffers and DRAM. Weights lie in groups of 128 with scales of 8 bits; the
signal over error is that of a seeded matrix with Student's t (5 degrees of freedom), which is no
model's.

![energy of a token against the error of its weights](bitmod-pareto.png)

{shows}

{table}

What is estimated: PEs of BitMoD with other lanes than 4 from its published parts; INT8 PEs from
those of FP16 by Horowitz (ISSCC 2014); rows of buffers between CACTI's widths. The error of INT8
activations is not part of the figures, nor is any perplexity. ANT and OliVe take 4-bit weights
here, at the error that gives; the paper compares them at equal accuracy, with more bits.
"""
