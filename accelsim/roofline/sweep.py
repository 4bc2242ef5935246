"""Many rooflines of one model: every combination of what is given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

from accelsim.architecture.devices import Device, load_device
from accelsim.errors import InputError
from accelsim.roofline.result import Roofline
from accelsim.roofline.roofline import roofline
from accelsim.workload import Workload, load_workload
from accelsim.workload.models import Transformer, load_model
from accelsim.workload.models.load import is_model

__all__ = ["rooflines"]

_MOST = 5_000
"""Combinations; a page of more would be too large to read."""


def rooflines(
    model: str | Transformer | Workload, *, on: Sequence[str | Device], **choices: Sequence[Any]
) -> list[Roofline]:
    """Rooflines of a model for every combination of devices and choices, devices first.

    Args:
        model: as for ``roofline``.
        on: devices.
        choices: arguments of ``roofline`` -> values.

    Raises:
        InputError: as ``roofline``, or for too many combinations.

    Example:
        >>> found = rooflines("gpt2", on=["t4", "v100"], stage=["decode"], context=[256, 512])
        >>> [(each.device.name, each.scenario.context) for each in found]
        [('t4', 256), ('t4', 512), ('v100', 256), ('v100', 512)]
    """
    asked = list(_combinations(on, choices))
    devices = {name: load_device(name) for name in on if isinstance(name, str)}
    if isinstance(model, str):
        model = load_model(model) if is_model(model) else load_workload(model)
    return [
        roofline(model, on=devices[each] if isinstance(each, str) else each, **values)
        for each, values in asked
    ]


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
    for device, *values in product(on, *choices.values()):
        yield device, dict(zip(choices, values, strict=True))
