"""Random tiles on an array by itself: every value, and the cycle in which the last one leaves."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from accelsim.accelerators.array_timing import Tiles, array_cycles, stalled_cycles
from accelsim.accelerators.bench.stalls import random_stalls
from accelsim.accelerators.systolic.algorithm import reference
from accelsim.accelerators.systolic.parameters import SUM_BITS, SystolicParameters

if TYPE_CHECKING:
    import numpy as np
    from numpy.random import Generator
    from numpy.typing import NDArray

    from accelsim.gateware.compiled import Run

__all__ = ["TileTrial", "any_values", "array_of", "random_tile_trial"]

_MOST_TILES = 4
STREAMS = ("weights", "activations", "results")


def array_of(parameters: SystolicParameters) -> Any:
    """The array of an accelerator, by itself."""
    from accelsim.accelerators.systolic.gateware import arithmetic_of
    from accelsim.gateware.sequencer.core import DATAFLOWS

    flow = DATAFLOWS[parameters.dataflow](parameters.rows)
    return flow.array(parameters.rows, parameters.columns, arithmetic_of(parameters))


@dataclass(frozen=True)
class TileTrial:
    """Tiles that follow each other, and when their streams are held up."""

    parameters: SystolicParameters
    activations: tuple[NDArray[np.int64], ...]
    """Of each tile: [steps, rows]."""
    weights: tuple[NDArray[np.int64], ...]
    """Of each tile: [rows, columns], or [steps, columns] where results are stationary."""
    stalls: dict[str, NDArray[np.uint8]]
    """Stream -> 1 in the cycles in which it is held up."""

    @property
    def stationary(self) -> bool:
        """Whether weights are."""
        return self.parameters.dataflow == "weight-stationary"

    @cached_property
    def expected(self) -> NDArray[np.int32]:
        """Rows of results: [results, columns]."""
        import numpy as np

        return np.concatenate(
            [
                reference(a if self.stationary else a.T, w)
                for a, w in zip(self.activations, self.weights, strict=True)
            ]
        )

    @cached_property
    def cycles(self) -> int:
        """From reset to the last result, by ``timing.py``."""
        tiles = Tiles(
            self.parameters.dataflow,
            self.parameters.rows,
            self.parameters.columns,
            [len(each) for each in self.activations],
        )
        found = stalled_cycles(tiles, **{name: each.tolist() for name, each in self.stalls.items()})
        if not self.stalls:
            # The closed form must say the same as the control that is played out.
            return found if found == array_cycles(tiles) else -1
        return found

    def run(self, runner: Any, **options: Any) -> Run:
        """In a simulator."""
        import numpy as np

        from accelsim.gateware.compiled.packing import pack

        last = np.concatenate(
            [np.arange(len(each))[:, None] == len(each) - 1 for each in self.activations]
        )
        found: Run = runner.run(
            {
                "weights": pack((np.concatenate(self.weights), self.parameters.weight_bits)),
                "activations": pack(
                    (np.concatenate(self.activations), self.parameters.activation_bits), (last, 1)
                ),
            },
            {"results": len(self.expected)},
            stalls=self.stalls,
            most_cycles=1000 + 16 * max(self.cycles, 1),
            extra_cycles=self.parameters.rows,
            **options,
        )
        return found

    def wrong_values(self, run: Run) -> str:
        """What is wrong with the results of a run; nothing where all is right."""
        import numpy as np

        from accelsim.gateware.compiled.packing import unpack

        if run.passed["results"] != len(self.expected):
            return f"{run.passed['results']} rows of results, must be {len(self.expected)}"
        if broken := sum(run.broken.values()):
            return f"results changed or were withdrawn in {broken} cycles in which nobody took them"
        columns = self.parameters.columns
        found = unpack(run.outputs["results"], columns, SUM_BITS)
        if len(wrong := np.argwhere(found != self.expected)):
            row, column = (int(each) for each in wrong[0])
            expected = int(self.expected[row, column])
            return f"result [{row}, {column}] is {int(found[row, column])}, must be {expected}"
        return ""

    def wrong_cycles(self, run: Run) -> str:
        """How the cycles of a run differ from the model's; nothing where they do not."""
        found = int(run.stamps["results"][-1]) + 1
        return "" if found == self.cycles else f"{found} cycles, must be {self.cycles}"


def random_tile_trial(
    parameters: SystolicParameters, random: Generator, *, stalled: bool
) -> TileTrial:
    """Up to four tiles, each of 1 to 4 times the array in the rank that passes unit by unit.

    Args:
        parameters: of the array.
        random: where all of it comes from.
        stalled: whether streams are held up, each in up to half of all cycles.
    """
    rows, columns = parameters.rows, parameters.columns
    most = 4 * max(rows, columns)
    tiles = int(random.integers(1, _MOST_TILES + 1))
    steps = [int(each) for each in random.integers(1, most + 1, tiles)]
    stationary = parameters.dataflow == "weight-stationary"
    return TileTrial(
        parameters,
        tuple(any_values(random, parameters.activation_bits, (each, rows)) for each in steps),
        tuple(
            any_values(random, parameters.weight_bits, (rows if stationary else each, columns))
            for each in steps
        ),
        random_stalls(random, STREAMS) if stalled else {},
    )


def any_values(random: Generator, bits: int, shape: tuple[int, int]) -> NDArray[np.int64]:
    """Any values, the least and the largest more often."""
    import numpy as np

    least, most = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    found = random.integers(least, most + 1, shape)
    ends = np.where(random.random(shape) < 0.5, least, most)
    values: NDArray[np.int64] = np.where(random.random(shape) < 0.1, ends, found)
    return values
