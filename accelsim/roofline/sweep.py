"""Many rooflines of one model: every combination of what is given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from os import PathLike, fspath
from typing import Any

from accelsim.architecture.devices import Device, load_device
from accelsim.errors import InputError
from accelsim.roofline.result import Roofline
from accelsim.roofline.roofline import default_stage, roofline, workload_or_model
from accelsim.workload import Workload
from accelsim.workload.models import Transformer

__all__ = ["rooflines"]

_ONLY = {"tokens": ("generate",), "logits": ("prefill", "generate")}
"""Choices that belong to some stages."""

_MOST = 5_000
"""Combinations; a page of more would be too large to read."""


def rooflines(
    model: str | PathLike[str] | Transformer | Workload,
    *,
    on: Sequence[str | Device],
    stage: Sequence[str | None] = (None,),
    batch: Sequence[int] = (1,),
    context: Sequence[int | None] = (None,),
    tokens: Sequence[int | None] = (None,),
    attention: Sequence[str] = ("unfused",),
    logits: Sequence[str | None] = (None,),
    weights: Sequence[str] = ("",),
    activations: Sequence[str] = ("",),
    kv_cache: Sequence[str] = ("",),
    embeddings: Sequence[str] = ("",),
) -> list[Roofline]:
    """Rooflines of a model for every combination of what is given, devices first.

    Args:
        model: as for ``roofline``, and so are the others, each as a list.
        on: devices.
        stage: stages.
        batch: sequences side by side.
        context: positions of a sequence.
        tokens: new tokens of each sequence; of stages that generate.
        attention: ways of attention.
        logits: positions whose logits are computed; of stages with a prefill.
        weights: formats of matrices.
        activations: formats of activations.
        kv_cache: formats of cached keys and values.
        embeddings: formats of token tables and of the head.

    Raises:
        InputError: as ``roofline``, or for too many combinations.

    Example:
        >>> found = rooflines("gpt2", on=["t4", "v100"], stage=["decode"], context=[256, 512])
        >>> [(each.device.name, each.scenario.context) for each in found]
        [('t4', 256), ('t4', 512), ('v100', 256), ('v100', 512)]
    """
    choices: dict[str, Sequence[Any]] = {
        "stage": stage,
        "batch": batch,
        "context": context,
        "tokens": tokens,
        "attention": attention,
        "logits": logits,
        "weights": weights,
        "activations": activations,
        "kv_cache": kv_cache,
        "embeddings": embeddings,
    }
    if isinstance(on, str | Device):
        on = [on]
    if isinstance(model, str | PathLike):
        model = workload_or_model(fspath(model))
    if isinstance(model, Transformer):
        choices["stage"] = [each or default_stage(model) for each in stage]
    asked = list(_combinations(on, choices))
    devices = {name: load_device(name) for name in on if isinstance(name, str)}
    found: dict[int, Roofline] = {}
    # What a stage has to do is kept for the next device: those of one stage come together.
    for i in sorted(range(len(asked)), key=lambda i: repr(tuple(asked[i][1].values()))):
        device, values = asked[i]
        found[i] = roofline(
            model, on=devices[device] if isinstance(device, str) else device, **values
        )
    return [found[i] for i in range(len(asked))]


def _combinations(
    on: Sequence[str | Device], choices: dict[str, Sequence[Any]]
) -> Iterator[tuple[str | Device, dict[str, Any]]]:
    count = len(on)
    for values in choices.values():
        count *= len(values)
    if count > _MOST:
        raise InputError(
            f"{count:,} combinations are asked for, must be at most {_MOST:,}; give fewer values"
        )
    seen = set()
    for device, *values in product(on, *choices.values()):
        asked = dict(zip(choices, values, strict=True))
        for name, stages in _ONLY.items():
            # Of several stages, a value goes to those that it belongs to.
            if asked["stage"] not in stages and set(stages) & set(choices["stage"]):
                asked[name] = None
        key = (device, *asked.values())
        if key not in seen:
            seen.add(key)
            yield device, asked
