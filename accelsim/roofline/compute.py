"""In which number type a device computes a product, how fast, and what must be converted first.

A product is computed in a type that holds the values of both operands without rounding: int4
weights and fp16 activations in fp16. Where several do, in the one that is fastest, conversions
counted. Scales of groups are applied as operands are widened to floats of 16 bits or more, or, in
narrower types, to partial sums of a group. Sparse operands run at the sparse peak where the device
has their pattern, else zeros are put back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from accelsim.architecture.devices import Device
from accelsim.formats import NumberFormat, StorageFormat, number_format, storage_format
from accelsim.roofline.work import Operand, Product

__all__ = ["Way", "way_of"]

_WIDE_BITS = 16
_STAND_INS = {"bf16": "fp16", "fp16": "bf16"}
"""Types that frameworks use for each other where a device lacks one."""


@dataclass(frozen=True)
class Way:
    """How a device computes a product."""

    name: str
    """Of the peak: a format, and a sparsity pattern behind it; empty where none is known."""
    operations_per_s: float
    """Products with zeros counted as done; infinite where it is unknown."""
    converting_operations: int
    """To widen, scale and expand operands, each element once."""
    stands_in_for: str = ""
    """A type that the device lacks, whose values are stored in another one of 16 bits."""


@lru_cache(maxsize=4096)
def way_of(product: Product, device: Device) -> Way:
    """The fastest way that a device has; at equal time the one that converts least."""
    formats = [storage_format(operand.format) for operand in product.operands]
    for swap in ("", *_STAND_INS):
        numbers = [_instead(each.number, swap) for each in formats]
        ways = list(_native(product, formats, numbers, device, swap))
        if ways:
            return min(ways, key=lambda way: _rank(way, product, device))
    plain = device.vector_operations_per_s
    fp32 = number_format("fp32")
    if plain and all(each.number.within(fp32) for each in formats):
        numbers = [each.number for each in formats]
        return Way(
            "fp32", plain, _converting(product, formats, numbers, storage_format("fp32"), "")
        )
    return Way("", float("inf"), 0)


def _rank(way: Way, product: Product, device: Device) -> tuple[float, int, float]:
    """Time of the product and of what must be converted for it, side by side; what breaks ties."""
    rate = device.vector_operations_per_s
    converting = way.converting_operations / rate if rate else 0.0
    seconds = max(product.operations / way.operations_per_s, converting)
    return seconds, way.converting_operations, -way.operations_per_s


def _instead(number: NumberFormat, swap: str) -> NumberFormat:
    return number_format(_STAND_INS[swap]) if number.name == swap else number


def _native(
    product: Product,
    formats: Sequence[StorageFormat],
    numbers: Sequence[NumberFormat],
    device: Device,
    swap: str,
) -> Iterator[Way]:
    """Ways on the device's matrix units."""
    stood = swap if any(each.number.name == swap for each in formats) else ""
    if swap and not stood:
        return
    for name, peak in device.peak_operations_per_s.items():
        unit = storage_format(name)
        if not all(map(_takes, [unit] * 2, formats, numbers)):
            continue
        yield Way(name, peak, _converting(product, formats, numbers, unit, ""), stood)
        for pattern, peaks in device.sparse_peak_operations_per_s.items():
            if name in peaks and any(_obeys(each, pattern) for each in formats):
                work = _converting(product, formats, numbers, unit, pattern)
                yield Way(f"{name} {pattern}", peaks[name], work, stood)


def _takes(unit: StorageFormat, stored: StorageFormat, number: NumberFormat) -> bool:
    """Whether a unit computes with the values of an operand, scales aside."""
    if not number.within(unit.number):
        return False
    if not unit.group:
        return True
    # Units with scales of their own take those scales, or none.
    return not stored.group or _same_scales(unit, stored)


def _same_scales(unit: StorageFormat, stored: StorageFormat) -> bool:
    return (
        unit.group == stored.group and unit.scale_bits == stored.scale_bits and not stored.zero_bits
    )


def _obeys(stored: StorageFormat, pattern: str) -> bool:
    """Whether of every block of a pattern no more is stored than the pattern allows."""
    if not stored.sparse:
        return False
    kept, block = map(int, pattern.split(":"))
    if block % stored.block == 0:
        return stored.kept * (block // stored.block) <= kept
    return stored.block % block == 0 and min(stored.kept, block) <= kept


def _converting(
    product: Product,
    formats: Sequence[StorageFormat],
    numbers: Sequence[NumberFormat],
    unit: StorageFormat,
    pattern: str,
) -> int:
    """Operations on operands and partial sums besides the product."""
    total, exploited = 0, False
    for operand, stored, number in zip(product.operands, formats, numbers, strict=True):
        runs_sparse = bool(pattern) and not exploited and _obeys(stored, pattern)
        exploited = exploited or runs_sparse
        total += _widening(operand, stored, number, unit, expand=stored.sparse and not runs_sparse)
        if stored.group and not unit.group and not _wide(unit):
            # A multiplication and an addition for each group of each result.
            total += 2 * product.results * -(-product.contracted // stored.group)
    return total


def _widening(
    operand: Operand,
    stored: StorageFormat,
    number: NumberFormat,
    unit: StorageFormat,
    *,
    expand: bool,
) -> int:
    """Operations on the elements of an operand that are stored, one at a time."""
    scaled = bool(unit.group) and bool(stored.group)
    each = 0 if scaled or number == unit.number else 1
    each += bool(stored.zero_bits) + expand
    each += bool(stored.group) and not unit.group and _wide(unit)
    return each * -(-operand.elements * stored.kept // stored.block)


def _wide(unit: StorageFormat) -> bool:
    return unit.number.is_float and unit.number.bits >= _WIDE_BITS
