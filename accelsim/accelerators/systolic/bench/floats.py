"""The float units, against values rounded from exact ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from accelsim.formats import NumberFormat, number_format

if TYPE_CHECKING:
    import numpy as np
    from numpy.random import Generator
    from numpy.typing import NDArray

    from accelsim.gateware.compiled import Run

__all__ = ["FLOAT_UNITS", "FloatTrial", "float_unit", "random_float_trial"]

FLOAT_UNITS = (("multiply", "fp16"), ("add", "fp16"), ("multiply", "bf16"), ("add", "fp8_e4m3"))
"""Operations whose exact results doubles hold, so that NumPy gives the reference."""
_PAIRS = 1000


def float_unit(operation: str, number: NumberFormat) -> Any:
    """The unit of one operation."""
    from accelsim.gateware.floats import FloatAdd, FloatMultiply

    if operation == "multiply":
        return FloatMultiply(number, number, number)
    return FloatAdd(number)


@dataclass(frozen=True)
class FloatTrial:
    """Pairs of operands of one unit."""

    operation: str
    number: NumberFormat
    left: NDArray[np.int64]
    """Patterns."""
    right: NDArray[np.int64]

    @property
    def cycles(self) -> int:
        """From reset to the last result: one begins in each cycle, three later it is done."""
        return len(self.left) + 3

    def run(self, runner: Any, **options: Any) -> Run:
        """In a simulator."""
        from accelsim.gateware.compiled.packing import pack

        bits = int(self.number.bits)
        items = pack((self.left[:, None], bits), (self.right[:, None], bits))
        found: Run = runner.run({"i": items}, {"o": len(items)}, extra_cycles=8, **options)
        return found

    def wrong_values(self, run: Run) -> str:
        """What is wrong with the results of a run; nothing where all is right."""
        import numpy as np

        from accelsim.formats.rounding import bits_to_values, round_to_bits

        if run.passed["o"] != len(self.left):
            return f"{run.passed['o']} results, must be {len(self.left)}"
        left, right = (bits_to_values(each, self.number) for each in (self.left, self.right))
        with np.errstate(all="ignore"):
            exact = left * right if self.operation == "multiply" else left + right
            expected = round_to_bits(exact, self.number).astype(np.int64)
            found = run.outputs["o"][:, 0].astype(np.int64)
            undefined = [np.isnan(bits_to_values(each, self.number)) for each in (found, expected)]
        wrong = np.flatnonzero((found != expected) & ~(undefined[0] & undefined[1]))
        if len(wrong):
            at = wrong[0]
            operands = f"{self.left[at]:#x} and {self.right[at]:#x}"
            return f"{self.operation} of {operands} is {found[at]:#x}, must be {expected[at]:#x}"
        return ""

    def wrong_cycles(self, run: Run) -> str:
        """How the cycles of a run differ from the unit's; nothing where they do not."""
        found = int(run.stamps["o"][-1]) + 1
        return "" if found == self.cycles else f"{found} cycles, must be {self.cycles}"


def random_float_trial(operation: str, name: str, random: Generator) -> FloatTrial:
    """Any patterns, half of the pairs with exponents near each other."""
    import numpy as np

    number = number_format(name)
    bits = int(number.bits)
    left, right = (random.integers(0, 1 << bits, _PAIRS) for _ in range(2))
    step = 1 << max(number.mantissa - 1, 0)
    near = (left + step * random.integers(-4, 5, _PAIRS)) % (1 << bits)
    return FloatTrial(operation, number, left, np.where(random.random(_PAIRS) < 0.5, near, right))
