"""Figures of studies as a person reads them: prefixes for units that take them."""

from __future__ import annotations

from accelsim.units import bytes_text

__all__ = ["figure_text", "value_text"]

_PREFIXES = (
    (1e15, "P"),
    (1e12, "T"),
    (1e9, "G"),
    (1e6, "M"),
    (1e3, "k"),
    (1.0, ""),
    (1e-3, "m"),
    (1e-6, "u"),
    (1e-9, "n"),
    (1e-12, "p"),
)
_PREFIXED = ("J", "W", "Hz", "B/s")


def figure_text(value: float | None, unit: str) -> str:
    """A figure with its unit, four digits.

    Example:
        >>> figure_text(0.00201, "s"), figure_text(12.5, "mm2"), figure_text(1234567.0, "")
        ('2.01 ms', '12.5 mm2', '1.235e+06')
    """
    if value is None:
        return "unknown"
    if unit in ("B", "bytes"):
        return bytes_text(value)
    if value and (unit in _PREFIXED or (unit == "s" and abs(value) < 1)):
        size, prefix = next((step for step in _PREFIXES if abs(value) >= step[0]), _PREFIXES[-1])
        return f"{value / size:.4g} {prefix}{unit}"
    space = "" if unit.startswith("/") else " "
    return f"{value:,.4g}{space}{unit}".rstrip()


def value_text(value: int | float | str | None) -> str:
    """A parameter's value; nothing where it does not apply.

    Example:
        >>> value_text(1024), value_text(0.5), value_text("bitmod"), value_text(None)
        ('1024', '0.5', 'bitmod', '')
    """
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)
