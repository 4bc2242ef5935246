"""Schemes: which values a code may have, and how a group's scale is found."""

from __future__ import annotations

from dataclasses import dataclass

from accelsim.errors import InputError, unknown_name
from accelsim.formats.ant import ANT_TYPES, ant_values
from accelsim.formats.bitmod import MAGNITUDES, Selector, code_values
from accelsim.formats.olive import OLIVE_TYPES, normal_values, outlier_values, victim_code

__all__ = ["SCHEMES", "Scheme", "scheme_named"]


@dataclass(frozen=True)
class Scheme:
    """A way to write weights in few bits; groups choose one of its types each."""

    name: str
    bits: int
    """Of a code."""
    description: str
    types: tuple[str, ...]
    """Names of the types, in the order in which they are tried."""
    values: tuple[tuple[float, ...], ...]
    """Type -> the value of each code."""
    ties: str
    """Where a weight is halfway: ``down`` (the lower value), ``up`` or ``even``; ``out``: up, but
    from a normal value to an outlier."""
    outliers: tuple[tuple[float, ...], ...] = ()
    """Type -> the value of each code beside a victim; only of outlier-victim pairs."""
    victim: int = 0
    """Code of a victim, with outliers."""
    clips: tuple[float, ...] = (1.0,)
    """Shares of what a scale is taken from, of which the best is searched."""
    sigmas: float = 0.0
    """Standard deviations around the mean that normal values reach; 0: the largest weight."""
    storage: str = ""
    """Number type of ``accelsim.formats`` that is stored."""

    @property
    def selector_bits(self) -> int:
        """Of what names the type."""
        return (len(self.types) - 1).bit_length()

    def largest(self, kind: int) -> float:
        """The largest magnitude of a type, outliers aside: what a group's largest weight becomes.

        A side of extra asymmetry counts (BitMoD); what lies beyond the other side does not (the
        -8 of integers, in ANT).
        """
        values = self.values[kind]
        return max(values) if self.ties == "up" else max(map(abs, values))


def _bitmod(bits: int) -> Scheme:
    return Scheme(
        name=f"bitmod-fp{bits}",
        bits=bits,
        description=f"BitMoD: {bits}-bit floating point, -0 is one of four special values a group",
        types=tuple(each.label for each in Selector),
        values=tuple(code_values(bits, each) for each in Selector),
        ties="down",
        storage=f"bitmod-fp{bits}",
    )


def _integer(bits: int) -> Scheme:
    half = 1 << (bits - 1)
    # The code of -2^(n-1) is never written: its value does not matter.
    values = [float(code if code < half else code - 2 * half) for code in range(2 * half)]
    values[half] = 0.0
    return Scheme(
        name=f"int{bits}",
        bits=bits,
        description=f"integers from {1 - half} to {half - 1}, no zero point",
        types=("int",),
        values=(tuple(values),),
        ties="even",
        storage=f"int{bits}-sym",
    )


def _ant(bits: int) -> Scheme:
    kinds = ANT_TYPES[bits]
    return Scheme(
        name=f"ant{bits}",
        bits=bits,
        description=f"ANT: {bits} bits, a group is {' or '.join(kinds)}",
        types=kinds,
        values=tuple(ant_values(bits, kind) for kind in kinds),
        ties="up",
        clips=_ANT_CLIPS,
        storage=f"ant{bits}",
    )


def _olive(bits: int) -> Scheme:
    kinds = OLIVE_TYPES[bits]
    return Scheme(
        name=f"olive{bits}",
        bits=bits,
        description=f"OliVe: {bits} bits, beside an outlier the neighbour is 0",
        types=kinds,
        values=tuple(normal_values(bits, kind) for kind in kinds),
        ties="out",
        outliers=tuple(outlier_values(bits, kind) for kind in kinds),
        victim=victim_code(bits),
        clips=_OLIVE_CLIPS,
        sigmas=3.0,
        storage=f"olive{bits}",
    )


_ANT_CLIPS = tuple(percent / 100 for percent in range(75, 150))
"""The search of the authors' code (`w_low`, `w_up` in ant_quantization)."""
_OLIVE_CLIPS = tuple(percent / 100 for percent in range(75, 250, 2))
"""The search of the authors' script for language models (olive_quantization/llm/scripts)."""

SCHEMES: dict[str, Scheme] = {
    each.name: each
    for each in (
        *(_bitmod(bits) for bits in sorted(MAGNITUDES, reverse=True)),
        *map(_integer, (8, 6, 4, 3)),
        *(_ant(bits) for bits in sorted(ANT_TYPES, reverse=True)),
        *(_olive(bits) for bits in sorted(OLIVE_TYPES)),
    )
}


def scheme_named(name: str) -> Scheme:
    """The scheme of that name.

    Raises:
        InputError: where there is none; the closest is named.

    Example:
        >>> scheme_named("bitmod-fp3").types
        ('ER+', 'ER-', 'EA+', 'EA-')
    """
    if name not in SCHEMES:
        raise InputError(unknown_name("quantisation format", name[:60], SCHEMES))
    return SCHEMES[name]
