"""Quantities as a person reads them."""

from __future__ import annotations

__all__ = ["bytes_text", "energy_text", "number_text", "seconds_text"]

_SECONDS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns"))
_JOULES = ((1e12, "J"), (1e9, "mJ"), (1e6, "uJ"), (1e3, "nJ"), (1.0, "pJ"))
_BYTES = ((2**50, "PiB"), (2**40, "TiB"), (2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"))


def _scaled(value: float, steps: tuple[tuple[float, str], ...]) -> str:
    for size, unit in steps:
        if abs(value) >= size:
            return f"{value / size:,.4g} {unit}"
    size, unit = steps[-1]
    return f"{value / size:,.4g} {unit}"


def seconds_text(seconds: float) -> str:
    """Seconds with a unit.

    Example:
        >>> seconds_text(0.00201)
        '2.01 ms'
    """
    return _scaled(seconds, _SECONDS)


def energy_text(picojoules: float) -> str:
    """Energy with a unit.

    Example:
        >>> energy_text(1.95e12)
        '1.95 J'
    """
    return _scaled(picojoules, _JOULES)


def bytes_text(count: float) -> str:
    """Bytes with a binary unit.

    Example:
        >>> bytes_text(16 * 2**20)
        '16 MiB'
    """
    if abs(count) < 2**10:
        return f"{count:,.0f} B"
    return _scaled(count, _BYTES)


def number_text(value: float) -> str:
    """A count, short.

    Example:
        >>> number_text(1892352)
        '1,892,352'
    """
    return f"{value:,.0f}" if abs(value) < 1e15 else f"{value:.4e}"
