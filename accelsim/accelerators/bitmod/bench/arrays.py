"""Random groups on the array by itself: every result, and the cycle of the last one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accelsim.accelerators.array_timing import Tiles, array_cycles, stalled_cycles
from accelsim.accelerators.bench.stalls import random_stalls
from accelsim.accelerators.bitmod.golden import MANTISSA_BITS, group_result
from accelsim.accelerators.bitmod.parameters import ACTIVATION_BITS, SCALE_BITS, BitModParameters
from accelsim.accelerators.bitmod.terms import terms_of
from accelsim.accelerators.bitmod.timing import PE_CYCLES

if TYPE_CHECKING:
    import numpy as np
    from numpy.random import Generator
    from numpy.typing import NDArray

    from accelsim.gateware.compiled import Run

__all__ = ["ArrayTrial", "Group", "random_activations", "random_array_trial"]

STREAMS = ("weights", "activations", "results")
_NIBBLE_BITS = 4
_RESULT_MANTISSA_BITS = MANTISSA_BITS + SCALE_BITS
_RESULT_BITS = _RESULT_MANTISSA_BITS + 6
_MOST_GROUPS = 4


@dataclass(frozen=True)
class Group:
    """One group on all PEs."""

    activations: NDArray[np.int32]
    """Patterns of FP16, [rows, weights]."""
    codes: NDArray[np.int32]
    """[columns, weights]."""
    selectors: NDArray[np.int32]
    """[columns]."""
    scales: NDArray[np.int32]
    """[columns]."""


@dataclass(frozen=True)
class ArrayTrial:
    """Groups that follow each other, and when their streams are held up."""

    parameters: BitModParameters
    groups: tuple[Group, ...]
    stalls: dict[str, NDArray[np.uint8]]
    """Stream -> 1 in the cycles in which it is held up."""

    @cached_property
    def steps(self) -> list[int]:
        """Words of the array in every group."""
        each = self.parameters.format.steps
        return [g.codes.shape[1] // self.parameters.lanes * each for g in self.groups]

    @cached_property
    def expected(self) -> NDArray[np.int64]:
        """Rows of results, exponent above mantissa: [groups * rows, columns]."""
        import numpy as np

        rows, columns = self.parameters.rows, self.parameters.columns
        found = []
        for group in self.groups:
            exponents, mantissas = group_result(
                np.repeat(group.activations, columns, axis=0),
                np.tile(group.codes, (rows, 1)),
                self.parameters.weights,
                np.tile(group.selectors, rows),
                np.tile(group.scales, rows),
                lanes=self.parameters.lanes,
            )
            low = mantissas.astype(np.int64) & (1 << _RESULT_MANTISSA_BITS) - 1
            whole = exponents.astype(np.int64) << _RESULT_MANTISSA_BITS | low
            found.append(whole.reshape(rows, columns))
        return np.concatenate(found)

    @cached_property
    def cycles(self) -> int:
        """From reset to the last result, by the dense array's ``timing.py`` with this PE's."""
        shape = self.parameters.rows, self.parameters.columns
        tiles = Tiles("output-stationary", *shape, self.steps, PE_CYCLES)
        found = stalled_cycles(tiles, **{name: each.tolist() for name, each in self.stalls.items()})
        if not self.stalls:
            return found if found == array_cycles(tiles) else -1
        return found

    def run(self, runner: Any, *, waves: Path | None = None) -> Run:
        """In a simulator."""
        import numpy as np

        from accelsim.gateware.compiled.packing import pack

        activations = np.concatenate([self._activations(each) for each in self.groups])
        last = np.concatenate([np.arange(n)[:, None] == n - 1 for n in self.steps])
        weights = np.concatenate([self._weights(each) for each in self.groups])
        found: Run = runner.run(
            {
                "weights": pack((weights, _NIBBLE_BITS)),
                "activations": pack((activations, ACTIVATION_BITS), (last, 1)),
            },
            {"results": len(self.expected)},
            stalls=self.stalls,
            most_cycles=1000 + 16 * max(self.cycles, 1),
            extra_cycles=self.parameters.rows,
            waves=waves,
        )
        return found

    def _activations(self, group: Group) -> NDArray[np.int32]:
        """[words, rows * lanes]: those of a word stay for all its terms."""
        import numpy as np

        rows, lanes = self.parameters.rows, self.parameters.lanes
        cut = group.activations.reshape(rows, -1, lanes).transpose(1, 0, 2)
        return np.repeat(cut.reshape(len(cut), -1), self.parameters.format.steps, axis=0)

    def _weights(self, group: Group) -> NDArray[np.int32]:
        """[words, columns * (lanes + 1)], four bits each: terms, then what they share."""
        import numpy as np

        chosen, lanes, columns = self.parameters.format, self.parameters.lanes, len(group.codes)
        terms = terms_of(group.codes, chosen.name, group.selectors[:, None])
        packed = terms.sign | terms.exponent << 1 | terms.mantissa << 3
        # [columns, words, lanes, steps] -> [words * steps, columns, lanes]
        cut = packed.reshape(columns, -1, lanes, chosen.steps).transpose(1, 3, 0, 2)
        words = cut.reshape(-1, columns, lanes)
        shared = np.tile(np.array(chosen.significances) + 1, len(words) // chosen.steps)
        shared = np.repeat(shared[:, None], columns, axis=1)
        bits = group.scales >> np.arange(SCALE_BITS)[:, None] & 1
        shared[-SCALE_BITS:] |= bits << 3
        joined = np.concatenate([words, shared[..., None]], axis=-1)
        return np.asarray(joined.reshape(len(words), -1).astype(np.int32))

    def wrong_values(self, run: Run) -> str:
        """What is wrong with the results of a run; nothing where all is right."""
        import numpy as np

        from accelsim.gateware.compiled.packing import unpack

        if run.passed["results"] != len(self.expected):
            return f"{run.passed['results']} rows of results, must be {len(self.expected)}"
        if broken := sum(run.broken.values()):
            return f"results changed or were withdrawn in {broken} cycles in which nobody took them"
        columns = self.parameters.columns
        found = unpack(run.outputs["results"], columns, _RESULT_BITS, signed=False)
        if len(wrong := np.argwhere(found != self.expected)):
            row, column = (int(each) for each in wrong[0])
            must = int(self.expected[row, column])
            return f"result [{row}, {column}] is {int(found[row, column]):#x}, must be {must:#x}"
        return ""

    def wrong_cycles(self, run: Run) -> str:
        """How the cycles of a run differ from the model's; nothing where they do not."""
        found = int(run.stamps["results"][-1]) + 1
        return "" if found == self.cycles else f"{found} cycles, must be {self.cycles}"


def random_array_trial(
    parameters: BitModParameters, random: Generator, *, stalled: bool
) -> ArrayTrial:
    """Up to four groups, of the shortest length to twice the usual one.

    Args:
        parameters: of the array.
        random: where all of it comes from.
        stalled: whether streams are held up, each in up to half of all cycles.
    """
    lanes, shortest = parameters.lanes, parameters.shortest
    groups = []
    for _ in range(int(random.integers(1, _MOST_GROUPS + 1))):
        count = lanes * int(random.integers(shortest, 2 * parameters.tile + 1))
        groups.append(_random_group(parameters, count, random))
    stalls = random_stalls(random, STREAMS) if stalled else {}
    return ArrayTrial(parameters, tuple(groups), stalls)


def _random_group(parameters: BitModParameters, count: int, random: Generator) -> Group:
    import numpy as np

    columns = parameters.columns
    return Group(
        random_activations(random, (parameters.rows, count)),
        random.integers(0, 1 << parameters.format.code_bits, (columns, count), dtype=np.int32),
        random.integers(0, 4, columns, dtype=np.int32),
        random.integers(0, 1 << SCALE_BITS, columns, dtype=np.int32),
    )


def random_activations(random: Generator, shape: tuple[int, int]) -> NDArray[np.int32]:
    """Patterns of finite FP16 values: some usual ones, some of any exponent, some zeros."""
    import numpy as np

    usual = random.standard_normal(shape).astype(np.float16).view(np.uint16).astype(np.int32)
    any_finite = random.integers(0, 31 << 10, shape) | random.integers(0, 2, shape) << 15
    kind = random.random(shape)
    found = np.where(kind < random.random(), usual, any_finite)
    return np.where(kind > 0.95, 0, found).astype(np.int32)
