"""Whole products on the accelerator, over its buses, against NumPy and the event simulator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
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
from accelsim.accelerators.systolic.algorithm import Product, product_of, reference
from accelsim.accelerators.systolic.bench.tiles import any_values
from accelsim.accelerators.systolic.model import architecture_text, mapper_text
from accelsim.accelerators.systolic.parameters import SystolicParameters

if TYPE_CHECKING:
    import numpy as np
    from numpy.random import Generator
    from numpy.typing import NDArray

    from accelsim.gateware.compiled import Run

__all__ = ["LayerTrial", "event_cycles", "layer_trial", "random_layer_trial"]

SIZES = (20, 60, 200)
"""Up to one of these are the ranks of a random product."""
_WORKLOAD = """\
name: product
ranks: {{M: {m}, N: {n}, K: {k}}}
tensors: {{A: [M, K], B: [K, N]}}
formats: {{A: {activations}, B: {weights}, Z: int32}}
cascade:
  - Z[m,n] = A[m,k] * B[k,n]
"""


def event_cycles(parameters: SystolicParameters, m: int, n: int, k: int) -> int:
    """Cycles of a product by the event simulator, with the array's own architecture and mapping."""
    from accelsim.pipeline import simulate

    with TemporaryDirectory() as made:
        folder = Path(made)
        mapper = folder / "mapper.yaml"
        mapper.write_text(mapper_text(parameters, name="tiles"), "utf-8")
        machine = folder / "machine.yaml"
        text = architecture_text(parameters, name="array", mapper=str(mapper))
        machine.write_text(text, "utf-8")
        workload = folder / "product.yaml"
        formats = {"activations": parameters.activations, "weights": parameters.weights}
        workload.write_text(_WORKLOAD.format(m=m, n=n, k=k, **formats), "utf-8")
        return simulate(str(workload), on=str(machine), fidelity="event").cycles


@dataclass(frozen=True)
class LayerTrial:
    """A product with its operands, and when its streams are held up."""

    product: Product
    activations: NDArray[np.int64]
    """[M, K]."""
    weights: NDArray[np.int64]
    """[K, N]."""
    stalls: dict[str, NDArray[np.uint8]]
    """Stream -> 1 in the cycles in which it is held up."""

    @cached_property
    def cycles(self) -> int:
        """From the first operand to the last result, by the event simulator; nothing held up."""
        product = self.product
        return event_cycles(product.parameters, product.m, product.n, product.k)

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
        expected = reference(self.activations, self.weights)
        if len(wrong := np.argwhere(found != expected)):
            row, column = (int(each) for each in wrong[0])
            must = int(expected[row, column])
            return f"result [{row}, {column}] is {int(found[row, column])}, must be {must}"
        return ""

    def measured_cycles(self, run: Run) -> int:
        """From the first operand to the last result."""
        return measured_cycles(run)


def layer_trial(
    parameters: SystolicParameters,
    sizes: tuple[int, int, int],
    random: Generator,
    *,
    stalled: bool = False,
) -> LayerTrial:
    """A product of sizes M, N and K with random operands."""
    m, n, k = sizes
    return LayerTrial(
        product_of(parameters, m, n, k),
        any_values(random, parameters.activation_bits, (m, k)),
        any_values(random, parameters.weight_bits, (k, n)),
        random_stalls(random, STREAMS) if stalled else {},
    )


def random_layer_trial(
    parameters: SystolicParameters,
    random: Generator,
    *,
    stalled: bool,
    sizes: Sequence[int] = SIZES,
) -> LayerTrial:
    """A product of any shape, of ranks up to one of some sizes."""
    most = int(random.choice(sizes))
    m, n, k = (int(each) for each in random.integers(1, most + 1, 3))
    return layer_trial(parameters, (m, n, k), random, stalled=stalled)
