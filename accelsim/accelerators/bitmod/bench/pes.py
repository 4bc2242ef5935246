"""Random groups on one PE: every result, and how far apart results are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accelsim.accelerators.bench.stalls import random_stalls
from accelsim.accelerators.bitmod.golden import MANTISSA_BITS, SCALE_BITS, GroupWords, word_results
from accelsim.accelerators.bitmod.pe.check import GroupTrial, random_group_trial, word_items

if TYPE_CHECKING:
    import numpy as np
    from numpy.random import Generator
    from numpy.typing import NDArray

    from accelsim.gateware.compiled import Run

__all__ = ["PeTrial", "random_pe_trial"]

GROUP = 128
_RESULT_MANTISSA_BITS = MANTISSA_BITS + SCALE_BITS


@dataclass(frozen=True)
class PeTrial:
    """Groups of 128 weights, back to back."""

    groups: GroupTrial
    lanes: int
    stalls: dict[str, NDArray[np.uint8]]
    """Stream -> 1 in the cycles in which it is held up."""

    @cached_property
    def words(self) -> GroupWords:
        """As the PE takes them."""
        return self.groups.words(self.lanes)

    @cached_property
    def expected(self) -> NDArray[np.int64]:
        """Results, exponent above mantissa: [groups]."""
        import numpy as np

        exponents, mantissas = word_results(self.words, self.groups.scales)
        low = mantissas.astype(np.int64) & (1 << _RESULT_MANTISSA_BITS) - 1
        return exponents.astype(np.int64) << _RESULT_MANTISSA_BITS | low

    def run(self, runner: Any, *, waves: Path | None = None) -> Run:
        """In a simulator."""
        items = word_items(self.words, self.groups.scales)
        found: Run = runner.run(
            {"i": items},
            {"o": len(self.expected)},
            stalls=self.stalls,
            most_cycles=1000 + 16 * len(items),
            extra_cycles=64,
            waves=waves,
        )
        return found

    def wrong_values(self, run: Run) -> str:
        """What is wrong with the results of a run; nothing where all is right."""
        import numpy as np

        if run.passed["o"] != len(self.expected):
            return f"{run.passed['o']} results, must be {len(self.expected)}"
        if broken := sum(run.broken.values()):
            return f"results changed or were withdrawn in {broken} cycles in which nobody took them"
        found = run.outputs["o"][:, 0].astype(np.int64)
        if len(wrong := np.flatnonzero(found != self.expected)):
            at, count = int(wrong[0]), len(wrong)
            must = int(self.expected[at])
            return f"{count} groups: result {at} is {int(found[at]):#x}, must be {must:#x}"
        return ""

    def wrong_cycles(self, run: Run) -> str:
        """Where results are not as far apart as the words of a group are many."""
        import numpy as np

        if self.stalls:
            return ""
        apart = np.unique(np.diff(run.stamps["o"]))
        must = self.words.steps
        if len(apart) and apart.tolist() != [must]:
            return f"groups take {apart.tolist()} cycles, must be {must}"
        return ""


def random_pe_trial(
    name: str, lanes: int, groups: int, random: Generator, *, stalled: bool
) -> PeTrial:
    """Groups of every kind, with the special values among them.

    Args:
        name: type of the weights.
        lanes: of the PE.
        groups: how many.
        random: where all of it comes from.
        stalled: whether streams are held up, each in up to half of all cycles.
    """
    size = GROUP * max(lanes // 8, 1)
    stalls = random_stalls(random, ("i", "o")) if stalled else {}
    return PeTrial(random_group_trial(name, groups, size, random), lanes, stalls)
