"""Whole products on the accelerator, over its buses, against the golden model and ``event``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from accelsim.accelerators.bench.shell import (
    STREAMS,
    measured_cycles,
    result_beats,
    run_product,
)
from accelsim.accelerators.bench.stalls import random_stalls
from accelsim.accelerators.bitmod.algorithm import Product, Weights, product_of, reference
from accelsim.accelerators.bitmod.bench.arrays import random_activations
from accelsim.accelerators.bitmod.model import architecture_text, mapper_text, workload_text
from accelsim.accelerators.bitmod.parameters import SCALE_BITS, BitModParameters

if TYPE_CHECKING:
    import numpy as np
    from numpy.random import Generator
    from numpy.typing import NDArray

    from accelsim.gateware.compiled import Run

__all__ = ["SIZES", "LayerTrial", "event_cycles", "layer_trial", "random_layer_trial"]

SIZES = ((6, 300), (14, 500), (40, 900))
"""Up to a pair of these are the ranks M and N, and K, of a random product."""


def event_cycles(product: Product) -> int:
    """Cycles of a product by the event simulator, with the array's own architecture and mapping.

    K is as long as what is sent: whole words, and as many as the scales of the last group need.
    """
    from accelsim.pipeline import simulate

    parameters = product.parameters
    k = product.units[2] * parameters.lanes
    with TemporaryDirectory() as made:
        folder = Path(made)
        mapper = folder / "mapper.yaml"
        mapper.write_text(mapper_text(parameters, name="tiles"), "utf-8")
        machine = folder / "machine.yaml"
        text = architecture_text(parameters, name="array", mapper=str(mapper))
        machine.write_text(text, "utf-8")
        workload = folder / "product.yaml"
        workload.write_text(workload_text(parameters, product.m, product.n, k), "utf-8")
        return simulate(str(workload), on=str(machine), fidelity="event").cycles


@dataclass(frozen=True)
class LayerTrial:
    """A product with its operands, and when its streams are held up."""

    product: Product
    activations: NDArray[np.int32]
    """Patterns of FP16, [M, K]."""
    weights: Weights
    """[K, N]."""
    stalls: dict[str, NDArray[np.uint8]]
    """Stream -> 1 in the cycles in which it is held up."""

    @cached_property
    def cycles(self) -> int:
        """From the first operand to the last result, by the event simulator; nothing held up."""
        return event_cycles(self.product)

    def run(self, runner: Any, *, waves: Path | None = None) -> Run:
        """Write the registers, stream operands in and results out."""
        product = self.product
        operands = product.activations(self.activations), product.weights(self.weights)
        return run_product(
            runner, product, operands, stalls=self.stalls, expected=self.cycles, waves=waves
        )

    def wrong_values(self, run: Run) -> str:
        """What is wrong with the results of a run; nothing where all is right."""
        import numpy as np

        beats, stream_bytes = self.product.result_beats, self.product.parameters.stream_bytes
        raw, problem = result_beats(run, beats, stream_bytes)
        if raw is None:
            return problem
        found = self.product.results(raw)
        expected = reference(self.product.parameters, self.activations, self.weights)
        # Bit patterns, so that a zero of the wrong sign is found, too.
        if len(wrong := np.argwhere(found.view("<u4") != expected.view("<u4"))):
            row, column = (int(each) for each in wrong[0])
            must = float(expected[row, column])
            return f"result [{row}, {column}] is {float(found[row, column])!r}, must be {must!r}"
        return ""

    def measured_cycles(self, run: Run) -> int:
        """From the first operand to the last result."""
        return measured_cycles(run)


def layer_trial(
    parameters: BitModParameters,
    sizes: tuple[int, int, int],
    random: Generator,
    *,
    stalled: bool = False,
) -> LayerTrial:
    """A product of sizes M, N and K with random operands."""
    import numpy as np

    m, n, k = sizes
    groups = ceil(k / parameters.group)
    selectors = 4 if parameters.format.is_float else 1
    weights = Weights(
        random.integers(0, 1 << parameters.format.code_bits, (k, n), dtype=np.int32),
        random.integers(0, 1 << SCALE_BITS, (groups, n), dtype=np.int32),
        random.integers(0, selectors, (groups, n), dtype=np.int32),
    )
    activations = random_activations(random, (m, k))
    stalls = random_stalls(random, STREAMS) if stalled else {}
    return LayerTrial(product_of(parameters, m, n, k), activations, weights, stalls)


def random_layer_trial(
    parameters: BitModParameters,
    random: Generator,
    *,
    stalled: bool,
    sizes: Sequence[tuple[int, int]] = SIZES,
) -> LayerTrial:
    """A product of any shape, of ranks up to some sizes."""
    most, longest = sizes[int(random.integers(len(sizes)))]
    m, n = (int(each) for each in random.integers(1, most + 1, 2))
    k = int(random.integers(1, longest + 1))
    return layer_trial(parameters, (m, n, k), random, stalled=stalled)
