"""Rooflines beside LLM-Viewer's (arXiv 2402.16363): rows that agree, and why the others do not.

``python benchmarks/llm_viewer.py`` prints Markdown. ACCELSIM_REFERENCE names the folder that holds
``llmviewer_layers.csv``; ``--folder`` another one.
"""

from __future__ import annotations

import argparse
import csv
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from accelsim.roofline import Roofline, Row, roofline

MODELS = {"meta-llama/Llama-2-7b-hf": "llama-2-7b", "facebook/opt-125m": "opt-125m"}
DEVICES = {"nvidia_A6000": "a6000", "nvidia_A100": "a100-40g"}
FORMATS = {"16": "fp16", "8": "int8", "4": "int4"}
SHOWN = {"hardware": "nvidia_A6000", "w_bit": "16", "a_bit": "16", "kv_bit": "16"}
"""The runs whose differences are written out."""

WHY = {
    "attn_add": "an addition reads two operands; LLM-Viewer counts one",
    "attn_norm": "a norm has weights; RMSNorm takes 4 operations an element, not 7; a few more are "
    "of each row",
    "mlp_act": "the activation is as wide as the feed-forward part, not as the model; only a gated "
    "one has two operands",
    "lm_head": "two operations a weight, not one; in prefill every position has logits",
    "fused_attention": "only pairs that are seen are computed; the output is as large as the "
    "queries, not positions squared; keys and values are read once",
    "gate_proj": "OPT has no gate",
}
ALIKE = {"mlp_add": "attn_add", "mlp_norm": "attn_norm"}
"""Rows with the figures of another one."""


@dataclass(frozen=True)
class Pair:
    """A row of LLM-Viewer, and ours where we have one."""

    theirs: Mapping[str, str]
    ours: Row | None

    @property
    def agrees(self) -> bool:
        """Whether operations and bytes are equal, and time is within 0.1 %."""
        if self.ours is None:
            return False
        counted = float(self.theirs["OPs"]), float(self.theirs["memory_access"])
        seconds = float(self.theirs["inference_time"])
        close = abs(self.ours.seconds / seconds - 1) <= 1e-3
        return close and counted == (self.ours.operations, self.ours.bytes)


def pairs(folder: Path) -> Iterator[Pair]:
    """Every row of the reference file."""
    with (folder / "llmviewer_layers.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            names = {each.name: each for each in _run(*_settings(row)).rows}
            yield Pair(row, names.get(row["layer"]))


def differences(found: Sequence[Pair]) -> list[list[str]]:
    """A line for each row that differs in the runs that are shown."""
    head = ["model", "stage", "row", "operations", "ours", "bytes", "ours", "time", "ours", "why"]
    lines = [head]
    seen = set()
    for pair in found:
        row = pair.theirs
        name = row["layer"]
        key = (row["model"], row["stage"], name)
        if pair.agrees or name in ALIKE or key in seen:
            continue
        if any(row[column] != value for column, value in SHOWN.items()):
            continue
        seen.add(key)
        lines.append([MODELS[row["model"]], row["stage"], _named(name), *_figures(pair), WHY[name]])
    return lines


def _figures(pair: Pair) -> list[str]:
    row, ours = pair.theirs, pair.ours
    seconds = float(row["inference_time"])
    theirs = [f"{float(row[name]):,.0f}" for name in ("OPs", "memory_access")]
    if ours is None:
        return [theirs[0], "-", theirs[1], "-", f"{seconds * 1e6:,.4g} us", "-"]
    mine = [f"{ours.operations:,.0f}", f"{ours.bytes:,.0f}", f"{ours.seconds * 1e6:,.4g} us"]
    return [theirs[0], mine[0], theirs[1], mine[1], f"{seconds * 1e6:,.4g} us", mine[2]]


def _named(name: str) -> str:
    also = [other for other, same in ALIKE.items() if same == name]
    return ", ".join([name, *also])


def _settings(row: Mapping[str, str]) -> tuple[str, ...]:
    names = ("model", "hardware", "batch", "seqlen", "w_bit", "a_bit", "kv_bit", "flash", "stage")
    return tuple(row[name] for name in names)


@cache
def _run(*settings: str) -> Roofline:
    model, hardware, batch, length, weights, activations, kv_cache, flash, stage = settings
    return roofline(
        MODELS[model],
        on=DEVICES[hardware],
        stage=stage,
        batch=int(batch),
        context=int(length),
        weights=FORMATS[weights],
        activations=FORMATS[activations],
        kv_cache=FORMATS[kv_cache],
        attention="fused" if flash == "1" else "unfused",
    )


def _markdown(lines: Sequence[Sequence[str]]) -> str:
    head, *rest = lines
    rule = ["---"] * len(head)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rest))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print how many rows agree, and the others."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", default=os.environ.get("ACCELSIM_REFERENCE"))
    options = parser.parse_args(arguments)
    if not options.folder:
        parser.error("ACCELSIM_REFERENCE does not name the folder; give --folder")
    found = list(pairs(Path(options.folder)))
    agree = sum(pair.agrees for pair in found)
    print(f"{agree} of {len(found)} rows agree: operations and bytes equal, time within 0.1 %.")
    print(f"The others, on {DEVICES[SHOWN['hardware']]} with 16 bits throughout:\n")
    print(_markdown(differences(found)))


if __name__ == "__main__":
    main()
