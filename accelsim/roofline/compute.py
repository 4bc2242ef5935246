"""In which number type a device computes a product, how fast, and what must be converted first.

A product is computed in a type that holds the values of both operands without rounding: int4
weights and fp16 activations in fp16. Where several do, in the one that is fastest, conversions
counted. Scales of groups are applied as operands are widened to floats of 16 bits or more, or, in
narrower types, to partial sums of a group. Sparse operands run at the sparse peak where the device
has their pattern, else zeros are put back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from accelsim.architecture.devices import Device
from accelsim.formats import NumberFormat, StorageFormat, number_format, storage_format
from accelsim.roofline.work import Operand, Product

__all__ = ["Way", "ways_of"]

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
    foreign_operands: int = field(default=0, compare=False)
    """Integers that are computed with as floats."""
    stands_in_for: str = ""
    """A type that the device lacks, whose values are stored in another one of 16 bits."""


@lru_cache(maxsize=4096)
def ways_of(
    products: tuple[Product, ...], vector_operations: float, device: Device
) -> tuple[Way, ...]:
    """The fastest ways for products that run side by side with other operations.

    At equal time, those that convert least, in types of the operands' kind, at the higher peak.

    Args:
        products: of one row of work.
        vector_operations: that the general units do besides conversions.
        device: where.
    """
    chosen = [_Choice((), 0.0, float(vector_operations), (0, 0, 0.0))]
    for product in products:
        longer = [each.then(way, product) for each in chosen for way in _ways(product, device)]
        chosen = _front(longer)
    rate = device.vector_operations_per_s
    return min(chosen, key=lambda each: (each.seconds(rate), *each.ties)).ways


@dataclass(frozen=True)
class _Choice:
    """A way for each of the first products of a row."""

    ways: tuple[Way, ...]
    matrix_seconds: float
    vector_operations: float
    ties: tuple[int, int, float]
    """What speaks against it at equal time: conversions, foreign operands, lower peaks."""

    def then(self, way: Way, product: Product) -> _Choice:
        """With a way for one product more."""
        converting, foreign, peak = self.ties
        return _Choice(
            (*self.ways, way),
            self.matrix_seconds + product.operations / way.operations_per_s,
            self.vector_operations + way.converting_operations,
            (
                converting + way.converting_operations,
                foreign + way.foreign_operands,
                peak - way.operations_per_s,
            ),
        )

    def seconds(self, rate: float | None) -> float:
        """Of matrix units and general units side by side."""
        return max(self.matrix_seconds, self.vector_operations / rate if rate else 0.0)


def _front(choices: Sequence[_Choice]) -> list[_Choice]:
    """Choices of which none is both slower on matrix units and dearer on the others."""
    found: list[_Choice] = []
    for each in sorted(choices, key=lambda c: (c.matrix_seconds, c.vector_operations, c.ties)):
        if not found or each.vector_operations < found[-1].vector_operations:
            found.append(each)
    return found


def _ways(product: Product, device: Device) -> list[Way]:
    """Every way to compute a product."""
    formats = [storage_format(operand.format) for operand in product.operands]
    for swap in ("", *_STAND_INS):
        numbers = [_instead(each.number, swap) for each in formats]
        if ways := list(_native(product, formats, numbers, device, swap)):
            return ways
    plain = device.vector_operations_per_s
    fp32 = storage_format("fp32")
    numbers = [each.number for each in formats]
    if plain and all(number.within(fp32.number) for number in numbers):
        return [Way("fp32", plain, _converting(product, formats, numbers, fp32, ""))]
    return [Way("", float("inf"), 0)]


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
        foreign = sum(unit.number.is_float and not number.is_float for number in numbers)
        converting = _converting(product, formats, numbers, unit, "")
        yield Way(name, peak, converting, foreign, stood)
        for pattern, peaks in device.sparse_peak_operations_per_s.items():
            if name in peaks and any(_obeys(each, pattern) for each in formats):
                work = _converting(product, formats, numbers, unit, pattern)
                yield Way(f"{name} {pattern}", peaks[name], work, foreign, stood)


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
